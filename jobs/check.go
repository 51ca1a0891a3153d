package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cairn/exports"
	"cairn/ingest"
	"cairn/transform"
)

type checkCmd struct {
	Files    []string `arg:"" help:"Workbooks to check; a folder of .csv files is one."`
	Annotate string   `help:"Write in this folder what would be returned: the workbook with its faulty cells marked." placeholder:"DIR"`
}

// Run prints, in French, what would be said to the sender of each file. In a workspace that has run
// it applies every rule; elsewhere it says which rules need one.
func (c *checkCmd) Run(e *env) error {
	model, err := ingest.LoadModel()
	if err != nil {
		return err
	}
	context, err := e.checkContext(model)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer context.close()
	for _, file := range c.Files {
		data, err := ingest.ReadWorkbook(file)
		if errors.Is(err, fs.ErrNotExist) {
			return &hintError{fmt.Errorf("check: %w", err), "of a file that was received and is no longer there, its return in returns/ says what was found in it"}
		}
		if err != nil {
			return fmt.Errorf("check: %w", err)
		}
		submission := ingest.Parse(model, data)
		if err := context.preview(e, model, data, submission); err != nil {
			return fmt.Errorf("check %s: %w", file, err)
		}
		if e.report(file, submission) {
			e.findings = true
		}
		if c.Annotate != "" {
			if err := c.annotate(e, model, file, data, submission, context.db == nil); err != nil {
				return fmt.Errorf("check %s: %w", file, err)
			}
		}
		fmt.Fprintln(e.stdout)
	}
	if context.db == nil {
		fmt.Fprintf(e.stdout, "Règles qui demandent un espace de travail, non appliquées ici : %s.\n", strings.Join(ingest.HistoryRules, ", "))
	}
	return nil
}

// annotate writes the return of a file that was checked. It replaces no file.
func (c *checkCmd) annotate(e *env, m *ingest.Model, file string, data []byte, s *ingest.Submission, alone bool) error {
	ret := exports.NewReturn(s)
	ret.NoHistory = alone
	encoded, err := ret.Encode(m, data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Annotate, 0o755); err != nil {
		return err
	}
	base := filepath.Base(file)
	path := filepath.Join(c.Annotate, strings.TrimSuffix(base, filepath.Ext(base))+"_retour.xlsx")
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := out.Write(encoded); err != nil {
		return errors.Join(err, out.Close())
	}
	fmt.Fprintf(e.stdout, "  Retour : %s\n", path)
	return out.Close()
}

// checkContext is the workspace that a check compares with, if there is one.
type checkContext struct {
	db      *transform.Warehouse // a copy, in which the file is tried
	state   transform.State
	discard func()
}

func (e *env) checkContext(m *ingest.Model) (checkContext, error) {
	var none checkContext
	w, err := OpenWorkspace(e.workspace)
	if errors.As(err, new(*hintError)) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	if stands, err := w.stands(); !stands {
		return none, err // nothing has run here yet
	}
	journal, err := w.journal()
	if err != nil {
		return none, err
	}
	state, err := readState(journal, w.archive())
	if err != nil {
		return none, err
	}
	db, discard, err := w.scratch()
	if err != nil {
		return none, err
	}
	if _, err := db.Load(e.ctx, m, w.archive(), originals(journal.Entries()), nil); err != nil { // of what another version of the program has read
		discard()
		return none, err
	}
	return checkContext{db, state, discard}, nil
}

func (c checkContext) close() {
	if c.db != nil {
		c.discard()
	}
}

// preview adds the rules that need the other files of the workspace.
func (c checkContext) preview(e *env, m *ingest.Model, data []byte, s *ingest.Submission) error {
	if c.db == nil {
		return nil
	}
	sum := sha256.Sum256(data)
	return c.db.Preview(e.ctx, m, c.state, hex.EncodeToString(sum[:]), s, e.now())
}

// severityOrder is the order in which findings are said.
var severityOrder = []ingest.Severity{ingest.Rejet, ingest.Erreur, ingest.Question, ingest.Note}

// report says what is to be said of a submission, and whether something must be corrected or explained.
func (e *env) report(file string, s *ingest.Submission) (remain bool) {
	fmt.Fprintln(e.stdout, file)
	if s.Comments != nil {
		fmt.Fprintf(e.stdout, "  Classeur d’évaluation : %s\n", plural(len(s.Comments), "commentaire", "commentaires"))
	} else if s.Rejected {
		fmt.Fprintln(e.stdout, "  Ce classeur ne peut pas être pris.")
	} else {
		fmt.Fprintf(e.stdout, "  Territoire %s, mois %s%s\n", s.Territoire, s.Periode.Format("2006-01"), emitterWords(s.Emetteur))
		for _, t := range s.Tables {
			if read, taken, aside := t.Counts(); read > 0 {
				fmt.Fprintf(e.stdout, "  %-14s %s, %s, %s\n", t.Schema.Title,
					plural(read, "ligne lue", "lignes lues"), plural(taken, "prise", "prises"), plural(aside, "mise de côté", "mises de côté"))
			}
		}
	}
	findings := slices.Clone(s.Findings)
	slices.SortStableFunc(findings, func(a, b ingest.Finding) int {
		return slices.Index(severityOrder, a.Severity) - slices.Index(severityOrder, b.Severity)
	})
	for _, f := range findings {
		fmt.Fprintf(e.stdout, "  [%s] %s%s%s\n", f.Severity, place(f), f.Message, proposal(f))
		remain = remain || f.Severity != ingest.Note
	}
	if !remain {
		fmt.Fprintln(e.stdout, "  Rien à corriger.")
	}
	return remain
}

func emitterWords(emitter string) string {
	if emitter == "" {
		return ""
	}
	return ", émetteur " + emitter
}

// place says where a finding is, and what the cell holds: only the sender reads this.
func place(f ingest.Finding) string {
	var b strings.Builder
	switch {
	case f.Cell != "":
		fmt.Fprintf(&b, "%s, cellule %s", f.Sheet, f.Cell)
	case f.Line > 0:
		fmt.Fprintf(&b, "%s, ligne %d", f.Sheet, f.Line)
	case f.Sheet != "":
		b.WriteString(f.Sheet)
	default:
		return ""
	}
	if f.Value != "" {
		fmt.Fprintf(&b, " (« %s »)", f.Value)
	}
	b.WriteString(" : ")
	return b.String()
}

// proposal says what was probably meant.
func proposal(f ingest.Finding) string {
	if f.Proposal == "" {
		return ""
	}
	return fmt.Sprintf(" Vouliez-vous écrire « %s » ?", f.Proposal)
}

func plural(n int, one, many string) string {
	if n < 2 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
