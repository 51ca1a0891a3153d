-- Numbers of events far from what the territory has declared in the twenty-four months before, five at
-- least: a modified z-score above 3.5 (Iglewicz & Hoaglin 1993) on logarithms, since amounts and
-- numbers of people spread by factors. The least spread counted is 0.31, at which the score of a factor
-- of five is 3.5: among small counts less than that is nothing to ask about.
WITH suites AS (
    SELECT n.soumission, n."table", n.ligne, n.champ, ln(n.valeur) AS x, list(ln(a.valeur)) AS avant
    FROM core.nombres n
    JOIN core.nombres a ON a.territoire_id = n.territoire_id AND a."table" = n."table" AND a.champ = n.champ AND a.sorte = n.sorte
        AND a.periode < n.periode AND a.periode >= n.periode - INTERVAL 24 MONTH AND a.valeur > 0
    WHERE n.genre = 'flux' AND n.valeur > 0
    GROUP BY ALL
    HAVING count(*) >= 5
),
ecarts AS (
    SELECT *, list_median(avant) AS milieu, list_median(list_transform(avant, v -> abs(v - milieu))) AS ecart FROM suites
)
SELECT n.soumission, n."table", n.ligne, n.champ, n.cle, n.texte AS valeur, NULL AS autre
FROM ecarts e
JOIN core.nombres n ON n.soumission = e.soumission AND n."table" = e."table" AND n.ligne = e.ligne AND n.champ = e.champ
WHERE 0.6745 * abs(e.x - e.milieu) / greatest(e.ecart, 0.31) > 3.5
