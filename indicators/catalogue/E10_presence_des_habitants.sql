-- nom: Présence des habitants
-- unite: part
-- sens: descriptif
-- plancher: 20
-- effectif: denominateur
-- estimateur: ratio
-- intervalle: wilson
-- fenetre: 12m
-- feuille: dialogues
-- definition: Part des habitants parmi les participants aux dialogues tenus des douze derniers mois.
-- compte: Un participant à un dialogue tenu dont les cinq nombres sont connus.
-- limites: Une même personne compte à chaque dialogue. Tous les dialogues n’appellent pas les habitants.
-- source: Axe P3.1 : citoyens et acteurs impliqués
SELECT territoire_id, "date", retrait, '' AS modalite, dialogue_id AS sujet, participants_citoyens AS numerateur,
    participants_elus + participants_agents + participants_etat + participants_socio_economiques + participants_citoyens AS denominateur, source
FROM etat.dialogues
WHERE statut = 'tenu'
