-- nom: Horizon des engagements financiers
-- unite: mois
-- sens: hausse
-- plancher: 3
-- effectif: lignes
-- estimateur: mediane
-- intervalle: aucun
-- feuille: engagements
-- definition: Médiane du temps qui reste avant la fin prévue des engagements financiers en cours.
-- compte: Un engagement financier en cours dont la fin prévue est connue et à venir.
-- limites: Un engagement sans fin prévue ne compte pas, qu’il soit durable ou fragile.
-- source: « stabiliser l’engagement dans la durée » ; frein « modèle économique »
SELECT territoire_id, periode, '' AS modalite, engagement_id AS sujet, date_diff('day', fin, date_fin_prevue) AS duree, source
FROM core.engages
WHERE forme = 'financier' AND date_debut <= fin AND (fin_engagement IS NULL OR fin_engagement > fin)
    AND (date_fin_prevue IS NULL OR date_fin_prevue > fin)
