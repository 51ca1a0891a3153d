package jobs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// The state of a workspace, for programs. Months are written 2026-10, moments in RFC 3339.
type (
	statusJSON struct {
		Received   []receivedJSON          `json:"received"` // each territory × the last twelve months; null while no database stands
		Findings   map[ingest.Severity]int `json:"findings"` // that wait, by severity; null while no database stands
		Releases   []releaseJSON           `json:"releases"`
		Forgotten  []forgottenJSON         `json:"forgotten"`  // each cairn forget
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
		Period    string    `json:"period"`
		Version   int       `json:"version"`
		Final     bool      `json:"final"`
		Destroyed bool      `json:"destroyed"` // it rested on what was forgotten
		At        time.Time `json:"at"`
	}
	forgottenJSON struct { // never of whom
		Kind      string    `json:"kind"`      // submission, emetteur, respondent, retention
		Destroyed int       `json:"destroyed"` // originals of which nothing stays
		Rewritten int       `json:"rewritten"` // originals that stay without what was forgotten
		Reissued  []string  `json:"reissued"`  // months whose releases are destroyed, and made again if anything is left
		Done      bool      `json:"done"`      // false: it was stopped, the next run ends it
		At        time.Time `json:"at"`
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
	s := statusJSON{Releases: releasesOf(journal), Forgotten: forgottenOf(journal), Deliveries: []deliveryJSON{}, Runs: []runJSON{}}
	if db != nil {
		s.Received, s.Findings = []receivedJSON{}, map[ingest.Severity]int{}
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

func releasesOf(journal *ingest.Journal) []releaseJSON {
	all := []releaseJSON{}
	gone := destroyedReleases(journal)
	seen := map[string]bool{} // a release found again under new inputs has several lines
	for _, e := range journal.Entries() {
		if e.Type == ingest.EntryRelease && !seen[e.Manifest] {
			seen[e.Manifest] = true
			all = append(all, releaseJSON{e.Period, e.Version, e.Final, slices.Contains(gone, releasePath(e)), e.At})
		}
	}
	return all
}

func forgottenOf(journal *ingest.Journal) []forgottenJSON {
	all := []forgottenJSON{}
	unfinished := journal.Unfinished()
	for i, e := range journal.Entries() {
		if e.Type != ingest.EntryForget {
			continue
		}
		f := forgottenJSON{Kind: e.Kind, Reissued: append([]string{}, e.Reissued...), Done: unfinished < 0 || i < unfinished, At: e.At}
		for _, original := range e.Forgotten {
			if original.Replacement == "" {
				f.Destroyed++
			} else {
				f.Rewritten++
			}
		}
		all = append(all, f)
	}
	return all
}

// String is the line of « cairn status ».
func (f forgottenJSON) String() string {
	text := fmt.Sprintf("forgotten (%s)  %s: %d originals destroyed, %d rewritten; releases destroyed: %s", f.Kind, today(f.At).Format(time.DateOnly), f.Destroyed, f.Rewritten, cmp.Or(strings.Join(f.Reissued, ", "), "none"))
	if !f.Done {
		text += "; it was stopped: cairn run ends it"
	}
	return text
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
		fmt.Fprintf(t, "last\t%s\t%s\t%s\t%s%s\n", r.Kind, r.Period, minute(r.At), r.Outcome, parenthesis(r.Reason))
	}
	for _, n := range w.Config.Calendar.next(e.now()) {
		fmt.Fprintf(t, "next\t%s\t%s\t%s\t\n", n.job, n.period.Format("2006-01"), minute(n.at))
	}
	return t.Flush()
}
