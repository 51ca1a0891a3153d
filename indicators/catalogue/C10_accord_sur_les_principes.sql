-- nom: Accord sur les principes
-- unite: indice
-- sens: descriptif
-- plancher: 10
-- effectif: sujets
-- estimateur: accord
-- intervalle: aucun
-- modalites: famille_axe
-- nomenclature: note
-- feuille: principes
-- secret: enquete
-- definition: Accord A de van der Eijk sur la distribution des notes de 1 à 5 d’une famille d’axes : 1, tous d’accord ; 0, autant de chaque ; −1, deux camps opposés.
-- compte: Une note donnée par un répondant sur un axe, la plus récente des douze derniers mois.
-- limites: Biaisé vers le haut sous vingt répondants. L’accord n’est pas un but.
-- source: Principes directeurs et agencement coopératif ; « l’art de vivre dans le désaccord »
SELECT p.territoire_id, p.periode, a.groupe AS modalite, p.repondant AS sujet, p.note, p.source
FROM etat.principes p
JOIN ref.codes a ON a.liste = 'axe' AND a.code = p.axe
