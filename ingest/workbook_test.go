package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// book is a workbook in the making, written by the few lines below and by no library, so that the
// tests decide what each cell holds, errors and damage included.
type book struct {
	t         testing.TB
	model     *Model
	sheets    []*bookSheet
	epoch1904 bool
	parts     map[string]string // further parts
	deflated  bool              // else stored, which is quick and lets a fuzzer reach the XML
}

type bookSheet struct {
	name   string
	rows   [][]any // cells from column A; nil is empty
	damage string  // XML put after the rows
	hidden bool
	masked []int  // rows that are hidden
	merged string // ranges, by spaces
}

// The kinds of cell beside string, int, float64, bool and time.Time (a day).
type (
	percent float64  // a number shown as a percentage
	clocked float64  // a number shown as hours and minutes
	fault   string   // an error value
	isoDay  string   // a date cell in ISO text
	formula string   // a formula whose value was not saved
	styled  struct{} // a cell that has a number format and nothing else
)

// set is a row: field name → cell.
type set map[string]any

// blankBook is the workbook of val-de-lys for November 2026: the cover, and each table's titles.
func blankBook(t testing.TB) *book {
	t.Helper()
	m, err := LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	b := &book{t: t, model: m}
	cover := b.sheet("Accueil")
	for _, f := range m.Schemas["accueil"].Fields {
		cover.rows = append(cover.rows, []any{f.Title, nil})
	}
	b.cover("territoire_id", "val-de-lys")
	b.cover("periode", "2026-11")
	b.cover("version_modele", "1")
	for _, table := range Tables {
		s := m.Schemas[table]
		titles := make([]any, len(s.Fields))
		for i := range s.Fields {
			titles[i] = s.Fields[i].Title
		}
		b.sheet(s.Title).rows = [][]any{titles}
	}
	return b
}

// sheet is the sheet of that name, made if there is none.
func (b *book) sheet(name string) *bookSheet {
	if i := slices.IndexFunc(b.sheets, func(s *bookSheet) bool { return s.name == name }); i >= 0 {
		return b.sheets[i]
	}
	b.sheets = append(b.sheets, &bookSheet{name: name})
	return b.sheets[len(b.sheets)-1]
}

func (b *book) remove(name string) {
	b.sheets = slices.DeleteFunc(b.sheets, func(s *bookSheet) bool { return s.name == name })
}

// of is a table's sheet.
func (b *book) of(table string) *bookSheet { return b.sheet(b.model.Schemas[table].Title) }

// cover sets a value of the cover.
func (b *book) cover(field string, value any) {
	s := b.model.Schemas["accueil"]
	b.sheet("Accueil").rows[s.index(field)][1] = value
}

// add appends a valid row of the table with some cells of its own, in the schema's order, and
// returns its number.
func (b *book) add(table string, own set) int {
	s, row := b.model.Schemas[table], []any{}
	for i := range s.Fields {
		name := s.Fields[i].Name
		value, given := own[name]
		if !given {
			value = validRows[table][name]
		}
		row = append(row, value)
	}
	for name := range own {
		if s.Field(name) == nil {
			b.t.Fatalf("%s has no field %s", table, name)
		}
	}
	sheet := b.of(table)
	sheet.rows = append(sheet.rows, row)
	return len(sheet.rows)
}

// validRows are a good row of each table, its required cells alone.
var validRows = map[string]set{
	"acteurs":      {"acteur_id": "epicerie", "nom": "Épicerie", "groupe_pairs": "Acteurs socio-économiques", "famille": "Association", "date_entree": utc(2024, 3, 1)},
	"relations":    {"declarant": "ville-elus", "partenaire": "epicerie", "dimension": "Transversale", "date_observation": utc(2026, 11, 12), "type_relation": "Partenariat"},
	"dialogues":    {"dialogue_id": "D1", "date": utc(2026, 11, 18), "type": "Agora", "statut": "tenu"},
	"freins":       {"frein_id": "F1", "exprime_par": "Élus", "categorie": "mefiance", "date_identification": utc(2026, 3, 10), "statut": "identifie"},
	"attentes":     {"attente_id": "T1", "exprimee_par": "elus", "envers": "agents", "categorie": "expertise", "date_expression": utc(2026, 3, 10), "statut": "exprimee"},
	"principes":    {"repondant": "héron-7", "groupe_pairs": "agents", "date_reponse": utc(2026, 11, 12), "axe": "P2.2"},
	"engagements":  {"engagement_id": "G1", "acteur_id": "epicerie", "forme": "financier", "date_debut": utc(2024, 9, 1)},
	"projets":      {"projet_id": "P1", "intitule": "Halle", "theme": "alimentation", "porteur": "epicerie", "portage": "partage", "statut": "en_cours", "date_debut": utc(2025, 1, 1)},
	"ressources":   {"ressource_id": "R1", "projet_id": "P1", "date": utc(2026, 11, 2), "nature": "subvention", "provenance": "publique", "montant_eur": 1500},
	"effets":       {"effet_id": "E1", "projet_id": "P1", "date_constat": utc(2026, 11, 2), "domaine": "social", "description": "On se parle.", "sens": "positif", "anticipe": "oui", "horizon": "long", "niveau_preuve": "observe"},
	"celebrations": {"celebration_id": "C1", "date": utc(2026, 11, 2), "intitule": "Fête"},
	"reperes":      {"repere_id": "M1", "date": utc(2026, 11, 2), "type": "election", "intitule": "Élections"},
	"deliberation": {"dimension": "cooperation", "date_deliberation": utc(2026, 11, 2)},
}

