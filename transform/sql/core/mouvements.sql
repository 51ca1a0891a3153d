-- One row per view that stands at a month and stood twelve months before, as known now: both under the
-- identities of the later month, with the two levels.
WITH avant AS (
    SELECT v.territoire_id, (v.periode + INTERVAL 12 MONTH)::DATE AS periode,
        coalesce(d.identite, v.declarant) AS declarant, coalesce(p.identite, v.partenaire) AS partenaire, v.dimension, v.niveau, v.source
    FROM core.vues v
    LEFT JOIN core.identites d ON d.territoire_id = v.territoire_id AND d.periode = v.periode + INTERVAL 12 MONTH AND d.acteur_id = v.declarant
    LEFT JOIN core.identites p ON p.territoire_id = v.territoire_id AND p.periode = v.periode + INTERVAL 12 MONTH AND p.acteur_id = v.partenaire
    QUALIFY row_number() OVER (PARTITION BY v.territoire_id, v.periode, coalesce(d.identite, v.declarant), coalesce(p.identite, v.partenaire), v.dimension
        ORDER BY v.date_observation DESC, v.declarant, v.partenaire) = 1
)
SELECT v.territoire_id, v.periode, v.declarant, v.partenaire, v.dimension, v.dyade, v.cote, a.niveau AS niveau_avant, v.niveau,
    a.source || v.source AS source
FROM core.vues v
JOIN avant a ON a.territoire_id = v.territoire_id AND a.periode = v.periode
    AND a.declarant = v.declarant AND a.partenaire = v.partenaire AND a.dimension = v.dimension
