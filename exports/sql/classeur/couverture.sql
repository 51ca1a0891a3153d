-- What the cover says: one row per territory.
WITH derniers AS (
    SELECT territoire_id, max(periode) FILTER (courante AND emetteur = '') AS dernier_mois, max(jour) AS dernier_jour
    FROM core.soumissions
    WHERE statut = 'acceptee'
    GROUP BY territoire_id
)
SELECT t.territoire_id, t.nom, d.dernier_mois, d.dernier_jour,
    (SELECT max(jour) FROM core.soumissions WHERE statut <> 'doublon') AS recues_jusque
FROM ref.territoires t
JOIN derniers d ON d.territoire_id = t.territoire_id
WHERE t.territoire_id IN (SELECT territoire_id FROM core.mois)
ORDER BY t.territoire_id
