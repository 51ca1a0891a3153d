-- nom: Écart de perception
-- unite: niveaux
-- sens: baisse
-- plancher: 5
-- effectif: lignes
-- estimateur: moyenne
-- intervalle: aucun
-- feuille: relations
-- definition: Moyenne, sur les dyades vues des deux côtés, de la différence absolue entre les deux niveaux dits.
-- compte: Une dyade dont les deux regards sont connus.
-- limites: L’ordre des niveaux est une lecture de l’équipe, non du texte. Un écart nul ne dit pas que la relation est bonne : les deux côtés peuvent la dire mauvaise.
-- source: Axe P1.2 : représentations de l’autre
SELECT territoire_id, periode, '' AS modalite, dyade AS sujet, abs(niveau_ess - niveau_public) AS valeur, source
FROM core.dyades
