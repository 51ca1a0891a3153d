package jobs

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"cairn/ingest"
	"cairn/transform"
)

type statusCmd struct {
	Findings bool `help:"List every finding that waits, with its reference." xor:"form"`
	JSON     bool `help:"Print the same as JSON, for programs." name:"json" xor:"form"`
	asOfFlag
}

// Run shows which workbooks were expected and received, the findings that remain and the releases.
func (c *statusCmd) Run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	journal, db, done, err := e.openAsOf(w, c.asOfFlag)
	if errors.Is(err, errNoDatabase) && !c.JSON {
		fmt.Fprintln(e.stdout, "nothing has been received yet: drop workbooks into inbox/, then: cairn run")
		return e.printCalendar(w, journal)
	}
	if err != nil {
		return err
	}
	defer done()
	coverage, err := db.Coverage(e.ctx)
	if err != nil {
		return &hintError{fmt.Errorf("status: %w", err), "nothing has been built here yet: cairn run"}
	}
	if c.JSON {
		return e.printStatusJSON(w, db, journal, coverage)
	}
	e.printCoverage(coverage)
	fmt.Fprintln(e.stdout)
	gone := destroyedReleases(journal)
	shown := map[string]bool{} // a release found again under new inputs has several lines
	for _, entry := range journal.Entries() {
		if entry.Type == ingest.EntryRelease && !shown[entry.Manifest] {
			shown[entry.Manifest] = true
			fmt.Fprintf(e.stdout, "release %s v%d  %s%s%s\n", entry.Period, entry.Version, entry.At.Format("2006-01-02 15:04"), map[bool]string{true: "  final"}[entry.Final],
				map[bool]string{true: "  destroyed: see forgotten"}[slices.Contains(gone, filepath.Join("outbox", entry.Period, fmt.Sprintf("v%d", entry.Version)))])
		}
	}
	for _, entry := range journal.Entries() {
		switch entry.Type {
		case ingest.EntryDecision:
			fmt.Fprintf(e.stdout, "decision %s on %s  %s: %s\n", entry.Decision, entry.Finding, entry.At.Format("2006-01-02"), entry.Reason)
		case ingest.EntryForget:
			fmt.Fprintf(e.stdout, "forgotten (%s)  %s: %d originals\n", entry.Kind, entry.At.Format("2006-01-02"), len(entry.Forgotten))
		case ingest.EntryWithdrawal:
			fmt.Fprintf(e.stdout, "withdrawn inbox/%s  %s: %s\n", entry.Path, entry.At.Format("2006-01-02"), entry.Reason)
		}
	}
	err = e.printDeliveries(journal)
	if c.AsOf == "" { // what is due is due today
		err = errors.Join(err, e.printCalendar(w, journal))
	}
	if err != nil {
		return err
	}
	if c.Findings {
		return e.listFindings(db)
	}
	return e.printFindings(db, journal)
}

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
