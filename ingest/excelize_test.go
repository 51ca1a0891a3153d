package ingest

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// excelizeLines reads a workbook with the library that writes ours: its texts, then type and format of
// each cell that has one.
func excelizeLines(data []byte) (lines []string, err error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	props, err := f.GetWorkbookProps()
	if err != nil {
		return nil, err
	}
	date04 := props.Date1904 != nil && *props.Date1904
	for _, sheet := range f.GetSheetList() {
		visible, err := f.GetSheetVisible(sheet)
		if err != nil {
			return nil, err
		}
		lines = append(lines, sheetLine(sheet, !visible))
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			shown, err := f.GetRowVisible(sheet, i+1)
			if err != nil {
				return nil, err
			}
			for j, raw := range row {
				if raw == "" {
					continue
				}
				at := CellName(j, i+1)
				cell, err := excelizeCell(f, sheet, at, raw, date04)
				if err != nil {
					return nil, err
				}
				lines = append(lines, cellLine(at, !shown, cell))
			}
		}
	}
	return lines, nil
}

func excelizeCell(f *excelize.File, sheet, at, raw string, date04 bool) (Cell, error) {
	kind, err := f.GetCellType(sheet, at)
	if err != nil {
		return Cell{}, err
	}
	switch kind {
	case excelize.CellTypeBool:
		return Cell{Kind: Bool, Bool: raw == "1" || raw == "TRUE"}, nil
	case excelize.CellTypeError:
		return Cell{Kind: Fault, Text: raw}, nil
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
	case excelize.CellTypeDate:
		day, ok := isoTime(raw)
		if !ok || day.Year() == 0 {
			return textCell(raw), nil
		}
		return Cell{Kind: Date, Date: day}, nil
	default:
		return textCell(raw), nil
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return Cell{}, err
	}
	id, err := f.GetCellStyle(sheet, at)
	if err != nil {
		return Cell{}, err
	}
	format := "0"
	if style, err := f.GetStyle(id); err == nil {
		if format = strconv.Itoa(style.NumFmt); style.CustomNumFmt != nil {
			format = *style.CustomNumFmt
		}
	} else if id > 0 { // a workbook may have no styles at all
		return Cell{}, err
	}
	return numberShown(n, format, date04), nil
}

// excelizeErrs are the files of the corpus that it reads otherwise, and who is right.
var excelizeErrs = map[string]string{
	"xlsx/calamine__empty_s_attribute.xlsx": "it loses every cell with an empty s, without an error; Excel shows them",
	"xlsx/phpspreadsheet__utf16be.bom.xlsx": "it opens no part in UTF-16, which XML allows",
	"xlsx/poi__59746_NoRowNums.xlsx":        "it takes hidden rows without a number for visible ones",
	"xlsx/poi__xlmmacro.xlsm":               "it lists a sheet of macros, which holds no data",
}

func TestCorpusWithExcelize(t *testing.T) {
	for name, want := range corpusWorkbooks {
		if !strings.HasPrefix(name, "xlsx/") || want.rule != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			data := corpusFile(t, name)
			got, err := cellLines(data)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := excelizeLines(data)
			diff := gocmp.Diff(theirs, got)
			switch reason := excelizeErrs[name]; {
			case reason == "" && (err != nil || diff != ""):
				t.Errorf("%v, (-excelize +read)\n%s", err, diff)
			case reason != "" && err == nil && diff == "":
				t.Errorf("it agrees by now, though %s", reason)
			}
		})
	}
}

// AgreeWithReferences reads a good workbook in three ways, which must find the same cells. It tells
// their number.
func AgreeWithReferences(t testing.TB, data []byte) int {
	t.Helper()
	got, err := cellLines(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(xlsxReference(t, data), got); diff != "" {
		t.Errorf("(-encoding/xml +read)\n%s", diff)
	}
	theirs, err := excelizeLines(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(theirs, got); diff != "" {
		t.Errorf("(-excelize +read)\n%s", diff)
	}
	return len(withoutSheets(got))
}

// TestGoodWorkbooks reads what we write ourselves and what LibreOffice made of it.
func TestGoodWorkbooks(t *testing.T) {
	template := func(d TemplateData) []byte {
		var b bytes.Buffer
		if err := WriteTemplate(&b, model(t), d); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, data := range map[string][]byte{
		"blank template":      template(TemplateData{Territoire: "val-de-lys", Periode: utc(2026, 11, 1)}),
		"an emitter's":        template(TemplateData{Territoire: "val-de-lys", Periode: utc(2026, 11, 1), Emetteur: "elus"}),
		"filled template":     template(sampleTemplate()),
		"of the tests":        truthBook(t).xlsx(),
		"of LibreOffice":      []byte(read(t, filepath.Join("testdata", "formats", "verite.xlsx"))),
		"all kinds of cells":  xlsFixture(t, "cellules.xlsx"),
		"the same, from 1904": xlsFixture(t, "epoque1904.xlsx"),
	} {
		t.Run(name, func(t *testing.T) {
			if cells := AgreeWithReferences(t, data); cells < 50 {
				t.Errorf("%d cells", cells)
			}
		})
	}
}

// TestCellsOfEveryFormat compares the cells of the one workbook before any table is seen in them. In
// OpenDocument, LibreOffice writes a boolean of Excel as a formula that gives the number 1 or 0.
func TestCellsOfEveryFormat(t *testing.T) {
	lines := func(name string) []string {
		lines, err := cellLines([]byte(read(t, filepath.Join("testdata", "formats", name))))
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	want := lines("verite.xlsx")
	if diff := gocmp.Diff(want, lines("verite.xls")); diff != "" {
		t.Errorf("(-xlsx +xls)\n%s", diff)
	}
	for i, line := range want {
		line = strings.Replace(line, " bool true", " number 1 percent=false", 1)
		want[i] = strings.Replace(line, " bool false", " number 0 percent=false", 1)
	}
	for _, name := range []string{"verite.ods", "verite.fods"} {
		got := lines(name)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-xlsx +read)\n%s", name, diff)
		}
		data := []byte(read(t, filepath.Join("testdata", "formats", name)))
		if diff := gocmp.Diff(odsReference(t, data), got); diff != "" {
			t.Errorf("%s (-encoding/xml +read)\n%s", name, diff)
		}
	}
}
