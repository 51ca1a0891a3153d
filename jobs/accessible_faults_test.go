package jobs_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// plant is a fault that is put in a good workbook: by the writer, or in a part of its file.
type plant struct {
	rule string
	book string // annex (the default), evaluation, template
	edit func(f *excelize.File) error
	part string // whose text old becomes new
	old  string
	new  string
}

func styled(sheet, cell string, style excelize.Style) func(*excelize.File) error {
	return func(f *excelize.File) error {
		id, err := f.NewStyle(&style)
		if err != nil {
			return err
		}
		return f.SetCellStyle(sheet, cell, cell, id)
	}
}

func written(sheet, cell string, value any) func(*excelize.File) error {
	return func(f *excelize.File) error { return f.SetCellValue(sheet, cell, value) }
}

func font(f excelize.Font) excelize.Style {
	if f.Family == "" {
		f.Family = "Arial"
	}
	return excelize.Style{Font: &f}
}

func paint(colour string, pattern int) excelize.Style {
	return excelize.Style{Font: &excelize.Font{Family: "Arial"}, Fill: excelize.Fill{Type: "pattern", Pattern: pattern, Color: []string{colour}}}
}

// plants has a fault for every rule of the checklist. In the annex « Effets » has its titles in row 5, « Moyens » in row 7.
var plants = map[string]plant{
	"no title":            {rule: "document title", part: "docProps/core.xml", old: "<dc:title>.*</dc:title>", new: ""},
	"another language":    {rule: "document language", part: "docProps/core.xml", old: "fr-FR", new: "en-US"},
	"another sheet first": {rule: "cursor in A1", edit: func(f *excelize.File) error { f.SetActiveSheet(2); return nil }},
	"a cursor further down": {rule: "cursor in A1", edit: func(f *excelize.File) error {
		return f.SetPanes("Couverture", &excelize.Panes{Selection: []excelize.Selection{{ActiveCell: "B9", SQRef: "B9"}}})
	}},
	"a text box":        {rule: "no picture or macro", edit: func(f *excelize.File) error { return f.AddShape("Notes", &excelize.Shape{Cell: "D4", Type: "rect"}) }},
	"an English chart":  {rule: "chart language", book: "evaluation", part: "xl/charts/chart1.xml", old: `lang="fr-FR"`, new: `lang="en-US"`},
	"a pale line":       {rule: "contrast", book: "evaluation", part: "xl/charts/chart1.xml", old: "0B4F8A", new: "9DC3E6"},
	"pale letters":      {rule: "contrast", edit: styled("Effets", "A6", font(excelize.Font{Color: "999999"}))},
	"a dark background": {rule: "contrast", edit: styled("Effets", "A6", paint("444444", 1))},
	"a dark scale of colours": {rule: "contrast", edit: func(f *excelize.File) error {
		return f.SetConditionalFormat("Effets", "E6:E9", []excelize.ConditionalFormatOptions{{Type: "2_color_scale", Criteria: "=", MinType: "min", MaxType: "max", MinColor: "#FFFFFF", MaxColor: "#003366"}})
	}},
	"a hidden row":    {rule: "nothing hidden", edit: func(f *excelize.File) error { return f.SetRowVisible("Effets", 7, false) }},
	"a hidden column": {rule: "nothing hidden", edit: func(f *excelize.File) error { return f.SetColVisible("Effets", "C", false) }},
	"a hidden sheet":  {rule: "nothing hidden", edit: func(f *excelize.File) error { return f.SetSheetVisible("Notes", false) }},
	"a blank sheet":   {rule: "no blank sheet", edit: func(f *excelize.File) error { _, err := f.NewSheet("Vide"); return err }},
	"merged cells":    {rule: "no merged cells", edit: func(f *excelize.File) error { return f.MergeCell("Effets", "B6", "C6") }},
	"portrait": {rule: "A4 landscape", edit: func(f *excelize.File) error {
		return f.SetPageLayout("Effets", &excelize.PageLayoutOptions{Orientation: new("portrait")})
	}},
	"letter paper": {rule: "A4 landscape", edit: func(f *excelize.File) error {
		return f.SetPageLayout("Effets", &excelize.PageLayoutOptions{Size: new(1)})
	}},
	"words above the page": {rule: "page footer", edit: func(f *excelize.File) error {
		return f.SetHeaderFooter("Effets", &excelize.HeaderFooterOptions{OddHeader: "Provisoire", OddFooter: "&P"})
	}},
	"a chart without words":     {rule: "alternative text", book: "evaluation", part: "xl/drawings/drawing1.xml", old: ` descr="[^"]*"`, new: ` descr=""`},
	"an address for a link":     {rule: "links have words", edit: written("Sommaire", "A4", "https://example.org/")},
	"a link to nowhere":         {rule: "links lead somewhere", edit: func(f *excelize.File) error { return f.SetCellHyperLink("Sommaire", "A4", "'Rien'!A1", "Location") }},
	"no headline":               {rule: "title in A1", edit: written("Effets", "A1", nil)},
	"a headline like the rest":  {rule: "title in A1", edit: styled("Effets", "A1", font(excelize.Font{Size: 11}))},
	"no word of what it holds":  {rule: "what the sheet holds", edit: written("Effets", "A2", "Des effets.")},
	"no table":                  {rule: "tables are marked", edit: func(f *excelize.File) error { return f.DeleteTable("tbl_effets") }},
	"a number beside the table": {rule: "tables are marked", edit: written("Effets", "N8", 12)},
	"a table of no name":        {rule: "tables have names of their own", part: "xl/tables/table3.xml", old: "tbl_effets", new: "Tableau1"},
	"two tables of one name":    {rule: "tables have names of their own", part: "xl/tables/table3.xml", old: "tbl_effets", new: "tbl_moyens"},
	"two tables": {rule: "one table to a sheet", edit: func(f *excelize.File) error {
		return f.AddTable("Effets", &excelize.Table{Range: "N5:O9", Name: "tbl_autre"})
	}},
	"a remark below":           {rule: "nothing below a table", edit: written("Effets", "A40", "Source : le programme.")},
	"two columns of one title": {rule: "one row of titles", edit: written("Effets", "E5", "Référence")},
	"a column without title":   {rule: "one row of titles", edit: written("Effets", "E5", nil)},
	"titles on the first page": {rule: "titles on every page", edit: func(f *excelize.File) error {
		return f.DeleteDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: "Effets"})
	}},
	"a blank row":                  {rule: "no blank row or column", edit: blankRow("Effets", 8)},
	"an empty cell":                {rule: "empty cells are explained", edit: written("Effets", "E7", nil)},
	"a number as text":             {rule: "numbers are numbers", edit: written("Effets", "E7", "12,5\u00a0%")},
	"another symbol":               {rule: "symbols are known", edit: written("Effets", "E7", "[c]")},
	"a symbol that nobody told of": {rule: "symbols are explained", edit: unexplained},
	"a sheet that no list has":     {rule: "contents", edit: func(f *excelize.File) error { return f.SetCellHyperLink("Sommaire", "A6", "", "None") }},
	"frozen panes": {rule: "no filter or frozen pane", edit: func(f *excelize.File) error {
		return f.SetPanes("Effets", &excelize.Panes{Freeze: true, YSplit: 5, TopLeftCell: "A6", ActivePane: "bottomLeft"})
	}},
	"a filter":                {rule: "no filter or frozen pane", edit: func(f *excelize.File) error { return f.AutoFilter("Effets", "A5:L16", nil) }},
	"a coloured gap":          {rule: "no meaning by colour alone", edit: styled("Effets", "N8", paint("FFE699", 1))},
	"a colour on a condition": {rule: "no meaning by colour alone", edit: conditional},
	"icons": {rule: "no meaning by colour alone", edit: func(f *excelize.File) error {
		return f.SetConditionalFormat("Effets", "E6:E9", []excelize.ConditionalFormatOptions{{Type: "icon_set", IconStyle: "3Arrows"}})
	}},
	"a pattern":                 {rule: "no pattern", edit: styled("Effets", "A6", paint("EEEEEE", 4))},
	"letters with serifs":       {rule: "plain letters", edit: styled("Effets", "A6", font(excelize.Font{Family: "Times New Roman"}))},
	"small letters":             {rule: "plain letters", edit: styled("Effets", "A6", font(excelize.Font{Size: 8}))},
	"a raised note":             {rule: "no raised letters", edit: styled("Effets", "A6", font(excelize.Font{VertAlign: "superscript"}))},
	"two sheets of one name":    {rule: "unique sheets", part: "xl/workbook.xml", old: `name="Moyens"`, new: `name="Effets"`},
	"a form's title is missing": {rule: "one row of titles", book: "template", edit: written("Relations", "C1", nil)},
	"a form's titles are not kept": {rule: "titles on every page", book: "template", edit: func(f *excelize.File) error {
		return f.DeleteDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: "Relations"})
	}},
	"a form without headline": {rule: "title in A1", book: "template", edit: written(ingest.CoverSheet, "A1", nil)},
}

