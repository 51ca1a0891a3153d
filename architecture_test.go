package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cairn/transform"
)

// stages are the folders of the walk, in order. A stage may import any earlier one, never a later.
var stages = []string{"ingest", "transform", "indicators", "exports", "jobs"}

// TestImportsPointUpstream fails when a stage imports a later one, when a package stands outside
// the stages, or when the independent recomputation could borrow from what it checks.
func TestImportsPointUpstream(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := map[int]bool{}
	for {
		var p struct {
			ImportPath    string
			Imports, Deps []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "cairn" {
			continue
		}
		own := stage(p.ImportPath)
		if own < 0 {
			t.Errorf("%s is outside the stages %v", p.ImportPath, stages)
			continue
		}
		seen[own] = true
		for _, imported := range p.Imports {
			if s := stage(imported); s > own {
				t.Errorf("%s imports %s, a later stage", p.ImportPath, imported)
			}
		}
		for _, dep := range p.Deps {
			if p.ImportPath == "cairn/jobs/oracle" && stage(dep) >= 1 && stage(dep) < len(stages)-1 {
				t.Errorf("the oracle depends on %s, which it is to check", dep)
			}
		}
	}
	if len(seen) != len(stages) {
		t.Errorf("found the stages %v, want all of %v", seen, stages)
	}
}

// readable are the schemas that the SQL of a stage may read.
var readable = map[string][]string{
	"transform":  {"raw", "ref", "core", "etat"},
	"indicators": {"ref", "core", "etat"},
	"exports":    {"raw", "ref", "core", "etat", "indicateur", "publication"},
}

// TestSQLReadsItsStage holds every .sql file to one form: a comment, then one SELECT that runs as it
// is in the duckdb shell, reads only what its stage may read, and never the table that it makes.
func TestSQLReadsItsStage(t *testing.T) {
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	seen := map[string]bool{}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if path == "build" { // a release carries the SQL that made it
			return filepath.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".sql" {
			return err
		}
		stage, _, _ := strings.Cut(filepath.ToSlash(path), "/")
		seen[stage] = true
		t.Run(path, func(t *testing.T) { checkSQL(t, w, path, readable[stage]) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for stage := range readable {
		if !seen[stage] {
			t.Errorf("%s has no .sql file", stage)
		}
	}
}

func checkSQL(t *testing.T, w *transform.Warehouse, path string, schemas []string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	query := string(data)
	if !strings.HasPrefix(query, "-- ") {
		t.Error("no header: the file must begin with a comment")
	}
	for strings.HasPrefix(query, "--") {
		_, query, _ = strings.Cut(query, "\n")
	}
	if strings.Contains(query, ";") || !strings.HasPrefix(query, "SELECT") && !strings.HasPrefix(query, "WITH") {
		t.Error("the header must be followed by one SELECT, or WITH, without a semicolon")
	}
	tables, err := w.TablesRead(t.Context(), query)
	if err != nil || len(tables) == 0 {
		t.Errorf("reads %v: %v", tables, err)
	}
	for _, table := range tables {
		schema, name, _ := strings.Cut(table, ".")
		if !slices.Contains(schemas, schema) {
			t.Errorf("reads %s", table)
		}
		if strings.HasPrefix(filepath.ToSlash(path), "transform/") && schema == "core" && name == strings.TrimSuffix(filepath.Base(path), ".sql") {
			t.Errorf("reads %s, the table that it makes", table)
		}
	}
}

// TestTablesRead shows that the test above would see what it is to refuse.
func TestTablesRead(t *testing.T) {
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	tables, err := w.TablesRead(t.Context(), `WITH a AS (SELECT * FROM raw.x) SELECT * FROM a, b JOIN core.c USING (n) WHERE EXISTS (SELECT 1 FROM indicateur.d)`)
	if want := []string{".b", "core.c", "indicateur.d", "raw.x"}; err != nil || !slices.Equal(tables, want) {
		t.Errorf("got %v, %v, want %v", tables, err, want)
	}
	for _, query := range []string{"SELECT 1; SELECT 2", "CREATE TABLE x (n INTEGER)", "SELECT FROM"} {
		if tables, err := w.TablesRead(t.Context(), query); err == nil {
			t.Errorf("%s: taken for one bare SELECT reading %v", query, tables)
		}
	}
}

// stage is the index of a package's stage, or −1 when it is none of ours.
func stage(path string) int {
	rest, ours := strings.CutPrefix(path, "cairn/")
	if !ours {
		return -1
	}
	folder, _, _ := strings.Cut(rest, "/")
	return slices.Index(stages, folder)
}
