-- nom: Engagements pluriannuels
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: engagements
-- definition: Part des engagements financiers en cours qui courent sur plusieurs années.
-- compte: Un engagement financier en cours dont on sait s’il est pluriannuel.
-- limites: Un engagement reconduit chaque année peut durer plus qu’un engagement pluriannuel rompu.
-- source: « stabiliser l’engagement dans la durée »
SELECT territoire_id, periode, '' AS modalite, engagement_id AS sujet, pluriannuel AS reussite, source
FROM core.engages
WHERE forme = 'financier' AND date_debut <= fin AND (fin_engagement IS NULL OR fin_engagement > fin)
