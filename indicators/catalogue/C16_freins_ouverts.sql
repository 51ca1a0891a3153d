-- nom: Freins ouverts
-- unite: nombre
-- sens: descriptif
-- plancher: 1
-- effectif: population
-- estimateur: denombrement
-- intervalle: aucun
-- modalites: categorie_frein
-- feuille: freins
-- definition: Nombre de freins à la coopération ouverts au dernier jour du mois, par catégorie.
-- compte: Un frein ni levé ni abandonné ; l’effectif est celui des freins du registre examinés.
-- limites: Nommer un frein est déjà le travailler : un nombre élevé peut dire que la parole est libre.
-- source: Les freins à la coopération ; « où la parole vraie peut s’exprimer sans porter préjudice »
SELECT territoire_id, periode, categorie AS modalite, frein_id AS sujet,
    date_identification <= fin AND NOT (statut IN ('leve', 'abandonne') AND coalesce(date_fin <= fin, false)) AS compte, source
FROM etat.freins
