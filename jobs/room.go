package jobs

import (
	"fmt"
	"os"
	"syscall"

	"cairn/ingest"
)

// spare is what a run needs beside what grows with the data: a first database, returns, the journal.
const spare = 32 << 20

// room refuses a run that the disk has no place for: the database is made in a copy, read back beside the one that
// stands, and written out again as a release. What was received is archived by then.
func (w *Workspace) room() error {
	if ingest.Planted("no-room-check") {
		return nil
	}
	free, err := w.free()
	if err != nil {
		return err
	}
	need := int64(spare)
	if info, err := os.Stat(w.path(databaseFile)); err == nil {
		need += 3 * info.Size()
	}
	if free >= need {
		return nil
	}
	return &hintError{&roomError{w.Dir, free, need}, "free some space, then: cairn run"}
}

// free is the room left on the disk of the workspace, in bytes.
func (w *Workspace) free() (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(w.Dir, &disk); err != nil {
		return 0, fmt.Errorf("room on the disk of %s: %w", w.Dir, err)
	}
	return int64(disk.Bavail) * int64(disk.Bsize), nil
}

// roomError is a disk that is too full, in bytes.
type roomError struct {
	dir        string
	free, need int64
}

func (e *roomError) Error() string {
	return fmt.Sprintf("the disk of %s has %d MB free, and a run needs %d: nothing was computed or published; what was received is archived", e.dir, e.free>>20, e.need>>20)
}
