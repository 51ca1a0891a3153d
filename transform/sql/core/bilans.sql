-- What each sheet of a current submission brought: rows read, taken and set aside, and among those
-- taken the new ones and those that say something else than before. Before is the latest declaration
-- of the same key by the same sender, whatever its month up to this one.
WITH avant AS (
    SELECT d.soumission, d."table", d.ligne, max_by(a.contenu, (a.periode, a.soumission)) AS contenu
    FROM core.declarations d
    JOIN core.declarations a ON a.territoire_id = d.territoire_id AND a.emetteur = d.emetteur AND a."table" = d."table" AND a.cle = d.cle
        AND (a.courante AND a.periode < d.periode OR a.periode = d.periode AND a.soumission < d.soumission)
    WHERE d.courante
    GROUP BY ALL
)
SELECT l.soumission, l."table", count(*) AS lues, count(*) FILTER (NOT l.ecartee) AS prises, count(*) FILTER (l.ecartee) AS ecartees,
    count(*) FILTER (NOT l.ecartee AND a.ligne IS NULL) AS nouvelles,
    count(*) FILTER (NOT l.ecartee AND a.contenu <> d.contenu) AS modifiees
FROM core.lignes l
JOIN core.declarations d ON d.soumission = l.soumission AND d."table" = l."table" AND d.ligne = l.ligne
LEFT JOIN avant a ON a.soumission = l.soumission AND a."table" = l."table" AND a.ligne = l.ligne
GROUP BY ALL
