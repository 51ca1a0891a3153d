package jobs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// The state of a workspace, for programs. Months are written 2026-10, moments in RFC 3339.
type (
	statusJSON struct {
		Received   []receivedJSON          `json:"received"` // each territory × the last twelve months
		Findings   map[ingest.Severity]int `json:"findings"` // that wait, by severity
		Releases   []releaseJSON           `json:"releases"`
		Deliveries []deliveryJSON          `json:"deliveries"` // the last of each recipient and kind
		Runs       []runJSON               `json:"runs"`       // of the calendar, the last of each job
		Next       []nextJSON              `json:"next"`
	}
	receivedJSON struct {
		Territory string `json:"territory"`
		Period    string `json:"period"`
		Expected  bool   `json:"expected"`
		Version   int    `json:"version"`   // 0: nothing was received
		DaysLate  int    `json:"days_late"` // 0 or less: on time
		Content   string `json:"content"`   // rempli, rien, vide, or empty
	}
	releaseJSON struct {
		Period  string    `json:"period"`
		Version int       `json:"version"`
		Final   bool      `json:"final"`
		At      time.Time `json:"at"`
	}
	deliveryJSON struct {
		Recipient string    `json:"recipient"`
		Kind      string    `json:"kind"`
		Period    string    `json:"period,omitempty"`
		Version   int       `json:"version,omitempty"`
		Outcome   string    `json:"outcome"`
		At        time.Time `json:"at"`
	}
	runJSON struct {
		Job     string    `json:"job"`
		Period  string    `json:"period"`
		Outcome string    `json:"outcome"`
		Reason  string    `json:"reason,omitempty"`
		At      time.Time `json:"at"`
	}
	nextJSON struct {
		Job    string    `json:"job"`
		Period string    `json:"period"`
		At     time.Time `json:"at"`
	}
)

func (e *env) printStatusJSON(w *Workspace, db *transform.Warehouse, journal *ingest.Journal, coverage []transform.Received) error {
	s := statusJSON{Received: []receivedJSON{}, Findings: map[ingest.Severity]int{}, Releases: []releaseJSON{}, Deliveries: []deliveryJSON{}, Runs: []runJSON{}}
	for _, c := range coverage {
		s.Received = append(s.Received, receivedJSON{c.Territory, c.Period.Format("2006-01"), c.Expected, c.Version, c.Late, c.Content})
	}
	files, err := db.OpenFindings(e.ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		e.findings = true
		for severity, n := range f.Counts {
			s.Findings[severity] += n
		}
	}
	seen := map[string]bool{} // a release found again under new inputs has several lines
	for _, entry := range journal.Entries() {
		if entry.Type == ingest.EntryRelease && !seen[entry.Manifest] {
			seen[entry.Manifest] = true
			s.Releases = append(s.Releases, releaseJSON{entry.Period, entry.Version, entry.Final, entry.At})
		}
	}
	for _, d := range lastDeliveries(journal) {
		s.Deliveries = append(s.Deliveries, deliveryJSON{d.Recipient, d.Kind, d.Period, d.Version, d.Outcome, d.At})
	}
	for _, r := range lastOfJobs(journal) {
		s.Runs = append(s.Runs, runJSON{r.Kind, r.Period, r.Outcome, r.Reason, r.At})
	}
	for _, n := range w.Config.Calendar.next(e.now()) {
		s.Next = append(s.Next, nextJSON{n.job, n.period.Format("2006-01"), n.at})
	}
	encoder := json.NewEncoder(e.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}

// lastOfJobs are the last runs of the calendar, one of each job, in the order in which they ended.
func lastOfJobs(journal *ingest.Journal) []ingest.Entry {
	last := map[string]ingest.Entry{}
	for _, e := range lastRuns(journal) {
		if e.At.After(last[e.Kind].At) {
			last[e.Kind] = e
		}
	}
	return slices.SortedFunc(maps.Values(last), func(a, b ingest.Entry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind)) })
}

// printCalendar says what the service did last, and what it does next.
func (e *env) printCalendar(w *Workspace, journal *ingest.Journal) error {
	fmt.Fprintln(e.stdout, "\ncalendar (cairn serve):")
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, r := range lastOfJobs(journal) {
		fmt.Fprintf(t, "last\t%s\t%s\t%s\t%s%s\n", r.Kind, r.Period, r.At.In(transform.Paris).Format("2006-01-02 15:04"), r.Outcome, parenthesis(r.Reason))
	}
	for _, n := range w.Config.Calendar.next(e.now()) {
		fmt.Fprintf(t, "next\t%s\t%s\t%s\t\n", n.job, n.period.Format("2006-01"), n.at.Format("2006-01-02 15:04"))
	}
	return t.Flush()
}
