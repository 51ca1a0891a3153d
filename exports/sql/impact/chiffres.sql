-- The figures of each set of territories at the release's month, and what has become of them since the
-- beginnings: one row per set, indicator and modalite.
SELECT v.territoire_id AS ensemble, v.indicateur, c.nom, v.modalite AS code, coalesce(k.libelle, '') AS modalite, c.unite, c.sens,
    v.statut AS statut_code, v.valeur, v.borne_basse, v.borne_haute, v.numerateur, v.denominateur, v.effectif,
    t.reference, t.ecart, t.ecart_bas, t.ecart_haut, t.mot, c.source, c.limites, c.rupture
FROM indicateur.publiees v
JOIN ref.horizon h ON h.periode = v.periode
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
LEFT JOIN indicateur.tendances t ON t.indicateur = v.indicateur AND t.territoire_id = v.territoire_id AND t.modalite = v.modalite
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
WHERE v.territoire_id LIKE '*%'
ORDER BY v.territoire_id, v.indicateur, k.rang, v.modalite
