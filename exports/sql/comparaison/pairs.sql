-- Who may be asked: one row per frein that has long been open and territory that has lifted the like of it, by
-- the latest of those that it lifted. « Autre » brings together what has nothing in common.
SELECT g.nom, k.libelle AS categorie, p.frein_id, p.ouvert_jours, o.nom AS pair, count(*) AS leves,
    max(p.date_levee) AS date_levee, median(p.duree_jours) AS duree_jours, max_by(p.levier, p.date_levee) FILTER (p.levier IS NOT NULL) AS levier
FROM indicateur.pairs p
JOIN ref.territoires g ON g.territoire_id = p.territoire_id
JOIN ref.territoires o ON o.territoire_id = p.territoire_pair
JOIN ref.codes k ON k.liste = 'categorie_frein' AND k.code = p.categorie
WHERE p.categorie <> 'autre'
GROUP BY g.nom, k.libelle, p.frein_id, p.ouvert_jours, o.nom
ORDER BY g.nom, p.frein_id, o.nom
