-- One row per reception, in the order of the journal. Of one territory, month and émetteur the last
-- received is current; the bytes of the current one again are a duplicate, not a version; earlier
-- bytes again are one (a revert).
WITH lues AS (
    SELECT r.reception AS soumission, r.original, o.territoire_id, o.periode, o.emetteur, r.recue_le, r.jour,
        CASE WHEN o.rejetee THEN 'illisible' WHEN t.territoire_id IS NULL THEN 'territoire_inconnu' WHEN o.periode > r.jour THEN 'periode_future' END AS refus,
        refus IS NULL AS acceptee
    FROM ref.receptions r
    JOIN raw.originaux o ON o.original = r.original
    LEFT JOIN ref.territoires t ON t.territoire_id = o.territoire_id
),
suite AS (
    SELECT *, acceptee AND original IS NOT DISTINCT FROM
            lag(original) OVER (PARTITION BY acceptee, territoire_id, periode, emetteur ORDER BY soumission) AS doublon
    FROM lues
)
SELECT soumission, original, territoire_id, periode, emetteur, recue_le, jour,
    CASE WHEN NOT acceptee THEN 'rejetee' WHEN doublon THEN 'doublon' ELSE 'acceptee' END AS statut,
    refus,
    CASE WHEN acceptee AND NOT doublon
        THEN count(*) FILTER (acceptee AND NOT doublon) OVER (PARTITION BY acceptee, territoire_id, periode, emetteur ORDER BY soumission) END AS version,
    acceptee AND NOT doublon AND soumission =
        max(soumission) FILTER (acceptee AND NOT doublon) OVER (PARTITION BY acceptee, territoire_id, periode, emetteur) AS courante
FROM suite
