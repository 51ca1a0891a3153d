package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/ingest"
	"cairn/jobs/demo"
)

const servedConfig = `programme = "Programme pilote"
contact = "contact@example.org"
licence = "etalab-2.0"
[[destinataires]]
role = "evaluateur"
courriel = "evaluation@example.org"
[[destinataires]]
role = "association"
courriel = "asso@example.org"
[[destinataires]]
role = "financeur"
courriel = "fonds@example.org"
[courriel]
expediteur = "cairn@example.org"
referents = true
`

// served is a workspace that a service looks after, on a clock that the test moves, and what has yet to come from
// its territories.
type served struct {
	*testing.T
	dir     string
	service *service
	now     time.Time
	toCome  []arrival
}

type arrival struct {
	path string // where it waits
	name string // below inbox/
	at   time.Time
}

// newServed makes a workspace of two territories of the demo, from which nothing has come yet.
func newServed(t *testing.T, at time.Time) *served {
	t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	s := &served{T: t, dir: filepath.Join(t.TempDir(), "ws"), now: at}
	world := demo.Generate(1, 14)
	world.Keep("castelmauve", "valbrune")
	waiting := t.TempDir()
	if err := errors.Join(initWorkspace(s.dir, "", ""), os.WriteFile(filepath.Join(s.dir, "cairn.toml"), []byte(servedConfig), 0o644), world.Write(waiting),
		os.Rename(filepath.Join(waiting, "territoires.csv"), filepath.Join(s.dir, "territoires.csv"))); err != nil {
		t.Fatal(err)
	}
	for _, d := range world.Deliveries {
		s.toCome = append(s.toCome, arrival{filepath.Join(waiting, "inbox", d.Path), d.Path, d.Received})
	}
	slices.SortFunc(s.toCome, func(a, b arrival) int { return a.at.Compare(b.at) })
	s.start()
	return s
}

// start is a new process: it knows what the workspace knows.
func (s *served) start() {
	s.service = newService(&env{ctx: s.Context(), stdout: io.Discard, stderr: io.Discard, now: func() time.Time { return s.now }, workspace: s.dir})
}

// look brings what has come by now, and looks.
func (s *served) look() {
	s.Helper()
	for len(s.toCome) > 0 && s.toCome[0].at.Before(s.now) {
		to := filepath.Join(s.dir, "inbox", s.toCome[0].name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.Rename(s.toCome[0].path, to)); err != nil {
			s.Fatal(err)
		}
		s.toCome = s.toCome[1:]
	}
	s.service.look()
}

func (s *served) entries(kind ingest.EntryType) (all []ingest.Entry) {
	s.Helper()
	journal, err := ingest.OpenJournal(filepath.Join(s.dir, journalFile))
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range journal.Entries() {
		if e.Type == kind {
			all = append(all, e)
		}
	}
	return all
}

// runs are those of the journal, in order, and how each ended if not well.
func (s *served) runs() (all []string) {
	for _, e := range s.entries(ingest.EntryRun) {
		month, _ := time.Parse("2006-01", e.Period)
		name := slot{job: e.Kind, period: month, step: e.Step}.String()
		if e.Outcome != runDone {
			name += " " + e.Outcome + ": " + e.Reason
		}
		all = append(all, name)
	}
	return all
}

// letters are those that left as drafts, by what they are about and to whom.
func (s *served) letters() (all []string) {
	for _, e := range s.entries(ingest.EntryDelivery) {
		if e.Outcome == outcomeDrafted {
			all = append(all, strings.Join([]string{e.Kind, e.Period, e.Recipient}, " "))
		}
	}
	slices.Sort(all)
	return all
}

