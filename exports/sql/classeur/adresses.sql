-- Where a table is in a submission's workbook: its sheet and the columns that were read.
SELECT s.soumission, f."table", f.feuille, first(k.colonne ORDER BY length(k.colonne), k.colonne) AS premiere,
    last(k.colonne ORDER BY length(k.colonne), k.colonne) AS derniere
FROM core.soumissions s
JOIN raw.feuilles f ON f.original = s.original
JOIN raw.colonnes k ON k.original = s.original AND k."table" = f."table"
WHERE s.statut = 'acceptee' AND f.feuille IS NOT NULL
GROUP BY ALL
ORDER BY s.soumission, f."table"
