package jobs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cairn/exports"
	"cairn/ingest"
)

// A backup is a folder with the journal, every original that it names, every release that stands whole, and the files that
// people fill. The database and the returns are not in it: they are computed. Nor is the key of the
// pseudonyms: whoever has the two can tell who answered.

const journalFile = "journal.jsonl"

// peoplesFiles are those that people fill. A workspace has the first two.
var peoplesFiles = []string{"cairn.toml", "territoires.csv", "parametres.csv"}

type backupCmd struct {
	Dir string `arg:"" help:"Folder of the backup: absent, empty, or an earlier backup of this workspace, to which what is new is added."`
}

// Help is printed after the options of « cairn backup --help ».
func (backupCmd) Help() string {
	return `A backup may be made while cairn runs or serves: the journal is read first, and what it names is there already.
It is written last, so that a backup which is stopped midway is still the one before. What was forgotten since an
earlier backup into the same folder is destroyed there too.

Not in it: the database and the returns, which are computed; the key pseudonymes.cle, which is to be kept elsewhere
(without it respondents are renamed anew, and no figure changes); files of inbox/ that were not collected yet.`
}

type restoreCmd struct {
	Dir string `arg:"" help:"Folder of the backup." type:"existingdir"`
}

// Help is printed after the options of « cairn restore --help ».
func (restoreCmd) Help() string {
	return `The workspace (--workspace) must be absent or empty; a key pseudonymes.cle may be there. Nothing is copied
from a backup of which a byte is missing or changed. Then « cairn run » makes the database and the returns, and
finds that the releases stand.`
}

// Run makes the backup and reads it back.
func (c *backupCmd) Run(e *env) error {
	if err := c.run(e); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func (c *backupCmd) run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	to, err := backupTarget(w, c.Dir)
	if err != nil {
		return err
	}
	release, err := acquire(filepath.Join(to.Dir, lockFile), Holder{"backup", os.Getpid(), e.now().UTC()})
	if err != nil {
		return err
	}
	defer release()
	if err := to.tidy(); err != nil { // what a backup that was stopped left may since have been forgotten
		return err
	}
	journal, err := w.journal()
	if err != nil {
		return err
	}
	if err := errors.Join(checkForgotten(journal), continues(journal, to)); err != nil {
		return err
	}
	if err := copyWorkspace(journal, w, to); err != nil {
		return err
	}
	held, err := to.whole()
	if err != nil {
		return fmt.Errorf("the copy is not whole: %w", err)
	}
	fmt.Fprintf(e.stdout, "backup in %s: %s; read back and whole\nnot in it: the key pseudonymes.cle, to be kept elsewhere; the database and the returns, which cairn run makes again\n", to.Dir, held)
	return nil
}

// backupTarget is the folder of the backup, which is not in the workspace.
func backupTarget(w *Workspace, dir string) (*Workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(w.Dir, dir); err == nil && filepath.IsLocal(rel) {
		return nil, &hintError{fmt.Errorf("%s is in the workspace", dir), "a backup is for the day on which the workspace is lost: give a folder of another disk"}
	}
	to := &Workspace{Dir: dir}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	_, none := os.Stat(to.path(journalFile))
	_, marked := os.Stat(to.path(lockFile)) // of a first backup that was stopped
	if len(entries) > 0 && none != nil && marked != nil {
		return nil, fmt.Errorf("%s holds something else than a backup", dir)
	}
	return to, ingest.MkdirDurably(dir)
}

// continues refuses to put a journal in the place of one that it does not continue: no line is ever lost to an older
// journal, or to that of another workspace.
func continues(journal *ingest.Journal, to *Workspace) error {
	before, err := to.journal()
	if err != nil {
		return fmt.Errorf("the journal that is there: %w", err)
	}
	if n := len(before.Entries()); journal.ChainAt(n) != before.Chain() {
		return &hintError{fmt.Errorf("%s holds the journal of another workspace, or lines that this one has not", to.Dir), "give another folder"}
	}
	return nil
}

// copyWorkspace copies what a journal names, then the journal, and the configuration, without which a folder is
// no workspace, last.
func copyWorkspace(journal *ingest.Journal, from, to *Workspace) error {
	for _, e := range journal.Entries() {
		for _, digest := range e.Archived() {
			data, err := from.archive().Get(digest)
			if err != nil {
				return err
			}
			if _, err := to.archive().Put(data); err != nil {
				return err
			}
		}
	}
	if err := eachRelease(journal, from, func(path string) error { return copyTree(from.path(path), to.path(path)) }); err != nil {
		return err
	}
	for _, name := range peoplesFiles[1:] {
		if err := copyIfThere(from.path(name), to.path(name)); err != nil {
			return err
		}
	}
	lines, err := journal.Bytes()
	if err != nil {
		return err
	}
	if err := ingest.WriteDurably(to.path(journalFile), lines, 0o644); err != nil {
		return err
	}
	if err := copyIfThere(from.path(peoplesFiles[0]), to.path(peoplesFiles[0])); err != nil {
		return err
	}
	for _, dir := range destroyedReleases(journal) { // that an earlier backup has copied
		if err := ingest.RemoveDurably(to.path(dir)); err != nil {
			return err
		}
	}
	return to.archive().Destroy(journal.Loose())
}

