-- nom: Coopération en trois dimensions
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- modalites: dimension_relation
-- feuille: relations
-- definition: Part des regards qui disent au moins « partenariat », dans chaque dimension : horizontale (interne), verticale (entre échelons), transversale (entre organisations).
-- compte: Un regard entre deux acteurs du registre, quels qu’ils soient.
-- limites: L’ordre des niveaux est une lecture de l’équipe, non du texte. Deux côtés d’une même relation comptent pour deux regards.
-- source: Axes P2.3, P2.4, P2.5 : coopération horizontale, verticale, transversale
SELECT territoire_id, periode, dimension AS modalite, declarant || ' → ' || partenaire AS sujet, niveau >= 3 AS reussite, source
FROM core.vues
