-- nom: Contraintes de l’autre prises en charge
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: sujets
-- estimateur: part
-- intervalle: wilson
-- feuille: relations
-- secret: enquete
-- definition: Part des regards portés sur les dyades qui donnent à la prise en charge des contraintes de l’autre 4 ou 5 sur 5.
-- compte: Un regard dont la note est connue ; le plancher et l’intervalle portent sur ceux qui parlent.
-- limites: Chacun juge de ce qu’il voit ; l’effort peut rester invisible à l’autre.
-- source: « œuvrer en commun » : une œuvre commune, chacun avec ses contraintes
SELECT territoire_id, periode, '' AS modalite, declarant AS sujet, contraintes_prises_en_charge >= 4 AS reussite, source
FROM core.vues
WHERE dyade IS NOT NULL
