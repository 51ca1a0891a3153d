-- Every figure: one row per indicator, territory (« * »: the programme), month and modalite. Those of
-- another set of territories are for whom they were made.
SELECT v.indicateur, v.territoire_id, strftime(v.periode, '%Y-%m') AS periode, v.modalite,
    v.valeur, v.borne_basse, v.borne_haute, v.effectif, v.population, v.manquants, v.statut,
    v.numerateur, v.denominateur, c.unite
FROM indicateur.publiees v
JOIN indicateur.catalogue c ON c.indicateur = v.indicateur
WHERE v.territoire_id = '*' OR v.territoire_id NOT LIKE '*%'
ORDER BY v.indicateur, v.territoire_id, v.periode, v.modalite
