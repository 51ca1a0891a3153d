package jobs

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// To forget is a line of the journal first: it names the originals that are to be destroyed, those that take their
// place, the lines that lose their words and the months whose releases are made again. From then on the journal tells
// its entries as that leaves them, at whatever line one looks; all that follows is done from that line alone, and can be done
// again: what the line wants destroyed is destroyed, the database is made from nothing, the releases are published
// as new versions, and a second line says that it is done. Where the second is missing, the next run goes on.

type forgetCmd struct {
	Submission string `help:"A file as it was received, below inbox/: that workbook, with every version of it." xor:"what" required:"" placeholder:"FILE"`
	Emetteur   string `help:"One who answers for himself, by his acteur_id or peer group: his workbooks, and of an actor every row that names him." xor:"what" required:"" placeholder:"ID"`
	Respondent string `help:"A respondent of « Principes », by the pseudonym in the workbooks: his rows." xor:"what" required:"" placeholder:"NAME"`
	Retention  bool   `help:"Answers of respondents that are older than « conservation » of cairn.toml allows; releases stay." xor:"what" required:""`
	Territory  string `help:"Whose émetteur or respondent that is." placeholder:"ID"`
	DryRun     bool   `help:"Say what would be destroyed, and do nothing." short:"n"`
}

// Help is printed after the options of « cairn forget --help ».
func (forgetCmd) Help() string {
	return `What is forgotten is gone for good: there is no way back. Try it first with --dry-run.

A workbook that tells of others too is written again without what is forgotten, every other cell at its address, and
takes the place of the original. Destroyed are the originals, their copies in inbox/, the drafts in courriels/, outbox/a-date/,
quarantaine/, the paths and reasons in the journal that would name the forgotten, and every release that was published
since the first of the originals came, which is made again as a new version that says so, but not because of whom.

Copies that have left (letters, the shared folder, backups) are out of reach: they are listed. The same bytes are not
taken again when they come back.`
}

// Retention says for how long what people answered is kept.
type Retention struct {
	Months int `toml:"reponses_mois"` // after the day of the answer; 0: for good
}

func (c Retention) validate() error {
	if c.Months != 0 && c.Months < 12 {
		return errors.New("conservation: reponses_mois is 12 at least, for which an answer counts, or 0: for good")
	}
	return nil
}

// Run forgets.
func (c *forgetCmd) Run(e *env) error {
	if err := c.run(e); err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	return nil
}

func (c *forgetCmd) run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	if (c.Emetteur != "" || c.Respondent != "") && c.Territory == "" {
		return &hintError{errors.New("whose?"), "give the territory too: --territory"}
	}
	if c.Retention && w.Config.Retention.Months == 0 {
		return &hintError{errors.New("cairn.toml sets no time after which answers are destroyed"), "set it: [conservation] reponses_mois = 36"}
	}
	release, err := e.lock(w, "forget")
	if err != nil {
		return err
	}
	defer release()
	quiet := *e
	quiet.stdout = io.Discard
	f := &forgetting{run: &run{env: &quiet, workspace: w}, command: c, out: e.stdout}
	if c.DryRun {
		if f.model, err = ingest.LoadModel(); err == nil {
			f.journal, err = w.journal()
		}
	} else {
		err = f.upToDate()
	}
	if err != nil {
		return err
	}
	if err := f.find(); err != nil {
		return err
	}
	switch {
	case len(f.touched()) == 0:
		fmt.Fprintln(f.out, "Rien à effacer\u00a0: aucune réponse n’a dépassé sa durée de conservation.")
		return nil
	case c.DryRun:
		return f.report()
	}
	return f.carryOut()
}

// forgetting is what is to be forgotten, and what has been found of it.
type forgetting struct {
	*run
	command *forgetCmd
	out     io.Writer

	subs       map[string]*ingest.Submission // by original
	paths      map[string]string             // where an original last lay
	words      []string                      // who is to be forgotten, as texts may name him
	destroyed  map[string]bool               // originals of which nothing stays
	redactions map[string]*ingest.Redaction  // of those that tell of others too
	written    map[string][]byte             // … and what takes their place
	asked      map[string]bool               // findings whose decisions tell of the forgotten
}

