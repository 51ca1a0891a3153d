-- Rows of a register that disappeared and that their sender calls an error of entry: withdrawn from the
-- month in which they were missing.
SELECT s.territoire_id, c."table", c.cle, s.periode
FROM core.constats c
JOIN core.soumissions s ON s.soumission = c.soumission
WHERE c.regle = 'ligne_disparue' AND c.reponse = 'erreur_de_saisie'
