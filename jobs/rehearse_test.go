package jobs_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/exports"
	"cairn/ingest"
	"cairn/jobs"
)

// A change of method is rehearsed on the whole history: what changes is named, with what it was and is, and that nobody
// declared it; a description that changes makes the originals be read again, and changes nothing. Nothing else is touched.
func TestRehearse(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes a release")
	}
	dir := filepath.Join(t.TempDir(), "espace")
	if status := jobs.Main([]string{"demo", dir, "--months", "6"}, io.Discard, os.Stderr); status != 0 {
		t.Fatal(status)
	}
	if err := keepTerritories(dir, "arlenthe", "valbrune"); err != nil {
		t.Fatal(err)
	}
	if status := jobs.Main([]string{"run", "--workspace", dir}, io.Discard, os.Stderr); status != 0 && status != 3 {
		t.Fatal(status)
	}
	rehearse := func(version string) (status int, said string, book []byte) {
		t.Helper()
		before := tree(t, dir)
		var out, problems bytes.Buffer
		file := filepath.Join(t.TempDir(), "avant-apres.xlsx")
		status = jobs.Main([]string{"rehearse", "--workspace", dir, "--from", "outbox/2026-10/" + version, "--out", file}, &out, &problems)
		if !maps.Equal(before, tree(t, dir)) {
			t.Error("the workspace is not as it was")
		}
		book, _ = os.ReadFile(file)
		return status, strings.ReplaceAll(out.String()+problems.String(), "\u00a0", " "), book
	}

	// The program's own method changes nothing.
	status, said, book := rehearse("v1")
	if status != 0 || !strings.Contains(said, "0 fichiers de la méthode diffèrent ; 0 chiffres changent sur ") {
		t.Fatalf("%d\n%s", status, said)
	}
	if faults, err := accessible(book, working); err != nil || len(faults) > 0 {
		t.Errorf("%v %v", err, faults)
	}

	// A release by a method with another definition, and another description.
	method, err := exports.MethodArchive("0.0.9")
	if err != nil {
		t.Fatal(err)
	}
	older := repack(t, method, map[string][2]string{
		"indicateurs/catalogue/E06_engagements_pluriannuels.sql": {"WHERE forme = 'financier' AND ", "WHERE "},
		"lecture/schemas/dialogues.json":                         {`"title": "Dialogues"`, `"title": "Dialogues tenus"`},
	})
	archive := ingest.Archive{Dir: filepath.Join(dir, "archive")}
	kept, err := archive.Put(older)
	if err != nil {
		t.Fatal(err)
	}
	journal, err := ingest.OpenJournal(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.Append(ingest.Entry{Type: ingest.EntryRelease, At: time.Now().UTC(), Period: "2026-10", Version: 2, Method: kept}); err != nil {
		t.Fatal(err)
	}
	status, said, book = rehearse("v2")
	if status != 3 || !strings.Contains(said, "2 fichiers de la méthode diffèrent") || !strings.Contains(said, "  E06 Engagements pluriannuels : ") || !strings.Contains(said, " ; non déclaré\n") {
		t.Fatalf("%d\n%s", status, said)
	}
	if faults, err := accessible(book, working); err != nil || len(faults) > 0 {
		t.Errorf("%v %v", err, faults)
	}
	parts, err := readParts(book)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range parts.sheets {
		if s.name != "Avant et après" {
			continue
		}
		a, err := parseArea(s.tables[0].Ref)
		if err != nil {
			t.Fatal(err)
		}
		if n := a.bottom - a.top; n < 4 || !strings.Contains(said, fmt.Sprintf("; %d chiffres changent sur ", n)) {
			t.Errorf("%d rows\n%s", n, said)
		}
		for row := a.top + 1; row <= a.bottom; row++ {
			if code, declared := s.cells[place{0, row}].Text, s.cells[place{9, row}].Text; code != "E06" || declared != "non" {
				t.Errorf("row %d: %s, declared: %s", row, code, declared)
			}
			was, is, gap := s.cells[place{5, row}], s.cells[place{6, row}], s.cells[place{7, row}]
			if was.Kind == ingest.Number && is.Kind == ingest.Number && (gap.Number-100*(is.Number-was.Number) > 1e-9 || gap.Number-100*(is.Number-was.Number) < -1e-9) {
				t.Errorf("row %d: %v, %v, %v", row, was, is, gap)
			}
		}
	}
	if status, said, _ = rehearse("v9"); status != 1 || !strings.Contains(said, "no method of release 2026-10 v9") {
		t.Errorf("%d\n%s", status, said)
	}
}

// tree is the digest of every file of a workspace but the lock.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == ".cairn.lock" {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		sums[path] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// repack is a zip with some texts changed, by the names of their files.
func repack(t *testing.T, data []byte, changes map[string][2]string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	out := zip.NewWriter(&packed)
	for _, f := range z.File {
		text, err := fs.ReadFile(z, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if change, asked := changes[f.Name]; asked {
			if !bytes.Contains(text, []byte(change[0])) {
				t.Fatalf("%s has no %q", f.Name, change[0])
			}
			text = bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		}
		w, err := out.Create(f.Name)
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}
