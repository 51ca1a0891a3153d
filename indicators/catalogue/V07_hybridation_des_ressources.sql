-- nom: Hybridation des ressources
-- unite: indice
-- sens: descriptif
-- plancher: 3
-- effectif: sujets
-- estimateur: regularite
-- intervalle: aucun
-- modalites: benevolat
-- nomenclature: poles
-- fenetre: 12m
-- feuille: ressources
-- secret: argent
-- definition: Régularité (H / ln 3) de la répartition des ressources entre trois pôles : marché, redistribution, réciprocité. 0 : un seul pôle ; 1 : trois pôles égaux.
-- compte: Une ressource des douze derniers mois, en euros ; les heures bénévoles au taux horaire du jour (borne basse). Le plancher porte sur les projets.
-- limites: Les heures valorisées peuvent dominer : toujours lire les deux modalités. Une répartition égale n’est pas un but.
-- source: « sortir de la logique purement comptable »
WITH taux AS (
    SELECT valeur, valide_du, lead(valide_du) OVER (ORDER BY valide_du) AS valide_avant
    FROM ref.parametres
    WHERE nom = 'taux_horaire_benevolat'
)
SELECT r.territoire_id, r."date", r.retrait,
    unnest(CASE WHEN r.nature = 'benevolat' THEN ['avec_benevolat'] ELSE ['avec_benevolat', 'sans_benevolat'] END) AS modalite,
    r.projet_id AS sujet,
    CASE WHEN r.nature = 'marche' THEN 'marche'
        WHEN r.nature = 'subvention' OR r.nature = 'mise_a_disposition' AND r.provenance = 'publique' THEN 'redistribution'
        ELSE 'reciprocite' END AS categorie,
    CASE WHEN r.nature = 'benevolat' THEN r.heures * t.valeur ELSE CAST(r.montant_eur AS DECIMAL(36,8)) END AS poids,
    r.source
FROM etat.ressources r
LEFT JOIN taux t ON r.nature = 'benevolat' AND r."date" >= t.valide_du AND (t.valide_avant IS NULL OR r."date" < t.valide_avant)
