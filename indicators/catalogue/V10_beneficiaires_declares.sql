-- nom: Bénéficiaires déclarés (doublons possibles)
-- unite: personnes
-- sens: descriptif
-- plancher: 1
-- effectif: lignes
-- estimateur: somme
-- intervalle: aucun
-- fenetre: 12m
-- feuille: effets
-- definition: Somme des bénéficiaires des effets positifs mesurés ou vérifiés des douze derniers mois.
-- compte: Un effet positif, mesuré ou vérifié, dont le nombre de bénéficiaires est connu.
-- limites: Une même personne peut bénéficier de plusieurs effets : la somme n’est pas un nombre de personnes distinctes.
-- source: « s’intéresser aux effets utiles de l’action »
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, effet_id AS sujet, beneficiaires AS valeur, source
FROM etat.effets
WHERE sens = 'positif' AND niveau_preuve IN ('mesure', 'verifie')
