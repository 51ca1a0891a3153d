-- nom: Solidité des constats
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- fenetre: 12m
-- feuille: effets
-- definition: Part des effets des douze derniers mois qui ont été mesurés ou vérifiés, et non seulement déclarés ou observés.
-- compte: Un effet, au mois de sa date de constat.
-- limites: Un effet peut être réel sans être mesuré : la part dit la solidité de la preuve, non l’ampleur de l’effet.
-- source: « définir ce qui compte et délibérer sur ce qui compte vraiment »
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, effet_id AS sujet, niveau_preuve IN ('mesure', 'verifie') AS reussite, source
FROM etat.effets
