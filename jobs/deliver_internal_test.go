package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/wneessen/go-mail"

	"cairn/ingest"
	"cairn/jobs/demo"
)

// deliveries is a published workspace with people to deliver to, and a server that does as it is told.
type deliveries struct {
	*testing.T
	w      *Workspace
	env    *env
	sent   []string          // « address message-id file… », in the order in which the server got them
	answer func(n int) error // of the server to the nth message of a process, from 0
	after  func(n int)       // what happens when the server has it
}

var (
	octoberRelease = occasion{what: occasionRelease, period: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}
	toEvaluator    = "evaluation@example.org"
	toAssociation  = "asso@example.org"
)

func newDeliveries(t *testing.T) *deliveries {
	dir := filepath.Join(t.TempDir(), "ws")
	for _, command := range []string{fmt.Sprintf("demo %s --months %d", dir, demo.MinMonths), "run -w " + dir} {
		if code := Main(strings.Fields(command), io.Discard, io.Discard); code != exitDone && code != exitFindings {
			t.Fatalf("cairn %s: exit status %d", command, code)
		}
	}
	w, err := OpenWorkspace(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.Config.Mail = Mail{From: "cairn@example.org", Referents: true}
	w.Config.Recipients = []Recipient{
		{Role: roleEvaluator, Address: toEvaluator, Territories: []string{"arlenthe", "valbrune"}},
		{Role: roleAssociation, Address: toAssociation},
	}
	d := &deliveries{T: t, w: w}
	var received time.Time
	for _, e := range d.journal().Entries() {
		if e.ReceivedAt.After(received) {
			received = e.ReceivedAt
		}
	}
	d.env = &env{ctx: t.Context(), stdout: io.Discard, now: func() time.Time { return received }}
	return d
}

func (d *deliveries) journal() *ingest.Journal {
	d.Helper()
	journal, err := d.w.journal()
	if err != nil {
		d.Fatal(err)
	}
	return journal
}

// deliver is one process that delivers: what it knows of earlier ones, it reads in the journal. It returns what the server got.
func (d *deliveries) deliver(o occasion, again bool) (sent []string, refused int, err error) {
	d.Helper()
	db, err := d.w.open(context.Background())
	if err != nil {
		d.Fatal(err)
	}
	defer db.Close()
	d.sent = nil
	n := 0
	post := func(_ context.Context, msg *mail.Msg) error {
		defer func() { n++ }()
		if d.answer != nil {
			if err := d.answer(n); err != nil {
				return err
			}
		}
		line := msg.GetToString()[0] + " " + msg.GetGenHeader(mail.HeaderMessageID)[0]
		for _, file := range msg.GetAttachments() {
			line += " " + file.Name
		}
		d.sent = append(d.sent, line)
		if d.after != nil {
			d.after(n)
		}
		return nil
	}
	refused, err = (&delivery{env: d.env, workspace: d.w, journal: d.journal(), db: db, send: true, again: again, post: post}).deliver(o)
	return d.sent, refused, err
}

// outcomes are those of the journal, in order.
func (d *deliveries) outcomes() (all []string) {
	d.Helper()
	for _, e := range d.journal().Entries() {
		if e.Type == ingest.EntryDelivery {
			all = append(all, e.Recipient+" "+e.Outcome)
		}
	}
	return all
}

func addressee(line string) string { return strings.Trim(strings.Fields(line)[0], "<>") }
func messageID(line string) string { return strings.Fields(line)[1] }

func TestDeliver(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes and publishes a programme")
	}
	d := newDeliveries(t)

	// The server cannot be reached: the error says so, nothing is told to have left.
	d.answer = func(int) error { return errors.New("connection refused") }
	if sent, _, err := d.deliver(octoberRelease, false); err == nil || len(sent) > 0 {
		t.Fatalf("%v left, %v", sent, err)
	}

	// The process dies when the server has the first letter, before the journal says so.
	d.answer, d.after = nil, func(int) { panic("killed") }
	func() {
		defer func() { recover() }()
		d.deliver(octoberRelease, false)
	}()
	before := d.sent
	if len(before) != 1 {
		t.Fatalf("the server got %v", before)
	}

	// The next one sends both: the first under the Message-ID that it had, so that who gets it twice can tell.
	d.after = nil
	sent, _, err := d.deliver(octoberRelease, false)
	if err != nil || len(sent) != 2 || sent[0] != before[0] {
		t.Fatalf("the server got %v, after %v: %v", sent, before, err)
	}
	intended := []string{toEvaluator + " intended", toAssociation + " intended"}
	want := append(append(append(append([]string{}, intended...), intended...), intended...), toEvaluator+" sent", toAssociation+" sent")
	if diff := cmp.Diff(want, d.outcomes()); diff != "" {
		t.Errorf("the journal does not show the repeat:\n%s", diff)
	}

	// Each gets his own files, and nothing else.
	for i, want := range []string{
		toEvaluator + " 2026-10_arlenthe_evaluation.xlsx 2026-10_valbrune_evaluation.xlsx", toAssociation + " 2026-10_comparaison.xlsx",
	} {
		if got := strings.Replace(sent[i], messageID(sent[i])+" ", "", 1); strings.NewReplacer("<", "", ">", "").Replace(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}

	// Once delivered, nothing leaves, whatever becomes of the database; unless it is asked for again, under another Message-ID.
	if err := os.Remove(d.w.path(databaseFile)); err != nil {
		t.Fatal(err)
	}
	if code := Main([]string{"run", "-w", d.w.Dir}, io.Discard, io.Discard); code != exitFindings {
		t.Fatalf("exit status %d", code)
	}
	if sent, _, err := d.deliver(octoberRelease, false); err != nil || len(sent) > 0 {
		t.Errorf("delivered twice: %v, %v", sent, err)
	}
	again, _, err := d.deliver(octoberRelease, true)
	if err != nil || len(again) != 2 || messageID(again[0]) != strings.Replace(messageID(sent[0]), "@", "-2@", 1) {
		t.Errorf("again: %v, %v", again, err)
	}
}

func TestDeliverToReferents(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("makes and publishes a programme: make check")
	}
	d := newDeliveries(t)
	returns := occasion{what: occasionReturns}

	// A letter that is refused does not stop the others, and is not sent again by itself.
	d.answer = func(n int) error {
		if n == 0 {
			return &refusedError{"550 5.1.1", "no such user: cooperation@arlenthe.example"}
		}
		return nil
	}
	sent, refused, err := d.deliver(returns, false)
	if err != nil || refused != 1 || len(sent) == 0 {
		t.Errorf("%d refused, %v sent, %v", refused, sent, err)
	}
	for _, line := range sent { // the return of his own territory
		territory := strings.TrimSuffix(strings.TrimPrefix(addressee(line), "cooperation@"), ".example")
		if !strings.HasSuffix(line, "_retour.xlsx") || strings.Count(line, "_retour") != 1 || territory == "" {
			t.Errorf("a référent got %s", line)
		}
	}
	d.answer = nil
	if sent, refused, err := d.deliver(returns, false); err != nil || refused != 0 || len(sent) > 0 {
		t.Errorf("after a refusal: %d refused, %v sent, %v", refused, sent, err)
	}

	// Reminders go to those from whom nothing came, each step once.
	november := occasion{what: occasionReminder, period: octoberRelease.period.AddDate(0, 1, 0), due: dueDay(octoberRelease.period.AddDate(0, 1, 0))}
	for _, step := range []int{-3, 1} {
		november.step = step
		for i, want := range []int{10, 0} {
			if sent, _, err := d.deliver(november, false); err != nil || len(sent) != want {
				t.Errorf("day %+d, time %d: %d reminders, want %d: %v", step, i+1, len(sent), want, err)
			}
		}
	}
	october := occasion{what: occasionReminder, period: octoberRelease.period, due: dueDay(octoberRelease.period), step: 1}
	sent, _, err = d.deliver(october, false)
	if err != nil || len(sent) >= 10 {
		t.Errorf("reminded of workbooks that came: %v, %v", sent, err)
	}

	// The address of a référent is on the envelope alone.
	journal, err := os.ReadFile(d.w.path(journalFile))
	if err != nil || strings.Contains(string(journal), "cooperation@") {
		t.Errorf("the journal holds the address of a référent, or cannot be read: %v", err)
	}
	if !strings.Contains(string(journal), "référent arlenthe") {
		t.Error("the journal does not say to whom letters went")
	}
}
