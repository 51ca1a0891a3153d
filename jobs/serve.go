package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/robfig/cron/v3"

	"cairn/ingest"
	"cairn/transform"
)

type serveCmd struct {
	Every  time.Duration `help:"How often to look at the inbox and the calendar." default:"5m"`
	Listen string        `help:"Where /healthz, /readyz and /metrics are answered; empty: nowhere." default:"127.0.0.1:9464" placeholder:"ADDRESS"`
}

// Help is printed after the options of « cairn serve --help ».
func (serveCmd) Help() string {
	return `It looks at once, and then again and again: takes what is new in inbox/, writes the returns, and does what the
calendar of cairn.toml owes — releases, reminders, deliveries — each once, whenever it was stopped in between. What
failed and may succeed later is tried again. Another cairn may work in the workspace between two looks. Logs are
JSON on standard error. It ends at SIGTERM, within thirty seconds, and nothing is lost when it is killed.`
}

// How long a step may take before it is stopped, and tried again later.
const (
	collectLimit = 30 * time.Minute
	publishLimit = 2 * time.Hour
	sendLimit    = time.Hour
	endLimit     = 30 * time.Second // from SIGTERM to the end
)

// Run looks until the context ends.
func (c *serveCmd) Run(e *env) error {
	if c.Every < time.Second {
		return &hintError{fmt.Errorf("serve: --every %v is too often", c.Every), "write it as 5m"}
	}
	if _, err := OpenWorkspace(e.workspace); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(e.stderr, nil)))
	s := newService(e)
	if c.Listen != "" {
		l, err := net.Listen("tcp", c.Listen)
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		server := &http.Server{Handler: s.watch(3 * c.Every), ReadHeaderTimeout: 10 * time.Second}
		go server.Serve(l)
		defer server.Close()
		slog.Info("watched", "address", l.Addr().String())
	}
	looks := cron.New(cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	looks.Schedule(cron.Every(c.Every), cron.FuncJob(s.look))
	looks.Start()
	first := make(chan struct{})
	go func() {
		defer close(first)
		looks.Entries()[0].WrappedJob.Run() // at once, and never beside another look
	}()
	<-e.ctx.Done()
	slog.Info("ending")
	stopped := looks.Stop()
	abandoned := time.After(endLimit)
	for _, done := range []<-chan struct{}{stopped.Done(), first} {
		select {
		case <-done:
		case <-abandoned:
			return errors.New("serve: what was going on did not end in time: it is abandoned, and done again at the next start")
		}
	}
	return nil
}

// service looks again and again at what is owed, and does it. What it must remember is in the journal.
type service struct {
	*env
	tries map[string]try // of what failed and may succeed later, by name
	chain string         // of the journal that the database and the returns were last brought up to …
	day   time.Time      // … and on which day
	state *watched
}

// try is what failed lately.
type try struct {
	count int
	after time.Time // not before
}

func newService(e *env) *service {
	own := *e
	own.stdout = logLines{}
	return &service{env: &own, tries: map[string]try{}, state: newWatched(e.now())}
}

// logLines writes what a command would print into the log.
type logLines struct{}

func (logLines) Write(data []byte) (int, error) {
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			slog.Info(line)
		}
	}
	return len(data), nil
}

// look does what is owed now. One failure does not keep the rest from being done.
func (s *service) look() {
	s.state.looking(s.now())
	ok := s.attempt("collect", collectLimit, s.collect)
	owed, err := s.owed()
	if err != nil {
		slog.Error("the calendar cannot be read", "error", err)
		ok = false
	}
	for _, o := range owed {
		if s.ctx.Err() != nil {
			return
		}
		ok = s.attempt(o.String(), publishLimit, func(ctx context.Context) error { return s.do(ctx, o) }) && ok
	}
	s.state.looked(s.now(), ok)
	if ok {
		s.witness()
	}
}

