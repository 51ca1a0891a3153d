package jobs_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

	"cairn/ingest"
	"cairn/jobs"
	"cairn/transform"
)

func TestMain(m *testing.M) {
	if ingest.RunXLSChild() {
		return
	}
	testscript.Main(tests{m}, map[string]func(){
		"cairn": func() { os.Exit(jobs.Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// tests runs the tests with a folder for what they share.
type tests struct{ *testing.M }

var sharedDir string

func (t tests) Run() int {
	var err error
	if sharedDir, err = os.MkdirTemp("", "cairn-jobs-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(sharedDir)
	return t.M.Run()
}

// TestScripts runs the whole program as its users do. Beside testscript's own commands there are
//
//	exits N cairn …        the exit status is N
//	sums DIR FILE          write the digest of every file below DIR to FILE
//	touchat TIME FILE…     set modification times
//	setcell IN OUT SHEET CELL TEXT…  copy a workbook with cells changed; of the sheet docProps, its author
//	holds DIR TEXT                   a file below DIR has TEXT in its bytes, inflated, in its values or in its name
//	find VAR DIR PATTERN   set VAR to the one file below DIR whose name matches
//	damage PATH            flip a bit of the file, or of the first one below the folder
//	only DIR ID…           leave of a demo only these territories and what they sent
//	hold DIR               take the lock of a workspace, until release
//	release                give it back
//	freeport VAR           set VAR to a port of the loopback that nobody uses
//	fetch URL FILE         write what is answered to FILE, once it is answered with success, within a minute
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program many times")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Values[heldKey{}] = new(*os.File)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "thorough" {
				return false, fmt.Errorf("no condition %s", name)
			}
			return thorough, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "sums": sums, "touchat": touchAt, "setcell": setCell, "holds": holds, "find": find, "damage": damage, "only": only,
			"hold": hold, "release": release, "freeport": freePort, "fetch": fetch,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

func sums(ts *testscript.TestScript, neg bool, args []string) {
	root := ts.MkAbs(args[0])
	var lines []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(data), filepath.ToSlash(rel)))
		return err
	})
	ts.Check(err)
	if len(lines) == 0 {
		ts.Fatalf("no file below %s", args[0])
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "")), 0o644))
}

func touchAt(ts *testscript.TestScript, neg bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	for _, file := range args[1:] {
		ts.Check(os.Chtimes(ts.MkAbs(file), at, at))
	}
}

func setCell(ts *testscript.TestScript, neg bool, args []string) {
	f, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	for cell := args[3:]; len(cell) > 1; cell = cell[2:] {
		if args[2] == "docProps" {
			ts.Check(f.SetDocProps(&excelize.DocProperties{Creator: cell[1]}))
			continue
		}
		ts.Check(f.SetCellValue(args[2], cell[0], cell[1]))
	}
	ts.Check(f.SaveAs(ts.MkAbs(args[1])))
}

// holds looks everywhere: at the bytes of a file as they are, at the parts of what is zipped, and at the values of what the
// engine writes, which it compresses.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	root, text := ts.MkAbs(args[0]), args[1]
	found, searched := "", 0
	look := func(where, content string) {
		searched++
		for _, form := range []string{text, strings.Join(strings.Split(text, ""), "\x00")} { // as UTF-16 too
			if strings.Contains(content, form) || strings.Contains(where, form) {
				found = where
			}
		}
	}
	var inside func(where string, data []byte)
	inside = func(where string, data []byte) {
		look(where, string(data))
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, part := range z.File {
			r, err := part.Open()
			ts.Check(err)
			content, err := io.ReadAll(r)
			ts.Check(err)
			inside(where+"!"+part.Name, content)
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() {
			look(rel, "")
			return nil
		}
		data, err := os.ReadFile(path)
		ts.Check(err)
		inside(rel, data)
		switch {
		case bytes.HasPrefix(data, []byte("PAR1")): // archived figures have no extension
			look(rel+" (values)", valuesOf(ts, "", path))
		case rel == "cairn.duckdb":
			look(rel+" (values)", valuesOf(ts, path, ""))
		}
		return nil
	})
	ts.Check(err)
	switch {
	case searched < 100:
		ts.Fatalf("only %d things were searched", searched)
	case neg && found != "":
		ts.Fatalf("%q is in %s", text, found)
	case !neg && found == "":
		ts.Fatalf("%q is in none of %d files, parts and tables", text, searched)
	}
}

