-- The path of each view on a dyad: one row per stretch of months at one level, with how many months it
-- lasted and how it began (debut: the first; reprise: after months without a standing view).
WITH suite AS (
    SELECT v.*, lag(niveau) OVER w AS niveau_avant, lag(periode) OVER w AS periode_avant
    FROM core.vues v
    WHERE dyade IS NOT NULL
    WINDOW w AS (PARTITION BY territoire_id, dyade, declarant ORDER BY periode)
),
etapes AS (
    SELECT *, sum(CASE WHEN niveau IS NOT DISTINCT FROM niveau_avant AND periode_avant = periode - INTERVAL 1 MONTH THEN 0 ELSE 1 END)
        OVER (PARTITION BY territoire_id, dyade, declarant ORDER BY periode) AS rang
    FROM suite
)
SELECT territoire_id, dyade, declarant, any_value(partenaire) AS partenaire, any_value(cote) AS cote, rang::INTEGER AS rang, any_value(niveau) AS niveau,
    min(periode) AS premier_mois, max(periode) AS dernier_mois, count(*)::INTEGER AS mois,
    CASE WHEN first(periode_avant ORDER BY periode) IS NULL THEN 'debut'
        WHEN first(periode_avant ORDER BY periode) < min(periode) - INTERVAL 1 MONTH THEN 'reprise'
        WHEN any_value(niveau) > first(niveau_avant ORDER BY periode) THEN 'hausse' ELSE 'baisse' END AS mouvement,
    max(periode) = any_value(h.horizon) AS en_cours
FROM etapes
CROSS JOIN (SELECT periode AS horizon FROM ref.horizon) h
GROUP BY territoire_id, dyade, declarant, rang
ORDER BY territoire_id, dyade, declarant, rang
