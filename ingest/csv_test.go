package ingest

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// csvTold reads one text as a sheet, however little it looks like a table.
func csvTold(data []byte) (told []string, err error) {
	for row, err := range csvRows("S", data) {
		if err != nil {
			return told, err
		}
		for _, c := range row.Cells {
			told = append(told, CellName(c.Column, row.Number)+"="+c.Text)
		}
	}
	return told, nil
}

// TestCSVCharsets writes one text in each charset that French has been typed in. All read the same.
func TestCSVCharsets(t *testing.T) {
	utf16 := func(order unicode.Endianness, mark unicode.BOMPolicy) encoding.Encoding {
		return unicode.UTF16(order, mark)
	}
	texts := map[string]string{
		"a list":          "Nom du bénéficiaire;Échelon;Montant\nŒuvre de l’été « À Noël »;forêt;12 €\nGarçon où ça ?;île;3\n",
		"capitals":        "ÉCHELON;RÉGION;DÉPÔT\nÉLUS;ÎLE-DE-FRANCE;À PART\nÇA;ÈRE;FORÊT\n",
		"one accent":      "nom;prenom;ville\nDupont;Zoé;Lyon\nDurand;Jean;Paris\n",
		"one apostrophe":  "nom;objet;ville\nDupont;l’abri;Lyon\nDurand;rien;Paris\n",
		"no-break spaces": "nom;montant;part\nun;1\u00a0234,56 €;12 %\ndeux;2\u00a0345,67 €;13 %\n",
		"no accent":       "nom;objet;ville\nDupont;rien;Lyon\n",
	}
	for name, text := range texts {
		for charset, e := range map[string]encoding.Encoding{
			"UTF-8": encoding.Nop, "UTF-8 with a mark": unicode.UTF8BOM,
			"UTF-16 LE with a mark": utf16(unicode.LittleEndian, unicode.UseBOM), "UTF-16 BE with a mark": utf16(unicode.BigEndian, unicode.UseBOM),
			"UTF-16 LE": utf16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16 BE": utf16(unicode.BigEndian, unicode.IgnoreBOM),
			"Windows-1252": charmap.Windows1252, "Mac Roman": charmap.Macintosh,
		} {
			for ends, end := range map[string]string{"LF": "\n", "CR LF": "\r\n", "CR": "\r"} {
				data, err := e.NewEncoder().Bytes([]byte(strings.ReplaceAll(text, "\n", end)))
				if err != nil {
					t.Fatal(err)
				}
				if got, err := decodeText(data); err != nil || got != text {
					t.Errorf("%s, %s, %s: %q, %v", name, charset, ends, got, err)
				}
			}
		}
	}
}

