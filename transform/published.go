package transform

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
)

// Published is what a release says of core: of each table that is public, the rows as they hold at its month.
type Published struct {
	Horizon    time.Time         // the month of the release, as its first day, UTC
	Parameters []byte            // parametres.csv
	Tables     map[string]Values // territoires, soumissions and the tables of the workbook
	// Unreceived are the territories of which the release says that a sheet did not come often enough for a sum, by the
	// sheet's table: which sheets came is not published.
	Unreceived map[string][]string
}

// Values are rows as text; nil is NULL.
type Values struct {
	Columns []string
	Rows    [][]any
}

// BuildPublished makes of an empty database what can be made of ref, core and etat from a release alone: the calendar,
// and the public tables at its last month. What is not public is not there, and a query that reads it fails.
func (w *Warehouse) BuildPublished(ctx context.Context, m *ingest.Model, p Published) error {
	return w.Update(ctx, func(tx *Tx) error {
		for _, schema := range []string{"ref", "raw", "core", "etat", "publie"} {
			if err := tx.Exec("CREATE SCHEMA " + schema); err != nil {
				return err
			}
		}
		for name, values := range p.Tables {
			if err := appendPublished(tx, name, values); err != nil {
				return err
			}
		}
		if err := appendReference(tx, m, "parametres", p.Parameters); err != nil {
			return err
		}
		statements := []string{
			"CREATE TABLE ref.ensembles AS SELECT ? AS ensemble, territoire_id FROM publie.territoires",
			"CREATE TABLE ref.horizon AS SELECT CAST(? AS DATE) AS periode",
			`CREATE TABLE core.soumissions AS SELECT soumission::INTEGER AS soumission, territoire_id, (periode || '-01')::DATE AS periode, recue_le::DATE AS jour, version::INTEGER AS version, statut,
	CASE WHEN par_emetteur = 'true' THEN '?' ELSE '' END AS emetteur, statut = 'acceptee' AND version::INTEGER = max(version::INTEGER) OVER (PARTITION BY statut, territoire_id, periode, par_emetteur) AS courante
FROM publie.soumissions`,
			`CREATE TABLE raw.feuilles ("table" VARCHAR)`,
			`CREATE TABLE ref.absences ("table" VARCHAR, territoire_id VARCHAR)`,
		}
		for i, s := range statements {
			args := [][]any{{Programme}, {p.Horizon}, nil, nil, nil}[i]
			if err := tx.Exec(s, args...); err != nil {
				return err
			}
		}
		if err := tx.typed("ref", m.Schemas["territoires"], p.Tables["territoires"].Columns, ""); err != nil {
			return err
		}
		var sheets, absent [][]driver.Value
		for _, name := range ingest.Tables {
			sheets = append(sheets, []driver.Value{name})
			for _, territory := range p.Unreceived[name] {
				absent = append(absent, []driver.Value{name, territory})
			}
		}
		if err := tx.Append("raw", "feuilles", slices.Values(sheets)); err != nil {
			return err
		}
		if err := tx.Append("ref", "absences", slices.Values(absent)); err != nil {
			return err
		}
		err := tx.Exec(`CREATE TABLE core.recues AS SELECT DISTINCT s.territoire_id, s.periode, f."table"
FROM core.soumissions s CROSS JOIN raw.feuilles f ANTI JOIN ref.absences a ON a.territoire_id = s.territoire_id AND a."table" = f."table"
WHERE s.courante AND s.emetteur = ''`)
		if err != nil {
			return err
		}
		if err := buildTables(tx, m, []string{"mois", "fenetres"}); err != nil {
			return err
		}
		for _, name := range ingest.Tables {
			if values, there := p.Tables[name]; there {
				if err := buildPublishedThing(tx, m.Schemas[name], values.Columns); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		return nil
	})
}

// buildPublishedThing makes core.<table> and etat.<table> of what is published: a registre holds at the horizon alone.
func buildPublishedThing(tx *Tx, s *ingest.Schema, columns []string) error {
	const place = ", 0 AS _soumission, 0 AS _ligne"
	lasts := place + ", NULL::DATE AS retrait"
	if s.Kind != ingest.Flux {
		lasts = place + ", (SELECT periode FROM ref.horizon) AS _de, NULL::DATE AS _a"
	}
	if err := tx.typed("core", s, columns, lasts); err != nil {
		return err
	}
	return tx.Exec(fmt.Sprintf("CREATE VIEW etat.%s AS\n%s", quote(s.Name), stateView(s)))
}

// typed makes <schema>.<table> of the texts that were published, and of what is added to them.
func (tx *Tx) typed(schema string, s *ingest.Schema, columns []string, more string) error {
	var casts []string
	for _, c := range columns {
		kind := "VARCHAR" // territoire_id
		if f := s.Field(c); f != nil {
			kind = SQLType(f)
		} else if c != "territoire_id" {
			return fmt.Errorf("the table %s has no field %q", s.Name, c)
		}
		casts = append(casts, fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", quote(c), kind))
	}
	return tx.Exec(fmt.Sprintf("CREATE TABLE %s.%s AS SELECT %s%s FROM publie.%[2]s", schema, quote(s.Name), strings.Join(casts, ", "), more))
}

func appendPublished(tx *Tx, name string, values Values) error {
	var columns []string
	for _, c := range values.Columns {
		if strings.Contains(c, `"`) {
			return fmt.Errorf("%s: a column is named %q", name, c)
		}
		columns = append(columns, quote(c)+" VARCHAR")
	}
	if err := tx.Exec(fmt.Sprintf("CREATE TABLE publie.%s (%s)", quote(name), strings.Join(columns, ", "))); err != nil {
		return err
	}
	return tx.Append("publie", name, func(yield func([]driver.Value) bool) {
		for _, row := range values.Rows {
			line := make([]driver.Value, len(row))
			for i, v := range row {
				line[i] = v
			}
			if !yield(line) {
				return
			}
		}
	})
}