// parse reads the workbook.
func (b *book) parse() *Submission {
	b.t.Helper()
	return Parse(b.model, b.xlsx())
}

// table is what was read of a table.
func (s *Submission) table(name string) *TableRows {
	for i := range s.Tables {
		if s.Tables[i].Schema.Name == name {
			return &s.Tables[i]
		}
	}
	return &TableRows{Schema: &Schema{}}
}

// value is a row's canonical text.
func (t *TableRows) value(row int, field string) string {
	return t.Rows[row].Values[t.Schema.index(field)]
}

func mergesXML(ranges string) (xml string) {
	for _, r := range strings.Fields(ranges) {
		xml += `<mergeCell ref="` + r + `"/>`
	}
	if xml != "" {
		xml = "<mergeCells>" + xml + "</mergeCells>"
	}
	return xml
}

func (b *book) xlsx() []byte {
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	part := func(name, content string) {
		method := zip.Store
		if b.deflated {
			method = zip.Deflate
		}
		w, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = w.Write([]byte(xml.Header + content))
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	const (
		office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
		pack   = "http://schemas.openxmlformats.org/package/2006/"
		main   = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
		ml     = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	)
	var types, rels, sheets strings.Builder
	for i, s := range b.sheets {
		n := i + 1
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, n, ml)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, office, n)
		state := "visible"
		if s.hidden {
			state = "hidden"
		}
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" state="%s" r:id="rId%d"/>`, escaped(s.name), n, state, n)
		part(fmt.Sprintf("xl/worksheets/sheet%d.xml", n), `<worksheet xmlns="`+main+`"><sheetData>`+s.rowsXML(b.t)+s.damage+`</sheetData>`+mergesXML(s.merged)+`</worksheet>`)
	}
	part("[Content_Types].xml", `<Types xmlns="`+pack+`content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="`+ml+`sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="`+ml+`styles+xml"/>`+types.String()+`</Types>`)
	part("_rels/.rels", `<Relationships xmlns="`+pack+`relationships"><Relationship Id="rId1" Type="`+office+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	part("xl/_rels/workbook.xml.rels", `<Relationships xmlns="`+pack+`relationships">`+rels.String()+`<Relationship Id="styles" Type="`+office+`/styles" Target="styles.xml"/></Relationships>`)
	part("xl/workbook.xml", `<workbook xmlns="`+main+`" xmlns:r="`+office+`"><workbookPr date1904="`+strconv.FormatBool(b.epoch1904)+`"/><sheets>`+sheets.String()+`</sheets></workbook>`)
	// Styles: 0 general, 1 a day, 2 a percentage, 3 hours and minutes.
	part("xl/styles.xml", `<styleSheet xmlns="`+main+`"><numFmts count="1"><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="10" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>`)
	for name, content := range b.parts {
		part(name, content)
	}
	if err := out.Close(); err != nil {
		b.t.Fatal(err)
	}
	return buf.Bytes()
}

func (s *bookSheet) rowsXML(t testing.TB) string {
	var out strings.Builder
	for i, row := range s.rows {
		if len(row) == 0 {
			continue
		}
		fmt.Fprintf(&out, `<row r="%d" hidden="%v">`, i+1, slices.Contains(s.masked, i+1))
		for j, value := range row {
			if value != nil {
				out.WriteString(cellXML(t, CellName(j, i+1), value))
			}
		}
		out.WriteString(`</row>`)
	}
	return out.String()
}

func cellXML(t testing.TB, at string, value any) string {
	number := func(style int, n float64) string {
		return fmt.Sprintf(`<c r="%s" s="%d"><v>%s</v></c>`, at, style, strconv.FormatFloat(n, 'g', -1, 64))
	}
	typed := func(kind, text string) string {
		return fmt.Sprintf(`<c r="%s" t="%s"><v>%s</v></c>`, at, kind, escaped(text))
	}
	switch v := value.(type) {
	case string:
		return fmt.Sprintf(`<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, escaped(v))
	case int:
		return number(0, float64(v))
	case float64:
		return number(0, v)
	case percent:
		return number(2, float64(v))
	case clocked:
		return number(3, float64(v))
	case time.Time:
		return number(1, v.Sub(utc(1899, 12, 30)).Hours()/24)
	case bool:
		if v {
			return typed("b", "1")
		}
		return typed("b", "0")
	case fault:
		return typed("e", string(v))
	case isoDay:
		return typed("d", string(v))
	case formula:
		return fmt.Sprintf(`<c r="%s"><f>%s</f><v></v></c>`, at, escaped(string(v)))
	case styled:
		return fmt.Sprintf(`<c r="%s" s="2"/>`, at)
	}
	t.Fatalf("no cell for a %T", value)
	return ""
}

func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // a strings.Builder does not fail
	return b.String()
}