// TestCSVCharsetTraps are the texts at which other tools err in silence: they read « Ã© » for « é »,
// or nothing at all. What was spoilt before it came is kept as it came: titles that are not
// recognised and values that are not in a list are then findings, which show it to the sender.
func TestCSVCharsetTraps(t *testing.T) {
	many := strings.Repeat("é;à;ç\n", 50)
	for _, c := range []struct{ name, data, want string }{
		{"spoilt before it came", "Nom du b\ufffdn\ufffdficiaire;b;c\n", "Nom du b\ufffdn\ufffdficiaire;b;c\n"},
		{"encoded twice before it came", "notifiée Ã\u00a0 l'Europe;b;c\n", "notifiée Ã\u00a0 l'Europe;b;c\n"},
		{"encoded twice throughout", "prÃ©nom;b;c\n", "prÃ©nom;b;c\n"},
		{"one foreign byte in UTF-8", many + "caf\xe9;b;c\n" + many, ""},
		{"one foreign byte in a little UTF-8", "é;à;c\n1;\xe9;3\n", ""},
		{"UTF-8 cut within a letter", many + "d\xc3", ""},
		{"UTF-16 cut within a letter", "\xff\xfea\x00;\x00b", ""},
		{"UTF-16 without a mark cut within a letter", "a\x00;\x00b\x00;\x00c", ""},
		{"zeros on both sides", "a\x00\x00b;\x00\x00c", ""},
		{"one zero", "a;b;c\n1;\x00;3\n", ""},
		{"a control character", "a;b;c\n1;\x1a;3\n", ""},
		{"a mark, then another charset", "\ufeffcaf\xe9;b;c\n", ""},
		{"nothing but a mark", "\ufeff", ""},
	} {
		got, err := decodeText([]byte(c.data))
		if got != c.want || (err == nil) != (c.want != "" || c.name == "nothing but a mark") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// TestCSVDialects is a table of texts and the cells that people see in them.
func TestCSVDialects(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"semicolons", "a;b;c\n1;2;3\n", "A1=a B1=b C1=c A2=1 B2=2 C2=3"},
		{"commas", "a,b,c\n1,2,3\n", "A1=a B1=b C1=c A2=1 B2=2 C2=3"},
		{"tabs", "a\tb\tc\n1\t2\t3\n", "A1=a B1=b C1=c A2=1 B2=2 C2=3"},
		{"bars", "a|b|c\n1|2|3\n", "A1=a B1=b C1=c A2=1 B2=2 C2=3"},
		{"no end of line", "a;b\n1;2", "A1=a B1=b A2=1 B2=2"},
		{"sep=", "sep=;\na;b,c,d\n1;2,3,4\n", "A1=a B1=b,c,d A2=1 B2=2,3,4"},
		{"SEP= with a comma", "SEP=,\na;b,c\n", "A1=a;b B1=c"},
		{"sep= with a tab", "sep=\t\na\tb\n", "A1=a B1=b"},
		{"sep= with an unusual one", "sep=^\na^b;c\n", "A1=a B1=b;c"},
		{"a title that begins like sep=", "sep=parer;b\n1;2\n", "A1=sep=parer B1=b A2=1 B2=2"},
		{"titles above", "Suivi 2026, mois de mars\n\nVal-de-Lys, édité le 3, par nous\n\na;b;c\n1;2;3\n4;5;6\n", "A1=Suivi 2026, mois de mars A3=Val-de-Lys, édité le 3, par nous A5=a B5=b C5=c A6=1 B6=2 C6=3 A7=4 B7=5 C7=6"},
		{"a separator in quotes", "a;b\n\"1;2\";3\n", "A1=a B1=b A2=1;2 B2=3"},
		{"quotes in quotes", "a;b\n\"dit \"\"oui\"\"\";3\n", "A1=a B1=b A2=dit \"oui\" B2=3"},
		{"a line end in quotes", "a;b\n\"1\n2\";3\n4;5\n", "A1=a B1=b A2=1\n2 B2=3 A3=4 B3=5"},
		{"separators of another kind in quotes", "a;b\n\"1,2,3,4,5,6\";7\n\"1,2,3,4,5,6\";8\n", "A1=a B1=b A2=1,2,3,4,5,6 B2=7 A3=1,2,3,4,5,6 B3=8"},
		{"ragged rows", "a;b;c\n1\n1;2\n1;2;3;4\n;;;\n;;9\n", "A1=a B1=b C1=c A2=1 A3=1 B3=2 A4=1 B4=2 C4=3 D4=4 C6=9"},
		{"decimal commas in one column", "a;b;c\nx;1,5;y\nz;2,5;t\n", "A1=a B1=b C1=c A2=x B2=1,5 C2=y A3=z B3=2,5 C3=t"},
		{"decimal commas in every column", "a;b\n1,5;2,5\n1,5;2,5\n1,5;2,5\n", "A1=a B1=b A2=1,5 B2=2,5 A3=1,5 B3=2,5 A4=1,5 B4=2,5"},
		{"decimal commas and tabs", "a\tb\n1,5\t2,5\n1,5\t2,5\n1,5\t2,5\n", "A1=a B1=b A2=1,5 B2=2,5 A3=1,5 B3=2,5 A4=1,5 B4=2,5"},
		{"decimal commas in quotes", "a,b\n\"1,5\",\"2,5\"\n\"1,5\",\"2,5\"\n", "A1=a B1=b A2=1,5 B2=2,5 A3=1,5 B3=2,5"},
		{"whole numbers and commas", "1,2,3\n4,5,6\n", "A1=1 B1=2 C1=3 A2=4 B2=5 C2=6"},
		{"whole numbers and commas, with lists", "a,b,c,d\n1,2,3,x;y\n4,5,6,x;y\n", "A1=a B1=b C1=c D1=d A2=1 B2=2 C2=3 D2=x;y A3=4 B3=5 C3=6 D3=x;y"},
		{"amounts as French people write them", "a;b\nx;\"1 234,56 €\"\ny;-500\n", "A1=a B1=b A2=x B2=1 234,56 € A3=y B3=-500"},
		{"codes stay as they are written", "a;b\n00123;83014132100026.0\n1,234;2024-01-01_2024-12-31\n", "A1=a B1=b A2=00123 B2=83014132100026.0 A3=1,234 B3=2024-01-01_2024-12-31"},
		{"one column", "nom\nDupont\nDurand\n", "A1=nom A2=Dupont A3=Durand"},
		{"blanks stay", " a ; b\n", "A1= a  B1= b"},
		{"blank lines", "\n\na;b\n\n\n1;2\n\n", "A3=a B3=b A6=1 B6=2"},
		{"nothing", "", ""},
		{"nothing but ends of lines", "\n\n\n", ""},
		{"nothing but separators", ";;;\n;;;\n", ""},
	} {
		for ends, end := range map[string]string{"LF": "\n", "CR LF": "\r\n", "CR": "\r"} {
			got, err := csvTold([]byte(strings.ReplaceAll(c.text, "\n", end)))
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s, %s: %q, %v\nwant %q", c.name, ends, strings.Join(got, " "), err, c.want)
			}
		}
	}
}

