package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// truthBook is one month of val-de-lys with what makes formats differ: accents and ligatures, quotes,
// no-break spaces, lines within a text, days, a month, decimals, percentages, booleans, times,
// absences, codes by label and by name, identifiers with leading zeros, errors, empty rows and cells.
// Every charset below can write it: no narrow space, no tick. No line of a text begins with blanks:
// LibreOffice writes them into OpenDocument as blanks that its standard says to pass over.
func truthBook(t testing.TB) *book {
	b := blankBook(t)
	for _, table := range []string{"freins", "principes", "engagements", "projets", "effets", "reperes", "deliberation"} {
		b.remove(b.model.Schemas[table].Title)
	}
	b.cover("periode", utc(2026, 11, 1))
	b.cover("referent", "Anaïs Lœuillet")
	b.cover("rien_freins", true)
	b.cover("rien_projets", "oui")

	b.add("acteurs", set{"acteur_id": "0042", "nom": "L’Œuvre « Épicerie » d'à côté ; \"Chez Zoë\"", "siren": "005880901", "code_commune": "01004", "part_publique_capital": percent(0.125)})
	b.add("acteurs", set{"acteur_id": "scic-2", "nom": "Régie\u00a0: l’été à 5\u00a0%", "groupe_pairs": "socio_economique", "famille": "Société coopérative d’intérêt collectif (SCIC)",
		"siren": 732829320, "code_commune": "2A004", "secteur": "ÉNERGIE", "part_publique_capital": 35, "date_sortie": utc(2026, 2, 28)})
	b.add("acteurs", set{"acteur_id": "a\u00a0", "nom": "  Foyer rural\u00a0", "siren": "nc", "secteur": "ne sait pas", "origine": "Initiative citoyenne"})
	b.add("acteurs", set{"acteur_id": "ville", "nom": "Ville\nde Lys,\n\net alentours", "famille": "collectivite", "part_publique_capital": percent(1)})
	b.of("acteurs").rows = append(b.of("acteurs").rows, nil, []any{nil, nil, nil, ""}, []any{"  "})
	b.add("acteurs", set{"acteur_id": 12, "nom": "Après deux lignes vides", "rna": "W751234567", "siren": 732829321})
	b.add("acteurs", set{"acteur_id": "sans-nom", "nom": nil, "date_entree": "31/02/2026"})

	b.add("relations", set{"confiance": 4, "clarte_intention": 6, "contraintes_prises_en_charge": "nsp", "cadre": "nc"})
	b.add("relations", set{"partenaire": "0042", "dimension": "horizontale", "type_relation": "Donneur d’ordre", "confiance": fault("#N/A")})
	b.add("relations", set{"partenaire": "scic-2", "date_observation": "12 novembre 2026", "confiance": 2.5, "cadre": "Appel à projets"})

	b.add("dialogues", set{"dialogue_id": "D-001", "duree_heures": 2.5, "participants_elus": 0, "desaccords_exprimes": 3, "desaccords_travailles": 2})
	b.add("dialogues", set{"dialogue_id": 2, "duree_heures": clocked(2.5 / 24), "participants_elus": "1 200", "decisions_prises": 1, "decisions_partagees": 2})
	b.add("dialogues", set{"dialogue_id": "D-003", "statut": "Annulé", "motif_non_tenue": "Habitude ancrée", "duree_heures": "nc"})

	b.add("attentes", set{"reconnu_par": "Élus ; agents;ÉTAT"})

	b.add("ressources", set{"ressource_id": "R1", "montant_eur": 1234.56, "pluriannuel": true})
	b.add("ressources", set{"ressource_id": "R2", "montant_eur": 0.1 + 0.2, "pluriannuel": false})
	b.add("ressources", set{"ressource_id": "R3", "montant_eur": -12.5, "pluriannuel": "peut-être"})
	b.add("ressources", set{"ressource_id": "R4", "montant_eur": 12345678901.5, "nature": "Subvention"})
	b.add("ressources", set{"ressource_id": "R5", "nature": "benevolat", "montant_eur": nil, "heures": 7.25})
	b.add("ressources", set{"ressource_id": "R5", "montant_eur": "12\u00a0345,67 €"})
	b.of("ressources").rows = append(b.of("ressources").rows, []any{"Total", nil, nil, nil, nil, 12345680000})

	b.add("celebrations", set{"intitule": "Noël à Œuilly", "dans_le_recit": true, "participants": 80})
	return b
}

