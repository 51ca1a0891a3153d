package jobs_test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"cairn/jobs"
)

// reports are all that a demo publishes: the newest release of its last month, and its returns.
type reports struct {
	dir     string // the workspace
	release string
	books   map[string][]byte // every .xlsx of the release, by its path in the release
}

// smallReports is the release of a small demo, which the tests that only read share.
var smallReports = sync.OnceValues(func() (*reports, error) {
	dir := filepath.Join(sharedDir, "reports")
	if status := jobs.Main([]string{"demo", dir, "--months", "12"}, io.Discard, os.Stderr); status != 0 {
		return nil, fmt.Errorf("cairn demo: %d", status)
	}
	if err := keepTerritories(dir, "vernoise", "castelmauve", "ormecourt", "valbrune"); err != nil {
		return nil, err
	}
	if err := addFunder(dir); err != nil {
		return nil, err
	}
	if status := jobs.Main([]string{"run", "--workspace", dir}, io.Discard, os.Stderr); status != 0 && status != 3 {
		return nil, fmt.Errorf("cairn run: %d", status)
	}
	return openReports(dir)
})

// addFunder gives the demo a funder of three of its territories.
func addFunder(dir string) error {
	file := filepath.Join(dir, "cairn.toml")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, `
[[financeurs]]
id = "fondation"
nom = "Fondation d’essai"
territoires = ["vernoise", "castelmauve", "ormecourt"]
libelles = { C02 = "Alliances" }
`...), 0o644)
}

func openReports(dir string) (*reports, error) {
	found, err := filepath.Glob(filepath.Join(dir, "outbox", "*", "*"))
	if err != nil || len(found) == 0 {
		return nil, fs.ErrNotExist
	}
	r := &reports{dir: dir, release: slices.Max(found), books: map[string][]byte{}}
	r.books, err = readBooks(r.release)
	return r, err
}

func readBooks(dir string) (map[string][]byte, error) {
	books := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xlsx" {
			return err
		}
		books[path], err = os.ReadFile(filepath.Join(dir, path))
		return err
	})
	return books, err
}

func small(t *testing.T) *reports {
	t.Helper()
	if testing.Short() {
		t.Skip("not under -short: makes a demo and its release")
	}
	r, err := smallReports()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
