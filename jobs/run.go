package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cairn/exports"
	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

type runCmd struct {
	Period string `help:"Month to publish, as 2026-10 (default: the latest month that anyone submitted)." placeholder:"MONTH"`
	Final  bool   `help:"The release is final: the answers of the month are closed. Its later versions are final too."`
	asOfFlag
}

// Run is the main job: collect, load, build, compute, publish.
func (c *runCmd) Run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	release, err := e.lock(w, "run")
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	defer release()
	r := &run{env: e, workspace: w, final: c.Final}
	if c.Period != "" {
		if r.period, err = parsePeriod(c.Period); err != nil {
			return err
		}
	}
	day, err := c.day(e.now())
	switch {
	case err != nil:
	case day.IsZero():
		err = r.do()
	default:
		err = r.reissue(day)
	}
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

// run is one run and what it has learnt so far.
type run struct {
	*env
	workspace *Workspace
	period    time.Time // zero: the latest submitted month
	final     bool      // the release is final
	model     *ingest.Model
	journal   *ingest.Journal
	state     transform.State
	inputs    string // digest of all that the release is a function of
	revised   exports.Revisions
	first     []byte // exports.PackFirst of what the release tells; nil where it is not known
	since     int    // the line of the release with which it is compared; −1 when there is none
}

func (r *run) do() error {
	received, err := r.gather()
	if err != nil {
		return err
	}
	fmt.Fprintf(r.stdout, "collected: %d new files\n", received)
	db, err := r.current()
	if err != nil {
		return err
	}
	defer db.Close()
	published, err := r.release(db)
	if err == nil && published {
		err = r.listReports()
	}
	if err != nil {
		return err
	}
	if err := r.writeReturns(db); err != nil {
		return err
	}
	return r.reportFindings(db)
}

// gather reads the journal and takes what is new: it returns how many files that was.
func (r *run) gather() (received int, err error) {
	if r.model, err = ingest.LoadModel(); err != nil {
		return 0, err
	}
	if r.journal, err = r.workspace.journal(); err != nil {
		return 0, err
	}
	if err := r.workspace.tidy(); err != nil {
		return 0, err
	}
	if n := r.journal.Torn(); n > 0 {
		fmt.Fprintf(r.stdout, "journal: a crash left %d bytes of a line that was never finished: they are dropped\n", n)
	}
	if err := r.destroyForgotten(); err != nil { // a process that was to do it was stopped
		return 0, err
	}
	return r.collect()
}

