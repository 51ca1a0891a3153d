package transform_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cairn/transform"
)

// TestSQLFilesAreBareSelects holds every file under sql to one form: a comment that says what a row
// is, then one SELECT that runs as it is in the duckdb shell and reads only what comes before it.
func TestSQLFilesAreBareSelects(t *testing.T) {
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	files := 0
	err = filepath.WalkDir("sql", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		t.Run(filepath.ToSlash(path), func(t *testing.T) { checkSQLFile(t, w, path, string(data)) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Error("found no file")
	}
}

func checkSQLFile(t *testing.T, w *transform.Warehouse, path, text string) {
	if filepath.Ext(path) != ".sql" {
		t.Fatal("not an .sql file")
	}
	query := text
	for strings.HasPrefix(query, "-- ") {
		_, query, _ = strings.Cut(query, "\n")
	}
	if query == text {
		t.Error("no header: the file must begin with a comment that says what a row is")
	}
	if strings.Contains(query, ";") {
		t.Error("a semicolon: Go puts the SELECT into a CREATE TABLE")
	}
	if !strings.HasPrefix(query, "SELECT") && !strings.HasPrefix(query, "WITH") {
		t.Error("the header must be followed by SELECT or WITH")
	}
	tables, refusal := baseTables(t, w, text)
	if refusal != "" {
		t.Fatalf("not one bare SELECT: %s", refusal)
	}
	for _, table := range tables {
		if !slices.Contains([]string{"raw", "ref", "core", "etat"}, table.schema) {
			t.Errorf("reads %s.%s", table.schema, table.name)
		}
		if table.schema == "core" && table.name == strings.TrimSuffix(filepath.Base(path), ".sql") {
			t.Errorf("reads core.%s, the table that it makes", table.name)
		}
	}
	if len(tables) == 0 {
		t.Error("reads nothing")
	}
}

type baseTable struct{ schema, name string }

// baseTables lists the tables that a query reads, those of its own WITH aside; refusal says why the
// query is not one SELECT.
func baseTables(t *testing.T, w *transform.Warehouse, query string) (tables []baseTable, refusal string) {
	t.Helper()
	var serialized any
	if err := w.QueryRowContext(t.Context(), "SELECT json_serialize_sql(?::VARCHAR)", query).Scan(&serialized); err != nil {
		t.Fatal(err)
	}
	tree := serialized.(map[string]any)
	if message, failed := tree["error_message"].(string); failed {
		return nil, message
	}
	if statements, _ := tree["statements"].([]any); len(statements) != 1 {
		return nil, "several statements"
	}
	named := map[any]bool{}
	walk(tree, func(node map[string]any) {
		if m, ok := node["cte_map"].(map[string]any); ok {
			for _, entry := range m["map"].([]any) {
				named[entry.(map[string]any)["key"]] = true
			}
		}
	})
	walk(tree, func(node map[string]any) {
		if node["type"] == "BASE_TABLE" && !(node["schema_name"] == "" && named[node["table_name"]]) {
			tables = append(tables, baseTable{node["schema_name"].(string), node["table_name"].(string)})
		}
	})
	return tables, ""
}

func walk(tree any, visit func(map[string]any)) {
	switch v := tree.(type) {
	case map[string]any:
		visit(v)
		for _, child := range v {
			walk(child, visit)
		}
	case []any:
		for _, child := range v {
			walk(child, visit)
		}
	}
}

// TestBaseTables shows that the test above would see what it is to refuse.
func TestBaseTables(t *testing.T) {
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	tables, _ := baseTables(t, w, `WITH a AS (SELECT * FROM raw.x) SELECT * FROM a, b JOIN core.c USING (n) WHERE EXISTS (SELECT 1 FROM indicateur.d)`)
	slices.SortFunc(tables, func(a, b baseTable) int { return strings.Compare(a.name, b.name) })
	if want := []baseTable{{"", "b"}, {"core", "c"}, {"indicateur", "d"}, {"raw", "x"}}; !slices.Equal(tables, want) {
		t.Errorf("got %v, want %v", tables, want)
	}
	for _, query := range []string{"SELECT 1; SELECT 2", "CREATE TABLE x (n INTEGER)", "SELECT FROM"} {
		if _, refusal := baseTables(t, w, query); refusal == "" {
			t.Errorf("%s: taken for one bare SELECT", query)
		}
	}
}
