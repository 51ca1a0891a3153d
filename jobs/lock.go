package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"cairn/transform"
)

// lockFile is held by the one process that may write in a workspace.
const lockFile = ".cairn.lock"

// serviceLockFile is held by the one service of a workspace for as long as it lives. It keeps no other command out.
const serviceLockFile = ".cairn.serve.lock"

// Holder is who has a lock: what the lock file says while it is held.
type Holder struct {
	Command string    `json:"command"` // as typed: run, serve, decide …
	Process int       `json:"process"`
	Since   time.Time `json:"since"`
}

// heldError is a lock that another process has.
type heldError struct {
	path   string
	holder Holder // empty when it has not yet said its name
}

func (e *heldError) Error() string {
	if e.holder.Process == 0 {
		return "the workspace is in use by another cairn (" + e.path + ")"
	}
	return fmt.Sprintf("the workspace is in use by « cairn %s », process %d, since %s",
		e.holder.Command, e.holder.Process, e.holder.Since.In(transform.Paris).Format("2006-01-02 15:04:05"))
}

// lock makes this process the only one that writes in the workspace until release is called. It does not
// wait: a *heldError names the holder. The kernel frees the lock of a process that dies, whatever the file
// still says. Who only reads takes no lock: the database that stands is replaced, never changed.
func (e *env) lock(w *Workspace, command string) (release func(), err error) {
	return acquire(w.path(lockFile), Holder{command, os.Getpid(), e.now().UTC()})
}

// acquire takes the lock of a file, which is made and never removed: removing it would let two processes hold two files of one name.
func acquire(path string, holder Holder) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		held := &heldError{path: path}
		data, _ := io.ReadAll(io.LimitReader(f, 4096))
		json.Unmarshal(data, &held.holder) // not yet written, or half: the holder has no name
		return nil, &hintError{held, "wait until it has ended, or stop it: what was received is kept"}
	}
	data, err := json.Marshal(holder)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(append(data, '\n'), 0)
	}
	if err != nil { // on a full disk the lock holds without its holder's name
		f.Truncate(0)
	}
	return func() {
		f.Truncate(0)
		f.Close()
	}, nil
}
