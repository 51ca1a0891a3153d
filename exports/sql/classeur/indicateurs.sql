-- The twelve months that end with the release's, oldest first, the details of the last one, and what
-- the long term says of them: one row per territory, indicator and modalite. A month before the territory's first has no statut.
WITH mois AS (
    SELECT unnest(generate_series((periode - INTERVAL 11 MONTH)::DATE, periode, INTERVAL 1 MONTH))::DATE AS periode FROM ref.horizon
),
remarques AS (
    SELECT c.territoire_id, c.indicateur, max_by(c.commentaire, c.periode) AS commentaire, max(c.periode) AS periode
    FROM core.commentaires c JOIN ref.horizon h ON c.periode <= h.periode
    GROUP BY ALL
),
lignes AS (
    SELECT v.territoire_id, c.indicateur, c.nom, c.unite, c.modalites, c.secret, v.modalite, k.libelle, coalesce(k.rang, 0) AS rang
    FROM indicateur.publiees v
    JOIN ref.horizon h ON h.periode = v.periode
    JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
    LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
    WHERE v.territoire_id NOT LIKE '*%'
)
SELECT l.territoire_id, l.indicateur, l.nom, coalesce(l.libelle, 'ensemble') AS modalite, l.unite, CASE l.unite WHEN 'part' THEN 'Part, en %' ELSE u.libelle END AS unite_libelle,
    list(v.valeur ORDER BY m.periode) AS valeurs, list(v.statut ORDER BY m.periode) AS statuts,
    max(v.borne_basse) FILTER (h.periode = m.periode) AS borne_basse, max(v.borne_haute) FILTER (h.periode = m.periode) AS borne_haute,
    max(v.effectif) FILTER (h.periode = m.periode) AS effectif,
    max(v.numerateur) FILTER (h.periode = m.periode) AS numerateur,
    max(v.denominateur) FILTER (h.periode = m.periode) AS denominateur,
    max(s.libelle) FILTER (h.periode = m.periode) AS statut, max(v.statut) FILTER (h.periode = m.periode) AS statut_code, l.secret,
    max(t.reference) AS reference, max(t.ecart) FILTER (h.periode = m.periode AND v.statut = 'ok') AS ecart, max(e.libelle) AS evolution,
    max(r.commentaire) AS commentaire, max(r.periode) AS commente_le
FROM lignes l
CROSS JOIN mois m
CROSS JOIN ref.horizon h
LEFT JOIN indicateur.publiees v
    ON v.indicateur = l.indicateur AND v.territoire_id = l.territoire_id AND v.modalite = l.modalite AND v.periode = m.periode
LEFT JOIN ref.codes u ON u.liste = 'unite' AND u.code = l.unite
LEFT JOIN ref.codes s ON s.liste = 'statut_indicateur' AND s.code = v.statut
LEFT JOIN indicateur.tendances t ON t.indicateur = l.indicateur AND t.territoire_id = l.territoire_id AND t.modalite = l.modalite
LEFT JOIN ref.codes e ON e.liste = 'mot_tendance' AND e.code = t.mot
LEFT JOIN remarques r ON r.territoire_id = l.territoire_id AND r.indicateur = l.indicateur
GROUP BY l.territoire_id, l.indicateur, l.nom, l.libelle, l.modalite, l.rang, l.unite, l.secret, u.libelle
ORDER BY l.territoire_id, l.indicateur, l.rang
