-- Sheets of events that hold the very rows of the workbook before, no more and no less.
WITH contenus AS (
    SELECT soumission, "table", list(contenu ORDER BY contenu) AS lignes
    FROM core.declarations WHERE genre = 'flux' GROUP BY ALL
)
SELECT p.soumission, d."table", NULL::INTEGER AS ligne, NULL AS champ, strftime(p.periode, '%Y-%m') AS cle, NULL AS valeur, NULL AS autre
FROM core.precedentes p
JOIN contenus d ON d.soumission = p.soumission
JOIN contenus a ON a.soumission = p.precedente AND a."table" = d."table" AND a.lignes = d.lignes
JOIN core.soumissions s ON s.soumission = p.soumission
JOIN raw.feuilles f ON f.original = s.original AND f."table" = d."table" AND NOT f.rien
