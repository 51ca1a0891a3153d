-- Numbers of events far from what the territory has declared in the twenty-four months before, five at
-- least: a modified z-score above 3.5 (Iglewicz & Hoaglin 1993) on logarithms, since amounts and
-- numbers of people spread by factors. The least spread counted is 0.31, at which the score of a factor
-- of five is 3.5: among small counts less than that is nothing to ask about, and no spread is sought.
WITH mois AS (
    SELECT territoire_id, "table", champ, sorte, periode, list(ln(valeur)) AS x
    FROM core.nombres WHERE genre = 'flux' AND valeur > 0 GROUP BY ALL
),
suites AS (
    SELECT m.territoire_id, m."table", m.champ, m.sorte, m.periode, flatten(list(a.x)) AS avant
    FROM mois m
    JOIN mois a ON a.territoire_id = m.territoire_id AND a."table" = m."table" AND a.champ = m.champ AND a.sorte = m.sorte
        AND a.periode < m.periode AND a.periode >= m.periode - INTERVAL 24 MONTH
    GROUP BY ALL
    HAVING sum(len(a.x)) >= 5
),
milieux AS (SELECT *, list_median(avant) AS milieu FROM suites),
lointains AS (
    SELECT n.*, m.avant, m.milieu, 0.6745 * abs(ln(n.valeur) - m.milieu) AS distance
    FROM core.nombres n
    JOIN milieux m ON m.territoire_id = n.territoire_id AND m."table" = n."table" AND m.champ = n.champ AND m.sorte = n.sorte AND m.periode = n.periode
    WHERE n.genre = 'flux' AND n.valeur > 0 AND 0.6745 * abs(ln(n.valeur) - m.milieu) / 0.31 > 3.5
)
SELECT soumission, "table", ligne, champ, cle, texte AS valeur, NULL AS autre
FROM lointains
WHERE distance / greatest(list_median(list_transform(avant, lambda v: abs(v - milieu))), 0.31) > 3.5
