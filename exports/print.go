package exports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"cairn/ingest"
)

// ErrNoChromium says that no Chromium is installed here to print with. The HTML is the report; without
// Chromium it is delivered alone.
var ErrNoChromium = errors.New("no Chromium is installed: the PDF cannot be printed")

// printLimit is the time that a page of a few pages may take on a slow machine.
const printLimit = 2 * time.Minute

// chromium is the path of an installed Chromium, by the names that it goes by.
func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoChromium
}

// PrintPDF prints an HTML report of a release as a tagged PDF, through Chromium: for delivery, never as a part of
// the release, since another Chromium or other fonts give other bytes. The PDF is dated as the report says of
// its data (<meta name="dcterms.created">), so that the same Chromium gives the same bytes on any day. It returns
// ErrNoChromium where there is none; pdf is written whole or not at all, for its
// owner alone, and its folder is made.
func PrintPDF(ctx context.Context, html, pdf string) error {
	browser, err := chromium()
	if err != nil {
		return err
	}
	page, err := os.ReadFile(html)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	made, err := madeOf(page)
	if err != nil {
		return fmt.Errorf("print %s: %w", html, err)
	}
	dir, err := os.MkdirTemp("", "cairn-print-")
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := browse(ctx, browser, dir, html, "--no-pdf-header-footer", "--print-to-pdf="+filepath.Join(dir, "page.pdf")); err != nil {
		return fmt.Errorf("print %s: %w", html, err)
	}
	printed, err := os.ReadFile(filepath.Join(dir, "page.pdf"))
	if err != nil {
		return fmt.Errorf("print %s: %w", html, err)
	}
	if err := ingest.WriteDurably(pdf, datePDF(printed, made), 0o600); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// browse has a headless Chromium open a local page, with a profile of its own below dir.
func browse(ctx context.Context, browser, dir, html string, args ...string) error {
	path, err := filepath.Abs(html)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, printLimit)
	defer cancel()
	all := []string{"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir=" + filepath.Join(dir, "profile")}
	if os.Geteuid() == 0 { // Chromium's sandbox refuses root; the page is our own and runs no script
		all = append(all, "--no-sandbox")
	}
	all = append(all, args...)
	command := exec.CommandContext(ctx, browser, append(all, (&url.URL{Scheme: "file", Path: path}).String())...)
	command.WaitDelay = time.Second
	command.Env = append(os.Environ(), "HOME="+dir) // it writes there, whatever it is told
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w\n%s", err, bytes.TrimSpace(output))
	}
	return nil
}

var madeMeta = regexp.MustCompile(`<meta name="dcterms.created" content="([^"]+)"`)

// madeOf is the time that a report gives as that of its data.
func madeOf(html []byte) (time.Time, error) {
	found := madeMeta.FindSubmatch(html)
	if found == nil {
		return time.Time{}, errors.New("the page does not say of when its data are")
	}
	return time.Parse(time.RFC3339, string(found[1]))
}

var datesPDF = regexp.MustCompile(`/(CreationDate|ModDate) \(D:\d{14}\+00'00'\)`)

// datePDF writes a date over those of the printing, which are as long.
func datePDF(pdf []byte, made time.Time) []byte {
	date := made.UTC().Format("20060102150405")
	return datesPDF.ReplaceAll(pdf, []byte("/$1 (D:"+date+"+00'00')"))
}
