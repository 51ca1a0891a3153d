-- One row per view (declarant → partenaire, dimension) that stands at a month, between actors of the
-- register who are active on its last day. dyade: the pair, when it joins a public body and the ESS
-- transversally; cote: which of the two speaks.
WITH presents AS (
    SELECT a.territoire_id, a.periode, a.acteur_id, a.groupe_pairs, a.organisation,
        f.groupe IS NOT DISTINCT FROM 'ess' AND a.groupe_pairs = 'socio_economique' AS ess,
        a.groupe_pairs IN ('elus', 'agents', 'etat') AS public
    FROM etat.acteurs a
    LEFT JOIN ref.codes f ON f.liste = 'famille' AND f.code = a.famille
    WHERE a.date_entree <= a.fin AND (a.date_sortie IS NULL OR a.date_sortie > a.fin)
),
observations AS (
    SELECT r.* REPLACE (coalesce(d.identite, r.declarant) AS declarant, coalesce(p.identite, r.partenaire) AS partenaire)
    FROM etat.relations r
    LEFT JOIN core.identites d ON d.territoire_id = r.territoire_id AND d.periode = r.periode AND d.acteur_id = r.declarant
    LEFT JOIN core.identites p ON p.territoire_id = r.territoire_id AND p.periode = r.periode AND p.acteur_id = r.partenaire
)
SELECT o.territoire_id, o.periode, o.declarant, o.partenaire, o.dimension, n.groupe::INTEGER AS niveau,
    o.confiance, o.clarte_intention, o.contraintes_prises_en_charge, o.date_observation,
    d.groupe_pairs AS groupe_declarant, p.groupe_pairs AS groupe_partenaire,
    coalesce(d.organisation, o.declarant) AS organisation_declarant, coalesce(p.organisation, o.partenaire) AS organisation_partenaire,
    CASE WHEN o.dimension = 'transversale' AND (d.ess AND p.public OR d.public AND p.ess)
        THEN least(o.declarant, o.partenaire) || ' – ' || greatest(o.declarant, o.partenaire) END AS dyade,
    CASE WHEN d.ess THEN 'ess' ELSE 'public' END AS cote,
    o.source
FROM observations o
JOIN presents d ON d.territoire_id = o.territoire_id AND d.periode = o.periode AND d.acteur_id = o.declarant
JOIN presents p ON p.territoire_id = o.territoire_id AND p.periode = o.periode AND p.acteur_id = o.partenaire
JOIN ref.codes n ON n.liste = 'type_relation' AND n.code = o.type_relation
WHERE o.declarant <> o.partenaire
QUALIFY row_number() OVER (PARTITION BY o.territoire_id, o.periode, o.declarant, o.partenaire, o.dimension
    ORDER BY o.date_observation DESC, o._periode DESC, o._emetteur <> '' DESC, o._soumission DESC, o._ligne) = 1
