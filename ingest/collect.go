package ingest

import (
	"archive/zip"
	"bytes"
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
// time. Excel's and LibreOffice's lock files and hidden files are no candidates. A folder of .csv
// files, one of them accueil.csv, is one workbook: a zip of them is what is archived.
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
		data, err := c.read()
		if err != nil {
			return nil, fmt.Errorf("collect %s: %w", c.Path, err)
		}
		if c.Original, err = archive.Put(data); err != nil {
			return nil, fmt.Errorf("collect %s: %w", c.Path, err)
		}
		if c.Type, c.At = EntryReception, now().UTC(); len(c.folder) == 0 {
			c.Size = int64(len(data))
		}
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
	file   string
	folder []string // the names of the .csv files when file is a folder of them
}

func (c *candidate) read() ([]byte, error) {
	if len(c.folder) == 0 {
		return os.ReadFile(c.file)
	}
	return packFolder(c.file, c.folder)
}

// packFolder makes one archive of a folder's files: the same files give the same bytes.
func packFolder(dir string, names []string) ([]byte, error) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipEpoch})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return packed.Bytes(), err
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
		rel, err := filepath.Rel(inbox, path)
		if err != nil {
			return err
		}
		// A name that is not UTF-8 is written in the journal as JSON will give it back.
		c := candidate{Entry: Entry{Path: string([]rune(filepath.ToSlash(rel)))}, file: path}
		var then error
		switch {
		case path == inbox:
			return nil
		case passedOver(d.Name()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			if err := c.lookInside(); err != nil || len(c.folder) == 0 {
				return err
			}
			then = fs.SkipDir
		case d.Type().IsRegular():
			info, err := d.Info()
			if err != nil {
				return err
			}
			c.Size, c.ModifiedAt = info.Size(), info.ModTime().UTC()
		default:
			return nil
		}
		if !seen[candidateKey(c.Entry)] {
			found = append(found, c)
		}
		return then
	})
	if err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	return found, nil
}

// passedOver are hidden files and the lock files of spreadsheet programs.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$")
}

// lookInside finds whether a folder is a workbook in .csv files: it holds nothing else, and one of
// them is the cover. Its size is theirs together, its time the latest.
func (c *candidate) lookInside() error {
	entries, err := os.ReadDir(c.file)
	if err != nil {
		return err
	}
	var names []string
	cover := false
	for _, e := range entries {
		if passedOver(e.Name()) {
			continue
		}
		stem, isCSV := strings.CutSuffix(strings.ToLower(e.Name()), ".csv")
		if !isCSV || !e.Type().IsRegular() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		cover = cover || Fold(stem) == "accueil"
		c.Size += info.Size()
		if info.ModTime().After(c.ModifiedAt) {
			c.ModifiedAt = info.ModTime().UTC()
		}
		names = append(names, e.Name())
	}
	if cover {
		c.folder = names
	}
	return nil
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
