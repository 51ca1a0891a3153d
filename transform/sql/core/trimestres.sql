-- The quarters that end with the horizon's month, one after another: one row per territory, quarter, named
-- by its last month, and sheet, with what a sum over it rests on: how many of its months since the
-- territory's first were not received, and whether it lies wholly after that first month.
WITH fins AS (
    SELECT m.*, (m.periode - INTERVAL 2 MONTH)::DATE AS debut
    FROM core.mois m CROSS JOIN ref.horizon h
    WHERE date_diff('month', m.periode, h.periode) % 3 = 0
)
SELECT q.territoire_id, q.periode, q.debut, t."table",
    count(*) - count(r.periode) AS absents,
    q.debut >= q.premiere AS entiere
FROM fins q
CROSS JOIN (SELECT DISTINCT "table" FROM raw.feuilles) t
JOIN core.mois w ON w.territoire_id = q.territoire_id AND w.periode BETWEEN q.debut AND q.periode
LEFT JOIN core.recues r ON r.territoire_id = w.territoire_id AND r.periode = w.periode AND r."table" = t."table"
GROUP BY ALL
