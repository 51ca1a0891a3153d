package jobs_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/ingest"
)

// Every workbook that a release, its returns and the template are keeps to the checklist.
func TestWorkbooksAreAccessible(t *testing.T) {
	t.Parallel()
	r := small(t)
	looked := map[audience]int{}
	look := func(name string, data []byte, who audience) {
		t.Helper()
		looked[who]++
		faults, err := accessible(data, who)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, f := range faults {
			t.Errorf("%s: %s", name, f)
		}
	}
	for path, data := range r.books {
		who := working
		if strings.HasPrefix(path, "financeurs/") {
			who = published
		}
		look(path, data, who)
	}
	returns, err := readBooks(filepath.Join(r.dir, "returns"))
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range returns {
		look("returns/"+path, data, returned)
	}
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	month := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for name, d := range map[string]ingest.TemplateData{"blank": {}, "a territory's": {Territoire: "valbrune", Nom: "Valbrune", Periode: month}, "an émetteur's": {Territoire: "valbrune", Periode: month, Emetteur: "elus"}} {
		var buf bytes.Buffer
		if err := ingest.WriteTemplate(&buf, m, d); err != nil {
			t.Fatal(err)
		}
		look("template, "+name, buf.Bytes(), form)
	}
	if looked[working] != 5 || looked[published] != 2 || looked[returned] < 40 || looked[form] != 3 {
		t.Errorf("looked at %v", looked)
	}
}
