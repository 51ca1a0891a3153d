-- nom: Ouverture hors de l’entre-soi
-- unite: indice
-- sens: hausse
-- plancher: 6
-- effectif: lignes
-- estimateur: indice_ei
-- intervalle: aucun
-- feuille: relations
-- definition: Indice E–I des liens entre organisations : 1, tous les liens vont vers un autre groupe de pairs ; −1, aucun.
-- compte: Un regard d’au moins « donneur d’ordre » entre deux organisations différentes.
-- limites: L’ordre des niveaux est une lecture de l’équipe, non du texte. Dépend de la taille des groupes : un groupe nombreux trouve plus aisément des pairs.
-- source: Frein « entre-soi » ; axe P2.6 : interconnaissance
SELECT territoire_id, periode, '' AS modalite, declarant || ' → ' || partenaire || ', ' || dimension AS sujet,
    groupe_declarant <> groupe_partenaire AS externe, source
FROM core.vues
WHERE niveau >= 1 AND organisation_declarant <> organisation_partenaire
