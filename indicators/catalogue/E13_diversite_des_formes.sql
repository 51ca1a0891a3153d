-- nom: Diversité des formes d’engagement
-- unite: indice
-- sens: descriptif
-- plancher: 5
-- effectif: lignes
-- estimateur: regularite
-- intervalle: aucun
-- nomenclature: forme_engagement
-- feuille: engagements
-- definition: Régularité (H / ln 6) des engagements en cours entre les six formes : 0, une seule forme ; 1, six formes égales.
-- compte: Un engagement en cours.
-- limites: Un engagement vaut autant qu’un autre, quelle que soit son ampleur. Une répartition égale n’est pas un but.
-- source: Axe P1.5 : occasions multiples de s’engager
SELECT territoire_id, periode, '' AS modalite, engagement_id AS sujet, forme AS categorie, 1 AS poids, source
FROM core.engages
WHERE date_debut <= fin AND (fin_engagement IS NULL OR fin_engagement > fin)
