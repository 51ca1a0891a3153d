-- The last year's transitions of views on dyads, of the programme then of each territory.
SELECT coalesce(g.nom, 'Programme') AS nom, t.periode, n.libelle AS de,
    list(t.nombre ORDER BY t.vers) AS nombres, sum(t.nombre)::BIGINT AS total
FROM core.transitions t
JOIN ref.horizon h ON h.periode = t.periode
LEFT JOIN ref.territoires g ON g.territoire_id = t.territoire_id
JOIN ref.codes n ON n.liste = 'niveaux' AND n.code = t.de
WHERE t.echelle = 'cinq' AND (t.territoire_id = '*' OR t.territoire_id NOT LIKE '*%')
GROUP BY g.nom, t.territoire_id, t.periode, n.libelle, t.de
ORDER BY t.territoire_id <> '*', g.nom COLLATE NOCASE.NOACCENT, t.territoire_id, t.de
