-- nom: Fidélité à 12 mois
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: engagements
-- definition: Part des acteurs engagés il y a douze mois qui ont encore un engagement en cours.
-- compte: Un acteur qui avait un engagement en cours au dernier jour du même mois de l’an passé, d’après le registre d’aujourd’hui.
-- limites: Un acteur renommé ou fusionné est suivi par remplace_par ; non déclaré, le changement de nom passe pour un départ.
-- source: « stabiliser l’engagement dans la durée »
SELECT territoire_id, periode, '' AS modalite, acteur_id AS sujet,
    bool_or(date_debut <= fin AND (fin_engagement IS NULL OR fin_engagement > fin)) AS reussite,
    flatten(list_transform(list_sort(list({'engagement_id': engagement_id, 'source': source})), lambda v: v.source)) AS source
FROM core.engages
GROUP BY territoire_id, periode, acteur_id
HAVING bool_or(date_debut <= fin_12 AND (fin_engagement IS NULL OR fin_engagement > fin_12))
