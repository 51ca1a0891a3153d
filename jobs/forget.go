package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
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

// find looks through every original for what is to be forgotten.
func (f *forgetting) find() error {
	f.destroyed, f.redactions, f.written, f.asked = map[string]bool{}, map[string]*ingest.Redaction{}, map[string][]byte{}, map[string]bool{}
	if err := f.parse(); err != nil {
		return err
	}
	c := f.command
	var err error
	switch {
	case c.Submission != "":
		err = f.findSubmission()
	case c.Emetteur != "":
		err = f.findEmitter()
	case c.Respondent != "":
		f.words = []string{c.Respondent}
		field := slices.IndexFunc(f.model.Schemas["principes"].Fields, func(f ingest.Field) bool { return f.Pseudonym })
		f.findAnswers(c.Territory, func(r ingest.DataRow) bool { return r.Values[field] == c.Respondent })
	default:
		s := f.model.Schemas["principes"]
		field := slices.IndexFunc(s.Fields, func(f ingest.Field) bool { return f.Name == s.DateField })
		oldest := today(f.now()).AddDate(0, -f.workspace.Config.Retention.Months, 0).Format(time.DateOnly)
		f.findAnswers("", func(r ingest.DataRow) bool { return r.Values[field] != "" && r.Values[field] < oldest })
	}
	if err != nil {
		return err
	}
	if len(f.destroyed)+len(f.redactions) == 0 && !c.Retention {
		return &hintError{errors.New("nothing of that name was received"), "give it as it stands in the workbooks, and the territory's identifier; it may have been forgotten already"}
	}
	if err := f.redact(); err != nil {
		return err
	}
	return f.findDecisions()
}

// parse reads every original that a reception names.
func (f *forgetting) parse() error {
	f.subs, f.paths = map[string]*ingest.Submission{}, map[string]string{}
	var originals []string
	for _, e := range f.journal.Entries() {
		if e.Type == ingest.EntryReception && !e.Gone {
			if f.paths[e.Original] == "" {
				originals = append(originals, e.Original)
			}
			f.paths[e.Original] = e.Path
		}
	}
	subs := make([]*ingest.Submission, len(originals))
	err := ingest.Each(len(originals), func(i int) error {
		data, err := f.workspace.archive().Get(originals[i])
		if err == nil {
			subs[i] = ingest.Parse(f.model, data)
		}
		return err
	})
	for i, o := range originals {
		f.subs[o] = subs[i]
	}
	return err
}

// findSubmission finds every version of a workbook: the one before would stand again.
func (f *forgetting) findSubmission() error {
	path := f.workspace.belowInbox(f.command.Submission)
	original := ""
	for _, e := range f.journal.Entries() {
		if e.Type == ingest.EntryReception && !e.Gone && (e.Path == path || e.Original == path) {
			original = e.Original
		}
	}
	if original == "" {
		return &hintError{fmt.Errorf("no reception of inbox/%s", path), "give the file as it was received, below inbox/, or the SHA-256 of its original"}
	}
	f.destroyed[original] = true
	named := f.subs[original]
	for o, s := range f.subs {
		if !named.Rejected && named.Comments == nil && !s.Rejected && s.Comments == nil && s.Territoire == named.Territoire && s.Periode.Equal(named.Periode) && s.Emetteur == named.Emetteur {
			f.destroyed[o] = true
		}
	}
	return nil
}

// findEmitter finds the workbooks of an émetteur; of an actor also the rows of others that name him, and the rows
// that name a row of which nothing stays: a project that he carried, with what it brought.
func (f *forgetting) findEmitter() error {
	id := f.command.Emetteur
	for o, s := range f.subs {
		if !s.Rejected && s.Territoire == f.command.Territory && s.Emetteur == id {
			f.destroyed[o] = true
		}
	}
	if slices.Contains(f.model.Values("groupe_pairs"), id) {
		return nil // a group is nobody
	}
	type key struct{ table, id string }
	gone := map[key]bool{{"acteurs", id}: true}
	for grown := true; grown; {
		stays := map[key]bool{}
		known := map[key]bool{}
		for o, s := range f.own() {
			for i := range s.Tables {
				t := &s.Tables[i]
				for _, row := range t.Rows {
					own := key{t.Schema.Name, ""}
					drop := false
					for at := range t.Schema.Fields {
						field, value := &t.Schema.Fields[at], row.Values[at]
						if len(t.Schema.PrimaryKey) == 1 && t.Schema.PrimaryKey[0] == field.Name {
							own.id = value
							drop = drop || gone[own]
						}
						if target := refersTo(t.Schema, field); value != "" && gone[key{target, value}] {
							drop = drop || field.Constraints.Required
							mark(f.redaction(o).Cells, t.Schema.Name, ingest.CellName(t.Columns[at], row.Line))
						}
					}
					if drop {
						mark(f.redaction(o).Rows, t.Schema.Name, row.Line)
					}
					if own.id != "" {
						known[own], stays[own] = true, stays[own] || !drop
					}
				}
			}
		}
		grown = false
		for k := range known {
			if !stays[k] && !gone[k] {
				gone[k], grown = true, true
			}
		}
	}
	if len(f.destroyed)+len(f.redactions) > 0 {
		f.words = append([]string{id}, f.namesOf(id)...)
	}
	return nil
}

