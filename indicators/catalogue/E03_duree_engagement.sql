-- nom: Durée d’engagement
-- unite: mois
-- sens: hausse
-- plancher: 10
-- effectif: lignes
-- estimateur: moyenne_restreinte
-- horizon: 730.5
-- intervalle: normal
-- feuille: engagements
-- definition: Durée moyenne d’un engagement dans ses vingt-quatre premiers mois (moyenne restreinte de Kaplan–Meier) ; une fin est tout arrêt qui n’est pas le terme atteint.
-- compte: Un engagement du registre commencé avant la fin du dernier mois reçu.
-- limites: Ne dépasse jamais vingt-quatre mois. Un terme atteint est une censure. Au moins cinq engagements doivent être encore suivis à vingt-quatre mois.
-- source: « stabiliser l’engagement dans la durée »
SELECT territoire_id, periode, '' AS modalite, engagement_id AS sujet,
    CASE WHEN date_fin <= censure AND motif_fin <> 'terme_atteint' THEN 1 ELSE 0 END AS cause,
    greatest(0, date_diff('day', date_debut, CASE WHEN fin_engagement <= censure THEN fin_engagement ELSE censure END)) AS duree,
    source
FROM core.engages
WHERE date_debut <= censure
