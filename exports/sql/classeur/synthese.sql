-- The month's figures as they are published, with what the long term says of each: one row per territory,
-- indicator and modalite.
SELECT v.territoire_id, c.famille, f.libelle AS famille_libelle, c.indicateur, c.nom, c.unite, c.sens, c.intervalle, c.secret, coalesce(k.libelle, '') AS modalite,
    v.statut AS statut_code, v.valeur, v.borne_basse, v.borne_haute, v.numerateur, v.denominateur, v.effectif, t.reference, t.ecart_bas, t.ecart_haut, t.mot
FROM indicateur.publiees v
JOIN ref.horizon h ON h.periode = v.periode
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
JOIN ref.codes f ON f.liste = 'famille_indicateur' AND f.code = c.famille
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
LEFT JOIN indicateur.tendances t ON t.indicateur = v.indicateur AND t.territoire_id = v.territoire_id AND t.modalite = v.modalite
WHERE v.territoire_id NOT LIKE '*%'
ORDER BY v.territoire_id, f.rang, v.indicateur, k.rang
