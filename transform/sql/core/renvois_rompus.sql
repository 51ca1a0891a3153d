-- References that lead nowhere: the key is in no workbook of the territory up to that month, not
-- even in a row set aside.
SELECT r.soumission, r."table", r.ligne, r.champ, r.requis
FROM core.renvois r
LEFT JOIN core.cles c ON c.territoire_id = r.territoire_id AND c."table" = r.cible AND c.cle = r.valeur AND c.depuis <= r.periode
WHERE c.cle IS NULL
