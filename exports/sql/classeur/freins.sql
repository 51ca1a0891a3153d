-- The brakes and expectations of the register at the horizon: one row per territory and brake or expectation,
-- open ones first. reconnu_par are the codes of the peer groups that recognise it. cause and duree are what the
-- indicators C14 and C17 rest on: 1 lifted or satisfied, 2 given up, 0 not yet.
WITH tous AS (
    SELECT f.territoire_id, f.perime, f.fin, f.censure, 1 AS ordre, 'Frein' AS genre, f.frein_id AS identifiant, c.libelle AS categorie, g.libelle AS exprime_par, NULL AS envers,
        f.date_identification AS debut, f.date_fin, s.libelle AS statut, f.statut IN ('leve', 'abandonne') AS fini, f.statut = 'abandonne' AS abandonne, f.reconnu_par, f.intensite, f.levier
    FROM etat.freins f
    JOIN ref.horizon h ON h.periode = f.periode
    LEFT JOIN ref.codes c ON c.liste = 'categorie_frein' AND c.code = f.categorie
    LEFT JOIN ref.codes g ON g.liste = 'groupe_pairs' AND g.code = f.exprime_par
    LEFT JOIN ref.codes s ON s.liste = 'statut_frein' AND s.code = f.statut
    UNION ALL
    SELECT a.territoire_id, a.perime, a.fin, a.censure, 2, 'Attente', a.attente_id, c.libelle, g.libelle, e.libelle,
        a.date_expression, a.date_fin, s.libelle, a.statut IN ('satisfaite', 'abandonnee'), a.statut = 'abandonnee', a.reconnu_par, NULL, NULL
    FROM etat.attentes a
    JOIN ref.horizon h ON h.periode = a.periode
    LEFT JOIN ref.codes c ON c.liste = 'categorie_attente' AND c.code = a.categorie
    LEFT JOIN ref.codes g ON g.liste = 'groupe_pairs' AND g.code = a.exprimee_par
    LEFT JOIN ref.codes e ON e.liste = 'groupe_pairs' AND e.code = a.envers
    LEFT JOIN ref.codes s ON s.liste = 'statut_attente' AND s.code = a.statut
)
SELECT territoire_id, perime, genre, identifiant, categorie, exprime_par, envers, debut, statut,
    CASE WHEN fini AND date_fin <= fin THEN date_fin END AS close_le,
    fini AND date_fin <= fin AND date_fin > fin - INTERVAL 12 MONTH AS recent,
    date_diff('day', debut, CASE WHEN fini AND date_fin <= fin THEN date_fin ELSE fin END) AS jours,
    reconnu_par, intensite, levier, debut <= censure AS compte,
    CASE WHEN fini AND date_fin <= censure THEN CASE WHEN abandonne THEN 2 ELSE 1 END ELSE 0 END AS cause,
    date_diff('day', debut, CASE WHEN fini AND date_fin <= censure THEN date_fin ELSE censure END) AS duree
FROM tous
WHERE debut <= fin
ORDER BY territoire_id, ordre, close_le DESC NULLS FIRST, debut, identifiant
