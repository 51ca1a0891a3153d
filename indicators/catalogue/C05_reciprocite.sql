-- nom: Réciprocité des liens
-- unite: indice
-- sens: hausse
-- plancher: 6
-- effectif: population
-- estimateur: reciprocite
-- intervalle: aucun
-- programme: non
-- feuille: relations
-- definition: Réciprocité ρ des liens d’au moins « partenariat » entre organisations différentes : 1, chaque lien a son retour ; 0, autant que le hasard ; négative, moins.
-- compte: Les acteurs présents, et les liens de l’un vers l’autre dont le niveau dit est au moins « partenariat », quelle qu’en soit la dimension.
-- limites: L’ordre des niveaux est une lecture de l’équipe, non du texte. Au moins sept acteurs sur dix doivent avoir dit leurs relations : un silence passerait pour un lien sans retour.
-- source: « inégalitaires et non réciproques » ; « œuvrer en commun »
WITH presents AS (
    SELECT a.territoire_id, a.periode, a.acteur_id, a.source
    FROM etat.acteurs a
    JOIN core.identites i ON i.territoire_id = a.territoire_id AND i.periode = a.periode AND i.acteur_id = a.acteur_id AND i.identite = a.acteur_id
    WHERE a.date_entree <= a.fin AND (a.date_sortie IS NULL OR a.date_sortie > a.fin)
),
declarants AS (
    SELECT DISTINCT territoire_id, periode, declarant FROM core.vues
),
liens AS (
    SELECT territoire_id, periode, declarant, partenaire, flatten(list_transform(list_sort(list({'dimension': dimension, 'source': source})), lambda v: v.source)) AS source
    FROM core.vues
    WHERE niveau >= 3 AND organisation_declarant <> organisation_partenaire
    GROUP BY ALL
)
SELECT p.territoire_id, p.periode, '' AS modalite, p.acteur_id AS sujet, 'acteur' AS genre, CASE WHEN d.declarant IS NOT NULL THEN true END AS retour, p.source
FROM presents p
LEFT JOIN declarants d ON d.territoire_id = p.territoire_id AND d.periode = p.periode AND d.declarant = p.acteur_id
UNION ALL
SELECT l.territoire_id, l.periode, '' AS modalite, l.declarant || ' → ' || l.partenaire AS sujet, 'lien' AS genre, r.declarant IS NOT NULL AS retour, l.source
FROM liens l
LEFT JOIN liens r ON r.territoire_id = l.territoire_id AND r.periode = l.periode AND r.declarant = l.partenaire AND r.partenaire = l.declarant
