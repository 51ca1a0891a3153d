-- Each territory against its own baseline: one row per indicator and modalite, with a list of the
-- territories in alphabetical order.
SELECT c.indicateur, c.nom, coalesce(k.libelle, 'ensemble') AS modalite, c.unite, d.libelle AS sens,
    list(g.territoire_id ORDER BY g.nom) AS territoires,
    list(t.ecart ORDER BY g.nom) AS ecarts, list(t.mot ORDER BY g.nom) AS mots, list(v.valeur ORDER BY g.nom) AS valeurs, list(v.statut ORDER BY g.nom) AS statuts
FROM indicateur.publiees v
JOIN ref.horizon h ON h.periode = v.periode
JOIN ref.territoires g ON g.territoire_id = v.territoire_id
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
LEFT JOIN indicateur.tendances t ON t.indicateur = v.indicateur AND t.territoire_id = v.territoire_id AND t.modalite = v.modalite
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
LEFT JOIN ref.codes d ON d.liste = 'sens_indicateur' AND d.code = c.sens
GROUP BY c.indicateur, c.nom, k.libelle, k.rang, c.unite, d.libelle
ORDER BY c.indicateur, k.rang