// valuesOf are all values of a database, or of a Parquet file, as texts.
func valuesOf(ts *testscript.TestScript, database, parquet string) string {
	db, err := transform.OpenReadOnly(database, filepath.Dir(parquet))
	tables := []string{"read_parquet('" + parquet + "')"}
	if database == "" {
		db, err = transform.Open("", filepath.Dir(parquet))
	}
	ts.Check(err)
	defer db.Close()
	read := func(query string) (all []string) {
		rows, err := db.Query(query)
		ts.Check(err)
		defer rows.Close()
		for rows.Next() {
			var text string
			ts.Check(rows.Scan(&text))
			all = append(all, text)
		}
		ts.Check(rows.Err())
		return all
	}
	if database != "" {
		tables = read(`SELECT format('"{}"."{}"', schema_name, table_name) FROM duckdb_tables() WHERE NOT internal`)
	}
	var all strings.Builder
	for _, table := range tables {
		for _, row := range read("SELECT t::VARCHAR FROM " + table + " t") {
			all.WriteString(row + "\n")
		}
	}
	return all.String()
}

func damage(ts *testscript.TestScript, neg bool, args []string) {
	done := errors.New("done")
	err := filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		ts.Check(err)
		data[len(data)/2] ^= 1
		ts.Check(os.Chmod(path, 0o644))
		ts.Check(os.WriteFile(path, data, 0o444))
		return done
	})
	if err != done {
		ts.Fatalf("nothing damaged: %v", err)
	}
}

func find(ts *testscript.TestScript, neg bool, args []string) {
	var found []string
	err := filepath.WalkDir(ts.MkAbs(args[1]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		match, err := filepath.Match(args[2], d.Name())
		if match {
			found = append(found, path)
		}
		return err
	})
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%d files match %s: %v", len(found), args[2], found)
	}
	ts.Setenv(args[0], found[0])
}

// heldKey is where a script keeps the lock that it holds.
type heldKey struct{}

func hold(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.OpenFile(filepath.Join(ts.MkAbs(args[0]), ".cairn.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	ts.Check(err)
	ts.Check(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	ts.Check(f.Truncate(0))
	_, err = f.WriteString(`{"command":"serve","process":4321,"since":"2026-11-10T08:00:00Z"}` + "\n")
	ts.Check(err)
	*ts.Value(heldKey{}).(**os.File) = f
}

func release(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check((*ts.Value(heldKey{}).(**os.File)).Close())
}

func freePort(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

func fetch(ts *testscript.TestScript, neg bool, args []string) {
	why := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(args[0])
		if err != nil {
			why = err.Error()
			continue
		}
		data, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		ts.Check(err)
		if answer.StatusCode == http.StatusOK {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o644))
			return
		}
		why = answer.Status + ": " + string(data)
	}
	ts.Fatalf("%s: %s", args[0], why)
}

func only(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(keepTerritories(ts.MkAbs(args[0]), args[1:]...))
}

// keepTerritories makes a small workspace of a demo's: the folder of a territory's files has its name.
func keepTerritories(dir string, ids ...string) error {
	register := filepath.Join(dir, "territoires.csv")
	data, err := os.ReadFile(register)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(data), "\n")
	kept, names := lines[:1:1], []string{}
	for _, line := range lines[1:] {
		if cells := strings.Split(line, ","); slices.Contains(ids, cells[0]) {
			kept, names = append(kept, line), append(names, cells[1])
		}
	}
	folders, err := os.ReadDir(filepath.Join(dir, "inbox"))
	if err != nil {
		return err
	}
	for _, f := range folders {
		if !slices.Contains(names, f.Name()) {
			if err := os.RemoveAll(filepath.Join(dir, "inbox", f.Name())); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(register, []byte(strings.Join(kept, "")), 0o644)
}
