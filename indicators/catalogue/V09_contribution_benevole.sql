-- nom: Contribution bénévole
-- unite: heures
-- sens: descriptif
-- plancher: 1
-- effectif: lignes
-- estimateur: somme
-- intervalle: aucun
-- fenetre: 12m
-- feuille: ressources
-- definition: Heures bénévoles déclarées dans les douze derniers mois.
-- compte: Une ressource bénévole dont les heures sont connues.
-- limites: Déclarées, rarement comptées une à une. Croît avec la taille du territoire : ne pas comparer les territoires entre eux.
-- source: Ressources hybrides ; « sortir de la logique purement comptable »
SELECT territoire_id, "date", retrait, '' AS modalite, ressource_id AS sujet, heures AS valeur, source
FROM etat.ressources
WHERE nature = 'benevolat'
