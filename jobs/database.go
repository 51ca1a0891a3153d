package jobs

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"cairn/ingest"
	"cairn/transform"
)

// The database is never changed where it stands. It is made or changed in a file beside, closed, read back,
// synced, and put in its place by a rename: whoever reads goes on with the one that he opened, and a crash
// leaves a file that the next run deletes. Its SHA-256 is kept beside it, and checked before the engine
// sees the file, which a damaged one could bring down.
const (
	databaseFile  = "cairn.duckdb"
	sumFile       = "cairn.duckdb.sha256"
	partialFile   = "cairn.duckdb.partial"
	scratchPrefix = ".scratch-"
	quarantineDir = "quarantaine"
)

// damagedError is a database that is not as it was written.
type damagedError struct{ why string }

func (e *damagedError) Error() string { return "the database is damaged: " + e.why }

var errNoDatabase = errors.New("no database")

// open opens the database that stands, to be read: one that this program has built, since what its tables mean is the
// program's. The outbox may be written by it.
func (w *Workspace) open(ctx context.Context) (*transform.Warehouse, error) {
	stands, err := w.stands()
	switch {
	case errors.As(err, new(*damagedError)):
		return nil, &hintError{err, "cairn run makes it again from the archive"}
	case err != nil:
		return nil, err
	case !stands:
		return nil, &hintError{errNoDatabase, "nothing has been built here yet: cairn run"}
	}
	db, err := w.openStanding()
	if err != nil {
		return nil, err
	}
	built, err := db.BuiltFrom(ctx)
	if by, _, _ := strings.Cut(built.Key, " "); err == nil && built.Key != "" && by != codeID() {
		err = &hintError{fmt.Errorf("%w of this version of cairn: another one has built it", errNoDatabase), "cairn run builds it again from the archive"}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openStanding opens the database whose bytes were just looked at.
func (w *Workspace) openStanding() (*transform.Warehouse, error) {
	return w.openFile(databaseFile, transform.OpenReadOnly)
}

func (w *Workspace) openFile(name string, open func(path, exportDir string) (*transform.Warehouse, error)) (*transform.Warehouse, error) {
	key, err := w.pseudonymKey()
	if err != nil {
		return nil, err
	}
	db, err := open(w.path(name), w.path("outbox"))
	if err != nil {
		return nil, err
	}
	db.Key = key
	return db, nil
}

// scratch opens a copy of the database that may be changed, and is gone when it is closed. It is empty where none
// stands that can be trusted.
func (w *Workspace) scratch() (db *transform.Warehouse, discard func(), err error) {
	stands, err := w.stands()
	if err != nil && !errors.As(err, new(*damagedError)) {
		return nil, nil, err
	}
	dir, release, err := w.scratchDir()
	if err != nil {
		return nil, nil, err
	}
	copied := filepath.Join(dir, databaseFile)
	key, err := w.pseudonymKey()
	if err == nil && stands {
		err = ingest.CopyDurably(w.path(databaseFile), copied, 0o600)
	}
	if err == nil {
		db, err = transform.Open(copied, w.path("outbox"))
	}
	if err != nil {
		os.RemoveAll(dir)
		release()
		return nil, nil, err
	}
	db.Key = key
	return db, func() { db.Close(); os.RemoveAll(dir); release() }, nil
}

// scratchDir makes a folder of the workspace whose lock tells that somebody works in it: what a process that was
// killed has left is removed by tidy.
func (w *Workspace) scratchDir() (dir string, release func(), err error) {
	for {
		if dir, err = os.MkdirTemp(w.Dir, scratchPrefix); err != nil {
			return "", nil, err
		}
		release, err = acquire(filepath.Join(dir, lockFile), Holder{Command: "scratch", Process: os.Getpid()})
		if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.As(err, new(*heldError)) {
			return dir, release, err
		} // else tidy was quicker than the lock
	}
}

// tidyScratch removes the copies of the database that nobody works with any more, and counts the others.
func (w *Workspace) tidyScratch() (inUse int, err error) {
	dirs, err := filepath.Glob(filepath.Join(w.Dir, scratchPrefix+"*"))
	for _, dir := range dirs {
		release, held := acquire(filepath.Join(dir, lockFile), Holder{Command: "tidy", Process: os.Getpid()})
		if held != nil {
			inUse++
			continue
		}
		err = errors.Join(err, os.RemoveAll(dir))
		release()
	}
	return inUse, err
}

// stands reports whether there is a database; a *damagedError when it cannot be trusted.
func (w *Workspace) stands() (bool, error) {
	sum, err := fileSum(w.path(databaseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if errors.Is(err, syscall.EIO) {
		return false, &damagedError{err.Error()}
	}
	if err != nil { // of rights, say: it may be read by another
		return false, err
	}
	if _, err := os.Stat(w.path(databaseFile + ".wal")); err == nil {
		return false, &damagedError{"something else than cairn has written to it"} // it would change what was summed
	}
	known, err := w.sums()
	if err != nil {
		return false, err
	}
	if !slices.Contains(known, sum) {
		return false, &damagedError{"its bytes are not those that were written"}
	}
	return true, nil
}

// sums are the SHA-256 that the database may have: between the writing of the sums and the renaming of the file
// it is still the one before.
func (w *Workspace) sums() ([]string, error) {
	data, err := os.ReadFile(w.path(sumFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var sums []string
	for s := bufio.NewScanner(strings.NewReader(string(data))); s.Scan(); {
		sum, _, _ := strings.Cut(s.Text(), " ")
		sums = append(sums, sum)
	}
	return sums, nil
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// renew changes a copy of the database that stands, or makes a fresh one, and puts it in its place once it is
// closed, read back and, if asked, proved.
func (w *Workspace) renew(ctx context.Context, fresh bool, change func(*transform.Warehouse) error, prove func(path string) error) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, w.tidy())
		}
	}()
	if !fresh {
		if err := ingest.CopyDurably(w.path(databaseFile), w.path(partialFile), 0o600); err != nil {
			return fmt.Errorf("copy the database: %w", err)
		}
	}
	written, err := w.writePartial(ctx, change)
	if err != nil {
		return err
	}
	if err := w.readPartial(ctx, written); err != nil {
		return err
	}
	if prove != nil {
		if err := prove(w.path(partialFile)); err != nil {
			return err
		}
	}
	return w.switchDatabase()
}

func (w *Workspace) writePartial(ctx context.Context, change func(*transform.Warehouse) error) (written map[string]string, err error) {
	db, err := w.openFile(partialFile, transform.Open)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := ingest.Failpoint("database.change"); err != nil {
		return nil, err
	}
	if err := change(db); err != nil {
		return nil, err
	}
	if err := ingest.Failpoint("database.checkpoint"); err != nil {
		return nil, err
	}
	if err := db.Checkpoint(ctx); err != nil {
		return nil, err
	}
	return db.Sums(ctx)
}

// readPartial reads back all that was written.
func (w *Workspace) readPartial(ctx context.Context, written map[string]string) error {
	if _, err := os.Stat(w.path(partialFile + ".wal")); err == nil {
		return errors.New("the database was not written to its file")
	}
	db, err := w.openFile(partialFile, transform.OpenReadOnly)
	if err != nil {
		return err
	}
	defer db.Close()
	read, err := db.Sums(ctx)
	if err != nil {
		return fmt.Errorf("read the database back: %w", err)
	}
	for table, sum := range written {
		if read[table] != sum {
			return fmt.Errorf("read the database back: %s holds %s, written was %s", table, read[table], sum)
		}
	}
	if !maps.Equal(read, written) {
		return errors.New("read the database back: it has other tables than were written")
	}
	return nil
}

// switchDatabase puts the file beside in the place of the database.
func (w *Workspace) switchDatabase() error {
	path := w.path(partialFile)
	if err := os.Chmod(path, 0o600); err != nil { // what respondents say is for nobody else's eyes
		return err
	}
	if err := ingest.SyncFile(path); err != nil {
		return err
	}
	sums := []string{}
	for _, file := range []string{w.path(databaseFile), path} {
		sum, err := fileSum(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		sums = append(sums, sum+"  "+databaseFile+"\n")
	}
	if err := ingest.WriteDurably(w.path(sumFile), []byte(strings.Join(sums, "")), 0o644); err != nil {
		return err
	}
	if err := ingest.Failpoint("database.switch"); err != nil {
		return err
	}
	return ingest.RenameDurably(path, w.path(databaseFile))
}

// quarantine moves a database that cannot be trusted out of the way, its log with it: neither is looked into.
func (e *env) quarantine(w *Workspace, damaged error) error {
	dir := filepath.Join(w.path(quarantineDir), e.now().UTC().Format("20060102T150405.000Z"))
	if err := ingest.MkdirDurably(dir); err != nil {
		return err
	}
	for _, name := range []string{databaseFile + ".wal", databaseFile} {
		if err := os.Rename(w.path(name), filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("quarantine: %w", err)
		}
	}
	fmt.Fprintf(e.stdout, "%v\nit was moved to %s and is made again from the archive\n", damaged, dir)
	return errors.Join(ingest.SyncDir(dir), ingest.SyncDir(w.Dir), w.boundQuarantine())
}

// quarantined is how many damaged databases are kept: who looks for a cause needs the last ones.
const quarantined = 3

// boundQuarantine deletes the oldest of the damaged databases: their names are their times.
func (w *Workspace) boundQuarantine() error {
	kept, err := os.ReadDir(w.path(quarantineDir))
	for len(kept) > quarantined && err == nil {
		err = ingest.RemoveDurably(filepath.Join(w.path(quarantineDir), kept[0].Name()))
		kept = kept[1:]
	}
	return err
}
