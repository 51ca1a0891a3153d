package ingest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// TestSameSheets changes a workbook in one way at a time: what is read otherwise is found, what is not is not.
func TestSameSheets(t *testing.T) {
	m := model(t)
	book := func(change func(f *excelize.File) error) []byte {
		t.Helper()
		f, err := NewTemplate(m, TemplateData{Territoire: "val-de-lys", Periode: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		err = f.SetCellStr("Acteurs", "B3", "Le nom")
		if err == nil {
			err = f.SetCellFloat("Acteurs", "C3", 45000, -1, 64)
		}
		if err == nil {
			err = change(f)
		}
		var b bytes.Buffer
		if err == nil {
			err = f.Write(&b)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	opened := func(data []byte) *Workbook {
		t.Helper()
		w, err := OpenWorkbook(data)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	added := func(f *excelize.File) error {
		_, err := f.NewSheet("Retour")
		return err
	}
	style := func(s excelize.Style) func(f *excelize.File) error {
		return func(f *excelize.File) error {
			id, err := f.NewStyle(&s)
			if err != nil {
				return err
			}
			return f.SetCellStyle("Acteurs", "C3", "C3", id)
		}
	}
	original := book(func(*excelize.File) error { return nil })
	for name, c := range map[string]struct {
		change func(f *excelize.File) error
		want   string // in the error; empty: the same
	}{
		"nothing":   {func(*excelize.File) error { return nil }, ""},
		"a colour":  {style(excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F8CBAD"}}}), ""},
		"a format":  {style(excelize.Style{NumFmt: 14}), "row 3 is not"},
		"a text":    {func(f *excelize.File) error { return f.SetCellStr("Acteurs", "B3", "Un nom") }, "row 3 is not"},
		"a number":  {func(f *excelize.File) error { return f.SetCellFloat("Acteurs", "C3", 45001, -1, 64) }, "row 3 is not"},
		"a row":     {func(f *excelize.File) error { return f.SetCellStr("Acteurs", "B9", "x") }, "row 9 is added"},
		"one less":  {func(f *excelize.File) error { return f.SetCellDefault("Acteurs", "B3", "") }, "row 3 is not"},
		"hidden":    {func(f *excelize.File) error { return f.SetSheetVisible("Acteurs", false) }, "Acteurs is not where"},
		"a name":    {func(f *excelize.File) error { return f.SetSheetName("Acteurs", "Actrices") }, "is not where"},
		"a sheet":   {func(f *excelize.File) error { return f.DeleteSheet("Acteurs") }, "other sheets"},
		"an order":  {func(f *excelize.File) error { return f.MoveSheet("Freins", "Acteurs") }, "is not where"},
		"row shown": {func(f *excelize.File) error { return f.SetRowVisible("Acteurs", 3, false) }, "row 3 is not"},
	} {
		made := book(func(f *excelize.File) error {
			if err := c.change(f); err != nil {
				return err
			}
			return added(f)
		})
		err := SameSheets(opened(original), made, "", "Retour")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := SameSheets(opened(original), original, "", "Retour"); err == nil {
		t.Error("nothing was added, and it is said that one sheet was")
	}
	if err := SameSheets(opened(book(added)), original, "Retour", "Acteurs"); err == nil {
		t.Error("another sheet was left out")
	}
}
