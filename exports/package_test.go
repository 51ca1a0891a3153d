package exports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"cairn/transform"
)

// descriptor is the rule book of Data Package v2, as testdata has it.
func descriptor(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("testdata/datapackage.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// The package is one by the rules, and each of these faults would make it none.
func TestPackageIsValid(t *testing.T) {
	schema := descriptor(t)
	data, err := os.ReadFile(filepath.Join(shared(t).dir, "donnees", "datapackage.json"))
	if err != nil {
		t.Fatal(err)
	}
	read := func() map[string]any {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return v.(map[string]any)
	}
	if err := schema.Validate(read()); err != nil {
		t.Fatal(err)
	}
	resource := func(p map[string]any) map[string]any { return p["resources"].([]any)[0].(map[string]any) }
	field := func(p map[string]any) map[string]any {
		return resource(p)["schema"].(map[string]any)["fields"].([]any)[0].(map[string]any)
	}
	for name, fault := range map[string]func(map[string]any){
		"no resource":             func(p map[string]any) { p["resources"] = []any{} },
		"a licence that is none":  func(p map[string]any) { p["licenses"] = []any{map[string]any{"title": "?"}} },
		"a licence with a space":  func(p map[string]any) { p["licenses"] = []any{map[string]any{"name": "Licence Ouverte"}} },
		"a path that climbs":      func(p map[string]any) { resource(p)["path"] = "a/../../b.csv" },
		"an absolute path":        func(p map[string]any) { resource(p)["path"] = "/a.csv" },
		"no hash":                 func(p map[string]any) { resource(p)["hash"] = "md5" },
		"a type that is none":     func(p map[string]any) { field(p)["type"] = "texte" },
		"a field without a title": func(p map[string]any) { delete(field(p), "title") },
		"an unlabelled missing value": func(p map[string]any) {
			resource(p)["schema"].(map[string]any)["missingValues"] = []any{map[string]any{"value": ""}}
		},
		"an unknown property": func(p map[string]any) { p["licence"] = "x" },
	} {
		p := read()
		fault(p)
		if schema.Validate(p) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

// A primary key and the fields are those of the files, and each code of a CSV file is one of its field's categories.
func TestPackageHoldsOfTheRows(t *testing.T) {
	dir := filepath.Join(shared(t).dir, "donnees")
	data, err := os.ReadFile(filepath.Join(dir, "datapackage.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p packageJSON
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Resources {
		if r.Format != "csv" {
			continue
		}
		f, err := os.Open(filepath.Join(dir, r.Path))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		at, codes := map[string]int{}, map[string]map[string]bool{}
		for i, field := range r.Schema.Fields {
			at[field.Name] = i
			if rows[0][i] != field.Name {
				t.Errorf("%s: column %d is %s, described as %s", r.Path, i+1, rows[0][i], field.Name)
			}
			for _, c := range field.Categories {
				if codes[field.Name] == nil {
					codes[field.Name] = map[string]bool{}
				}
				codes[field.Name][c.Value] = true
			}
		}
		keys := map[string]bool{}
		for n, row := range rows[1:] {
			var key []string
			for _, name := range r.Schema.PrimaryKey {
				key = append(key, row[at[name]])
			}
			if keys[strings.Join(key, "\x00")] {
				t.Errorf("%s, row %d: the key %v comes twice", r.Path, n+1, key)
			}
			keys[strings.Join(key, "\x00")] = true
			for name, known := range codes {
				if value := row[at[name]]; value != "" && !known[value] {
					t.Errorf("%s, row %d: %s is %q, which is none of its categories", r.Path, n+1, name, value)
				}
			}
		}
	}
}

func TestReadmeIsOfTheRelease(t *testing.T) {
	s := shared(t)
	data, err := os.ReadFile(filepath.Join(s.dir, "donnees", "LISEZMOI.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := plainSpaces(string(data))
	for _, part := range []string{"octobre 2026, version 1 (provisoire", "| `indicateurs` | ", "| `effets` | ", "- `secret_primaire` : ", "Licence : "} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q", part)
		}
	}
	for _, part := range []string{"{{", "<no value>", "| `perceptions`"} {
		if strings.Contains(text, part) {
			t.Errorf("it holds %q", part)
		}
	}
	for _, name := range regexp.MustCompile("\\| `([a-z_]+)` \\|").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(s.dir, "donnees", name[1]+".parquet")); err != nil {
			t.Error(err)
		}
	}
}

// The worked examples are run as they stand, and say what the database says.
func TestExamples(t *testing.T) {
	s := shared(t)
	dir := filepath.Join(s.dir, "donnees")
	data, err := os.ReadFile(filepath.Join(dir, "EXEMPLES.md"))
	if err != nil {
		t.Fatal(err)
	}
	code := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(data), -1) {
		code[m[1]] = m[2]
	}
	if len(code) != 3 {
		t.Fatalf("%d examples", len(code))
	}
	t.Run("sql", func(t *testing.T) {
		w, err := transform.Open("", dir)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		got := table(t, w, strings.NewReplacer("'indicateurs.parquet'", literal(filepath.Join(dir, "indicateurs.parquet")),
			"'territoires.parquet'", literal(filepath.Join(dir, "territoires.parquet"))).Replace(code["sql"]))
		want := table(t, s.warehouse, `SELECT t.nom, i.valeur, i.borne_basse, i.borne_haute, i.effectif, i.statut FROM indicateur.publiees i JOIN ref.territoires t USING (territoire_id)
			WHERE i.indicateur = 'C02' AND i.periode = '2026-10-01' ORDER BY t.territoire_id`)
		if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
			t.Error(diff)
		}
	})
	t.Run("r", func(t *testing.T) {
		got := interpret(t, dir, "Rscript", "-e", code["r"])
		var want strings.Builder
		want.WriteString("periode,valeur,borne_basse,borne_haute,statut\n")
		for _, row := range table(t, s.warehouse, `SELECT strftime(periode, '%Y-%m'), valeur, borne_basse, borne_haute, statut FROM indicateur.publiees
			WHERE indicateur = 'C02' AND territoire_id = '*' ORDER BY periode`) {
			want.WriteString(strings.Join(row, ",") + "\n")
		}
		if diff := cmp.Diff(rounded(want.String()), rounded(got)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("python", func(t *testing.T) {
		got := interpret(t, dir, "python3", "-c", code["python"])
		var want strings.Builder
		for _, row := range table(t, s.warehouse, `SELECT statut, count(*) FROM indicateur.publiees WHERE periode = '2026-10-01' GROUP BY statut ORDER BY statut`) {
			want.WriteString(strings.Join(row, ";") + "\n")
		}
		if diff := cmp.Diff(want.String(), got); diff != "" {
			t.Error(diff)
		}
	})
}

var fractions = regexp.MustCompile(`0\.\d+`)

// rounded leaves twelve decimals: R writes fifteen significant digits, Go as many as it takes.
func rounded(text string) string {
	return fractions.ReplaceAllStringFunc(text, func(number string) string {
		x, _ := strconv.ParseFloat(number, 64)
		return strconv.FormatFloat(x, 'f', 12, 64)
	})
}

// interpret runs a program in a folder, and returns what it prints.
func interpret(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("NOT RUN: there is no %s here", program)
	}
	c := exec.CommandContext(t.Context(), path, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, stderr.String())
	}
	return string(out)
}

// table is the result of a query in text; nothing for NULL.
func table(t *testing.T, w *transform.Warehouse, query string) (all [][]string) {
	t.Helper()
	rows, err := w.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				row[i] = fmt.Sprint(v)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
