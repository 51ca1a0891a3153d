//go:build faults

package faults

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keepTerritories leaves of a demo only some territories, and of their files only .xlsx: small, and each one readable.
func keepTerritories(dir string, ids ...string) error {
	register := filepath.Join(dir, "territoires.csv")
	data, err := os.ReadFile(register)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(data), "\n")
	kept, names := lines[:1:1], []string{}
	for _, line := range lines[1:] {
		if cells := strings.Split(line, ","); slices.Contains(ids, cells[0]) {
			kept, names = append(kept, line), append(names, cells[1])
		}
	}
	folders, err := os.ReadDir(filepath.Join(dir, "inbox"))
	if err != nil {
		return err
	}
	for _, f := range folders {
		if !slices.Contains(names, f.Name()) {
			if err := os.RemoveAll(filepath.Join(dir, "inbox", f.Name())); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(register, []byte(strings.Join(kept, "")), 0o644)
}

// holdBack moves the last files of the inbox aside. They are given a time that is past already, so that their
// reception is dated by the collection before, which is the same in every trial.
func (w *world) holdBack(n int) error {
	type file struct {
		path string
		at   time.Time
	}
	var all []file
	inbox := filepath.Join(w.before, "inbox")
	err := filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		all = append(all, file{path, info.ModTime()})
		return err
	})
	if err != nil {
		return err
	}
	if len(all) <= n {
		return fmt.Errorf("the demo has %d files", len(all))
	}
	slices.SortFunc(all, func(a, b file) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.path, b.path)) })
	past := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	for i, f := range all {
		if f.at.After(past) { // on a machine whose clock is behind the demo
			if err := os.Chtimes(f.path, past, past); err != nil {
				return err
			}
		}
		if i < len(all)-n {
			continue
		}
		to := filepath.Join(w.late, "late", filepath.Base(f.path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.Rename(f.path, to); err != nil {
			return err
		}
	}
	return nil
}
