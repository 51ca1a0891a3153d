-- Every published figure of the release's month, with what the long term says of it: one row per indicator,
-- modalite and territory in alphabetical order, the programme (« * ») before them.
SELECT v.territoire_id, coalesce(g.nom, 'Programme') AS territoire, c.famille, v.indicateur, c.nom, c.unite, CASE c.unite WHEN 'part' THEN 'Part, en %' ELSE u.libelle END AS unite_libelle,
    c.sens, d.libelle AS sens_libelle, c.secret, c.limites, v.modalite AS modalite_code, coalesce(k.libelle, '') AS modalite, v.statut AS statut_code, s.libelle AS statut,
    v.valeur, v.borne_basse, v.borne_haute, v.numerateur, v.denominateur, v.effectif, t.reference, t.ecart_bas, t.ecart_haut, t.mot, e.libelle AS evolution
FROM indicateur.publiees v
JOIN ref.horizon h ON h.periode = v.periode
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
JOIN ref.codes f ON f.liste = 'famille_indicateur' AND f.code = c.famille
LEFT JOIN ref.territoires g ON g.territoire_id = v.territoire_id
LEFT JOIN ref.codes u ON u.liste = 'unite' AND u.code = c.unite
LEFT JOIN ref.codes d ON d.liste = 'sens_indicateur' AND d.code = c.sens
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = v.modalite
LEFT JOIN ref.codes s ON s.liste = 'statut_indicateur' AND s.code = v.statut
LEFT JOIN indicateur.tendances t ON t.indicateur = v.indicateur AND t.territoire_id = v.territoire_id AND t.modalite = v.modalite
LEFT JOIN ref.codes e ON e.liste = 'mot_tendance' AND e.code = t.mot
WHERE v.territoire_id = '*' OR g.territoire_id IS NOT NULL
ORDER BY f.rang, v.indicateur, k.rang, v.territoire_id <> '*', g.nom COLLATE NOCASE.NOACCENT, v.territoire_id
