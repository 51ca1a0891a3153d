package jobs_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"cairn/exports"
	"cairn/ingest"
)

// studio renders reports as their readers see them.
type studio struct{ office, words, draw, browser, profile string }

// newStudio finds the programs that render. What is missing is said: a machine without them proves less.
func newStudio(t *testing.T) *studio {
	t.Helper()
	s := &studio{profile: t.TempDir()}
	for _, tool := range []struct {
		path  *string
		names []string
	}{{&s.office, []string{"soffice"}}, {&s.words, []string{"pdftotext"}}, {&s.draw, []string{"pdftoppm"}}, {&s.browser, []string{"chromium", "chromium-browser", "google-chrome"}}} {
		for _, name := range tool.names {
			if path, err := exec.LookPath(name); err == nil {
				*tool.path = path
				break
			}
		}
		if *tool.path == "" {
			t.Skipf("NOT PROVEN HERE: no report is looked at, %s is not installed", tool.names[0])
		}
	}
	const french = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>fr-FR</value></prop></item></oor:items>
`
	if err := os.MkdirAll(filepath.Join(s.profile, "user"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.profile, "user", "registrymodifications.xcu"), []byte(french), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *studio) run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Env = append(os.Environ(), "HOME="+s.profile)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(name), err)
	}
	return out
}

// print has LibreOffice print workbooks; it gives the PDF of each.
func (s *studio) print(t *testing.T, dir string, books ...string) []string {
	t.Helper()
	s.run(t, s.office, append([]string{"-env:UserInstallation=file://" + s.profile, "--headless", "--convert-to", "pdf", "--outdir", dir}, books...)...)
	var all []string
	for _, book := range books {
		all = append(all, filepath.Join(dir, strings.TrimSuffix(filepath.Base(book), ".xlsx")+".pdf"))
	}
	return all
}

// picture has Chromium draw a page in a frame of a width: a window has a least one.
func (s *studio) picture(t *testing.T, page, file string, width, height int) {
	t.Helper()
	frame := filepath.Join(t.TempDir(), "frame.html")
	html := fmt.Sprintf(`<!DOCTYPE html><html lang="fr"><title>x</title><body style="margin:0;background:#fff"><iframe title="x" src="file://%s" style="border:0;width:%dpx;height:%dpx"></iframe>`, page, width, height)
	if err := os.WriteFile(frame, []byte(html), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--headless", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files", "--user-data-dir=" + filepath.Join(s.profile, "chromium"), fmt.Sprintf("--window-size=%d,%d", max(width, 500), height), "--screenshot=" + file}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	s.run(t, s.browser, append(args, "file://"+frame)...)
}

// word is a word of a printed page and its box, in points.
type word struct {
	Left   float64 `xml:"xMin,attr"`
	Top    float64 `xml:"yMin,attr"`
	Right  float64 `xml:"xMax,attr"`
	Bottom float64 `xml:"yMax,attr"`
	Text   string  `xml:",chardata"`
}

type printedPage struct {
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Words  []word  `xml:"word"`
}

func (s *studio) read(t *testing.T, pdf string) []printedPage {
	t.Helper()
	var doc struct {
		Pages []printedPage `xml:"body>doc>page"`
	}
	if err := xml.Unmarshal(s.run(t, s.words, "-bbox", pdf, "-"), &doc); err != nil {
		t.Fatal(pdf, err)
	}
	if len(doc.Pages) == 0 {
		t.Errorf("%s has no page", pdf)
	}
	return doc.Pages
}

// footer is the height of the line that says the sheet and the page.
const footer = 45

// faults tells what a reader of the page would complain of. A program prints the whole of a text that its cell
// shows a part of, so that it lies over the next one: two words in one place are a cell that is cut.
func (p *printedPage) faults() []string {
	var found []string
	body := 0
	for i, w := range p.Words {
		if w.Bottom < p.Height-footer {
			body++
		}
		if strings.Contains(w.Text, "##") {
			found = append(found, fmt.Sprintf("%q: a number does not fit", w.Text))
		}
		if w.Left < 0 || w.Top < 0 || w.Right > p.Width || w.Bottom > p.Height {
			found = append(found, fmt.Sprintf("%q is beyond the paper", w.Text))
		}
		for _, o := range p.Words[i+1:] {
			if overlap(w, o) > leastOverlap {
				found = append(found, fmt.Sprintf("%q lies over %q", w.Text, o.Text))
			}
		}
	}
	if body == 0 {
		found = append(found, "the page is empty")
	}
	return found
}

// leastOverlap is the part of a word's box that another one covers when they cannot be read. Lines that follow each
// other share up to a fifth of their boxes.
const leastOverlap = 0.3

func overlap(a, b word) float64 {
	width := min(a.Right, b.Right) - max(a.Left, b.Left)
	height := min(a.Bottom, b.Bottom) - max(a.Top, b.Top)
	if width <= 0 || height <= 0 {
		return 0
	}
	area := func(w word) float64 { return (w.Right - w.Left) * (w.Bottom - w.Top) }
	return width * height / min(area(a), area(b))
}

// lost lists the words of a workbook's texts that its pages do not have whole.
func lost(data []byte, pages []printedPage) ([]string, error) {
	book, err := ingest.OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	printed := map[string]bool{}
	for _, p := range pages {
		for _, w := range p.Words {
			printed[w.Text] = true
			for _, part := range strings.FieldsFunc(w.Text, splits) {
				printed[part] = true
			}
		}
	}
	missing := map[string]bool{}
	for _, s := range book.Sheets {
		for row, err := range s.Rows {
			if err != nil {
				return nil, err
			}
			for _, c := range row.Cells {
				if c.Kind != ingest.Text {
					continue
				}
				for _, w := range strings.FieldsFunc(c.Text, splits) {
					if !printed[w] {
						missing[s.Name+": "+w] = true
					}
				}
			}
		}
	}
	var all []string
	for w := range missing {
		all = append(all, w)
	}
	slices.Sort(all)
	return all, nil
}

// splits reports where a program may part a word, at the end of a line.
func splits(r rune) bool { return strings.ContainsRune(" \n\u00a0\u202f-–—/_.!:,;?…", r) }

// look checks the picture of a page: there is ink on it, and none at the edges of the paper.
func look(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	b := picture.Bounds()
	ink, edge := 0, 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if color.GrayModel.Convert(picture.At(x, y)).(color.Gray).Y > 200 {
				continue
			}
			ink++
			if !image.Pt(x, y).In(b.Inset(3)) {
				edge++
			}
		}
	}
	if part := float64(ink) / float64(b.Dx()*b.Dy()); part < 0.001 {
		return fmt.Errorf("%s: %.2f %% of the page is not white", file, 100*part)
	}
	if edge > 0 {
		return fmt.Errorf("%s: something is cut at the edge of the page", file)
	}
	return nil
}

// TestPictures renders reports as LibreOffice and Chromium show them, and looks for empty pages, numbers that do not
// fit, and texts that are cut. With CAIRN_PICTURES=sample: a territory, the comparison, the impact summary, an annotated
// return. With CAIRN_PICTURES naming a workspace (make pictures): every file of its release, its month's returns, and the
// pictures in the folder « pictures » beside it.
func TestPictures(t *testing.T) {
	workspace := pictured(t)
	t.Parallel()
	var r *reports
	dir, books := t.TempDir(), []string{}
	if workspace != "sample" {
		var err error
		if r, err = openReports(workspace); err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(filepath.Dir(workspace), "pictures")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []string{"*/*.xlsx", "../../../returns/*/" + filepath.Base(filepath.Dir(r.release)) + "_retour.xlsx"} {
			found, err := filepath.Glob(filepath.Join(r.release, pattern))
			if err != nil {
				t.Fatal(err)
			}
			books = append(books, found...)
		}
	} else {
		r = small(t)
		for _, path := range []string{"evaluateurs/2026-10_valbrune_evaluation.xlsx", "comparaison/2026-10_comparaison.xlsx", "financeurs/2026-10_impact.xlsx"} {
			books = append(books, filepath.Join(r.release, path))
		}
		books = append(books, filepath.Join(r.dir, "returns", "valbrune", "2026-10_retour.xlsx"))
	}
	s := newStudio(t)
	pages, err := filepath.Glob(filepath.Join(r.release, "financeurs", "*.html"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	copies := make([]string, len(books))
	for i, book := range books { // returns of several territories have one name
		name := strings.TrimSuffix(filepath.Base(book), ".xlsx")
		if strings.HasSuffix(name, "_retour") {
			name += "_" + filepath.Base(filepath.Dir(book))
		}
		data, err := os.ReadFile(book)
		if err != nil {
			t.Fatal(err)
		}
		copies[i] = filepath.Join(dir, name+".xlsx")
		if err := os.WriteFile(copies[i], data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i, pdf := range s.print(t, dir, copies...) {
		s.lookAtBook(t, copies[i], pdf)
	}
	for _, page := range pages {
		name := filepath.Join(dir, strings.TrimSuffix(filepath.Base(page), ".html"))
		if err := exports.PrintPDF(t.Context(), page, name+"_page.pdf"); err != nil {
			t.Fatal(err)
		}
		for i, p := range s.read(t, name+"_page.pdf") {
			for _, fault := range p.faults() {
				t.Errorf("%s, page %d: %s", filepath.Base(page), i+1, fault)
			}
		}
		s.run(t, s.draw, "-r", "80", "-png", name+"_page.pdf", name+"_page")
		s.picture(t, page, name+"_ecran.png", 1100, 3200)
		s.picture(t, page, name+"_telephone.png", 390, 5600)
	}
	drawn, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil || len(drawn) < 30 {
		t.Fatalf("%d pictures (%v)", len(drawn), err)
	}
	for _, file := range drawn {
		if err := look(file); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d pictures in %s", len(drawn), dir)
}

// lookAtBook prints a workbook and looks at each page; of a return, at our own sheet alone.
func (s *studio) lookAtBook(t *testing.T, book, pdf string) {
	t.Helper()
	data, err := os.ReadFile(book)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(book); err != nil {
		t.Fatal(err)
	}
	pages := s.read(t, pdf)
	name := strings.TrimSuffix(filepath.Base(book), ".xlsx")
	isReturn := strings.Contains(name, "_retour")
	if isReturn {
		pages = slices.DeleteFunc(pages, func(p printedPage) bool {
			return !slices.ContainsFunc(p.Words, func(w word) bool { return w.Text == "Retour" && w.Top > p.Height-footer })
		})
	}
	for i, p := range pages {
		for _, fault := range p.faults() {
			t.Errorf("%s, page %d: %s", name, i+1, fault)
		}
	}
	if !isReturn {
		missing, err := lost(data, pages)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range missing {
			t.Errorf("%s: on no page: %s", name, w)
		}
	}
	s.run(t, s.draw, "-r", "60", "-png", "-l", fmt.Sprint(len(pages)), pdf, strings.TrimSuffix(pdf, ".pdf"))
}

// pictured is what is to be rendered: nothing in a run of all tests, for LibreOffice takes its time.
func pictured(t *testing.T) string {
	t.Helper()
	what := os.Getenv("CAIRN_PICTURES")
	if what == "" {
		t.Skip("takes a minute: make pictures, or CAIRN_PICTURES=sample")
	}
	return what
}

// What the looking is to see, planted.
func TestPicturesShowFaults(t *testing.T) {
	pictured(t)
	t.Parallel()
	r, s := small(t), newStudio(t)
	dir := t.TempDir()
	var books []string
	plants := map[string]struct {
		plant func(f *excelize.File) error
		want  string
	}{
		"row":    {func(f *excelize.File) error { return f.SetRowHeight("Effets", 8, 8) }, "lies over"},
		"number": {func(f *excelize.File) error { return f.SetColWidth("Moyens", "C", "C", 4) }, "does not fit"},
		"word":   {func(f *excelize.File) error { return f.SetColWidth("Notes", "B", "B", 6) }, "Notes: "},
		"empty": {func(f *excelize.File) error {
			_, err := f.NewSheet("Vide")
			return errors.Join(err, f.SetCellValue("Vide", "B2", " "))
		}, "the page is empty"},
	}
	for name, c := range plants {
		file := filepath.Join(dir, name+".xlsx")
		changed, err := plant{edit: c.plant}.in(r.books["financeurs/2026-10_impact.xlsx"])
		if err != nil {
			t.Fatal(name, err)
		}
		if err := os.WriteFile(file, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		books = append(books, file)
	}
	for i, pdf := range s.print(t, dir, books...) {
		data, err := os.ReadFile(books[i])
		if err != nil {
			t.Fatal(err)
		}
		pages := s.read(t, pdf)
		found, err := lost(data, pages)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			found = append(found, p.faults()...)
		}
		name := strings.TrimSuffix(filepath.Base(pdf), ".pdf")
		if !strings.Contains(strings.Join(found, "\n"), plants[name].want) {
			t.Errorf("%s: want %q, found %q", name, plants[name].want, found)
		}
	}
}
