package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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

type explainCmd struct {
	What      string `arg:"" help:"Code of the indicator, as C02; with --cell: the sheet and the cell, as 'Relations!D14'."`
	Territory string `help:"Territory, * for the programme, or *<id> for those of a funder." placeholder:"ID"`
	Period    string `help:"Month, as 2026-10 (default: the latest)." placeholder:"MONTH"`
	Modalite  string `help:"Code of the modalite (default: each of them)." placeholder:"CODE"`
	Cell      string `help:"The workbook of a cell: which figures it moves, and by how much if it were empty." placeholder:"FILE"`
	JSON      bool   `help:"As JSON." name:"json"`
	XLSX      string `help:"Write a small proof workbook." name:"xlsx" placeholder:"FILE"`
	asOfFlag
}

// Run goes from a figure to the cells that it rests on, or from a cell to the figures that it moves.
func (c *explainCmd) Run(e *env) error {
	x, done, err := e.openExplained(c.asOfFlag)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	defer done()
	if c.Cell != "" {
		err = c.movements(e, x)
	} else {
		err = c.figure(e, x)
	}
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	return nil
}

// explained is a workspace that has run.
type explained struct {
	workspace *Workspace
	model     *ingest.Model
	journal   *ingest.Journal
	db        *transform.Warehouse
	state     transform.State
}

func (e *env) openExplained(asOf asOfFlag) (x *explained, done func(), err error) {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return nil, nil, err
	}
	x = &explained{workspace: w}
	if x.model, err = ingest.LoadModel(); err != nil {
		return nil, nil, err
	}
	journal, db, done, err := e.openAsOf(w, asOf)
	if err != nil {
		return nil, nil, err
	}
	x.journal, x.db = journal, db
	if x.state, err = readState(journal, w.archive()); err == nil {
		x.state.Sets = w.Config.sets()
		x.state.Horizon, err = x.db.Horizon(e.ctx)
	}
	if err != nil {
		done()
		return nil, nil, &hintError{err, "nothing has been built here yet: cairn run"}
	}
	return x, done, nil
}

func (c *explainCmd) figure(e *env, x *explained) error {
	catalogue, err := indicators.Catalogue(x.model)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(catalogue, func(ind *indicators.Indicator) bool { return strings.EqualFold(ind.ID, c.What) })
	switch {
	case i < 0:
		return &hintError{fmt.Errorf("no indicator %q", c.What), "give its code, as C02; the sheet « Fiches » of a report lists them"}
	case c.Territory == "":
		return &hintError{errors.New("--territory is missing"), "give a territory, or '*' for the programme"}
	}
	period := x.state.Horizon
	if c.Period != "" {
		if period, err = parsePeriod(c.Period); err != nil {
			return err
		}
	}
	modalites := catalogue[i].ModaliteCodes()
	if c.Modalite != "" {
		modalites = []string{c.Modalite}
	}
	originals := exports.NewOriginals(x.db, x.model, x.workspace.archive(), x.state.Receptions)
	var all []*exports.Evidence
	for _, modalite := range modalites {
		found, err := indicators.Explain(e.ctx, x.db, catalogue[i], c.Territory, period, modalite)
		if errors.Is(err, indicators.ErrNoFigure) {
			return c.noFigure(e, x, catalogue[i], err)
		}
		if err != nil {
			return err
		}
		evidence, err := exports.NewEvidence(e.ctx, originals, found)
		if err != nil {
			return err
		}
		all = append(all, evidence)
		if catalogue[i].Estimator.Spread && c.Modalite == "" && c.XLSX == "" && !c.JSON { // the rows are the same for each
			break
		}
	}
	switch {
	case c.XLSX != "":
		return c.writeWorkbook(e, x, all)
	case c.JSON:
		encoder := json.NewEncoder(e.stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(all)
	}
	for _, evidence := range all {
		e.printEvidence(x, catalogue[i], evidence)
	}
	return nil
}

// noFigure says what there is in place of a figure that is not there.
func (c *explainCmd) noFigure(e *env, x *explained, ind *indicators.Indicator, err error) error {
	places, failed := x.db.Referents(e.ctx)
	if failed != nil {
		return failed
	}
	known := []string{indicators.Programme}
	for _, s := range x.state.Sets {
		known = append(known, s.ID)
	}
	for _, p := range places {
		known = append(known, p.Territory)
	}
	if !slices.Contains(known, c.Territory) {
		return &hintError{fmt.Errorf("no territory %q", c.Territory), "there are " + strings.Join(known, " ")}
	}
	hint := "cairn status lists the months of each territory"
	if modalites := strings.Join(ind.ModaliteCodes(), " "); modalites != "" {
		hint += "; modalites: " + modalites
	}
	return &hintError{err, hint}
}

func (c *explainCmd) writeWorkbook(e *env, x *explained, all []*exports.Evidence) error {
	if len(all) > 1 {
		return &hintError{errors.New("a proof workbook is about one figure"), "choose one with --modalite"}
	}
	data, err := all[0].Workbook(exports.Release{Period: x.state.Horizon, Programme: x.workspace.Config.Programme})
	if err != nil {
		return err
	}
	if err := ingest.WriteDurably(c.XLSX, data, 0o644); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, c.XLSX)
	return nil
}

