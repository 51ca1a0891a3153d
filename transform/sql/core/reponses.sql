-- The last answer of a sender to each of the questions that were put to him, by the question's identity.
SELECT r.identite, max_by(r.reponse, (s.soumission, r.ligne)) AS reponse,
    max_by(r.explication, (s.soumission, r.ligne)) AS explication, max(s.soumission) AS soumission
FROM raw.reponses r
JOIN core.soumissions s ON s.original = r.original AND s.version IS NOT NULL
GROUP BY ALL
