-- Received × expected: one row per territory of the programme and month up to the horizon. A month is
-- expected from that of the entry to that of the exit. retard: days after the 10th of the month that
-- follows, by the first reception of any version. contenu, of the current workbook: rempli (rows), rien
-- (no row, « rien ce mois-ci » ticked), vide (no row and nothing ticked).
WITH mois AS (
    SELECT t.territoire_id, t.date_entree, t.date_sortie,
        unnest(generate_series(least(date_trunc('month', t.date_entree), coalesce(s.premiere, h.periode)::TIMESTAMP), h.periode::TIMESTAMP, INTERVAL 1 MONTH))::DATE AS periode
    FROM ref.territoires t
    CROSS JOIN ref.horizon h
    LEFT JOIN (SELECT territoire_id, min(periode) AS premiere FROM core.soumissions WHERE courante AND emetteur = '' GROUP BY ALL) s ON s.territoire_id = t.territoire_id
),
recues AS (
    SELECT territoire_id, periode, min(jour) AS premiere_reception, max(version)::INTEGER AS version, max(soumission) FILTER (courante) AS courante
    FROM core.soumissions
    WHERE statut = 'acceptee' AND emetteur = ''
    GROUP BY ALL
),
contenus AS (
    SELECT r.courante, coalesce(sum(f.lues), 0) AS lues, coalesce(bool_or(f.rien), false) AS rien
    FROM recues r
    LEFT JOIN core.feuilles f ON f.soumission = r.courante
    GROUP BY ALL
),
decisions AS (
    SELECT soumission, count(*) AS nombre
    FROM core.constats
    WHERE etat = 'decide'
    GROUP BY ALL
)
SELECT m.territoire_id, m.periode,
    date_trunc('month', m.date_entree) <= m.periode AND (m.date_sortie IS NULL OR date_trunc('month', m.date_sortie) >= m.periode) AS attendu,
    r.version, r.premiere_reception,
    date_diff('day', (m.periode + INTERVAL 1 MONTH + INTERVAL 9 DAY)::DATE, r.premiere_reception)::INTEGER AS retard,
    CASE WHEN r.version IS NULL THEN CASE WHEN attendu THEN 'manquant' ELSE 'non_attendu' END WHEN retard > 0 THEN 'en_retard' ELSE 'a_l_heure' END AS etat,
    CASE WHEN r.version IS NULL THEN NULL WHEN c.lues > 0 THEN 'rempli' WHEN c.rien THEN 'rien' ELSE 'vide' END AS contenu,
    c.lues::INTEGER AS lignes, coalesce(d.nombre, 0)::INTEGER AS decisions
FROM mois m
LEFT JOIN recues r ON r.territoire_id = m.territoire_id AND r.periode = m.periode
LEFT JOIN contenus c ON c.courante = r.courante
LEFT JOIN decisions d ON d.soumission = r.courante
