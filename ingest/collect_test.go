package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// a place is a workspace with a clock that the test sets.
type place struct {
	t       *testing.T
	inbox   string
	archive Archive
	journal string
	clock   time.Time
	left    []Left // by the last collection
}

func newPlace(t *testing.T) *place {
	dir := t.TempDir()
	p := &place{t: t, inbox: filepath.Join(dir, "inbox"), archive: Archive{Dir: filepath.Join(dir, "archive")}, journal: filepath.Join(dir, "journal.jsonl"), clock: noon}
	if err := os.Mkdir(p.inbox, 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

// drop puts a file into the inbox, modified some time before (−) or after noon.
func (p *place) drop(name, content string, after time.Duration) {
	p.t.Helper()
	path := filepath.Join(p.inbox, filepath.FromSlash(name))
	write(p.t, path, content)
	if err := os.Chtimes(path, time.Time{}, noon.Add(after)); err != nil {
		p.t.Fatal(err)
	}
}

// collect runs a collection on a journal read afresh, and says what was received: name, content
// and minutes after noon. It checks what holds for every collection.
func (p *place) collect() []string {
	p.t.Helper()
	before, journal := p.listing(), openJournal(p.t, p.journal)
	lines := len(journal.Entries())
	received, left, err := Collect(p.inbox, p.archive, journal, func() time.Time { return p.clock })
	p.left = left
	if err != nil {
		p.t.Fatal(err)
	}
	if diff := gocmp.Diff(before, p.listing()); diff != "" {
		p.t.Errorf("the inbox was modified (-before +after):\n%s", diff)
	}
	written := openJournal(p.t, p.journal).Entries()[lines:]
	if len(received) == 0 && len(written) != 0 {
		p.t.Errorf("nothing received, yet journalled: %v", written)
	}
	if len(received) > 0 {
		end := Entry{Type: EntryCollection, At: p.clock}
		if diff := gocmp.Diff(append(slices.Clone(received), end), written); diff != "" {
			p.t.Errorf("journal (-want +got):\n%s", diff)
		}
	}
	var said []string
	for _, e := range received {
		data, err := p.archive.Get(e.Original)
		if err != nil {
			p.t.Error(err)
		}
		if e.Type != EntryReception || e.Size != int64(len(data)) || e.At != p.clock {
			p.t.Errorf("line %+v", e)
		}
		said = append(said, fmt.Sprintf("%s %s %+g", e.Path, data, e.ReceivedAt.Sub(noon).Minutes()))
	}
	return said
}

func (p *place) listing() map[string]string {
	all := map[string]string{}
	for _, name := range files(p.t, p.inbox) {
		info, err := os.Stat(filepath.Join(p.inbox, name))
		if err != nil {
			p.t.Fatal(err)
		}
		all[name] = fmt.Sprint(info.Size(), info.Mode(), info.ModTime().UnixNano())
	}
	return all
}

func (p *place) want(want ...string) {
	p.t.Helper()
	if diff := gocmp.Diff(want, p.collect()); diff != "" {
		p.t.Errorf("received (-want +got):\n%s", diff)
	}
}

const minute = time.Minute

func TestCollectNothing(t *testing.T) {
	p := newPlace(t)
	p.want()
	if _, err := os.Stat(p.journal); err == nil {
		t.Error("an empty inbox made a journal")
	}
	p.drop("a.xlsx", "A", -minute)
	p.want("a.xlsx A -1")
	p.clock = noon.Add(time.Hour)
	p.want() // nothing new
	p.want()
}

func TestReceivedAt(t *testing.T) {
	p := newPlace(t)
	p.drop("b.xlsx", "B", -3*minute)
	p.drop("a.xlsx", "A", -2*minute)
	p.drop("tomorrow.xlsx", "C", 24*60*minute)
	p.drop("just now.xlsx", "D", 0)
	p.want("b.xlsx B -3", "a.xlsx A -2", "just now.xlsx D +0", "tomorrow.xlsx C +0")

	p.clock = noon.Add(10 * minute)
	p.drop("older than the last collection.xlsx", "E", -600*minute)
	p.drop("since.xlsx", "F", 5*minute)
	p.want("older than the last collection.xlsx E +0", "since.xlsx F +5")

	p.clock = noon.Add(4 * minute) // set back: no reception goes before an earlier one
	p.drop("set back.xlsx", "G", 3*minute)
	p.want("set back.xlsx G +10")
	p.clock = noon.Add(5 * minute)
	p.drop("still set back.xlsx", "H", 5*minute)
	p.want("still set back.xlsx H +10")
}

func TestCollectOrdersTiesByPath(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"b/1.xlsx", "a/9.xlsx", "a.xlsx", "É.xlsx", "Z.xlsx"} {
		p.drop(name, name, -minute)
	}
	p.want("Z.xlsx Z.xlsx -1", "a.xlsx a.xlsx -1", "a/9.xlsx a/9.xlsx -1", "b/1.xlsx b/1.xlsx -1", "É.xlsx É.xlsx -1")
}

// A file is known by the size and modification time that its path had last.
func TestWhatIsReceivedAgain(t *testing.T) {
	p := newPlace(t)
	p.drop("a.xlsx", "one", -5*minute)
	p.want("a.xlsx one -5")

	p.clock = p.clock.Add(10 * minute)
	p.drop("a.xlsx", "two", -5*minute) // the same path, size and time: taken for the same file
	p.want()
	p.drop("a.xlsx", "three", -5*minute)
	p.want("a.xlsx three +0")
	p.drop("a.xlsx", "three", 5*minute) // touched
	p.want("a.xlsx three +10")
	p.drop("copy.xlsx", "three", 5*minute) // another name
	p.want("copy.xlsx three +10")
	p.drop("a.xlsx", "one", -5*minute) // put back with its date: a revert
	p.want("a.xlsx one +10")
	p.want()
	if err := os.Remove(filepath.Join(p.inbox, "copy.xlsx")); err != nil {
		t.Fatal(err)
	}
	p.want()
	if n := len(files(t, p.archive.Dir)); n != 2 {
		t.Errorf("%d originals for two contents", n)
	}
}

func TestWhatIsNoCandidate(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{
		"~$a.xlsx", ".~lock.a.xlsx#", ".DS_Store", ".hidden/a.xlsx", "deep/~$b.xlsx", "deep/.git/x", ".partial-123", "Thumbs.db", "desktop.ini", "copie.TMP",
	} {
		p.drop(name, name, -minute)
	}
	p.want()
	p.drop("deep/er/and er/été 2026.xlsx", "A", -minute)
	p.drop("a~$.xlsx", "B", -minute)
	p.drop("notes.txt", "C", -minute)
	p.drop("empty.xlsx", "", -minute)
	p.want("a~$.xlsx B -1", "deep/er/and er/été 2026.xlsx A -1", "empty.xlsx  -1", "notes.txt C -1")
}

// A name in another charset is received once, not at every collection.
func TestNameThatIsNotUTF8(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("names are Unicode here")
	}
	p := newPlace(t)
	p.drop("r\xe9union \xe9\xe8.xlsx", "A", -minute)
	p.want("r\ufffdunion \ufffd\ufffd.xlsx A -1")
	p.want()
}

