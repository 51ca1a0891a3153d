-- One row per sheet that a territory itself has sent for a month: found in the current workbook, or ticked « rien ce mois-ci ».
SELECT s.territoire_id, s.periode, f."table"
FROM core.soumissions s
JOIN raw.feuilles f ON f.original = s.original
WHERE s.courante AND s.emetteur = '' AND (f.feuille IS NOT NULL OR f.rien)