// current is the database of the latest month, brought up to the archive and the journal, if the disk has room for
// that. One that was built from the same state is left as it is.
func (r *run) current() (*transform.Warehouse, error) {
	w := r.workspace
	if err := errors.Join(w.room(), ingest.MkdirDurably(w.path("outbox"))); err != nil {
		return nil, err
	}
	key := r.digest(time.Time{}, false)
	stands, err := w.stands()
	if errors.As(err, new(*damagedError)) {
		err = r.quarantine(w, err)
	}
	if err != nil {
		return nil, err
	}
	if stands {
		db, err := w.openStanding()
		if err != nil {
			return nil, err
		}
		built, err := db.BuiltFrom(r.ctx)
		if err == nil {
			err = r.checkJournal(built)
		}
		if err == nil && built.Key == key {
			err = r.finishForgetting(db)
		}
		if err == nil && built.Key == key {
			return db, nil
		}
		if err := errors.Join(err, db.Close()); err != nil {
			return nil, err
		}
	}
	err = w.renew(r.ctx, !stands, func(db *transform.Warehouse) error { return r.build(db, time.Time{}, key) }, nil)
	if errors.Is(err, transform.ErrNoSubmission) && r.journal.Unfinished() >= 0 { // nothing is left to publish
		return nil, errors.Join(err, r.sayForgotten())
	}
	if err != nil {
		return nil, err
	}
	db, err := w.openStanding()
	if err != nil {
		return nil, err
	}
	if err := r.finishForgetting(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// release publishes the month that was asked for, the database's own or an earlier one, unless it is published already.
func (r *run) release(db *transform.Warehouse) (published bool, err error) {
	if last, current := r.upToDate(); current {
		fmt.Fprintf(r.stdout, "nothing has changed since release %s v%d: nothing to publish\n", last.Period, last.Version)
		return false, nil
	}
	if r.state.Horizon, err = db.Horizon(r.ctx); err != nil {
		return false, err
	}
	if err := r.checkMonth(db, r.period); err != nil {
		return false, err
	}
	if !r.period.IsZero() && !r.period.Equal(r.state.Horizon) {
		earlier, discard, err := r.workspace.scratch()
		if err != nil {
			return false, err
		}
		defer discard()
		if err := r.build(earlier, r.period, r.inputs); err != nil {
			return false, err
		}
		db, r.state.Horizon = earlier, r.period
	}
	return true, r.publish(db)
}

// checkMonth refuses a month of which nothing can be told: before the first that a territory submitted, or after the last
// that anyone did. Of one that was published the last workbook may be gone since: it is published again.
func (r *run) checkMonth(db *transform.Warehouse, month time.Time) error {
	if month.IsZero() {
		return nil
	}
	first, last, err := db.SubmittedMonths(r.ctx)
	switch {
	case err != nil:
		return err
	case first.IsZero() || month.Before(first):
		return &hintError{fmt.Errorf("no workbook of a territory was received of %s, or of a month before", month.Format("2006-01")), "cairn status tells what was received"}
	case month.After(last) && r.newest(month).Version == 0:
		return &hintError{fmt.Errorf("no workbook of %s was received", month.Format("2006-01")), "the latest month that anyone submitted is " + last.Format("2006-01")}
	}
	return nil
}

// collect archives what is new: the reference files first, then the inbox.
func (r *run) collect() (int, error) {
	archive := r.workspace.archive()
	for _, name := range []string{"territoires.csv", "parametres.csv"} {
		data, err := os.ReadFile(r.workspace.path(name))
		switch {
		case err == nil:
		case name == "parametres.csv" && errors.Is(err, fs.ErrNotExist):
			data = transform.DefaultParameters
		default:
			return 0, err
		}
		if err := ingest.CollectReference(name, data, archive, r.journal, r.now); err != nil {
			return 0, err
		}
	}
	received, left, err := ingest.Collect(r.workspace.path("inbox"), archive, r.journal, r.now)
	for _, l := range left {
		fmt.Fprintf(r.stdout, "left in the inbox: %s: %s\n", l.Path, l.Why)
	}
	if err != nil {
		return len(received), err
	}
	return len(received), r.readInputs(r.journal)
}

// readInputs reads what a journal's database, and a release of it, are a function of.
func (r *run) readInputs(journal *ingest.Journal) (err error) {
	if r.state, err = readState(journal, r.workspace.archive()); err != nil {
		return err
	}
	r.state.Sets = r.workspace.Config.sets()
	r.inputs = r.digest(r.period, r.final)
	return nil
}

// setsThen are today's sets with the territories that an earlier territoires.csv has: cairn.toml is today's, and may
// name some that came later.
func (r *run) setsThen(territoires []byte) (sets []transform.Set, err error) {
	rows, err := ingest.ParseCSV(r.model, r.model.Schemas["territoires"], territoires)
	if err != nil {
		return nil, fmt.Errorf("territoires.csv: %w", err)
	}
	unknown := func(id string) bool {
		return !slices.ContainsFunc(rows, func(row map[string]string) bool { return row["territoire_id"] == id })
	}
	for _, s := range r.workspace.Config.sets() {
		if s.Territories = slices.DeleteFunc(slices.Clone(s.Territories), unknown); len(s.Territories) > 0 {
			sets = append(sets, s)
		}
	}
	return sets, nil
}

// checkJournal refuses a journal that no longer has the lines that the database was built from.
func (r *run) checkJournal(built transform.State) error {
	if r.journal.ChainAt(built.Lines) == built.Chain {
		return nil
	}
	return &hintError{fmt.Errorf("the journal has lost lines: the database was built from %d, it has %d, or others", built.Lines, len(r.journal.Entries())),
		"put it back from a backup: cairn restore"}
}

// readState finds in the journal and the archive what the database is a function of.
func readState(journal *ingest.Journal, archive ingest.Archive) (s transform.State, err error) {
	s, err = stateOf(journal.Entries(), archive)
	s.Lines, s.Chain = len(journal.Entries()), journal.Chain()
	return s, err
}

func stateOf(entries []ingest.Entry, archive ingest.Archive) (s transform.State, err error) {
	s.References, s.Withdrawn = map[string]string{}, map[int]bool{}
	decided := map[string]int{} // finding → its place among the decisions
	for _, e := range entries {
		switch e.Type {
		case ingest.EntryReception:
			s.Receptions = append(s.Receptions, e)
		case ingest.EntryReference:
			s.References[e.Path] = e.Original
		case ingest.EntryWithdrawal:
			s.Withdrawn[e.Reception] = true
		case ingest.EntryRelease:
			publication, err := readPublication(e)
			if err != nil {
				return s, err
			}
			s.Released = append(s.Released, publication)
		case ingest.EntryDecision:
			if i, again := decided[e.Finding]; again {
				s.Decisions[i] = e
				continue
			}
			decided[e.Finding] = len(s.Decisions)
			s.Decisions = append(s.Decisions, e)
		}
	}
	if s.References["territoires.csv"] == "" || s.References["parametres.csv"] == "" {
		return s, errors.New("no run yet")
	}
	if s.Territoires, err = archive.Get(s.References["territoires.csv"]); err != nil {
		return s, err
	}
	s.Parametres, err = archive.Get(s.References["parametres.csv"])
	return s, err
}

// readPublication is a release as the journal has it.
func readPublication(e ingest.Entry) (p transform.Publication, err error) {
	if p.Period, err = time.Parse("2006-01", e.Period); err != nil {
		return p, fmt.Errorf("journal: release of %q: %w", e.Period, err)
	}
	for _, text := range e.Secrets {
		words := strings.Split(text, " ")
		if len(words) != 4 {
			return p, fmt.Errorf("journal: release of %s: %q names no figure", e.Period, text)
		}
		month, err := time.Parse("2006-01", words[2])
		if err != nil {
			return p, fmt.Errorf("journal: release of %s: %w", e.Period, err)
		}
		p.Secrets = append(p.Secrets, transform.Secret{Indicator: words[0], Territory: words[1], Period: month, Modalite: words[3]})
	}
	return p, nil
}

// digest identifies the inputs of a run: the code, by which it begins, receptions, reference files, configuration, the
// release asked for.
func (r *run) digest(period time.Time, final bool) string {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for _, e := range r.state.Receptions {
		encoder.Encode([]any{e.Original, e.ReceivedAt})
	}
	for _, e := range r.state.Decisions {
		encoder.Encode([]any{e.Finding, e.Decision, e.Reason})
	}
	encoder.Encode(r.state.Withdrawn)
	encoder.Encode([]any{r.state.References, r.workspace.Config, period})
	if final {
		encoder.Encode("final")
	}
	return codeID() + " " + hex.EncodeToString(hash.Sum(nil))
}

// codeID identifies the program and its method.
func codeID() string { return Version + "+" + exports.MethodDigest()[:12] }

// upToDate finds a release of the same inputs that stands whole in the outbox.
func (r *run) upToDate() (ingest.Entry, bool) {
	for _, e := range slices.Backward(r.journal.Entries()) {
		if e.Type == ingest.EntryRelease && e.Inputs == r.inputs {
			period, err := time.Parse("2006-01", e.Period)
			return e, err == nil && r.newest(period).Version == e.Version && manifestDigest(r.releaseDir(e.Period, e.Version)) == e.Manifest
		}
	}
	return ingest.Entry{}, false
}

// originals are what the receptions among entries brought, but for what was forgotten.
func originals(entries []ingest.Entry) []string {
	var all []string
	for _, e := range entries {
		if e.Type == ingest.EntryReception && !e.Gone {
			all = append(all, e.Original)
		}
	}
	return all
}

// build makes the tables of a database from the archive and the journal, its calendar up to a month (zero: the
// latest that anyone submitted), under the key of this state.
func (r *run) build(db *transform.Warehouse, horizon time.Time, key string) error {
	received := originals(r.state.Receptions)
	bar := r.progress("reading workbooks")
	parsed, err := db.Load(r.ctx, r.model, r.workspace.archive(), received, bar.set)
	bar.end()
	if err != nil {
		return err
	}
	slog.Info("loaded", "parsed", parsed, "receptions", len(received))
	if err := ingest.Failpoint("database.loaded"); err != nil {
		return err
	}
	state := r.state
	state.Horizon, state.Key = horizon, key
	if err := db.Build(r.ctx, r.model, state); err != nil {
		return err
	}
	if err := ingest.Failpoint("database.built"); err != nil {
		return err
	}
	bar = r.progress("computing indicators")
	err = indicators.Compute(r.ctx, db, r.model, bar.set)
	bar.end()
	return err
}

// newest is the last journalled release of a period.
func (r *run) newest(period time.Time) ingest.Entry {
	var last ingest.Entry
	for _, e := range r.journal.Entries() {
		if e.Type == ingest.EntryRelease && e.Period == period.Format("2006-01") {
			last = e
		}
	}
	return last
}

func (r *run) releaseDir(period string, version int) string {
	return r.workspace.path(releasePath(ingest.Entry{Period: period, Version: version}))
}

// publish stages the release, compares it with the last of its period, and puts it in place when
// it is new or missing: the same bytes get the same version, other bytes the next.
func (r *run) publish(db *transform.Warehouse) error {
	last := r.newest(r.state.Horizon)
	version, err := r.firstVersion(db, last)
	if err != nil {
		return err
	}
	for {
		staged, manifest, err := r.stage(db, r.workspace.path("outbox"), version)
		if err != nil {
			return err
		}
		target := r.releaseDir(r.state.Horizon.Format("2006-01"), version)
		standing := manifestDigest(target)
		switch {
		case manifest == standing: // unchanged, or renamed into place just before a crash
			err = ingest.RemoveDurably(staged)
		case standing == "" && (last.Version < version || manifest == last.Manifest):
			if err = ingest.RemoveDurably(target); err == nil { // what is there is not whole: it is no release
				err = putInPlace(staged, target, manifest)
			}
		default:
			if err := ingest.RemoveDurably(staged); err != nil {
				return err
			}
			version++
			continue
		}
		if err != nil {
			return err
		}
		return r.record(db, last, version, manifest)
	}
}

// firstVersion is the first version that a release can have: not that of the last one, when its figures are others.
func (r *run) firstVersion(db *transform.Warehouse, last ingest.Entry) (int, error) {
	differ, err := r.figuresDiffer(db, last)
	if differ {
		return last.Version + 1, err
	}
	return max(last.Version, 1), err
}

// stage writes the release beside the place where it goes, below an outbox.
func (r *run) stage(db *transform.Warehouse, outbox string, version int) (dir, manifest string, err error) {
	period := r.state.Horizon.Format("2006-01")
	dir = filepath.Join(outbox, period, fmt.Sprintf(".v%d.partial", version))
	if err := ingest.RemoveDurably(dir); err != nil { // left by a crash
		return "", "", err
	}
	if err := ingest.MkdirDurably(filepath.Dir(dir)); err != nil {
		return "", "", err
	}
	if r.revised, err = r.revisions(db, version); err != nil {
		return "", "", err
	}
	bar := r.progress("writing the release")
	defer bar.end()
	manifest, err = exports.Stage(r.ctx, db, r.model, exports.Release{
		Period: r.state.Horizon, Version: version, Final: r.isFinal(), Code: codeID(),
		References: r.state.References, Parameters: r.state.Parametres,
		Programme: r.workspace.Config.Programme, Contact: r.workspace.Config.Contact, Licence: r.workspace.Config.Licence,
		Funders: r.workspace.Config.funders(), Revisions: r.revised, Earlier: r.earlier(version), Erased: r.erased(),
	}, dir)
	return dir, manifest, err
}

// isFinal reports whether the release of the horizon's month is final: it is asked to be, or was before.
func (r *run) isFinal() bool {
	month := r.state.Horizon.Format("2006-01")
	return r.final || slices.ContainsFunc(r.journal.Entries(), func(e ingest.Entry) bool {
		return e.Type == ingest.EntryRelease && e.Period == month && e.Final
	})
}

// erased is the day on which earlier versions of the horizon's month were destroyed, zero if none were.
func (r *run) erased() (day time.Time) {
	for _, e := range r.journal.Forgets() {
		if slices.Contains(e.Reissued, r.state.Horizon.Format("2006-01")) {
			day = today(e.At)
		}
	}
	return day
}

// earlier are the folders of the releases that were published before a version of the horizon's month.
func (r *run) earlier(version int) []string {
	var dirs []string
	for _, e := range r.journal.Entries() {
		if e.Type != ingest.EntryRelease || e.Period == r.state.Horizon.Format("2006-01") && e.Version >= version {
			continue
		}
		if dir := r.releaseDir(e.Period, e.Version); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// putInPlace reads a staged release back from the disk, then switches to it.
func putInPlace(staged, target, manifest string) error {
	if err := ingest.Failpoint("release.staged=" + staged); err != nil {
		return err
	}
	if !ingest.Planted("switch-before-verify") {
		read, err := exports.Whole(staged)
		if err == nil && read != manifest {
			err = errors.New("its manifest is not the one that was written")
		}
		if err != nil {
			return fmt.Errorf("the release is not put in place: %w", err)
		}
	}
	if err := ingest.RenameDurably(staged, target); err != nil {
		return err
	}
	return ingest.Failpoint("release.switched")
}

// record journals a release that is new, or the inputs under which an old one was found again.
func (r *run) record(db *transform.Warehouse, last ingest.Entry, version int, manifest string) error {
	period := r.state.Horizon.Format("2006-01")
	kept, err := indicators.Kept(r.ctx, db)
	if err != nil {
		return err
	}
	var secrets []string // as readPublication reads them
	for _, s := range kept {
		secrets = append(secrets, strings.Join([]string{s.Indicator, s.Territory, s.Period.Format("2006-01"), s.Modalite}, " "))
	}
	line := ingest.Entry{
		Type: ingest.EntryRelease, At: r.now().UTC(), Period: period, Version: version, Manifest: manifest, Inputs: r.inputs, Secrets: secrets, Final: r.isFinal(),
	}
	if err := r.keepPublished(db, r.releaseDir(period, version), &line); err != nil {
		return err
	}
	err = r.journal.Append(line)
	switch {
	case err != nil:
		return err
	case last.Version == version && last.Manifest == manifest:
		fmt.Fprintf(r.stdout, "no figure has changed: release %s v%d stands\n", period, version)
	default:
		fmt.Fprintf(r.stdout, "published: release %s v%d\n", period, version)
		r.sayRevisions(&r.revised)
	}
	return nil
}

// manifestDigest is the SHA-256 of a release's manifest; "" when there is none, or the release is not whole.
func manifestDigest(dir string) string {
	digest, err := exports.Whole(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			slog.Warn("a release is damaged", "dir", dir, "error", err)
		}
		return ""
	}
	return digest
}

// listReports prints where the release is and every report of it.
func (r *run) listReports() error {
	return r.listFiles(r.releaseDir(r.state.Horizon.Format("2006-01"), r.newest(r.state.Horizon).Version))
}

func (r *run) listFiles(dir string) error {
	fmt.Fprintf(r.stdout, "reports in %s\n", dir)
	return fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == exports.MethodDir:
			fmt.Fprintf(r.stdout, "  %s/\n", path)
			return fs.SkipDir
		case !d.IsDir():
			fmt.Fprintf(r.stdout, "  %s\n", path)
		}
		return nil
	})
}

// reportFindings says how many findings wait for a correction or an explanation.
func (r *run) reportFindings(db *transform.Warehouse) error {
	files, err := db.OpenFindings(r.ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	r.findings = true
	total := map[ingest.Severity]int{}
	for _, f := range files {
		for severity, n := range f.Counts {
			total[severity] += n
		}
	}
	fmt.Fprintf(r.stdout, "findings that remain: %d rejet, %d erreur, %d question in %d files (cairn status lists them)\n",
		total[ingest.Rejet], total[ingest.Erreur], total[ingest.Question], len(files))
	return nil
}
