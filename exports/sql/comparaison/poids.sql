-- What becomes of the question « has there been progress? » under all possible weights.
SELECT g.nom, d.delta_cooperation, d.delta_engagement, d.delta_valeur_sociale, d.part_positive, d.poids_propres, d.statut,
    (SELECT string_agg(o.nom, ', ' ORDER BY o.nom) FROM ref.territoires o WHERE list_contains(d.renversent, o.territoire_id)) AS renversent
FROM indicateur.deliberations d
JOIN ref.territoires g ON g.territoire_id = d.territoire_id
ORDER BY g.nom COLLATE NOCASE.NOACCENT, g.territoire_id
