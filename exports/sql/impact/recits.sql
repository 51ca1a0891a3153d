-- The situated story of each set of territories: of the positive effects of the twelve months, the best proven, then the
-- one held most important, then a celebrated one, then the latest. Only texts that may be printed.
WITH effets AS (
    SELECT e.*, m.debut_12m, m.fin
    FROM core.effets e
    CROSS JOIN ref.horizon h
    JOIN core.mois m ON m.territoire_id = e.territoire_id AND m.periode = h.periode
    WHERE NOT m.perime AND e.date_constat BETWEEN m.debut_12m AND m.fin AND (e.retrait IS NULL OR e.retrait > h.periode)
),
fetes AS (
    SELECT c.territoire_id, c.projet_id, max_by(c.intitule, (c."date", c.celebration_id)) AS celebration, max(c."date") AS celebre_le
    FROM core.celebrations c
    CROSS JOIN ref.horizon h
    JOIN core.mois m ON m.territoire_id = c.territoire_id AND m.periode = h.periode
    WHERE c."date" <= m.fin AND c.projet_id IS NOT NULL AND (c.retrait IS NULL OR c.retrait > h.periode)
    GROUP BY ALL
),
revers AS (
    SELECT territoire_id, projet_id, max_by(description, (date_constat, effet_id)) AS revers
    FROM effets
    WHERE sens = 'negatif'
    GROUP BY ALL
)
SELECT n.ensemble, g.nom AS territoire, p.intitule, t.libelle AS theme, o.libelle AS portage, p.date_debut, f.date_constat, f.description, f.niveau_preuve, f.beneficiaires,
    c.celebration, c.celebre_le, r.revers
FROM effets f
JOIN ref.ensembles n ON n.territoire_id = f.territoire_id
JOIN ref.territoires g ON g.territoire_id = f.territoire_id
JOIN ref.horizon h ON true
JOIN etat.projets p ON p.territoire_id = f.territoire_id AND p.projet_id = f.projet_id AND p.periode = h.periode
LEFT JOIN ref.codes t ON t.liste = 'theme_projet' AND t.code = p.theme
LEFT JOIN ref.codes o ON o.liste = 'portage' AND o.code = p.portage
JOIN ref.codes q ON q.liste = 'niveau_preuve' AND q.code = f.niveau_preuve
LEFT JOIN fetes c ON c.territoire_id = f.territoire_id AND c.projet_id = f.projet_id
LEFT JOIN revers r ON r.territoire_id = f.territoire_id AND r.projet_id = f.projet_id
WHERE f.sens = 'positif'
QUALIFY row_number() OVER (PARTITION BY n.ensemble ORDER BY q.rang DESC, f.importance DESC NULLS LAST, c.celebration IS NULL, f.date_constat DESC, f.territoire_id, f.effet_id) = 1
ORDER BY n.ensemble
