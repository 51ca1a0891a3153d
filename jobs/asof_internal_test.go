package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/ingest"
	"cairn/jobs/demo"
	"cairn/transform"
)

// replay is a programme that is lived again, with a clock of its own.
type replay struct {
	t      *testing.T
	world  *demo.World
	source string // its files, with the times at which they came
	env    *env
	out    bytes.Buffer
}

// newReplay is an empty workspace of a demo's programme, or of some of its territories.
func newReplay(t *testing.T, world *demo.World, source string) *replay {
	t.Helper()
	p := &replay{t: t, world: world, source: source}
	dir := filepath.Join(t.TempDir(), "espace")
	if err := initWorkspace(dir, "Programme fictif", "demo@cairn.example"); err != nil {
		t.Fatal(err)
	}
	p.env = &env{ctx: context.Background(), stdout: &p.out, stderr: &p.out, workspace: dir}
	p.write("pseudonymes.cle", []byte(strings.Repeat("5a", 32)+"\n"))
	data, err := os.ReadFile(filepath.Join(source, "territoires.csv"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("territoires.csv", data)
	return p
}

func (p *replay) write(name string, data []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.env.workspace, name), data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// newSource writes the files of a demo; with names, those of these territories alone.
func newSource(t *testing.T, seed uint64, months int, names ...string) (*demo.World, string) {
	t.Helper()
	world := demo.Generate(seed, months)
	if len(names) > 0 {
		world.Keep(names...)
	}
	dir := t.TempDir()
	if err := world.Write(dir); err != nil {
		t.Fatal(err)
	}
	return world, dir
}

// receive puts the files that had come by the end of a day into the inbox.
func (p *replay) receive(day time.Time) {
	p.t.Helper()
	for _, d := range p.world.Deliveries {
		if d.Received.Before(day.AddDate(0, 0, 1)) {
			p.drop(d.Path, d.Path, d.Received)
		}
	}
}

func (p *replay) drop(from, to string, at time.Time) {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.source, "inbox", filepath.FromSlash(from)))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(filepath.Join(p.env.workspace, "inbox", filepath.FromSlash(to))), 0o755)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	file := filepath.Join("inbox", filepath.FromSlash(to))
	p.write(file, data)
	if err := os.Chtimes(filepath.Join(p.env.workspace, file), at, at); err != nil {
		p.t.Fatal(err)
	}
}

// run runs a command in the last second of a day and returns what it printed.
func (p *replay) run(day time.Time, command interface{ Run(*env) error }) string {
	p.t.Helper()
	p.env.now = func() time.Time { return day.AddDate(0, 0, 1).Add(-time.Second) }
	p.out.Reset()
	if err := command.Run(p.env); err != nil {
		p.t.Fatalf("on %s: %v\n%s", day.Format(time.DateOnly), err, p.out.String())
	}
	return p.out.String()
}

// reissued is the folder of the release as known on a day.
func (p *replay) reissued(now, day time.Time) (tree map[string]string, said string) {
	p.t.Helper()
	said = p.run(now, &runCmd{asOfFlag: asOfFlag{day.Format(time.DateOnly)}})
	_, dir, _ := strings.Cut(said, "reports in ")
	dir, _, _ = strings.Cut(dir, "\n")
	return sumsBelow(p.t, dir), said
}

// sumsBelow is the digest of every file below a folder.
func sumsBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		sums[path] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil || len(sums) == 0 {
		t.Fatalf("%d files below %s: %v", len(sums), dir, err)
	}
	return sums
}

// live is the digest of every file of the workspace but the releases as known on a day.
func (p *replay) live() map[string]string {
	p.t.Helper()
	sums := sumsBelow(p.t, p.env.workspace)
	maps.DeleteFunc(sums, func(path, _ string) bool {
		return strings.HasPrefix(path, "outbox/"+asOfDir+"/") || path == ".cairn.lock"
	})
	return sums
}

// randomDays are days from the first workbook to the last, in order.
func randomDays(world *demo.World, random *rand.Rand, n int) []time.Time {
	first, last := world.Deliveries[0].Received, world.Deliveries[0].Received
	for _, d := range world.Deliveries {
		if !d.Rejected && d.Received.Before(first) {
			first = d.Received
		}
		if d.Received.After(last) {
			last = d.Received
		}
	}
	var days []time.Time
	for _, at := range random.Perm(int(last.Sub(first).Hours() / 24))[:n] {
		y, m, d := first.AddDate(0, 0, at+1).In(transform.Paris).Date()
		days = append(days, time.Date(y, m, d, 0, 0, 0, 0, transform.Paris))
	}
	slices.SortFunc(days, time.Time.Compare)
	return days
}

