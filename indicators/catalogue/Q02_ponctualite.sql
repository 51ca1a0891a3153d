-- nom: Ponctualité
-- unite: jours
-- sens: baisse
-- plancher: 0
-- effectif: lignes
-- estimateur: valeur
-- intervalle: aucun
-- programme: non
-- feuille: accueil
-- definition: Jours entre le 10 du mois suivant et la première réception du classeur ; un nombre négatif est une avance.
-- compte: Le mois, s’il a été reçu du territoire lui-même.
-- limites: Une correction renvoyée plus tard ne change pas la date de première réception.
-- source: « non plus une évaluation de contrôle mais de soutien »
SELECT territoire_id, periode, '' AS modalite, strftime(periode, '%Y-%m') AS sujet,
    date_diff('day', (periode + INTERVAL 1 MONTH + INTERVAL 9 DAY)::DATE, min(jour)) AS valeur,
    [{'table': NULL::VARCHAR, 'soumission': min(soumission), 'ligne': NULL::INTEGER}] AS source
FROM core.soumissions
WHERE statut = 'acceptee' AND emetteur = ''
GROUP BY territoire_id, periode
