-- nom: Couverture
-- unite: part
-- sens: hausse
-- plancher: 0
-- effectif: lignes
-- estimateur: part
-- intervalle: aucun
-- programme: non
-- feuille: accueil
-- definition: Mois reçus rapportés aux mois attendus, sur les douze derniers mois depuis l’entrée dans le programme.
-- compte: Un mois attendu : depuis le mois d’entrée, jusqu’au mois de sortie s’il y en a un.
-- limites: Un classeur reçu peut être presque vide : voir la complétude.
-- source: « non plus une évaluation de contrôle mais de soutien »
WITH attendus AS (
    SELECT m.territoire_id, m.periode,
        unnest(generate_series(greatest(date_trunc('month', t.date_entree), m.debut_12m::TIMESTAMP),
            least(date_trunc('month', t.date_sortie), m.periode::TIMESTAMP), INTERVAL 1 MONTH))::DATE AS attendu
    FROM core.mois m
    JOIN ref.territoires t ON t.territoire_id = m.territoire_id
)
SELECT a.territoire_id, a.periode, '' AS modalite, strftime(a.attendu, '%Y-%m') AS sujet, s.soumission IS NOT NULL AS reussite,
    [{'table': NULL::VARCHAR, 'soumission': s.soumission, 'ligne': NULL::INTEGER}] AS source
FROM attendus a
LEFT JOIN core.soumissions s ON s.territoire_id = a.territoire_id AND s.periode = a.attendu AND s.courante AND s.emetteur = ''
