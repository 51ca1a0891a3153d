-- One row per dyad that both sides see at a month, with the two levels.
SELECT e.territoire_id, e.periode, e.dyade, e.niveau AS niveau_ess, p.niveau AS niveau_public,
    e.clarte_intention AS clarte_ess, p.clarte_intention AS clarte_public,
    e.declarant AS declarant_ess, p.declarant AS declarant_public, e.source || p.source AS source
FROM core.vues e
JOIN core.vues p ON p.territoire_id = e.territoire_id AND p.periode = e.periode AND p.dyade = e.dyade AND p.cote = 'public'
WHERE e.cote = 'ess' AND e.dyade IS NOT NULL
