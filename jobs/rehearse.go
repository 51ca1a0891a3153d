package jobs

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"cairn/exports"
	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

type rehearseCmd struct {
	From string `required:"" help:"Release whose method is the one before, as 2026-10/v1 or outbox/2026-10/v1." placeholder:"RELEASE"`
	Out  string `help:"Where to write the workbook (default: avant-apres_<month>_v<N>.xlsx here)." placeholder:"FILE.xlsx" type:"path"`
}

// Help is printed after the options of « cairn rehearse --help ».
func (rehearseCmd) Help() string {
	return `The whole history is computed twice from the same originals, decisions and parameters: by the method of a release, as the
archive has kept it, and by that of this program. The workbook names each figure that differs, before and after, and says
whether a break was declared: a header « rupture: 2026-09 why » in the catalogue that the release's method did not have,
which holds from its month on.

The schemas, the queries and the definitions are those of the release; the reading of workbooks and the estimators are
those of this program. Nothing is published, and nothing of the workspace is changed.

Exit status: 0 what changes is declared and what is declared changes, 3 not, 1 failed.`
}

var releaseName = regexp.MustCompile(`(?:^|/)(\d{4}-\d{2})/v(\d+)/?$`)

// Run computes the history by two methods and compares them.
func (c *rehearseCmd) Run(e *env) error {
	if err := c.run(e); err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	return nil
}

func (c *rehearseCmd) run(e *env) error {
	named := releaseName.FindStringSubmatch(filepath.ToSlash(c.From))
	if named == nil {
		return &hintError{fmt.Errorf("%q names no release", c.From), "write it as 2026-10/v1; cairn status lists them"}
	}
	version, err := strconv.Atoi(named[2])
	if err != nil {
		return err
	}
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	release, err := e.lock(w, "rehearse")
	if err != nil {
		return err
	}
	defer release()
	r := &run{env: e, workspace: w}
	if r.model, err = ingest.LoadModel(); err != nil {
		return err
	}
	if r.journal, err = w.journal(); err != nil {
		return err
	}
	kept := ""
	for _, entry := range r.journal.Entries() {
		if entry.Type == ingest.EntryRelease && entry.Period == named[1] && entry.Version == version {
			kept = entry.Method
		}
	}
	if kept == "" {
		return &hintError{fmt.Errorf("the journal has no method of release %s v%d", named[1], version), "cairn status lists the releases"}
	}
	data, err := w.archive().Get(kept)
	if err != nil {
		return err
	}
	before, err := exports.OpenMethod(data)
	if err != nil {
		return err
	}
	if data, err = exports.MethodArchive(codeID()); err != nil {
		return err
	}
	after, err := exports.OpenMethod(data)
	if err != nil {
		return err
	}
	if err := r.readInputs(r.journal); err != nil {
		return err
	}
	rehearsal, horizon, err := r.rehearse(fmt.Sprintf("%s v%d", named[1], version), before, after)
	if err != nil {
		return err
	}
	out := c.Out
	if out == "" {
		out = fmt.Sprintf("avant-apres_%s_v%d.xlsx", named[1], version)
	}
	book, err := rehearsal.Workbook(exports.Release{Period: horizon, Programme: w.Config.Programme})
	if err != nil {
		return err
	}
	if err := ingest.WriteDurably(out, book, 0o644); err != nil {
		return err
	}
	e.tellRehearsal(rehearsal)
	fmt.Fprintf(e.stdout, "classeur\u00a0: %s\n", out)
	return nil
}

// rehearse computes the figures by each of two methods in a database that is gone afterwards, up to the latest month. Where
// both make the same core, it is made once.
func (r *run) rehearse(from string, before, after *exports.KeptMethod) (*exports.Rehearsal, time.Time, error) {
	db, discard, err := r.workspace.scratch()
	if err != nil {
		return nil, time.Time{}, err
	}
	defer discard()
	is, err := r.figuresBy(db, after, true)
	if err != nil {
		return nil, time.Time{}, err
	}
	horizon, err := db.Horizon(r.ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	was, err := r.figuresBy(db, before, !before.SameCore(after))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("by the method of %s: %w", before.Code, err)
	}
	return exports.NewRehearsal(from, before, after, was, is), horizon, nil
}

// figuresBy are the figures by a method, as they would be published; core is made first unless it stands.
func (r *run) figuresBy(db *transform.Warehouse, method *exports.KeptMethod, build bool) (map[exports.FigureKey]exports.Figure, error) {
	if build {
		bar := r.progress("reading workbooks")
		_, err := db.Load(r.ctx, method.Model, r.workspace.archive(), originals(r.state.Receptions), bar.set)
		bar.end()
		if err != nil {
			return nil, err
		}
		db.SQL = method.SQL
		if err := db.Build(r.ctx, method.Model, r.state); err != nil {
			return nil, err
		}
	}
	bar := r.progress("computing indicators")
	err := indicators.ComputeFigures(r.ctx, db, method.Catalogue, bar.set)
	bar.end()
	if err != nil {
		return nil, err
	}
	return exports.Figures(r.ctx, db, true)
}

// tellRehearsal says what changes, and what of it is not declared.
func (e *env) tellRehearsal(r *exports.Rehearsal) {
	fmt.Fprintf(e.stdout, "avant\u00a0: la méthode de la publication %s (%s)\u00a0; après\u00a0: celle de ce programme (%s)\n", r.From, r.Before, r.After)
	fmt.Fprintf(e.stdout, "%d fichiers de la méthode diffèrent\u00a0; %d chiffres changent sur %d\n", len(r.Files), len(r.Rows), r.Figures)
	for i := range r.Indicators {
		ind := &r.Indicators[i]
		fmt.Fprintf(e.stdout, "  %s %s\u00a0: %d chiffres changent sur %d\u00a0; %s\n", ind.ID, ind.Name, ind.Changed, ind.Figures, ind.Verdict())
		e.findings = e.findings || !ind.Agrees()
	}
}
