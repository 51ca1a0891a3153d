-- References to a key that is there, but only in rows that were set aside.
WITH cles AS (
    SELECT territoire_id, "table", cle, min(periode) AS dite, min(periode) FILTER (NOT ecartee) AS prise
    FROM core.declarations WHERE emetteur = '' AND courante GROUP BY ALL
)
SELECT r.soumission, r."table", r.ligne, r.champ, r.valeur AS cle, r.valeur, NULL AS autre
FROM core.renvois r
JOIN cles c ON c.territoire_id = r.territoire_id AND c."table" = r.cible AND c.cle = r.valeur
    AND c.dite <= r.periode AND (c.prise IS NULL OR c.prise > r.periode)
