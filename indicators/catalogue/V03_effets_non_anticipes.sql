-- nom: Effets non anticipés
-- unite: part
-- sens: descriptif
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- fenetre: 12m
-- feuille: effets
-- definition: Part des effets des douze derniers mois qui n’avaient pas été anticipés.
-- compte: Un effet, au mois de sa date de constat.
-- limites: Ce qu’on n’attendait pas se remarque mieux, ou moins bien. Ni bon ni mauvais en soi.
-- source: Axe P3.6 : effets non anticipés
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, effet_id AS sujet, NOT anticipe AS reussite, source
FROM etat.effets
