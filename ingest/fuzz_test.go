package ingest

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// checkSubmission holds what is true of every submission, whatever the file.
func checkSubmission(t testing.TB, m *Model, sub *Submission) {
	t.Helper()
	if sub.Rejected && sub.Tables != nil {
		t.Error("rejected, with tables")
	}
	if !sub.Rejected && sub.Comments == nil && (len(sub.Tables) != len(Tables) || sub.Territoire == "" || sub.Periode.Day() != 1) {
		t.Errorf("taken, with %d tables, territory %q, month %v", len(sub.Tables), sub.Territoire, sub.Periode)
	}
	rejections := 0
	for _, f := range sub.Findings {
		if want := RuleNamed(f.Rule).Severity; f.Severity != want || f.Message == "" {
			t.Errorf("finding %+v", f)
		}
		if f.Severity == Rejet {
			rejections++
		}
	}
	if sub.Rejected != (rejections > 0) {
		t.Errorf("rejected: %v, with %d reasons", sub.Rejected, rejections)
	}
	for i := range sub.Tables {
		checkTable(t, m, &sub.Tables[i])
	}
}

func checkTable(t testing.TB, m *Model, table *TableRows) {
	t.Helper()
	if read, taken, aside := table.Counts(); read != taken+aside || read != len(table.Rows) {
		t.Errorf("%s: %d read, %d taken, %d aside", table.Schema.Name, read, taken, aside)
	}
	retired, line, keys := table.Schema.index(retire.Name), 0, map[string]bool{}
	for _, r := range table.Rows {
		if r.Line <= line || r.Present > r.Required || r.Present > r.Filled || len(r.Values) != len(table.Schema.Fields) {
			t.Errorf("%s: row %+v after line %d", table.Schema.Name, r, line)
		}
		line = r.Line
		if r.Aside {
			continue
		}
		key := ""
		for i := range table.Schema.Fields {
			f, value := &table.Schema.Fields[i], r.Values[i]
			isKey := slices.Contains(table.Schema.PrimaryKey, f.Name)
			if value == "" && (isKey || f.Constraints.Required && r.Values[retired] != "true") {
				t.Errorf("%s line %d was taken without its %s", table.Schema.Name, r.Line, f.Name)
			}
			if isKey || f.Name == table.Schema.DateField && table.Schema.Kind == Releve {
				key += value + "\x00"
			}
			checkReread(t, m, f, value)
		}
		if keys[key] {
			t.Errorf("%s line %d: its key was taken twice", table.Schema.Name, r.Line)
		}
		keys[key] = true
	}
}

// checkReread reads a canonical text again: it must be its own canonical text.
func checkReread(t testing.TB, m *Model, f *Field, value string) {
	t.Helper()
	if value == "" || value == NotConcerned || value == DoesNotKnow {
		return
	}
	if again, rule := m.canonical(f, textCell(value)); again != value {
		t.Errorf("%s: %q is read again as %q, %s", f.Name, value, again, rule)
	}
}

// seedBook is a small workbook, of few sheets for speed, with something of everything.
func seedBook(t testing.TB) *book {
	b := blankBook(t)
	for _, table := range Tables[2:] {
		if table != "projets" {
			b.remove(b.model.Schemas[table].Title)
		}
	}
	b.add("acteurs", set{"siren": 732829320, "part_publique_capital": percent(0.35)})
	b.add("acteurs", set{"acteur_id": "a2", "nom": nil, "date_sortie": "31/02/2026"})
	b.add("relations", set{"confiance": fault("#N/A"), "cadre": "nc"})
	b.of("acteurs").rows = append(b.of("acteurs").rows, []any{"Total", nil, 2})
	b.of("projets").name = "Nos projets"
	return b
}

func FuzzParse(f *testing.F) {
	m, err := LoadModel()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seedBook(f).xlsx())
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		sub := Parse(m, data)
		checkSubmission(t, m, sub)
		if again := Parse(m, data); !reflect.DeepEqual(sub, again) {
			t.Errorf("the same bytes gave\n%+v\nand\n%+v", sub, again)
		}
	})
}

