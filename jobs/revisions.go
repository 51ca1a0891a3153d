package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
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

// A release says which published figures it revises, and why. It is compared with the release before it: the version
// before, or for the first of a month the last release of an earlier month. What that one published is in the
// archive; what has come since is in the journal, line by line. A cause is found by taking the lines one after the
// other, those of different territories together, since no figure of a territory rests on another's workbooks: a
// figure that differs after a step was changed by that step.

// change is what a line of the journal changes, or a new method.
type change struct {
	cause exports.Cause
	line  int // its place among the entries; −1 for the method

	earlier, later string // the originals of a corrected workbook
}

// revising is a comparison with an earlier release.
type revising struct {
	*run
	db      *transform.Warehouse
	line    int          // of the earlier release among the entries
	release ingest.Entry // the earlier release
	whose   map[string][]change
	all     []change                             // of every territory
	method  []change                             // and what was erased since: what tells the earlier release from its lines as they are now
	was, is map[exports.FigureKey]exports.Figure // as published
	sheets  map[string][]string                  // behind each indicator
	places  map[int][]transform.Correction       // by line
}

// earlierRelease is the line of the release with which a version of the horizon's month is compared; −1 when there is none.
func (r *run) earlierRelease(version int) int {
	month := r.state.Horizon.Format("2006-01")
	found := -1
	for i, e := range r.journal.Entries() {
		switch {
		case e.Type != ingest.EntryRelease:
		case e.Period == month && e.Version >= version:
			return found
		case version > 1 && e.Period == month && e.Version == version-1, version == 1 && e.Period < month:
			found = i
		}
	}
	return found
}

// revisions compares the figures of the database with those that were published before a version.
func (r *run) revisions(db *transform.Warehouse, version int) (all exports.Revisions, err error) {
	line := r.earlierRelease(version)
	if line < 0 || r.journal.Entries()[line].Figures == "" {
		return all, nil
	}
	v := &revising{run: r, db: db, line: line, release: r.journal.Entries()[line], sheets: map[string][]string{}, places: map[int][]transform.Correction{}}
	if all.Period, err = time.Parse("2006-01", v.release.Period); err != nil {
		return all, err
	}
	all.Version = v.release.Version
	if v.was, err = r.published(v.release); err != nil {
		return all, err
	}
	if v.is, err = exports.Figures(r.ctx, db, true); err != nil {
		return all, err
	}
	if all.Rows, err = v.rows(); err != nil {
		return all, fmt.Errorf("find what changed published figures: %w", err)
	}
	first, err := r.firstPublished(line)
	if err != nil {
		return all, err
	}
	all.Statistics = exports.NewRevisionStatistics(first, v.is)
	return all, nil
}

// published are the figures of a release, as it published them.
func (r *run) published(e ingest.Entry) (map[exports.FigureKey]exports.Figure, error) {
	data, err := r.workspace.archive().Get(e.Figures)
	if err != nil {
		return nil, fmt.Errorf("figures of release %s v%d: %w", e.Period, e.Version, err)
	}
	return exports.ReadFigures(r.ctx, data)
}

// firstPublished are the figures as they were first published, in releases up to a line.
func (r *run) firstPublished(line int) (map[exports.FigureKey]exports.Figure, error) {
	first, seen := map[exports.FigureKey]exports.Figure{}, map[string]bool{}
	for _, e := range r.journal.Entries()[:line+1] {
		if e.Type != ingest.EntryRelease || e.Figures == "" || seen[e.Figures] {
			continue
		}
		seen[e.Figures] = true
		figures, err := r.published(e)
		if err != nil {
			return nil, err
		}
		for k, f := range figures {
			if _, known := first[k]; !known {
				first[k] = f
			}
		}
	}
	return first, nil
}

// figuresDiffer reports whether the database has other published figures than the release of a line.
func (r *run) figuresDiffer(db *transform.Warehouse, e ingest.Entry) (bool, error) {
	if e.Figures == "" {
		return false, nil
	}
	was, err := r.published(e)
	if err != nil {
		return false, err
	}
	is, err := exports.Figures(r.ctx, db, true)
	return !maps.Equal(was, is), err
}

