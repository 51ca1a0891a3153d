package jobs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"cairn/ingest"
	"cairn/jobs"
)

// What was forgotten is told in words and for programs, never of whom: also while it waits for its end and no database
// stands, and the run that ends it says so.
func TestForgottenIsTold(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "espace")
	cairn := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if status := jobs.Main(append(args, "--workspace", dir), &out, os.Stderr); status != want {
			t.Fatalf("%v: exit status %d, want %d\n%s", args, status, want, out.String())
		}
		return out.String()
	}
	if status := jobs.Main([]string{"init", dir}, &bytes.Buffer{}, os.Stderr); status != 0 {
		t.Fatal(status)
	}
	original, err := ingest.Archive{Dir: filepath.Join(dir, "archive")}.Put([]byte("canari"))
	if err != nil {
		t.Fatal(err)
	}
	journal, err := ingest.OpenJournal(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	digest := func(of string) string { return strings.Repeat(of, 64) }
	at := time.Date(2026, 11, 4, 23, 30, 0, 0, time.UTC) // the fifth in Paris
	err = journal.Append(
		ingest.Entry{Type: ingest.EntryReception, At: at, ReceivedAt: at, Path: "canari.xlsx", Original: original},
		ingest.Entry{Type: ingest.EntryWithdrawal, At: at, Reception: 1, Path: "canari.xlsx", Reason: "canari"},
		ingest.Entry{Type: ingest.EntryRelease, At: at, Period: "2026-10", Version: 1, Manifest: "m"},
		ingest.Entry{Type: ingest.EntryDelivery, At: at, Kind: "comparaison", Recipient: "asso@example.org", Outcome: "sent"},
		ingest.Entry{Type: ingest.EntryForget, At: at, Kind: "emetteur", Silenced: []int{1, 2}, Reissued: []string{"2026-10"},
			Forgotten: []ingest.Forgotten{{Original: original}, {Original: digest("b"), Replacement: digest("c")}, {Original: digest("d"), Replacement: digest("e")}}},
	)
	if err != nil {
		t.Fatal(err)
	}

	type object = map[string]any
	check := func(done bool) {
		t.Helper()
		var got object
		if err := json.Unmarshal([]byte(cairn(0, "status", "--json")), &got); err != nil {
			t.Fatal(err)
		}
		want := object{
			"received": nil, "findings": nil,
			"releases": []any{object{"period": "2026-10", "version": 1.0, "final": false, "destroyed": true, "at": "2026-11-04T23:30:00Z"}},
			"forgotten": []any{object{"kind": "emetteur", "destroyed": 1.0, "rewritten": 2.0, "reissued": []any{"2026-10"}, "done": done,
				"at": "2026-11-04T23:30:00Z"}},
		}
		for member, value := range want {
			if diff := gocmp.Diff(value, got[member]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", member, diff)
			}
		}
	}
	const line = "forgotten (emetteur)  2026-11-05: 1 originals destroyed, 2 rewritten; releases destroyed: 2026-10"
	check(false)
	text := cairn(0, "status")
	for _, want := range []string{line + "; it was stopped: cairn run ends it\n", "release 2026-10 v1  2026-11-05 00:30", "2026-11-05 00:30  sent\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := cairn(1, "run"); !strings.Contains(text, "forgotten: what a cairn forget that was stopped had left to do is done\n") {
		t.Error(text) // 1: no workbook is left
	}
	check(true)
	text = cairn(0, "status")
	if !strings.Contains(text, line+"\n") || !strings.Contains(text, "withdrawn inbox/(oublié)  2026-11-05: \n") || strings.Contains(text, "canari") {
		t.Error(text)
	}
}

// What a backup that was stopped has left half-written may since have been forgotten: the next one into the folder destroys it.
func TestBackupDropsHalfWrittenFiles(t *testing.T) {
	t.Parallel()
	dir, kept := filepath.Join(t.TempDir(), "espace"), filepath.Join(t.TempDir(), "sauvegarde")
	cairn := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if status := jobs.Main(args, &out, os.Stderr); status != 0 {
			t.Fatalf("%v: exit status %d", args, status)
		}
		return out.String()
	}
	cairn("init", dir)
	original, err := ingest.Archive{Dir: filepath.Join(dir, "archive")}.Put([]byte("original"))
	if err != nil {
		t.Fatal(err)
	}
	journal, err := ingest.OpenJournal(filepath.Join(dir, "journal.jsonl"))
	if err == nil {
		at := time.Date(2026, 11, 4, 23, 30, 0, 0, time.UTC)
		err = journal.Append(ingest.Entry{Type: ingest.EntryReception, At: at, Path: "a.xlsx", Original: original})
	}
	if err != nil {
		t.Fatal(err)
	}
	if text := cairn("backup", "--workspace", dir, kept); !strings.Contains(text, "1 lines of the journal to 2026-11-05 00:30,") { // in Paris
		t.Error(text)
	}
	left := []string{"archive/sha256/ab/.partial-1", "outbox/2026-10/.v1.partial/donnees/indicateurs.csv", ".partial-2"}
	for _, name := range left {
		if err := ingest.WriteDurably(filepath.Join(kept, name), []byte("canari"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cairn("backup", "--workspace", dir, kept)
	for _, name := range left {
		if _, err := os.Stat(filepath.Join(kept, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}
