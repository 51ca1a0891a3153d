-- The figures of a territory at each month for which it has sent a workbook of its own.
SELECT v.territoire_id, v.periode, c.indicateur, c.nom, k.libelle AS modalite, c.unite, v.valeur, v.borne_basse, v.borne_haute, v.effectif,
    v.numerateur, v.denominateur, s.libelle AS statut, k.rang AS ordre
FROM indicateur.publiees v
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
JOIN core.mois m ON m.territoire_id = v.territoire_id AND m.periode = v.periode AND m.recue
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
LEFT JOIN ref.codes s ON s.liste = 'statut_indicateur' AND s.code = v.statut
WHERE v.territoire_id NOT LIKE '*%'
ORDER BY v.territoire_id, v.periode, c.indicateur, k.rang