// printEvidence says in French what the figure is and what it rests on.
func (e *env) printEvidence(x *explained, ind *indicators.Indicator, ev *exports.Evidence) {
	p := func(format string, args ...any) { fmt.Fprintf(e.stdout, format+"\n", args...) }
	p("%s %s", ev.Indicator, ev.Name)
	where := ev.Territory
	if ev.Territory == indicators.Programme {
		where = "programme"
	} else if funder := x.workspace.Config.funder(ev.Territory); funder != "" {
		where = "territoires de " + funder
	}
	if name := ev.ModaliteName(ind.Modalites); name != "" {
		where += ", " + name
	}
	p("%s, %s\u00a0: %s", where, ev.MonthName(), ev.Sentence())
	p("  %s", ev.Definition)
	p("  Compte\u00a0: %s", ev.Counts)
	p("  Statut %s\u202f; effectif %d (plancher %d), population %d, inconnus %d", ev.Statut, ev.Effectif, ev.Floor, ev.Population, ev.Missing)
	if ev.Covered != "" {
		p("  %s", ev.Covered)
	}
	if ev.Agrees {
		p("  Recalculé à partir des lignes listées\u00a0: identique.")
	} else {
		p("  Recalculé à partir des lignes listées\u00a0: DIFFÉRENT du chiffre publié.")
		e.findings = true
	}
	if len(ev.Left) > 0 {
		p("  Territoires sans ligne ici (trop anciens, ou sans somme)\u00a0: %s", strings.Join(ev.Left, ", "))
	}
	list := func(title string, rows []exports.EvidenceRow, which func(exports.EvidenceRow) bool) {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r exports.EvidenceRow) bool { return !which(r) })
		if len(rows) == 0 {
			return
		}
		p("\n%s (%d)", title, len(rows))
		for _, r := range rows {
			line := strings.TrimSpace(strings.Join([]string{r.Subject, r.Modalite, r.InputsInWords(), r.Reason}, "  "))
			if indicators.IsSet(ev.Territory) {
				line = r.Territory + "  " + line
			}
			p("  %s", line)
			for _, place := range r.Places {
				p("      %s", place.InWords())
			}
		}
	}
	list("Lignes qui comptent", ev.Rows, func(r exports.EvidenceRow) bool { return r.Counted })
	list("Lignes de la population qui ne comptent pas", ev.Rows, func(r exports.EvidenceRow) bool { return !r.Counted })
	list("Autres lignes de la feuille, hors du chiffre", ev.Outside, func(exports.EvidenceRow) bool { return true })
	p("")
}

