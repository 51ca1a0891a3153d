-- Every finding, without the cell's value. The sheet is named by its table: its name in the file is
-- free text, which the one message that quotes it leaves out too.
SELECT constat, soumission, "table", nullif(ligne, 0) AS ligne, cellule, champ, regle, gravite,
    CASE WHEN regle = 'feuille_illisible' AND feuille IS NOT NULL THEN replace(message, feuille, '…') ELSE message END AS message
FROM core.constats
ORDER BY constat