// The inbox may be a link to a shared folder.
func TestInboxIsALink(t *testing.T) {
	p := newPlace(t)
	p.drop("a.xlsx", "A", -minute)
	link := filepath.Join(t.TempDir(), "inbox")
	if err := os.Symlink(p.inbox, link); err != nil {
		t.Skip("no links here: ", err)
	}
	p.inbox = link
	received, _, err := Collect(link, p.archive, openJournal(t, p.journal), func() time.Time { return noon })
	if err != nil || len(received) != 1 || received[0].Path != "a.xlsx" {
		t.Errorf("%v, %v", received, err)
	}
}

// What could not be read, archived or journalled is taken by the next collection.
func TestCollectFaults(t *testing.T) {
	collect := func(p *place) error {
		_, _, err := Collect(p.inbox, p.archive, openJournal(t, p.journal), func() time.Time { return p.clock })
		return err
	}
	t.Run("no inbox", func(t *testing.T) {
		p := newPlace(t)
		p.inbox += "-gone"
		if err := collect(p); err == nil {
			t.Error("no error")
		}
	})
	t.Run("an unreadable file", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root reads everything")
		}
		p := newPlace(t)
		p.drop("a.xlsx", "A", -2*minute)
		p.drop("b.xlsx", "B", -minute)
		locked := filepath.Join(p.inbox, "b.xlsx")
		if err := os.Chmod(locked, 0); err != nil {
			t.Fatal(err)
		}
		p.want("a.xlsx A -2")
		if diff := gocmp.Diff([]Left{{"b.xlsx", "it cannot be read: permission denied"}}, p.left); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		if err := os.Chmod(locked, 0o644); err != nil {
			t.Fatal(err)
		}
		p.want("b.xlsx B -1")
	})
	for name, block := range blockers() {
		t.Run("the archive: "+name, func(t *testing.T) {
			p := newPlace(t)
			p.drop("a.xlsx", "A", -minute)
			block(t, p.archive.Dir)
			if err := collect(p); err == nil || !strings.Contains(err.Error(), "a.xlsx") {
				t.Errorf("error %v", err)
			}
			if _, err := os.Stat(p.journal); err == nil {
				t.Error("journalled")
			}
			os.Chmod(p.archive.Dir, 0o755)
			if err := os.RemoveAll(p.archive.Dir); err != nil {
				t.Fatal(err)
			}
			p.want("a.xlsx A -1")
		})
	}
	t.Run("the journal", func(t *testing.T) {
		p := newPlace(t)
		p.drop("a.xlsx", "A", -minute)
		journal := openJournal(t, p.journal)
		if err := os.Mkdir(p.journal, 0o755); err != nil {
			t.Fatal(err)
		}
		if received, _, err := Collect(p.inbox, p.archive, journal, func() time.Time { return noon }); err == nil || received != nil {
			t.Errorf("%v, %v", received, err)
		}
		if err := os.Remove(p.journal); err != nil {
			t.Fatal(err)
		}
		p.want("a.xlsx A -1")
	})
	t.Run("a collection cut short", func(t *testing.T) {
		p := newPlace(t)
		p.drop("a.xlsx", "A", -2*minute)
		p.drop("b.xlsx", "B", -minute)
		p.collect()
		text := read(t, p.journal)
		lines := strings.SplitAfter(text, "\n")
		write(t, p.journal, lines[0]+lines[1][:40]) // power went while b was written
		p.drop("c.xlsx", "C", -60*minute)
		p.want("c.xlsx C -2", "b.xlsx B -1")
	})
}

