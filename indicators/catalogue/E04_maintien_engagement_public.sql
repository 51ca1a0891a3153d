-- nom: Maintien de l’engagement public à 24 mois
-- unite: part
-- sens: hausse
-- plancher: 10
-- effectif: lignes
-- estimateur: survie
-- horizon: 730.5
-- intervalle: loglog
-- modalites: perimetre_scic
-- feuille: engagements
-- definition: Probabilité (Kaplan–Meier) qu’un engagement public dure encore vingt-quatre mois après son début ; un retrait est un désengagement, une fin de mandat, de financement ou un désaccord.
-- compte: Un engagement financier, foncier ou matériel, de gouvernance ou politique d’un acteur élu, agent ou de l’État.
-- limites: Un terme atteint ou un autre motif est une censure. Au moins cinq engagements doivent être encore suivis à vingt-quatre mois.
-- source: « stabiliser l’engagement dans la durée » ; le retrait des élus des SCIC
WITH publics AS (
    SELECT e.*, v.famille IS NOT DISTINCT FROM 'scic' AS scic
    FROM core.engages e
    JOIN etat.acteurs a ON a.territoire_id = e.territoire_id AND a.periode = e.periode AND a.acteur_id = e.acteur_id
    LEFT JOIN etat.acteurs v ON v.territoire_id = e.territoire_id AND v.periode = e.periode AND v.acteur_id = e.envers
    WHERE a.groupe_pairs IN ('elus', 'agents', 'etat')
        AND e.forme IN ('financier', 'foncier_materiel', 'gouvernance', 'politique')
        AND e.date_debut <= e.censure
)
SELECT territoire_id, periode, unnest(CASE WHEN scic THEN ['tous', 'scic'] ELSE ['tous'] END) AS modalite, engagement_id AS sujet,
    CASE WHEN date_fin <= censure AND motif_fin IN ('desengagement', 'fin_de_mandat', 'financement', 'desaccord') THEN 1 ELSE 0 END AS cause,
    greatest(0, date_diff('day', date_debut, CASE WHEN fin_engagement <= censure THEN fin_engagement ELSE censure END)) AS duree,
    source
FROM publics
