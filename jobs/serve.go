package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

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
	sendLimit    = time.Hour
	publishLimit = 2 * time.Hour
	endLimit     = 30 * time.Second // from SIGTERM to the end
)

// Run looks until the context ends.
func (c *serveCmd) Run(e *env) error {
	if c.Every < time.Second {
		return &hintError{fmt.Errorf("serve: --every %v is too often", c.Every), "write it as 5m"}
	}
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	release, err := acquire(w.path(serviceLockFile), Holder{"serve", os.Getpid(), e.now().UTC()})
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer release()
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
	tries    map[string]try // of what is not done yet and may be later, by name
	updated  string         // the journal's chain, and the day, when the database and the returns were last brought up to them …
	returned string         // … and when the returns were last delivered
	state    *watched
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
	delete(s.tries, "collect") // what comes is kept at once, whatever failed before
	ok := s.attempt("collect", collectLimit, s.collect)
	ok = s.attempt("update", publishLimit, s.update) && ok
	ok = s.attempt("returns", sendLimit, s.deliverReturns) && ok
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

// collect takes what is new: the rest of a look may fail, what came is archived.
func (s *service) collect(ctx context.Context) error {
	r, release, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	received, err := r.gather()
	if received > 0 {
		slog.Info("collected", "files", received)
	}
	return err
}

// update brings the database and the returns up to the journal.
func (s *service) update(ctx context.Context) error {
	return s.onChange(ctx, &s.updated, func(r *run, db *transform.Warehouse) error {
		if err := r.writeReturns(db); err != nil {
			return err
		}
		return s.state.observe(r, db)
	})
}

func (s *service) deliverReturns(ctx context.Context) error {
	return s.onChange(ctx, &s.returned, func(r *run, db *transform.Warehouse) error { return r.deliver(db, occasion{what: occasionReturns}) })
}

// onChange does a step on the current database, when the journal or the day is another than when it was last done.
func (s *service) onChange(ctx context.Context, last *string, do func(*run, *transform.Warehouse) error) error {
	r, release, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	if _, err := r.gather(); err != nil {
		return err
	}
	here := func() string { return r.journal.Chain() + today(s.now()).Format(time.DateOnly) }
	if here() == *last {
		return nil
	}
	db, err := r.current()
	if errors.Is(err, transform.ErrNoSubmission) {
		*last = here()
		return nil
	}
	if err != nil {
		return err
	}
	defer db.Close()
	if err := do(r, db); err != nil {
		return err
	}
	*last = here()
	return nil
}

// deliver brings what an occasion owes, as the configuration says. Letters that were refused are in the journal and the log.
func (r *run) deliver(db *transform.Warehouse, o occasion) error {
	d := &delivery{env: r.env, workspace: r.workspace, journal: r.journal, db: db, send: r.workspace.Config.Mail.Send}
	refused, err := d.deliver(o)
	if refused > 0 {
		slog.Warn("letters were refused", "number", refused, "hint", "cairn status names them; mend the address, then: cairn send "+o.what+" --again")
	}
	if err != nil {
		return &undeliveredError{err}
	}
	return nil
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
	s.state.remember(last)
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
	err = ingest.Guard(func() error { return s.perform(r, o) })
	switch {
	case err == nil:
		return r.journal.Append(entry)
	case !passing(err) && !errors.Is(err, errWaits) && ctx.Err() == nil:
		entry.Outcome, entry.Reason = runFailed, err.Error()
		return errors.Join(err, r.journal.Append(entry))
	}
	return err
}

// perform does the work of a run. It waits as long as no workbook of the month has come from anyone: there is
// nothing to publish, and a clock that is years ahead publishes nothing either.
func (s *service) perform(r *run, o slot) error {
	db, err := r.current()
	if errors.Is(err, transform.ErrNoSubmission) {
		return errWaits
	}
	if err != nil {
		return err
	}
	defer db.Close()
	if o.job == jobReminder {
		return r.deliver(db, occasion{what: occasionReminder, period: o.period, due: dueDay(o.period), step: o.step})
	}
	horizon, err := db.Horizon(r.ctx)
	if err != nil {
		return err
	}
	if horizon.Before(o.period) {
		return errWaits
	}
	if o.job == jobImpact {
		return r.deliver(db, occasion{what: occasionImpact, period: o.period})
	}
	if _, err := r.release(db); err != nil {
		return err
	}
	if err := r.writeReturns(db); err != nil {
		return err
	}
	return r.deliver(db, occasion{what: occasionRelease, period: o.period})
}

// witness calls the address that notices when nobody calls.
func (s *service) witness() {
	w, err := OpenWorkspace(s.workspace)
	if err != nil || w.Config.Calendar.Witness == "" {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	if err := call(ctx, w.Config.Calendar.Witness); err != nil {
		slog.Warn("the witness could not be called", "error", err)
	}
}

// call asks for an address, which may hold a token: no error tells it.
func call(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err == nil {
		var answer *http.Response
		if answer, err = http.DefaultClient.Do(request); err == nil {
			if err = answer.Body.Close(); answer.StatusCode >= http.StatusMultipleChoices {
				err = fmt.Errorf("it answered %s", answer.Status)
			}
		}
	}
	if failed := new(url.Error); errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
