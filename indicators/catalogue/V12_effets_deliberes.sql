-- nom: Ce qui compte est délibéré
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- fenetre: 12m
-- feuille: effets
-- definition: Part des effets des douze derniers mois dont l’importance a été délibérée.
-- compte: Un effet, au mois de sa date de constat ; une importance vide veut dire non délibérée.
-- limites: Dit que l’on a délibéré, non ce que l’on a conclu.
-- source: « définir ce qui compte et délibérer sur ce qui compte vraiment »
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, effet_id AS sujet, importance IS NOT NULL AS reussite, source
FROM etat.effets
