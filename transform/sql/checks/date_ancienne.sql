-- Rows dated a year or more before the month of their workbook, which no workbook of the sender before had with that day: a
-- wrong year, most often, and in no figure of twelve months. More than ten on a sheet are no slip of the pen, and marks of the
-- shared history come whenever it is remembered.
SELECT d.soumission, d."table", d.ligne, d.champ_jour AS champ, d.cle, d.jour::VARCHAR AS valeur, NULL AS autre
FROM core.declarations d
WHERE d.courante AND d.genre IN ('flux', 'releve') AND d."table" <> 'reperes' AND NOT d.ecartee AND NOT d.retire
    AND d.jour < d.periode - INTERVAL 11 MONTH
    AND NOT EXISTS (FROM core.declarations a WHERE a.territoire_id = d.territoire_id AND a.emetteur = d.emetteur AND a."table" = d."table"
        AND a.cle = d.cle AND a.jour = d.jour AND a.periode < d.periode AND NOT a.ecartee)
QUALIFY count(*) OVER (PARTITION BY d.soumission, d."table") <= 10
