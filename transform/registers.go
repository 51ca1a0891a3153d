package transform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cairn/ingest"
)

// ClosedFor is how long a closed row of a registre is still shown to its territory.
const ClosedFor = 12 // months

// LastReceived is the last month that a territory itself has sent; false when it never has.
func (w *Warehouse) LastReceived(ctx context.Context, territoire string) (month time.Time, ok bool, err error) {
	var last sql.NullTime
	err = w.QueryRowContext(ctx, `SELECT max(periode) FROM core.soumissions WHERE courante AND emetteur = '' AND territoire_id = $1`, territoire).Scan(&last)
	return last.Time, last.Valid, err
}

// Registers are the rows of a territory's registres as last known at a month, in the order of
// their keys, to fill a template with: table → rows of field name → value. Rows closed for more
// than ClosedFor months are left out. « nc » and « nsp » stay what they were; a cell that was not
// understood is empty. Rows of an émetteur are no part of a registre.
func (w *Warehouse) Registers(ctx context.Context, m *ingest.Model, territoire string, month time.Time) (map[string][]map[string]any, error) {
	known, err := w.lastKnown(ctx, territoire, month)
	if err != nil || known.IsZero() {
		return nil, err
	}
	registers := map[string][]map[string]any{}
	for _, table := range ingest.Tables {
		s := m.Schemas[table]
		if s.Kind != ingest.Registre {
			continue
		}
		if registers[table], err = w.register(ctx, s, territoire, known, month); err != nil {
			return nil, fmt.Errorf("read register %s: %w", table, err)
		}
	}
	return registers, nil
}

// lastKnown is the last month of a territory's calendar up to a month; zero when it has none.
func (w *Warehouse) lastKnown(ctx context.Context, territoire string, month time.Time) (time.Time, error) {
	var known sql.NullTime
	err := w.QueryRowContext(ctx, `SELECT max(periode) FROM core.mois WHERE territoire_id = $1 AND periode <= $2`, territoire, month).Scan(&known)
	return known.Time, err
}

// lastShown is the SQL of the last month in which a row of a registre is shown to its territory, and missed by the
// checks when it is not there; NULL while the row is open.
func lastShown(s *ingest.Schema, prefix string) string {
	closed := "date_fin"
	if s.Field("date_sortie") != nil {
		closed = "date_sortie"
	}
	return fmt.Sprintf("(date_trunc('month', try_cast(%s%s AS DATE)) + INTERVAL %d MONTH)::DATE", prefix, quote(closed), ClosedFor)
}

// register reads one table: which rows stand is etat's, what a cell says is raw's, where « nc » and
// « nsp » are kept.
func (w *Warehouse) register(ctx context.Context, s *ingest.Schema, territoire string, known, month time.Time) ([]map[string]any, error) {
	var fields []*ingest.Field
	var columns []string
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Name == "retire" {
			continue
		}
		fields = append(fields, f)
		columns = append(columns, fmt.Sprintf("CASE WHEN e.%[1]s IS NOT NULL OR r.%[1]s IN ('%[2]s', '%[3]s') THEN r.%[1]s END",
			quote(f.Name), ingest.NotConcerned, ingest.DoesNotKnow))
	}
	rows, err := w.QueryContext(ctx, fmt.Sprintf(`SELECT %s
FROM etat.%s e
JOIN core.soumissions s ON s.soumission = e._soumission
JOIN raw.%s r ON r._original = s.original AND r._ligne = e._ligne
WHERE e.territoire_id = $1 AND e.periode = $2 AND coalesce(%s >= $3, true)
ORDER BY %s`, strings.Join(columns, ", "), quote(s.Name), quote(s.Name), lastShown(s, "e."), quoteAll("e.", s.PrimaryKey)),
		territoire, known, month)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []map[string]any
	for rows.Next() {
		texts := make([]sql.NullString, len(fields))
		into := make([]any, len(fields))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := map[string]any{}
		for i, text := range texts {
			if !text.Valid || text.String == "" {
				continue
			}
			value, err := cellValue(fields[i], text.String)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", fields[i].Name, err)
			}
			row[fields[i].Name] = value
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// cellValue is a canonical text as a template is filled with it.
func cellValue(f *ingest.Field, text string) (any, error) {
	if text == ingest.NotConcerned || text == ingest.DoesNotKnow {
		return text, nil
	}
	switch f.Type {
	case "integer":
		return strconv.ParseInt(text, 10, 64)
	case "number":
		return strconv.ParseFloat(text, 64)
	case "boolean":
		return text == "true", nil
	case "date":
		return time.Parse(time.DateOnly, text)
	case "list":
		return strings.Split(text, f.Delimiter), nil
	}
	return text, nil
}

// ErrNotBuilt is a workspace in which nothing has run.
var ErrNotBuilt = errors.New("nothing has been built here yet")

// Built reports ErrNotBuilt when the database holds no rows to read.
func (w *Warehouse) Built(ctx context.Context) error {
	built, err := w.BuiltFrom(ctx)
	if err == nil && built.Key == "" {
		return ErrNotBuilt
	}
	return err
}
