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
// figure that differs after a step was changed by that step. Of which territories a step changed what they bring to
// the programme's figures, fingerprints tell; those of the release are in the archive too. So a month that brings one
// workbook of each territory is one step, and nothing is built for it.

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
	revised []exports.FigureKey                  // whose causes are looked for
	sheets  map[string][]string                  // behind each indicator
	places  map[int][]transform.Correction       // by line
}

// earlierRelease is the line of the release with which a version of the horizon's month is compared; −1 when there is none.
func (r *run) earlierRelease(version int) int {
	month := r.state.Horizon.Format("2006-01")
	found := -1
	entries := r.journal.Entries()
	for i, e := range entries {
		switch {
		case e.Type != ingest.EntryRelease:
		case e.Period == month && e.Version >= version:
			return found
		case e.Period == month && e.Version == version-1,
			version == 1 && e.Period < month && (found < 0 || e.Period >= entries[found].Period): // one of a month before that may have been published since
			found = i
		}
	}
	return found
}

// revisions compares the figures of the database with those that were published before a version.
func (r *run) revisions(db *transform.Warehouse, version int) (all exports.Revisions, err error) {
	line := r.earlierRelease(version)
	r.first, r.since = nil, line
	if line < 0 {
		r.first, err = exports.PackFirst(nil, nil)
		return all, err
	}
	if r.journal.Entries()[line].Figures == "" {
		return all, nil
	}
	v := &revising{run: r, db: db, line: line, release: r.journal.Entries()[line], sheets: map[string][]string{}, places: map[int][]transform.Correction{}}
	if all.Period, err = time.Parse("2006-01", v.release.Period); err != nil {
		return all, err
	}
	all.Version = v.release.Version
	err = ingest.Together(
		func() (err error) { v.was, err = r.published(v.release); return err },
		func() (err error) { v.is, err = exports.Figures(r.ctx, db, true); return err },
	)
	if err != nil {
		return all, err
	}
	if all.Rows, err = v.rows(); err != nil {
		return all, fmt.Errorf("find what changed published figures: %w", err)
	}
	first, err := v.firstPublished()
	if err != nil {
		return all, err
	}
	all.Statistics = exports.NewRevisionStatistics(first, v.is)
	r.first, err = exports.PackFirst(first, v.is)
	return all, err
}

// published are the figures of a release, as it published them.
func (r *run) published(e ingest.Entry) (map[exports.FigureKey]exports.Figure, error) {
	data, err := r.workspace.archive().Get(e.Figures)
	if err != nil {
		return nil, fmt.Errorf("figures of release %s v%d: %w", e.Period, e.Version, err)
	}
	return exports.ReadFigures(r.ctx, data)
}

