-- nom: Diversité de la valeur
-- unite: indice
-- sens: descriptif
-- plancher: 5
-- effectif: lignes
-- estimateur: regularite
-- intervalle: aucun
-- nomenclature: domaine_effet
-- fenetre: 12m
-- feuille: effets
-- definition: Régularité (H / ln 5) des effets positifs des douze derniers mois entre les cinq domaines : 0, un seul domaine ; 1, cinq domaines égaux.
-- compte: Un effet positif, au mois de sa date de constat.
-- limites: Un effet vaut autant qu’un autre. Une répartition égale n’est pas un but.
-- source: « définir ce qui compte et délibérer sur ce qui compte vraiment »
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, effet_id AS sujet, domaine AS categorie, 1 AS poids, source
FROM etat.effets
WHERE sens = 'positif'
