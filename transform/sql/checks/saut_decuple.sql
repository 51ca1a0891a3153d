-- Numbers at least ten times, or at most a tenth of, what the same row said before.
SELECT n.soumission, n."table", n.ligne, n.champ, n.cle, n.texte AS valeur, NULL AS autre
FROM core.nombres n
ASOF JOIN core.nombres a ON a.territoire_id = n.territoire_id AND a."table" = n."table" AND a.champ = n.champ AND a.cle = n.cle AND a.periode < n.periode
WHERE n.valeur > 0 AND a.valeur > 0 AND (n.valeur >= 10 * a.valeur OR a.valeur >= 10 * n.valeur)
