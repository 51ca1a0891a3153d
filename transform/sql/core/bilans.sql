-- What each sheet of a current submission brought: rows read, taken and set aside, and among those
-- taken the new ones and those that say something else than before. Before is the latest declaration
-- of the same key by the same sender, whatever its month up to this one: in the version before of that
-- month, or else in the current workbook of an earlier one.
WITH cles AS (
    SELECT territoire_id, emetteur, "table", cle, periode, soumission, courante, arg_min(contenu, ligne) AS contenu
    FROM core.declarations
    GROUP BY ALL
),
avant AS (
    SELECT soumission, "table", cle, lag(contenu) OVER (PARTITION BY territoire_id, emetteur, "table", cle ORDER BY periode) AS contenu
    FROM cles WHERE courante
),
remplacees AS (
    SELECT territoire_id, emetteur, "table", cle, periode, arg_max(contenu, soumission) AS contenu
    FROM cles WHERE NOT courante
    GROUP BY ALL
)
SELECT l.soumission, l."table", count(*) AS lues, count(*) FILTER (NOT l.ecartee) AS prises, count(*) FILTER (l.ecartee) AS ecartees,
    count(*) FILTER (NOT l.ecartee AND coalesce(r.contenu, a.contenu) IS NULL) AS nouvelles,
    count(*) FILTER (NOT l.ecartee AND coalesce(r.contenu, a.contenu) <> d.contenu) AS modifiees
FROM core.lignes l
JOIN core.declarations d ON d.soumission = l.soumission AND d."table" = l."table" AND d.ligne = l.ligne
LEFT JOIN avant a ON a.soumission = d.soumission AND a."table" = d."table" AND a.cle = d.cle
LEFT JOIN remplacees r ON r.territoire_id = d.territoire_id AND r.emetteur = d.emetteur AND r."table" = d."table" AND r.cle = d.cle AND r.periode = d.periode
GROUP BY ALL
