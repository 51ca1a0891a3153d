-- nom: Acteurs engagés
-- unite: nombre
-- sens: descriptif
-- plancher: 1
-- effectif: population
-- estimateur: denombrement
-- intervalle: aucun
-- feuille: engagements
-- definition: Nombre d’acteurs qui ont au moins un engagement en cours au dernier jour du mois.
-- compte: Un acteur, quel que soit le nombre de ses engagements ; l’effectif est celui des engagements du registre examinés.
-- limites: Croît avec la taille du territoire et le soin mis à tenir le registre : ne pas comparer les territoires entre eux.
-- source: « stabiliser l’engagement dans la durée »
SELECT territoire_id, periode, '' AS modalite, acteur_id AS sujet,
    date_debut <= fin AND (fin_engagement IS NULL OR fin_engagement > fin) AS compte, source
FROM core.engages
