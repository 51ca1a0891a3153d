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
	var disk syscall.Statfs_t
	if err := syscall.Statfs(w.Dir, &disk); err != nil {
		return fmt.Errorf("room on the disk of %s: %w", w.Dir, err)
	}
	free := int64(disk.Bavail) * int64(disk.Bsize)
	need := int64(spare)
	if info, err := os.Stat(w.path(databaseFile)); err == nil {
		need += 3 * info.Size()
	}
	if free >= need {
		return nil
	}
	return &hintError{fmt.Errorf("the disk of %s has %d MB free, and a run needs %d: nothing was computed or published; what was received is archived",
		w.Dir, free>>20, need>>20), "free some space, then: cairn run"}
}
