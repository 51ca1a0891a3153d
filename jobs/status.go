package jobs

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

type statusCmd struct {
	Findings bool `help:"List every finding that waits, with its reference." xor:"form"`
	JSON     bool `help:"Print the same as JSON, for programs." name:"json" xor:"form"`
	asOfFlag
}

// Run shows which workbooks were expected and received, the findings that remain and the releases. Where no database
// stands, it shows what the journal alone says.
func (c *statusCmd) Run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	var coverage []transform.Received
	journal, db, done, err := e.openAsOf(w, c.asOfFlag)
	switch {
	case err == nil:
		defer done()
		if coverage, err = db.Coverage(e.ctx); err != nil {
			return &hintError{fmt.Errorf("status: %w", err), "nothing has been built here yet: cairn run"}
		}
	case !errors.Is(err, errNoDatabase):
		return err
	}
	if c.JSON {
		return e.printStatusJSON(w, db, journal, coverage)
	}
	switch {
	case db != nil:
		e.printCoverage(coverage)
	case len(originals(journal.Entries())) == 0:
		fmt.Fprintln(e.stdout, "nothing has been received yet: drop workbooks into inbox/, then: cairn run")
	default:
		fmt.Fprintln(e.stdout, "no database stands: cairn run makes it, from the archive and the journal")
	}
	e.printHistory(journal)
	err = e.printDeliveries(journal)
	if c.AsOf == "" { // what is due is due today
		err = errors.Join(err, e.printCalendar(w, journal))
	}
	switch {
	case err != nil || db == nil:
		return err
	case c.Findings:
		return e.listFindings(db)
	}
	return e.printFindings(db, journal)
}

// printHistory prints a line per release, and one for each decision, withdrawal and forgetting.
func (e *env) printHistory(journal *ingest.Journal) {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, r := range releasesOf(journal) {
		add("release %s v%d  %s%s%s", r.Period, r.Version, minute(r.At), map[bool]string{true: "  final"}[r.Final],
			map[bool]string{true: "  destroyed: see forgotten"}[r.Destroyed])
	}
	forgotten := forgottenOf(journal)
	for _, entry := range journal.Entries() {
		switch entry.Type {
		case ingest.EntryDecision:
			add("decision %s on %s  %s: %s", entry.Decision, entry.Finding, today(entry.At).Format(time.DateOnly), entry.Reason)
		case ingest.EntryForget:
			add("%s", forgotten[0])
			forgotten = forgotten[1:]
		case ingest.EntryWithdrawal:
			add("withdrawn inbox/%s  %s: %s", entry.Path, today(entry.At).Format(time.DateOnly), entry.Reason)
		}
	}
	if journal.ForgottenSince() > 0 {
		add("without what was forgotten since")
	}
	if len(lines) > 0 {
		fmt.Fprintf(e.stdout, "\n%s\n", strings.Join(lines, "\n"))
	}
}

// minute is a moment as it is told, in the time of Paris.
func minute(t time.Time) string { return t.In(transform.Paris).Format("2006-01-02 15:04") }

// listFindings prints a line per finding that waits, with the reference by which it is decided upon.
func (e *env) listFindings(db *transform.Warehouse) error {
	all, err := db.Findings(e.ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, f := range all {
		e.findings = true
		period := "?"
		if f.Period.Valid {
			period = f.Period.Time.Format("2006-01")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", f.ID, f.Severity, f.Territory, period, f.Rule, strings.TrimSuffix(place(f.Finding), "\u00a0: "))
	}
	return t.Flush()
}

// printFindings prints a line per file that waits for a correction or an explanation.
func (e *env) printFindings(db *transform.Warehouse, journal *ingest.Journal) error {
	files, err := db.OpenFindings(e.ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	e.findings = true
	var paths []string // in the order of reception
	for _, entry := range journal.Entries() {
		if entry.Type == ingest.EntryReception {
			paths = append(paths, entry.Path)
		}
	}
	fmt.Fprintln(e.stdout, "\nfindings that remain (cairn check FILE says them in full):")
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, f := range files {
		period := "?"
		if f.Period.Valid {
			period = f.Period.Time.Format("2006-01")
		}
		words := ""
		for _, severity := range severityOrder {
			if n := f.Counts[severity]; n > 0 {
				words += fmt.Sprintf("%d %s ", n, severity)
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\tinbox/%s\n", f.Territory, period, words, paths[f.Reception-1])
	}
	return t.Flush()
}

// printCoverage prints a line per territory: for each of the last twelve months what was received.
func (e *env) printCoverage(coverage []transform.Received) {
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	header, lines, last := "territory", "", ""
	for _, c := range coverage {
		if c.Territory == coverage[0].Territory {
			header += "\t" + c.Period.Format("06-01")
		}
		if c.Territory != last {
			lines += "\n" + c.Territory
			last = c.Territory
		}
		lines += "\t" + receivedMark(c)
	}
	fmt.Fprintln(t, header+lines)
	t.Flush()
	fmt.Fprintln(e.stdout, "v2: second version; +9: nine days late; e: empty; r: « rien ce mois-ci »; d: decided upon; -: missing; .: not expected")
}

// receivedMark is what came for a month in a few signs: v2+9e.
func receivedMark(c transform.Received) string {
	switch {
	case c.Version == 0 && c.Expected:
		return "-"
	case c.Version == 0:
		return "."
	}
	mark := fmt.Sprintf("v%d", c.Version)
	if c.Late > 0 {
		mark += fmt.Sprintf("+%d", c.Late)
	}
	mark += map[string]string{"vide": "e", "rien": "r"}[c.Content]
	if c.Decisions > 0 {
		mark += "d"
	}
	return mark
}
