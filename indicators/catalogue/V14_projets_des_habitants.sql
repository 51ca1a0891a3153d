-- nom: Projets partis des habitants
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: projets
-- definition: Part des projets en cours ou aboutis qui sont partis des habitants.
-- compte: Un projet en cours ou abouti dont on sait s’il est parti des habitants.
-- limites: Le départ d’un projet se raconte de plusieurs façons.
-- source: Axe P3.2 : partir de là où en sont les gens
SELECT territoire_id, periode, '' AS modalite, projet_id AS sujet, a_partir_des_habitants AS reussite, source
FROM etat.projets
WHERE statut IN ('en_cours', 'abouti')
