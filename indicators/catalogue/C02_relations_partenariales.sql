-- nom: Relations partenariales ou coopératives
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- feuille: relations
-- couverture: relies
-- definition: Part des dyades vues des deux côtés où chaque côté dit au moins « partenariat ».
-- compte: Une dyade : un organisme public et un acteur de l’ESS dont les deux regards sont connus.
-- limites: L’ordre des niveaux est une lecture de l’équipe, non du texte. Une dyade dont un seul côté a répondu ne compte pas : cette absence est elle-même une information.
-- source: Hypothèse 1 : « trouver le consensus », « œuvrer en commun »
SELECT territoire_id, periode, '' AS modalite, dyade AS sujet, niveau_ess >= 3 AND niveau_public >= 3 AS reussite, source
FROM core.dyades
