package exports

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// ranking are the words of a league table.
var ranking = regexp.MustCompile(`^(rang|rangs|rank|ranks|ranking|classement|classements|top|meilleur|meilleure|meilleurs|meilleures|palmares)$`)

// ranks reports whether a name or a title is of a league table.
func ranks(header string) bool {
	return slices.ContainsFunc(strings.Split(ingest.Fold(header), "_"), ranking.MatchString)
}

// internalOrders are columns that say in which order a list is written. They order codes, fields, findings of one
// file and the steps of one relation, never territories, and leave in nothing that is published.
var internalOrders = []string{"raw.constats.rang", "ref.champs.rang", "ref.codes.rang", "core.trajectoires.rang"}

// Nothing ranks the territories: no column of the database, of a query or of a schema, and no title in a workbook.
func TestNoHeaderRanks(t *testing.T) {
	s := shared(t)
	seen := 0
	check := func(where, header string) {
		t.Helper()
		seen++
		if ranks(header) && !slices.Contains(internalOrders, where+"."+header) {
			t.Errorf("%s has %q", where, header)
		}
	}
	revisions, err := openRevisions(t.Context(), &Revisions{}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer revisions.Close()
	columns := func(query string, scan func(*sql.Rows) error) {
		t.Helper()
		from := s.warehouse
		if strings.Contains(query, "FROM publication.") {
			from = revisions
		}
		if err := eachRow(t.Context(), from, query, scan); err != nil {
			t.Fatal(err)
		}
	}
	columns("SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE NOT internal", func(rows *sql.Rows) error {
		var table, column string
		err := rows.Scan(&table, &column)
		check(table, column)
		return err
	})
	err = fs.WalkDir(files, "sql", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		query, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		columns("SELECT column_name FROM (DESCRIBE "+string(query)+")", func(rows *sql.Rows) error {
			var column string
			err := rows.Scan(&column)
			check(path, column)
			return err
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := resources(s.model)
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]*ingest.Schema{}
	for name, schema := range s.model.Schemas {
		schemas[name] = schema
	}
	for _, res := range all {
		schemas["exports/"+res.schema.Name] = res.schema
	}
	for name, schema := range schemas {
		check(name, schema.Title)
		for _, f := range schema.Fields {
			check(name, f.Name)
			check(name, f.Title)
		}
	}
	for path := range readTree(t, s.dir) {
		if filepath.Ext(path) == ".xlsx" {
			checkWorkbookTitles(t, filepath.Join(s.dir, path), check)
		}
	}
	if seen < 500 {
		t.Errorf("only %d headers were looked at", seen)
	}
}

// checkWorkbookTitles looks at every cell that is short enough to be a title.
func checkWorkbookTitles(t *testing.T, path string, check func(where, header string)) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		check(path, sheet)
		for _, row := range rows {
			for _, cell := range row {
				if len(cell) <= 40 {
					check(filepath.Base(path)+" "+sheet, cell)
				}
			}
		}
	}
}

// What the test above is to refuse, and what it is not.
func TestRanks(t *testing.T) {
	for _, header := range []string{"rang", "Rang du territoire", "rang_2026", "CLASSEMENT", "Top 3", "meilleur", "Les meilleurs", "rank", "Palmarès"} {
		if !ranks(header) {
			t.Errorf("%q passes", header)
		}
	}
	for _, header := range []string{"region_de", "Région, de", "Rangement", "arrangement", "stop", "Étranger", "topographie"} {
		if ranks(header) {
			t.Errorf("%q is refused", header)
		}
	}
}
