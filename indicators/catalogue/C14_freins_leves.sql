-- nom: Freins levés à 12 mois
-- unite: part
-- sens: hausse
-- plancher: 10
-- effectif: lignes
-- estimateur: incidence
-- horizon: 365.25
-- intervalle: loglog
-- feuille: freins
-- definition: Incidence cumulée (Aalen–Johansen) de la levée d’un frein douze mois après son identification ; l’abandon est un événement concurrent, un frein ouvert est censuré.
-- compte: Un frein du registre identifié avant la fin du dernier mois reçu.
-- limites: Au moins cinq freins doivent être encore suivis à douze mois. Traiter l’abandon comme une censure surestimerait la levée.
-- source: Les freins à la coopération : identifiés, travaillés, levés
SELECT territoire_id, periode, '' AS modalite, frein_id AS sujet,
    CASE WHEN date_fin <= censure THEN CASE statut WHEN 'leve' THEN 1 WHEN 'abandonne' THEN 2 ELSE 0 END ELSE 0 END AS cause,
    date_diff('day', date_identification, CASE WHEN statut IN ('leve', 'abandonne') AND date_fin <= censure THEN date_fin ELSE censure END) AS duree,
    source
FROM etat.freins
WHERE date_identification <= censure
