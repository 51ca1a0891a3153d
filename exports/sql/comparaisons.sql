-- Each territory's shares beside those of the others, at the release's month: one row per indicator, modalite,
-- set of territories and territory, in alphabetical order.
SELECT indicateur, strftime(periode, '%Y-%m') AS periode, modalite, territoire_id, valeur, effectif, ensemble,
    entonnoir_95_bas, entonnoir_95_haut, entonnoir_998_bas, entonnoir_998_haut, surdispersion, region_de, region_a
FROM indicateur.comparaisons
ORDER BY indicateur, periode, modalite, ensemble, territoire_id
