package ingest

import (
	"bytes"
	"crypto/rand"
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
	EntryForget     EntryType = "forget"     // originals are to be destroyed: from here on they count for nothing
	EntryForgotten  EntryType = "forgotten"  // all that the lines before it wanted destroyed is, and releases were made again
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
	Prints   string `json:"prints,omitempty"`   // SHA-256 of the fingerprints of what its figures rest on, archived too
	First    string `json:"first,omitempty"`    // SHA-256 of the figures that were first published otherwise than it tells them, archived too

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

	Forgotten []Forgotten `json:"originals,omitempty"` // what is to be destroyed
	Silenced  []int       `json:"silenced,omitempty"`  // lines, from 1, whose words are to be destroyed
	Reissued  []string    `json:"reissued,omitempty"`  // months whose releases before this line are to be destroyed, and made again

	Sealed string `json:"sealed,omitempty"` // SHA-256 of the words that the line has lost, see Journal
	Gone   bool   `json:"-"`                // of a reception: its original was forgotten, and nothing took its place
}

// Forgotten is an original that is destroyed, by its SHA-256.
type Forgotten struct {
	Original    string `json:"original"`
	Replacement string `json:"replacement,omitempty"` // what takes its place: the same without what was to be forgotten; empty: nothing
}

// words are what a line says in words, which may name somebody: paths and reasons.
type words struct {
	Salt   string `json:"salt"` // random: who guesses the words cannot check them against the seal
	Path   string `json:"path,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// silencedPath stands for a path that was forgotten.
const silencedPath = "(oublié)"

// Archived are the digests of what a line names in the archive.
func (e Entry) Archived() []string {
	return slices.DeleteFunc([]string{e.Original, e.Figures, e.Method, e.Prints, e.First}, func(digest string) bool { return digest == "" })
}

// Journal is the append-only record of what happened. With the archive it is the only truth of a
// workspace: all else is computed from the two.
//
// A line is an Entry in JSON whose last member, "chain", is the SHA-256 in hexadecimal of the chain of the line
// before (nothing, for the first) followed by the line itself without that member. So a line that is changed,
// added, moved or taken out is noticed, and the last chain identifies the whole journal.
//
// The words of a line stand in a member of their own, "said", that the chain does not cover; it covers their
// SHA-256, "sealed". So they can be taken out and every chain stays what it was. A line without its words is as
// it was written only when a line of EntryForget says so.
//
// The entries are told as that leaves them: an original that was forgotten by the one that took its place, at
// whatever line one looks, and a release that was by no figures.
type Journal struct {
	path    string
	entries []Entry
	later   []Entry         // of a part of a journal: the lines of EntryForget that it has not
	bare    []int           // lines, from 1, whose words the chain covers: of an earlier program
	loose   map[string]bool // digests of the archive that were forgotten
	chains  []string        // of each line
	length  int64           // of the valid lines, in bytes
	torn    int             // bytes after them that a crash left
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
			return j, j.checkSilence()
		}
		e, chain, err := j.read(line)
		if err != nil {
			return nil, j.damaged(n, err)
		}
		j.add(e, chain)
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
	body, said := cutWords(body)
	if chain != nextChain(j.Chain(), body) && !Planted("no-chain-check") {
		return e, "", errors.New("the chain is broken")
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, "", err
	}
	if e.Type == "" {
		return e, "", errors.New("a line without a type")
	}
	if said == nil {
		if e.Sealed != "" && (e.Type == EntryReception || e.Type == EntryWithdrawal) {
			e.Path = silencedPath
		}
		if e.Sealed == "" && e.Path+e.Reason != "" {
			j.bare = append(j.bare, len(j.entries)+1)
		}
		return e, chain, nil
	}
	if seal(said) != e.Sealed && !Planted("no-chain-check") {
		return e, "", errors.New("its words are others")
	}
	var w words
	if err := json.Unmarshal(said, &w); err != nil {
		return e, "", err
	}
	e.Path, e.Reason, e.Sealed = w.Path, w.Reason, ""
	return e, chain, nil
}

// encode makes the body of a line, and its words if it has any.
func (e Entry) encode() (body, said []byte, err error) {
	if w := (words{Path: e.Path, Reason: e.Reason}); w != (words{}) {
		w.Salt = rand.Text()
		if said, err = json.Marshal(w); err != nil {
			return nil, nil, err
		}
		e.Path, e.Reason, e.Sealed = "", "", seal(said)
	}
	body, err = json.Marshal(e)
	return body, said, err
}

func seal(said []byte) string {
	sum := sha256.Sum256(said)
	return hex.EncodeToString(sum[:])
}

const wordsMember = `,"said":`

// cutWords parts a line without its chain from its words, nil when it has none: no text in JSON holds their member's name,
// since its quotes would be escaped.
func cutWords(line []byte) (body, said []byte) {
	at := bytes.Index(line, []byte(wordsMember))
	if at < 0 {
		return line, nil
	}
	return append(slices.Clone(line[:at]), '}'), line[at+len(wordsMember) : len(line)-1]
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

// add adds a line to those that are known, and tells those before it as it leaves them.
func (j *Journal) add(e Entry, chain string) {
	if e.Type == EntryForget {
		j.forget(e)
	}
	j.entries, j.chains = append(j.entries, e), append(j.chains, chain)
}

func (j *Journal) forget(e Entry) {
	before := slices.Clone(j.entries) // parts of the journal share them
	if j.loose == nil {
		j.loose = map[string]bool{}
	}
	replacement := map[string]string{}
	for _, f := range e.Forgotten {
		replacement[f.Original], j.loose[f.Original] = f.Replacement, true
	}
	for i := range before {
		b := &before[i]
		if with, forgotten := replacement[b.Original]; forgotten && b.Original != "" {
			b.Original, b.Gone = with, with == ""
		}
		loosen := func(digest *string) {
			if *digest != "" {
				j.loose[*digest], *digest = true, ""
			}
		}
		loosen(&b.Prints) // of few people they could be guessed back, and after this line no release is compared by them
		loosen(&b.First)  // some may be of a release that is to be destroyed
		if b.Type == EntryRelease && slices.Contains(e.Reissued, b.Period) {
			loosen(&b.Figures)
		}
	}
	j.entries = before
}

// checkSilence refuses a line that has lost its words without a line of EntryForget that says so.
func (j *Journal) checkSilence() error {
	for i, e := range j.entries {
		if e.Sealed != "" && !j.silenced(i+1) {
			return j.damaged(i+1, errors.New("its words are missing"))
		}
	}
	return nil
}

func (j *Journal) silenced(line int) bool {
	return slices.ContainsFunc(j.entries, func(e Entry) bool { return e.Type == EntryForget && slices.Contains(e.Silenced, line) })
}

// Forgets are the lines of EntryForget, those that come after a part of a journal included.
func (j *Journal) Forgets() []Entry {
	return slices.Concat(slices.DeleteFunc(slices.Clone(j.entries), func(e Entry) bool { return e.Type != EntryForget }), j.later)
}

// ForgottenSince is how many lines of EntryForget come after a part of a journal.
func (j *Journal) ForgottenSince() int { return len(j.later) }

// Refused reports when an original was forgotten: its bytes are not taken again.
func (j *Journal) Refused(digest string) (at time.Time, refused bool) {
	for _, e := range j.Forgets() {
		if slices.ContainsFunc(e.Forgotten, func(f Forgotten) bool { return f.Original == digest }) {
			at, refused = e.At, true
		}
	}
	return at, refused
}

// Named are the digests that the lines name of the archive.
func (j *Journal) Named() map[string]bool {
	named := map[string]bool{}
	for _, e := range j.entries {
		for _, digest := range e.Archived() {
			named[digest] = true
		}
	}
	return named
}

// Loose are the digests that the archive must no longer have.
func (j *Journal) Loose() []string {
	named := j.Named()
	var all []string
	for digest := range j.loose {
		if !named[digest] {
			all = append(all, digest)
		}
	}
	slices.Sort(all)
	return all
}

// Unfinished is the place, from 0, of the first line of EntryForget that was not carried out to its end; −1 when all were.
func (j *Journal) Unfinished() int {
	first := -1
	for i, e := range j.entries {
		switch {
		case e.Type == EntryForget && first < 0:
			first = i
		case e.Type == EntryForgotten:
			first = -1
		}
	}
	return first
}

// Silenceable refuses lines, from 1, whose words cannot be taken out without breaking the chain.
func (j *Journal) Silenceable(lines []int) error {
	for _, n := range lines {
		if slices.Contains(j.bare, n) {
			return fmt.Errorf("%s:%d was written by a program that could not forget: its words cannot be taken out of the chain", j.path, n)
		}
	}
	return nil
}

// Silence takes the words that are to be forgotten out of the file, at once. Every chain stays what it was.
func (j *Journal) Silence() error {
	data, err := j.Bytes()
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	var lines bytes.Buffer
	n := 0
	for line := range bytes.Lines(data) {
		n++
		body, chain, ok := cutChain(bytes.TrimSuffix(line, []byte("\n")))
		without, said := cutWords(body)
		if !ok || said == nil || !j.silenced(n) {
			lines.Write(line)
			continue
		}
		lines.Write(without[:len(without)-1])
		lines.WriteString(chainMember + chain + "\"}\n")
	}
	if err := errors.Join(Failpoint("journal.silence"), WriteDurably(j.path, lines.Bytes(), 0o644)); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	read, err := OpenJournal(j.path)
	if err == nil {
		*j = *read
	}
	return err
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
	return &Journal{entries: j.entries[:n:n], chains: j.chains[:n:n], later: (&Journal{entries: j.entries[n:], later: j.later}).Forgets()}
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
		body, said, err := e.encode()
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		chain = nextChain(chain, body)
		chains = append(chains, chain)
		lines.Write(body[:len(body)-1])
		if said != nil {
			lines.WriteString(wordsMember)
			lines.Write(said)
		}
		lines.WriteString(chainMember + chain + "\"}\n")
	}
	if err := j.write(lines.Bytes()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	for i, e := range entries {
		j.add(e, chains[i])
	}
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
