package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"cairn/exports"
	"cairn/ingest"
	"cairn/transform"
)

// What becomes of a letter, as the journal has it. An intent without another outcome after it is a letter that may
// or may not have left: it is made again, with the same Message-ID, so that who gets it twice can tell.
const (
	outcomeIntended = "intended"
	outcomeDrafted  = "drafted"
	outcomeSent     = "sent"
	outcomeRefused  = "refused"
)

// delivery brings to people what an occasion owes them: each letter once, whatever stops the program in between.
// Everything it knows of the past is in the journal.
type delivery struct {
	*env
	workspace *Workspace
	journal   *ingest.Journal
	db        *transform.Warehouse
	send      bool // by e-mail; else letters are drafts
	again     bool // also what was delivered before
	preview   bool // say what would be done, and do nothing
	post      post // set on first use
}

// deliver brings what an occasion owes. An error is worth another try later; letters that the server refused for
// good are told in refused.
func (d *delivery) deliver(o occasion) (refused int, err error) {
	letters, err := d.owed(o)
	if err != nil {
		return 0, err
	}
	if !d.preview {
		if err := d.drop(o); err != nil {
			return 0, err
		}
	}
	letters = d.open(letters)
	if len(letters) == 0 {
		fmt.Fprintf(d.stdout, "%s: no letter to deliver\n", o.what)
		return 0, nil
	}
	if d.preview {
		d.show(letters)
		return 0, nil
	}
	if d.send && d.post == nil {
		if d.post, err = d.postman(); err != nil {
			return 0, err
		}
	}
	at := d.now().UTC().Truncate(time.Second)
	intents := make([]ingest.Entry, len(letters))
	for i, l := range letters {
		intents[i] = l.entry(at, outcomeIntended)
	}
	if err := d.journal.Append(intents...); err != nil {
		return 0, err
	}
	if err := ingest.Failpoint("letters.intended"); err != nil {
		return 0, err
	}
	var failed []error
	for _, l := range letters {
		outcome, err := d.bring(l, at)
		if err != nil {
			failed = append(failed, err)
			if d.ctx.Err() != nil {
				break
			}
			continue
		}
		if outcome.Outcome == outcomeRefused {
			refused++
		}
		if err := errors.Join(ingest.Failpoint("letter.left"), d.journal.Append(outcome)); err != nil {
			return refused, err
		}
		fmt.Fprintf(d.stdout, "%s: %s to %s%s\n", outcome.Outcome, l.text.Kind, l.recipient, parenthesis(outcome.Reason))
	}
	return refused, errors.Join(failed...)
}

// bring sends a letter or writes its draft, and says what became of it.
func (d *delivery) bring(l *letter, at time.Time) (ingest.Entry, error) {
	config := d.workspace.Config
	msg, err := config.Mail.message(l, at, config.Programme, config.Contact)
	if err != nil {
		return ingest.Entry{}, fmt.Errorf("letter to %s: %w", l.recipient, err)
	}
	if !d.send {
		path, err := d.writeDraft(l, msg)
		if err != nil {
			return ingest.Entry{}, fmt.Errorf("draft to %s: %w", l.recipient, err)
		}
		e := l.entry(at, outcomeDrafted)
		e.Reason = path
		return e, nil
	}
	ctx, cancel := d.lingering()
	defer cancel()
	err = d.post(ctx, msg)
	if no := new(refusedError); errors.As(err, &no) {
		e := l.entry(at, outcomeRefused)
		e.Reason = l.discreet(no.code, no.text)
		return e, nil
	}
	if err != nil {
		return ingest.Entry{}, fmt.Errorf("letter to %s: %s", l.recipient, l.discreet("the server could not be reached, or put it off", err.Error()))
	}
	return l.entry(at, outcomeSent), nil
}

// letterGrace is for how long a letter on its way may go on when the program is to end, less than the service takes to end.
const letterGrace = 20 * time.Second

// lingering is a context that outlives the command's by letterGrace: of a letter that is cut off, nobody knows whether it left.
func (e *env) lingering() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(e.ctx))
	stop := context.AfterFunc(e.ctx, func() { time.AfterFunc(letterGrace, cancel) })
	return ctx, func() { stop(); cancel() }
}

// discreet is what may be told of an answer: a server often repeats the address, which for a référent is nobody's to read.
func (l *letter) discreet(short, whole string) string {
	if l.recipient != l.address {
		return short
	}
	return whole
}

// writeDraft writes a message into courriels/ and returns its path below the workspace.
func (d *delivery) writeDraft(l *letter, msg *mail.Msg) (string, error) {
	var data bytes.Buffer
	if err := draft(&data, msg); err != nil {
		return "", err
	}
	path := filepath.Join(lettersDir, l.month(), fmt.Sprintf("%s_%s_%s.eml", l.text.Kind, fileName(l.recipient), l.id[:8]+l.id[idLength:]))
	return path, ingest.WriteDurably(d.workspace.path(path), data.Bytes(), 0o600)
}

const (
	lettersDir = "courriels"
	idLength   = 32
)

var notInNames = regexp.MustCompile(`[^A-Za-z0-9.@-]+`)

// fileName is a recipient's name without what a file's name cannot hold everywhere.
func fileName(recipient string) string {
	return notInNames.ReplaceAllString(strings.Replace(recipient, "référent", "referent", 1), "_")
}

