package exports

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Two sides of A4, neither more nor less, whatever the texts; the PDF is tagged and smaller than a photograph.
func TestImpactPrintsOnTwoPages(t *testing.T) {
	if testing.Short() {
		t.Skip("not under -short: a browser for each page")
	}
	needChromium(t)
	pdfinfo, err := exec.LookPath("pdfinfo")
	if err != nil {
		t.Skip("NOT PROVEN HERE: no pdfinfo (poppler-utils) to count the pages with")
	}
	for name, page := range pages(t) {
		dir := t.TempDir()
		source, pdf := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.pdf")
		if err := os.WriteFile(source, page, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := PrintPDF(t.Context(), source, pdf); err != nil {
			t.Fatal(err)
		}
		info, err := exec.Command(pdfinfo, pdf).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`Pages: +2\n`, `Tagged: +yes\n`, `Page size: .*A4`} {
			if !regexp.MustCompile(want).Match(info) {
				t.Errorf("%s: no %q in\n%s", name, want, info)
			}
		}
	}
}

// axePath is where .ci/run puts axe-core, from its npm package.
const axePath = "../build/axe-core/package/axe.min.js"

// planted is a page with faults.
const planted = "planted"

// axe-core finds no violation, and nothing is wider than a telephone but what scrolls by itself.
func TestImpactInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("not under -short: a browser for each page")
	}
	browser := needChromium(t)
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Skipf("NOT PROVEN HERE: axe-core is not in build/ (.ci/run puts it there): %v", err)
	}
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
	probe := `<script>` + string(axe) + `</script><script>axe.run(document, {resultTypes: ["violations"]}).then(r => parent.tell({page: document.title, width: innerWidth,
violations: r.violations.map(v => v.id + " " + v.nodes.map(n => n.target).join(" ")), passes: r.passes.length, wide: document.documentElement.scrollWidth}))</script></body>`
	// Each page in a frame of the width, since a window has a least width; axe runs inside.
	outer := `<!DOCTYPE html><html lang="fr"><title>x</title><body><script>found = []; function tell(f) { found.push(f); document.body.dataset.found = JSON.stringify(found) }</script>`
	frames := 0
	looked := pages(t)
	looked[planted] = []byte(strings.NewReplacer(`<html lang="fr">`, `<html>`, "--soft: #4a5a64", "--soft: #b9c0c4", `<main>`, `<main><div style="width:600px">large</div>`).Replace(string(looked["full"])))
	for name, page := range looked {
		inner := strings.Replace(policy.ReplaceAllString(string(page), ""), "</body>", probe, 1)
		inner = regexp.MustCompile(`<title>[^<]*</title>`).ReplaceAllString(inner, "<title>"+name+"</title>")
		for _, width := range []int{390, 1000} {
			outer += fmt.Sprintf(`<iframe title="x" style="width:%dpx;height:3000px;border:0" srcdoc="%s"></iframe>`, width, html.EscapeString(inner))
			frames++
		}
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "outer.html")
	if err := os.WriteFile(source, []byte(outer+`</body></html>`), 0o644); err != nil {
		t.Fatal(err)
	}
	found := dumpFound(t, browser, dir, source)
	if len(found) != frames {
		t.Errorf("axe looked at %d pages of %d", len(found), frames)
	}
	for _, f := range found {
		if f.Page == planted { // what must be seen
			if all := strings.Join(f.Violations, " "); !strings.Contains(all, "html-has-lang") || !strings.Contains(all, "color-contrast") || f.Width == 390 && f.Wide <= f.Width {
				t.Errorf("the planted faults are not seen: %+v", f)
			}
			continue
		}
		if len(f.Violations) > 0 {
			t.Errorf("%s at %d px: %q", f.Page, f.Width, f.Violations)
		}
		if f.Passes < 10 {
			t.Errorf("%s at %d px: axe looked at too little: %d rules", f.Page, f.Width, f.Passes)
		}
		if f.Wide > f.Width {
			t.Errorf("%s at %d px: the page is %d px wide", f.Page, f.Width, f.Wide)
		}
	}
}

type axeFound struct {
	Page                string
	Width, Passes, Wide int
	Violations          []string
}

var dataFound = regexp.MustCompile(`data-found="([^"]*)"`)

// dumpFound opens a page and reads what its script left in data-found.
func dumpFound(t *testing.T, browser, dir, page string) (found []axeFound) {
	t.Helper()
	args := []string{"--headless", "--disable-gpu", "--user-data-dir=" + filepath.Join(dir, "profile"), "--virtual-time-budget=20000", "--dump-dom"}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	out, err := exec.CommandContext(t.Context(), browser, append(args, "file://"+page)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	match := dataFound.FindSubmatch(out)
	if match == nil {
		t.Fatalf("axe said nothing: %.500s", out)
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(match[1]))), &found); err != nil {
		t.Fatal(err)
	}
	return found
}
