-- The sheet on which evaluators comment: one row per territory and indicator, with what was said of the
-- release's month and what was last said before.
WITH avant AS (
    SELECT c.territoire_id, c.indicateur, max_by(c.commentaire, c.periode) AS commentaire, max(c.periode) AS periode
    FROM core.commentaires c JOIN ref.horizon h ON c.periode < h.periode
    GROUP BY ALL
)
SELECT t.territoire_id, h.periode, k.indicateur, k.nom, c.commentaire, a.commentaire AS precedent, a.periode AS mois_precedent
FROM (SELECT DISTINCT territoire_id FROM core.mois) t
CROSS JOIN ref.horizon h
CROSS JOIN indicateur.catalogue k
LEFT JOIN core.commentaires c ON c.territoire_id = t.territoire_id AND c.periode = h.periode AND c.indicateur = k.indicateur
LEFT JOIN avant a ON a.territoire_id = t.territoire_id AND a.indicateur = k.indicateur
ORDER BY t.territoire_id, k.indicateur
