package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// This file is the one place where something is made to last. A name is durable once its folder is
// synced, not before: of twenty power cuts after write, sync and rename alone, twenty lost the new file.

// WriteDurably writes a whole file so that after a crash or a power cut it is either absent, as it was or
// complete: written beside, synced, renamed, and the folder synced too. Missing folders are made.
func WriteDurably(path string, data []byte, mode fs.FileMode) error {
	return writeDurably(path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// CopyDurably copies a file in the same way.
func CopyDurably(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return writeDurably(to, mode, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

func writeDurably(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	if err := MkdirDurably(dir); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".partial-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if err := errors.Join(Failpoint("durable.write"), write(tmp)); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := tmp.Chmod(mode); err != nil {
		return err
	}
	if err := errors.Join(Failpoint("durable.sync"), tmp.Sync()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return RenameDurably(tmp.Name(), path)
}

// RenameDurably gives a file or folder, itself synced, its name. Both names are in one folder.
func RenameDurably(from, to string) error {
	if err := Failpoint("durable.rename"); err != nil {
		return fmt.Errorf("rename %s: %w", to, err)
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if Planted("no-folder-sync") {
		return nil
	}
	return SyncDir(filepath.Dir(to))
}

// RemoveDurably removes a file, or a folder and all that it holds; that it is gone outlives a power cut.
// What is not there is no error.
func RemoveDurably(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := Failpoint("durable.remove"); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// MkdirDurably makes a folder and its missing parents, each synced into its own parent.
func MkdirDurably(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := MkdirDurably(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return SyncDir(parent)
}

// SyncDir makes the names of a folder durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := errors.Join(Failpoint("durable.folder"), d.Sync()); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// SyncFile makes durable a file that something else has written.
func SyncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// SyncTree makes every file and folder below dir durable, for a staged set that a rename publishes.
func SyncTree(dir string) error {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		return err
	}
	return EachWritten(len(paths), func(i int) error { return SyncFile(paths[i]) })
}
