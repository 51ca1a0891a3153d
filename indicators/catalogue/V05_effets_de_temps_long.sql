-- nom: Effets de temps long
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- fenetre: 12m
-- feuille: effets
-- definition: Part des effets des douze derniers mois dont l’horizon dépasse trois ans.
-- compte: Un effet, au mois de sa date de constat.
-- limites: L’horizon est celui que l’on prête à l’effet le jour du constat.
-- source: « s’intéresser aux effets utiles de l’action sur le temps long »
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, effet_id AS sujet, horizon = 'long' AS reussite, source
FROM etat.effets
