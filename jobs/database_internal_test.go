package jobs

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"cairn/jobs/demo"
	"cairn/transform"
)

// What a database means is the program's that built it: after an upgrade nothing is read from it until a run has built
// it again.
func TestDatabaseOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ws")
	cairn := func(command string, want int, says string) {
		t.Helper()
		var out, diagnostics bytes.Buffer
		got := Main(strings.Fields(command+" -w "+dir), &out, &diagnostics)
		if said := out.String() + diagnostics.String(); got != want || !strings.Contains(said, says) {
			t.Errorf("cairn %s: exit status %d, want %d and %q in:\n%s", command, got, want, says, said)
		}
	}
	cairn(fmt.Sprintf("demo %s --months %d", dir, demo.MinMonths), exitDone, "")
	cairn("run", exitFindings, "published: release")
	w, err := OpenWorkspace(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.renew(t.Context(), false, func(db *transform.Warehouse) error {
		_, err := db.ExecContext(t.Context(), "UPDATE ref.construction SET cle = 'v0 ' || cle")
		return err
	}, nil); err != nil {
		t.Fatal(err)
	}
	const why, hint = "no database of this version of cairn", "cairn run builds it again"
	for _, command := range []string{"explain C02", "template", "send release --preview", "decide --waive --reason bogue F-0"} {
		cairn(command, exitFailed, why)
		cairn(command, exitFailed, hint)
	}
	cairn("status", exitDone, "no database stands")
	cairn("run", exitFindings, "nothing has changed since release")
	cairn("explain C02 --territory arlenthe", exitDone, "C02")
}
