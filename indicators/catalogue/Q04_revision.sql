-- nom: Révision
-- unite: part
-- sens: descriptif
-- plancher: 0
-- effectif: lignes
-- estimateur: ratio
-- intervalle: aucun
-- programme: non
-- feuille: accueil
-- definition: Part des cellules remplies du premier classeur du mois dont la ligne a disparu ou dont la valeur diffère dans le classeur en vigueur ; une seule version : 0.
-- compte: Une ligne du premier classeur du mois, avec ses cellules remplies.
-- limites: Corriger est un progrès : une révision n’est pas une faute.
-- source: « non plus une évaluation de contrôle mais de soutien »
SELECT territoire_id, periode, '' AS modalite, "table" || ' ' || ligne AS sujet, revisees AS numerateur, remplies AS denominateur,
    [{'table': "table", 'soumission': premiere, 'ligne': ligne}] || CASE WHEN ligne_courante IS NULL OR courante = premiere THEN [] ELSE [{'table': "table", 'soumission': courante, 'ligne': ligne_courante}] END AS source
FROM core.revisions
