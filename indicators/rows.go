package indicators

import (
	"context"
	"fmt"
	"time"

	"cairn/transform"
)

// Member is one row of an indicator's population.
type Member struct {
	Modalite string
	Subject  string
	Inputs   []Input // what the estimator takes of it, in the estimator's order
	Sources  []Source
}

// Input is one of the estimator's inputs; a nil value is unknown.
type Input struct {
	Name  string
	Value any // as the database driver gives it
}

// Source is the workbook row that a member rests on. Table is empty and Line zero when it rests on
// the submission as a whole; Submission is zero when it rests on the absence of one.
type Source struct {
	Table      string
	Submission int
	Line       int
}

// Rows are the members of the indicator's population for a territory and a period, unknown ones
// included, in a total order. It lists what Compute aggregated.
func (ind *Indicator) Rows(ctx context.Context, w *transform.Warehouse, territory string, period time.Time) ([]Member, error) {
	inputs := ""
	for _, name := range ind.Estimator.Inputs {
		inputs += ", " + name
	}
	rows, err := w.QueryContext(ctx, fmt.Sprintf(`SELECT coalesce(modalite, '') AS modalite, coalesce(sujet::VARCHAR, '') AS sujet, source%s
FROM (
%s
) WHERE territoire_id = ? AND periode = ?
ORDER BY ALL`, inputs, ind.laidQuery()), territory, period)
	if err != nil {
		return nil, fmt.Errorf("rows of %s: %w", ind.ID, err)
	}
	defer rows.Close()
	var members []Member
	for rows.Next() {
		var m Member
		var sources any
		values := make([]any, len(ind.Estimator.Inputs))
		targets := []any{&m.Modalite, &m.Subject, &sources}
		for i := range values {
			targets = append(targets, &values[i])
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("rows of %s: %w", ind.ID, err)
		}
		for i, name := range ind.Estimator.Inputs {
			m.Inputs = append(m.Inputs, Input{name, values[i]})
		}
		if m.Sources, err = readSources(sources); err != nil {
			return nil, fmt.Errorf("rows of %s: %w", ind.ID, err)
		}
		members = append(members, m)
	}
	return members, rows.Err()
}

// readSources takes the list of structs that a column source holds.
func readSources(value any) ([]Source, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("source is a %T, not a list", value)
	}
	var sources []Source
	for _, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("source holds a %T, not a struct", item)
		}
		table, _ := fields["table"].(string) // NULL: the submission as a whole
		sources = append(sources, Source{Table: table, Submission: integer(fields["soumission"]), Line: integer(fields["ligne"])})
	}
	return sources, nil
}

func integer(value any) int {
	switch v := value.(type) {
	case int32:
		return int(v)
	case int64:
		return int(v)
	}
	return 0 // NULL
}
