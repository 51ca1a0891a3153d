-- nom: Réussites célébrées
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- feuille: projets
-- definition: Part des projets aboutis dans les vingt-quatre derniers mois qui ont été célébrés.
-- compte: Un projet abouti dont la fin tombe dans les vingt-quatre derniers mois.
-- limites: Une célébration sans projet nommé ne compte pas ici.
-- source: « célébrer »
WITH aboutis AS (
    SELECT * FROM etat.projets
    WHERE statut = 'abouti' AND date_fin BETWEEN (periode - INTERVAL 23 MONTH)::DATE AND fin
)
SELECT p.territoire_id, p.periode, '' AS modalite, p.projet_id AS sujet, count(c.celebration_id) > 0 AS reussite,
    p.source || coalesce(flatten(list(c.source ORDER BY c.celebration_id) FILTER (c.celebration_id IS NOT NULL)), []) AS source
FROM aboutis p
LEFT JOIN etat.celebrations c ON c.territoire_id = p.territoire_id AND c.projet_id = p.projet_id AND c."date" <= p.fin AND (c.retrait IS NULL OR p.periode < c.retrait)
GROUP BY p.territoire_id, p.periode, p.projet_id, p.source
