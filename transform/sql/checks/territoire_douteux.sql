-- Workbooks of three actors at least, none of whom is in the other workbooks of the territory, and most
-- of whom are in those of another one.
WITH connus AS (
    SELECT DISTINCT territoire_id, soumission, cle FROM core.declarations WHERE "table" = 'acteurs' AND courante AND NOT ecartee
),
presences AS (SELECT territoire_id, cle, count(*) AS classeurs FROM connus GROUP BY ALL),
ailleurs AS (
    SELECT c.soumission, c.territoire_id, p.territoire_id AS autre, count(*) AS communs
    FROM connus c JOIN presences p ON p.cle = c.cle AND (p.territoire_id <> c.territoire_id OR p.classeurs > 1)
    GROUP BY ALL
),
totaux AS (SELECT soumission, territoire_id, count(*) AS acteurs FROM connus GROUP BY ALL)
SELECT t.soumission, NULL AS "table", NULL::INTEGER AS ligne, 'territoire_id' AS champ, t.soumission::VARCHAR AS cle, any_value(t.territoire_id) AS valeur, NULL AS autre
FROM totaux t JOIN ailleurs a ON a.soumission = t.soumission
WHERE t.acteurs >= 3 AND EXISTS (FROM connus o WHERE o.territoire_id = t.territoire_id AND o.soumission <> t.soumission)
GROUP BY t.soumission, t.acteurs
HAVING bool_and(a.autre <> a.territoire_id) AND max(a.communs) * 2 > t.acteurs
