-- Received × expected over the twelve months to the horizon: one row per territory, a list of its months.
WITH mois AS (
    SELECT unnest(generate_series((periode - INTERVAL 11 MONTH)::DATE, periode, INTERVAL 1 MONTH))::DATE AS periode FROM ref.horizon
)
SELECT t.nom, list(coalesce(c.etat, 'non_attendu') ORDER BY m.periode) AS etats, list(coalesce(c.retard, 0) ORDER BY m.periode) AS retards,
    list(coalesce(c.contenu, '') ORDER BY m.periode) AS contenus, list(coalesce(c.decisions, 0) ORDER BY m.periode) AS decisions,
    count(*) FILTER (c.version IS NOT NULL) AS recus, count(*) FILTER (c.attendu) AS attendus
FROM ref.territoires t
CROSS JOIN mois m
LEFT JOIN core.completude c ON c.territoire_id = t.territoire_id AND c.periode = m.periode
GROUP BY t.territoire_id, t.nom
ORDER BY t.nom COLLATE NOCASE.NOACCENT, t.territoire_id
