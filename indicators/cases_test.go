package indicators_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
//
// The cases share one database, each with its own territories (alpha-c02-1 for alpha in the first case
// of C02): a build takes longer than all else, and what one territory sends, or how late the calendar
// ends, may not change another's figures. A case's programme is the set of its own territories.
func TestCases(t *testing.T) {
	model := loadModel(t)
	archive := ingest.Archive{Dir: t.TempDir()}
	var files []*caseFile
	var together []*testCase
	for _, path := range casePaths(t) {
		file, err := readCaseFile(model, path)
		if err != nil {
			t.Error(err)
			continue
		}
		files = append(files, file)
		for i, c := range file.cases {
			c.suffix = fmt.Sprintf("-%s-%d", strings.ToLower(file.indicator()), i+1)
			together = append(together, c)
		}
	}
	shared := sync.OnceValues(func() (*transform.Warehouse, error) { return compute(model, archive, together) })
	for _, file := range files {
		t.Run(file.indicator(), func(t *testing.T) {
			t.Run("cases", func(t *testing.T) {
				for _, c := range file.cases {
					t.Run(c.title, func(t *testing.T) {
						t.Parallel()
						w, err := shared()
						if err != nil {
							t.Fatal(err)
						}
						c.check(t, w, file)
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

func (c *testCase) check(t *testing.T, w *transform.Warehouse, file *caseFile) {
	if got := c.errorsFound(t, w); !slices.Equal(got, slices.Sorted(slices.Values(c.findings))) {
		t.Errorf("%s:%d: reading reports the errors %v, want %v", file.path, c.line, got, c.findings)
	}
	figures := c.figuresOf(t, w, file.indicator())
	for i := range c.figures {
		if missing := c.figures[i].addMissing(figures); len(missing) > 0 && !*update {
			t.Errorf("%s:%d: not there: %s", file.path, c.figures[i].header+1, strings.Join(missing, ", "))
		}
		for j := range c.figures[i].rows {
			r := &c.figures[i].rows[j]
			if r.line < 0 {
				r.shorten()
				continue
			}
			modalites := strings.Split(r.cells[2], ",")
			for _, modalite := range modalites {
				wrong := r.compare(t, file.path, figures[strings.Join([]string{r.cells[0], r.cells[1], modalite}, " ")], modalite)
				if wrong && len(modalites) > 1 {
					t.Errorf("%s:%d: -update needs a row per modalite", file.path, r.line+1)
				}
			}
		}
	}
}

// compare reports what differs from the figure that came out, none when it is nil; with -update it
// takes that instead.
func (r *figureRow) compare(t *testing.T, path string, got []string, modalite string) (wrong bool) {
	if got == nil {
		got = []string{r.cells[0], r.cells[1], modalite, ".", ".", ".", ".", ".", ".", ".", ".", none}
	}
	for k := 3; k < len(figureColumns); k++ {
		if sameFigure(figureColumns[k], got[k], r.cells[k]) {
			continue
		}
		if !*update {
			t.Errorf("%s:%d: %s: %s is %s, want %s", path, r.line+1, strings.Join(got[:3], " "), figureColumns[k], got[k], r.cells[k])
			continue
		}
		r.cells[k], wrong = shortFigure(figureColumns[k], got[k]), true
	}
	return wrong
}

// addMissing adds the modalites that a block leaves out of the months that it shows, for -update,
// and returns them.
func (b *figureTable) addMissing(figures map[string][]string) (missing []string) {
	for _, key := range slices.Sorted(maps.Keys(figures)) {
		f := figures[key]
		shown := func(r figureRow) bool { return slices.Equal(r.cells[:2], f[:2]) }
		expected := func(r figureRow) bool { return shown(r) && slices.Contains(strings.Split(r.cells[2], ","), f[2]) }
		if slices.ContainsFunc(b.rows, shown) && !slices.ContainsFunc(b.rows, expected) {
			b.rows = append(b.rows, figureRow{line: -1, cells: slices.Clone(f)})
			missing = append(missing, key)
		}
	}
	return missing
}

// compute makes a database of the cases: their workbooks written, archived, received, loaded, laid
// out in time, and every indicator's figures.
func compute(m *ingest.Model, archive ingest.Archive, cases []*testCase, sets ...transform.Set) (*transform.Warehouse, error) {
	ctx := context.Background()
	state := transform.State{Territoires: []byte("territoire_id,nom,date_entree,date_sortie\n"), Parametres: transform.DefaultParameters, Sets: sets}
	var books []book
	for _, c := range cases {
		programme := transform.Set{ID: indicators.Programme + c.suffix}
		for _, territory := range c.territories {
			id, rest, _ := strings.Cut(territory, ",")
			state.Territoires = append(state.Territoires, id+c.suffix+","+rest+"\n"...)
			programme.Territories = append(programme.Territories, id+c.suffix)
		}
		if c.suffix != "" {
			state.Sets = append(state.Sets, programme)
		}
		for _, b := range c.books {
			if c.suffix != "" && !c.asksFor(b.territory) && !c.asksFor(indicators.Programme) {
				continue // it is no part of any figure that is looked at
			}
			b.territory += c.suffix
			books = append(books, b)
		}
		last, err := c.last()
		if err != nil {
			return nil, err
		}
		if last.After(state.Horizon) {
			state.Horizon = last
		}
	}
	slices.SortStableFunc(books, func(a, b book) int { return a.received.Compare(b.received) })
	originals, err := putAll(m, archive, books)
	if err != nil {
		return nil, err
	}
	for i, b := range books {
		state.Receptions = append(state.Receptions, ingest.Entry{Type: ingest.EntryReception, Original: originals[i], ReceivedAt: b.received})
	}
	w, err := transform.Open("", "")
	if err != nil {
		return nil, err
	}
	if _, err := w.Load(ctx, m, archive, originals, nil); err != nil {
		return nil, err
	}
	if err := w.Build(ctx, m, state); err != nil {
		return nil, err
	}
	return w, indicators.Compute(ctx, w, m, nil)
}

// asksFor reports whether the case says what a territory's figures are, and not only that there is none.
func (c *testCase) asksFor(territory string) bool {
	for _, block := range c.figures {
		for _, r := range block.rows {
			if r.cells[0] == territory && r.cells[len(figureColumns)-1] != none {
				return true
			}
		}
	}
	return false
}

// last is the latest month that the case sends or asks for.
func (c *testCase) last() (last time.Time, err error) {
	for _, b := range c.books {
		if b.period.After(last) {
			last = b.period
		}
	}
	for _, block := range c.figures {
		for _, r := range block.rows {
			month, err := time.Parse("2006-01", r.cells[1])
			if err != nil {
				return last, fmt.Errorf("line %d: %w", r.line+1, err)
			}
			if month.After(last) {
				last = month
			}
		}
	}
	return last, nil
}

// putAll writes and archives the workbooks on every core.
func putAll(m *ingest.Model, archive ingest.Archive, books []book) ([]string, error) {
	originals, errs := make([]string, len(books)), make([]error, len(books))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(books)); i = next.Add(1) - 1 {
				originals[i], errs[i] = books[i].put(m, archive)
			}
		})
	}
	wg.Wait()
	return originals, errors.Join(errs...)
}

func (b book) put(m *ingest.Model, archive ingest.Archive) (original string, err error) {
	data := b.data
	data.Territoire, data.Periode, data.Emetteur = b.territory, b.period, b.emitter
	f, err := ingest.NewTemplate(m, data)
	if err != nil {
		return "", fmt.Errorf("line %d: %w", b.line, err)
	}
	for _, table := range b.without {
		if err := f.DeleteSheet(ingest.SheetName(m.Schemas[table])); err != nil {
			return "", err
		}
	}
	var file bytes.Buffer
	if err := ingest.SaveTemplate(&file, f); err != nil {
		return "", err
	}
	return archive.Put(file.Bytes())
}

// errorsFound lists the rules of the errors in the case's workbooks.
func (c *testCase) errorsFound(t *testing.T, w *transform.Warehouse) []string {
	t.Helper()
	rows, err := w.QueryContext(t.Context(), `SELECT DISTINCT c.regle FROM core.constats c JOIN core.soumissions s ON s.soumission = c.soumission
WHERE c.gravite IN ('erreur', 'rejet') AND ends_with(s.territoire_id, ?) ORDER BY c.regle`, c.suffix)
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

// figuresOf reads an indicator's figures as texts, by « territoire periode modalite », under the
// names that the territories have in the case.
func (c *testCase) figuresOf(t *testing.T, w *transform.Warehouse, id string) map[string][]string {
	t.Helper()
	rows, err := w.QueryContext(t.Context(), `SELECT left(territoire_id, length(territoire_id) - length($2)), strftime(periode, '%Y-%m'), CASE modalite WHEN '' THEN '-' ELSE modalite END,
	valeur, borne_basse, borne_haute, effectif, population, manquants, numerateur, denominateur, statut
FROM indicateur.valeurs WHERE indicateur = $1 AND ends_with(territoire_id, $2)`, id, c.suffix)
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

// none is the statut of a figure that must not exist.
const none = "aucune"

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

func (r *figureRow) shorten() {
	for k := 3; k < len(figureColumns); k++ {
		r.cells[k] = shortFigure(figureColumns[k], r.cells[k])
	}
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
}