// upToDate takes what lies in the inbox, so that none of it comes later, and ends what was begun before.
func (f *forgetting) upToDate() error {
	if _, err := f.gather(); err != nil {
		return err
	}
	inUse, err := f.workspace.tidyScratch()
	if err != nil {
		return err
	}
	if inUse > 0 {
		return &hintError{errors.New("another cairn works with a copy of the database"), "wait until it has ended"}
	}
	db, err := f.current()
	if errors.Is(err, transform.ErrNoSubmission) {
		return nil
	}
	if err != nil {
		return err
	}
	return db.Close()
}

// entry is the line of the journal. The replacements are in the archive.
func (f *forgetting) entry(replacements map[string]string) ingest.Entry {
	e := ingest.Entry{Type: ingest.EntryForget, At: f.now().UTC(), Kind: f.kind()}
	for _, o := range slices.Sorted(maps.Keys(f.touched())) {
		e.Forgotten = append(e.Forgotten, ingest.Forgotten{Original: o, Replacement: replacements[o]})
	}
	e.Silenced, e.Reissued = f.silenced(), f.reissued()
	return e
}

// kind is what is forgotten, as the journal says it: never of whom.
func (f *forgetting) kind() string {
	switch c := f.command; {
	case c.Submission != "":
		return "submission"
	case c.Emetteur != "":
		return "emetteur"
	case c.Respondent != "":
		return "respondent"
	}
	return "retention"
}

// touched are the originals that are destroyed, whether something takes their place or not.
func (f *forgetting) touched() map[string]bool {
	all := maps.Clone(f.destroyed)
	for o := range f.written {
		all[o] = true
	}
	return all
}

