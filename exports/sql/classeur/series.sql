-- What the charts draw: one row per territory, leading indicator and month of the last twenty-four, with its
-- interval, the territory's baseline and what its history marks in that month.
WITH marques AS (
    SELECT r.territoire_id, date_trunc('month', r."date")::DATE AS periode, string_agg(strftime(r."date", '%d/%m') || ' : ' || r.intitule, ' · ' ORDER BY r."date", r.repere_id) AS reperes
    FROM etat.reperes r
    CROSS JOIN ref.horizon h
    WHERE r.retrait IS NULL OR h.periode < r.retrait
    GROUP BY ALL
),
tracees AS (
    SELECT * FROM (VALUES (1, 'C02', ''), (2, 'C04', ''), (3, 'C14', ''), (4, 'E02', ''), (5, 'E03', ''), (6, 'V04', '')) l(ordre, indicateur, modalite)
)
SELECT v.territoire_id, l.ordre, v.indicateur, c.nom, c.unite, c.sens, v.periode, v.valeur, v.borne_basse, v.borne_haute, v.numerateur, v.denominateur, v.effectif,
    v.statut AS statut_code, t.reference, t.mot, m.reperes
FROM tracees l
JOIN indicateur.catalogue c ON c.indicateur = l.indicateur
JOIN indicateur.publiees v ON v.indicateur = l.indicateur AND v.modalite = l.modalite AND v.territoire_id NOT LIKE '*%'
JOIN ref.horizon h ON v.periode BETWEEN h.periode - INTERVAL 23 MONTH AND h.periode
LEFT JOIN indicateur.tendances t ON t.indicateur = v.indicateur AND t.territoire_id = v.territoire_id AND t.modalite = v.modalite
LEFT JOIN marques m ON m.territoire_id = v.territoire_id AND m.periode = v.periode
ORDER BY v.territoire_id, l.ordre, v.periode
