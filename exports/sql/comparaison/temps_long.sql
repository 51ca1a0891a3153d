-- How the territories together have moved: the quartiles of their figures at the horizon and one and two
-- years before, where at least three have one. The programme's own figure is beside them.
WITH mois AS (
    SELECT a.annees, (h.periode - to_months(12 * a.annees))::DATE AS periode
    FROM ref.horizon h, (VALUES (2), (1), (0)) a(annees)
)
SELECT c.indicateur, c.nom, coalesce(k.libelle, 'ensemble') AS modalite, c.unite, m.periode,
    count(v.valeur) FILTER (v.territoire_id NOT LIKE '*%') AS territoires,
    CASE WHEN territoires >= 3 THEN quantile_cont(v.valeur, 0.25) FILTER (v.territoire_id NOT LIKE '*%') END AS quartile_bas,
    CASE WHEN territoires >= 3 THEN median(v.valeur) FILTER (v.territoire_id NOT LIKE '*%') END AS mediane,
    CASE WHEN territoires >= 3 THEN quantile_cont(v.valeur, 0.75) FILTER (v.territoire_id NOT LIKE '*%') END AS quartile_haut,
    max(v.valeur) FILTER (v.territoire_id = '*') AS programme, max(v.statut) FILTER (v.territoire_id = '*') AS statut, c.rupture
FROM indicateur.publiees v
JOIN mois m ON m.periode = v.periode
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
WHERE v.territoire_id = '*' OR v.territoire_id NOT LIKE '*%'
GROUP BY c.indicateur, c.nom, k.libelle, k.rang, c.unite, m.periode, c.rupture
ORDER BY c.indicateur, k.rang, m.periode
