-- Engagements of the register at each month, under the present identity of who gives and who
-- receives, with the day on which each ends: said, or planned when nothing was said. One row per
-- engagement and month.
SELECT e.* EXCLUDE (acteur_id, envers),
    coalesce(a.identite, e.acteur_id) AS acteur_id, coalesce(v.identite, e.envers) AS envers,
    coalesce(e.date_fin, e.date_fin_prevue) AS fin_engagement
FROM etat.engagements e
LEFT JOIN core.identites a ON a.territoire_id = e.territoire_id AND a.periode = e.periode AND a.acteur_id = e.acteur_id
LEFT JOIN core.identites v ON v.territoire_id = e.territoire_id AND v.periode = e.periode AND v.acteur_id = e.envers
