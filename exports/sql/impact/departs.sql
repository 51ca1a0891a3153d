-- Each territory of each set beside its own beginnings: one row per set and territory, with the published
-- figure of C02 at the release's month.
SELECT e.ensemble, g.nom, v.indicateur, c.nom AS indicateur_nom, c.unite, c.sens, v.statut AS statut_code, v.valeur, v.borne_basse, v.borne_haute,
    v.numerateur, v.denominateur, v.effectif, t.reference, t.ecart, t.ecart_bas, t.ecart_haut, t.mot
FROM ref.ensembles e
JOIN ref.territoires g ON g.territoire_id = e.territoire_id
CROSS JOIN ref.horizon h
JOIN indicateur.catalogue c ON c.indicateur = 'C02'
LEFT JOIN indicateur.publiees v ON v.indicateur = c.indicateur AND v.territoire_id = e.territoire_id AND v.periode = h.periode AND v.modalite = ''
LEFT JOIN indicateur.tendances t ON t.indicateur = v.indicateur AND t.territoire_id = v.territoire_id AND t.modalite = v.modalite
ORDER BY e.ensemble, g.nom
