-- nom: Motifs de non-tenue
-- unite: nombre
-- sens: descriptif
-- plancher: 1
-- effectif: population
-- estimateur: denombrement
-- intervalle: aucun
-- modalites: motif_non_tenue
-- fenetre: 12m
-- feuille: dialogues
-- definition: Nombre de dialogues reportés ou annulés dans les douze derniers mois, par motif.
-- compte: Un dialogue qui n’a pas été tenu ; l’effectif est celui des dialogues examinés, tenus ou non.
-- limites: Un seul motif par dialogue, d’après qui tient le classeur.
-- source: Freins « calendrier », « surcharge », « tensions politiques »
SELECT territoire_id, "date", retrait, motif_non_tenue AS modalite, dialogue_id AS sujet,
    CASE WHEN statut = 'tenu' THEN false WHEN motif_non_tenue IS NOT NULL THEN true END AS compte, source
FROM etat.dialogues
