-- nom: Part non marchande
-- unite: part
-- sens: descriptif
-- plancher: 3
-- effectif: sujets
-- estimateur: part_du_montant
-- intervalle: aucun
-- fenetre: 12m
-- feuille: ressources
-- secret: argent
-- definition: Part des euros des douze derniers mois qui ne viennent pas d’un marché.
-- compte: Une ressource en euros, bénévolat à part. Le plancher porte sur les projets.
-- limites: Ni bonne ni mauvaise en soi. Le bénévolat, qui n’est pas en euros, n’y est pas.
-- source: « sortir de la logique purement comptable » ; ressources hybrides
SELECT territoire_id, "date", retrait, '' AS modalite, projet_id AS sujet,
    CASE WHEN nature = 'marche' THEN 0 ELSE montant_eur END AS numerateur, montant_eur AS denominateur, source
FROM etat.ressources
WHERE nature <> 'benevolat'
