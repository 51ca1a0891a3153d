-- Each share beside what chance alone would make of it, among all territories.
SELECT c.indicateur, c.nom, p.territoire_id, p.modalite AS modalite_code, coalesce(k.libelle, 'ensemble') AS modalite, g.nom AS territoire, p.valeur, p.effectif,
    p.entonnoir_95_bas, p.entonnoir_95_haut, p.entonnoir_998_bas, p.entonnoir_998_haut, p.surdispersion, p.region_de, p.region_a
FROM indicateur.comparaisons p
JOIN indicateur.catalogue c ON c.indicateur = p.indicateur
JOIN ref.territoires g ON g.territoire_id = p.territoire_id
LEFT JOIN ref.codes k ON k.liste = c.modalites AND k.code = p.modalite
WHERE p.ensemble = 'tous'
ORDER BY c.indicateur, k.rang, g.nom COLLATE NOCASE.NOACCENT, g.territoire_id
