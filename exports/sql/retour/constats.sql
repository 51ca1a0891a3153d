-- What is to be said of each reception, those explained or decided upon counted apart.
SELECT c.soumission, c."table", c.feuille, c.ligne, c.cellule, c.champ, c.regle, c.gravite, c.message, c.valeur, c.proposition, c.identite,
    c.reponse, c.explication, c.etat
FROM core.constats c
JOIN core.soumissions s ON s.soumission = c.soumission
WHERE s.courante OR s.statut = 'rejetee'
ORDER BY c.constat
