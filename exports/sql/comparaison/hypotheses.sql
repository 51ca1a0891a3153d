-- The paper's hypotheses, the figures that speak to them and the programme's value.
SELECT y.hypothese, y.enonce, y.indicateur, c.nom, c.unite, y.ce_que_dit, y.ce_que_ne_dit_pas, v.valeur, s.libelle AS statut, c.modalites
FROM indicateur.hypotheses y
JOIN indicateur.catalogue c ON c.indicateur = y.indicateur
CROSS JOIN ref.horizon h
LEFT JOIN indicateur.publiees v ON v.indicateur = y.indicateur AND v.territoire_id = '*' AND v.periode = h.periode AND v.modalite = ''
LEFT JOIN ref.codes s ON s.liste = 'statut_indicateur' AND s.code = v.statut
ORDER BY y.hypothese, y.indicateur
