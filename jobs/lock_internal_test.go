package jobs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLockNamesItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), lockFile)
	holder := Holder{"run", os.Getpid(), time.Date(2026, 11, 10, 8, 0, 0, 0, time.UTC)}
	release, err := acquire(path, holder)
	if err != nil {
		t.Fatal(err)
	}
	var held *heldError
	if _, err := acquire(path, Holder{Command: "decide"}); !errors.As(err, &held) {
		t.Fatalf("a lock that is held was given: %v", err)
	}
	if diff := cmp.Diff(holder, held.holder); diff != "" {
		t.Error(diff)
	}
	if text := held.Error(); !strings.HasSuffix(text, "since 2026-11-10 09:00:00") { // in Paris
		t.Error(text)
	}
	release()
	release, err = acquire(path, Holder{Command: "decide"})
	if err != nil {
		t.Fatalf("a lock that was given back is refused: %v", err)
	}
	release()
}

// What a process that was killed left in the file is of no effect.
func TestLockOfTheDeadIsFree(t *testing.T) {
	path := filepath.Join(t.TempDir(), lockFile)
	for _, left := range []string{"", "{", `{"command":"serve","process":1,"since":"2026-11-10T08:00:00Z"}`} {
		if err := os.WriteFile(path, []byte(left), 0o644); err != nil {
			t.Fatal(err)
		}
		release, err := acquire(path, Holder{Command: "run"})
		if err != nil {
			t.Errorf("after %q: %v", left, err)
			continue
		}
		release()
	}
}
