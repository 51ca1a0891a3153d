package jobs_test

import (
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
//	setcell IN OUT SHEET CELL TEXT   copy a workbook with one cell changed
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
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "sums": sums, "touchat": touchAt, "setcell": setCell, "find": find, "damage": damage, "only": only,
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
	ts.Check(f.SetCellValue(args[2], args[3], args[4]))
	ts.Check(f.SaveAs(ts.MkAbs(args[1])))
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
