package ingest

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	if deed := os.Getenv("XLS_CHILD_DEED"); deed != "" {
		misbehave(deed)
		return
	}
	if RunXLSChild() {
		return
	}
	os.Exit(m.Run())
}

// misbehave is what a child does that a hostile file has taken in.
func misbehave(deed string) {
	if err := limitProcess(); err != nil {
		panic(err)
	}
	var kept [][]byte
	switch deed {
	case "sleep":
		time.Sleep(time.Minute)
	case "take memory":
		for len(kept) < 1000 { // 8 GB
			block := make([]byte, 8<<20)
			for i := range block {
				block[i] = 1
			}
			kept = append(kept, block)
		}
	case "write a file":
		if err := os.WriteFile(os.Getenv("XLS_CHILD_FILE"), []byte("x"), 0o600); err != nil {
			os.Exit(1)
		}
	case "answer nonsense":
		fmt.Print(strings.Repeat("nonsense", len(kept)+100))
	case "crash":
		panic("crash")
	}
}

// TestXLSIsolated compares what a child process reads with what this one reads.
func TestXLSIsolated(t *testing.T) {
	if !xlsChildReady.Load() {
		t.Fatal("the child is not registered")
	}
	for _, name := range []string{"cellules.xls", "epoque1904.xls"} {
		want, err := readAll(xlsFixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		w, err := OpenWorkbook(xlsFixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := say(w)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

// TestXLSIsolatedRefusals keeps the reason of a refusal, and the sheet and row of an error.
func TestXLSIsolatedRefusals(t *testing.T) {
	for want, part := range map[error]olePart{
		errProtected:   {"EncryptedPackage", nil},
		errNotWorkbook: {"WordDocument", nil},
	} {
		if _, err := OpenWorkbook(oleFile(part)); !errors.Is(err, want) || refusal(err) != refusal(want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := OpenWorkbook(oleMagic); err == nil {
		t.Error("eight bytes were read")
	}
	w, err := OpenWorkbook(oleFile(olePart{"Workbook", stream8(nil, rawSheet{"S", 0, [][]byte{rec(recRK, cellAt(6, 0), uint16(9), uint32(0))}})}))
	if err != nil {
		t.Fatal(err)
	}
	var sheet *SheetError
	if _, err := say(w); !errors.As(err, &sheet) || sheet.Sheet != "S" || sheet.Row != 7 {
		t.Errorf("%v", err)
	}
}

// TestXLSChildIsHeld runs children that do what a reader never should.
func TestXLSChildIsHeld(t *testing.T) {
	written := t.TempDir() + "/written"
	for deed, want := range map[string]string{
		"sleep": "not read within", "take memory": "exit status 2", "write a file": "", "answer nonsense": "the answer", "crash": "exit status 2",
	} {
		t.Run(deed, func(t *testing.T) {
			if runtime.GOOS != "linux" && (deed == "take memory" || deed == "write a file") {
				t.Skip("not limited on this system")
			}
			start := time.Now()
			timeout := 20 * time.Second
			if deed == "sleep" {
				timeout = 100 * time.Millisecond
			}
			_, err := askXLSChild(nil, timeout, "XLS_CHILD_DEED="+deed, "XLS_CHILD_FILE="+written)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
			if took := time.Since(start); took > 15*time.Second {
				t.Error(took)
			}
		})
	}
	if info, err := os.Stat(written); err == nil && info.Size() > 0 {
		t.Error("a file was written")
	}
}

// TestXLSUnregistered reads in this process when the program has not said that it can be the child.
func TestXLSUnregistered(t *testing.T) {
	xlsChildReady.Store(false)
	defer xlsChildReady.Store(true)
	w, err := OpenWorkbook(xlsFixture(t, "epoque1904.xls"))
	if err != nil {
		t.Fatal(err)
	}
	if lines, err := say(w); err != nil || len(lines) < 100 {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

// TestXLSBounds reads as many cells as are taken, through a child, and one more.
func TestXLSBounds(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes more memory than the child may have")
	}
	filled := func(extra ...[]byte) []byte {
		var sheets []rawSheet
		for n := range maxXLSCells / 250_000 {
			s := rawSheet{name: fmt.Sprintf("S%d", n)}
			for row := range uint16(1000) {
				fields := []any{cellAt(row, 0)}
				for column := range uint32(250) {
					fields = append(fields, uint16(0), column<<2|2)
				}
				s.records = append(s.records, rec(recMulRK, append(fields, uint16(249))...))
			}
			sheets = append(sheets, s)
		}
		last := &sheets[len(sheets)-1]
		last.records = append(last.records, extra...)
		return oleFile(olePart{"Workbook", stream8(nil, sheets...)})
	}
	start := time.Now()
	w, err := OpenWorkbook(filled())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cells in %s", maxXLSCells, time.Since(start))
	cells := 0
	for _, s := range w.Sheets {
		for row, err := range s.Rows {
			if err != nil {
				t.Fatal(err)
			}
			cells += len(row.Cells)
		}
	}
	if cells != maxXLSCells {
		t.Errorf("%d cells, want %d", cells, maxXLSCells)
	}
	if w, err = OpenWorkbook(filled(rec(recNumber, cellAt(5000, 0), uint16(0), 1.0))); err != nil {
		t.Fatal(err)
	}
	if _, err := say(&Workbook{Sheets: w.Sheets[len(w.Sheets)-1:]}); err == nil || !strings.Contains(err.Error(), errBomb.Error()) {
		t.Errorf("%v, want %v", err, errBomb)
	}
}
