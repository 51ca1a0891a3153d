package jobs

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"cairn/ingest"
)

type sendCmd struct {
	What    string `arg:"" enum:"release,impact,returns,reminder" help:"release: evaluators and the association; impact: funders; returns: référents, what became of their workbooks; reminder: référents whose workbook is missing."`
	Period  string `help:"Month that it is about, as 2026-10 (default: the latest published; of a reminder: the month before this one)." placeholder:"MONTH"`
	Send    bool   `help:"Send by e-mail, through courriel.serveur of cairn.toml; else drafts are written in courriels/."`
	Again   bool   `help:"Also what was delivered before."`
	Preview bool   `help:"Say to whom what would go, and do nothing." short:"n"`
}

// Run delivers, by drafts or by e-mail, and into the shared folder.
func (c *sendCmd) Run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	release, err := e.lock(w, "send")
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	defer release()
	if err := c.deliver(e, w); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

func (c *sendCmd) deliver(e *env, w *Workspace) error {
	journal, err := w.journal()
	if err != nil {
		return err
	}
	if err := checkForgotten(journal); err != nil {
		return err
	}
	o := occasion{what: c.What}
	if o.period, err = c.period(e, journal); err != nil {
		return err
	}
	if c.What == occasionReminder {
		o.due = dueDay(o.period)
		o.step = int(today(e.now()).Sub(o.due).Hours() / 24)
	}
	db, err := w.open(e.ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	d := &delivery{env: e, workspace: w, journal: journal, db: db, send: c.Send || w.Config.Mail.Send, again: c.Again, preview: c.Preview}
	if len(w.Config.Recipients) == 0 && !w.Config.Mail.Referents && w.Config.Drop.Dir == "" {
		return &hintError{errors.New("nobody to deliver to"), "name them in cairn.toml: [[destinataires]], [courriel] referents, [depot]"}
	}
	refused, err := d.deliver(o)
	if err == nil && refused > 0 {
		err = &hintError{fmt.Errorf("%d letters were refused", refused), "mend the address, then: cairn send " + c.What + " --again"}
	}
	return err
}

// period is the month that was asked for, or the one that is meant.
func (c *sendCmd) period(e *env, journal *ingest.Journal) (time.Time, error) {
	if c.Period != "" {
		return parsePeriod(c.Period)
	}
	if c.What == occasionReminder {
		at := today(e.now())
		return time.Date(at.Year(), at.Month()-1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	last := ""
	for _, entry := range journal.Entries() {
		if entry.Type == ingest.EntryRelease {
			last = max(last, entry.Period)
		}
	}
	if last == "" {
		return time.Time{}, &hintError{errors.New("nothing has been published yet"), "cairn run"}
	}
	return parsePeriod(last)
}

// dueDay is the last day to send the workbook of a month without being late.
func dueDay(month time.Time) time.Time { return month.AddDate(0, 1, 9) }

// lastDeliveries are the last lines of the journal about each recipient and kind of letter, in the order of the first.
func lastDeliveries(journal *ingest.Journal) []ingest.Entry {
	type line struct{ recipient, kind string }
	place := map[line]int{}
	var last []ingest.Entry
	for _, e := range journal.Entries() {
		if e.Type != ingest.EntryDelivery {
			continue
		}
		i, known := place[line{e.Recipient, e.Kind}]
		if !known {
			i = len(last)
			place[line{e.Recipient, e.Kind}] = i
			last = append(last, e)
		}
		last[i] = e
	}
	return last
}

// printDeliveries says who got what last, and what waits.
func (e *env) printDeliveries(journal *ingest.Journal) error {
	last := lastDeliveries(journal)
	if len(last) == 0 {
		return nil
	}
	fmt.Fprintln(e.stdout, "\ndelivered last:")
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, entry := range last {
		about := entry.Period
		if entry.Version > 0 {
			about += fmt.Sprintf(" v%d", entry.Version)
		}
		outcome := entry.Outcome
		switch outcome {
		case outcomeIntended:
			outcome = "not known to have left: it is made again at the next delivery"
		case outcomeRefused:
			outcome += parenthesis(entry.Reason)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", entry.Recipient, entry.Kind, about, minute(entry.At), outcome)
	}
	return t.Flush()
}
