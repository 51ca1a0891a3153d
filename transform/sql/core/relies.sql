-- Of the actors of the ESS that the register has at a month, active and not replaced, how many are in at
-- least one dyad that somebody describes: what C01 and C02 leave in the dark.
SELECT a.territoire_id, a.periode, count(*) AS attendus, count(v.acteur_id) AS connus
FROM etat.acteurs a
JOIN ref.codes f ON f.liste = 'famille' AND f.code = a.famille AND f.groupe = 'ess'
JOIN core.identites i ON i.territoire_id = a.territoire_id AND i.periode = a.periode AND i.acteur_id = a.acteur_id AND i.identite = a.acteur_id
LEFT JOIN (
    SELECT DISTINCT territoire_id, periode, CASE cote WHEN 'ess' THEN declarant ELSE partenaire END AS acteur_id
    FROM core.vues
    WHERE dyade IS NOT NULL
) v ON v.territoire_id = a.territoire_id AND v.periode = a.periode AND v.acteur_id = a.acteur_id
WHERE a.groupe_pairs = 'socio_economique' AND a.date_entree <= a.fin AND (a.date_sortie IS NULL OR a.date_sortie > a.fin)
GROUP BY ALL
