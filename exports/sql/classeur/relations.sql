-- Each dyad that somebody describes at the horizon: what each side says now, since when, and what it said
-- before. One row per dyad; a side that says nothing has no level.
WITH chemins AS (
    SELECT t.*, lag(n.libelle) OVER (PARTITION BY t.territoire_id, t.dyade, t.declarant ORDER BY t.rang) AS avant, n.libelle AS dit
    FROM core.trajectoires t
    JOIN ref.codes n ON n.liste = 'niveaux' AND n.code = t.niveau::VARCHAR
),
cotes AS (
    SELECT territoire_id, dyade, max(CASE cote WHEN 'public' THEN declarant ELSE partenaire END) AS public, max(CASE cote WHEN 'ess' THEN declarant ELSE partenaire END) AS ess,
        max(dit) FILTER (cote = 'public') AS dit_public, max(premier_mois) FILTER (cote = 'public') AS depuis_public, max(avant) FILTER (cote = 'public') AS avant_public,
        max(dit) FILTER (cote = 'ess') AS dit_ess, max(premier_mois) FILTER (cote = 'ess') AS depuis_ess, max(avant) FILTER (cote = 'ess') AS avant_ess,
        max(niveau) FILTER (cote = 'ess') - max(niveau) FILTER (cote = 'public') AS ecart
    FROM chemins
    WHERE en_cours
    GROUP BY ALL
)
SELECT c.* EXCLUDE (public, ess), coalesce(p.nom, c.public) AS public, coalesce(e.nom, c.ess) AS ess
FROM cotes c
CROSS JOIN ref.horizon h
LEFT JOIN etat.acteurs p ON p.territoire_id = c.territoire_id AND p.periode = h.periode AND p.acteur_id = c.public
LEFT JOIN etat.acteurs e ON e.territoire_id = c.territoire_id AND e.periode = h.periode AND e.acteur_id = c.ess
ORDER BY c.territoire_id, c.dyade