// movements builds the database again as if the cell were empty, aside, and says which figures differ.
func (c *explainCmd) movements(e *env, x *explained) error {
	sheet, cell, ok := strings.Cut(c.What, "!")
	if !ok {
		return &hintError{fmt.Errorf("%q is not a sheet and a cell", c.What), "write them as 'Relations!D14'"}
	}
	original, data, err := x.find(c.Cell)
	if err != nil {
		return err
	}
	submission, known := ingest.ParseWithout(x.model, data, strings.Trim(sheet, "'"), cell)
	if !known {
		return &hintError{fmt.Errorf("%s holds nothing in %s", filepath.Base(c.Cell), c.What), "give the sheet's name and the cell as they are in the file, as 'Relations!D14'"}
	}
	other, discard, err := x.workspace.scratch()
	if err != nil {
		return err
	}
	defer discard()
	if _, err := other.Load(e.ctx, x.model, x.workspace.archive(), originals(x.journal.Entries()), nil); err != nil { // of what another version of the program has read
		return err
	}
	if err := other.Substitute(e.ctx, x.model, original, submission); err != nil {
		return err
	}
	if err := other.Build(e.ctx, x.model, x.state); err != nil {
		return err
	}
	if err := indicators.Compute(e.ctx, other, x.model, nil); err != nil {
		return err
	}
	moved, err := indicators.Movements(e.ctx, x.db, other)
	if err != nil {
		return err
	}
	return c.printMovements(e, moved)
}

// find is the archived original that a file, by its bytes or by its path below inbox/, was received as.
func (x *explained) find(file string) (original string, data []byte, err error) {
	path, digest := x.workspace.belowInbox(file), ""
	if data, err := os.ReadFile(file); err == nil {
		sum := sha256.Sum256(data)
		digest = hex.EncodeToString(sum[:])
	}
	for _, r := range slices.Backward(x.state.Receptions) {
		if !r.Gone && (r.Original == digest || digest == "" && r.Path == path) {
			data, err := x.workspace.archive().Get(r.Original)
			return r.Original, data, err
		}
	}
	if at, forgotten := x.journal.Refused(digest); forgotten {
		return "", nil, &hintError{fmt.Errorf("%s was forgotten on %s (cairn forget)", file, at.In(transform.Paris).Format(time.DateOnly)),
			"no figure rests on it; if another workbook took its place, without what was forgotten, name that by its path: inbox/…"}
	}
	return "", nil, &hintError{fmt.Errorf("no reception of %s is known", file), "give a file of the inbox, or one that was received by its path below inbox/; what was forgotten (cairn forget) has no name any more"}
}

type movement struct {
	Indicator string   `json:"indicateur"`
	Territory string   `json:"territoire_id"`
	Period    string   `json:"periode"`
	Modalite  string   `json:"modalite"`
	Before    *float64 `json:"avant"`
	After     *float64 `json:"apres"`
	Was       string   `json:"statut_avant"`
	Is        string   `json:"statut_apres"`
}

func (c *explainCmd) printMovements(e *env, moved []indicators.Movement) error {
	if c.JSON {
		all := []movement{}
		for _, m := range moved {
			line := movement{Indicator: m.Indicator, Territory: m.Territory, Period: m.Period.Format("2006-01"), Modalite: m.Modalite, Was: string(m.StatutBefore), Is: string(m.StatutAfter)}
			if m.Before.Valid {
				line.Before = &m.Before.V
			}
			if m.After.Valid {
				line.After = &m.After.V
			}
			all = append(all, line)
		}
		encoder := json.NewEncoder(e.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(all)
	}
	if len(moved) == 0 {
		fmt.Fprintln(e.stdout, "Aucun chiffre ne changerait si cette cellule était vide.")
		return nil
	}
	fmt.Fprintf(e.stdout, "Si cette cellule était vide, %s\u00a0:\n", plural(len(moved), "chiffre changerait", "chiffres changeraient"))
	number := func(format string, x float64) string { return strings.Replace(fmt.Sprintf(format, x), ".", ",", 1) }
	value := func(m indicators.Movement, after bool) string {
		v, statut := m.Before, m.StatutBefore
		if after {
			v, statut = m.After, m.StatutAfter
		}
		if v.Valid {
			return number("%.4g", v.V)
		}
		return string(statut)
	}
	for _, m := range moved {
		difference := ""
		if m.Before.Valid && m.After.Valid {
			difference = " (" + number("%+.4g", m.After.V-m.Before.V) + ")"
		}
		of := strings.TrimSpace(strings.Join([]string{m.Indicator, m.Territory, m.Period.Format("2006-01"), m.Modalite}, " "))
		fmt.Fprintf(e.stdout, "  %s\u00a0: %s → %s%s\n", of, value(m, false), value(m, true), difference)
	}
	return nil
}
