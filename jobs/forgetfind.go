package jobs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
)

// find looks through every original for what is to be forgotten.
func (f *forgetting) find() error {
	f.destroyed, f.redactions, f.written, f.asked = map[string]bool{}, map[string]*ingest.Redaction{}, map[string][]byte{}, map[string]bool{}
	if err := f.parse(); err != nil {
		return err
	}
	c := f.command
	switch {
	case c.Submission != "":
		if err := f.findSubmission(); err != nil {
			return err
		}
	case c.Emetteur != "":
		f.findEmitter()
	case c.Respondent != "":
		f.words = []string{c.Respondent}
		field := slices.IndexFunc(f.model.Schemas["principes"].Fields, func(f ingest.Field) bool { return f.Pseudonym })
		f.findAnswers(func(r ingest.DataRow) bool { return r.Values[field] == c.Respondent })
	default:
		s := f.model.Schemas["principes"]
		field := slices.IndexFunc(s.Fields, func(f ingest.Field) bool { return f.Name == s.DateField })
		oldest := today(f.now()).AddDate(0, -f.workspace.Config.Retention.Months, 0).Format(time.DateOnly)
		f.findAnswers(func(r ingest.DataRow) bool { return r.Values[field] != "" && r.Values[field] < oldest })
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

// findSubmission finds every version of a workbook, the one before would stand again: what came under its name, also
// what was refused, and what tells of its territory, month and émetteur under another.
func (f *forgetting) findSubmission() error {
	path := f.workspace.belowInbox(f.command.Submission)
	named := map[string]string{} // whose workbook came under the name: the last original of it
	for _, e := range f.journal.Entries() {
		if e.Type != ingest.EntryReception || e.Gone || e.Path != path && e.Original != path {
			continue
		}
		f.destroyed[e.Original] = true
		if of := whose(f.subs[e.Original]); of != "" {
			named[of] = e.Original
		}
	}
	switch {
	case len(f.destroyed) == 0:
		return &hintError{fmt.Errorf("no reception of inbox/%s", path), "give the file as it was received, below inbox/, or the SHA-256 of its original"}
	case len(named) > 1:
		all := slices.Sorted(maps.Keys(named))
		hint := "give one of them by its SHA-256:"
		for _, of := range all {
			hint += "\n  " + named[of] + "  " + of
		}
		return &hintError{fmt.Errorf("several workbooks came as inbox/%s: %s", path, strings.Join(all, ", ")), hint}
	}
	for o, s := range f.subs {
		if named[whose(s)] != "" {
			f.destroyed[o] = true
		}
	}
	return nil
}

// whose is the territory, the month and the émetteur that a workbook tells of; empty when it was refused, or is an evaluator's.
func whose(s *ingest.Submission) string {
	if s.Rejected || s.Comments != nil {
		return ""
	}
	return strings.TrimSpace(s.Territoire + " " + s.Periode.Format("2006-01") + " " + s.Emetteur)
}

// findEmitter finds the workbooks of an émetteur; of an actor also the rows of others that name him, and the rows
// that name a row of which nothing stays: a project that he carried, with what it brought.
func (f *forgetting) findEmitter() {
	id := f.command.Emetteur
	for o, s := range f.subs {
		if !s.Rejected && s.Territoire == f.command.Territory && s.Emetteur == id {
			f.destroyed[o] = true
		}
	}
	if slices.Contains(f.model.Values("groupe_pairs"), id) {
		return // a group is nobody
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
func (f *forgetting) findAnswers(which func(ingest.DataRow) bool) {
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
	db, err := f.workspace.open(f.ctx)
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
