-- The euros of twelve months: one row per territory, project, provenance and nature.
SELECT r.territoire_id, r.projet_id, r.provenance, p.libelle AS provenance_libelle, p.rang AS provenance_ordre, r.nature, n.libelle AS nature_libelle, n.rang AS nature_ordre,
    CAST(100 * sum(r.montant_eur) AS BIGINT) AS centimes
FROM core.ressources r
CROSS JOIN ref.horizon h
JOIN core.mois m ON m.territoire_id = r.territoire_id AND m.periode = h.periode
JOIN ref.codes p ON p.liste = 'provenance' AND p.code = r.provenance
JOIN ref.codes n ON n.liste = 'nature_ressource' AND n.code = r.nature
WHERE r.nature <> 'benevolat' AND r.montant_eur > 0 AND r."date" BETWEEN m.debut_12m AND m.fin AND (r.retrait IS NULL OR r.retrait > h.periode)
GROUP BY ALL
ORDER BY r.territoire_id, r.projet_id, r.provenance, r.nature
