-- nom: Attentes satisfaites à 6 mois
-- unite: part
-- sens: hausse
-- plancher: 10
-- effectif: lignes
-- estimateur: incidence
-- horizon: 182.625
-- intervalle: loglog
-- feuille: attentes
-- definition: Incidence cumulée (Aalen–Johansen) de la satisfaction d’une attente six mois après son expression ; l’abandon est un événement concurrent, une attente ouverte est censurée.
-- compte: Une attente du registre exprimée avant la fin du dernier mois reçu.
-- limites: Au moins cinq attentes doivent être encore suivies à six mois. Satisfaite, d’après qui tient le registre.
-- source: Les attentes d’un groupe envers un autre
SELECT territoire_id, periode, '' AS modalite, attente_id AS sujet,
    CASE WHEN date_fin <= censure THEN CASE statut WHEN 'satisfaite' THEN 1 WHEN 'abandonnee' THEN 2 ELSE 0 END ELSE 0 END AS cause,
    date_diff('day', date_expression, CASE WHEN statut IN ('satisfaite', 'abandonnee') AND date_fin <= censure THEN date_fin ELSE censure END) AS duree,
    source
FROM etat.attentes
WHERE date_expression <= censure