func TestCollectReference(t *testing.T) {
	p := newPlace(t)
	journal := openJournal(t, p.journal)
	take := func(name, content string) {
		t.Helper()
		if err := CollectReference(name, []byte(content), p.archive, journal, func() time.Time { return noon }); err != nil {
			t.Fatal(err)
		}
	}
	take("territoires.csv", "one")
	take("territoires.csv", "one") // the same
	take("parametres.csv", "one")  // another file of the same content
	take("territoires.csv", "two")
	take("territoires.csv", "one") // back to the first
	var got []string
	for _, e := range openJournal(t, p.journal).Entries() {
		data, err := p.archive.Get(e.Original)
		if err != nil || e.Type != EntryReference || e.At != noon {
			t.Errorf("%+v, %v", e, err)
		}
		got = append(got, e.Path+" "+string(data))
	}
	if diff := gocmp.Diff([]string{"territoires.csv one", "parametres.csv one", "territoires.csv two", "territoires.csv one"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// Only files at rest are taken: what is no file is told each time, what is being written comes later.
func TestCollectLeaves(t *testing.T) {
	p := newPlace(t)
	p.drop("a.xlsx", "A", -minute)
	p.drop("folder/accueil.csv", "x", -minute)
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, outside, "secret")
	for name, make := range map[string]func(path string) error{
		"link.xlsx":          func(path string) error { return os.Symlink(outside, path) },
		"link.d":             func(path string) error { return os.Symlink(filepath.Dir(outside), path) },
		"pipe.xlsx":          func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"folder/projets.csv": func(path string) error { return os.Symlink(outside, path) },
	} {
		if err := make(filepath.Join(p.inbox, name)); err != nil {
			t.Fatal(err)
		}
	}
	large, err := os.Create(filepath.Join(p.inbox, "large.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(large.Truncate(maxFile+1), large.Close(), os.Chtimes(large.Name(), time.Time{}, noon.Add(-minute))); err != nil {
		t.Fatal(err)
	}
	p.want("a.xlsx A -1", "folder/accueil.csv x -1") // a folder with something else in it is no workbook
	want := []Left{
		{"folder/projets.csv", "it is a link, a pipe or a device"}, {"large.xlsx", "it has more than 64 megabytes"}, {"link.d", "it is a link, a pipe or a device"},
		{"link.xlsx", "it is a link, a pipe or a device"}, {"pipe.xlsx", "it is a link, a pipe or a device"},
	}
	slices.SortFunc(p.left, func(a, b Left) int { return strings.Compare(a.Path, b.Path) })
	if diff := gocmp.Diff(want, p.left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	for _, name := range []string{"link.xlsx", "pipe.xlsx"} { // put in the place of a file after the inbox was listed
		if data, _, err := readRegular(filepath.Join(p.inbox, name)); err == nil {
			t.Errorf("%s was read: %q", name, data)
		}
	}
}

// A file that grows while the inbox is looked at waits until it has come to rest.
func TestCollectWaitsForAFileToBeWritten(t *testing.T) {
	p := newPlace(t)
	p.clock = time.Now()
	p.drop("a.xlsx", "A", -minute)
	path := filepath.Join(p.inbox, "b.xlsx")
	write(t, path, "B")
	go func() {
		time.Sleep(settle / 2)
		os.WriteFile(path, []byte("BB"), 0o644)
	}()
	received, left, err := Collect(p.inbox, p.archive, openJournal(t, p.journal), time.Now)
	if err != nil || len(received) != 1 || received[0].Path != "a.xlsx" {
		t.Errorf("received %v, %v", received, err)
	}
	if diff := gocmp.Diff([]Left{{"b.xlsx", "it is being written"}}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if received, _, err = Collect(p.inbox, p.archive, openJournal(t, p.journal), time.Now); err != nil || len(received) != 1 || received[0].Size != 2 {
		t.Errorf("the next time: %v, %v", received, err)
	}
}
