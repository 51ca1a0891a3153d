package jobs

import (
	"fmt"
	"text/tabwriter"

	"cairn/ingest"
	"cairn/transform"
)

type statusCmd struct{}

// Run shows which workbooks were expected and received, the findings that remain and the releases.
func (c *statusCmd) Run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	journal, err := w.journal()
	if err != nil {
		return err
	}
	db, err := w.open()
	if err != nil {
		return err
	}
	defer db.Close()
	coverage, err := db.Coverage(e.ctx)
	if err != nil {
		return &hintError{fmt.Errorf("status: %w", err), "nothing has been built here yet: cairn run"}
	}
	e.printCoverage(coverage)
	fmt.Fprintln(e.stdout)
	shown := map[string]bool{} // a release found again under new inputs has several lines
	for _, entry := range journal.Entries() {
		if entry.Type == ingest.EntryRelease && !shown[entry.Manifest] {
			shown[entry.Manifest] = true
			fmt.Fprintf(e.stdout, "release %s v%d  %s\n", entry.Period, entry.Version, entry.At.Format("2006-01-02 15:04"))
		}
	}
	return e.printFindings(db, journal)
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

// printCoverage prints a line per territory: for each of the last twelve months the version
// received, « - » when nothing came, « . » when nothing was expected.
func (e *env) printCoverage(coverage []transform.Received) {
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	header, line := "territory", ""
	last := ""
	first := ""
	for _, c := range coverage {
		if first == "" {
			first = c.Territory
		}
		if c.Territory == first {
			header += "\t" + c.Period.Format("06-01")
		}
		if c.Territory != last && last != "" {
			line += "\n"
		}
		if c.Territory != last {
			line += c.Territory
		}
		last = c.Territory
		switch {
		case c.Version > 0:
			line += fmt.Sprintf("\tv%d", c.Version)
		case c.Expected:
			line += "\t-"
		default:
			line += "\t."
		}
	}
	fmt.Fprintln(t, header)
	fmt.Fprintln(t, line)
	t.Flush()
}
