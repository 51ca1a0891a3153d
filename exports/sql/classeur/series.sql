-- The leading shares with their intervals over twenty-four months, and what the territory's history marks
-- in each: one row per territory and month.
WITH marques AS (
    SELECT r.territoire_id, date_trunc('month', r."date")::DATE AS periode, string_agg(strftime(r."date", '%d/%m') || ' : ' || r.intitule, ' · ' ORDER BY r."date", r.repere_id) AS reperes
    FROM etat.reperes r
    CROSS JOIN ref.horizon h
    WHERE r.retrait IS NULL OR h.periode < r.retrait
    GROUP BY ALL
)
SELECT v.territoire_id, v.periode,
    max(valeur) FILTER (indicateur = 'C02') AS c02, max(borne_basse) FILTER (indicateur = 'C02') AS c02_bas, max(borne_haute) FILTER (indicateur = 'C02') AS c02_haut,
    max(valeur) FILTER (indicateur = 'C14') AS c14, max(borne_basse) FILTER (indicateur = 'C14') AS c14_bas, max(borne_haute) FILTER (indicateur = 'C14') AS c14_haut,
    max(valeur) FILTER (indicateur = 'E02') AS e02, max(borne_basse) FILTER (indicateur = 'E02') AS e02_bas, max(borne_haute) FILTER (indicateur = 'E02') AS e02_haut,
    max(valeur) FILTER (indicateur = 'V04') AS v04, max(borne_basse) FILTER (indicateur = 'V04') AS v04_bas, max(borne_haute) FILTER (indicateur = 'V04') AS v04_haut,
    any_value(m.reperes) AS reperes
FROM indicateur.publiees v
LEFT JOIN marques m ON m.territoire_id = v.territoire_id AND m.periode = v.periode
JOIN ref.horizon h ON v.periode BETWEEN h.periode - INTERVAL 23 MONTH AND h.periode
WHERE v.territoire_id NOT LIKE '*%'
GROUP BY v.territoire_id, v.periode
ORDER BY v.territoire_id, v.periode
