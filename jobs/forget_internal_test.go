package jobs

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/ingest"
)

// Of a workbook every version is found: what was refused under its name, before it or after, and what came under another.
func TestFindSubmission(t *testing.T) {
	t.Parallel()
	month := func(m time.Month) *ingest.Submission {
		return &ingest.Submission{Territoire: "valbrune", Periode: time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC)}
	}
	group := month(9)
	group.Emetteur = "elus"
	subs := map[string]*ingest.Submission{
		"refused": {Rejected: true}, "broken": {Rejected: true}, "sept": month(9), "sept2": month(9), "oct": month(10), "elus": group, "comments": {Comments: []ingest.Comment{}},
	}
	for name, c := range map[string]struct {
		received []string // path original
		give     string
		want     []string
		err      string
	}{
		"a refused one first":        {[]string{"a.xlsx refused", "a.xlsx sept"}, "a.xlsx", []string{"refused", "sept"}, ""},
		"a refused one last":         {[]string{"a.xlsx sept", "a.xlsx broken"}, "a.xlsx", []string{"broken", "sept"}, ""},
		"another name":               {[]string{"a.xlsx sept", "b.xlsx sept2", "b.xlsx broken", "c.xlsx oct", "d.xlsx elus"}, "a.xlsx", []string{"sept", "sept2"}, ""},
		"only refused ones":          {[]string{"a.xlsx refused", "a.xlsx broken", "b.xlsx sept"}, "a.xlsx", []string{"broken", "refused"}, ""},
		"several months":             {[]string{"a.xlsx sept", "a.xlsx oct", "b.xlsx sept2"}, "a.xlsx", nil, "valbrune 2026-09, valbrune 2026-10"},
		"several, one by its digest": {[]string{"a.xlsx sept", "a.xlsx oct", "b.xlsx sept2"}, "sept", []string{"sept", "sept2"}, ""},
		"an evaluator's":             {[]string{"a.xlsx comments", "b.xlsx sept"}, "a.xlsx", []string{"comments"}, ""},
		"nothing":                    {[]string{"a.xlsx sept"}, "b.xlsx", nil, "no reception of inbox/b.xlsx"},
	} {
		t.Run(name, func(t *testing.T) {
			journal, err := ingest.OpenJournal(filepath.Join(t.TempDir(), journalFile))
			if err != nil {
				t.Fatal(err)
			}
			f := &forgetting{run: &run{workspace: &Workspace{Dir: t.TempDir()}, journal: journal}, command: &forgetCmd{Submission: c.give},
				subs: map[string]*ingest.Submission{}, destroyed: map[string]bool{}}
			for _, line := range c.received {
				path, original, _ := strings.Cut(line, " ")
				f.subs[original] = subs[original]
				if err := journal.Append(ingest.Entry{Type: ingest.EntryReception, Path: path, Original: original}); err != nil {
					t.Fatal(err)
				}
			}
			err = f.findSubmission()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(c.want, slices.Sorted(maps.Keys(f.destroyed))); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}
