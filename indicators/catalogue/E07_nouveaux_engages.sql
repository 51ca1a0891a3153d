-- nom: Maintien des nouveaux engagés
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: engagements
-- definition: Part des acteurs nouvellement engagés qui ont encore un engagement en cours à la fin du troisième mois qui suit leur premier.
-- compte: Un acteur dont le premier engagement, d’après le registre d’aujourd’hui, a commencé il y a trois à quatorze mois.
-- limites: Trois mois sont peu : lire avec la fidélité à 12 mois.
-- source: Axe P1.5 : occasions multiples de s’engager ; « stabiliser l’engagement dans la durée »
WITH premiers AS (
    SELECT territoire_id, periode, acteur_id, date_trunc('month', min(date_debut))::DATE AS mois
    FROM core.engages
    GROUP BY ALL
),
nouveaux AS (
    SELECT *, last_day((mois + INTERVAL 3 MONTH)::DATE) AS echeance
    FROM premiers
    WHERE mois BETWEEN periode - INTERVAL 14 MONTH AND periode - INTERVAL 3 MONTH
)
SELECT n.territoire_id, n.periode, '' AS modalite, n.acteur_id AS sujet,
    bool_or(e.date_debut <= n.echeance AND (e.fin_engagement IS NULL OR e.fin_engagement > n.echeance)) AS reussite,
    flatten(list_transform(list_sort(list({'engagement_id': e.engagement_id, 'source': e.source})), lambda v: v.source)) AS source
FROM nouveaux n
JOIN core.engages e ON e.territoire_id = n.territoire_id AND e.periode = n.periode AND e.acteur_id = n.acteur_id
GROUP BY n.territoire_id, n.periode, n.acteur_id
