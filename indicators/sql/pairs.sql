-- Peers to talk to: one row per frein that has been open for more than six months at the horizon and frein of
-- the same categorie that another territory has lifted, with what lifted it and how many days it took.
-- A territory whose last workbook is too old does not ask: nobody knows what is still open there.
-- What it has lifted stays lifted, and can be told.
WITH freins AS (
    SELECT f.*
    FROM etat.freins f
    JOIN ref.horizon h ON h.periode = f.periode
)
SELECT o.periode, o.territoire_id, o.frein_id, o.categorie, o.date_identification, date_diff('day', o.date_identification, o.fin) AS ouvert_jours,
    l.territoire_id AS territoire_pair, l.frein_id AS frein_pair, l.date_identification AS date_identification_pair, l.date_fin AS date_levee,
    date_diff('day', l.date_identification, l.date_fin) AS duree_jours, l.levier
FROM freins o
JOIN freins l ON l.categorie = o.categorie AND l.territoire_id <> o.territoire_id
WHERE NOT o.perime
    AND NOT (o.statut IN ('leve', 'abandonne') AND coalesce(o.date_fin <= o.fin, false))
    AND date_diff('day', o.date_identification, o.fin) > 182.625
    AND l.statut = 'leve' AND l.date_fin <= l.fin
ORDER BY o.territoire_id, o.frein_id, l.territoire_id, l.frein_id
