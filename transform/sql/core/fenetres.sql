-- What a twelve-month sum rests on, per territory, month and sheet: how many of the months since the
-- territory's first were not received, and whether the window lies wholly after that first month.
SELECT m.territoire_id, m.periode, t."table",
    count(*) - count(r.periode) AS absents,
    m.debut_12m >= m.premiere AS entiere
FROM core.mois m
CROSS JOIN (SELECT DISTINCT "table" FROM raw.feuilles) t
JOIN core.mois w ON w.territoire_id = m.territoire_id AND w.periode BETWEEN m.debut_12m AND m.periode
LEFT JOIN core.recues r ON r.territoire_id = w.territoire_id AND r.periode = w.periode AND r."table" = t."table"
GROUP BY ALL