// TestFormatFixtures makes testdata/formats anew with LibreOffice when FORMAT_FIXTURES is set.
func TestFormatFixtures(t *testing.T) {
	if os.Getenv("FORMAT_FIXTURES") == "" {
		t.Skip("set FORMAT_FIXTURES to make the files anew with LibreOffice")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "verite.xlsx")
	write(t, source, string(truthBook(t).xlsx()))
	for _, format := range []string{"ods:calc8", "fods:OpenDocument Spreadsheet Flat XML", "xls:MS Excel 97", "xlsx:Calc MS Excel 2007 XML"} {
		out, err := exec.Command("soffice", "-env:UserInstallation=file://"+dir+"/profile", "--headless",
			"--convert-to", format, "--outdir", filepath.Join("testdata", "formats"), source).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

// TestFormatsSayTheSame reads the same workbook in every format: what is understood of it, and all
// that is said about it, must not depend on the format.
func TestFormatsSayTheSame(t *testing.T) {
	b := truthBook(t)
	want := b.parse()
	checkTruth(t, want)
	for _, name := range []string{"verite.xlsx", "verite.ods", "verite.fods", "verite.xls"} {
		t.Run(name, func(t *testing.T) {
			data := read(t, filepath.Join("testdata", "formats", name))
			if diff := gocmp.Diff(want, Parse(b.model, []byte(data)), ignoreTitled); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// ignoreTitled passes over what is the same for all: the model's own tables.
var ignoreTitled = gocmp.Comparer(func(a, b *Schema) bool { return a == b })

// checkTruth holds that the workbook to which the others are compared was itself understood: formats
// that are all misread alike would be equal too.
func checkTruth(t *testing.T, sub *Submission) {
	t.Helper()
	if sub.Rejected || sub.Territoire != "val-de-lys" || sub.Periode != utc(2026, 11, 1) {
		t.Fatalf("%+v", sub.Findings)
	}
	for _, c := range []struct {
		table string
		row   int
		field string
		want  string
	}{
		{"acteurs", 0, "acteur_id", "0042"},
		{"acteurs", 0, "nom", "L’Œuvre « Épicerie » d'à côté ; \"Chez Zoë\""},
		{"acteurs", 0, "siren", "005880901"},
		{"acteurs", 0, "code_commune", "01004"},
		{"acteurs", 0, "part_publique_capital", "12.5"},
		{"acteurs", 1, "nom", "Régie\u00a0: l’été à 5\u00a0%"},
		{"acteurs", 1, "siren", "732829320"},
		{"acteurs", 1, "date_sortie", "2026-02-28"},
		{"acteurs", 2, "acteur_id", "a"},
		{"acteurs", 2, "nom", "Foyer rural"},
		{"acteurs", 2, "secteur", DoesNotKnow},
		{"acteurs", 3, "nom", "Ville\nde Lys,\n\net alentours"},
		{"acteurs", 3, "part_publique_capital", "100"},
		{"acteurs", 4, "acteur_id", "12"},
		{"relations", 0, "contraintes_prises_en_charge", DoesNotKnow},
		{"relations", 1, "confiance", ""},
		{"dialogues", 0, "duree_heures", "2.5"},
		{"dialogues", 1, "participants_elus", "1200"},
		{"attentes", 0, "reconnu_par", "elus;agents;etat"},
		{"ressources", 0, "montant_eur", "1234.56"},
		{"ressources", 0, "pluriannuel", "true"},
		{"ressources", 1, "montant_eur", "0.3"},
		{"ressources", 3, "montant_eur", "12345678901.5"},
		{"celebrations", 0, "dans_le_recit", "true"},
	} {
		if got := sub.table(c.table).value(c.row, c.field); got != c.want {
			t.Errorf("%s row %d: %s is %q, want %q", c.table, c.row, c.field, got, c.want)
		}
	}
	if line := sub.table("acteurs").Rows[4].Line; line != 9 {
		t.Errorf("the row after the empty ones is on line %d", line)
	}
}

// dialect is a way in which a program saves a sheet as a text.
type dialect struct {
	separator rune
	decimal   string
	day       string
	yes, no   string
	newline   string
}

// dialects are how Excel saves in French, in English, and as « Texte Unicode », and an old Mac.
var dialects = map[string]dialect{
	"semicolons": {';', ",", "02/01/2006", "VRAI", "FAUX", "\r\n"},
	"commas":     {',', ".", "2006-01-02", "TRUE", "FALSE", "\n"},
	"tabs":       {'\t', ",", "02/01/2006", "VRAI", "FAUX", "\r\n"},
	"of a Mac":   {';', ",", "02/01/2006", "VRAI", "FAUX", "\r"},
}

var charsets = map[string]encoding.Encoding{
	"UTF-8 with a mark":      unicode.UTF8BOM,
	"UTF-8":                  unicode.UTF8,
	"UTF-16LE with a mark":   unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"UTF-16LE":               unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"UTF-16BE":               unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"Windows-1252":           charmap.Windows1252,
	"of a Macintosh (Roman)": charmap.Macintosh,
}

// TestTextsSayTheSame reads the workbook as an archive of texts, in each charset and each dialect. A
// text has no cells of errors: there #N/A is what someone wrote in place of a number, and the rule
// of that one cell may differ. Nor has it other values than those that are shown.
func TestTextsSayTheSame(t *testing.T) {
	b := truthBook(t)
	want := asText(b.parse())
	for charset, e := range charsets {
		for name, d := range dialects {
			t.Run(charset+", "+name, func(t *testing.T) {
				var parts []part
				for _, s := range b.sheets {
					text, err := e.NewEncoder().String(s.csv(t, d))
					if err != nil {
						t.Fatal(err)
					}
					parts = append(parts, part{s.name + ".csv", text})
				}
				if diff := gocmp.Diff(want, asText(Parse(b.model, zippedParts(t, parts...))), ignoreTitled); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestTextRowsAreThoseOfASpreadsheet numbers the rows of texts as who opens them in Excel or
// LibreOffice sees them, so that the cell named in a finding is found there.
func TestTextRowsAreThoseOfASpreadsheet(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "a;b;c\n1;2;3\n4;5;6\n", "1:a 2:1 3:4"},
		{"a line that says the separator", "sep=;\r\na;b;c\r\n1;2;3\r\n4;5;6\r\n", "1:a 2:1 3:4"},
		{"one that says tabs", "sep=\t\na\tb\tc\n1\t2\t3\n4\t5\t6\n", "1:a 2:1 3:4"},
		{"empty lines", "\na;b;c\n\n\n1;2;3\n;;\n4;5;6\n", "2:a 5:1 7:4"},
		{"lines within cells", "a;\"b\n\nb\";c\n1;\"2\n2\";\"3\n3\"\n4;5;6\n", "1:a 2:1 3:4"},
		{"a quote left open after them", "a;\"b\n\nb\";c\n1;2;3\n4;5;6\n\"7;8;9\n", "1:a 2:1 3:4 error at 4"},
		{"a stray quote after them", "a;\"b\n\nb\";c\n1;2;3\n4;5;6\n7;8\"8;9\n", "1:a 2:1 3:4 error at 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := OpenWorkbook([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for row, err := range w.Sheets[0].Rows {
				if at := (*SheetError)(nil); errors.As(err, &at) {
					got = append(got, fmt.Sprintf("error at %d", at.Row))
					continue
				}
				got = append(got, fmt.Sprintf("%d:%s", row.Number, row.At(0)))
			}
			if joined := strings.Join(got, " "); joined != c.want {
				t.Errorf("%s, want %s", joined, c.want)
			}
		})
	}
}

// asText keeps of a submission what texts can say.
func asText(sub *Submission) *Submission {
	for i := range sub.Findings {
		f := &sub.Findings[i]
		if *f = (Finding{Rule: f.Rule, Sheet: f.Sheet, Line: f.Line, Cell: f.Cell}); f.Sheet == "Relations" && f.Cell == "F3" {
			f.Rule = "" // the error
		}
	}
	return sub
}

// csv is the sheet as a text, its cells as they are shown.
func (s *bookSheet) csv(t testing.TB, d dialect) string {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = d.separator
	width := 0
	for _, row := range s.rows {
		width = max(width, len(row))
	}
	for _, row := range s.rows {
		record := make([]string, width)
		for i, value := range row {
			record[i] = d.show(t, value)
		}
		if err := w.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), "\n", d.newline)
}

func (d dialect) show(t testing.TB, value any) string {
	number := func(n float64) string {
		return strings.Replace(strconv.FormatFloat(n, 'f', -1, 64), ".", d.decimal, 1)
	}
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case fault:
		return string(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return number(v)
	case percent:
		return number(float64(v)*100) + " %"
	case clocked:
		minutes := int(float64(v)*24*60 + 0.5)
		return fmt.Sprintf("%d:%02d", minutes/60, minutes%60)
	case time.Time:
		return v.Format(d.day)
	case bool:
		if v {
			return d.yes
		}
		return d.no
	}
	t.Fatalf("no text for a %T", value)
	return ""
}

// TestEpochIsSaidOnce reads a workbook of Excel for Mac: it counts days from 1904, and an extension
// written after its sheets has an element of the same name that says nothing of it.
func TestEpochIsSaidOnce(t *testing.T) {
	styles := part{"xl/styles.xml", `<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`}
	said := `<workbookPr date1904="1"/><sheets>`
	extended := `</sheets><extLst><ext xmlns:x15="x"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst>`
	book := strings.NewReplacer("<sheets>", said, "</sheets>", extended).Replace(bookXML)
	w, err := OpenWorkbook(zipped(t, sheetXML(`<row r="1"><c r="A1" s="0"><v>44196</v></c></row>`), styles, part{"xl/workbook.xml", book}))
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range w.Sheets[0].Rows {
		if err != nil || row.At(0).Date != utc(2025, 1, 1) {
			t.Errorf("%v, %v", row.At(0), err)
		}
	}
}

// TestDaysWithAZone takes the day that is written: no one's day changes with the place where it is read.
func TestDaysWithAZone(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-11-29T00:00:00+01:00": utc(2026, 11, 29), "2026-11-29T23:30:00-02:00": utc(2026, 11, 29), "2026-11-29T00:00:00Z": utc(2026, 11, 29),
	} {
		if got, ok := isoTime(text); !ok || got.Truncate(24*time.Hour) != want || got.Location() != time.UTC {
			t.Errorf("%s is %v, %v", text, got, ok)
		}
	}
}

// TestBooleansOfOpenDocument takes the digits that libraries write for booleans as LibreOffice does.
func TestBooleansOfOpenDocument(t *testing.T) {
	for text, want := range map[string]string{"true": "A1 bool true", "1": "A1 bool true", "false": "A1 bool false", "0": "A1 bool false", "vrai": "", "": ""} {
		lines, err := cellLines(zippedParts(t, part{"content.xml", `<office:document-content xmlns:office="o" xmlns:table="t"><office:body><office:spreadsheet><table:table table:name="S"><table:table-row>` +
			`<table:table-cell office:value-type="boolean" office:boolean-value="` + text + `"/></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>`}))
		if want == "" && err == nil || want != "" && (err != nil || lines[1] != want) {
			t.Errorf("%q is %q, %v", text, lines, err)
		}
	}
}

// TestOpenDocumentOddities reads what LibreOffice writes and neither the workbook above nor the corpus
// holds: filtered rows, tabs, remarks, a sheet within a cell, merged cells.
func TestOpenDocumentOddities(t *testing.T) {
	data := zippedParts(t, part{"content.xml", `<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:draw="d"><office:body><office:spreadsheet><table:table table:name="S">` +
		`<table:table-row table:visibility="filter"><table:table-cell office:value-type="string"><text:p>filtré</text:p></table:table-cell></table:table-row>` +
		`<table:table-row table:visibility="collapse"><table:table-cell office:value-type="string"><text:p>caché</text:p></table:table-cell></table:table-row>` +
		`<table:table-row-group><table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="string"><office:annotation><text:p>remarque</text:p></office:annotation>` +
		`<text:p>un<text:tab/>deux<text:s text:c="3"/><text:span> trois<text:line-break/></text:span></text:p></table:table-cell>` +
		`<table:table-cell table:number-columns-spanned="2" office:value-type="string"><text:p>fusion</text:p></table:table-cell>` +
		`<table:covered-table-cell office:value-type="string"><text:p>dessous</text:p></table:covered-table-cell>` +
		`<table:table-cell><draw:frame><table:table table:name="T"><table:table-row><table:table-cell><text:p>dedans</text:p></table:table-cell></table:table-row></table:table></draw:frame></table:table-cell>` +
		`</table:table-row></table:table-row-group></table:table></office:spreadsheet></office:body></office:document-content>`})
	got, err := cellLines(data)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"sheet S hidden=false", `A1 text "filtré" hidden`, `A2 text "caché" hidden`,
		`A3 text "un\tdeux    trois\n"`, `B3 text "fusion"`, `A4 text "un\tdeux    trois\n"`, `B4 text "fusion"`,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff(odsReference(t, data), got); diff != "" {
		t.Errorf("(-reference +read)\n%s", diff)
	}
}
