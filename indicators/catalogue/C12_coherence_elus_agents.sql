-- nom: Cohérence élus – agents
-- unite: indice
-- sens: baisse
-- plancher: 5
-- effectif: moindre_cote
-- estimateur: delta_de_cliff_absolu
-- intervalle: aucun
-- nomenclature: note
-- feuille: principes
-- secret: enquete
-- definition: Delta de Cliff en valeur absolue entre les notes des élus et celles des agents : 0, aucun écart ; 1, les uns toujours au-dessus des autres.
-- compte: Une note donnée par un élu ou un agent, sur tout axe ; le plancher porte sur les répondants du plus petit des deux groupes.
-- limites: Un écart se délibère ; il n’est pas une faute. Biaisé vers le haut sous dix répondants.
-- source: Les collectivités ne sont pas monolithiques : élus et agents, deux regards ; frein « manque de cohérence »
SELECT p.territoire_id, p.periode, '' AS modalite, p.repondant AS sujet, p.note, CASE p.groupe_pairs WHEN 'elus' THEN 1 ELSE 2 END AS cote, [p.repondant] AS repondants, p.source
FROM etat.principes p
WHERE p.groupe_pairs IN ('elus', 'agents')
