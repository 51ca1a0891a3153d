package jobs_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"cairn/ingest"
	"cairn/transform"
)

// spot is where a figure stands.
type spot struct{ indicator, territory, period, modalite string }

// truth is what a workbook may show: the open data as Arrow reads them, and beside them the table of secrecy.
type truth struct {
	month       time.Time
	figures     map[spot]map[string]any // indicateurs.parquet; of a funder's own territories, the database
	secrecy     map[spot]string         // statuts of indicateur.publiees
	known       map[spot]bool           // figures that the team has
	trends      map[spot]map[string]any // tendances.parquet, without period
	limits      map[spot]map[string]any // comparaisons.parquet
	catalogue   map[string]map[string]any
	territories map[string]string // name → id
	model       *ingest.Model
}

// parquetRows reads a file of the open data with another implementation than the one that wrote it.
func parquetRows(path string) ([]map[string]any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := pqarrow.ReadTable(context.Background(), f, parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	defer table.Release()
	var rows []map[string]any
	reader := array.NewTableReader(table, -1)
	defer reader.Release()
	for reader.Next() {
		batch := reader.RecordBatch()
		for i := range int(batch.NumRows()) {
			row := map[string]any{}
			for j, field := range batch.Schema().Fields() {
				switch c := batch.Column(j).(type) {
				case *array.String:
					if c.IsValid(i) {
						row[field.Name] = strings.Clone(c.Value(i))
					}
				case *array.Float64:
					if c.IsValid(i) {
						row[field.Name] = c.Value(i)
					}
				case *array.Int64:
					if c.IsValid(i) {
						row[field.Name] = float64(c.Value(i))
					}
				case *array.Int32:
					if c.IsValid(i) {
						row[field.Name] = float64(c.Value(i))
					}
				}
			}
			rows = append(rows, row)
		}
	}
	return rows, reader.Err()
}

func spotOf(row map[string]any) spot {
	text := func(name string) string { s, _ := row[name].(string); return s }
	return spot{text("indicateur"), text("territoire_id"), text("periode"), text("modalite")}
}

func readTruth(r *reports) (*truth, error) {
	w := &truth{figures: map[spot]map[string]any{}, secrecy: map[spot]string{}, known: map[spot]bool{}, trends: map[spot]map[string]any{}, limits: map[spot]map[string]any{},
		catalogue: map[string]map[string]any{}, territories: map[string]string{}}
	var err error
	if w.model, err = ingest.LoadModel(); err != nil {
		return nil, err
	}
	if w.month, err = time.Parse("2006-01", filepath.Base(filepath.Dir(r.release))); err != nil {
		return nil, err
	}
	for name, keep := range map[string]func(map[string]any){
		"indicateurs":  func(row map[string]any) { w.figures[spotOf(row)] = row },
		"tendances":    func(row map[string]any) { w.trends[spotOf(row)] = row },
		"comparaisons": func(row map[string]any) { w.limits[spotOf(row)] = row },
		"catalogue":    func(row map[string]any) { w.catalogue[row["indicateur"].(string)] = row },
		"territoires":  func(row map[string]any) { w.territories[row["nom"].(string)] = row["territoire_id"].(string) },
	} {
		rows, err := parquetRows(filepath.Join(r.release, "donnees", name+".parquet"))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			keep(row)
		}
	}
	return w, w.readSecrecy(filepath.Join(r.dir, "cairn.duckdb"))
}

// readSecrecy adds what the database alone says: the statuts, which figures the team has, and the funders' sets.
func (w *truth) readSecrecy(path string) error {
	db, err := transform.OpenReadOnly(path, "")
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT p.indicateur, p.territoire_id, strftime(p.periode, '%Y-%m'), p.modalite, p.statut, v.valeur IS NOT NULL,
    p.valeur, p.borne_basse, p.borne_haute, p.effectif::DOUBLE, p.numerateur, p.denominateur, t.reference, t.ecart
FROM indicateur.publiees p JOIN indicateur.valeurs v USING (indicateur, territoire_id, periode, modalite)
LEFT JOIN indicateur.tendances t USING (indicateur, territoire_id, modalite)`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at spot
		var statut string
		var known bool
		values := make([]*float64, 8)
		if err := rows.Scan(&at.indicator, &at.territory, &at.period, &at.modalite, &statut, &known,
			&values[0], &values[1], &values[2], &values[3], &values[4], &values[5], &values[6], &values[7]); err != nil {
			return err
		}
		w.secrecy[at], w.known[at] = statut, known
		if !strings.HasPrefix(at.territory, "*") || at.territory == "*" {
			continue
		}
		row, trend := map[string]any{"statut": statut}, map[string]any{}
		for i, name := range []string{"valeur", "borne_basse", "borne_haute", "effectif", "numerateur", "denominateur", "reference", "ecart"} {
			if values[i] != nil && i < 6 {
				row[name] = *values[i]
			} else if values[i] != nil {
				trend[name] = *values[i]
			}
		}
		w.figures[at] = row
		at.period = ""
		w.trends[at] = trend
	}
	return rows.Err()
}
