//go:build faults

package faults

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"cairn/exports"
	"cairn/ingest"
	"cairn/transform"
)

// survive is the end of a trial: what stands after the fault, mended, sent away by those who were told that it was
// received, run again, held to the promises, and run once more.
func (p *place) survive(hurt outcome) error {
	if err := p.standing(); err != nil && !errors.Is(err, syscall.EIO) { // a disk without power says nothing
		return fmt.Errorf("after the fault: %w\n%v", err, hurt)
	}
	if err := p.mend(); err != nil {
		return fmt.Errorf("mend: %w", err)
	}
	if err := p.standing(); err != nil {
		return fmt.Errorf("after the fault, mended: %w\n%v", err, hurt)
	}
	acknowledged := hurt.acknowledged()
	if err := p.forget(acknowledged); err != nil {
		return err
	}
	again := run(nil, "run", "-v", "-w", p.dir)
	if !again.done() {
		return fmt.Errorf("the run after it failed: %v\nhurt: %v", again, hurt)
	}
	if err := p.kept(append(acknowledged, again.acknowledged()...)); err != nil {
		return fmt.Errorf("%w\nhurt: %v\nthen: %v", err, hurt, again)
	}
	if err := p.asUnhurt(); err != nil {
		return fmt.Errorf("%w\nhurt: %v\nthen: %v", err, hurt, again)
	}
	return p.noMore()
}

// forget deletes from the inbox what was acknowledged, as its sender may.
func (p *place) forget(originals []string) error {
	return filepath.WalkDir(filepath.Join(p.dir, "inbox"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if slices.Contains(originals, fmt.Sprintf("%x", sha256.Sum256(data))) {
			return os.Remove(path)
		}
		return nil
	})
}

var releaseDir = regexp.MustCompile(`^v[0-9]+$`)

// releases are the published ones, period/version, with the SHA-256 of their manifests; each is whole.
func releases(workspace string) (map[string]string, error) {
	found := map[string]string{}
	outbox := filepath.Join(workspace, "outbox")
	dirs, err := fs.Glob(os.DirFS(outbox), "*/*")
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if !releaseDir.MatchString(filepath.Base(dir)) {
			continue // being written
		}
		if found[dir], err = exports.Whole(filepath.Join(outbox, dir)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// standing is what holds at every moment, for who reads while a run is stopped: releases are whole, the journal
// is as it was written, every original that it names is there.
func (p *place) standing() error {
	if _, err := releases(p.dir); err != nil {
		return err
	}
	journal, err := ingest.OpenJournal(filepath.Join(p.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	for _, e := range journal.Entries() {
		for _, digest := range e.Archived() {
			if _, err := p.archive().Get(digest); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *place) archive() ingest.Archive { return ingest.Archive{Dir: filepath.Join(p.dir, "archive")} }

// kept holds the workspace to what was acknowledged: an original, one line of the journal, rows; nothing twice.
func (p *place) kept(acknowledged []string) error {
	journal, err := ingest.OpenJournal(filepath.Join(p.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	lines, published := map[string]int{}, map[string]string{}
	receptions := 0
	for _, e := range journal.Entries() {
		switch e.Type {
		case ingest.EntryReception:
			lines[e.Original]++
			receptions++
		case ingest.EntryRelease:
			published[fmt.Sprintf("%s/v%d", e.Period, e.Version)] = e.Manifest
		}
	}
	db, err := transform.OpenReadOnly(filepath.Join(p.dir, databaseFile), "")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, original := range acknowledged {
		if lines[original] != 1 {
			return fmt.Errorf("%s was acknowledged and has %d lines of the journal", original, lines[original])
		}
		if _, err := p.archive().Get(original); err != nil {
			return fmt.Errorf("%s was acknowledged: %w", original, err)
		}
		if err := counts(db, 1, "SELECT count(*) FROM raw.originaux WHERE original = ?", original); err != nil {
			return fmt.Errorf("rows of %s, which was acknowledged: %w", original, err)
		}
	}
	found, err := releases(p.dir)
	if err != nil {
		return err
	}
	if !maps.Equal(found, published) {
		return fmt.Errorf("the outbox has the releases %v, the journal %v", found, published)
	}
	return errors.Join(
		counts(db, receptions, "SELECT count(*) FROM ref.receptions"),
		counts(db, 0, "SELECT count(*) FROM (SELECT original FROM raw.originaux GROUP BY original HAVING count(*) > 1)"),
		counts(db, 0, "SELECT count(*) FROM (SELECT 1 FROM core.soumissions WHERE courante GROUP BY territoire_id, periode, emetteur HAVING count(*) > 1)"),
	)
}

func counts(db *transform.Warehouse, want int, query string, args ...any) error {
	var n sql.Null[int]
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		return err
	}
	if n.V != want {
		return fmt.Errorf("%s: %d, want %d", query, n.V, want)
	}
	return nil
}

// historic are the tables that tell when the database was built and after which releases: a run that was hurt
// after it had published builds once more than one that nobody hurt.
var historic = []string{`"ref"."construction"`, `"ref"."publications"`, `"ref"."secrets"`}

// asUnhurt compares the workspace with that of a run that nobody hurt: releases, returns, rows. Nothing half-written is left.
func (p *place) asUnhurt() error {
	want, err := releases(p.golden)
	if err != nil {
		return err
	}
	got, err := releases(p.dir)
	if err != nil {
		return err
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("the releases are %v, without the fault %v", got, want)
	}
	for _, dir := range []string{"returns", "outbox", "archive"} {
		want, err := names(filepath.Join(p.golden, dir))
		if err != nil {
			return err
		}
		got, err := names(filepath.Join(p.dir, dir))
		if err != nil {
			return err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%s holds\n%v\nwithout the fault\n%v", dir, got, want)
		}
	}
	read, err := sums(p.dir)
	if err != nil {
		return err
	}
	if !maps.Equal(read, p.sums) {
		compared, err := transform.Compare(context.Background(), filepath.Join(p.golden, databaseFile), filepath.Join(p.dir, databaseFile))
		return errors.Join(err, fmt.Errorf("the database differs: %v", compared.Differences))
	}
	return nil
}

const databaseFile = "cairn.duckdb"

// sums are those of the tables of a workspace's database, but for the historic ones.
func sums(workspace string) (map[string]string, error) {
	db, err := transform.OpenReadOnly(filepath.Join(workspace, databaseFile), "")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	all, err := db.Sums(context.Background())
	for _, table := range historic {
		delete(all, table)
	}
	return all, err
}

func names(dir string) (all []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			all = append(all, rel)
		}
		return err
	})
	return all, err
}

// noMore runs once more, and wants nothing to change.
func (p *place) noMore() error {
	before, err := contents(p.dir)
	if err != nil {
		return err
	}
	o := run(nil, "run", "-w", p.dir)
	if !o.done() || !strings.Contains(o.stdout, "nothing has changed since release") {
		return fmt.Errorf("one more run is not one that has nothing to do: %v", o)
	}
	after, err := contents(p.dir)
	if err != nil {
		return err
	}
	if !maps.Equal(before, after) {
		return fmt.Errorf("one more run changed files: %v", o)
	}
	return nil
}

// contents are the digests of all files, but who has the lock; of what is no file, or a huge one, what it is.
func contents(dir string) (map[string]string, error) {
	all, err := names(dir)
	sums := map[string]string{}
	for _, name := range all {
		if name == ".cairn.lock" {
			continue
		}
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() || info.Size() > 1<<30 {
			sums[name] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		sums[name] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return sums, err
}