// silenced are the lines, from 1, whose words would name what is forgotten.
func (f *forgetting) silenced() []int {
	var lines []int
	gone := map[int]bool{} // receptions, by their place from 1
	place := 0
	for i, e := range f.journal.Entries() {
		silence := ingest.Named(e.Path+"\n"+e.Reason, f.words)
		switch e.Type {
		case ingest.EntryReception:
			place++
			gone[place] = f.destroyed[e.Original] && !e.Gone
			silence = silence || gone[place]
		case ingest.EntryWithdrawal:
			silence = silence || gone[e.Reception]
		case ingest.EntryDecision:
			silence = silence || f.asked[e.Finding]
		}
		if silence && e.Path+e.Reason != "" && e.Sealed == "" {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// reissued are the months with a release since the first of the originals came.
func (f *forgetting) reissued() []string {
	if f.command.Retention {
		return nil // figures of many, published while the answers were kept
	}
	var months []string
	touched, since := f.touched(), false
	for _, e := range f.journal.Entries() {
		since = since || e.Type == ingest.EntryReception && !e.Gone && touched[e.Original]
		if since && e.Type == ingest.EntryRelease && !slices.Contains(months, e.Period) {
			months = append(months, e.Period)
		}
	}
	slices.Sort(months)
	return months
}

// carryOut destroys, makes everything again, and says what was done.
func (f *forgetting) carryOut() error {
	if err := f.journal.Silenceable(f.silenced()); err != nil {
		return err
	}
	replacements := map[string]string{}
	for o, data := range f.written {
		digest, err := f.workspace.archive().Put(data)
		if err != nil {
			return err
		}
		replacements[o] = digest
	}
	if err := f.report(); err != nil {
		return err
	}
	if err := f.journal.Append(f.entry(replacements)); err != nil {
		return err
	}
	if err := ingest.Failpoint("forget.journalled"); err != nil {
		return err
	}
	if err := f.destroyForgotten(); err != nil {
		return err
	}
	if err := f.readInputs(f.journal); err != nil {
		return err
	}
	db, err := f.current()
	if errors.Is(err, transform.ErrNoSubmission) {
		fmt.Fprintln(f.out, "C’est fait. Il ne reste aucun classeur\u00a0: rien n’est publié.")
		return nil
	}
	if err != nil {
		return err
	}
	defer db.Close()
	if err := f.writeReturns(db); err != nil {
		return err
	}
	for _, month := range f.lastReleases() {
		fmt.Fprintf(f.out, "Publié\u00a0: %s\n", month)
	}
	fmt.Fprintln(f.out, "C’est fait. Le journal dit qu’un effacement a eu lieu, pas de qui.")
	return nil
}

// lastReleases are the releases published by what was just forgotten.
func (f *forgetting) lastReleases() []string {
	var all []string
	for _, e := range f.journal.Entries() {
		switch e.Type {
		case ingest.EntryForget:
			all = nil
		case ingest.EntryRelease:
			all = append(all, fmt.Sprintf("%s v%d", e.Period, e.Version))
		}
	}
	return all
}

// destroyForgotten destroys what the journal wants destroyed and does not yet say that it is. It may have been done
// before, in part or whole.
func (r *run) destroyForgotten() error {
	if r.journal.Unfinished() < 0 {
		return nil
	}
	w := r.workspace
	if _, err := ingest.DropForgotten(w.path("inbox"), w.archive(), r.journal); err != nil {
		return err
	}
	gone := []string{databaseFile, databaseFile + ".wal", "returns", lettersDir, quarantineDir, filepath.Join("outbox", asOfDir)}
	for _, name := range append(gone, destroyedReleases(r.journal)...) {
		if err := ingest.RemoveDurably(w.path(name)); err != nil {
			return err
		}
	}
	if err := w.archive().Keep(r.journal.Named()); err != nil {
		return err
	}
	if err := ingest.Failpoint("forget.destroyed"); err != nil {
		return err
	}
	if err := r.journal.Silence(); err != nil {
		return err
	}
	return ingest.Failpoint("forget.silenced")
}

// destroyedReleases are the folders of the releases that rested on what was forgotten, below the workspace.
func destroyedReleases(journal *ingest.Journal) []string {
	var all []string
	entries := journal.Entries()
	for i, e := range entries {
		if e.Type != ingest.EntryForget {
			continue
		}
		for _, earlier := range entries[:i] {
			if earlier.Type == ingest.EntryRelease && slices.Contains(e.Reissued, earlier.Period) {
				all = append(all, releasePath(earlier))
			}
		}
	}
	return all
}

// releasePath is the folder of a release, below the workspace.
func releasePath(e ingest.Entry) string {
	return filepath.Join("outbox", e.Period, fmt.Sprintf("v%d", e.Version))
}

// finishForgetting publishes again the months whose releases were destroyed, from a database that knows nothing of
// what was forgotten, and says that it is done.
func (r *run) finishForgetting(db *transform.Warehouse) error {
	first := r.journal.Unfinished()
	if first < 0 {
		return nil
	}
	owed := map[string]bool{}
	for _, e := range r.journal.Entries()[first:] {
		switch e.Type {
		case ingest.EntryForget:
			for _, month := range e.Reissued {
				owed[month] = true
			}
		case ingest.EntryRelease:
			delete(owed, e.Period)
		}
	}
	horizon, err := db.Horizon(r.ctx)
	if err != nil {
		return err
	}
	begin, _, err := db.SubmittedMonths(r.ctx)
	if err != nil {
		return err
	}
	for _, month := range slices.Sorted(maps.Keys(owed)) {
		again := *r
		if again.period, err = parsePeriod(month); err != nil {
			return err
		}
		if begin.IsZero() || again.period.Before(begin) { // nothing is left to tell of it
			continue
		}
		if again.period.Equal(horizon) { // as the next run asks for it
			again.period = time.Time{}
		}
		again.final = false // or as it was before
		again.inputs = again.digest(again.period, false)
		if _, err := again.release(db); err != nil {
			return fmt.Errorf("publish %s again: %w", month, err)
		}
	}
	return r.sayForgotten()
}

func (r *run) sayForgotten() error {
	if err := r.journal.Append(ingest.Entry{Type: ingest.EntryForgotten, At: r.now().UTC()}); err != nil {
		return err
	}
	fmt.Fprintln(r.stdout, "forgotten: what a cairn forget that was stopped had left to do is done")
	return nil
}

// checkForgotten refuses to let anything leave while something is to be forgotten still.
func checkForgotten(journal *ingest.Journal) error {
	if journal.Unfinished() < 0 {
		return nil
	}
	return &hintError{errors.New("what was to be forgotten is not destroyed yet: cairn forget was stopped"), "cairn run ends it"}
}
