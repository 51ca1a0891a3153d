-- Workbooks whose émetteur is neither a peer group nor, set aside or not, an actor of the territory's own
-- workbooks up to that month.
SELECT s.soumission, NULL AS "table", NULL::INTEGER AS ligne, 'emetteur' AS champ, s.emetteur AS cle, s.emetteur AS valeur, NULL AS autre
FROM core.soumissions s
WHERE s.courante AND s.emetteur <> ''
    AND NOT EXISTS (FROM ref.codes g WHERE g.liste = 'groupe_pairs' AND g.code = s.emetteur)
    AND NOT EXISTS (FROM core.cles c WHERE c.territoire_id = s.territoire_id AND c."table" = 'acteurs' AND c.cle = s.emetteur AND c.depuis <= s.periode)
