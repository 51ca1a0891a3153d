-- What each indicator means: one row per indicator.
SELECT indicateur, nom, famille, unite, sens, plancher, definition, compte, limites, estimateur, intervalle, modalites, fenetre, source, rupture
FROM indicateur.catalogue
ORDER BY indicateur
