-- What was found in the workbooks in force of the twelve months that end with the release's, and in
-- those that were refused: one row per finding, without the cell's value
-- and without what the sender explained.
SELECT s.territoire_id, s.periode, s.version, s.emetteur, s.statut, c.feuille, c.cellule, c.ligne, c.gravite, c.regle, c.message, c.etat,
    k.libelle AS reponse, d.decision
FROM core.constats c
JOIN core.soumissions s ON s.soumission = c.soumission
JOIN ref.horizon h ON s.periode BETWEEN h.periode - INTERVAL 11 MONTH AND h.periode
JOIN (VALUES ('rejet', 0), ('erreur', 1), ('question', 2), ('note', 3)) g(gravite, rang) ON g.gravite = c.gravite
LEFT JOIN ref.codes k ON k.liste = 'reponse_retour' AND k.code = c.reponse
LEFT JOIN ref.decisions d ON d.identite = c.identite
WHERE s.courante OR s.statut = 'rejetee'
ORDER BY s.territoire_id, c.etat <> 'ouvert', g.rang, s.periode DESC, c.constat
