-- nom: Désaccords mis au travail
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: denominateur
-- estimateur: ratio_des_dits
-- intervalle: wilson
-- fenetre: 12m
-- feuille: dialogues
-- definition: Désaccords travaillés rapportés aux désaccords exprimés, dans les dialogues tenus des douze derniers mois.
-- compte: Un dialogue tenu dont les deux nombres sont connus ; le plancher porte sur les désaccords exprimés.
-- limites: Aucun désaccord exprimé n’est pas un succès : la part est alors absente. Les désaccords tus ne se comptent pas.
-- source: Axe P2.2 : mettre les différends au travail
SELECT territoire_id, "date", retrait, '' AS modalite, dialogue_id AS sujet, desaccords_travailles AS numerateur, desaccords_exprimes AS denominateur, source
FROM etat.dialogues
WHERE statut = 'tenu'
