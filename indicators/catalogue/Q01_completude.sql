-- nom: Complétude
-- unite: part
-- sens: hausse
-- plancher: 0
-- effectif: lignes
-- estimateur: ratio
-- intervalle: aucun
-- programme: non
-- feuille: accueil
-- definition: Cellules obligatoires remplies rapportées aux cellules obligatoires, sur toutes les lignes du classeur du mois.
-- compte: Une ligne du classeur en vigueur, prise ou mise de côté ; une ligne de total n’en est pas une.
-- limites: Remplie ne veut pas dire juste.
-- source: « non plus une évaluation de contrôle mais de soutien »
SELECT territoire_id, periode, '' AS modalite, "table" || ' ' || ligne AS sujet, presentes AS numerateur, requises AS denominateur,
    [{'table': "table", 'soumission': soumission, 'ligne': ligne}] AS source
FROM core.lignes
WHERE emetteur = '' AND requises > 0
