package ingest

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestEdit colours a cell of one sheet: the others, and the texts that all share, leave as they came, byte for byte.
func TestEdit(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	defer f.Close()
	for _, name := range []string{"Autre", "Marquée"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellStr(name, "B2", "un texte de "+name); err != nil {
			t.Fatal(err)
		}
	}
	var original bytes.Buffer
	if err := f.Write(&original); err != nil {
		t.Fatal(err)
	}
	book, err := OpenWorkbook(original.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i := range book.Sheets {
		head, err := book.Sheets[i].Head()
		if err != nil || !bytes.Contains(head, []byte("<worksheet")) || bytes.Contains(head, []byte("<row")) {
			t.Errorf("head of %s: %q, %v", book.Sheets[i].Name, head, err)
		}
	}
	edited, err := book.Edit(func(s *Sheet) bool { return s.Name != "Marquée" })
	if err != nil {
		t.Fatal(err)
	}
	defer edited.Close()
	if text, err := edited.GetCellValue("Autre", "B2"); text != "" || err != nil {
		t.Errorf("excelize sees %q of a sheet that is left, %v", text, err)
	}
	style, err := edited.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F8CBAD"}}})
	if err == nil {
		err = edited.SetCellStyle("Marquée", "B2", "B2", style)
	}
	if err == nil {
		_, err = edited.NewSheet("Retour")
	}
	if err == nil {
		err = edited.SetCellDefault("Retour", "A1", "ajouté")
	}
	if err != nil {
		t.Fatal(err)
	}
	var saved bytes.Buffer
	mended := map[string]bool{}
	if err := edited.Save(&saved, func(name string, data []byte) ([]byte, error) {
		mended[name] = true
		return data, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := SameSheets(book, saved.Bytes(), "", "Retour"); err != nil {
		t.Error(err)
	}
	was, is := rawParts(t, original.Bytes()), rawParts(t, saved.Bytes())
	for name, same := range map[string]bool{
		"xl/worksheets/sheet1.xml": true, "xl/worksheets/sheet2.xml": true, "xl/worksheets/sheet3.xml": false,
		"xl/sharedStrings.xml": true, "xl/theme/theme1.xml": true, "xl/styles.xml": false,
	} {
		if was[name] == "" || (was[name] == is[name]) != same {
			t.Errorf("%s: the same bytes: %t, want %t", name, was[name] == is[name], same)
		}
		if left := same && !strings.Contains(name, "theme"); mended[name] == left {
			t.Errorf("%s was mended: %t", name, mended[name])
		}
	}
	whole, err := book.Edit(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if text, err := whole.GetCellValue("Autre", "B2"); text != "un texte de Autre" || err != nil {
		t.Errorf("%q, %v: nothing is left where nothing is to be", text, err)
	}
	if _, err := (&Workbook{Sheets: []Sheet{{Name: "A"}}}).Edit(nil); err == nil {
		t.Error("what is no .xlsx was opened as one")
	}
}

// rawParts are the parts of a workbook as it holds them, compressed.
func rawParts(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, file := range z.File {
		r, err := file.OpenRaw()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[file.Name] = string(raw)
	}
	return parts
}
