-- nom: Décisions partagées
-- unite: part
-- sens: descriptif
-- plancher: 5
-- effectif: denominateur
-- estimateur: ratio
-- intervalle: wilson
-- fenetre: 12m
-- feuille: dialogues
-- definition: Décisions partagées rapportées aux décisions prises, dans les dialogues tenus des douze derniers mois.
-- compte: Un dialogue tenu dont les deux nombres sont connus ; le plancher porte sur les décisions prises.
-- limites: Toute décision n’a pas à être partagée. Un dialogue sans décision peut avoir été utile.
-- source: Axe P2.9 : responsabilité et leadership partagés
SELECT territoire_id, "date", retrait, '' AS modalite, dialogue_id AS sujet, decisions_partagees AS numerateur, decisions_prises AS denominateur, source
FROM etat.dialogues
WHERE statut = 'tenu'