// open leaves, of the letters that are owed, those that have not been delivered, each under the identity that it leaves with.
func (d *delivery) open(letters []*letter) []*letter {
	last := map[string]string{}
	for _, e := range d.journal.Entries() {
		if e.Type == ingest.EntryDelivery {
			last[e.Letter] = e.Outcome
		}
	}
	return slices.DeleteFunc(letters, func(l *letter) bool {
		first := l.id
		for n := 2; d.again && last[l.id] != "" && last[l.id] != outcomeIntended; n++ {
			l.id = fmt.Sprintf("%s-%d", first, n)
		}
		switch last[l.id] {
		case "", outcomeIntended:
			return false
		case outcomeDrafted:
			return !d.send // a draft never left by us
		}
		return true
	})
}

// postman is the post through the configured server.
func (d *delivery) postman() (post, error) {
	m := d.workspace.Config.Mail
	var password secret
	if m.User != "" {
		var err error
		if password, err = d.workspace.secret(m.Password); err != nil {
			return nil, err
		}
	}
	return m.smtp(password)
}

// show says what would be delivered.
func (d *delivery) show(letters []*letter) {
	verb := map[bool]string{true: "would send", false: "would draft"}[d.send]
	for _, l := range letters {
		subject, _, err := l.text.Text()
		if err != nil {
			subject = err.Error()
		}
		fmt.Fprintf(d.stdout, "%s to %s: %s\n", verb, l.recipient, subject)
		for _, a := range l.attached {
			size := "not made yet"
			if info, err := os.Stat(a.path); err == nil {
				size = fmt.Sprintf("%d kB", (info.Size()+999)/1000)
			}
			fmt.Fprintf(d.stdout, "  %s (%s)\n", a.name, size)
		}
		for _, name := range l.text.TooLarge {
			fmt.Fprintf(d.stdout, "  %s: too large to be attached\n", name)
		}
	}
}

// entry is a letter's line in the journal.
func (l *letter) entry(at time.Time, outcome string) ingest.Entry {
	e := ingest.Entry{Type: ingest.EntryDelivery, At: at, Letter: l.id, Kind: string(l.text.Kind), Recipient: l.recipient,
		Version: l.version, Original: l.original, Outcome: outcome}
	if !l.text.Period.IsZero() {
		e.Period = l.month()
	}
	return e
}

func (l *letter) month() string {
	if l.text.Period.IsZero() {
		return "sans-mois"
	}
	return l.text.Period.Format("2006-01")
}

// identify gives a letter the identity of what it is about and to whom it goes.
func (l *letter) identify(about string) {
	sum := sha256.Sum256([]byte(string(l.text.Kind) + "\n" + about + "\n" + l.address))
	l.id = hex.EncodeToString(sum[:])[:idLength]
}

func parenthesis(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// Drop is a folder that a sync client shares: a copy of what each one may see is put there.
type Drop struct {
	Dir string `toml:"dossier"` // from the workspace, unless absolute; it must exist: a share that is not mounted is an error, not a new folder
}

// drop copies what an occasion brings into the shared folder, by who may see it. What is there with the same bytes
// is left, so that it is not synced again.
func (d *delivery) drop(o occasion) error {
	root := d.workspace.Config.Drop.Dir
	if root == "" {
		return nil
	}
	if !filepath.IsAbs(root) {
		root = d.workspace.path(root)
	}
	if _, err := os.Stat(root); err != nil {
		return &hintError{fmt.Errorf("the shared folder: %w", err), "mount it, or make it; or take [depot] out of cairn.toml"}
	}
	shared, err := d.shared(o)
	if err != nil {
		return err
	}
	for _, s := range shared {
		to := filepath.Join(root, s.name)
		same, err := sameBytes(s.path, to)
		if err == nil && !same {
			err = ingest.CopyDurably(s.path, to, 0o644)
		}
		if err != nil {
			return fmt.Errorf("shared folder: %w", err)
		}
	}
	return nil
}

func sameBytes(a, b string) (bool, error) {
	wanted, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	standing, err := os.ReadFile(b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(wanted, standing), err
}

// shared lists what an occasion puts into the shared folder: a path below it, and the file to copy.
func (d *delivery) shared(o occasion) ([]attachment, error) {
	var all []attachment
	put := func(folder string, files []attachment) {
		for _, f := range files {
			all = append(all, attachment{filepath.Join(folder, f.name), f.path})
		}
	}
	switch o.what {
	case occasionRelease:
		p, err := d.publication(o.period)
		if err != nil {
			return nil, err
		}
		for _, territory := range p.territories {
			put(filepath.Join("evaluateurs", territory, p.label()), p.workbooks(territory))
		}
		put(filepath.Join("association", p.label()), p.comparison())
	case occasionImpact:
		p, err := d.publication(o.period)
		if err != nil {
			return nil, err
		}
		for _, f := range append([]Funder{{}}, d.workspace.Config.Funders...) {
			files, err := d.impact(p, f.ID)
			if err != nil {
				return nil, err
			}
			put(filepath.Join("financeurs", map[bool]string{true: "programme"}[f.ID == ""]+f.ID, p.label()), files)
		}
	case occasionReturns:
		returns, err := d.returns()
		if err != nil {
			return nil, err
		}
		for _, r := range returns {
			put(filepath.Join("territoires", r.Territoire), []attachment{d.returnFile(r)})
		}
	}
	return all, nil
}

// returnFile is the file of a return.
func (d *delivery) returnFile(r *exports.Return) attachment {
	return attachment{filepath.Base(r.Path()), d.workspace.path(filepath.Join("returns", filepath.FromSlash(r.Path())))}
}
