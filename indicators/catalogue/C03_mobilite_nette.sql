-- nom: Mobilité nette des relations à 12 mois
-- unite: indice
-- sens: hausse
-- plancher: 10
-- effectif: lignes
-- estimateur: moyenne
-- intervalle: aucun
-- feuille: relations
-- definition: Part des regards montés sur l’échelle en douze mois, moins la part de ceux qui ont descendu : 1, tous montés ; −1, tous descendus.
-- compte: Un regard (qui parle, de qui, dans quelle dimension) connu à ce mois et douze mois plus tôt, d’après ce que l’on sait aujourd’hui de l’un et de l’autre.
-- limites: L’ordre des niveaux est une lecture de l’équipe, non du texte. Un pas vaut autant qu’un autre, d’où qu’il parte. Les regards sans pareil un an plus tôt ne comptent pas.
-- source: Hypothèse 1 : passer de « donneur d’ordre » à « une relation de confiance »
SELECT territoire_id, periode, '' AS modalite, declarant || ' → ' || partenaire || ', ' || dimension AS sujet,
    sign(niveau - niveau_avant)::INTEGER AS valeur, source
FROM core.mouvements
