-- Who may be asked: one row per territory, kind of frein of which it has one that has long been open, and territory that has
-- lifted the like of it, by the latest of those that it lifted. « Autre » brings together what has nothing in common.
WITH open AS (
    SELECT territoire_id, categorie, string_agg(frein_id, ', ' ORDER BY frein_id) AS freins, count(*) AS ouverts, max(ouvert_jours) AS ouvert_jours
    FROM (SELECT DISTINCT territoire_id, categorie, frein_id, ouvert_jours FROM indicateur.pairs)
    GROUP BY territoire_id, categorie
), lifted AS (
    SELECT territoire_id, categorie, territoire_pair, count(*) AS leves, max(date_levee) AS date_levee, median(duree_jours) AS duree_jours,
        max_by(levier, (date_levee, frein_pair)) FILTER (levier IS NOT NULL) AS levier
    FROM (SELECT DISTINCT territoire_id, categorie, territoire_pair, frein_pair, date_levee, duree_jours, levier FROM indicateur.pairs)
    GROUP BY territoire_id, categorie, territoire_pair
)
SELECT g.nom, k.libelle AS categorie, f.freins, f.ouverts, f.ouvert_jours, o.nom AS pair, l.leves, l.date_levee, l.duree_jours, l.levier
FROM open f
JOIN lifted l USING (territoire_id, categorie)
JOIN ref.territoires g USING (territoire_id)
JOIN ref.territoires o ON o.territoire_id = l.territoire_pair
JOIN ref.codes k ON k.liste = 'categorie_frein' AND k.code = f.categorie
WHERE f.categorie <> 'autre'
ORDER BY g.nom, k.libelle, o.nom