// thorough asks for what takes minutes: make check.
var thorough = os.Getenv("CAIRN_THOROUGH") != ""

// For random days, the release as known on that day has the bytes of the one that a programme publishes which
// really stops there; and of the one that a programme which went on had published on that day, its versions and
// a decision included. What stands in the workspace stays as it is. CAIRN_ASOF is a number of months and of
// days, and takes all territories: make vintages.
func TestAsKnownOnADay(t *testing.T) {
	t.Parallel()
	text, heavy := os.LookupEnv("CAIRN_ASOF")
	if testing.Short() || !thorough && !heavy {
		t.Skip("lives a programme again many times: make check, make vintages")
	}
	months, days, names := 6, 2, []string{"arlenthe", "brevigny", "valbrune"}
	if heavy {
		m, d, _ := strings.Cut(text, ",")
		var err1, err2 error
		months, err1 = strconv.Atoi(m)
		days, err2 = strconv.Atoi(d)
		if names = nil; err1 != nil || err2 != nil {
			t.Fatalf("CAIRN_ASOF=%q is not months,days", text)
		}
	}
	world, source := newSource(t, 3, months, names...)
	random := rand.New(rand.NewPCG(9, uint64(months)))
	chosen := randomDays(world, random, days)
	end := time.Date(2026, 11, 27, 0, 0, 0, 0, transform.Paris)

	whole := newReplay(t, world, source) // collects everything in one run
	whole.receive(end)
	whole.run(end, &runCmd{})
	before := whole.live()
	for _, day := range chosen {
		stopped := newReplay(t, world, source)
		stopped.receive(day)
		printed := stopped.run(day, &runCmd{})
		_, dir, _ := strings.Cut(printed, "reports in ")
		dir, _, _ = strings.Cut(dir, "\n")
		got, _ := whole.reissued(end, day)
		if diff := cmp.Diff(sumsBelow(t, dir), got); diff != "" {
			t.Errorf("as known on %s:\n%s", day.Format(time.DateOnly), diff)
		}
	}
	if diff := cmp.Diff(before, whole.live()); diff != "" {
		t.Errorf("what stands in the workspace has changed:\n%s", diff)
	}

	lived := newReplay(t, world, source) // runs on each of the days
	published := map[time.Time]map[string]string{}
	for i, day := range chosen {
		lived.receive(day)
		if i == 1 {
			lived.decide(day)
		}
		printed := lived.run(day, &runCmd{})
		_, dir, new := strings.Cut(printed, "reports in ")
		switch {
		case new:
			dir, _, _ = strings.Cut(dir, "\n")
			published[day] = sumsBelow(t, dir)
		case i > 0 && strings.Contains(printed, "nothing has changed since release"): // nothing came between two of the days
			published[day] = published[chosen[i-1]]
		default:
			t.Fatalf("on %s: %s", day.Format(time.DateOnly), printed)
		}
	}
	if err := os.Remove(filepath.Join(lived.env.workspace, databaseFile)); err != nil { // of no use
		t.Fatal(err)
	}
	for _, day := range chosen {
		got, said := lived.reissued(end, day)
		if diff := cmp.Diff(published[day], got); diff != "" || !strings.Contains(said, "the same bytes as were published") {
			t.Errorf("as published on %s: %s\n%s", day.Format(time.DateOnly), said, diff)
		}
	}
}

// decide waives the first finding that waits.
func (p *replay) decide(day time.Time) {
	p.t.Helper()
	w, err := OpenWorkspace(p.env.workspace)
	if err != nil {
		p.t.Fatal(err)
	}
	db, err := w.openStanding() // an older program may have built it
	if err != nil {
		p.t.Fatal(err)
	}
	all, err := db.Findings(p.t.Context())
	if err := errors.Join(err, db.Close()); err != nil {
		p.t.Fatal(err)
	}
	if len(all) == 0 {
		p.t.Fatal("no finding waits: nothing to decide upon")
	}
	p.env.now = func() time.Time { return day.AddDate(0, 0, 1).Add(-time.Second) }
	if err := p.env.journal(w, ingest.Entry{Type: ingest.EntryDecision, Finding: all[0].ID, Decision: "waive", Reason: "vu avec le territoire"}); err != nil {
		p.t.Fatal(err)
	}
}
