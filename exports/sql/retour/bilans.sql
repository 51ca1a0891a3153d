-- What each sheet of a current submission brought.
SELECT f.soumission, f."table", f.feuille, f.rien, coalesce(b.lues, 0) AS lues, coalesce(b.prises, 0) AS prises, coalesce(b.ecartees, 0) AS ecartees,
    coalesce(b.nouvelles, 0) AS nouvelles, coalesce(b.modifiees, 0) AS modifiees
FROM core.feuilles f
LEFT JOIN core.bilans b ON b.soumission = f.soumission AND b."table" = f."table"
WHERE f.feuille IS NOT NULL OR f.rien
ORDER BY f.soumission, f."table"
