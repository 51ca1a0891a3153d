package indicators_test

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // receptions are dated in Paris, on any machine

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

var update = flag.Bool("update", false, "rewrite the figures of testdata/cases; then check each by hand")

// TestCases sends the workbooks of every case through the whole pipeline, as real xlsx files, and
// compares the indicator's figures with those of the case.
func TestCases(t *testing.T) {
	model := loadModel(t)
	archive := ingest.Archive{Dir: t.TempDir()}
	for _, path := range casePaths(t) {
		id := strings.TrimSuffix(filepath.Base(path), ".txt")
		file, err := readCaseFile(model, path)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Run(id, func(t *testing.T) {
			t.Run("cases", func(t *testing.T) {
				for _, c := range file.cases {
					t.Run(c.title, func(t *testing.T) {
						t.Parallel()
						c.run(t, model, archive, file.path, id)
					})
				}
			})
			if *update {
				if err := file.rewrite(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestEveryIndicatorHasItsCases fails for an indicator without a case file, and for a case file of no indicator.
func TestEveryIndicatorHasItsCases(t *testing.T) {
	catalogue, err := indicators.Catalogue(loadModel(t))
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, ind := range catalogue {
		known = append(known, ind.ID)
	}
	var cased []string
	for _, path := range casePaths(t) {
		id := strings.TrimSuffix(filepath.Base(path), ".txt")
		cased = append(cased, id)
		if !slices.Contains(known, id) {
			t.Errorf("%s: no indicator %s in the catalogue", path, id)
		}
	}
	for _, id := range known {
		if !slices.Contains(cased, id) {
			t.Errorf("%s has no case file: write testdata/cases/%s.txt", id, id)
		}
	}
}

func loadModel(t *testing.T) *ingest.Model {
	t.Helper()
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func casePaths(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	return paths
}

func (c *testCase) run(t *testing.T, m *ingest.Model, archive ingest.Archive, path, id string) {
	w := c.build(t, m, archive)
	if err := indicators.Compute(t.Context(), w, m, nil); err != nil {
		t.Fatal(err)
	}
	if got := errorsFound(t, w); !slices.Equal(got, slices.Sorted(slices.Values(c.findings))) {
		t.Errorf("%s:%d: reading reports the errors %v, want %v", path, c.line, got, c.findings)
	}
	figures := figuresOf(t, w, id)
	for i := range c.figures {
		c.figures[i].addMissing(figures)
		for j := range c.figures[i].rows {
			r := &c.figures[i].rows[j]
			var got []string
			if f, there := figures[strings.Join(r.cells[:3], " ")]; there {
				got = f
			} else {
				got = append(slices.Clone(r.cells[:3]), ".", ".", ".", ".", ".", ".", ".", ".", "aucune")
			}
			for k := 3; k < len(figureColumns); k++ {
				if r.line >= 0 && sameFigure(figureColumns[k], got[k], r.cells[k]) {
					continue
				}
				if !*update {
					t.Errorf("%s:%d: %s: %s is %s, want %s", path, r.line+1, strings.Join(r.cells[:3], " "), figureColumns[k], got[k], r.cells[k])
				}
				r.cells[k] = shortFigure(figureColumns[k], got[k])
			}
		}
	}
}

// addMissing adds the modalites that a block leaves out of the months that it shows: without
// -update, as rows that fail.
func (b *figureTable) addMissing(figures map[string][]string) {
	for _, key := range slices.Sorted(keys(figures)) {
		f := figures[key]
		same := func(n int) func(figureRow) bool {
			return func(r figureRow) bool { return slices.Equal(r.cells[:n], f[:n]) }
		}
		if slices.ContainsFunc(b.rows, same(2)) && !slices.ContainsFunc(b.rows, same(3)) {
			b.rows = append(b.rows, figureRow{line: -1, cells: append(slices.Clone(f[:3]), make([]string, len(f)-3)...)})
		}
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// build makes the case's database: its workbooks written, archived, received, loaded, laid out in time.
func (c *testCase) build(t *testing.T, m *ingest.Model, archive ingest.Archive) *transform.Warehouse {
	t.Helper()
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	state := transform.State{
		Territoires: []byte("territoire_id,nom,date_entree,date_sortie\n" + strings.Join(c.territories, "\n") + "\n"),
		Parametres:  transform.DefaultParameters,
		Horizon:     c.horizon(t),
	}
	var originals []string
	for _, b := range c.books {
		original := b.put(t, m, archive)
		originals = append(originals, original)
		state.Receptions = append(state.Receptions, ingest.Entry{Type: ingest.EntryReception, Original: original, ReceivedAt: b.received})
	}
	if _, err := w.Load(t.Context(), m, archive, originals, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Build(t.Context(), m, state); err != nil {
		t.Fatal(err)
	}
	return w
}

// horizon is the last month that the case sends or asks for.
func (c *testCase) horizon(t *testing.T) time.Time {
	t.Helper()
	var last time.Time
	later := func(month time.Time) {
		if month.After(last) {
			last = month
		}
	}
	for _, b := range c.books {
		later(b.period)
	}
	for _, block := range c.figures {
		for _, r := range block.rows {
			month, err := time.Parse("2006-01", r.cells[1])
			if err != nil {
				t.Fatalf("line %d: %v", r.line+1, err)
			}
			later(month)
		}
	}
	return last
}

// blanks are the digests of the workbooks without rows: many cases send the same.
var blanks sync.Map

func (b book) put(t *testing.T, m *ingest.Model, archive ingest.Archive) string {
	t.Helper()
	data := b.data
	data.Territoire, data.Periode, data.Emetteur = b.territory, b.period, b.emitter
	blank := len(data.Rows)+len(data.Nothing)+len(b.without) == 0
	name := fmt.Sprintf("%s %s %s", b.territory, b.period, b.emitter)
	if digest, made := blanks.Load(name); made && blank {
		return digest.(string)
	}
	f, err := ingest.NewTemplate(m, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range b.without {
		if err := f.DeleteSheet(ingest.SheetName(m.Schemas[table])); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := ingest.SaveTemplate(&file, f); err != nil {
		t.Fatal(err)
	}
	digest, err := archive.Put(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if blank {
		blanks.Store(name, digest)
	}
	return digest
}

func errorsFound(t *testing.T, w *transform.Warehouse) []string {
	t.Helper()
	rows, err := w.QueryContext(t.Context(), `SELECT DISTINCT regle FROM core.constats WHERE gravite IN ('erreur', 'rejet') ORDER BY regle`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var rule string
		if err := rows.Scan(&rule); err != nil {
			t.Fatal(err)
		}
		found = append(found, rule)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// figuresOf reads an indicator's figures as texts, by « territoire periode modalite ».
func figuresOf(t *testing.T, w *transform.Warehouse, id string) map[string][]string {
	t.Helper()
	rows, err := w.QueryContext(context.Background(), `SELECT territoire_id, strftime(periode, '%Y-%m'), CASE modalite WHEN '' THEN '-' ELSE modalite END,
	valeur, borne_basse, borne_haute, effectif, population, manquants, numerateur, denominateur, statut
FROM indicateur.valeurs WHERE indicateur = ?`, id)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	figures := map[string][]string{}
	for rows.Next() {
		texts := make([]string, len(figureColumns))
		var numbers [8]sql.Null[float64]
		targets := []any{&texts[0], &texts[1], &texts[2]}
		for i := range numbers {
			targets = append(targets, &numbers[i])
		}
		if err := rows.Scan(append(targets, &texts[11])...); err != nil {
			t.Fatal(err)
		}
		for i, n := range numbers {
			texts[3+i] = "."
			if n.Valid {
				texts[3+i] = strconv.FormatFloat(n.V, 'g', -1, 64)
			}
		}
		figures[strings.Join(texts[:3], " ")] = texts
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return figures
}

// tolerances are the absolute differences that rounding in the file may make.
var tolerances = map[string]float64{"valeur": 1e-9, "borne_basse": 5e-7, "borne_haute": 5e-7}

func sameFigure(column, got, want string) bool {
	if got == want {
		return true
	}
	g, gotErr := strconv.ParseFloat(got, 64)
	w, wantErr := fraction(want)
	return gotErr == nil && wantErr == nil && math.Abs(g-w) <= tolerances[column]
}

// fraction reads 0.25, or 1/4.
func fraction(text string) (float64, error) {
	over, under, divided := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(over, 64)
	if err != nil || !divided {
		return n, err
	}
	d, err := strconv.ParseFloat(under, 64)
	return n / d, err
}

func shortFigure(column, text string) string {
	digits := map[string]int{"valeur": 10, "borne_basse": 7, "borne_haute": 7}[column]
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || digits == 0 {
		return text
	}
	return strconv.FormatFloat(math.Round(n*math.Pow10(digits))/math.Pow10(digits), 'f', -1, 64)
}

// TestCaseFilesRefuseMistakes shows what the author of a case is told.
func TestCaseFilesRefuseMistakes(t *testing.T) {
	model := loadModel(t)
	tests := []struct{ text, want string }{
		{"teritoire alpha 2024-01-01", `x.txt:1: "teritoire" is none of territoire, toujours, classeur, constats, figures`},
		{"classeur alpha 2025-13", `x.txt:1: parsing time "2025-13": month out of range`},
		{"classeur alpha 2025-01 recu 2025-02-01", `x.txt:1: "recu" is none of émetteur, reçu, sans, rien`},
		{"classeur alpha 2025-01\n  acteur", `x.txt:2: "acteur" is not a table of a workbook`},
		{"classeur alpha 2025-01\n  freins\n    frein", `x.txt:3: freins has no field "frein"`},
		{"classeur alpha 2025-01\n  freins\n    frein_id statut\n    F1", `x.txt:4: 1 cells under 2 titles`},
		{"classeur alpha 2025-01\n  freins\n    frein_id\n    F5..F1", `x.txt:4: "F5..F1" is no range`},
		{"classeur alpha 2025-01\n  freins couleur=rouge", `x.txt:2: freins: "couleur=rouge" is not CHAMP=VALEUR`},
		{"== Un cas\nPourquoi.\n\nfigures\n  valeur", `x.txt:5: the titles of figures are ` + strings.Join(figureColumns, " ")},
		{"== Un cas\nPourquoi.\n\nterritoire alpha 2024-01-01", `x.txt:1: a case needs a sentence of intent and figures`},
	}
	for _, test := range tests {
		if _, err := parseCaseFile(model, "x.txt", test.text); err == nil || err.Error() != test.want {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
	}
	if sameFigure("valeur", "0.5", "0.500000002") || sameFigure("effectif", "5", "5.0000001") || sameFigure("valeur", "0", ".") {
		t.Error("a wrong figure passes")
	}
	if !sameFigure("valeur", "0.3333333333333333", "1/3") || !sameFigure("borne_basse", "0.12345678", "0.1234567") {
		t.Error("a right figure fails")
	}
	if _, err := os.Stat("testdata/cases"); err != nil {
		t.Error(err)
	}
}
