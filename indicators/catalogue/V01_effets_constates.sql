-- nom: Effets constatés
-- unite: nombre
-- sens: descriptif
-- plancher: 1
-- effectif: population
-- estimateur: denombrement
-- intervalle: aucun
-- modalites: sens_effet
-- fenetre: 12m
-- feuille: effets
-- definition: Nombre d’effets constatés dans les douze derniers mois, positifs et négatifs.
-- compte: Un effet, au mois de sa date de constat.
-- limites: Un compte ne dit rien de l’ampleur. Un territoire qui cherche davantage trouve davantage.
-- source: « s’intéresser aux effets utiles de l’action sur le temps long »
SELECT territoire_id, date_constat AS "date", retrait, sens AS modalite, effet_id AS sujet, true AS compte, source
FROM etat.effets