func copyIfThere(from, to string) error {
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return ingest.RemoveDurably(to)
	}
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(to); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return ingest.WriteDurably(to, data, 0o644)
}

// eachRelease hands over every release of the journal that stands whole, as its path in the workspace.
func eachRelease(journal *ingest.Journal, w *Workspace, each func(path string) error) error {
	manifests := map[string]string{}
	for _, e := range journal.Entries() {
		if e.Type == ingest.EntryRelease {
			manifests[releasePath(e)] = e.Manifest
		}
	}
	for path, manifest := range manifests {
		if manifestDigest(w.path(path)) != manifest {
			continue // it was deleted, or is damaged: a run makes the last one of a month again
		}
		if err := each(path); err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies a release, which never changes, and puts it in place when it is complete.
func copyTree(from, to string) error {
	if want, err := exports.Whole(from); err != nil {
		return err
	} else if have, err := exports.Whole(to); err == nil && have == want {
		return nil
	}
	staged := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".partial")
	if err := errors.Join(ingest.RemoveDurably(staged), ingest.RemoveDurably(to), ingest.MkdirDurably(filepath.Dir(to))); err != nil {
		return err
	}
	if err := os.CopyFS(staged, os.DirFS(from)); err != nil {
		return err
	}
	if err := ingest.SyncTree(staged); err != nil {
		return err
	}
	return ingest.RenameDurably(staged, to)
}

// holding is what a backup has.
type holding struct {
	lines, originals, releases int
	last                       string
}

func (h holding) String() string {
	return fmt.Sprintf("%d lines of the journal to %s, %d originals, %d releases", h.lines, h.last, h.originals, h.releases)
}

// whole reads all of a backup: the chain of its journal, every original that a line names, every release.
func (w *Workspace) whole() (h holding, err error) {
	journal, err := w.journal()
	if err != nil {
		return h, err
	}
	entries := journal.Entries()
	if len(entries) == 0 {
		return h, &hintError{fmt.Errorf("%s has no journal", w.Dir), "is it the folder of a backup? nothing has run in a workspace without one"}
	}
	if _, err := OpenWorkspace(w.Dir); err != nil {
		return h, err
	}
	h.lines, h.last = len(entries), minute(entries[len(entries)-1].At)
	seen := map[string]bool{}
	for _, e := range entries {
		for _, digest := range e.Archived() {
			if seen[digest] {
				continue
			}
			seen[digest] = true
			if digest == e.Original {
				h.originals++
			}
			if _, err := w.archive().Get(digest); err != nil {
				return h, err
			}
		}
	}
	folders, err := fs.Glob(os.DirFS(w.path("outbox")), "*/v*")
	if err != nil {
		return h, err
	}
	for _, dir := range folders {
		if _, err := exports.Whole(filepath.Join(w.path("outbox"), dir)); err != nil {
			return h, err
		}
		h.releases++
	}
	return h, nil
}

// Run makes a workspace from a backup.
func (c *restoreCmd) Run(e *env) error {
	if err := c.run(e); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

func (c *restoreCmd) run(e *env) error {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	from := &Workspace{Dir: dir}
	held, err := from.whole()
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(e.workspace); err != nil {
		return err
	}
	to := &Workspace{Dir: dir}
	if err := to.vacant(); err != nil {
		return err
	}
	if err := ingest.MkdirDurably(to.path("inbox")); err != nil {
		return err
	}
	release, err := e.lock(to, "restore")
	if err != nil {
		return err
	}
	defer release()
	journal, err := from.journal()
	if err != nil {
		return err
	}
	if err := continues(journal, to); err != nil { // a workspace that has lost its cairn.toml looks like a restoration that was stopped
		return err
	}
	if err := copyWorkspace(journal, from, to); err != nil {
		return err
	}
	if _, err := to.whole(); err != nil {
		return fmt.Errorf("the copy is not whole: %w", err)
	}
	fmt.Fprintf(e.stdout, "workspace in %s: %s; read back and whole\n"+
		"what was forgotten later than that (cairn forget) is in it again: forget it again\nnext: cairn run --workspace %s\n", dir, held, e.workspace)
	return nil
}

// vacant refuses a folder that holds something else than a key, or what a restoration that was stopped has left.
func (w *Workspace) vacant() error {
	entries, err := os.ReadDir(w.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(w.path(lockFile)); err == nil {
		if _, err := os.Stat(w.path("cairn.toml")); errors.Is(err, fs.ErrNotExist) {
			return nil // cairn.toml comes last
		}
	}
	for _, entry := range entries {
		if entry.Name() != "pseudonymes.cle" {
			return &hintError{fmt.Errorf("%s is not empty: it holds %s", w.Dir, entry.Name()), "restore into a new folder (--workspace), look at it, then put it in the place of the old one"}
		}
	}
	return nil
}
