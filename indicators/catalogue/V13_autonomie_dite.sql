-- nom: Autonomie attendue et dite
-- unite: part
-- sens: hausse
-- plancher: 3
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson_recensement
-- modalites: perimetre_lieu
-- feuille: projets
-- definition: Part des projets en cours dont on attend l’autonomie financière pour lesquels cette attente a été dite à l’acteur.
-- compte: Un projet en cours dont l’autonomie est attendue et dont on sait si elle a été dite.
-- limites: Dite, d’après la collectivité ou l’acteur qui tient le registre.
-- source: Freins « modèle économique », « intentions non dites »
SELECT territoire_id, periode, unnest(CASE WHEN objet = 'lieu' THEN ['tous', 'lieu'] ELSE ['tous'] END) AS modalite, projet_id AS sujet,
    autonomie_dite AS reussite, source
FROM etat.projets
WHERE statut = 'en_cours' AND autonomie_financiere_attendue
