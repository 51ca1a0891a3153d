-- Who an actor is at each month: itself, or the one that has replaced it (merged, renamed), followed
-- to the end. One row per actor of the register and month. A loop is followed twenty steps, no more.
WITH RECURSIVE chaine AS (
    SELECT territoire_id, periode, acteur_id, acteur_id AS identite, 0 AS pas FROM etat.acteurs
    UNION ALL
    SELECT c.territoire_id, c.periode, c.acteur_id, a.remplace_par, c.pas + 1
    FROM chaine c
    JOIN etat.acteurs a ON a.territoire_id = c.territoire_id AND a.periode = c.periode AND a.acteur_id = c.identite
    WHERE a.remplace_par IS NOT NULL AND c.pas < 20
)
SELECT territoire_id, periode, acteur_id, arg_max(identite, pas) AS identite
FROM chaine
GROUP BY ALL
