package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

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
	EntryDelivery   EntryType = "delivery"   // a letter is about to leave, or what became of it
	EntryRun        EntryType = "run"        // what became of a run that the calendar asked for
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
	Figures  string `json:"figures,omitempty"`  // SHA-256 of its figures, which are archived: nothing can compute again what an older program published
	Method   string `json:"method,omitempty"`   // SHA-256 of its method, archived too

	Final bool `json:"final,omitempty"` // the release is final

	Secrets []string `json:"secrets,omitempty"` // figures that the release hid for the sake of others

	Finding   string `json:"finding,omitempty"`   // the identity of a finding
	Decision  string `json:"decision,omitempty"`  // accept or waive
	Reception int    `json:"reception,omitempty"` // the place of a reception among those of the journal, from 1
	Reason    string `json:"reason,omitempty"`

	Letter    string `json:"letter,omitempty"`    // the identity of a letter
	Kind      string `json:"kind,omitempty"`      // what it brings; or what the run was for
	Recipient string `json:"recipient,omitempty"` // who gets it; a référent by the territory, never by the address
	Outcome   string `json:"outcome,omitempty"`   // of a letter: intended, drafted, sent or refused; of a run: done or failed

	Step int `json:"step,omitempty"` // of a reminder's run: days from the last day to send a workbook
}

// Archived are the digests of what a line names in the archive.
func (e Entry) Archived() []string {
	return slices.DeleteFunc([]string{e.Original, e.Figures, e.Method}, func(digest string) bool { return digest == "" })
}

// Journal is the append-only record of what happened. With the archive it is the only truth of a
// workspace: all else is computed from the two.
//
// A line is an Entry in JSON whose last member, "chain", is the SHA-256 in hexadecimal of the chain of the line
// before (nothing, for the first) followed by the line itself without that member. So a line that is changed,
// added, moved or taken out is noticed, and the last chain identifies the whole journal.
type Journal struct {
	path    string
	entries []Entry
	chains  []string // of each line
	length  int64    // of the valid lines, in bytes
	torn    int      // bytes after them that a crash left
}

// OpenJournal reads the journal; a missing file is an empty one. A last line without its newline
// was torn by a crash before anything relied on it: it is left out and overwritten by the next
// line. Any other line that is not as it was written is an error that says which, and what to do.
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
			j.torn = len(line)
			// A torn line is shorter than the line: one that is whole but for its newline was not torn.
			if _, _, err := j.read(line[:max(len(line)-1, 0)]); err == nil {
				return nil, j.damaged(n, errors.New("its end is not a newline"))
			}
			return j, nil
		}
		e, chain, err := j.read(line)
		if err != nil {
			return nil, j.damaged(n, err)
		}
		j.entries, j.chains = append(j.entries, e), append(j.chains, chain)
		j.length += int64(len(line)) + 1
		data = rest
	}
}

// read reads the line that comes next.
func (j *Journal) read(line []byte) (e Entry, chain string, err error) {
	body, chain, ok := cutChain(line)
	if !ok {
		return e, "", errors.New("no chain at its end")
	}
	if chain != nextChain(j.Chain(), body) && !Planted("no-chain-check") {
		return e, "", errors.New("the chain is broken")
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, "", err
	}
	if e.Type == "" {
		return e, "", errors.New("a line without a type")
	}
	return e, chain, nil
}

func (j *Journal) damaged(n int, cause error) error {
	return fmt.Errorf("%s:%d: %w: this line, or the one before it, is not as it was written; "+
		"nothing can be computed from a damaged journal: put it back from a backup (cairn restore)", j.path, n, cause)
}

const chainMember = `,"chain":"`

// cutChain parts a line from its chain.
func cutChain(line []byte) (body []byte, chain string, ok bool) {
	at := len(line) - len(chainMember) - 2*sha256.Size - len(`"}`)
	if at < 1 || !bytes.HasPrefix(line[at:], []byte(chainMember)) || !bytes.HasSuffix(line, []byte(`"}`)) {
		return nil, "", false
	}
	return append(slices.Clone(line[:at]), '}'), string(line[at+len(chainMember) : len(line)-2]), true
}

func nextChain(before string, body []byte) string {
	hash := sha256.New()
	io.WriteString(hash, before)
	hash.Write(body)
	return hex.EncodeToString(hash.Sum(nil))
}

// Entries are the lines in order. The slice is the journal's own: do not change it.
func (j *Journal) Entries() []Entry { return j.entries }

// Chain is the chain of the last line: it identifies the journal as it stands. It is empty when there is none.
func (j *Journal) Chain() string { return j.ChainAt(len(j.chains)) }

// ChainAt is the chain of the n-th line from 1, "" for 0 and for a line that the journal has not.
func (j *Journal) ChainAt(n int) string {
	if n < 1 || n > len(j.chains) {
		return ""
	}
	return j.chains[n-1]
}

// Until is the journal as it was when it had n lines: to be read, no line can be added.
func (j *Journal) Until(n int) *Journal {
	n = min(n, len(j.entries))
	return &Journal{entries: j.entries[:n:n], chains: j.chains[:n:n]}
}

// Torn is how many bytes a crash left after the last whole line. They are dropped when a line is added.
func (j *Journal) Torn() int { return j.torn }

// Append writes lines and syncs them: when it returns nil they will be found again. After an error none is.
func (j *Journal) Append(entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var lines bytes.Buffer
	chain := j.Chain()
	var chains []string
	for _, e := range entries {
		body, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		chain = nextChain(chain, body)
		chains = append(chains, chain)
		lines.Write(body[:len(body)-1])
		lines.WriteString(chainMember + chain + "\"}\n")
	}
	if err := j.write(lines.Bytes()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.entries, j.chains = append(j.entries, entries...), append(j.chains, chains...)
	j.length += int64(lines.Len())
	j.torn = 0
	return nil
}

// write puts bytes after the valid lines. Those of a write that failed are taken away again: after an error of
// the disk nobody knows which of them are on it.
func (j *Journal) write(data []byte) error {
	_, statErr := os.Stat(j.path)
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(j.length); err != nil {
		return err
	}
	if err := Failpoint("journal.write"); err != nil {
		return err
	}
	_, err = f.WriteAt(data, j.length)
	if err == nil {
		err = errors.Join(Failpoint("journal.sync"), f.Sync())
	}
	if err == nil && statErr != nil {
		err = SyncDir(filepath.Dir(j.path))
	}
	if err != nil {
		return errors.Join(err, f.Truncate(j.length))
	}
	return Failpoint("journal.written")
}

// Sync makes durable what is read: a process that was killed may have written lines and not synced them.
func (j *Journal) Sync() error {
	f, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return SyncDir(filepath.Dir(j.path))
}

// Bytes are the lines as they are in the file.
func (j *Journal) Bytes() ([]byte, error) {
	data, err := os.ReadFile(j.path)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) < j.length {
		return nil, fmt.Errorf("%s: it has become shorter", j.path)
	}
	return data[:j.length], nil
}
