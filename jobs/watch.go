package jobs

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// watched is what the service tells of itself: to whoever asks over HTTP, at any moment.
type watched struct {
	mu       sync.Mutex
	began    time.Time         // the look that goes on, or the last one
	ended    time.Time         // the last look; zero before the first has ended
	ok       bool              // it had no failure
	runs     map[[2]string]int // by job and outcome
	success  map[string]time.Time
	findings map[ingest.Severity]int // nil until a database was looked into
	late     int                     // territories whose workbook of the month before is missing after the last day to send it
}

func newWatched(now time.Time) *watched {
	return &watched{began: now, runs: map[[2]string]int{}, success: map[string]time.Time{}}
}

func (w *watched) looking(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = at
}

func (w *watched) looked(at time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended, w.ok = at, ok
}

func (w *watched) finished(job, outcome string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[[2]string{job, outcome}]++
	if outcome == runDone {
		w.success[job] = at
	}
}

// remember takes from the journal when the runs of the calendar were last done, before this process too.
func (w *watched) remember(last map[string]ingest.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range last {
		if e.Outcome == runDone && e.At.After(w.success[e.Kind]) {
			w.success[e.Kind] = e.At
		}
	}
}

// observe counts what waits in a database that was brought up to date.
func (w *watched) observe(r *run, db *transform.Warehouse) error {
	files, err := db.OpenFindings(r.ctx)
	if err != nil {
		return err
	}
	findings := map[ingest.Severity]int{}
	for _, f := range files {
		for severity, n := range f.Counts {
			findings[severity] += n
		}
	}
	late, err := lateTerritories(r, db)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.findings, w.late = findings, len(late)
	return nil
}

// lateTerritories are those whose workbook is missing, of the last month whose last day has passed.
func lateTerritories(r *run, db *transform.Warehouse) ([]string, error) {
	month := monthOf(r.now()).AddDate(0, -1, 0)
	if !today(r.now()).After(dueDay(month)) {
		month = month.AddDate(0, -1, 0)
	}
	return db.Missing(r.ctx, month)
}

// watch answers /healthz (the process looks), /readyz (and its last look had no failure) and /metrics. A look that is
// later than this is a process that hangs.
func (s *service) watch(late time.Duration) http.Handler {
	mux := http.NewServeMux()
	answer := func(path string, sound func(*watched) string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			s.state.mu.Lock()
			defer s.state.mu.Unlock()
			if why := sound(s.state); why != "" {
				http.Error(w, why, http.StatusServiceUnavailable)
				return
			}
			fmt.Fprintln(w, "ok")
		})
	}
	alive := func(w *watched) string {
		since, limit := w.ended, late
		if w.ended.Before(w.began) { // a look goes on
			since, limit = w.began, publishLimit
		}
		if s.now().Sub(since) > limit {
			return "no look has ended since " + since.UTC().Format(time.RFC3339)
		}
		return ""
	}
	answer("/healthz", alive)
	answer("/readyz", func(w *watched) string {
		switch why := alive(w); {
		case why != "":
			return why
		case w.ended.IsZero():
			return "the first look goes on"
		case !w.ok:
			return "the last look had a failure: the log says which"
		}
		return ""
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.state.mu.Lock()
		defer s.state.mu.Unlock()
		s.state.write(w)
		if free, err := (&Workspace{Dir: s.workspace}).free(); err == nil {
			gauge(w, "cairn_disk_free_bytes", "Room on the disk of the workspace.")
			fmt.Fprintf(w, "cairn_disk_free_bytes %d\n", free)
		}
	})
	return mux
}

// metric writes what stands before the values of a metric, in the text format of Prometheus.
func metric(out io.Writer, name, kind, help string) {
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func gauge(out io.Writer, name, help string) { metric(out, name, "gauge", help) }

// write writes the state.
func (w *watched) write(out io.Writer) {
	seconds := func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return float64(t.UnixMilli()) / 1000
	}
	gauge(out, "cairn_info", "The version that runs.")
	fmt.Fprintf(out, "cairn_info{version=%q} 1\n", Version)
	gauge(out, "cairn_last_look_timestamp_seconds", "When the last look at the inbox and the calendar ended.")
	fmt.Fprintf(out, "cairn_last_look_timestamp_seconds %.3f\n", seconds(w.ended))
	gauge(out, "cairn_last_look_ok", "1 when the last look had no failure.")
	fmt.Fprintf(out, "cairn_last_look_ok %d\n", map[bool]int{true: 1}[w.ok])
	metric(out, "cairn_runs_total", "counter", "Runs since the start, by job and outcome.")
	for _, k := range slices.SortedFunc(maps.Keys(w.runs), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		fmt.Fprintf(out, "cairn_runs_total{kind=%q,outcome=%q} %d\n", k[0], k[1], w.runs[k])
	}
	gauge(out, "cairn_last_success_timestamp_seconds", "When a job was last done: those of the calendar ever, the others since the start.")
	for _, job := range slices.Sorted(maps.Keys(w.success)) {
		fmt.Fprintf(out, "cairn_last_success_timestamp_seconds{kind=%q} %.3f\n", job, seconds(w.success[job]))
	}
	if w.findings == nil {
		return
	}
	gauge(out, "cairn_findings", "Findings that wait for a correction or an explanation, by severity.")
	for _, severity := range severityOrder[:3] { // a note waits for nobody
		fmt.Fprintf(out, "cairn_findings{severity=%q} %d\n", severity, w.findings[severity])
	}
	gauge(out, "cairn_late_territories", "Territories whose workbook is missing after the last day to send it.")
	fmt.Fprintf(out, "cairn_late_territories %d\n", w.late)
}
