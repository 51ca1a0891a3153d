-- nom: Répartition des types de relation
-- unite: part
-- sens: descriptif
-- plancher: 5
-- effectif: lignes
-- estimateur: repartition
-- intervalle: wilson
-- modalites: niveaux
-- feuille: relations
-- couverture: relies
-- definition: Part des regards portés sur les dyades qui situent la relation à ce niveau de l’échelle.
-- compte: Un regard : une observation d’un côté d’une dyade (un organisme public et un acteur de l’ESS, coopération transversale), la plus récente des douze derniers mois.
-- limites: L’ordre des niveaux est une lecture de l’équipe, non du texte. Deux côtés d’une même dyade comptent pour deux regards.
-- source: Hypothèse 1 : relations « inégalitaires et non réciproques », « faire participer », « trouver le consensus », « œuvrer en commun »
SELECT territoire_id, periode, niveau::VARCHAR AS modalite, declarant || ' → ' || partenaire AS sujet, source
FROM core.vues
WHERE dyade IS NOT NULL