// rows are the revised figures with their causes.
func (v *revising) rows() ([]exports.Revision, error) {
	var revised []exports.FigureKey
	for k, was := range v.was {
		if is := v.is[k]; is.Value != was.Value || is.Statut != was.Statut {
			revised = append(revised, k)
		}
	}
	if len(revised) == 0 {
		return nil, nil
	}
	slices.SortFunc(revised, exports.FigureKey.Compare)
	if err := v.list(); err != nil {
		return nil, err
	}
	steps, err := v.steps(revised)
	if err != nil {
		return nil, err
	}
	var rows []exports.Revision
	for _, k := range revised {
		row := exports.Revision{FigureKey: k, Before: v.was[k], After: v.is[k]}
		if hid := string(indicators.SecretSecondary); (row.Before.Statut == hid) != (row.After.Statut == hid) {
			row.Causes = []exports.Cause{{Kind: exports.Secrecy}}
			rows = append(rows, row)
			continue
		}
		for i := range steps {
			s := &steps[i]
			if s.before[k] == s.after[k] {
				continue
			}
			for _, c := range v.candidates(s, k) {
				cause, err := v.cause(c, k)
				if err != nil {
					return nil, err
				}
				row.Causes = append(row.Causes, cause)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// list finds what has changed since the earlier release, by territory.
func (v *revising) list() error {
	v.whose = map[string][]change{}
	receptions, err := v.db.Receptions(v.ctx)
	if err != nil {
		return err
	}
	at := map[int]transform.Reception{}
	for _, r := range receptions {
		at[r.Place] = r
	}
	current, err := exports.MethodArchive(v.code())
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(current); v.release.Method != hex.EncodeToString(sum[:]) {
		v.method = []change{{line: -1}}
	}
	place := 0
	for i, e := range v.journal.Entries() {
		if e.Type == ingest.EntryReception {
			place++
		}
		if i <= v.line {
			continue
		}
		c := change{line: i, cause: exports.Cause{Day: e.At.In(transform.Paris)}}
		switch e.Type {
		case ingest.EntryReception:
			r, known := at[place]
			if !known {
				continue // it says no territory: no figure rests on it
			}
			c.cause.Day, c.earlier, c.later = e.ReceivedAt.In(transform.Paris), r.Before, r.Original
			v.describe(&c, r)
			switch {
			case r.Before != "":
				c.cause.Kind = exports.CorrectedCell
			case r.Period.Valid && r.Period.Time.Format("2006-01") <= v.release.Period:
				c.cause.Kind = exports.LateFile
			default:
				c.cause.Kind = exports.OtherMonth
			}
		case ingest.EntryWithdrawal:
			r, known := at[e.Reception]
			if !known {
				continue
			}
			v.describe(&c, r)
			c.cause.Kind = exports.Withdrawal
		case ingest.EntryDecision:
			f, _, err := v.db.Finding(v.ctx, e.Finding)
			if err != nil {
				return err
			}
			c.cause.Kind, c.cause.Territory, c.cause.What = exports.Decision, f.Territory, e.Finding
		case ingest.EntryReference:
			c.cause.Kind, c.cause.What = exports.Reference, e.Path
		case ingest.EntryForget:
			c.cause.Kind = exports.Erasure
			v.method = append(v.method, c)
			continue
		default:
			continue
		}
		if c.cause.Territory == "" {
			v.all = append(v.all, c)
		} else {
			v.whose[c.cause.Territory] = append(v.whose[c.cause.Territory], c)
		}
	}
	return nil
}

func (v *revising) describe(c *change, r transform.Reception) {
	c.cause.Territory, c.cause.Emitter, c.cause.Period, c.cause.Version = r.Territory, r.Emitter != "", r.Period.Time, r.Version
}

// step is the figures before and after some changes.
type step struct {
	before, after map[exports.FigureKey]exports.Figure
	changes       map[string][]change // by territory; those of "" are everybody's

	own map[[2]string]map[string]ownFigure // by indicator and month, and territory
}

// ownFigure is what a step did to the figures of a territory.
type ownFigure struct {
	moved  bool // one is another, or the first
	silent bool // one has no value, too few being behind it: it may hide that its rows are others
}

// figuresOf are those that the territories have of an indicator and month.
func (s *step) figuresOf(indicator, month string) map[string]ownFigure {
	if s.own == nil {
		s.own = map[[2]string]map[string]ownFigure{}
		add := func(k exports.FigureKey) {
			at := [2]string{k.Indicator, k.Month}
			if s.own[at] == nil {
				s.own[at] = map[string]ownFigure{}
			}
			f := s.own[at][k.Territory]
			f.moved = f.moved || s.before[k] != s.after[k]
			f.silent = f.silent || !s.after[k].Value.Valid
			s.own[at][k.Territory] = f
		}
		for k := range s.before {
			add(k)
		}
		for k := range s.after {
			add(k)
		}
	}
	return s.own[[2]string{indicator, month}]
}

// parted tells the changes of a step from those to be taken after them: of territories of which no figure says whether
// it was they that moved a revised figure of the programme. Where all are, one is taken.
func (s *step) parted(revised []exports.FigureKey) (first, rest map[string][]change) {
	first, rest = maps.Clone(s.changes), map[string][]change{}
	for _, k := range revised {
		if len(s.changes) < 2 || k.Territory != transform.Programme || s.before[k] == s.after[k] {
			continue
		}
		own := s.figuresOf(k.Indicator, k.Month)
		for territory, changes := range s.changes {
			if f := own[territory]; f.silent && !f.moved {
				rest[territory] = changes
				delete(first, territory)
			}
		}
	}
	if len(first) == 0 {
		one := slices.Min(slices.Collect(maps.Keys(rest)))
		first[one] = rest[one]
		delete(rest, one)
	}
	return first, rest
}

// steps takes the changes one after the other. Where one step alone can have changed the figures, nothing is built.
func (v *revising) steps(revised []exports.FigureKey) ([]step, error) {
	depth := 0
	concerned := map[string]bool{}
	for _, k := range revised {
		concerned[k.Territory] = true
	}
	for territory, changes := range v.whose {
		if concerned[territory] || concerned[transform.Programme] {
			depth = max(depth, len(changes))
		}
	}
	turn := func(n int) map[string][]change {
		changes := map[string][]change{}
		for territory, all := range v.whose {
			if n < len(all) {
				changes[territory] = all[n : n+1]
			}
		}
		return changes
	}
	var turns []map[string][]change
	for n := range depth {
		turns = append(turns, turn(n))
	}
	for i := range v.all {
		turns = append(turns, map[string][]change{"": v.all[i : i+1]})
	}
	if len(v.method) == 0 && len(turns) <= 1 && !v.hidden(revised) {
		if len(turns) == 0 {
			return nil, nil
		}
		only := step{before: v.was, after: v.is, changes: turns[0]}
		if _, rest := only.parted(revised); len(rest) == 0 {
			return []step{only}, nil
		}
	}
	scratch, discard, err := v.workspace.scratch()
	if err != nil {
		return nil, err
	}
	defer discard()
	if _, err := scratch.Load(v.ctx, v.model, v.workspace.archive(), originals(v.journal.Entries()), nil); err != nil { // those that it does not hold yet
		return nil, err
	}
	taken := map[int]bool{}
	figures, published, err := v.figuresAfter(scratch, taken)
	if err != nil {
		return nil, err
	}
	var steps []step
	if len(v.method) > 0 {
		steps = append(steps, step{before: v.was, after: published, changes: map[string][]change{"": v.method}})
	}
	take := func(changes map[string][]change, yes bool) {
		for _, all := range changes {
			for _, c := range all {
				taken[c.line] = yes
			}
		}
	}
	for n, changes := range turns {
		take(changes, true)
		var next map[exports.FigureKey]exports.Figure
		if n == len(turns)-1 {
			next, err = exports.Figures(v.ctx, v.db, false)
		} else {
			next, _, err = v.figuresAfter(scratch, taken)
		}
		if err != nil {
			return nil, err
		}
		s := step{before: figures, after: next, changes: changes}
		for {
			first, rest := s.parted(revised)
			if len(rest) == 0 {
				break
			}
			take(rest, false)
			between, _, err := v.figuresAfter(scratch, taken)
			if err != nil {
				return nil, err
			}
			take(rest, true)
			steps = append(steps, step{before: s.before, after: between, changes: first})
			s = step{before: between, after: s.after, changes: rest}
		}
		steps = append(steps, s)
		figures = next
	}
	return steps, nil
}

// hidden reports whether a revised figure of the programme rests on some that are not published.
func (v *revising) hidden(revised []exports.FigureKey) bool {
	of := map[[2]string]bool{}
	for _, k := range revised {
		if k.Territory == transform.Programme {
			of[[2]string{k.Indicator, k.Month}] = true
		}
	}
	secret := []string{string(indicators.SecretPrimary), string(indicators.SecretSecondary)}
	for k, is := range v.is {
		if of[[2]string{k.Indicator, k.Month}] && (slices.Contains(secret, is.Statut) || slices.Contains(secret, v.was[k].Statut)) {
			return true
		}
	}
	return false
}

// figuresAfter builds the database of the earlier release's journal and of the lines taken since.
func (v *revising) figuresAfter(db *transform.Warehouse, taken map[int]bool) (computed, published map[exports.FigureKey]exports.Figure, err error) {
	state, err := v.stateAfter(taken)
	if err != nil {
		return nil, nil, err
	}
	if err := db.Build(v.ctx, v.model, state); err != nil {
		return nil, nil, err
	}
	if err := indicators.Compute(v.ctx, db, v.model, nil); err != nil {
		return nil, nil, err
	}
	if computed, err = exports.Figures(v.ctx, db, false); err != nil {
		return nil, nil, err
	}
	published, err = exports.Figures(v.ctx, db, true)
	return computed, published, err
}

// stateAfter is the state of the earlier release's journal and of the lines taken since. A reception that is not taken
// keeps its place, and counts for nothing as if it were withdrawn.
func (v *revising) stateAfter(taken map[int]bool) (transform.State, error) {
	var entries []ingest.Entry
	untaken := map[int]bool{}
	place := 0
	for i, e := range v.journal.Entries() {
		later := i > v.line && !taken[i]
		if e.Type == ingest.EntryReception {
			place++
			untaken[place] = later
		} else if later {
			continue
		}
		entries = append(entries, e)
	}
	state, err := stateOf(entries, v.workspace.archive())
	if err != nil {
		return state, err
	}
	for place, later := range untaken {
		if later {
			state.Withdrawn[place] = true
		}
	}
	state.Sets, state.Horizon = v.state.Sets, v.state.Horizon
	return state, nil
}

// candidates are the changes of a step that can have changed a figure. One of the programme was changed by those of
// the territories whose own figure the step changed, or by the only one of the step.
func (v *revising) candidates(s *step, k exports.FigureKey) []change {
	found := slices.Clone(s.changes[""])
	if k.Territory != transform.Programme {
		return append(found, s.changes[k.Territory]...)
	}
	own := s.figuresOf(k.Indicator, k.Month)
	for _, territory := range slices.Sorted(maps.Keys(s.changes)) {
		if territory != "" && (own[territory].moved || len(s.changes) == 1) {
			found = append(found, s.changes[territory]...)
		}
	}
	return found
}

// cause completes what is known of a change by what it means for a figure.
func (v *revising) cause(c change, k exports.FigureKey) (exports.Cause, error) {
	switch {
	case c.line < 0:
		return v.methodCause(k.Indicator)
	case c.cause.Kind != exports.CorrectedCell:
		return c.cause, nil
	}
	sheets, err := v.sheetsBehind(k.Indicator)
	if err != nil {
		return c.cause, err
	}
	corrected, known := v.places[c.line]
	if !known {
		if corrected, err = v.db.Corrections(v.ctx, v.model, c.earlier, c.later); err != nil {
			return c.cause, err
		}
		v.places[c.line] = corrected
	}
	for _, p := range corrected {
		if slices.Contains(sheets, p.Table) {
			c.cause.Places = append(c.cause.Places, p.Place)
		}
	}
	return c.cause, nil
}

func (v *revising) sheetsBehind(id string) ([]string, error) {
	if sheets, known := v.sheets[id]; known {
		return sheets, nil
	}
	catalogue, err := indicators.Catalogue(v.model)
	if err != nil {
		return nil, err
	}
	for _, ind := range catalogue {
		if ind.ID == id {
			v.sheets[id], err = v.db.SheetsBehind(v.ctx, v.model, ind.SQL)
		}
	}
	return v.sheets[id], err
}

// methodCause tells a changed definition from a changed program.
func (v *revising) methodCause(id string) (c exports.Cause, err error) {
	data, err := v.workspace.archive().Get(v.release.Method)
	if err != nil {
		return c, fmt.Errorf("method of release %s v%d: %w", v.release.Period, v.release.Version, err)
	}
	was, err := exports.ReadMethod(data)
	if err != nil {
		return c, err
	}
	if data, err = exports.MethodArchive(v.code()); err != nil {
		return c, err
	}
	is, err := exports.ReadMethod(data)
	if err != nil {
		return c, err
	}
	if was.Definitions[id] != is.Definitions[id] {
		return exports.Cause{Kind: exports.Definition}, nil
	}
	return exports.Cause{Kind: exports.Computation, What: was.Code + " → " + is.Code}, nil
}

// keepPublished archives what a release published, and by which method.
func (r *run) keepPublished(dir string) (figures, method string, err error) {
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(exports.FiguresFile)))
	if err != nil {
		return "", "", err
	}
	if figures, err = r.workspace.archive().Put(data); err != nil {
		return "", "", err
	}
	if data, err = exports.MethodArchive(r.code()); err == nil {
		method, err = r.workspace.archive().Put(data)
	}
	return figures, method, err
}

// sayRevisions prints how many published figures a release revises, by their causes.
func (e *env) sayRevisions(all *exports.Revisions) {
	if len(all.Rows) == 0 {
		return
	}
	var causes []string
	counts := all.Counts()
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		causes = append(causes, fmt.Sprintf("%s %d", kind, counts[kind]))
	}
	fmt.Fprintf(e.stdout, "published figures revised since release %s v%d: %d (%s)\n", all.Period.Format("2006-01"), all.Version, len(all.Rows), strings.Join(causes, ", "))
}
