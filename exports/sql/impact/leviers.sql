-- What has been learnt: the words in which the freins lifted in the twelve months of each set of territories are said to have
-- been lifted, the one given most often.
SELECT n.ensemble, f.levier, count(*) AS freins, count(DISTINCT f.territoire_id) AS territoires
FROM etat.freins f
JOIN ref.horizon h ON h.periode = f.periode
JOIN ref.ensembles n ON n.territoire_id = f.territoire_id
WHERE NOT f.perime AND f.statut = 'leve' AND f.date_fin BETWEEN f.debut_12m AND f.fin AND f.levier IS NOT NULL
GROUP BY n.ensemble, f.levier
QUALIFY row_number() OVER (PARTITION BY n.ensemble ORDER BY freins DESC, territoires DESC, f.levier) = 1
ORDER BY n.ensemble
