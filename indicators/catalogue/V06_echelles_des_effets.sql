-- nom: Échelles des effets
-- unite: nombre_equivalent
-- sens: descriptif
-- plancher: 5
-- effectif: lignes
-- estimateur: nombre_de_hill
-- intervalle: aucun
-- nomenclature: echelle
-- fenetre: 12m
-- feuille: effets
-- definition: Nombre de Hill (exponentielle de l’entropie) des effets des douze derniers mois entre les quatre échelles : de 1, une seule échelle, à 4, quatre également.
-- compte: Un effet dont l’échelle est connue.
-- limites: Ne dit pas quelles échelles : voir le détail des effets.
-- source: Axe P3.7 : effets à plusieurs échelles
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, effet_id AS sujet, echelle AS categorie, 1 AS poids, source
FROM etat.effets