// firstPublished are the figures as they were first published, in releases up to the earlier one. Where that one does not
// tell, every release is read.
func (v *revising) firstPublished() (map[exports.FigureKey]exports.Figure, error) {
	if v.release.First != "" {
		data, err := v.workspace.archive().Get(v.release.First)
		if err != nil {
			return nil, fmt.Errorf("first figures of release %s v%d: %w", v.release.Period, v.release.Version, err)
		}
		return exports.UnpackFirst(data, v.was)
	}
	first, seen := make(map[exports.FigureKey]exports.Figure, len(v.was)), map[string]bool{}
	for _, e := range v.journal.Entries()[:v.line+1] {
		if e.Type != ingest.EntryRelease || e.Figures == "" || seen[e.Figures] {
			continue
		}
		seen[e.Figures] = true
		figures := v.was
		if e.Figures != v.release.Figures {
			var err error
			if figures, err = v.published(e); err != nil {
				return nil, err
			}
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
	for k, was := range v.was {
		if v.is[k].Revises(was) {
			v.revised = append(v.revised, k)
		}
	}
	if len(v.revised) == 0 {
		return nil, nil
	}
	slices.SortFunc(v.revised, exports.FigureKey.Compare)
	if err := v.list(); err != nil {
		return nil, err
	}
	steps, err := v.steps()
	if err != nil {
		return nil, err
	}
	var rows []exports.Revision
	for _, k := range v.revised {
		row := exports.Revision{FigureKey: k, Before: v.was[k], After: v.is[k]}
		if hid := string(indicators.SecretSecondary); (row.Before.Statut == hid) != (row.After.Statut == hid) {
			row.Causes = []exports.Cause{{Kind: exports.Secrecy}}
			rows = append(rows, row)
			continue
		}
		for i := range steps {
			s := &steps[i]
			if s.before.figures[k] == s.after.figures[k] {
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
	current, err := exports.MethodArchive(codeID())
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

// state is the figures of a database, with the fingerprints of what they rest on.
type state struct {
	figures map[exports.FigureKey]exports.Figure
	prints  indicators.Fingerprints
}

// step is the figures before and after some changes.
type step struct {
	before, after state
	changes       map[string][]change // by territory; those of "" are everybody's
}

// steps takes the changes one after the other. Where one step alone can have changed the figures, nothing is built.
func (v *revising) steps() ([]step, error) {
	depth := 0
	concerned := map[string]bool{}
	for _, k := range v.revised {
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
	if len(turns) == 0 && len(v.method) == 0 {
		return nil, nil
	}
	before, err := v.archived()
	if err != nil {
		return nil, err
	}
	now := state{figures: v.is}
	if now.prints, err = indicators.ReadFingerprints(v.ctx, v.db); err != nil {
		return nil, err
	}
	standing := len(v.method) == 0 && v.release.Prints != "" // the archive has the state of the earlier release
	if standing && len(turns) == 1 {
		return []step{{before, now, turns[0]}}, nil
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
	var steps []step
	if !standing || v.hidden() {
		built, published, err := v.stateAfter(scratch, taken)
		if err != nil {
			return nil, err
		}
		if len(v.method) > 0 {
			steps = append(steps, step{before, state{figures: published}, map[string][]change{"": v.method}})
		}
		before = built
	}
	for n, changes := range turns {
		for _, all := range changes {
			for _, c := range all {
				taken[c.line] = true
			}
		}
		after := now
		if n == len(turns)-1 {
			after.figures, err = exports.Figures(v.ctx, v.db, false)
		} else {
			after, _, err = v.stateAfter(scratch, taken)
		}
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{before, after, changes})
		before = after
	}
	return steps, nil
}

// stateAfter builds the database of the earlier release's journal and of the lines taken since: the figures of the
// indicators that are revised, as they are computed, and as they would be published.
func (v *revising) stateAfter(db *transform.Warehouse, taken map[int]bool) (computed state, published map[exports.FigureKey]exports.Figure, err error) {
	lines, err := v.linesAfter(taken)
	if err != nil {
		return computed, nil, err
	}
	if err := db.Build(v.ctx, v.model, lines); err != nil {
		return computed, nil, err
	}
	catalogue, err := indicators.Catalogue(v.model)
	if err != nil {
		return computed, nil, err
	}
	catalogue = slices.DeleteFunc(catalogue, func(ind *indicators.Indicator) bool {
		return !slices.ContainsFunc(v.revised, func(k exports.FigureKey) bool { return k.Indicator == ind.ID })
	})
	if err := indicators.ComputeFigures(v.ctx, db, catalogue, nil); err != nil {
		return computed, nil, err
	}
	if computed.figures, err = exports.Figures(v.ctx, db, false); err != nil {
		return computed, nil, err
	}
	if computed.prints, err = indicators.ReadFingerprints(v.ctx, db); err != nil {
		return computed, nil, err
	}
	published, err = exports.Figures(v.ctx, db, true)
	return computed, published, err
}

// archived is the state of the earlier release, as it published it; without fingerprints where they were not kept.
func (v *revising) archived() (s state, err error) {
	s.figures = v.was
	if v.release.Prints == "" {
		return s, nil
	}
	data, err := v.workspace.archive().Get(v.release.Prints)
	if err != nil {
		return s, fmt.Errorf("fingerprints of release %s v%d: %w", v.release.Period, v.release.Version, err)
	}
	s.prints, err = indicators.UnpackFingerprints(data)
	return s, err
}

// hidden reports whether the earlier release did not tell some of the figures that are revised.
func (v *revising) hidden() bool {
	secret := []string{string(indicators.SecretPrimary), string(indicators.SecretSecondary)}
	return slices.ContainsFunc(v.revised, func(k exports.FigureKey) bool { return slices.Contains(secret, v.was[k].Statut) })
}

// linesAfter is what the database of the earlier release's journal, and of the lines taken since, is a function of. A
// reception that is not taken keeps its place, and counts for nothing as if it were withdrawn.
func (v *revising) linesAfter(taken map[int]bool) (transform.State, error) {
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
	lines, err := stateOf(entries, v.workspace.archive())
	if err != nil {
		return lines, err
	}
	for place, later := range untaken {
		if later {
			lines.Withdrawn[place] = true
		}
	}
	lines.Horizon = v.state.Horizon
	lines.Sets, err = v.setsThen(lines.Territoires)
	return lines, err
}

// candidates are the changes of a step that can have changed a figure. One of the programme was changed by those of
// the territories whose rows the step changed; where that shows of none, by one of the step, and all are told.
func (v *revising) candidates(s *step, k exports.FigureKey) []change {
	found := slices.Clone(s.changes[""])
	if k.Territory != transform.Programme {
		return append(found, s.changes[k.Territory]...)
	}
	var moved, all []change
	for _, territory := range slices.Sorted(maps.Keys(s.changes)) {
		if territory == "" {
			continue
		}
		all = append(all, s.changes[territory]...)
		if s.moved(k, territory) {
			moved = append(moved, s.changes[territory]...)
		}
	}
	if len(moved) == 0 {
		moved = all
	}
	return append(found, moved...)
}

// moved reports whether a step changed what the rows of a territory bring to a figure of the programme.
func (s *step) moved(k exports.FigureKey, territory string) bool {
	return slices.ContainsFunc([]string{k.Modalite, ""}, func(modalite string) bool {
		rows := indicators.FingerprintKey{Indicator: k.Indicator, Territory: territory, Month: k.Month, Modalite: modalite}
		before, had := s.before.prints[rows]
		after, has := s.after.prints[rows]
		return had != has || before != after
	})
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
	if data, err = exports.MethodArchive(codeID()); err != nil {
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

// keepPublished archives what a release published, by which method, the fingerprints of what it rests on, and what was
// first published otherwise; the digests are put in its line.
func (r *run) keepPublished(db *transform.Warehouse, dir string, line *ingest.Entry) error {
	figures, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(exports.FiguresFile)))
	if err != nil {
		return err
	}
	method, err := exports.MethodArchive(codeID())
	if err != nil {
		return err
	}
	prints, err := indicators.PackFingerprints(r.ctx, db)
	if err != nil {
		return err
	}
	for _, kept := range []struct {
		data   []byte
		digest *string
	}{{figures, &line.Figures}, {method, &line.Method}, {prints, &line.Prints}} {
		if *kept.digest, err = r.workspace.archive().Put(kept.data); err != nil {
			return err
		}
	}
	if r.first == nil || r.otherFigures(line.Figures) {
		return nil
	}
	line.First, err = r.workspace.archive().Put(r.first)
	return err
}

// otherFigures reports whether other figures were published after the release that a new one is compared with: of an
// earlier month that was published again, say. What was first published before the new one does not tell theirs.
func (r *run) otherFigures(figures string) bool {
	return slices.ContainsFunc(r.journal.Entries()[r.since+1:], func(e ingest.Entry) bool {
		return e.Type == ingest.EntryRelease && e.Figures != figures
	})
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
