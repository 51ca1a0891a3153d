-- What a current submission is compared with: its sender's current workbook of the nearest month
-- before (precedente), and the version of its own month that it replaced (remplacee).
SELECT s.soumission, s.territoire_id, s.emetteur, s.periode,
    max_by(p.soumission, p.periode) FILTER (p.courante AND p.periode < s.periode) AS precedente,
    max(p.soumission) FILTER (p.periode = s.periode AND p.version < s.version) AS remplacee
FROM core.soumissions s
LEFT JOIN core.soumissions p ON p.territoire_id = s.territoire_id AND p.emetteur = s.emetteur AND p.version IS NOT NULL
    AND p.soumission <> s.soumission
WHERE s.courante
GROUP BY ALL
