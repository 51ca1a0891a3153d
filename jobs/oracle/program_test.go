package oracle_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"cairn/ingest"
	"cairn/jobs/demo"
	"cairn/jobs/oracle"
)

// TestProgramAgrees builds the program, lets it read a demo's files and publish, and compares every
// figure of indicateurs.parquet — value, bounds, effectif, population, manquants, numerator,
// denominator, statut, for each territory and the programme — with the recomputation from the truth
// behind those files. CAIRN_ORACLE_MONTHS sets how long the demos are: fifteen months by default, enough
// for every window of a year to fill and to move on; thirty-six for what takes longer.
func TestProgramAgrees(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the whole program")
	}
	months := 15
	if text := os.Getenv("CAIRN_ORACLE_MONTHS"); text != "" {
		var err error
		if months, err = strconv.Atoi(text); err != nil {
			t.Fatalf("CAIRN_ORACLE_MONTHS: %v", err)
		}
	}
	program := filepath.Join(t.TempDir(), "cairn")
	run(t, 0, "go", "build", "-o", program, "cairn")
	seeds := []uint64{1}
	thorough := os.Getenv("CAIRN_THOROUGH") != "" // make check: more demos, and what is said of each fault
	if thorough {
		seeds = []uint64{1, 2, 3}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "workspace")
			run(t, 0, program, "demo", dir, "--seed", fmt.Sprint(seed), "--months", fmt.Sprint(months))
			run(t, 3, program, "run", "--workspace", dir)
			world := demo.Generate(seed, months)
			got := figures(t, filepath.Join(dir, "outbox", world.Last.Format("2006-01"), "v1", "donnees", "indicateurs.parquet"))
			want := oracle.Compute(world, world.Last)
			if len(want) < 1000 {
				t.Fatalf("only %d figures to compare", len(want))
			}
			secretsAreKept(t, want, got)
			report(t, oracle.Diff(want, got, 1e-9))
			for _, d := range world.Deliveries {
				if len(d.Faults) > 0 {
					everyRowIsAccountedFor(t, dir, d)
					if thorough && seed == 1 { // a check compares with the whole workspace, and takes its time
						faultsAreSaid(t, program, dir, d)
					}
				}
			}
		})
	}
}

// hidden stands for a count that is not published.
const hidden = -1

// secretsAreKept looks at the figures that are not published, and leaves them out of both: they have no
// number at all, they are few, and every answer of fewer than five people is among them.
func secretsAreKept(t *testing.T, want, got map[oracle.Key]oracle.Figure) {
	t.Helper()
	secrets, all := 0, len(got)
	for key, f := range got {
		people := slices.Contains([]string{"C06", "C08", "C10", "C22"}, key.Indicateur)
		if n := want[key].Effectif; people && 0 < n && n < 5 && f.Statut != "secret_primaire" {
			t.Errorf("%v rests on %d people, and is published: %s", key, n, f.Statut)
		}
		if !strings.HasPrefix(f.Statut, "secret_") {
			continue
		}
		if f.Valeur != nil || f.BorneBasse != nil || f.BorneHaute != nil || f.Numerateur != nil || f.Denominateur != nil ||
			f.Effectif != hidden || f.Population != hidden || f.Manquants != hidden {
			t.Errorf("%v is secret, and shows %+v", key, f)
		}
		secrets++
		delete(want, key)
		delete(got, key)
	}
	if secrets == 0 || secrets > all/20 {
		t.Errorf("%d figures of %d are secret", secrets, all)
	}
}

// report groups the differences by indicator, with a few of each.
func report(t *testing.T, differences []string) {
	t.Helper()
	const shown = 6
	of := map[string][]string{}
	for _, difference := range differences {
		indicateur, _, _ := strings.Cut(difference, " ")
		of[indicateur] = append(of[indicateur], difference)
	}
	for _, indicateur := range slices.Sorted(maps.Keys(of)) {
		all := of[indicateur]
		t.Errorf("%s: %d differences\n\t%s", indicateur, len(all), strings.Join(all[:min(shown, len(all))], "\n\t"))
	}
}

// run runs a command that must end with that status.
func run(t *testing.T, status int, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != status {
		t.Fatalf("%s %v: exit status %d, want %d (%v)\n%s", name, args, code, status, err, out)
	}
}

