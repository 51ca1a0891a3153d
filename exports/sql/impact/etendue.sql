-- What a summary speaks of: one row per set of territories.
WITH projets AS (
    SELECT e.ensemble, count(*) FILTER (p.statut = 'en_cours') AS projets_en_cours, count(*) FILTER (p.statut = 'abouti') AS projets_aboutis,
        count(*) FILTER (p.statut = 'arrete') AS projets_arretes, count(*) AS projets
    FROM etat.projets p
    JOIN ref.horizon h ON h.periode = p.periode
    JOIN ref.ensembles e ON e.territoire_id = p.territoire_id
    WHERE NOT p.perime
    GROUP BY e.ensemble
)
SELECT e.ensemble, count(DISTINCT e.territoire_id) AS territoires, count(DISTINCT m.territoire_id) FILTER (NOT m.perime) AS a_jour,
    coalesce(sum(r.recus), 0)::BIGINT AS recus, coalesce(sum(r.attendus), 0)::BIGINT AS attendus,
    any_value(p.projets) AS projets, any_value(p.projets_en_cours) AS projets_en_cours, any_value(p.projets_aboutis) AS projets_aboutis, any_value(p.projets_arretes) AS projets_arretes
FROM ref.ensembles e
CROSS JOIN ref.horizon h
LEFT JOIN core.mois m ON m.territoire_id = e.territoire_id AND m.periode = h.periode
LEFT JOIN (
    SELECT c.territoire_id, count(*) FILTER (c.attendu AND c.version IS NOT NULL) AS recus, count(*) FILTER (c.attendu) AS attendus
    FROM core.completude c, ref.horizon h
    WHERE c.periode > h.periode - INTERVAL 12 MONTH AND c.periode <= h.periode
    GROUP BY c.territoire_id
) r ON r.territoire_id = e.territoire_id
LEFT JOIN projets p ON p.ensemble = e.ensemble
GROUP BY e.ensemble
ORDER BY e.ensemble
