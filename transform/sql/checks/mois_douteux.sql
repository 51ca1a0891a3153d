-- Workbooks none of whose events is of their own month, while three at least are of one and the same
-- other month.
WITH evenements AS (
    SELECT soumission, date_trunc('month', jour)::DATE AS mois, count(*) AS nombre
    FROM core.declarations WHERE genre = 'flux' AND courante AND NOT ecartee AND jour IS NOT NULL GROUP BY ALL
)
SELECT e.soumission, NULL AS "table", NULL::INTEGER AS ligne, 'periode' AS champ, strftime(s.periode, '%Y-%m') AS cle, strftime(s.periode, '%Y-%m') AS valeur, NULL AS autre
FROM evenements e
JOIN core.soumissions s ON s.soumission = e.soumission
GROUP BY ALL
HAVING count(*) = 1 AND any_value(e.mois) <> any_value(s.periode) AND sum(e.nombre) >= 3
