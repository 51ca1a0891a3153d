package exports

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// needChromium skips a test, loudly, where nothing can print.
func needChromium(t *testing.T) string {
	t.Helper()
	browser, err := chromium()
	if err != nil {
		t.Skipf("NOT PROVEN HERE: %v", err)
	}
	return browser
}

const smallPage = `<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>Synthèse</title><meta name="dcterms.created" content="2026-11-05T17:00:00Z"></head>
<body><h1>Synthèse</h1></body></html>`

func TestPrintPDF(t *testing.T) {
	needChromium(t)
	dir := t.TempDir()
	page := filepath.Join(dir, "page d’été.html")
	if err := os.WriteFile(page, []byte(smallPage), 0o644); err != nil {
		t.Fatal(err)
	}
	var printed [2][]byte
	for i := range printed {
		pdf := filepath.Join(dir, "courriels", "page.pdf")
		if err := PrintPDF(t.Context(), page, pdf); err != nil {
			t.Fatal(err)
		}
		var err error
		if printed[i], err = os.ReadFile(pdf); err != nil {
			t.Fatal(err)
		}
	}
	if about, err := os.ReadDir(filepath.Join(dir, "courriels")); err != nil || len(about) != 1 {
		t.Errorf("beside the PDF: %v, %v", about, err)
	} else if info, err := about[0].Info(); err != nil || info.Mode() != 0o600 {
		t.Errorf("the PDF: %v, %v", info, err)
	}
	if !bytes.Equal(printed[0], printed[1]) {
		t.Error("printed twice, it has other bytes")
	}
	for _, want := range []string{"%PDF-", "/CreationDate (D:20261105170000+00'00')", "/ModDate (D:20261105170000+00'00')", "/MarkInfo", "/StructTreeRoot", "/Lang (fr)"} {
		if !bytes.Contains(printed[0], []byte(want)) {
			t.Errorf("the PDF does not hold %q", want)
		}
	}
}

func TestPrintPDFWithoutChromium(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := PrintPDF(t.Context(), "page.html", "page.pdf"); !errors.Is(err, ErrNoChromium) {
		t.Errorf("got %v", err)
	}
}

func TestPrintPDFWantsADate(t *testing.T) {
	if _, err := madeOf([]byte("<html></html>")); err == nil {
		t.Error("a page without a date of its data is taken")
	}
	made, err := madeOf([]byte(smallPage))
	if want := time.Date(2026, 11, 5, 17, 0, 0, 0, time.UTC); err != nil || !made.Equal(want) {
		t.Errorf("got %v, %v, want %v", made, err, want)
	}
}
