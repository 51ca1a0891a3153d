package jobs

import (
	"errors"
	"fmt"
	"strings"

	"cairn/ingest"
)

// What the association decides is a line of the journal, and takes effect when the database is built.

type decideCmd struct {
	Finding string `arg:"" help:"Reference of the finding, as « cairn status --findings » gives it."`
	Accept  bool   `help:"What the workbook says stands: a question is not put again." xor:"decision" required:""`
	Waive   bool   `help:"The finding is dropped: nobody is asked about it again." xor:"decision" required:""`
	Reason  string `help:"Why, for those who come after." required:"" placeholder:"TEXT"`
}

// reasoned refuses a reason that says nothing.
func reasoned(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return &hintError{errors.New("--reason is empty"), "say why, for those who come after"}
	}
	return nil
}

// Run journals the decision.
func (c *decideCmd) Run(e *env) error {
	if err := reasoned(c.Reason); err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	release, err := e.lock(w, "decide")
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	defer release()
	db, err := w.open(e.ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	f, found, err := db.Finding(e.ctx, c.Finding)
	if err != nil {
		return &hintError{fmt.Errorf("decide: %w", err), "nothing has been built here yet: cairn run"}
	}
	if !found {
		return &hintError{fmt.Errorf("decide: no finding %s", c.Finding), "cairn status --findings lists those that wait, with their references"}
	}
	decision := "waive"
	if c.Accept {
		decision = "accept"
		if f.Severity != ingest.Question {
			return &hintError{fmt.Errorf("decide: %s is a finding of severity %s: there is nothing to accept in it", c.Finding, f.Severity),
				"have the cell corrected, or drop the finding with --waive"}
		}
	}
	return e.journal(w, ingest.Entry{Type: ingest.EntryDecision, Finding: c.Finding, Decision: decision, Reason: c.Reason})
}

type withdrawCmd struct {
	Submission string `arg:"" help:"The file to withdraw, as the list of « cairn status » gives it."`
	Reason     string `help:"Why, for those who come after." required:"" placeholder:"TEXT"`
}

// Run journals the withdrawal of the last reception of a file.
func (c *withdrawCmd) Run(e *env) error {
	if err := reasoned(c.Reason); err != nil {
		return fmt.Errorf("withdraw: %w", err)
	}
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	release, err := e.lock(w, "withdraw")
	if err != nil {
		return fmt.Errorf("withdraw: %w", err)
	}
	defer release()
	journal, err := w.journal()
	if err != nil {
		return err
	}
	state, err := readState(journal, w.archive())
	if err != nil {
		return &hintError{fmt.Errorf("withdraw: %w", err), "cairn run"}
	}
	path := w.belowInbox(c.Submission)
	reception := 0
	for i, r := range state.Receptions {
		if r.Path == path && !state.Withdrawn[i+1] {
			reception = i + 1
		}
	}
	if reception == 0 {
		return &hintError{fmt.Errorf("withdraw: no reception of inbox/%s stands", path), "give the file as it was received, below inbox/"}
	}
	return e.journal(w, ingest.Entry{Type: ingest.EntryWithdrawal, Reception: reception, Path: path, Reason: c.Reason})
}

// journal writes a line and says what makes it take effect.
func (e *env) journal(w *Workspace, entry ingest.Entry) error {
	journal, err := w.journal()
	if err != nil {
		return err
	}
	entry.At = e.now().UTC()
	if err := journal.Append(entry); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, "journalled; it takes effect with the next cairn run")
	return nil
}
