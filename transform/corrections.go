package transform

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"cairn/ingest"
)

// Correction is a cell, or a row, in which two versions of a workbook differ.
type Correction struct {
	Table string
	Place string // « Dialogues!D2 » in the later version; of a row, in French words
}

// Corrections lists what a version of a workbook (the SHA-256 of its original) says otherwise than an earlier one, in
// the order of its sheets and rows. Rows are matched by their keys.
func (w *Warehouse) Corrections(ctx context.Context, m *ingest.Model, earlier, later string) ([]Correction, error) {
	var all []Correction
	for _, name := range ingest.Tables {
		found, err := w.tableCorrections(ctx, m.Schemas[name], earlier, later)
		if err != nil {
			return nil, fmt.Errorf("compare the versions of a workbook: %s: %w", name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func (w *Warehouse) tableCorrections(ctx context.Context, s *ingest.Schema, earlier, later string) ([]Correction, error) {
	was, _, err := w.rawRows(ctx, s, earlier)
	if err != nil {
		return nil, err
	}
	is, keys, err := w.rawRows(ctx, s, later)
	if err != nil {
		return nil, err
	}
	sheet, columns, err := w.addresses(ctx, s.Name, later)
	if err != nil {
		return nil, err
	}
	if sheet == "" {
		sheet = s.Title
	}
	var all []Correction
	add := func(format string, args ...any) {
		all = append(all, Correction{s.Name, sheet + fmt.Sprintf(format, args...)})
	}
	for _, key := range keys {
		now := is[key]
		before, known := was[key]
		if !known {
			add(", ligne %d ajoutée", now.line)
			continue
		}
		for i, f := range s.Fields {
			switch column := columns[f.Name]; {
			case before.values[i] == now.values[i]:
			case column == "":
				add(", ligne %d (%s)", now.line, f.Title)
			default:
				add("!%s%d", column, now.line)
			}
		}
		if before.aside != now.aside && slices.Equal(before.values, now.values) {
			add(", ligne %d", now.line)
		}
	}
	var gone []int
	for key, row := range was {
		if _, still := is[key]; !still {
			gone = append(gone, row.line)
		}
	}
	slices.Sort(gone)
	for _, line := range gone {
		add(", ligne %d de la version précédente retirée", line)
	}
	return all, nil
}

type rawRow struct {
	line   int
	aside  bool
	values []sql.NullString
}

// rawRows reads the rows of a table in one original, by their keys; a key that comes again is told apart by its turn.
func (w *Warehouse) rawRows(ctx context.Context, s *ingest.Schema, original string) (rows map[string]rawRow, keys []string, err error) {
	found, err := w.QueryContext(ctx, fmt.Sprintf("SELECT _ligne, _ecartee, %s FROM raw.%s WHERE _original = ? ORDER BY _ligne", quoteAll("", fieldNames(s)), quote(s.Name)), original)
	if err != nil {
		return nil, nil, err
	}
	defer found.Close()
	parts := slices.Clone(s.PrimaryKey)
	if s.Kind == ingest.Releve {
		parts = append(parts, s.DateField)
	}
	rows = map[string]rawRow{}
	for found.Next() {
		r := rawRow{values: make([]sql.NullString, len(s.Fields))}
		targets := []any{&r.line, &r.aside}
		for i := range r.values {
			targets = append(targets, &r.values[i])
		}
		if err := found.Scan(targets...); err != nil {
			return nil, nil, err
		}
		var key []string
		for i, f := range s.Fields {
			if slices.Contains(parts, f.Name) {
				key = append(key, r.values[i].String)
			}
		}
		name := strings.Join(key, ingest.KeySeparator)
		for turn := 2; ; turn++ {
			if _, taken := rows[name]; !taken {
				break
			}
			name = fmt.Sprintf("%s (%d)", strings.Join(key, ingest.KeySeparator), turn)
		}
		rows[name], keys = r, append(keys, name)
	}
	return rows, keys, found.Err()
}

// addresses are the sheet of a table in an original, and the column of each field.
func (w *Warehouse) addresses(ctx context.Context, table, original string) (sheet string, columns map[string]string, err error) {
	rows, err := w.QueryContext(ctx, `SELECT f.feuille, k.champ, k.colonne FROM raw.feuilles f JOIN raw.colonnes k ON k.original = f.original AND k."table" = f."table"
WHERE f.original = ? AND f."table" = ? AND f.feuille IS NOT NULL`, original, table)
	if err != nil {
		return "", nil, err
	}
	defer rows.Close()
	columns = map[string]string{}
	for rows.Next() {
		var field, column string
		if err := rows.Scan(&sheet, &field, &column); err != nil {
			return "", nil, err
		}
		columns[field] = column
	}
	return sheet, columns, rows.Err()
}

// SheetsBehind lists the tables of the workbook that a query rests on, itself or through the tables of core.
func (w *Warehouse) SheetsBehind(ctx context.Context, m *ingest.Model, query string) ([]string, error) {
	found, seen := map[string]bool{}, map[string]bool{}
	var follow func(query string) error
	follow = func(query string) error {
		tables, err := w.TablesRead(ctx, query)
		if err != nil {
			return err
		}
		for _, table := range tables {
			schema, name, _ := strings.Cut(table, ".")
			if slices.Contains(ingest.Tables, name) {
				found[name] = true
			} else if schema == "core" && !seen[name] {
				seen[name] = true
				next, err := tableQuery(w.files(), m, name)
				if err != nil {
					return err
				}
				if err := follow(next); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := follow(query); err != nil {
		return nil, fmt.Errorf("follow a query to the sheets: %w", err)
	}
	var all []string
	for _, name := range ingest.Tables {
		if found[name] {
			all = append(all, name)
		}
	}
	return all, nil
}

// Reception is a row of core.soumissions.
type Reception struct {
	Place     int // among those of the journal, from 1
	Original  string
	Territory string
	Emitter   string
	Period    sql.NullTime
	Version   int    // 0: it is none
	Before    string // the original of the version before; empty for the first
}

// Receptions lists every reception that says a territory.
func (w *Warehouse) Receptions(ctx context.Context) ([]Reception, error) {
	rows, err := w.QueryContext(ctx, `SELECT soumission, original, territoire_id, coalesce(emetteur, ''), periode, coalesce(version, 0),
	coalesce(CASE WHEN version IS NOT NULL THEN lag(original) OVER (PARTITION BY version IS NOT NULL, territoire_id, periode, emetteur ORDER BY soumission) END, '')
FROM core.soumissions WHERE territoire_id IS NOT NULL ORDER BY soumission`)
	if err != nil {
		return nil, fmt.Errorf("list the receptions: %w", err)
	}
	defer rows.Close()
	var all []Reception
	for rows.Next() {
		var r Reception
		if err := rows.Scan(&r.Place, &r.Original, &r.Territory, &r.Emitter, &r.Period, &r.Version, &r.Before); err != nil {
			return nil, fmt.Errorf("list the receptions: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