// refersTo is the table whose key a field holds, if it does.
func refersTo(s *ingest.Schema, field *ingest.Field) string {
	for _, k := range s.ForeignKeys {
		if slices.Equal(k.Fields, []string{field.Name}) {
			return k.Reference.Resource
		}
	}
	return ""
}

// namesOf are the names that the register of the territory has given an actor.
func (f *forgetting) namesOf(id string) []string {
	var names []string
	for _, s := range f.subs {
		for _, t := range s.Tables {
			if s.Territoire != f.command.Territory || t.Schema.Name != "acteurs" {
				continue
			}
			key := slices.IndexFunc(t.Schema.Fields, func(f ingest.Field) bool { return f.Name == "acteur_id" })
			name := slices.IndexFunc(t.Schema.Fields, func(f ingest.Field) bool { return f.Name == "nom" })
			for _, row := range t.Rows {
				if row.Values[key] == id && row.Values[name] != "" && !slices.Contains(names, row.Values[name]) {
					names = append(names, row.Values[name])
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// own are the workbooks of the territory that stay, and can be read.
func (f *forgetting) own() map[string]*ingest.Submission {
	own := map[string]*ingest.Submission{}
	for o, s := range f.subs {
		if !f.destroyed[o] && !s.Rejected && s.Comments == nil && (s.Territoire == f.command.Territory || f.command.Retention) {
			own[o] = s
		}
	}
	return own
}

// findAnswers finds rows of « Principes ».
func (f *forgetting) findAnswers(territory string, which func(ingest.DataRow) bool) {
	for o, s := range f.own() {
		for _, t := range s.Tables {
			if t.Schema.Name != "principes" {
				continue
			}
			for _, row := range t.Rows {
				if which(row) {
					mark(f.redaction(o).Rows, t.Schema.Name, row.Line)
				}
			}
		}
	}
}

// redaction is what is to be forgotten of an original, as far as it was found.
func (f *forgetting) redaction(original string) *ingest.Redaction {
	if f.redactions[original] == nil {
		f.redactions[original] = &ingest.Redaction{Rows: map[string]map[int]bool{}, Cells: map[string]map[string]bool{}}
	}
	return f.redactions[original]
}

// mark adds a row, or a cell, of a table to a redaction.
func mark[K comparable](of map[string]map[K]bool, table string, what K) {
	if of[table] == nil {
		of[table] = map[K]bool{}
	}
	of[table][what] = true
}

// redact writes what takes the place of the originals that tell of others too: those with rows to forget, those that
// hold the name elsewhere, and the workbooks that evaluators sent back, which repeat rows of others.
func (f *forgetting) redact() error {
	if !f.command.Retention {
		for o, s := range f.subs {
			own := s.Territoire == f.command.Territory
			switch {
			case f.destroyed[o]:
			case s.Comments != nil:
				f.redaction(o).Always = true
			case own && !s.Rejected && len(f.words) > 0:
				f.redaction(o)
			case s.Rejected && (own || s.Territoire == "") && len(f.words) > 0:
				data, err := f.workspace.archive().Get(o)
				if err != nil {
					return err
				}
				if ingest.Mentions(data, f.words) {
					f.destroyed[o] = true
				}
			}
		}
	}
	for o, r := range f.redactions {
		r.Words = f.words
		if f.command.Respondent != "" {
			r.Own = "principes"
		}
		data, err := f.workspace.archive().Get(o)
		if err != nil {
			return err
		}
		written, err := ingest.Redact(f.model, data, *r)
		if err != nil {
			return &hintError{fmt.Errorf("inbox/%s: %w", f.paths[o], err), "nothing was destroyed; forget that workbook as a whole first: --submission"}
		}
		if written != nil && string(written) != string(data) {
			f.written[o] = written
		}
	}
	return nil
}

// findDecisions finds the findings of what is forgotten: why they were decided upon may tell it.
func (f *forgetting) findDecisions() error {
	stands, err := f.workspace.stands()
	if err != nil || !stands {
		return err
	}
	db, err := f.workspace.open()
	if err != nil {
		return err
	}
	defer db.Close()
	return db.EachFinding(f.ctx, func(original, table string, line int, id string) {
		if f.destroyed[original] || f.written[original] != nil && f.redactions[original].Rows[table][line] {
			f.asked[id] = true
		}
	})
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

// report says what is, or would be, destroyed, and what is out of reach.
func (f *forgetting) report() error {
	p := func(format string, args ...any) { fmt.Fprintf(f.out, format+"\n", args...) }
	if f.command.DryRun {
		p("Essai à blanc\u00a0: rien n’est touché. Les fichiers de inbox/ qui ne sont pas encore reçus ne sont pas comptés.")
	}
	p("Classeurs détruits\u00a0: %d", len(f.destroyed))
	for _, o := range f.byPath(maps.Keys(f.destroyed)) {
		p("  inbox/%s", f.paths[o])
	}
	p("Classeurs réécrits sans ces données\u00a0: %d", len(f.written))
	for _, o := range f.byPath(maps.Keys(f.written)) {
		p("  inbox/%s%s", f.paths[o], f.counted(o))
	}
	months := f.reissued()
	p("Publications détruites et refaites\u00a0: %s", cmp.Or(strings.Join(months, ", "), "aucune"))
	p("Lignes du journal privées de leurs mots\u00a0: %d", len(f.silenced()))
	if len(f.words) > 0 {
		p("Noms cherchés\u00a0: «\u00a0%s\u00a0»", strings.Join(f.words, "\u00a0», «\u00a0"))
	}
	p("Détruits aussi\u00a0: les mêmes fichiers dans inbox/, les brouillons de courriels/, les bases écartées de quarantaine/, outbox/a-date/")
	copies, err := f.delivered(months)
	if err != nil {
		return err
	}
	p("Copies déjà remises, hors d’atteinte, à faire détruire\u00a0: %d", len(copies))
	for _, c := range copies {
		p("  %s", c)
	}
	p("À faire par vous\u00a0: refaire chaque sauvegarde (cairn backup dans le même dossier y détruit la même chose) et détruire les autres,")
	p("instantanés de disque compris\u00a0; demander à qui a rempli les classeurs d’effacer aussi ses copies, sans quoi le prochain envoi les rapporte.")
	return nil
}

func (f *forgetting) byPath(originals iter.Seq[string]) []string {
	return slices.SortedFunc(originals, func(a, b string) int {
		return strings.Compare(f.paths[a]+"\n"+a, f.paths[b]+"\n"+b)
	})
}

// counted says how many rows of each table go.
func (f *forgetting) counted(original string) string {
	var parts []string
	for _, table := range ingest.Tables {
		if n := len(f.redactions[original].Rows[table]); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", f.model.Schemas[table].Title, plural(n, "ligne", "lignes")))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "\u00a0: " + strings.Join(parts, ", ")
}

// delivered are the copies that have left: letters, by the journal, and the files of the shared folder.
func (f *forgetting) delivered(months []string) ([]string, error) {
	var all []string
	touched := f.touched()
	territories := map[string]bool{}
	for o := range touched {
		territories[f.subs[o].Territoire] = true
	}
	outcome := map[string]string{outcomeIntended: "peut-être parti", outcomeDrafted: "brouillon, peut-être envoyé", outcomeSent: "envoyé"}
	last := map[string]ingest.Entry{}
	for _, e := range f.journal.Entries() {
		if e.Type == ingest.EntryDelivery && (touched[e.Original] || e.Original == "" && e.Version > 0 && slices.Contains(months, e.Period)) {
			last[e.Letter] = e
		}
	}
	for _, e := range last {
		if outcome[e.Outcome] != "" {
			about := e.Period
			if e.Version > 0 {
				about += fmt.Sprintf(" v%d", e.Version)
			}
			all = append(all, fmt.Sprintf("courriel à %s, %s, %s, le %s", e.Recipient, about, outcome[e.Outcome], e.At.In(transform.Paris).Format(time.DateOnly)))
		}
	}
	root := f.workspace.Config.Drop.Dir
	if root == "" {
		slices.Sort(all)
		return all, nil
	}
	if !filepath.IsAbs(root) {
		root = f.workspace.path(root)
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		parts := strings.Split(filepath.ToSlash(rel), "/")
		holds := parts[0] == "territoires" && len(parts) > 1 && territories[parts[1]]
		for _, month := range months {
			holds = holds || slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(part, month+"_v") })
		}
		if holds {
			all = append(all, path)
		}
		return err
	})
	slices.Sort(all)
	if errors.Is(err, fs.ErrNotExist) {
		all, err = append(all, "le dossier partagé "+root+", qui n’est pas monté"), nil
	}
	return all, err
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
	if err := w.archive().Destroy(r.journal.Loose()); err != nil {
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
		for _, earlier := range entries[:i] {
			if e.Type == ingest.EntryForget && earlier.Type == ingest.EntryRelease && slices.Contains(e.Reissued, earlier.Period) {
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
	for _, month := range slices.Sorted(maps.Keys(owed)) {
		again := *r
		if again.period, err = parsePeriod(month); err != nil {
			return err
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
