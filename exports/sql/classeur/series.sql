-- The leading shares with their intervals over twenty-four months: one row per territory and month.
SELECT v.territoire_id, v.periode,
    max(valeur) FILTER (indicateur = 'C02') AS c02, max(borne_basse) FILTER (indicateur = 'C02') AS c02_bas, max(borne_haute) FILTER (indicateur = 'C02') AS c02_haut,
    max(valeur) FILTER (indicateur = 'C14') AS c14, max(borne_basse) FILTER (indicateur = 'C14') AS c14_bas, max(borne_haute) FILTER (indicateur = 'C14') AS c14_haut,
    max(valeur) FILTER (indicateur = 'E02') AS e02, max(borne_basse) FILTER (indicateur = 'E02') AS e02_bas, max(borne_haute) FILTER (indicateur = 'E02') AS e02_haut,
    max(valeur) FILTER (indicateur = 'V04') AS v04, max(borne_basse) FILTER (indicateur = 'V04') AS v04_bas, max(borne_haute) FILTER (indicateur = 'V04') AS v04_haut
FROM indicateur.valeurs v
JOIN ref.horizon h ON v.periode BETWEEN h.periode - INTERVAL 23 MONTH AND h.periode
WHERE v.territoire_id <> '*'
GROUP BY v.territoire_id, v.periode
ORDER BY v.territoire_id, v.periode
