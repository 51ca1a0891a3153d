-- Sheets with fewer rows than in the version of the same month that they replace, or registers with none
-- at all where the workbook before had some to have again, and « rien ce mois-ci » is not ticked.
WITH nombres AS (
    SELECT soumission, "table", genre, count(*) AS lignes, max(coalesce(rappel, 'infinity'::DATE)) FILTER (NOT retire) AS rappel
    FROM core.declarations GROUP BY ALL
)
SELECT p.soumission, n."table", NULL::INTEGER AS ligne, NULL AS champ, strftime(p.periode, '%Y-%m') AS cle, NULL AS valeur, NULL AS autre
FROM core.precedentes p
JOIN nombres n ON n.soumission = p.remplacee OR n.soumission = p.precedente AND n.genre = 'registre' AND p.remplacee IS NULL AND n.rappel >= p.periode
JOIN core.soumissions s ON s.soumission = p.soumission
JOIN raw.feuilles f ON f.original = s.original AND f."table" = n."table" AND f.feuille IS NOT NULL AND NOT f.rien
LEFT JOIN nombres d ON d.soumission = p.soumission AND d."table" = n."table"
WHERE coalesce(d.lignes, 0) < CASE WHEN n.soumission = p.remplacee THEN n.lignes ELSE 1 END
