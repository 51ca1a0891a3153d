-- The receptions that have a return: each current submission, and each file that was refused, with the
-- sheet of an earlier return that it holds.
SELECT s.soumission, s.original, s.territoire_id, t.nom, CASE WHEN s.refus IS NULL OR s.refus <> 'illisible' THEN s.periode END AS periode, s.emetteur, s.version, s.recue_le, s.statut, o.feuille_retour
FROM core.soumissions s
JOIN raw.originaux o ON o.original = s.original
LEFT JOIN ref.territoires t ON t.territoire_id = s.territoire_id
WHERE s.courante OR s.statut = 'rejetee'
ORDER BY s.soumission
