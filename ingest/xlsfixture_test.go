package ingest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestXLSFixtures makes testdata/xls anew with LibreOffice when XLS_FIXTURES is set.
func TestXLSFixtures(t *testing.T) {
	if os.Getenv("XLS_FIXTURES") == "" {
		t.Skip("set XLS_FIXTURES to make the files anew with LibreOffice")
	}
	for _, f := range []struct {
		name      string
		epoch1904 bool
	}{{"cellules", false}, {"epoque1904", true}} {
		dir := t.TempDir()
		source := filepath.Join(dir, f.name+".xlsx")
		if err := fixtureBook(t, f.epoch1904).SaveAs(source); err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"xls:MS Excel 97", "xlsx:Calc MS Excel 2007 XML"} {
			out, err := exec.Command("soffice", "-env:UserInstallation=file://"+dir+"/profile", "--headless",
				"--convert-to", format, "--outdir", filepath.Join("testdata", "xls"), source).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
}

// fixtureBook holds one of everything that a cell can be, and many texts unless it is of 1904.
func fixtureBook(t *testing.T, epoch1904 bool) *excelize.File {
	t.Helper()
	f := excelize.NewFile()
	if epoch1904 {
		must(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &epoch1904}))
	}
	must(t, f.SetSheetName("Sheet1", "Données é"))
	style := func(code string) int {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
		must(t, err)
		return id
	}
	formats := []int{0, style("0.00"), style("0.0%"), style("#,##0.00\\ [$€-40C]"), style("dd/mm/yyyy"), style("[$-40C]mmmm\\ yyyy"), style("hh:mm")}
	values := []any{
		0, 1, -1, 536870911, -536870912, 536870912, 0.5, 12.34, -0.01, 1e300, 1e-300, 1.0 / 3, 83014132100026, 45383, 45383.75, 60, 1462,
		"texte", "Énergie – « été » à 5 €", "emoji 🎉🏗️", " espaces ", "ligne 1\nligne 2", "ā̀ɓ", strings.Repeat("é", 300), true, false,
	}
	for row, value := range values {
		for column, format := range formats {
			name := CellName(column, row+1)
			must(t, f.SetCellValue("Données é", name, value))
			must(t, f.SetCellStyle("Données é", name, name, format))
		}
	}
	must(t, f.SetCellRichText("Données é", "B30", []excelize.RichTextRun{{Text: "gras é", Font: &excelize.Font{Bold: true}}, {Text: " maigre"}}))
	must(t, f.SetRowVisible("Données é", 3, false))
	must(t, f.SetCellStyle("Données é", "A31", "J33", formats[1])) // empty ones

	formulas := addSheet(t, f, "Formules")
	for row, formula := range []string{
		"1+1", "1/3", `"texte "&"é"`, `""`, "1=1", "1=2", "1/0", "NA()", "VALUE(\"x\")", "DATE(2026,11,1)", `REPT("é",3000)`, "SUM(A1:A2)", `REPT("ab",20)`,
	} {
		must(t, f.SetCellFormula(formulas, CellName(0, row+1), formula))
		must(t, f.SetCellFormula(formulas, CellName(1, row+1), fmt.Sprintf("A%d", row+1)))
	}
	must(t, f.SetCellStyle(formulas, "A10", "B10", formats[4]))

	hidden := addSheet(t, f, "Cachée")
	must(t, f.SetCellValue(hidden, "IV65536", "la dernière cellule"))
	must(t, f.SetSheetVisible(hidden, false))
	addSheet(t, f, "Vide")
	if !epoch1904 {
		texts := addSheet(t, f, "Textes")
		for row := range 200 { // their table is continued several times, at narrow and wide texts
			text := fmt.Sprintf("texte %d %s", row, strings.Repeat("abcdefgh ", row%17))
			if row%5 == 0 {
				text = fmt.Sprintf("⚙ %d %s", row, strings.Repeat("ρ", row%150))
			}
			must(t, f.SetCellValue(texts, CellName(row%3, row+1), text))
		}
		for _, at := range []string{"F7", "F9"} {
			must(t, f.SetCellValue(texts, at, strings.Repeat("quatre mille ", 350)+at))
		}
	}
	return f
}

func addSheet(t *testing.T, f *excelize.File, name string) string {
	t.Helper()
	_, err := f.NewSheet(name)
	must(t, err)
	return name
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
