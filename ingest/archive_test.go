package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// noon is the tests' clock at rest.
var noon = time.Date(2026, 12, 9, 12, 0, 0, 0, time.UTC)

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// files lists what is below a folder.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestArchivePutAndGet(t *testing.T) {
	archive := Archive{Dir: filepath.Join(t.TempDir(), "below", "archive")}
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for range 2 { // the second time changes nothing
		digest, err := archive.Put([]byte("abc"))
		if err != nil || digest != abc {
			t.Fatalf("Put: %s, %v", digest, err)
		}
	}
	if data, err := archive.Get(abc); err != nil || string(data) != "abc" {
		t.Errorf("Get: %q, %v", data, err)
	}
	empty, err := archive.Put(nil)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := archive.Get(empty); err != nil || len(data) != 0 {
		t.Errorf("Get of nothing: %q, %v", data, err)
	}
	if diff := gocmp.Diff([]string{"sha256/ba/" + abc, "sha256/e3/" + empty}, files(t, archive.Dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	info, err := os.Stat(archive.path(abc))
	if err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestArchiveRefusesDamage(t *testing.T) {
	archive := Archive{Dir: t.TempDir()}
	digest, err := archive.Put([]byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(path string) error{
		"another byte": func(path string) error { return os.WriteFile(path, []byte("abd"), 0o644) },
		"cut short":    func(path string) error { return os.Truncate(path, 1) },
	} {
		if err := os.Chmod(archive.path(digest), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := damage(archive.path(digest)); err != nil {
			t.Fatal(err)
		}
		if data, err := archive.Get(digest); err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), digest) || data != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if err := os.Remove(archive.path(digest)); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Get(digest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
	for _, none := range []string{"", "a", "../../../etc/passwd"} {
		if _, err := archive.Get(none); err == nil {
			t.Errorf("Get(%q) is no error", none)
		}
	}
}

// blockers make it impossible to write below a folder. The first needs no other than root's rights,
// the second is void for root.
func blockers() map[string]func(t *testing.T, dir string) {
	return map[string]func(t *testing.T, dir string){
		"a file stands in the way": func(t *testing.T, dir string) { write(t, dir, "not a folder") },
		"the folder is read-only": func(t *testing.T, dir string) {
			if os.Geteuid() == 0 {
				t.Skip("root writes in a read-only folder")
			}
			if err := os.MkdirAll(dir, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(dir, 0o755) })
		},
	}
}

func TestArchiveThatCannotBeWritten(t *testing.T) {
	for name, block := range blockers() {
		t.Run(name, func(t *testing.T) {
			archive := Archive{Dir: filepath.Join(t.TempDir(), "archive")}
			block(t, archive.Dir)
			if _, err := archive.Put([]byte("abc")); err == nil {
				t.Error("Put is no error")
			}
		})
	}
}

func TestWriteDurablyLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "file")
	if err := WriteDurably(path, []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteDurably(path, []byte("two"), 0o600); err != nil || read(t, path) != "two" {
		t.Errorf("written over: %q, %v", read(t, path), err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "taken", "x"), "x")
	if err := WriteDurably(filepath.Join(dir, "taken"), []byte("three"), 0o644); err == nil {
		t.Error("a folder was replaced")
	}
	if diff := gocmp.Diff([]string{"a/b/file", "taken/x"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if err := SyncTree(dir); err != nil {
		t.Error(err)
	}
	if err := SyncTree(filepath.Join(dir, "none")); err == nil {
		t.Error("syncing a folder that is not there is no error")
	}
}

// entry is a small journal line.
func entry(n int) Entry {
	return Entry{Type: EntryReference, At: noon.Add(time.Duration(n) * time.Second), Path: fmt.Sprintf("line %d.csv", n), Size: int64(n)}
}

func openJournal(t testing.TB, path string) *Journal {
	t.Helper()
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func appendTo(t testing.TB, j *Journal, entries ...Entry) {
	t.Helper()
	if err := j.Append(entries...); err != nil {
		t.Fatal(err)
	}
}

func TestJournalAppendAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j := openJournal(t, path)
	if len(j.Entries()) != 0 {
		t.Errorf("a missing journal has %d lines", len(j.Entries()))
	}
	appendTo(t, j)
	if _, err := os.Stat(path); err == nil {
		t.Error("no line made a file")
	}
	full := Entry{
		Type: EntryRelease, At: noon, Original: "ab", Path: "réunion <1> & 2.xlsx", Size: 3, ModifiedAt: noon.Add(123456789),
		ReceivedAt: noon, Period: "2026-11", Version: 2, Manifest: "cd", Inputs: "ef",
	}
	want := []Entry{full, entry(1), entry(2), entry(3)}
	appendTo(t, j, want[:2]...)
	appendTo(t, j, want[2])
	again := openJournal(t, path)
	appendTo(t, again, want[3])
	for name, got := range map[string][]Entry{"in memory": again.Entries(), "in the file": openJournal(t, path).Entries()} {
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if n := strings.Count(read(t, path), "\n"); n != 4 {
		t.Errorf("%d lines in the file", n)
	}
}

// A crash may tear the last line anywhere; it is left out, and the next line takes its place.
func TestJournalTornLastLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whole")
	appendTo(t, openJournal(t, path), entry(1), entry(2))
	whole := read(t, path)
	first := strings.IndexByte(whole, '\n') + 1
	for cut := first; cut < len(whole); cut++ {
		torn := filepath.Join(dir, "torn")
		write(t, torn, whole[:cut])
		j := openJournal(t, torn)
		if diff := gocmp.Diff([]Entry{entry(1)}, j.Entries()); diff != "" {
			t.Fatalf("cut at %d (-want +got):\n%s", cut, diff)
		}
		if read(t, torn) != whole[:cut] {
			t.Fatalf("reading changed the file cut at %d", cut)
		}
		appendTo(t, j, entry(3))
		if diff := gocmp.Diff([]Entry{entry(1), entry(3)}, openJournal(t, torn).Entries()); diff != "" {
			t.Fatalf("cut at %d, then a line (-want +got):\n%s", cut, diff)
		}
	}
	// A power cut can leave zeros where the line was to be.
	write(t, path, whole[:first]+strings.Repeat("\x00", 300))
	j := openJournal(t, path)
	appendTo(t, j, entry(3))
	if diff := gocmp.Diff([]Entry{entry(1), entry(3)}, openJournal(t, path).Entries()); diff != "" {
		t.Errorf("zeros (-want +got):\n%s", diff)
	}
}

func TestJournalInteriorDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	appendTo(t, openJournal(t, path), entry(1), entry(2), entry(3))
	lines := strings.SplitAfter(read(t, path), "\n")
	for name, second := range map[string]string{
		"cut": lines[1][:20] + "\n", "blank": "\n", "zeros": "\x00\x00\n", "no JSON": "hello\n", "two values": strings.TrimSpace(lines[1]) + "{}\n",
		"another type": "[]\n", "no date": `{"type":"reference","at":"yesterday"}` + "\n", "nothing": "null\n", "without a type": "{}\n",
	} {
		write(t, path, lines[0]+second+lines[2])
		if _, err := OpenJournal(path); err == nil || !strings.HasPrefix(err.Error(), path+":2: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path); err == nil {
		t.Error("a folder is no journal")
	}
}

// Any change to a journal but the loss of its end is noticed, and told with the line.
func TestJournalChain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.jsonl")
	appendTo(t, openJournal(t, path), entry(1), entry(2), entry(3))
	whole := read(t, path)
	for at := range whole {
		changed := []byte(whole)
		changed[at] ^= 1
		write(t, path, string(changed))
		j, err := OpenJournal(path)
		if err == nil {
			t.Errorf("byte %d (%q in place of %q) was changed, and %d lines read", at, changed[at], whole[at], len(j.Entries()))
			continue
		}
		if line := 1 + strings.Count(whole[:at], "\n"); !strings.HasPrefix(err.Error(), fmt.Sprintf("%s:%d: ", path, line)) || !strings.Contains(err.Error(), "cairn restore") {
			t.Errorf("byte %d of line %d: %v", at, line, err)
		}
	}
	lines := strings.SplitAfter(whole, "\n")
	for name, text := range map[string]string{
		"a line taken out": lines[0] + lines[2], "the first taken out": lines[1] + lines[2], "two exchanged": lines[0] + lines[2] + lines[1],
		"one twice": lines[0] + lines[0] + lines[1], "a line without chain": lines[0] + `{"type":"reference","at":"2026-12-09T12:00:00Z"}` + "\n",
	} {
		write(t, path, text)
		if _, err := OpenJournal(path); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	write(t, path, whole)
	j := openJournal(t, path)
	if j.Chain() == "" || j.Chain() != j.ChainAt(3) || j.ChainAt(0) != "" || j.ChainAt(4) != "" {
		t.Errorf("chains %q, %q", j.Chain(), j.ChainAt(3))
	}
	if data, err := j.Bytes(); err != nil || string(data) != whole {
		t.Errorf("bytes %q, %v", data, err)
	}
}

// A line that could not be written is not in memory either, and the next try writes it once.
func TestJournalThatCannotBeWritten(t *testing.T) {
	for name, block := range blockers() {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "workspace")
			j := &Journal{path: filepath.Join(dir, "journal.jsonl")}
			block(t, dir)
			if err := j.Append(entry(1)); err == nil || len(j.Entries()) != 0 {
				t.Fatalf("%v, %d lines", err, len(j.Entries()))
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			appendTo(t, j, entry(1))
			if diff := gocmp.Diff([]Entry{entry(1)}, openJournal(t, j.path).Entries()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// Any lines come back as they were, whatever their names hold.
func TestJournalRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(dir, "journal.jsonl")
		os.Remove(path)
		var want []Entry
		for range rapid.IntRange(1, 5).Draw(rt, "batches") {
			j := openJournal(t, path)
			batch := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Entry {
				return Entry{
					Type: EntryReception, At: noon, Path: rapid.String().Draw(rt, "path"), Size: rapid.Int64Min(0).Draw(rt, "size"),
					ModifiedAt: time.Unix(rapid.Int64Range(-1e9, 1e10).Draw(rt, "s"), rapid.Int64Range(0, 999999999).Draw(rt, "ns")).UTC(),
				}
			}), 0, 4).Draw(rt, "batch")
			appendTo(t, j, batch...)
			want = append(want, batch...)
		}
		if len(want) == 0 {
			return
		}
		if diff := gocmp.Diff(want, openJournal(t, path).Entries()); diff != "" {
			rt.Fatalf("lines (-want +got):\n%s", diff)
		}
	})
}
