package indicators

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"cairn/transform"
)

// pilot is a territory among those that it is compared with, at the horizon.
type pilot struct {
	territory           string
	milieu, advancement string      // codes; empty: not told
	outdated            bool        // no recent workbook
	weights             *[3]float64 // its own deliberation's, in the order of dimensions; nil: none stands
}

// dimension is one of the three that a territory weighs: a code of dimension_deliberation, and the family of
// the catalogue that it is.
type dimension struct{ code, family string }

var dimensions = [3]dimension{{"cooperation", "C"}, {"engagement", "E"}, {"valeur_sociale", "V"}}

// readPlaces lists the territories that have a calendar, in alphabetical order, and its last month.
func readPlaces(ctx context.Context, w *transform.Warehouse) (places []pilot, horizon time.Time, err error) {
	if err := w.QueryRowContext(ctx, "SELECT periode FROM ref.horizon").Scan(&horizon); err != nil {
		return nil, horizon, fmt.Errorf("read the horizon: %w", err)
	}
	rows, err := w.QueryContext(ctx, `WITH poids AS (
	SELECT territoire_id, max(poids) FILTER (dimension = $1) AS poids_1, max(poids) FILTER (dimension = $2) AS poids_2, max(poids) FILTER (dimension = $3) AS poids_3
	FROM etat.deliberation JOIN ref.horizon USING (periode)
	GROUP BY ALL HAVING abs(poids_1 + poids_2 + poids_3 - 100) < 0.01
)
SELECT t.territoire_id, coalesce(t.milieu, ''), coalesce(t.avancement, ''), m.perime,
	CAST(p.poids_1 AS DOUBLE), CAST(p.poids_2 AS DOUBLE), CAST(p.poids_3 AS DOUBLE)
FROM ref.territoires t
JOIN core.mois m ON m.territoire_id = t.territoire_id
JOIN ref.horizon h ON h.periode = m.periode
LEFT JOIN poids p ON p.territoire_id = t.territoire_id
ORDER BY t.territoire_id`, dimensions[0].code, dimensions[1].code, dimensions[2].code)
	if err != nil {
		return nil, horizon, fmt.Errorf("read the territories: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p pilot
		var weights [3]sql.Null[float64]
		if err := rows.Scan(&p.territory, &p.milieu, &p.advancement, &p.outdated, &weights[0], &weights[1], &weights[2]); err != nil {
			return nil, horizon, fmt.Errorf("read the territories: %w", err)
		}
		if weights[0].Valid {
			p.weights = &[3]float64{weights[0].V, weights[1].V, weights[2].V}
		}
		places = append(places, p)
	}
	return places, horizon, rows.Err()
}
