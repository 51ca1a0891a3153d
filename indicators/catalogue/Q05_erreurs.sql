-- nom: Erreurs
-- unite: pour_100_cellules
-- sens: baisse
-- plancher: 0
-- effectif: population
-- estimateur: taux_pour_100
-- intervalle: aucun
-- programme: non
-- feuille: accueil
-- definition: Constats d’erreur pour cent cellules remplies du classeur en vigueur.
-- compte: Une ligne du classeur du mois, prise ou mise de côté ; une erreur qui ne tient pas à une ligne compte dans le total sans être une ligne.
-- limites: Dit la peine qu’a donnée le classeur, non la qualité du travail.
-- source: « non plus une évaluation de contrôle mais de soutien »
WITH fautes AS (
    SELECT soumission, "table", ligne, count(*) AS nombre
    FROM core.constats
    WHERE gravite = 'erreur'
    GROUP BY ALL
),
lignes AS (
    SELECT s.territoire_id, s.periode, s.soumission, l."table", l.ligne, l.remplies
    FROM core.soumissions s
    JOIN core.lignes l ON l.soumission = s.soumission
    WHERE s.courante AND s.emetteur = '' AND l.requises > 0
)
SELECT territoire_id, periode, '' AS modalite, "table" || ' ' || ligne AS sujet, coalesce(f.nombre, 0) AS numerateur, remplies AS denominateur,
    [{'table': "table", 'soumission': soumission, 'ligne': ligne}] AS source
FROM lignes
LEFT JOIN fautes f USING (soumission, "table", ligne)
UNION ALL
SELECT s.territoire_id, s.periode, '' AS modalite, coalesce(f."table", '') AS sujet, f.nombre AS numerateur, NULL::INTEGER AS denominateur,
    [{'table': f."table", 'soumission': f.soumission, 'ligne': NULL::INTEGER}] AS source
FROM fautes f
JOIN core.soumissions s ON s.soumission = f.soumission AND s.courante AND s.emetteur = ''
ANTI JOIN lignes l ON l.soumission = f.soumission AND l."table" = f."table" AND l.ligne = f.ligne
