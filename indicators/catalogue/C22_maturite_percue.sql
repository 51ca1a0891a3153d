-- nom: Maturité perçue des principes
-- unite: note
-- sens: hausse
-- plancher: 5
-- effectif: sujets
-- estimateur: mediane_interpolee
-- intervalle: aucun
-- modalites: famille_axe
-- nomenclature: note
-- feuille: principes
-- secret: enquete
-- definition: Médiane interpolée des notes de 1 à 5 d’une famille d’axes.
-- compte: Une note donnée par un répondant sur un axe, la plus récente des douze derniers mois.
-- limites: Une perception, non une mesure. Qui avance voit mieux le chemin qui reste : une note peut baisser quand la coopération mûrit.
-- source: Principes directeurs, prérequis et agencement coopératif
SELECT p.territoire_id, p.periode, a.groupe AS modalite, p.repondant AS sujet, p.note, p.source
FROM etat.principes p
JOIN ref.codes a ON a.liste = 'axe' AND a.code = p.axe
