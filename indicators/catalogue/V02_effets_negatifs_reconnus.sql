-- nom: Effets négatifs reconnus
-- unite: part
-- sens: descriptif
-- plancher: 5
-- effectif: sujets
-- estimateur: part_des_sujets
-- intervalle: wilson
-- fenetre: 12m
-- feuille: effets
-- definition: Part des projets aux effets constatés dans les douze derniers mois pour lesquels un effet négatif a été dit.
-- compte: Un projet dont un effet au moins a été constaté.
-- limites: Aucun effet négatif dit ne prouve pas qu’il n’y en ait pas : une part haute peut être une franchise.
-- source: Effets positifs et négatifs, attendus ou non
SELECT territoire_id, date_constat AS "date", retrait, '' AS modalite, projet_id AS sujet, sens = 'negatif' AS reussite, source
FROM etat.effets
