-- nom: Écart élus – acteurs socio-économiques
-- unite: indice
-- sens: descriptif
-- plancher: 5
-- effectif: moindre_cote
-- estimateur: delta_de_cliff
-- intervalle: aucun
-- nomenclature: note
-- feuille: principes
-- secret: enquete
-- definition: Delta de Cliff sur les notes du principe de coopération : 1, toute note d’un acteur socio-économique dépasse toute note d’un élu ; −1, l’inverse ; 0, aucun écart.
-- compte: Une note donnée par un élu ou un acteur socio-économique sur un axe P2 ; le plancher porte sur les répondants du plus petit des deux groupes.
-- limites: Dit qui note plus haut, non qui a raison. Les répondants ne sont pas tirés au sort.
-- source: Principe 2 : coopération ; « les représentations de l’autre »
SELECT p.territoire_id, p.periode, '' AS modalite, p.repondant AS sujet, p.note, CASE p.groupe_pairs WHEN 'elus' THEN 1 ELSE 2 END AS cote, [p.repondant] AS repondants, p.source
FROM etat.principes p
JOIN ref.codes a ON a.liste = 'axe' AND a.code = p.axe
WHERE a.groupe = 'P2' AND p.groupe_pairs IN ('elus', 'socio_economique')
