package transform

import (
	"context"
	"fmt"

	"cairn/ingest"
)

// Layout is where a submission's workbook has a table: its sheet, and the column of each field.
type Layout struct {
	Sheet   string
	Columns []Column
}

// Column is the letters of a column and the field that it holds.
type Column struct{ Letters, Field string }

// Layouts lists, for a reception (its place from 1), the tables that its workbook has.
func (w *Warehouse) Layouts(ctx context.Context, reception int) (map[string]Layout, error) {
	rows, err := w.QueryContext(ctx, `SELECT f."table", f.feuille, k.colonne, k.champ
FROM core.soumissions s
JOIN raw.feuilles f ON f.original = s.original
JOIN raw.colonnes k ON k.original = s.original AND k."table" = f."table"
WHERE s.soumission = ? AND f.feuille IS NOT NULL
ORDER BY f."table", length(k.colonne), k.colonne`, reception)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	layouts := map[string]Layout{}
	for rows.Next() {
		var table, sheet string
		var c Column
		if err := rows.Scan(&table, &sheet, &c.Letters, &c.Field); err != nil {
			return nil, err
		}
		l := layouts[table]
		l.Sheet, l.Columns = sheet, append(l.Columns, c)
		layouts[table] = l
	}
	return layouts, rows.Err()
}

// Substitute puts another reading in the place of an original's, for a database that is thrown away: what
// it would be if the file said something else.
func (w *Warehouse) Substitute(ctx context.Context, m *ingest.Model, original string, sub *ingest.Submission) error {
	return w.Update(ctx, func(tx *Tx) error {
		for _, name := range []string{"originaux", "feuilles", "colonnes", "constats", "commentaires", "reponses"} {
			if err := tx.Exec(fmt.Sprintf("DELETE FROM raw.%s WHERE original = ?", name), original); err != nil {
				return err
			}
		}
		for _, name := range ingest.Tables {
			if err := tx.Exec(fmt.Sprintf("DELETE FROM raw.%s WHERE _original = ?", quote(name)), original); err != nil {
				return err
			}
		}
		return appendRaw(tx, m, []parsed{{original, sub}})
	})
}
