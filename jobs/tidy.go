package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tidy removes what a run that was stopped has left half-written: nothing refers to it. Only who has the lock may.
func (w *Workspace) tidy() error {
	for _, dir := range []string{"archive", "outbox", "returns", lettersDir, "."} {
		root := w.path(dir)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case partial(d.Name()):
				if err := os.RemoveAll(path); err != nil || !d.IsDir() {
					return err
				}
				return fs.SkipDir
			case d.IsDir() && dir == "." && path != root:
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("tidy: %w", err)
		}
	}
	_, err := w.tidyScratch()
	return err
}

// partial are the names of files and folders that are being written, and of a database with what the engine puts beside it.
func partial(name string) bool {
	return strings.HasPrefix(name, ".partial-") || strings.HasPrefix(name, ".v") && strings.HasSuffix(name, ".partial") || strings.HasPrefix(name, partialFile)
}
