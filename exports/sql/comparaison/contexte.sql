-- What each territory is like, and since when: like is to be compared with like.
SELECT t.nom, e.libelle AS echelon, t.population, t.region, m.libelle AS milieu, a.libelle AS avancement, i.libelle AS integration_ess, t.date_entree, t.date_sortie,
    d.dernier_mois
FROM ref.territoires t
LEFT JOIN ref.codes e ON e.liste = 'echelon' AND e.code = t.echelon
LEFT JOIN ref.codes m ON m.liste = 'milieu' AND m.code = t.milieu
LEFT JOIN ref.codes a ON a.liste = 'avancement' AND a.code = t.avancement
LEFT JOIN ref.codes i ON i.liste = 'integration_ess' AND i.code = t.integration_ess
LEFT JOIN (SELECT territoire_id, max(periode) AS dernier_mois FROM core.soumissions WHERE courante AND emetteur = '' GROUP BY ALL) d ON d.territoire_id = t.territoire_id
ORDER BY t.nom COLLATE NOCASE.NOACCENT, t.territoire_id
