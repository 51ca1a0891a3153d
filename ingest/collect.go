package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settle is for how long a file must not have changed to be taken: what is younger is looked at again after
// that time, and waits for the next collection when it is another by then.
const settle = 2 * time.Second

// maxFile is the largest file that is taken, in bytes: a monthly workbook has less than one megabyte.
const maxFile = 64 << 20

// Left is a file of the inbox that a collection did not take.
type Left struct {
	Path string // below inbox/
	Why  string // in English, for the administrator
}

// Collect archives and journals every file of the inbox that was not seen before, at any depth,
// and changes nothing there. A file was seen when its size and modification time are those of the last
// reception of its path: an earlier file that is put back, its date with it, is a reception. Lock files of
// spreadsheet programs, hidden files and what systems leave behind are no candidates. A folder of .csv files, one of them
// accueil.csv, is one workbook: a zip of them is what is archived.
//
// Only what is a file, and at rest, is taken: a link, a pipe or a device never, a file that is being
// written or cannot be read at the next collection. They are told in left.
//
// A reception's received_at is the file's modification time, never later than now and never
// earlier than the end of the previous collection; ties are ordered by path. It is written once.
// When the disk fails on the way, what was archived until then is journalled and returned with the error.
func Collect(inbox string, archive Archive, journal *Journal, now func() time.Time) (received []Entry, left []Left, err error) {
	seen := map[string]string{} // path → key of its last reception
	var floor time.Time
	for _, e := range journal.Entries() {
		switch e.Type {
		case EntryReception:
			seen[e.Path] = candidateKey(e)
			if e.ReceivedAt.After(floor) { // a collection that was cut short has no end
				floor = e.ReceivedAt
			}
		case EntryCollection:
			if e.At.After(floor) { // a clock that was set back does not turn the order of receptions
				floor = e.At
			}
		}
	}
	if err := errors.Join(journal.Sync(), archive.sync()); err != nil {
		return nil, nil, fmt.Errorf("collect: %w", err)
	}
	start := now()
	candidates, left, err := atRest(inbox, seen, now)
	if err != nil || len(candidates) == 0 {
		return nil, left, err
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
	var failed error
	for i, k := range keepAll(candidates, archive, journal) {
		c := &candidates[i]
		if k.why != nil {
			left = append(left, Left{c.Path, k.why.Error()})
			continue
		}
		if k.err != nil {
			failed = fmt.Errorf("collect %s: %w", c.Path, k.err)
			break
		}
		c.Original = k.original
		if c.Type, c.At = EntryReception, now().UTC(); len(c.folder) == 0 {
			c.Size = k.size
		}
		received = append(received, c.Entry)
	}
	if len(received) == 0 {
		return nil, left, failed
	}
	if failed != nil { // it may have been the one that made a folder, which others found there
		if err := archive.sync(); err != nil {
			return nil, left, errors.Join(failed, err)
		}
	}
	lines := slices.Clone(received)
	if failed == nil {
		lines = append(lines, Entry{Type: EntryCollection, At: now().UTC()})
	}
	if err := acknowledge(journal, received, lines); err != nil {
		return nil, left, errors.Join(failed, err)
	}
	return received, left, failed
}

// kept is what has become of a candidate: it is in the archive, or left in the inbox (why), or the disk has failed (err).
type kept struct {
	original string
	size     int64
	why, err error
}

// keepAll archives candidates before the journal says that they are there.
func keepAll(candidates []candidate, archive Archive, journal *Journal) []kept {
	all := make([]kept, len(candidates))
	EachWritten(len(candidates), func(i int) error {
		k := &all[i]
		k.err = Guard(func() error {
			data, why := candidates[i].read()
			if why != nil {
				k.why = why
				return nil
			}
			k.size, k.original = int64(len(data)), digestOf(data)
			if at, refused := journal.Refused(k.original); refused {
				k.why = errors.New("its bytes were forgotten on " + at.UTC().Format(time.DateOnly) + " (cairn forget) and are not taken again: " +
					"delete it, or send a workbook without what was to be forgotten")
				return nil
			}
			if Planted("journal-before-archive") {
				return nil
			}
			_, err := archive.Put(data)
			return err
		})
		return nil
	})
	return all
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// DropForgotten removes from the inbox what is there with the bytes of an original that was forgotten, and what lies
// under a path that is to be and was archived. It returns how many files, or folders of .csv files, that were.
func DropForgotten(inbox string, archive Archive, journal *Journal) (dropped int, err error) {
	silenced := map[string]bool{}
	for i, e := range journal.Entries() {
		if e.Type == EntryReception && journal.silenced(i+1) {
			silenced[e.Path] = true
		}
	}
	all, _, err := candidates(inbox, nil)
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		data, why := c.read()
		if why != nil {
			continue // it is being written, or is nobody's to read: the next collection looks at it
		}
		digest := digestOf(data)
		_, refused := journal.Refused(digest)
		if !refused && silenced[c.Path] {
			_, err := archive.Get(digest)
			refused = err == nil
		}
		if !refused {
			continue
		}
		if err := RemoveDurably(c.file); err != nil {
			return dropped, err
		}
		dropped++
	}
	return dropped, nil
}

// acknowledge journals the receptions, and only then says that they were received: from here on they are the
// program's, and whoever sent them may delete his copy.
func acknowledge(journal *Journal, received, lines []Entry) error {
	say := func() {
		for _, e := range received {
			slog.Info("received", "path", e.Path, "original", e.Original)
		}
	}
	if Planted("acknowledge-before-journal") {
		say()
		return journal.Append(lines...)
	}
	if err := journal.Append(lines...); err != nil {
		return err
	}
	say()
	return nil
}

// atRest lists the new files of the inbox that are not being written. Those that are younger than settle, or
// dated in the future, are looked at twice.
func atRest(inbox string, seen map[string]string, now func() time.Time) (still []candidate, left []Left, err error) {
	first, left, err := candidates(inbox, seen)
	if err != nil {
		return nil, nil, err
	}
	young := func(c candidate) bool { return c.ModifiedAt.After(now().Add(-settle)) }
	if !slices.ContainsFunc(first, young) {
		return first, left, nil
	}
	before := map[string]bool{}
	for _, c := range first {
		before[candidateKey(c.Entry)] = true
	}
	time.Sleep(settle)
	second, left, err := candidates(inbox, seen)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range second {
		if before[candidateKey(c.Entry)] {
			still = append(still, c)
		} else {
			left = append(left, Left{c.Path, "it is being written"})
		}
	}
	return still, left, nil
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
	if len(c.folder) > 0 {
		return packFolder(c.file, c.folder)
	}
	data, info, err := readRegular(c.file)
	if err == nil && (info.Size() != c.Size || !info.ModTime().Equal(c.ModifiedAt)) {
		err = errors.New("it is being written")
	}
	return data, err
}

// ReadWorkbook reads a file as a collection takes it, or a folder of .csv files, one of them accueil.csv.
func ReadWorkbook(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return os.ReadFile(path)
	}
	c := candidate{file: path}
	if err := c.lookInside(); err != nil {
		return nil, err
	}
	if len(c.folder) == 0 {
		return nil, fmt.Errorf("%s: a folder is a workbook when it holds nothing but .csv files, one of them accueil.csv", path)
	}
	return packFolder(path, c.folder)
}

