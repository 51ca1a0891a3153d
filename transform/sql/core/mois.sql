-- The calendar: one row per territory and month, from its first submitted month to the horizon.
-- censure: the last day known of, the end of the latest month sent; perime: that month is too old.
WITH recus AS (
    SELECT DISTINCT territoire_id, periode FROM core.soumissions WHERE courante AND emetteur = ''
),
calendrier AS (
    SELECT territoire_id, min(periode) AS premiere, unnest(generate_series(min(periode), (SELECT periode FROM ref.horizon), INTERVAL 1 MONTH))::DATE AS periode
    FROM recus GROUP BY territoire_id
),
suivi AS (
    SELECT c.*, r.periode IS NOT NULL AS recue,
        max(r.periode) OVER (PARTITION BY c.territoire_id ORDER BY c.periode) AS dernier
    FROM calendrier c LEFT JOIN recus r ON r.territoire_id = c.territoire_id AND r.periode = c.periode
)
SELECT territoire_id, periode, last_day(periode) AS fin, (periode - INTERVAL 11 MONTH)::DATE AS debut_12m,
    last_day((periode - INTERVAL 12 MONTH)::DATE) AS fin_12, premiere, recue,
    last_day(dernier) AS censure, dernier < periode - INTERVAL 2 MONTH AS perime
FROM suivi
