-- nom: Confiance
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: sujets
-- estimateur: part
-- intervalle: wilson
-- feuille: relations
-- secret: enquete
-- definition: Part des regards portés sur les dyades qui donnent à la confiance 4 ou 5 sur 5.
-- compte: Un regard dont la confiance est notée ; le plancher et l’intervalle portent sur ceux qui parlent.
-- limites: Qui se méfie peut taire sa note. Deux regards du même acteur ne sont pas indépendants : l’intervalle compte les acteurs.
-- source: « une relation de confiance » ; freins « méfiance », « manque de confiance »
SELECT territoire_id, periode, '' AS modalite, declarant AS sujet, confiance >= 4 AS reussite, source
FROM core.vues
WHERE dyade IS NOT NULL
