package exports

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func readBackBook() *workbook {
	day := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return &workbook{title: "Essai", author: "Essai", made: day, sheets: []sheet{
		{name: "Chiffres", title: "Chiffres", sentences: []string{"Une phrase."},
			columns: []column{{"Nom", 20, textFormat}, {"Part", 10, percentFormat}, {"Nombre", 10, integerFormat}, {"Mois", 12, monthFormat}},
			rows: [][]any{
				{"Une actrice", 1.0 / 3, int64(12), day}, {nil, nil, nil, nil}, {"=1+1", "[nd]", formatted{int32(2), integerFormat}, nil}, {link{"Vers", "Chiffres"}, 0.1 + 0.2, nil, nil},
			}},
		{name: "Rien", title: "Rien", sentences: []string{"Aucune ligne."}},
	}}
}

// A workbook that says anything else than its rows is not published.
func TestReadBack(t *testing.T) {
	data, err := readBackBook().encode() // compares
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(b *workbook){
		"a text":             func(b *workbook) { b.sheets[0].rows[0][0] = "Un acteur" },
		"a number":           func(b *workbook) { b.sheets[0].rows[0][1] = 0.3333 },
		"a formatted number": func(b *workbook) { b.sheets[0].rows[2][2] = formatted{int32(3), integerFormat} },
		"a month":            func(b *workbook) { b.sheets[0].rows[0][3] = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) },
		"nothing":            func(b *workbook) { b.sheets[0].rows[0][2] = nil },
		"something":          func(b *workbook) { b.sheets[0].rows[1][2] = int64(0) },
		"a symbol":           func(b *workbook) { b.sheets[0].rows[2][1] = "[s]" },
		"one row more":       func(b *workbook) { b.sheets[0].rows = append(b.sheets[0].rows, []any{"x", nil, nil, nil}) },
		"one row less":       func(b *workbook) { b.sheets[0].rows = b.sheets[0].rows[:3] },
		"a sheet's name":     func(b *workbook) { b.sheets[1].name = "Autre" },
		"one sheet less":     func(b *workbook) { b.sheets = b.sheets[:1] },
	} {
		b := readBackBook()
		change(b)
		if err := b.readBack(data); err == nil {
			t.Errorf("%s: the difference is not noticed", name)
		}
	}
	if err := readBackBook().readBack(data[:len(data)/2]); err == nil {
		t.Error("half a file is read")
	}
}

// A release is whole when its folder holds what its manifest says.
func TestWhole(t *testing.T) {
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("donnees/a.csv", "a\n")
	write("b.xlsx", "b")
	files, err := listFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	data, err := encodeJSON(manifestJSON{Fichiers: files})
	if err != nil {
		t.Fatal(err)
	}
	write(manifestFile, string(data))
	if digest, err := Whole(dir); err != nil || digest != sha256Hex(data) {
		t.Errorf("%s, %v", digest, err)
	}
	refused := func(why string) {
		t.Helper()
		if _, err := Whole(dir); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("want an error with %q, got %v", why, err)
		}
	}
	write("donnees/a.csv", "b\n")
	refused("a.csv is not as it was written")
	write("donnees/a.csv", "a\n")
	write("c", "")
	refused("c is not in its manifest")
	if err := errors.Join(os.Remove(filepath.Join(dir, "c")), os.Remove(filepath.Join(dir, "b.xlsx"))); err != nil {
		t.Fatal(err)
	}
	refused("b.xlsx is missing")
	write("b.xlsx", "b")
	write(manifestFile, "{")
	refused("manifest.json")
	if err := os.Remove(filepath.Join(dir, manifestFile)); err != nil {
		t.Fatal(err)
	}
	refused("manifest.json")
}
