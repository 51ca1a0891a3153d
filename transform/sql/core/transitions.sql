-- How the views on dyads have moved in a year: per territory or set of territories and year, which ends at
-- the horizon's month, how many went from each level to each, zeros included. echelle: five levels, or
-- three (0–1, 2, 3–4), since one step at the ends of the ladder is easily a matter of words.
WITH echelles AS (
    SELECT 'cinq' AS echelle, unnest([{'niveau': 0, 'palier': '0'}, {'niveau': 1, 'palier': '1'}, {'niveau': 2, 'palier': '2'}, {'niveau': 3, 'palier': '3'}, {'niveau': 4, 'palier': '4'}]) AS p
    UNION ALL
    SELECT 'trois', unnest([{'niveau': 0, 'palier': '0–1'}, {'niveau': 1, 'palier': '0–1'}, {'niveau': 2, 'palier': '2'}, {'niveau': 3, 'palier': '3–4'}, {'niveau': 4, 'palier': '3–4'}])
),
annees AS (
    SELECT m.territoire_id, m.periode
    FROM core.mois m
    WHERE month(m.periode) = (SELECT month(periode) FROM ref.horizon) AND m.periode >= m.premiere + INTERVAL 12 MONTH
),
comptes AS (
    SELECT territoire_id, periode, niveau_avant, niveau, count(*) AS nombre
    FROM core.mouvements
    WHERE dyade IS NOT NULL
    GROUP BY ALL
),
cases AS (
    SELECT a.territoire_id, a.periode, d.echelle, d.p.palier AS de, v.p.palier AS vers, coalesce(sum(c.nombre), 0)::BIGINT AS nombre
    FROM annees a
    CROSS JOIN echelles d
    JOIN echelles v ON v.echelle = d.echelle
    LEFT JOIN comptes c ON c.territoire_id = a.territoire_id AND c.periode = a.periode AND c.niveau_avant = d.p.niveau AND c.niveau = v.p.niveau
    GROUP BY ALL
)
SELECT * FROM cases
UNION ALL
SELECT e.ensemble, c.periode, c.echelle, c.de, c.vers, sum(c.nombre)::BIGINT
FROM cases c
JOIN ref.ensembles e ON e.territoire_id = c.territoire_id
GROUP BY ALL
ORDER BY ALL
