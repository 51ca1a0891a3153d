-- The twenty-four months that end with the release's, oldest first, of the indicators without modalites: one row
-- per indicator and territory. A month before the territory's first has no statut.
WITH mois AS (
    SELECT unnest(generate_series((periode - INTERVAL 23 MONTH)::DATE, periode, INTERVAL 1 MONTH))::DATE AS periode FROM ref.horizon
),
lignes AS (
    SELECT v.indicateur, v.territoire_id, c.unite
    FROM indicateur.publiees v
    JOIN ref.horizon h ON h.periode = v.periode
    JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
    WHERE v.modalite = '' AND v.territoire_id NOT LIKE '*%'
),
suites AS (
    SELECT l.indicateur, l.territoire_id, l.unite, list_sort(list({'periode': m.periode, 'valeur': v.valeur, 'statut': v.statut})) AS suite
    FROM lignes l
    CROSS JOIN mois m
    LEFT JOIN indicateur.publiees v ON v.indicateur = l.indicateur AND v.territoire_id = l.territoire_id AND v.modalite = '' AND v.periode = m.periode
    GROUP BY l.indicateur, l.territoire_id, l.unite
)
SELECT indicateur, territoire_id, unite, list_transform(suite, lambda s: s.valeur) AS valeurs, list_transform(suite, lambda s: s.statut) AS statuts
FROM suites
ORDER BY indicateur, territoire_id
