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

// Notes go to the sheet that they are added to, and their shapes with them, whatever program has named their parts.
func TestEditNotes(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	defer f.Close()
	for _, name := range []string{"Deux", "Trois", "Quatre"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		if name == "Quatre" {
			continue
		}
		if err := f.AddComment(name, excelize.Comment{Cell: "A1", Text: "de " + name}); err != nil {
			t.Fatal(err)
		}
	}
	var saved bytes.Buffer
	if err := Save(&saved, f, nil); err != nil {
		t.Fatal(err)
	}
	for program, names := range map[string][]string{ // what a part is called in the place of another, in this order
		"Excel":       nil,
		"LibreOffice": {"comments2.xml", "comments3.xml", "comments1.xml", "comments2.xml"},
		"openpyxl":    {"comments1.xml", "comments/comment1.xml", "comments2.xml", "comments/comment2.xml", "drawings/vmlDrawing", "drawings/commentsDrawing"},
		"gaps":        {"comments2.xml", "comments4.xml", "vmlDrawing2", "vmlDrawing4"},
		"crossed":     {"vmlDrawing1", "vmlDrawing3", "vmlDrawing2", "vmlDrawing1", "vmlDrawing3", "vmlDrawing2"},
	} {
		t.Run(program, func(t *testing.T) {
			rename := func(text string) string {
				for i := 0; i < len(names); i += 2 {
					text = strings.ReplaceAll(text, names[i], names[i+1])
				}
				return text
			}
			var original bytes.Buffer
			out := zip.NewWriter(&original)
			from, err := openContainer(saved.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range from.names {
				data, err := from.read(name)
				if err == nil {
					err = writeStored(out, rename(from.parts[name].Name), rename(string(data)))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := out.Close(); err != nil {
				t.Fatal(err)
			}
			book, err := OpenWorkbook(original.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			edited, err := book.Edit(func(s *Sheet) bool { return s.Name == "Deux" })
			if err != nil {
				t.Fatal(err)
			}
			defer edited.Close()
			for _, sheet := range []string{"Sheet1", "Trois", "Quatre"} {
				if err := edited.AddComment(sheet, excelize.Comment{Cell: "B2", Text: "ajoutée"}); err != nil {
					t.Fatal(err)
				}
			}
			var made bytes.Buffer
			if err := edited.Save(&made, nil); err != nil {
				t.Fatal(err)
			}
			c, err := openContainer(made.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			again, err := OpenWorkbook(made.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			want := map[string][]string{"Sheet1": {"ajoutée"}, "Deux": {"de Deux"}, "Trois": {"de Trois", "ajoutée"}, "Quatre": {"ajoutée"}}
			for _, s := range again.Sheets {
				texts, err := c.target(s.part, "comments")
				drawing, err2 := c.target(s.part, "vmldrawing")
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				data, err := c.read(texts)
				shapes, err2 := c.read(drawing)
				if err != nil || err2 != nil {
					t.Fatalf("%s: %v, %v", s.Name, err, err2)
				}
				for _, text := range want[s.Name] {
					if !bytes.Contains(data, []byte(text)) {
						t.Errorf("%s: no note %q in %s", s.Name, text, texts)
					}
				}
				if got, shown := bytes.Count(data, []byte("<comment ")), bytes.Count(shapes, []byte(`ObjectType="Note"`)); got != len(want[s.Name]) || shown != got {
					t.Errorf("%s: %d notes and %d shapes, want %d", s.Name, got, shown, len(want[s.Name]))
				}
			}
		})
	}
}