// releases are the versions of each month, and which of them are final.
func (s *served) releases() (all []string) {
	for _, e := range s.entries(ingest.EntryRelease) {
		name := fmt.Sprintf("%s v%d", e.Period, e.Version)
		if e.Final {
			name += " final"
		}
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// year runs a service from November to October, a look each morning; between the two days of stop it is not there, and on the
// day of loss its database is deleted.
func year(t *testing.T, months int, stop [2]string, loss string) *served {
	t.Helper()
	s := newServed(t, parisTime(t, "2025-11-01 06:30"))
	end := s.now.AddDate(0, months, 0)
	for ; s.now.Before(end); s.now = s.now.AddDate(0, 0, 1) {
		date := s.now.Format(time.DateOnly)
		if date == stop[1] {
			s.start()
		}
		if stop[0] <= date && date < stop[1] {
			continue
		}
		if date == loss {
			if err := os.Remove(filepath.Join(s.dir, databaseFile)); err != nil {
				t.Fatal(err)
			}
			s.start()
		}
		s.look()
	}
	return s
}

// TestYear runs CAIRN_MONTHS months of the service, and again with a stop of forty days and with a database that is lost: what is
// owed is done once, and the end is the same.
func TestYear(t *testing.T) {
	text := os.Getenv("CAIRN_MONTHS")
	if text == "" {
		t.Skip("takes minutes: make year")
	}
	months, err := strconv.Atoi(text)
	if err != nil || months < 3 || months > 12 {
		t.Fatalf("CAIRN_MONTHS is %q, not a number from 3 to 12", text)
	}
	plain := year(t, months, [2]string{}, "")
	var want []string
	for n := range months {
		month := time.Date(2025, 10+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		for _, s := range defaultCalendar.slots(month) {
			want = append(want, s.String())
		}
	}
	if diff := cmp.Diff(want, plain.runs()); diff != "" {
		t.Errorf("runs of the year:\n%s", diff)
	}
	var released []string
	for n := range months {
		month := time.Date(2025, 10+time.Month(n), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
		released = append(released, month+" v1", month+" v2 final")
	}
	if diff := cmp.Diff(released, plain.releases()); diff != "" {
		t.Errorf("releases of the year:\n%s", diff)
	}
	counts := map[string]int{}
	for _, l := range plain.letters() {
		kind, _, _ := strings.Cut(l, " ")
		counts[kind]++
	}
	for kind, n := range map[string]int{"evaluation": 2 * months, "comparaison": 2 * months, "impact": (months + 3) / 6} {
		if counts[kind] != n {
			t.Errorf("%d letters of %s, want %d", counts[kind], kind, n)
		}
	}
	if counts["retour"] == 0 || counts["rappel"] == 0 {
		t.Errorf("letters by kind: %v", counts)
	}

	t.Run("a lost database", func(t *testing.T) {
		s := year(t, months, [2]string{}, "2025-12-25")
		if diff := cmp.Diff(plain.letters(), s.letters()); diff != "" {
			t.Errorf("letters:\n%s", diff)
		}
		if diff := cmp.Diff(plain.lastRelease(), s.lastRelease()); diff != "" {
			t.Errorf("the last release:\n%s", diff)
		}
	})
	t.Run("a stop of forty days", func(t *testing.T) {
		s := year(t, months, [2]string{"2025-11-13", "2025-12-23"}, "")
		overtaken := []string{"reminder 2025-10 +7", "reminder 2025-11 -3", "reminder 2025-11 +1", "reminder 2025-11 +7", "provisional 2025-11"}
		kept := slices.DeleteFunc(slices.Clone(want), func(name string) bool { return slices.Contains(overtaken, name) })
		if diff := cmp.Diff(kept, s.runs()); diff != "" {
			t.Errorf("runs:\n%s", diff)
		}
		if diff := cmp.Diff(plain.lastData(), s.lastData()); diff != "" {
			t.Errorf("the open data of the last release:\n%s", diff)
		}
	})
}

// lastDir is the folder of the last release.
func (s *served) lastDir() string {
	s.Helper()
	all := s.entries(ingest.EntryRelease)
	e := all[len(all)-1]
	return filepath.Join(s.dir, "outbox", e.Period, fmt.Sprintf("v%d", e.Version))
}

// lastRelease is the manifest of the last release.
func (s *served) lastRelease() string {
	s.Helper()
	data, err := os.ReadFile(filepath.Join(s.lastDir(), "manifest.json"))
	if err != nil {
		s.Fatal(err)
	}
	return string(data)
}

// lastData is the open data of the last release, by table, but what tells of earlier releases: one that was overtaken was never made.
func (s *served) lastData() map[string]string {
	s.Helper()
	tables, err := filepath.Glob(filepath.Join(s.lastDir(), "donnees", "*.csv"))
	if err != nil || len(tables) == 0 {
		s.Fatalf("%d tables, %v", len(tables), err)
	}
	all := map[string]string{}
	for _, path := range tables {
		data, err := os.ReadFile(path)
		if err != nil {
			s.Fatal(err)
		}
		if name := filepath.Base(path); !strings.HasPrefix(name, "revisions") {
			all[name] = string(data)
		}
	}
	return all
}

// What failed in passing is tried again, later and later; what will not pass by itself is journalled, and owed again when what
// it rests on has changed; a panic is a failure; who is in the workspace is waited for.
func TestServeFailures(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("runs the service: make check")
	}
	s := newServed(t, parisTime(t, "2026-10-01 06:30"))
	s.look()
	calls := 0
	failing := func(err error) func(context.Context) error {
		return func(context.Context) error { calls++; return err }
	}
	if !s.service.attempt("final 2026-09", time.Hour, failing(errWaits)) || s.service.state.runs[[2]string{"final", runFailed}] > 0 {
		t.Error("what waits was taken for a failure")
	}
	calls = 0
	for i, after := range []time.Duration{0, 30 * time.Second, 90 * time.Second, 150 * time.Second, 6 * time.Minute} {
		s.now = parisTime(t, "2026-10-02 06:30").Add(after)
		s.service.attempt("provisional 2026-09", time.Hour, failing(syscall.ENOSPC))
		if want := []int{1, 1, 2, 2, 3}[i]; calls != want {
			t.Errorf("after %v: tried %d times, want %d", after, calls, want)
		}
	}
	if s.service.attempt("final 2026-09", time.Hour, func(context.Context) error { panic("bug") }) {
		t.Error("a panic was taken for success")
	}
	if err := s.service.attempt("impact 2026-09", time.Nanosecond, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }); err {
		t.Error("a step without end was taken for success")
	}

	// The workspace is held by somebody else: nothing fails for good, and the next look does what is owed.
	s.now = parisTime(t, "2026-10-12 06:30")
	s.start()
	release, err := acquire(filepath.Join(s.dir, lockFile), Holder{Command: "decide"})
	if err != nil {
		t.Fatal(err)
	}
	s.look()
	release()
	if got := s.runs(); len(got) > 0 {
		t.Errorf("ran beside somebody else: %v", got)
	}
	s.now = s.now.Add(10 * time.Minute)
	s.look()
	if diff := cmp.Diff([]string{"reminder 2026-09 +1", "provisional 2026-09"}, s.runs()); diff != "" {
		t.Error(diff)
	}

	// A configuration that cannot be read stops everything, and what is owed waits for it.
	s.now = parisTime(t, "2026-10-20 06:30")
	config := filepath.Join(s.dir, "cairn.toml")
	if err := os.WriteFile(config, []byte(servedConfig+"inconnu = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.look()
	if got := s.runs(); len(got) != 2 {
		t.Errorf("ran without a configuration: %v", got)
	}
	if err := os.WriteFile(config, []byte(servedConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(2 * time.Hour)
	s.look()
	if got := s.runs(); got[len(got)-1] != "final 2026-09" {
		t.Errorf("runs after the configuration was mended: %v", got)
	}

	if s.service.state.runs[[2]string{"final", "done"}] != 1 {
		t.Errorf("told: %v", s.service.state.runs)
	}

	// A shared folder that is not mounted keeps letters from leaving, and nothing else: they leave when it is there, of a new process too.
	shared := filepath.Join(t.TempDir(), "partage")
	if err := os.WriteFile(config, []byte(servedConfig+"[depot]\ndossier = \""+shared+"\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.now = parisTime(t, "2026-11-12 06:30")
	s.start()
	s.look()
	if got := s.releases(); got[len(got)-1] != "2026-10 v1" {
		t.Errorf("without the folder: releases %v", got)
	}
	if got := s.runs(); got[len(got)-1] == "provisional 2026-10" {
		t.Errorf("a release that nobody got is done: %v", got)
	}
	if diff := cmp.Diff(map[[2]string]int{{"collect", runDone}: 1, {"update", runDone}: 1, {"returns", runFailed}: 1, {"reminder", runFailed}: 1, {"provisional", runFailed}: 1}, s.service.state.runs); diff != "" {
		t.Errorf("without the folder:\n%s", diff)
	}
	if err := os.Mkdir(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.look()
	if got := s.runs(); got[len(got)-1] != "provisional 2026-10" {
		t.Errorf("with the folder: %v", got)
	}

	// What does not pass by itself is journalled once, and owed again when what it rests on has changed.
	if err := os.WriteFile(config, []byte(servedConfig+"[[financeurs]]\nid = \"fonds\"\nnom = \"Fonds\"\nterritoires = [\"nulle-part\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.now = parisTime(t, "2026-11-20 06:30")
	for range 3 {
		s.start()
		s.look()
	}
	failed := func() (n int) {
		for _, name := range s.runs() {
			if strings.HasPrefix(name, "final 2026-10 failed: ") {
				n++
			}
		}
		return n
	}
	if failed() != 1 {
		t.Errorf("runs: %v", s.runs())
	}
	if err := os.WriteFile(config, []byte(servedConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.look()
	if got := s.runs(); got[len(got)-1] != "final 2026-10" || failed() != 1 {
		t.Errorf("runs after it was mended: %v", got)
	}
}

// A clock that is years ahead publishes nothing, and nothing is lost when it is set right.
func TestServeClockAhead(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("runs the service: make check")
	}
	s := newServed(t, parisTime(t, "2026-10-01 06:30"))
	s.look()
	s.now = parisTime(t, "2036-03-25 06:30")
	s.look()
	if got := s.releases(); len(got) > 0 {
		t.Errorf("published %v", got)
	}
	s.now = parisTime(t, "2026-10-12 06:30")
	s.start()
	s.look()
	if diff := cmp.Diff([]string{"2026-09 v1"}, s.releases()); diff != "" {
		t.Error(diff)
	}
}

// A witness that refuses the call, or is not there, is an error, which does not tell its address.
func TestWitness(t *testing.T) {
	t.Parallel()
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	address := server.URL + "/jeton-secret"
	if err := call(t.Context(), address); err != nil {
		t.Error(err)
	}
	status = http.StatusNotFound
	if err := call(t.Context(), address); err == nil || err.Error() != "it answered 404 Not Found" {
		t.Errorf("got %v", err)
	}
	server.Close()
	for _, address := range []string{address, "jeton-secret", "http://jeton-secret:a/"} {
		if err := call(t.Context(), address); err == nil || strings.Contains(err.Error(), "jeton-secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the service")
	}
	s := newServed(t, parisTime(t, "2026-11-15 06:30"))
	watch := s.service.watch(15 * time.Minute)
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		watch.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	for _, c := range []struct {
		when  string
		do    func()
		codes map[string]int
	}{
		{"before the first look has ended", func() { s.service.state.looking(s.now) }, map[string]int{"/healthz": 200, "/readyz": 503}},
		{"after it", s.look, map[string]int{"/healthz": 200, "/readyz": 200}},
		{"without a look for an hour", func() { s.now = s.now.Add(time.Hour) }, map[string]int{"/healthz": 503, "/readyz": 503}},
		{"after a failure", func() { os.Remove(filepath.Join(s.dir, "cairn.toml")); s.look() }, map[string]int{"/healthz": 200, "/readyz": 503}},
	} {
		c.do()
		for _, path := range slices.Sorted(maps.Keys(c.codes)) {
			if code, text := ask(path); code != c.codes[path] {
				t.Errorf("%s, %s: %d %s", c.when, path, code, text)
			}
		}
	}
	_, text := ask("/metrics")
	for _, line := range []string{
		"cairn_last_look_ok 0", `cairn_runs_total{kind="collect",outcome="done"} 1`, `cairn_runs_total{kind="collect",outcome="failed"} 1`,
		`cairn_findings{severity="erreur"} `, "cairn_late_territories 0", "cairn_disk_free_bytes ", "cairn_last_look_timestamp_seconds 1794",
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	if strings.Contains(text, "cairn_disk_free_bytes 0\n") {
		t.Error("the disk is said to be full")
	}
}

// TestSoak looks CAIRN_CYCLES times, each time with a workbook that has changed, and compares what the process
// holds at the end with what it held after a tenth of that.
func TestSoak(t *testing.T) {
	cycles, err := strconv.Atoi(os.Getenv("CAIRN_CYCLES"))
	if err != nil {
		t.Skip("takes minutes: make soak")
	}
	s := newServed(t, parisTime(t, "2026-11-10 06:30"))
	s.look()
	var paths [2]string // two months of one territory, which change places
	inbox := filepath.Join(s.dir, "inbox")
	filepath.WalkDir(inbox, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".xlsx") {
			paths[0], paths[1] = paths[1], path
		}
		return err
	})
	swap := func(n int) {
		data, err := os.ReadFile(paths[n%2])
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(inbox, "encore.xlsx")
		if err := errors.Join(os.WriteFile(to, data, 0o644), os.Chtimes(to, s.now, s.now)); err != nil {
			t.Fatal(err)
		}
	}
	var early [2]int
	for n := range cycles {
		swap(n)
		s.now = s.now.Add(5 * time.Minute)
		s.look()
		if n%(max(cycles/10, 1)) == 0 {
			memory, files := held(t)
			t.Logf("look %d: %d MB resident, %d open files, %d receptions", n, memory, files, len(s.entries(ingest.EntryReception)))
			if n == cycles/10 {
				early = [2]int{memory, files}
			}
		}
	}
	memory, files := held(t)
	t.Logf("after %d looks: %d MB resident, %d open files; after a tenth of them: %d MB, %d", cycles, memory, files, early[0], early[1])
	if memory > early[0]*5/4+32 || files > early[1]+2 {
		t.Errorf("the process grows")
	}
	if failed := s.service.state.runs[[2]string{"collect", "failed"}]; failed > 0 {
		t.Errorf("%d looks failed", failed)
	}
}

// held is what the process holds: resident memory in MB, and open files.
func held(t *testing.T) (megabytes, files int) {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("needs /proc")
	}
	var size, resident int
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize() >> 20, len(open)
}
