-- nom: Dialogues tenus
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- fenetre: 12m
-- feuille: dialogues
-- definition: Part des dialogues des douze derniers mois qui ont été tenus, et non reportés ou annulés.
-- compte: Un dialogue prévu, au mois de sa date.
-- limites: Un report peut être sage. Un dialogue jamais écrit dans le classeur ne compte pas.
-- source: « stabiliser l’engagement dans la durée » ; frein « calendrier »
SELECT territoire_id, "date", retrait, '' AS modalite, dialogue_id AS sujet, statut = 'tenu' AS reussite, source
FROM etat.dialogues
