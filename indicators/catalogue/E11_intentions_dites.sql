-- nom: Intentions dites
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: engagements
-- definition: Part des engagements en cours dont l’intention a été dite aux autres parties.
-- compte: Un engagement en cours dont on sait si l’intention a été dite.
-- limites: Dite, d’après qui tient le registre ; entendue est une autre question.
-- source: « pourquoi je fais ce que je fais »
SELECT territoire_id, periode, '' AS modalite, engagement_id AS sujet, intention_partagee AS reussite, source
FROM core.engages
WHERE date_debut <= fin AND (fin_engagement IS NULL OR fin_engagement > fin)
