-- The territories whose money counts in a set's sums at the release's month: those up to date whose twelve
-- months are complete enough for a sum, as for the indicators of resources.
SELECT e.ensemble, e.territoire_id
FROM ref.ensembles e
CROSS JOIN ref.horizon h
JOIN core.mois m ON m.territoire_id = e.territoire_id AND m.periode = h.periode
JOIN core.fenetres f ON f.territoire_id = e.territoire_id AND f.periode = h.periode AND f."table" = 'ressources'
WHERE NOT m.perime AND f.entiere AND f.absents <= 3
ORDER BY e.ensemble, e.territoire_id
