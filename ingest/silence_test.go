package ingest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSilence takes words out of a journal: its chain stays, and only a line that says so lets words be missing.
func TestSilence(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	forgotten, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	err = j.Append(
		Entry{Type: EntryReception, Original: forgotten, Path: "marie.xlsx"},
		Entry{Type: EntryReception, Original: other, Path: "jean.xlsx"},
		Entry{Type: EntryRelease, Period: "2026-10", Version: 1, Figures: strings.Repeat("c", 64), Prints: strings.Repeat("d", 64), First: strings.Repeat("e", 64)},
		Entry{Type: EntryForget, Forgotten: []Forgotten{{Original: forgotten}}, Silenced: []int{1}, Reissued: []string{"2026-10"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	before := j.Chain()
	if err := j.Silence(); err != nil {
		t.Fatal(err)
	}
	if j, err = OpenJournal(path); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	e := j.Entries()
	switch {
	case j.Chain() != before:
		t.Error("the chain is another one")
	case strings.Contains(string(data), "marie") || !strings.Contains(string(data), "jean"):
		t.Errorf("the journal says\n%s", data)
	case !e[0].Gone || e[0].Original != "" || e[0].Path != silencedPath || e[1].Original != other || e[2].Figures != "" || e[2].Prints != "" || e[2].First != "":
		t.Errorf("the entries are %+v", e)
	case len(j.Loose()) != 4 || j.Unfinished() != 3:
		t.Errorf("to be destroyed are %v, of the line %d", j.Loose(), j.Unfinished())
	}
	if known := j.Until(1); !known.Entries()[0].Gone || known.ForgottenSince() != 1 {
		t.Error("at an earlier line the original is known still")
	}
	if err := j.Append(Entry{Type: EntryForgotten}); err != nil || j.Unfinished() >= 0 {
		t.Errorf("it is not done: %v", err)
	}
	lost := regexp.MustCompile(`,"said":\{[^}]*\}`).ReplaceAll(data, nil)
	if err := os.WriteFile(path, lost, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path); err == nil || !strings.Contains(err.Error(), "journal.jsonl:2: its words are missing") {
		t.Errorf("words that nobody wanted destroyed are missing: %v", err)
	}
}
