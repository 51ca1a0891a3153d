-- What each peer group answers on each family of axes at the horizon: one row per territory and family, with the
-- respondents and the notes (how many of 1 to 5) of each group, in the order of the code list. They are counts
-- of people: what of them is shown is decided in Go. ensemble is the published figure of all groups together.
WITH notes AS (
    SELECT p.territoire_id, a.groupe AS famille, p.groupe_pairs, p.repondant, p.note
    FROM etat.principes p
    JOIN ref.horizon h ON h.periode = p.periode
    JOIN ref.codes a ON a.liste = 'axe' AND a.code = p.axe
    WHERE p.note IS NOT NULL
),
groupes AS (
    SELECT v.territoire_id, v.modalite AS famille, v.valeur AS ensemble, v.statut AS statut_code, g.code AS groupe, g.rang,
        count(DISTINCT n.repondant) AS repondants,
        [count(*) FILTER (n.note = 1), count(*) FILTER (n.note = 2), count(*) FILTER (n.note = 3), count(*) FILTER (n.note = 4), count(*) FILTER (n.note = 5)] AS notes
    FROM indicateur.publiees v
    JOIN ref.horizon h ON h.periode = v.periode
    JOIN ref.codes g ON g.liste = 'groupe_pairs'
    LEFT JOIN notes n ON n.territoire_id = v.territoire_id AND n.famille = v.modalite AND n.groupe_pairs = g.code
    WHERE v.indicateur = 'C22' AND v.territoire_id NOT LIKE '*%'
    GROUP BY ALL
)
SELECT g.territoire_id, k.libelle AS famille, any_value(g.ensemble) AS ensemble, any_value(g.statut_code) AS statut_code,
    list(g.repondants ORDER BY g.rang) AS repondants, list(g.notes ORDER BY g.rang) AS notes
FROM groupes g
JOIN ref.codes k ON k.liste = 'famille_axe' AND k.code = g.famille
GROUP BY g.territoire_id, g.famille, k.libelle, k.rang
ORDER BY g.territoire_id, k.rang