// FuzzSheetXML puts any XML after the rows of a sheet, where a fuzzer of zipped bytes hardly gets.
func FuzzSheetXML(f *testing.F) {
	m, err := LoadModel()
	if err != nil {
		f.Fatal(err)
	}
	for _, row := range []string{
		`<row r="3"><c r="A3" t="inlineStr"><is><t>a3</t></is></c><c r="B3" t="str"><v>Nom</v></c><c r="C3" s="1"><v>45000</v></c></row>`,
		`<row r="3"><c r="A3" t="b"><v>1</v></c><c r="B3" t="e"><v>#N/A</v></c><c r="C3" t="d"><v>2026-03-15T00:00:00</v></c><c r="D3" s="99"><v>NaN</v></c></row>`,
		`<row r="9"><c r="XFD9"><v>1e400</v></c></row><row r="2"><c><v>x</v></c></row>`,
		`<row r="1048577"/>`, `<row r="-1"><c r="A0"><f>1/0</f></c></row>`, `<row><c t="s"><v>7</v></c></row>`, `</sheetData><sheetData>`, `&`, `<c>`,
	} {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, xml string) {
		b := seedBook(t)
		b.of("acteurs").damage = xml
		data := b.xlsx()
		sub := Parse(m, data)
		checkSubmission(t, m, sub)
		if again := Parse(m, data); !reflect.DeepEqual(sub, again) {
			t.Errorf("the same bytes gave\n%+v\nand\n%+v", sub, again)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	m, err := LoadModel()
	if err != nil {
		f.Fatal(err)
	}
	fields := sampleFields(f)
	for _, text := range []string{
		"1 234,56 €", "−12", "12 %", "1.234,5", "0,00005", "9999999999999", "1e5", "NaN", "15/03/2026", "1er mars 2026", "2026-03-15T10:00",
		"novembre 2026", "11/2026", "oui", "✓", "faux", "Élus ; agents", ";", "Société commerciale de l’ESS", "P2.10", "œuvre", "nc", "\u00a0", "\xff", "",
	} {
		f.Add(text, 0.5)
	}
	f.Add("", math.MaxFloat64)
	f.Add("", 1e13-0.00005)
	f.Add("", -0.00005)
	f.Add("", 45000.0)
	f.Fuzz(func(t *testing.T, text string, number float64) {
		text = strings.ToValidUTF8(text, "\ufffd") // as every reader gives it
		date, _ := dateOfSerial(number, false)
		for _, c := range []Cell{textCell(text), faultCell(text), numberCell(number), percentCell(number), {Kind: Date, Date: date}, boolCell(number > 0)} {
			if c.Blank() {
				continue
			}
			for name, field := range fields {
				got, rule := m.canonical(field, c)
				if rule != "" && (RuleNamed(rule).Severity == Erreur) != (got == "") {
					t.Errorf("%s: %q breaks %s, and reads %q", name, text, rule, got)
				}
				if m.propose(field, c, false); rule != "" && got == "" {
					continue
				}
				if got == "" {
					t.Errorf("%s: %+v reads as nothing", name, c)
				}
				checkReread(t, m, field, got)
				within(field, got)
			}
		}
		if folded := Fold(text); Fold(folded) != folded {
			t.Errorf("Fold(%q) = %q, folded again %q", text, folded, Fold(folded))
		}
	})
}

func FuzzJournal(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	appendTo(f, openJournal(f, path), entry(1), Entry{Type: EntryCollection, At: noon})
	whole := read(f, path)
	for _, seed := range []string{whole, whole[:len(whole)-5], whole + "\x00\x00", strings.Replace(whole, "\n", "\n\n", 1), "{}\n", "null\n", "[]\n", "\n", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal(path)
		if err != nil {
			if !strings.HasPrefix(err.Error(), path+":") {
				t.Errorf("the error does not say where: %v", err)
			}
			return
		}
		if len(j.Entries()) != strings.Count(string(data), "\n") {
			t.Errorf("%d lines of %d", len(j.Entries()), strings.Count(string(data), "\n"))
		}
		if read(t, path) != string(data) {
			t.Error("reading changed the file")
		}
		appendTo(t, j, entry(9))
		again := openJournal(t, path)
		if diff := gocmp.Diff(j.Entries(), again.Entries()); diff != "" {
			t.Errorf("after a line (-written +read):\n%s", diff)
		}
		if kept := data[:strings.LastIndexByte(string(data), '\n')+1]; !strings.HasPrefix(read(t, path), string(kept)) {
			t.Error("earlier lines were changed")
		}
	})
}
