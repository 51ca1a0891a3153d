package ingest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// plainCells are the cells of a workbook as a reader of values sees them, by sheet: formulas are what they gave, and a text
// or a date is no other one for being shown in another way.
func plainCells(t *testing.T, book *Workbook) map[string][]Row {
	t.Helper()
	all := map[string][]Row{}
	for _, s := range book.Sheets {
		all[s.Name] = nil
		for row, err := range s.Rows {
			if err != nil {
				t.Fatal(err)
			}
			cells := slices.DeleteFunc(slices.Clone(row.Cells), func(c Cell) bool { return c.Kind == Empty })
			for i := range cells {
				cells[i].Formula = false
				if cells[i].Kind == Date {
					cells[i].Format, cells[i].Number = Day, 0
				}
			}
			if len(cells) > 0 {
				all[s.Name] = append(all[s.Name], Row{row.Number, row.Hidden, cells})
			}
		}
	}
	return all
}

// TestWriteBook writes every workbook that can be read as .xlsx: whatever its format was, each cell says the same.
func TestWriteBook(t *testing.T) {
	t.Parallel()
	written := 0
	for _, root := range []string{"testdata", corpus} {
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			book, err := OpenWorkbook(data)
			if err != nil || len(book.Sheets) == 0 {
				return nil
			}
			var out bytes.Buffer
			if err := writeBook(&out, book); err != nil {
				return nil // a sheet that cannot be read to its end
			}
			again, err := OpenWorkbook(out.Bytes())
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return nil
			}
			if diff := gocmp.Diff(plainCells(t, book), plainCells(t, again)); diff != "" {
				t.Errorf("%s (-original +written):\n%.2000s", path, diff)
			}
			written++
			return nil
		})
	}
	if written < 5 {
		t.Errorf("only %d workbooks were written", written)
	}
}
