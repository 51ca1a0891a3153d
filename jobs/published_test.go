package jobs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"cairn/exports/shown"
	"cairn/ingest"
	"cairn/transform"
)

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

// readTruth is what the workbooks of a release may show: the open data as Arrow reads them, held to the database's table
// of secrecy, and from the database the figures of funders' own territories.
func readTruth(r *reports) (*shown.Data, error) {
	m, err := ingest.LoadModel()
	if err != nil {
		return nil, err
	}
	month, err := time.Parse("2006-01", filepath.Base(filepath.Dir(r.release)))
	if err != nil {
		return nil, err
	}
	w, err := shown.Read(m, month, func(name string) ([]shown.Row, error) {
		return parquetRows(filepath.Join(r.release, "donnees", name+".parquet"))
	})
	if err != nil {
		return nil, err
	}
	return w, readSecrecy(w, filepath.Join(r.dir, "cairn.duckdb"))
}

// readSecrecy holds the statuts to those of the database, and adds the figures of the funders' sets.
func readSecrecy(w *shown.Data, path string) error {
	db, err := transform.OpenReadOnly(path, "")
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT p.indicateur, p.territoire_id, strftime(p.periode, '%Y-%m'), p.modalite, p.statut,
    p.valeur, p.borne_basse, p.borne_haute, p.effectif::DOUBLE, p.numerateur, p.denominateur, t.reference, t.ecart
FROM indicateur.publiees p
LEFT JOIN indicateur.tendances t USING (indicateur, territoire_id, modalite)`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at shown.Spot
		var statut string
		values := make([]*float64, 8)
		if err := rows.Scan(&at.Indicator, &at.Territory, &at.Period, &at.Modalite, &statut,
			&values[0], &values[1], &values[2], &values[3], &values[4], &values[5], &values[6], &values[7]); err != nil {
			return err
		}
		if !strings.HasPrefix(at.Territory, "*") || at.Territory == "*" {
			if said := w.Figures[at]["statut"]; said != statut {
				return fmt.Errorf("%v: the open data say %v, the table of secrecy %q", at, said, statut)
			}
			continue
		}
		row, trend := shown.Row{"statut": statut}, shown.Row{}
		for i, name := range []string{"valeur", "borne_basse", "borne_haute", "effectif", "numerateur", "denominateur", "reference", "ecart"} {
			if values[i] != nil && i < 6 {
				row[name] = *values[i]
			} else if values[i] != nil {
				trend[name] = *values[i]
			}
		}
		w.Figures[at] = row
		at.Period = ""
		w.Trends[at] = trend
	}
	return rows.Err()
}