// TestCSVErrors are texts that end before they should: an error names the row on which what is wrong begins.
func TestCSVErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		row        int
	}{
		{"a quote left open", "a;b\n1;2\n3;\"4\n5;6\n7;8\n", 3},
		{"a quote left open below sep=", "sep=;\na;b\n1;\"2\n", 2},
		{"a quote left open below lines in quotes", "a;b\n\"1\n2\";3\n\"4;5\n", 3},
		{"text after a quote", "a;b\n\"1\"2;3\n", 2},
		{"a quote within a text", "a;b\nun 5\" de large;3\n", 2},
		{"a column beyond the last", "a;b\n" + strings.Repeat(";", maxColumn) + "x\n", 2},
		{"a separator that cannot be one", "sep=\"\na;b\n", 0}, // no row was begun,
	} {
		_, err := csvTold([]byte(c.text))
		if at := (*SheetError)(nil); !errors.As(err, &at) || at.Sheet != "S" || at.Row != c.row {
			t.Errorf("%s: %v, want row %d", c.name, err, c.row)
		}
	}
}

// TestCSVFileOrNot tells a table from what people also send by mail.
func TestCSVFileOrNot(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		table bool
	}{
		"a table":                {"a;b;c\n1;2;3\n4;5;6\n", true},
		"a table with sep=":      {"sep=;\na;b;c\n1;2;3\n4;5;6\n", true},
		"a letter":               {"Bonjour,\n\nVoici le classeur, à jour, comme promis.\nIl reste deux lignes à voir.\n\nCordialement,\nAnne\n", false},
		"a letter in one line":   {"Bonjour, voici, comme promis, le classeur ; il est à jour ; merci.", false},
		"one column":             {"nom\nDupont\nDurand\n", false},
		"nothing":                {"", false},
		"blanks":                 {" \n\n \n", false},
		"a page":                 {"<!DOCTYPE html>\n<html><head><title>a</title></head>\n<body>b</body></html>\n", false},
		"a PDF":                  {"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nstream\n\x00\x01", false},
		"a PDF without controls": {"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n", false},
	} {
		w, err := OpenWorkbook([]byte(c.text))
		if (err == nil) != c.table || err != nil && !errors.Is(err, errNotWorkbook) {
			t.Errorf("%s: %+v, %v", name, w, err)
		}
	}
}

