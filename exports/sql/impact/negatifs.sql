-- What did harm: of the negative effects of the twelve months of each set of territories, the best proven, then the one held
-- most important, then the latest.
SELECT n.ensemble, g.nom AS territoire, p.intitule, f.date_constat, f.description, f.niveau_preuve
FROM core.effets f
CROSS JOIN ref.horizon h
JOIN core.mois m ON m.territoire_id = f.territoire_id AND m.periode = h.periode
JOIN ref.ensembles n ON n.territoire_id = f.territoire_id
JOIN ref.territoires g ON g.territoire_id = f.territoire_id
JOIN etat.projets p ON p.territoire_id = f.territoire_id AND p.projet_id = f.projet_id AND p.periode = h.periode
JOIN ref.codes q ON q.liste = 'niveau_preuve' AND q.code = f.niveau_preuve
WHERE NOT m.perime AND f.sens = 'negatif' AND f.date_constat BETWEEN m.debut_12m AND m.fin AND (f.retrait IS NULL OR f.retrait > h.periode)
QUALIFY row_number() OVER (PARTITION BY n.ensemble ORDER BY q.rang DESC, f.importance DESC NULLS LAST, f.date_constat DESC, f.territoire_id, f.effet_id) = 1
ORDER BY n.ensemble
