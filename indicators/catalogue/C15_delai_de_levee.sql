-- nom: Délai médian de levée
-- unite: mois
-- sens: baisse
-- plancher: 5
-- effectif: evenements
-- estimateur: mediane_de_survie
-- intervalle: brookmeyer_crowley
-- feuille: freins
-- definition: Temps au bout duquel la moitié des freins sont levés (médiane de Kaplan–Meier) ; un frein abandonné ou ouvert est censuré.
-- compte: Un frein du registre identifié avant la fin du dernier mois reçu ; le plancher porte sur les freins levés.
-- limites: Sans valeur tant que moins de la moitié sont levés. L’abandon y passe pour un suivi perdu : lire avec les freins levés à 12 mois.
-- source: Les freins à la coopération : identifiés, travaillés, levés
SELECT territoire_id, periode, '' AS modalite, frein_id AS sujet,
    CASE WHEN statut = 'leve' AND date_fin <= censure THEN 1 ELSE 0 END AS cause,
    date_diff('day', date_identification, CASE WHEN statut IN ('leve', 'abandonne') AND date_fin <= censure THEN date_fin ELSE censure END) AS duree,
    source
FROM etat.freins
WHERE date_identification <= censure
