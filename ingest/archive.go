package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Archive keeps every received byte, once, under the SHA-256 of the content: sha256/ab/abcd….
// Files are read-only and never replaced.
type Archive struct{ Dir string }

// Put stores data and returns its digest in hexadecimal.
func (a Archive) Put(data []byte) (string, error) {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	path := a.path(digest)
	if _, err := os.Stat(path); err == nil {
		return digest, SyncDir(filepath.Dir(path)) // whoever wrote it may have been stopped before its own sync
	}
	if err := WriteDurably(path, data, 0o444); err != nil {
		return "", fmt.Errorf("archive %s: %w", digest, err)
	}
	return digest, nil
}

// Get reads an original back and checks that its bytes are still those of its digest.
func (a Archive) Get(digest string) ([]byte, error) {
	if len(digest) != 2*sha256.Size {
		return nil, fmt.Errorf("archive: %q is no digest", digest)
	}
	data, err := os.ReadFile(a.path(digest))
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("archive: %s is damaged: its bytes have another digest", a.path(digest))
	}
	return data, nil
}

func (a Archive) path(digest string) string {
	return filepath.Join(a.Dir, "sha256", digest[:2], digest)
}

// EntryType says what a journal line records.
type EntryType string

// The types of journal lines.
const (
	EntryReception  EntryType = "reception"  // a file was received
	EntryCollection EntryType = "collection" // a collection that received something ended
	EntryReference  EntryType = "reference"  // a version of territoires.csv or parametres.csv was taken
	EntryRelease    EntryType = "release"    // a release was published
	EntryDecision   EntryType = "decision"   // a finding was decided upon
	EntryWithdrawal EntryType = "withdrawal" // a reception was withdrawn
)

// Entry is one line of the journal. Fields that a type does not use are empty.
type Entry struct {
	Type EntryType `json:"type"`
	At   time.Time `json:"at"` // when the line was written

	Original   string    `json:"original,omitempty"`   // SHA-256 of the archived bytes
	Path       string    `json:"path,omitempty"`       // below inbox/, or the reference file's name
	Size       int64     `json:"size,omitempty"`       // bytes
	ModifiedAt time.Time `json:"modified_at,omitzero"` // the file's modification time
	ReceivedAt time.Time `json:"received_at,omitzero"` // see Collect

	Period   string `json:"period,omitempty"`   // 2026-10
	Version  int    `json:"version,omitempty"`  // of the release
	Manifest string `json:"manifest,omitempty"` // SHA-256 of manifest.json
	Inputs   string `json:"inputs,omitempty"`   // digest of all that the release is a function of

	Secrets []string `json:"secrets,omitempty"` // figures that the release hid for the sake of others

	Finding   string `json:"finding,omitempty"`   // the identity of a finding
	Decision  string `json:"decision,omitempty"`  // accept or waive
	Reception int    `json:"reception,omitempty"` // the place of a reception among those of the journal, from 1
	Reason    string `json:"reason,omitempty"`
}

// Journal is the append-only record of what happened. With the archive it is the only truth of a
// workspace: all else is computed from the two.
type Journal struct {
	path    string
	entries []Entry
	length  int64 // of the valid lines, in bytes
}

// OpenJournal reads the journal; a missing file is an empty one. A last line without its newline
// was torn by a crash before anything relied on it: it is left out and overwritten by the next
// line. Any other unreadable line is an error.
func OpenJournal(path string) (*Journal, error) {
	j := &Journal{path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return j, nil
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if e.Type == "" {
			return nil, fmt.Errorf("%s:%d: a line without a type", path, n)
		}
		j.entries = append(j.entries, e)
		j.length += int64(len(line)) + 1
		data = rest
	}
}

// Entries are the lines in order. The slice is the journal's own: do not change it.
func (j *Journal) Entries() []Entry { return j.entries }

// Append writes lines and syncs them: when it returns nil they will be found again.
func (j *Journal) Append(entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var lines bytes.Buffer
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		lines.Write(line)
		lines.WriteByte('\n')
	}
	_, statErr := os.Stat(j.path)
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(j.length); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if _, err := f.WriteAt(lines.Bytes(), j.length); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if statErr != nil {
		if err := SyncDir(filepath.Dir(j.path)); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	j.entries = append(j.entries, entries...)
	j.length += int64(lines.Len())
	return nil
}
