package ingest

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

// Collect archives and journals every file of the inbox that was not seen before, at any depth,
// and changes nothing there. A file was seen when the journal has its path, size and modification
// time. Excel's and LibreOffice's lock files and hidden files are no candidates.
//
// A reception's received_at is the file's modification time, never later than now and never
// earlier than the end of the previous collection; ties are ordered by path. It is written once.
func Collect(inbox string, archive Archive, journal *Journal, now func() time.Time) (received []Entry, err error) {
	seen := map[string]bool{}
	var floor time.Time
	for _, e := range journal.Entries() {
		switch e.Type {
		case EntryReception:
			seen[candidateKey(e)] = true
			if e.ReceivedAt.After(floor) { // a collection that was cut short has no end
				floor = e.ReceivedAt
			}
		case EntryCollection:
			if e.At.After(floor) { // a clock that was set back does not turn the order of receptions
				floor = e.At
			}
		}
	}
	start := now()
	candidates, err := candidates(inbox, seen)
	if err != nil {
		return nil, err
	}
	if len(candidates) == 0 {
		return nil, nil
	}
	for i := range candidates {
		c := &candidates[i]
		c.ReceivedAt = c.ModifiedAt
		if c.ReceivedAt.After(start) {
			c.ReceivedAt = start.UTC()
		}
		if c.ReceivedAt.Before(floor) {
			c.ReceivedAt = floor.UTC()
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), strings.Compare(a.Path, b.Path))
	})
	for i := range candidates {
		c := &candidates[i]
		data, err := os.ReadFile(c.file)
		if err != nil {
			return nil, fmt.Errorf("collect %s: %w", c.Path, err)
		}
		if c.Original, err = archive.Put(data); err != nil {
			return nil, fmt.Errorf("collect %s: %w", c.Path, err)
		}
		c.Type, c.At, c.Size = EntryReception, now().UTC(), int64(len(data))
		received = append(received, c.Entry)
	}
	lines := append(slices.Clone(received), Entry{Type: EntryCollection, At: now().UTC()})
	if err := journal.Append(lines...); err != nil {
		return nil, err
	}
	return received, nil
}

func candidateKey(e Entry) string {
	return fmt.Sprintf("%s\x00%d\x00%d", e.Path, e.Size, e.ModifiedAt.UnixNano())
}

// candidate is a file to receive, and where its bytes are.
type candidate struct {
	Entry
	file string
}

func candidates(inbox string, seen map[string]bool) ([]candidate, error) {
	var found []candidate
	inbox, err := filepath.EvalSymlinks(inbox) // WalkDir does not enter a link
	if err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	err = filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if path != inbox && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$")) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(inbox, path)
		if err != nil {
			return err
		}
		// A name that is not UTF-8 is written in the journal as JSON will give it back.
		name = string([]rune(filepath.ToSlash(rel)))
		e := Entry{Path: name, Size: info.Size(), ModifiedAt: info.ModTime().UTC()}
		if !seen[candidateKey(e)] {
			found = append(found, candidate{e, path})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	return found, nil
}

// CollectReference archives and journals the current version of a reference file
// (territoires.csv, parametres.csv) when it differs from the last one taken.
func CollectReference(name string, data []byte, archive Archive, journal *Journal, now func() time.Time) error {
	digest, err := archive.Put(data)
	if err != nil {
		return err
	}
	last := ""
	for _, e := range journal.Entries() {
		if e.Type == EntryReference && e.Path == name {
			last = e.Original
		}
	}
	if digest == last {
		return nil
	}
	return journal.Append(Entry{Type: EntryReference, At: now().UTC(), Original: digest, Path: name, Size: int64(len(data))})
}