// attempt does one thing within a time, unless it failed too lately. It reports whether that has not failed.
func (s *service) attempt(name string, limit time.Duration, do func(context.Context) error) bool {
	last := s.tries[name]
	if s.now().Before(last.after) {
		return false
	}
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	err := guard(ctx, do)
	job, _, _ := strings.Cut(name, " ")
	if err == nil {
		delete(s.tries, name)
		s.state.finished(job, "done", s.now())
		return true
	}
	if s.ctx.Err() != nil { // it was stopped, and is done again at the next start
		slog.Info("stopped", "job", name)
		return true
	}
	s.state.finished(job, "failed", s.now())
	if last.count++; !passing(err) {
		last.count = tryMost
	}
	last.after = s.now().Add(pause(last.count))
	s.tries[name] = last
	slog.Error("failed", "job", name, "error", err, "hint", hintOf(err), "again", last.after.UTC().Format(time.RFC3339))
	return false
}

// tryMost is the number of tries after which the longest pause is kept; what will not pass by itself begins there.
const tryMost = 7

// pause is how long to wait after so many failures: a minute, doubled up to an hour, and up to a fifth more, so that what failed
// together does not come back together.
func pause(failures int) time.Duration {
	wait := min(time.Minute<<(min(failures, tryMost)-1), time.Hour)
	return wait + time.Duration(rand.Int64N(int64(wait)/5))
}

// guard runs a step; a panic is its failure, not the end of the service.
func guard(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return do(ctx)
}

// passing reports whether a failure may go away by itself: a lock, a disk, a network, a time that was too short.
func passing(err error) bool {
	var (
		held        *heldError
		room        *roomError
		undelivered *undeliveredError
		system      syscall.Errno
		network     net.Error
		engine      *duckdb.Error
	)
	if errors.As(err, &engine) {
		return engine.Type == duckdb.ErrorTypeIO || engine.Type == duckdb.ErrorTypeOutOfMemory || engine.Type == duckdb.ErrorTypeInterrupt
	}
	return errors.As(err, &held) || errors.As(err, &room) || errors.As(err, &undelivered) || errors.As(err, &system) || errors.As(err, &network) ||
		errors.Is(err, context.DeadlineExceeded)
}

