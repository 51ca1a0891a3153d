package jobs_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cairn/exports"
	"cairn/indicators"
	"cairn/ingest"
	"cairn/jobs"
	"cairn/jobs/demo"
	"cairn/transform"
)

// stages are those of a run on a demo of ten territories.
type stages struct {
	dir       string
	model     *ingest.Model
	archive   ingest.Archive
	originals []string
	state     transform.State
}

func newStages(b testing.TB, months int) *stages {
	b.Helper()
	s := &stages{dir: b.TempDir()}
	world := demo.Generate(1, months)
	if err := world.Write(s.dir); err != nil {
		b.Fatal(err)
	}
	var err error
	if s.model, err = ingest.LoadModel(); err != nil {
		b.Fatal(err)
	}
	s.archive = ingest.Archive{Dir: filepath.Join(s.dir, "archive")}
	journal, err := ingest.OpenJournal(filepath.Join(s.dir, "journal.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	if s.state.Receptions, _, err = ingest.Collect(filepath.Join(s.dir, "inbox"), s.archive, journal, time.Now); err != nil {
		b.Fatal(err)
	}
	for _, r := range s.state.Receptions {
		s.originals = append(s.originals, r.Original)
	}
	if s.state.Territoires, err = os.ReadFile(filepath.Join(s.dir, "territoires.csv")); err != nil {
		b.Fatal(err)
	}
	s.state.Parametres = transform.DefaultParameters
	return s
}

// open returns a fresh database that has gone through the first stages.
func (s *stages) open(b testing.TB, upTo int) *transform.Warehouse {
	b.Helper()
	w, err := transform.Open("", s.dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { w.Close() })
	for _, stage := range []func(testing.TB, *transform.Warehouse){s.load, s.build, s.compute}[:upTo] {
		stage(b, w)
	}
	return w
}

func (s *stages) load(b testing.TB, w *transform.Warehouse) {
	if _, err := w.Load(context.Background(), s.model, s.archive, s.originals, nil); err != nil {
		b.Fatal(err)
	}
}

func (s *stages) build(b testing.TB, w *transform.Warehouse) {
	if err := w.Build(context.Background(), s.model, s.state); err != nil {
		b.Fatal(err)
	}
}

func (s *stages) compute(b testing.TB, w *transform.Warehouse) {
	if err := indicators.Compute(context.Background(), w, s.model, nil); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLoad reads 120 workbooks and loads them.
func BenchmarkLoad(b *testing.B) {
	s := newStages(b, 12)
	for b.Loop() {
		w := s.open(b, 0)
		s.load(b, w)
		w.Close()
	}
	b.ReportMetric(float64(len(s.originals)), "workbooks/op")
}

// BenchmarkBuild rebuilds core from what was loaded.
func BenchmarkBuild(b *testing.B) {
	s := newStages(b, 12)
	w := s.open(b, 1)
	for b.Loop() {
		s.build(b, w)
	}
}

// BenchmarkCompute computes every indicator for all territories and months.
func BenchmarkCompute(b *testing.B) {
	s := newStages(b, 12)
	w := s.open(b, 2)
	for b.Loop() {
		s.compute(b, w)
	}
}

// BenchmarkComputeTenYears computes every indicator on ten years, of the ten territories of the demo, then of
// ten times as many, each of them ten times under other names.
func BenchmarkComputeTenYears(b *testing.B) {
	s := newStages(b, 120)
	w := s.open(b, 2)
	for _, territories := range []int{10, 100} {
		if territories == 100 {
			multiply(b, w, 10)
		}
		b.Run(fmt.Sprintf("territories=%d", territories), func(b *testing.B) {
			for b.Loop() {
				s.compute(b, w)
			}
			var figures int
			if err := w.QueryRow("SELECT count(*) FROM indicateur.valeurs").Scan(&figures); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(figures), "figures")
		})
	}
}

// multiply gives every territory of a built database that many copies under other names.
func multiply(b *testing.B, w *transform.Warehouse, copies int) {
	b.Helper()
	rows, err := w.Query(`SELECT table_schema || '."' || table_name || '"' FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE table_schema IN ('core', 'ref') AND column_name = 'territoire_id' AND table_type = 'BASE TABLE' ORDER BY 1`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			b.Fatal(err)
		}
		tables = append(tables, table)
	}
	for _, table := range tables {
		_, err := w.Exec(fmt.Sprintf(`INSERT INTO %[1]s SELECT * EXCLUDE (copie) REPLACE (territoire_id || '-' || copie AS territoire_id) FROM %[1]s CROSS JOIN range(1, %[2]d) t(copie)`, table, copies))
		if err != nil {
			b.Fatal(table, err)
		}
	}
}

// BenchmarkReturns makes the return of every workbook of ten territories, one core.
func BenchmarkReturns(b *testing.B) {
	s := newStages(b, 12)
	w := s.open(b, 3)
	returns, err := exports.Returns(context.Background(), w)
	if err == nil {
		err = exports.ReadReturnFigures(context.Background(), w, returns)
	}
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, r := range returns {
			original, err := s.archive.Get(r.Original)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.Encode(s.model, original); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(returns)), "returns/op")
}

// BenchmarkStage writes and verifies a release of ten territories.
func BenchmarkStage(b *testing.B) {
	s := newStages(b, 12)
	w := s.open(b, 3)
	n := 0
	for b.Loop() {
		n++
		release := exports.Release{Period: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Version: 1}
		if _, err := exports.Stage(context.Background(), w, s.model, release, filepath.Join(s.dir, fmt.Sprint("release", n))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun is the whole job from the files to the release, then a run with nothing new.
func BenchmarkRun(b *testing.B) {
	run := func(b *testing.B, want int, args ...string) {
		var out bytes.Buffer
		if status := jobs.Main(args, &out, &out); status != want {
			b.Fatalf("exit status %d, want %d\n%s", status, want, out.String())
		}
	}
	root, dir := b.TempDir(), ""
	b.Run("everything", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			dir = filepath.Join(root, fmt.Sprint("workspace", b.N, "-", i))
			run(b, 0, "demo", dir, "--months", "12")
			b.StartTimer()
			run(b, 3, "run", "--workspace", dir)
		}
	})
	b.Run("nothing new", func(b *testing.B) {
		for b.Loop() {
			run(b, 3, "run", "--workspace", dir)
		}
	})
}
