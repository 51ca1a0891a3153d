-- One row per sheet of the current submissions: rows read = rows taken + rows set aside.
SELECT s.soumission, s.territoire_id, s.periode, f."table", f.feuille, f.rien,
    count(l.ligne) AS lues, count(*) FILTER (NOT l.ecartee) AS prises, count(*) FILTER (l.ecartee) AS ecartees
FROM core.soumissions s
JOIN raw.feuilles f ON f.original = s.original
LEFT JOIN core.lignes l ON l.soumission = s.soumission AND l."table" = f."table"
WHERE s.courante
GROUP BY ALL
