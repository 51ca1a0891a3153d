-- The workbooks that the release rests on: one row per accepted submission that is in force.
SELECT territoire_id, strftime(periode, '%Y-%m') AS periode, emetteur <> '' AS par_emetteur, version, original AS sha256, strftime(jour, '%Y-%m-%d') AS recue_le
FROM core.soumissions
WHERE courante
ORDER BY territoire_id, periode, par_emetteur, sha256