// TestCSVArchive reads a zip of texts: a sheet each, named after its file, whatever the folder.
func TestCSVArchive(t *testing.T) {
	w, err := OpenWorkbook(zippedParts(t,
		part{"Envoi/Acteurs.CSV", "a;b\n1;2\n"}, part{"Envoi/relations.csv", "\ufeffc,d\n3,4\n"}, part{"lisez-moi.txt", "x;y"},
		part{"__MACOSX/Envoi/._Acteurs.CSV", "\x00\x05"}, part{"Envoi/.caché.csv", "x;y"}, part{"vide.csv", ""}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range w.Sheets {
		got = append(got, s.Name)
		for row, err := range s.Rows {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.At(0).Text+row.At(1).Text)
		}
	}
	if want := []string{"Acteurs", "ab", "12", "relations", "cd", "34", "vide"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := OpenWorkbook(zippedParts(t, part{"lisez-moi.txt", "a;b"})); !errors.Is(err, errNotWorkbook) {
		t.Errorf("a zip without tables: %v", err)
	}
	if err := readWhole(zippedParts(t, part{"a.csv", "a;b\n\"1;2\n"})); err == nil {
		t.Error("a quote left open was read")
	}
}

// FuzzCSV takes any bytes for a text. What is read is all that encoding/csv has of it with the same
// separator: no cell is lost, none is invented, and an error is never taken for the end.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"a;b;c\n1;2;3\n", "sep=,\na,b\n", "sep=\"\n", "a;\"b\n\"\"c\";d\r\n", "\xff\xfea\x00;\x00b\x00", "\x00a\x00;", "caf\xe9;b\n", "caf\x8e;b\n", "é;\xe9\n", "a,1,5\n", "1,5;2,5\n",
		"\"a;b\n", "a\tb\rc\td\r", "\ufeff\ufeffa|b", "", "\n", ";", "a\"b;c",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := csvTold(data)
		again, errAgain := csvTold(data)
		if !slices.Equal(got, again) || (err == nil) != (errAgain == nil) {
			t.Fatalf("read twice, %q and %q", got, again)
		}
		text, textErr := decodeText(data)
		if textErr != nil {
			if err == nil || got != nil {
				t.Fatalf("no text, yet read as %q, %v", got, err)
			}
			return
		}
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\x00") {
			t.Fatalf("decoded to %q", text)
		}
		body, separator := csvDialect(text)
		if !strings.HasSuffix(text, body) || strings.Count(text[:len(text)-len(body)], "\n") > 1 {
			t.Fatalf("%q is what is to be read of %q", body, text)
		}
		r := csv.NewReader(strings.NewReader(body))
		r.Comma, r.FieldsPerRecord = separator, -1
		var want []string
		within := 0 // line breaks in cells: they begin no row
		for {
			record, bookErr := r.Read()
			if bookErr != nil {
				if (bookErr == io.EOF) != (err == nil) || bookErr == io.EOF && !slices.Equal(got, want) {
					t.Fatalf("%q, %v, encoding/csv has %q, %v", got, err, want, bookErr)
				}
				return
			}
			line, _ := r.FieldPos(0)
			number := line - within
			for i, field := range record {
				within += strings.Count(field, "\n")
				if field != "" {
					want = append(want, CellName(i, number)+"="+field)
				}
			}
		}
	})
}
