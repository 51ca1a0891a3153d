package transform

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"cairn/ingest"
)

// Sums identifies what every table holds, by its name: its number of rows and the sum of their hashes, whatever
// their order. All of every table is read for it.
func (w *Warehouse) Sums(ctx context.Context) (map[string]string, error) {
	names, err := tables(ctx, w.DB, "current_database()")
	if err != nil {
		return nil, err
	}
	all := slices.Sorted(maps.Keys(names))
	read := make([]string, len(all))
	err = ingest.Each(len(all), func(i int) error {
		if err := w.QueryRowContext(ctx, fmt.Sprintf("SELECT concat(count(*), ' ', sum(hash(t))) FROM %s t", all[i])).Scan(&read[i]); err != nil {
			return fmt.Errorf("read %s: %w", all[i], err)
		}
		return nil
	})
	sums := map[string]string{}
	for i, name := range all {
		sums[name] = read[i]
	}
	return sums, err
}

// Checkpoint puts all that was written in the database's one file. No other write happens meanwhile.
func (w *Warehouse) Checkpoint(ctx context.Context) error {
	w.write.Lock()
	defer w.write.Unlock()
	if _, err := w.ExecContext(ctx, "CHECKPOINT"); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// Comparison is two databases side by side.
type Comparison struct {
	Tables, Rows int      // of the first
	Differences  []string // a sentence for each table that is not the same
}

// Compare compares the tables of two database files row for row: those that one of them has and the other has
// not, or has another number of times. Nothing else may have the files open for writing.
func Compare(ctx context.Context, first, second string) (c Comparison, err error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return c, err
	}
	db := sql.OpenDB(engine{connector})
	defer db.Close()
	both := map[string]map[string]string{}
	for name, path := range map[string]string{"premiere": first, "seconde": second} {
		if _, err := db.ExecContext(ctx, fmt.Sprintf("ATTACH '%s' AS %s (READ_ONLY)", strings.ReplaceAll(path, "'", "''"), name)); err != nil {
			return c, fmt.Errorf("compare: %w", err)
		}
		if both[name], err = tables(ctx, db, "'"+name+"'"); err != nil {
			return c, fmt.Errorf("compare: %w", err)
		}
	}
	differs := func(table, how string, args ...any) {
		c.Differences = append(c.Differences, table+": "+fmt.Sprintf(how, args...))
	}
	for _, table := range slices.Sorted(maps.Keys(both["premiere"])) {
		columns, there := both["seconde"][table]
		delete(both["seconde"], table)
		switch {
		case !there:
			differs(table, "it is missing")
			continue
		case columns != both["premiere"][table]:
			differs(table, "its columns are (%s), not (%s)", columns, both["premiere"][table])
			continue
		}
		var rows, missing, added int
		query := fmt.Sprintf(`SELECT (SELECT count(*) FROM premiere.%[1]s),
	(SELECT count(*) FROM (FROM premiere.%[1]s EXCEPT ALL FROM seconde.%[1]s)),
	(SELECT count(*) FROM (FROM seconde.%[1]s EXCEPT ALL FROM premiere.%[1]s))`, table)
		if err := db.QueryRowContext(ctx, query).Scan(&rows, &missing, &added); err != nil {
			return c, fmt.Errorf("compare %s: %w", table, err)
		}
		c.Tables++
		c.Rows += rows
		if missing+added > 0 {
			differs(table, "%d rows are missing, %d were not there", missing, added)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(both["seconde"])) {
		differs(table, "it was not there")
	}
	return c, nil
}

// tables lists the tables of a database, « schema.table » as SQL writes it, each with its columns and their types.
func tables(ctx context.Context, db *sql.DB, database string) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT t.schema_name, t.table_name, string_agg(c.column_name || ' ' || c.data_type, ', ' ORDER BY c.column_index)
FROM duckdb_tables() t JOIN duckdb_columns() c ON c.database_name = t.database_name AND c.schema_name = t.schema_name AND c.table_name = t.table_name
WHERE t.database_name = `+database+` AND NOT t.internal AND NOT t.temporary
GROUP BY ALL`)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var schema, table, columns string
		if err := rows.Scan(&schema, &table, &columns); err != nil {
			return nil, err
		}
		all[quote(schema)+"."+quote(table)] = columns
	}
	return all, rows.Err()
}
