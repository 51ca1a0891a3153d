-- How the territories together have moved over twenty-five months (of modalites: at the horizon and one and two years
-- before): one row per indicator, modalite and month with the quartiles of the territories' figures, where at least three
-- have one, and the programme's own figure beside them. What the long term says of it is said in its last month.
SELECT c.indicateur, c.nom, coalesce(k.libelle, 'ensemble') AS modalite, v.modalite AS modalite_code, c.unite, c.sens, v.periode,
    count(v.valeur) FILTER (v.territoire_id NOT LIKE '*%') AS territoires,
    CASE WHEN territoires >= 3 THEN quantile_cont(v.valeur, 0.25) FILTER (v.territoire_id NOT LIKE '*%') END AS quartile_bas,
    CASE WHEN territoires >= 3 THEN median(v.valeur) FILTER (v.territoire_id NOT LIKE '*%') END AS mediane,
    CASE WHEN territoires >= 3 THEN quantile_cont(v.valeur, 0.75) FILTER (v.territoire_id NOT LIKE '*%') END AS quartile_haut,
    max(v.valeur) FILTER (v.territoire_id = '*') AS programme, max(v.statut) FILTER (v.territoire_id = '*') AS statut,
    max(t.mot) AS mot, c.rupture, c.rupture[:7] = strftime(v.periode, '%Y-%m') AS rompue
FROM indicateur.publiees v
JOIN ref.horizon h ON v.periode BETWEEN h.periode - INTERVAL 24 MONTH AND h.periode
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
LEFT JOIN indicateur.tendances t ON v.territoire_id = '*' AND t.territoire_id = '*' AND t.indicateur = v.indicateur AND t.modalite = v.modalite AND v.periode = h.periode
WHERE (v.territoire_id = '*' OR v.territoire_id NOT LIKE '*%') AND (v.modalite = '' OR month(v.periode) = month(h.periode))
GROUP BY c.indicateur, c.nom, k.libelle, k.rang, v.modalite, c.unite, c.sens, v.periode, c.rupture
ORDER BY c.indicateur, k.rang, v.periode
