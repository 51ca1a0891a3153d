-- nom: Engagement reconnu
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: engagements
-- definition: Part des engagements en cours qui ont été reconnus publiquement.
-- compte: Un engagement en cours dont on sait s’il a été reconnu.
-- limites: La reconnaissance publique n’est pas la seule.
-- source: Axe P1.7 : reconnaissance de celles et ceux qui s’engagent
SELECT territoire_id, periode, '' AS modalite, engagement_id AS sujet, reconnu AS reussite, source
FROM core.engages
WHERE date_debut <= fin AND (fin_engagement IS NULL OR fin_engagement > fin)
