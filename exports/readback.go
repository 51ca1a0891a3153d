package exports

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cairn/ingest"
)

// Whole reads a release back from its folder: every file that the manifest names is there with the bytes that it
// says, and no other. It returns the manifest's SHA-256.
func Whole(dir string) (manifest string, err error) {
	data, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return "", fmt.Errorf("read release: %w", err)
	}
	var m manifestJSON
	if err := json.Unmarshal(data, &m); err != nil {
		return "", fmt.Errorf("read release: %s: %w", filepath.Join(dir, manifestFile), err)
	}
	found, err := listFiles(dir)
	if err != nil {
		return "", fmt.Errorf("read release: %w", err)
	}
	said := map[string]fileJSON{manifestFile: {manifestFile, int64(len(data)), sha256Hex(data)}}
	for _, f := range m.Fichiers {
		said[f.Chemin] = f
	}
	for _, f := range found {
		if want, ok := said[f.Chemin]; !ok {
			return "", fmt.Errorf("read release: %s is not in its manifest", filepath.Join(dir, f.Chemin))
		} else if f != want {
			return "", fmt.Errorf("read release: %s is not as it was written", filepath.Join(dir, f.Chemin))
		}
		delete(said, f.Chemin)
	}
	for path := range said {
		return "", fmt.Errorf("read release: %s is missing", filepath.Join(dir, path))
	}
	return sha256Hex(data), nil
}

// readBack reads a workbook that was made, with a reader that is not the writer's, and compares every cell of
// its tables with the rows that the queries gave.
func (b *workbook) readBack(data []byte) error {
	read, err := ingest.OpenWorkbook(data)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if len(read.Sheets) != len(b.sheets) {
		return fmt.Errorf("read back: %d sheets, %d were written", len(read.Sheets), len(b.sheets))
	}
	for i := range b.sheets {
		if err := b.sheets[i].compare(read.Sheets[i]); err != nil {
			return fmt.Errorf("read back: sheet %s: %w", b.sheets[i].name, err)
		}
	}
	return nil
}

func (s *sheet) compare(read ingest.Sheet) error {
	if read.Name != s.name {
		return fmt.Errorf("its name is %q", read.Name)
	}
	if len(s.columns) == 0 {
		return nil // charts and sentences: no row of data
	}
	first, seen := s.headerRow()+1, 0
	for row, err := range read.Rows {
		if err != nil {
			return err
		}
		n := row.Number - first
		if n < 0 {
			continue
		}
		if n >= len(s.rows) {
			return fmt.Errorf("row %d: only %d rows were written", row.Number, len(s.rows))
		}
		for ; seen < n; seen++ { // rows that hold nothing are not in the file
			if err := s.compareRow(seen, ingest.Row{}); err != nil {
				return err
			}
		}
		if err := s.compareRow(n, row); err != nil {
			return err
		}
		seen = n + 1
	}
	for ; seen < len(s.rows); seen++ {
		if err := s.compareRow(seen, ingest.Row{}); err != nil {
			return err
		}
	}
	return nil
}

func (s *sheet) compareRow(n int, row ingest.Row) error {
	for i, want := range s.rows[n] {
		if got := row.At(i); !sameCell(got, want) {
			return fmt.Errorf("row %d, %s: the file holds %q, the table %v", s.headerRow()+1+n, s.columns[i].title, got.String(), want)
		}
	}
	return nil
}

// sameCell reports whether a cell that was read says the value that was written.
func sameCell(got ingest.Cell, want any) bool {
	number := func(x float64) bool { return got.Kind == ingest.Number && got.Number == x }
	switch v := want.(type) {
	case nil:
		return got.Blank()
	case formatted:
		return sameCell(got, v.value)
	case link:
		return got.Kind == ingest.Text && got.Text == v.text
	case string:
		return got.Text == v && (got.Kind == ingest.Text || v == "")
	case int32:
		return number(float64(v))
	case int64:
		return number(float64(v))
	case float64:
		return number(round15(v))
	case time.Time:
		return got.Kind == ingest.Date && got.Date.Format(time.DateOnly) == v.Format(time.DateOnly) || number(serial(v))
	}
	return false
}
