-- The card of each indicator, the same for every territory.
SELECT c.indicateur, c.nom, f.libelle AS famille, CASE c.unite WHEN 'part' THEN 'Part, en %' ELSE u.libelle END AS unite, d.libelle AS sens, c.definition, c.compte, c.limites, c.plancher, c.source
FROM indicateur.catalogue c
LEFT JOIN ref.codes f ON f.liste = 'famille_indicateur' AND f.code = c.famille
LEFT JOIN ref.codes u ON u.liste = 'unite' AND u.code = c.unite
LEFT JOIN ref.codes d ON d.liste = 'sens_indicateur' AND d.code = c.sens
ORDER BY c.indicateur