// everyRowIsAccountedFor compares what reading counts on each sheet with the rows that were written.
func everyRowIsAccountedFor(t *testing.T, dir string, d demo.Delivery) {
	t.Helper()
	if d.Rejected {
		return
	}
	model, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "inbox", filepath.FromSlash(d.Path)))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]int{}
	for _, s := range d.Sheets {
		written[s.Table] = len(s.Rows)
	}
	submission := ingest.Parse(model, data)
	for i := range submission.Tables {
		table := &submission.Tables[i]
		read, taken, aside := table.Counts()
		if read != written[table.Schema.Name] || read != taken+aside {
			t.Errorf("%s, %s: %d rows written, %d read, %d taken, %d set aside", d.Path, table.Schema.Title, written[table.Schema.Name], read, taken, aside)
		}
	}
}

// faultsAreSaid checks a faulty file as its sender would: each injury is named with its cell, the
// reason and the remedy, and the rows that are sound are taken.
func faultsAreSaid(t *testing.T, program, dir string, d demo.Delivery) {
	t.Helper()
	out, _ := exec.Command(program, "check", "--workspace", dir, filepath.Join(dir, "inbox", filepath.FromSlash(d.Path))).CombinedOutput()
	said := string(out)
	for _, fault := range d.Faults {
		if fault.Rule == "" { // an oddity that must be understood without a word
			continue
		}
		rule := ingest.RuleNamed(fault.Rule)
		line := "[" + string(rule.Severity) + "] "
		if fault.Cell != "" {
			line += fault.Sheet + ", cellule " + fault.Cell
		}
		remedy, _, _ := strings.Cut(rule.Remedy, "{")
		if !strings.Contains(said, line) || !strings.Contains(said, remedy) {
			t.Errorf("%s: nothing says %q … %q:\n%s", d.Path, line, remedy, said)
		}
	}
	if d.Rejected {
		return
	}
	model, _ := ingest.LoadModel()
	for _, s := range d.Sheets {
		aside := 0
		for _, r := range s.Rows {
			if r.Aside {
				aside++
			}
		}
		if len(s.Rows) == 0 {
			continue
		}
		counts := regexp.MustCompile(fmt.Sprintf(`(?m)^  %s +%d lignes? lues?, %d prises?, %d mises? de côté$`,
			model.Schemas[s.Table].Title, len(s.Rows), len(s.Rows)-aside, aside))
		if !counts.MatchString(said) {
			t.Errorf("%s: nothing says %s:\n%s", d.Path, counts, said)
		}
	}
}

// figures reads the published figures with another implementation than the one that wrote them.
func figures(t *testing.T, path string) map[oracle.Key]oracle.Figure {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := pqarrow.ReadTable(context.Background(), f, parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	all := map[oracle.Key]oracle.Figure{}
	reader := array.NewTableReader(table, -1)
	defer reader.Release()
	for reader.Next() {
		record := reader.RecordBatch()
		column := func(name string) arrow.Array {
			indices := record.Schema().FieldIndices(name)
			if len(indices) != 1 {
				t.Fatalf("%s: %d columns %s", path, len(indices), name)
			}
			return record.Column(indices[0])
		}
		text := func(name string, i int) string { return column(name).(*array.String).Value(i) }
		number := func(name string, i int) *float64 {
			c := column(name).(*array.Float64)
			if c.IsNull(i) {
				return nil
			}
			v := c.Value(i)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s, row %d: %s is %v", path, i, name, v)
			}
			return &v
		}
		count := func(name string, i int) int {
			c := column(name).(*array.Int64)
			if c.IsNull(i) {
				return hidden
			}
			return int(c.Value(i))
		}
		for i := range int(record.NumRows()) {
			key := oracle.Key{Indicateur: text("indicateur", i), Territoire: text("territoire_id", i), Periode: text("periode", i), Modalite: text("modalite", i)}
			if _, twice := all[key]; twice {
				t.Errorf("%v is published twice", key)
			}
			all[key] = oracle.Figure{
				Valeur: number("valeur", i), BorneBasse: number("borne_basse", i), BorneHaute: number("borne_haute", i),
				Effectif: count("effectif", i), Population: count("population", i), Manquants: count("manquants", i),
				Numerateur: number("numerateur", i), Denominateur: number("denominateur", i), Statut: text("statut", i),
			}
		}
	}
	return all
}
