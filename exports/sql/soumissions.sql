-- Every reception but duplicates, those withdrawn and the comments of evaluators. What a rejected file says of itself is free text: its territory is
-- named only when the programme knows it. Who answered by a workbook of his own is not said.
SELECT s.soumission, t.territoire_id, strftime(s.periode, '%Y-%m') AS periode,
    s.emetteur <> '' AS par_emetteur,
    s.version, s.jour AS recue_le, s.statut, s.original AS sha256
FROM core.soumissions s
LEFT JOIN ref.territoires t ON t.territoire_id = s.territoire_id
WHERE s.statut IN ('acceptee', 'rejetee')
ORDER BY s.soumission