func hintOf(err error) string {
	var h *hintError
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// begin opens the workspace as it is now, for one step, under the lock.
func (s *service) begin(ctx context.Context) (*run, func(), error) {
	w, err := OpenWorkspace(s.workspace)
	if err != nil {
		return nil, nil, err
	}
	release, err := s.lock(w, "serve")
	if err != nil {
		return nil, nil, err
	}
	own := *s.env
	own.ctx = ctx
	return &run{env: &own, workspace: w}, release, nil
}

// collect takes what is new, and brings the database, the returns and their letters up to the journal.
func (s *service) collect(ctx context.Context) error {
	r, release, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	received, err := r.gather()
	if err != nil {
		return err
	}
	if received > 0 {
		slog.Info("collected", "files", received)
	}
	day := today(s.now())
	if r.journal.Chain() == s.chain && day.Equal(s.day) || len(r.state.Receptions) == 0 {
		return nil
	}
	db, err := r.current()
	if err != nil {
		return err
	}
	defer db.Close()
	if err := r.writeReturns(db); err != nil {
		return err
	}
	if err := r.deliver(db, occasion{what: occasionReturns}); err != nil {
		return err
	}
	s.chain, s.day = r.journal.Chain(), day
	return s.state.observe(r, db)
}

// deliver brings what an occasion owes, as the configuration says. Letters that were refused are in the journal and the log.
func (r *run) deliver(db *transform.Warehouse, o occasion) error {
	d := &delivery{env: r.env, workspace: r.workspace, journal: r.journal, db: db, send: r.workspace.Config.Mail.Send}
	refused, err := d.deliver(o)
	if refused > 0 {
		slog.Warn("letters were refused", "number", refused, "hint", "cairn status names them; mend the address, then: cairn send "+o.what+" --again")
	}
	return err
}

// owed are the runs that the calendar owes now. One that failed for good is not owed again until what it rests on has changed.
func (s *service) owed() ([]slot, error) {
	w, err := OpenWorkspace(s.workspace)
	if err != nil {
		return nil, err
	}
	r := &run{env: s.env, workspace: w}
	if r.journal, err = w.journal(); err != nil {
		return nil, err
	}
	entries := r.journal.Entries()
	if len(entries) == 0 {
		return nil, nil
	}
	if r.state, err = readState(r.journal, w.archive()); err != nil {
		return nil, err
	}
	r.state.Sets = w.Config.sets()
	last := lastRuns(r.journal)
	return due(s.now(), entries[0].At, &w.Config.Calendar, func(o slot) bool {
		e, known := last[o.String()]
		return known && (e.Outcome == runDone || e.Inputs == r.digest(o.period, o.job == jobFinal))
	}), nil
}

// What became of a run, as the journal has it.
const (
	runDone   = "done"
	runFailed = "failed"
)

// lastRuns are the last lines of the journal about each run of the calendar, by its name.
func lastRuns(j *ingest.Journal) map[string]ingest.Entry {
	last := map[string]ingest.Entry{}
	for _, e := range j.Entries() {
		if e.Type == ingest.EntryRun {
			if month, err := time.Parse("2006-01", e.Period); err == nil {
				last[slot{job: e.Kind, period: month, step: e.Step}.String()] = e
			}
		}
	}
	return last
}

// do does a run of the calendar, and journals what became of it: that it was done, or that it failed in a way that
// will not pass by itself.
func (s *service) do(ctx context.Context, o slot) error {
	r, release, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	r.final = o.job == jobFinal
	r.period = o.period
	if _, err := r.gather(); err != nil {
		return err
	}
	entry := ingest.Entry{Type: ingest.EntryRun, At: s.now().UTC(), Kind: o.job, Period: o.period.Format("2006-01"), Step: o.step, Inputs: r.inputs, Outcome: runDone}
	waits := false
	err = guard(ctx, func(context.Context) (err error) {
		waits, err = s.perform(r, o)
		return err
	})
	switch {
	case waits:
		slog.Info("waits for a first workbook of its month", "job", o.String())
		return nil
	case err == nil:
		return r.journal.Append(entry)
	case !passing(err) && ctx.Err() == nil:
		entry.Outcome, entry.Reason = runFailed, err.Error()
		return errors.Join(err, r.journal.Append(entry))
	}
	return err
}

// perform does the work of a run. It waits as long as no workbook of the month has come from anyone: there is
// nothing to publish, and a clock that is years ahead publishes nothing either.
func (s *service) perform(r *run, o slot) (waits bool, err error) {
	db, err := r.current()
	if err != nil {
		return false, err
	}
	defer db.Close()
	if o.job == jobReminder {
		return false, r.deliver(db, occasion{what: occasionReminder, period: o.period, due: dueDay(o.period), step: o.step})
	}
	horizon, err := db.Horizon(r.ctx)
	if err != nil || horizon.Before(o.period) {
		return err == nil, err
	}
	if o.job == jobImpact {
		return false, r.deliver(db, occasion{what: occasionImpact, period: o.period})
	}
	if _, err := r.release(db); err != nil {
		return false, err
	}
	if err := r.writeReturns(db); err != nil {
		return false, err
	}
	return false, r.deliver(db, occasion{what: occasionRelease, period: o.period})
}

// witness calls the address that notices when nobody calls.
func (s *service) witness() {
	w, err := OpenWorkspace(s.workspace)
	if err != nil || w.Config.Calendar.Witness == "" {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Config.Calendar.Witness, nil)
	if err == nil {
		var answer *http.Response
		if answer, err = http.DefaultClient.Do(request); err == nil {
			err = answer.Body.Close()
		}
	}
	if err != nil {
		slog.Warn("the witness could not be called", "error", err)
	}
}
