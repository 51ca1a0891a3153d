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
	for _, entry := range journal.Entries() {
		if entry.Type == ingest.EntryRelease {
			fmt.Fprintf(e.stdout, "release %s v%d  %s\n", entry.Period, entry.Version, entry.At.Format("2006-01-02 15:04"))
		}
	}
	return (&run{env: e, workspace: w}).reportFindings(db)
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