// readRegular reads a file that is one: no link is followed, no pipe waited for.
func readRegular(path string) ([]byte, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, unreadable(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, errors.New("it is no file")
	case info.Size() > maxFile:
		return nil, nil, fmt.Errorf("it has more than %d megabytes", maxFile>>20)
	}
	data, err := io.ReadAll(io.LimitReader(f, info.Size()+1))
	if err != nil {
		return nil, nil, unreadable(err)
	}
	if int64(len(data)) != info.Size() {
		return nil, nil, errors.New("it is being written")
	}
	return data, info, nil
}

// unreadable says why, without the path that is told beside it.
func unreadable(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("it cannot be read: %w", err)
}

// packFolder makes one archive of a folder's files: the same files give the same bytes.
func packFolder(dir string, names []string) ([]byte, error) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for _, name := range names {
		data, _, err := readRegular(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
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

// candidates lists the new files of the inbox, and what is there and cannot be one.
func candidates(inbox string, seen map[string]string) (found []candidate, left []Left, err error) {
	inbox, err = filepath.EvalSymlinks(inbox) // WalkDir does not enter a link
	if err != nil {
		return nil, nil, fmt.Errorf("collect: %w", err)
	}
	err = filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		if err != nil && path == inbox {
			return err
		}
		rel, relErr := filepath.Rel(inbox, path)
		if relErr != nil {
			return relErr
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // taken away meanwhile
		}
		if err != nil {
			left = append(left, Left{filepath.ToSlash(rel), unreadable(err).Error()})
			return nil
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
			if c.lookInside() != nil || len(c.folder) == 0 {
				return nil // what cannot be read is told on the way down
			}
			then = fs.SkipDir
		case d.Type().IsRegular():
			info, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			c.Size, c.ModifiedAt = info.Size(), info.ModTime().UTC()
		default:
			left = append(left, Left{c.Path, "it is a link, a pipe or a device"})
			return nil
		}
		if seen[c.Path] != candidateKey(c.Entry) {
			found = append(found, c)
		}
		return then
	})
	if err != nil {
		return nil, nil, fmt.Errorf("collect: %w", err)
	}
	return found, left, nil
}

// passedOver are hidden files, the lock files of spreadsheet programs, and what systems and copies leave behind.
func passedOver(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") || lower == "thumbs.db" || lower == "desktop.ini" || strings.HasSuffix(lower, ".tmp")
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
