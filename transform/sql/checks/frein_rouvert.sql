-- Brakes that the sender's workbook before gave as lifted or given up, and that are open again.
SELECT p.soumission, 'freins' AS "table", r._ligne AS ligne, 'statut' AS champ, r.frein_id AS cle, r.statut AS valeur, NULL AS autre
FROM core.precedentes p
JOIN core.soumissions s ON s.soumission = p.soumission
JOIN raw.freins r ON r._original = s.original AND NOT r._ecartee AND r.retire IS DISTINCT FROM 'true' AND r.statut IN ('identifie', 'en_travail')
JOIN core.soumissions t ON t.soumission = p.precedente
JOIN raw.freins a ON a._original = t.original AND NOT a._ecartee AND a.frein_id = r.frein_id AND a.statut IN ('leve', 'abandonne')
