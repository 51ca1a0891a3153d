-- nom: Clarté des intentions
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- feuille: relations
-- secret: enquete
-- definition: Part des dyades où chaque côté donne à la clarté des intentions de l’autre 4 ou 5 sur 5.
-- compte: Une dyade dont les deux côtés ont noté la clarté.
-- limites: La clarté ressentie n’est pas l’accord : une intention claire peut déplaire.
-- source: « pourquoi je fais ce que je fais » ; frein « intentions non dites »
SELECT territoire_id, periode, '' AS modalite, dyade AS sujet,
    CASE WHEN clarte_ess IS NOT NULL AND clarte_public IS NOT NULL THEN clarte_ess >= 4 AND clarte_public >= 4 END AS reussite, [declarant_ess, declarant_public] AS repondants, source
FROM core.dyades