func blankRow(sheet string, row int) func(*excelize.File) error {
	return func(f *excelize.File) error {
		for column := range 12 {
			if err := f.SetCellValue(sheet, ingest.CellName(column, row), nil); err != nil {
				return err
			}
		}
		return nil
	}
}

// unexplained takes [s] off the cover and the sheet's sentences, and uses it.
func unexplained(f *excelize.File) error {
	for _, sheet := range []string{"Couverture", "Effets"} {
		found, err := f.SearchSheet(sheet, `\[s\]`, true)
		if err != nil {
			return err
		}
		for _, cell := range found {
			if err := f.SetCellValue(sheet, cell, "Cette feuille contient un tableau."); err != nil {
				return err
			}
		}
	}
	return f.SetCellValue("Effets", "E7", "[s]")
}

func conditional(f *excelize.File) error {
	id, err := f.NewConditionalStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFE699"}}})
	if err != nil {
		return err
	}
	return f.SetConditionalFormat("Effets", "E6:E9", []excelize.ConditionalFormatOptions{{Type: "cell", Criteria: ">", Value: "0.5", Format: &id}})
}

// The checklist finds each fault that is planted in a workbook that had none, and every rule has a fault.
func TestChecklistFindsFaults(t *testing.T) {
	t.Parallel()
	r := small(t)
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	var template bytes.Buffer
	if err := ingest.WriteTemplate(&template, m, ingest.TemplateData{}); err != nil {
		t.Fatal(err)
	}
	books := map[string]struct {
		data []byte
		who  audience
	}{
		"":           {r.books["financeurs/2026-10_impact.xlsx"], published},
		"evaluation": {r.books["evaluateurs/2026-10_valbrune_evaluation.xlsx"], working},
		"template":   {template.Bytes(), form},
	}
	planted := map[string]bool{}
	for name, p := range plants {
		planted[p.rule] = true
		book := books[p.book]
		changed, err := p.in(book.data)
		if err != nil {
			t.Fatal(name, err)
		}
		found, err := accessible(changed, book.who)
		if err != nil {
			t.Fatal(name, err)
		}
		if !slices.ContainsFunc(found, func(f fault) bool { return f.rule == p.rule }) {
			t.Errorf("%s: want the rule %q, got %v", name, p.rule, found)
		}
	}
	for name, book := range books { // the writer alone adds no fault
		same, err := plant{edit: func(*excelize.File) error { return nil }}.in(book.data)
		if err != nil {
			t.Fatal(name, err)
		}
		if found, err := accessible(same, book.who); err != nil || len(found) > 0 {
			t.Errorf("%q: %v %v", name, found, err)
		}
	}
	source, err := os.ReadFile("accessible_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range regexp.MustCompile(`c\.fail\("([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		if !planted[rule[1]] {
			t.Errorf("no fault is planted for the rule %q", rule[1])
		}
	}
}

// inPart copies the workbook with one of its parts changed.
func (p plant) inPart(data []byte) ([]byte, error) {
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	changed := false
	for _, file := range in.File {
		if file.Name != p.part {
			if err := out.Copy(file); err != nil {
				return nil, err
			}
			continue
		}
		part, err := fs.ReadFile(in, file.Name)
		if err != nil {
			return nil, err
		}
		mended := regexp.MustCompile(p.old).ReplaceAllString(string(part), strings.ReplaceAll(p.new, "$", "$$"))
		changed = mended != string(part)
		w, err := out.Create(file.Name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, mended); err != nil {
			return nil, err
		}
	}
	if !changed {
		return nil, fmt.Errorf("nothing of %s is changed", p.part)
	}
	err = out.Close()
	return buf.Bytes(), err
}

// in makes the workbook with the fault.
func (p plant) in(data []byte) ([]byte, error) {
	if p.edit == nil {
		return p.inPart(data)
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := p.edit(f); err != nil {
		return nil, err
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
