-- nom: Portage partagé
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: projets
-- definition: Part des projets en cours ou aboutis dont le portage est partagé.
-- compte: Un projet du registre, en cours ou abouti.
-- limites: Partagé, d’après qui tient le registre. Un portage délégué peut convenir à tous.
-- source: Axe P3.4 : portage et pilotage partagés
SELECT territoire_id, periode, '' AS modalite, projet_id AS sujet, portage = 'partage' AS reussite, source
FROM etat.projets
WHERE statut IN ('en_cours', 'abouti')
