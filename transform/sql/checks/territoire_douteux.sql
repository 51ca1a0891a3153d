-- Workbooks of three actors at least, none of whom is in the other workbooks of the territory, and most
-- of whom are in those of another one.
WITH connus AS (
    SELECT DISTINCT territoire_id, soumission, cle FROM core.declarations WHERE "table" = 'acteurs' AND courante AND NOT ecartee
),
presences AS (SELECT territoire_id, cle, count(*) AS classeurs FROM connus GROUP BY ALL),
inconnus AS (
    SELECT c.territoire_id, c.soumission, count(*) AS acteurs
    FROM connus c JOIN presences p ON p.territoire_id = c.territoire_id AND p.cle = c.cle
    GROUP BY ALL HAVING count(*) >= 3 AND max(p.classeurs) = 1
),
ailleurs AS (
    SELECT i.territoire_id, i.soumission, i.acteurs, p.territoire_id AS autre, count(*) AS communs
    FROM inconnus i
    JOIN connus c ON c.soumission = i.soumission
    JOIN presences p ON p.cle = c.cle AND p.territoire_id <> i.territoire_id
    GROUP BY ALL
)
SELECT a.soumission, NULL AS "table", NULL::INTEGER AS ligne, 'territoire_id' AS champ, a.soumission::VARCHAR AS cle, any_value(a.territoire_id) AS valeur, NULL AS autre
FROM ailleurs a
WHERE EXISTS (FROM connus o WHERE o.territoire_id = a.territoire_id AND o.soumission <> a.soumission)
GROUP BY a.soumission, a.acteurs
HAVING max(a.communs) * 2 > a.acteurs
