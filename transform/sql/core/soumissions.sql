-- One row per reception, in the order of the journal. Of one territory, month and émetteur the last
-- received is current; the bytes of the current one again are a duplicate, not a version; earlier
-- bytes again are one (a revert), but not those that lay at that place all the while. A refused file that comes again is a
-- duplicate too.
-- A reception that was withdrawn counts for nothing, and an evaluator's comments are no submission.
WITH lues AS (
    SELECT r.reception AS soumission, r.original, o.territoire_id, o.periode, o.emetteur, r.recue_le, r.jour,
        r.inchangee, CASE WHEN r.retiree THEN 'retiree' WHEN o.commentaires THEN 'commentaires' WHEN o.rejetee THEN 'illisible' WHEN t.territoire_id IS NULL THEN 'territoire_inconnu' WHEN o.periode > r.jour THEN 'periode_future' END AS refus,
        refus IS NULL AS acceptee
    FROM ref.receptions r
    JOIN raw.originaux o ON o.original = r.original
    LEFT JOIN ref.territoires t ON t.territoire_id = o.territoire_id
),
suite AS (
    SELECT *, CASE WHEN acceptee
        THEN inchangee OR original IS NOT DISTINCT FROM lag(original) OVER (PARTITION BY acceptee, inchangee, territoire_id, periode, emetteur ORDER BY soumission)
        ELSE row_number() OVER (PARTITION BY acceptee, original ORDER BY soumission) > 1 END AS doublon
    FROM lues
)
SELECT soumission, original, territoire_id, periode, emetteur, recue_le, jour,
    CASE WHEN refus IN ('retiree', 'commentaires') THEN refus WHEN doublon THEN 'doublon' WHEN NOT acceptee THEN 'rejetee' ELSE 'acceptee' END AS statut,
    CASE WHEN refus NOT IN ('retiree', 'commentaires') THEN refus END AS refus,
    CASE WHEN acceptee AND NOT doublon
        THEN count(*) FILTER (acceptee AND NOT doublon) OVER (PARTITION BY acceptee, territoire_id, periode, emetteur ORDER BY soumission) END AS version,
    acceptee AND NOT doublon AND soumission =
        max(soumission) FILTER (acceptee AND NOT doublon) OVER (PARTITION BY acceptee, territoire_id, periode, emetteur) AS courante
FROM suite
