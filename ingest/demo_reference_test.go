package ingest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"cairn/ingest"
	"cairn/jobs/demo"
)

// TestDemoWorkbooks reads some of the demonstration's workbooks, ordinary and odd ones, beside two
// other readers.
func TestDemoWorkbooks(t *testing.T) {
	dir := t.TempDir()
	world := demo.Generate(1, 2)
	if err := world.Write(dir); err != nil {
		t.Fatal(err)
	}
	books, cells := 0, 0
	for i, d := range world.Deliveries {
		data, err := os.ReadFile(filepath.Join(dir, "inbox", filepath.FromSlash(d.Path)))
		if err != nil {
			t.Fatal(err)
		}
		if i%4 == 0 && bytes.HasPrefix(data, []byte("PK")) {
			t.Run(d.Path, func(t *testing.T) { cells += ingest.AgreeWithReferences(t, data) })
			books++
		}
	}
	if books < 5 || cells < 5000 {
		t.Errorf("only %d workbooks with %d cells", books, cells)
	}
}
