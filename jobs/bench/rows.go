package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"cairn/indicators"
	"cairn/ingest"
)

// copies is how often ten territories stand in the tables of rows: 1,250 of them.
const copies = 125

// rows measures the query of every indicator on the rows of 1,250 territories over ten years, on two cores and
// with two gigabytes for the engine, in a process of its own.
func (c *scaleCmd) rows(b *bench) error {
	source := filepath.Join(b.dir, "ten-years")
	if err := b.makeHistory("ten-years", 120); err != nil {
		return err
	}
	if _, err := b.run(source); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	u, err := measure([]int{0}, self, "rows", source, filepath.Join(b.dir, "rows"))
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n%.0f s of wall time and %.0f s of processor time in all, peak %d MB\n\n", u.output, u.wall.Seconds(), u.cpu.Seconds(), u.peak>>20)
	return nil
}

type rowsCmd struct {
	Workspace string `arg:"" help:"A workspace with a database of ten territories."`
	Dir       string `arg:"" help:"A folder to make."`
}

// Run makes the rows and gives each indicator's query to the engine: at once, or where that does not fit in memory in
// batches of territories.
func (c *rowsCmd) Run() error {
	ctx := context.Background()
	if err := os.Mkdir(c.Dir, 0o755); err != nil {
		return err
	}
	connector, err := duckdb.NewConnector(filepath.Join(c.Dir, "rows.duckdb")+"?threads=2&memory_limit=2GB&preserve_insertion_order=false&temp_directory="+filepath.Join(c.Dir, "spilled"), nil)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	model, err := ingest.LoadModel()
	if err != nil {
		return err
	}
	catalogue, err := indicators.Catalogue(model)
	if err != nil {
		return err
	}
	start := time.Now()
	made, err := multiply(ctx, db, filepath.Join(c.Workspace, "cairn.duckdb"), catalogue)
	if err != nil {
		return err
	}
	fmt.Printf("%.1f million rows in the tables that the indicators read, made in %.0f s\n\n| indicator | groups | s | batches |\n|---|---:|---:|---:|\n", float64(made)/1e6, time.Since(start).Seconds())
	for _, ind := range catalogue {
		start := time.Now()
		groups, batches, err := inBatches(ctx, db, ind.Query())
		if err != nil {
			return fmt.Errorf("%s: %w", ind.ID, err)
		}
		fmt.Printf("| %s | %d | %.1f | %d |\n", ind.ID, groups, time.Since(start).Seconds(), batches)
	}
	return nil
}

var readTable = regexp.MustCompile(`\b(core|etat|ref)\."?([a-z_]+)`)

// multiply makes the tables that the indicators read, and the views of etat, with each territory many times under names
// of its own. It returns how many rows they have.
func multiply(ctx context.Context, db *sql.DB, from string, catalogue []*indicators.Indicator) (made int64, err error) {
	for _, statement := range []string{fmt.Sprintf("ATTACH '%s' AS ten (READ_ONLY)", from), "CREATE SCHEMA core", "CREATE SCHEMA etat", "CREATE SCHEMA ref"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	names := map[string]bool{"core.mois": true, "ref.horizon": true, "ref.codes": true}
	for _, ind := range catalogue {
		for _, m := range readTable.FindAllStringSubmatch(ind.Query(), -1) {
			names[strings.Replace(m[1], "etat", "core", 1)+"."+m[2]] = true // each view is of the table of its name
		}
	}
	for name := range names {
		n, err := multiplyTable(ctx, db, name)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		made += n
	}
	views, err := texts(ctx, db, "SELECT sql FROM duckdb_views() WHERE database_name = 'ten' AND schema_name = 'etat'")
	for _, view := range views {
		if _, err := db.ExecContext(ctx, view); err != nil && !strings.Contains(err.Error(), "does not exist") { // of a table that none reads
			return 0, err
		}
	}
	return made, err
}

// own are the columns whose values each copy of a territory has for itself.
var own = map[string]string{
	"territoire_id": "concat(territoire_id, '-', copie)", "soumission": "(soumission + 100000 * copie)::INTEGER", "_soumission": "(_soumission + 100000 * copie)::INTEGER",
}

func multiplyTable(ctx context.Context, db *sql.DB, name string) (int64, error) {
	schema, table, _ := strings.Cut(name, ".")
	columns, err := texts(ctx, db, "SELECT column_name FROM duckdb_columns() WHERE database_name = 'ten' AND schema_name = ? AND table_name = ?", schema, table)
	if err != nil {
		return 0, err
	}
	query := "FROM ten." + name
	if slices.Contains(columns, "territoire_id") {
		var replaced []string
		for _, column := range columns {
			if own[column] != "" {
				replaced = append(replaced, own[column]+" AS "+column)
			}
		}
		query = fmt.Sprintf("SELECT * EXCLUDE (copie) REPLACE (%s) FROM ten.%s CROSS JOIN range(%d) r(copie)", strings.Join(replaced, ", "), name, copies)
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("CREATE TABLE %s AS %s", name, query)); err != nil {
		return 0, err
	}
	var n int64
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM "+name).Scan(&n)
	return n, err
}

func texts(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// inBatches counts the groups that a query gives: of all territories at once, or where the engine says that they do not
// fit in memory of a half of them after the other, and so on.
func inBatches(ctx context.Context, db *sql.DB, query string) (groups int64, batches int, err error) {
	territories, err := texts(ctx, db, "SELECT DISTINCT territoire_id FROM core.mois ORDER BY ALL")
	if err != nil {
		return 0, 0, err
	}
	for batches = 1; batches <= len(territories); batches *= 2 {
		groups = 0
		for batch := range slices.Chunk(territories, (len(territories)+batches-1)/batches) {
			var n int64
			var sum any // so that every column is computed
			err = db.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*), sum(hash(g)) FROM (\n%s\n) g WHERE territoire_id BETWEEN ? AND ?", query), batch[0], batch[len(batch)-1]).Scan(&n, &sum)
			if err != nil {
				break
			}
			groups += n
		}
		if err == nil || !strings.Contains(err.Error(), "Out of Memory") {
			return groups, batches, err
		}
	}
	return 0, 0, err
}
