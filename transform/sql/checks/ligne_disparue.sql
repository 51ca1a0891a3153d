-- Keys of a register that the sender's workbook before had and this one has no more, in a sheet that
-- still has rows; not those closed for so long that the template leaves them out.
SELECT p.soumission, a."table", NULL::INTEGER AS ligne, NULL AS champ, a.cle, a.cle AS valeur, NULL AS autre
FROM core.precedentes p
JOIN core.declarations a ON a.soumission = p.precedente AND a.genre = 'registre' AND NOT a.ecartee AND NOT a.retire
    AND (a.rappel IS NULL OR a.rappel >= p.periode)
WHERE EXISTS (FROM core.declarations d WHERE d.soumission = p.soumission AND d."table" = a."table")
    AND NOT EXISTS (FROM core.declarations d WHERE d.soumission = p.soumission AND d."table" = a."table" AND d.cle = a.cle)
