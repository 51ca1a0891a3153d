-- Engagements whose planned end is past when the month begins, and that have no end.
SELECT s.soumission, 'engagements' AS "table", r._ligne AS ligne, 'date_fin' AS champ, r.engagement_id AS cle, r.date_fin_prevue AS valeur, NULL AS autre
FROM core.soumissions s
JOIN raw.engagements r ON r._original = s.original AND NOT r._ecartee AND r.retire IS DISTINCT FROM 'true' AND r.date_fin IS NULL
WHERE s.courante AND s.emetteur = '' AND r.date_fin_prevue NOT IN ('nc', 'nsp') AND r.date_fin_prevue < s.periode::VARCHAR
