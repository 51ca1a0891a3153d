-- The last comment of the evaluators on each indicator of a territory and month.
SELECT c.territoire_id, c.periode, c.indicateur, max_by(c.commentaire, (s.soumission, c.ligne)) AS commentaire, max(s.soumission) AS soumission
FROM raw.commentaires c
JOIN core.soumissions s ON s.original = c.original AND s.statut = 'commentaires'
JOIN ref.territoires t ON t.territoire_id = c.territoire_id
GROUP BY ALL
