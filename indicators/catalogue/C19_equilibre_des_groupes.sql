-- nom: Équilibre des quatre groupes
-- unite: indice
-- sens: descriptif
-- plancher: 8
-- effectif: parts
-- estimateur: regularite_des_parts
-- intervalle: aucun
-- nomenclature: groupe_pairs
-- fenetre: 12m
-- feuille: dialogues
-- definition: Régularité (H / ln 4) des participants aux dialogues tenus des douze derniers mois entre les quatre groupes de pairs : 0, un seul groupe ; 1, quatre groupes égaux.
-- compte: Un dialogue tenu dont les quatre nombres de participants sont connus, habitants à part. Le plancher porte sur les participants.
-- limites: Une même personne compte à chaque dialogue. L’égalité n’est pas un but : les groupes n’ont pas la même taille.
-- source: Les quatre groupes de pairs ; axe P2.5 : coopération transversale
SELECT territoire_id, "date", retrait, '' AS modalite, dialogue_id AS sujet,
    CASE WHEN participants_elus + participants_agents + participants_etat + participants_socio_economiques IS NOT NULL
        THEN [participants_elus, participants_agents, participants_etat, participants_socio_economiques] END AS parts, source
FROM etat.dialogues
WHERE statut = 'tenu'

