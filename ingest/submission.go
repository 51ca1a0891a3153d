package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ReaderVersion changes whenever the same bytes may be understood differently: what was parsed
// under another version is parsed again.
const ReaderVersion = "3"

// Submission is what one file says: whose it is, its rows with their cells, and what is to be said
// about it. A rejected one has findings only.
type Submission struct {
	Rejected   bool
	Territoire string
	Periode    time.Time // first day of the month, UTC
	Emetteur   string    // an acteur_id or a peer group's code; empty: the territory itself
	Version    string    // of the template
	Cover      Cover
	Tables     []TableRows
	Findings   []Finding
	Returned   string   // the sheet « Retour » of a workbook that was returned and comes back
	Answers    []Answer // what it says there

	Comments []Comment // of an evaluator's workbook: it has nothing else
}

// Answer is what the sender of a workbook says to a finding.
type Answer struct {
	Line        int
	Finding     string // its identity
	Response    string // a code of reponse_retour, or empty
	Explanation string
}

// Comment is what an evaluator says of an indicator of a territory and month.
type Comment struct {
	Line        int
	Territoire  string
	Periode     string // 2026-11
	Indicateur  string
	Commentaire string
}

// Cover is where the cover sheet says whose workbook it is.
type Cover struct{ Sheet, Territoire, Periode, Emetteur string } // the sheet's name and three cells

// TableRows are the rows of a sheet. Read rows = taken rows + rows set aside.
type TableRows struct {
	Schema  *Schema
	Sheet   string // its name in the file; empty when it is absent
	Nothing bool   // ticked « rien ce mois-ci »
	Columns []int  // for each field its column from 0, or −1
	Rows    []DataRow
}

// DataRow is a row read through its schema.
type DataRow struct {
	Line     int      // as people see it
	Values   []string // for each field its canonical text; empty: nothing, or nothing understood
	Aside    bool     // set aside by what the row itself or its sheet shows
	Required int      // required cells
	Present  int      // required cells that are filled, understood or not
	Filled   int      // filled cells
}

// Parse understands a file. It never fails: what cannot be understood is a finding, and the same
// bytes always give the same Submission.
func Parse(m *Model, data []byte) *Submission {
	return parse(m, data, func(*Workbook) {})
}

// ParseWithout understands a file as if one cell of it, as B12, were empty. known is false when the file
// has no such cell that says something.
func ParseWithout(m *Model, data []byte, sheet, cell string) (sub *Submission, known bool) {
	column, row, ok := cellReference([]byte(cell))
	if !ok {
		return Parse(m, data), false
	}
	sub = parse(m, data, func(book *Workbook) {
		for i := range book.Sheets {
			if s := &book.Sheets[i]; s.Name == sheet {
				s.Rows = rowsWithout(s.Rows, column, row, &known)
			}
		}
	})
	return sub, known
}

func rowsWithout(rows iter.Seq2[Row, error], column, number int, known *bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range rows {
			if row.Number == number {
				row.Cells = slices.DeleteFunc(slices.Clone(row.Cells), func(c Cell) bool {
					*known = *known || c.Column == column && !c.Blank()
					return c.Column == column
				})
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func parse(m *Model, data []byte, change func(*Workbook)) *Submission {
	p := &parser{model: m, sub: &Submission{}}
	book, err := OpenWorkbook(data)
	if err == nil {
		change(book)
	}
	p.parse(book, err)
	if p.sub.Rejected {
		p.sub.Tables = nil
	}
	return p.sub
}

type parser struct {
	model *Model
	sub   *Submission
	book  *Workbook
	heads map[int][]Row // by sheet index, the rows in which its titles are looked for

	retour int // the sheet of answers, or −1
}

func (p *parser) parse(book *Workbook, err error) {
	if err != nil {
		p.reject(refusal(err), Finding{}, Detail{})
		return
	}
	p.book, p.heads, p.retour = book, map[int][]Row{}, -1
	for i := range book.Sheets {
		head, stop, err := readHead(&book.Sheets[i])
		if err != nil {
			p.unreadable(book.Sheets[i], err)
			return
		}
		defer stop()
		p.heads[i] = head
	}
	if p.comments() {
		return
	}
	claimed, ok := p.accueil()
	if !ok {
		return
	}
	if book.Macros {
		p.find("macros_ignorees", Finding{}, Detail{})
	}
	if book.ExternalLinks {
		p.find("liaisons_ignorees", Finding{}, Detail{})
	}
	if err := p.answers(); err != nil {
		return
	}
	sheets := p.assignSheets(claimed)
	for i := range p.sub.Tables {
		t := &p.sub.Tables[i]
		if index, found := sheets[t.Schema.Name]; found {
			if err := p.table(t, p.book.Sheets[index], p.heads[index]); err != nil {
				p.unreadable(p.book.Sheets[index], err)
				return
			}
		}
	}
}

// unreadable rejects a workbook of which a sheet cannot be read to its end: what was read of it may
// not be all that was sent. The sheet of a lone text has no name: it is the file.
func (p *parser) unreadable(sheet Sheet, err error) {
	if sheet.Name == "" {
		p.reject(refusal(err), Finding{}, Detail{})
		return
	}
	rule := "feuille_illisible"
	if refusal(err) != "fichier_illisible" {
		rule = refusal(err)
	}
	f := Finding{Sheet: sheet.Name}
	if at := (*SheetError)(nil); errors.As(err, &at) {
		f.Line = at.Row
	}
	p.reject(rule, f, Detail{Sheet: sheet.Name})
}

// find adds a finding of that rule.
func (p *parser) find(code string, f Finding, d Detail) {
	rule := RuleNamed(code)
	f.Rule, f.Severity, f.Message = rule.Code, rule.Severity, rule.Say(d)
	p.sub.Findings = append(p.sub.Findings, f)
}

func (p *parser) reject(code string, f Finding, d Detail) {
	p.sub.Rejected = true
	p.find(code, f, d)
}

// accueil reads the cover sheet: labels in column A, values in column B, on any row. It returns
// the sheet's index, and false when the workbook cannot be taken.
func (p *parser) accueil() (int, bool) {
	schema := p.model.Schemas["accueil"]
	index := p.book.sheetTitled(schema)
	if index < 0 {
		p.reject("accueil_absent", Finding{}, Detail{})
		return 0, false
	}
	name := p.book.Sheets[index].Name
	values := map[string]Cell{}
	cells := map[string]string{}
	for row, err := range p.book.Sheets[index].Rows {
		if err != nil {
			p.unreadable(p.book.Sheets[index], err)
			return 0, false
		}
		if i := schema.fieldTitled(row.At(0).String()); i >= 0 {
			field := schema.Fields[i].Name
			cells[field] = CellName(1, row.Number)
			values[field] = row.At(1)
		}
	}
	p.sub.Cover = Cover{name, cells["territoire_id"], cells["periode"], cells["emetteur"]}
	p.sub.Version = values["version_modele"].String()
	p.sub.Territoire = values["territoire_id"].String()
	if p.sub.Territoire == "" {
		p.reject("territoire_absent", Finding{Sheet: name, Cell: cells["territoire_id"], Field: "territoire_id"},
			Detail{Column: schema.Field("territoire_id").Title})
	}
	periode, ok := month(values["periode"])
	if !ok {
		p.reject("periode_illisible", Finding{Sheet: name, Cell: cells["periode"], Field: "periode", Value: values["periode"].String()}, Detail{})
	}
	p.sub.Periode = periode
	if text := values["emetteur"].String(); text != "" {
		p.sub.Emetteur = text
		if group := p.model.code("groupe_pairs", text); group != "" {
			p.sub.Emetteur = group
		}
	}
	for _, table := range Tables {
		p.sub.Tables = append(p.sub.Tables, TableRows{
			Schema: p.model.Schemas[table], Nothing: boolean(values["rien_"+table]) == "true",
		})
	}
	return index, !p.sub.Rejected
}

// assignSheets gives each table its sheet: by title or technical name, else — said in a finding —
// the one unclaimed sheet whose titles hold all required columns of that table alone.
func (p *parser) assignSheets(accueil int) map[string]int {
	assigned := map[string]int{}
	claimed := map[int]bool{accueil: true, p.retour: true}
	for i := range p.sub.Tables {
		schema := p.sub.Tables[i].Schema
		if index := p.book.sheetTitled(schema); index >= 0 {
			assigned[schema.Name], claimed[index] = index, true
		}
	}
	recognised := map[int]*Schema{} // by sheet index
	claims := map[*Schema]int{}     // sheets that could be that table
	for index, sheet := range p.book.Sheets {
		if !claimed[index] && !slices.Contains(ownSheets, Fold(sheet.Name)) {
			recognised[index] = p.recognise(p.heads[index], assigned)
			claims[recognised[index]]++
		}
	}
	for index, sheet := range p.book.Sheets {
		schema, unclaimed := recognised[index]
		if schema != nil && claims[schema] == 1 {
			assigned[schema.Name] = index
			p.find("feuille_renommee", Finding{Table: schema.Name, Sheet: sheet.Name}, Detail{Sheet: schema.Title})
		} else if table := p.tableTitled(sheet.Name); unclaimed && table != nil {
			p.find("feuille_en_double", Finding{Table: table.Name, Sheet: sheet.Name}, Detail{Sheet: table.Title})
		} else if unclaimed && len(p.heads[index]) > 0 {
			p.find("feuille_inconnue", Finding{Sheet: sheet.Name}, Detail{Sheet: sheet.Name})
		}
	}
	for i := range p.sub.Tables {
		schema := p.sub.Tables[i].Schema
		if _, found := assigned[schema.Name]; !found && p.expects(schema.Name) {
			p.find("feuille_absente", Finding{Table: schema.Name, Sheet: schema.Title}, Detail{Sheet: schema.Title})
		}
	}
	return assigned
}

// tableTitled is the table that a sheet's name says, or nil.
func (p *parser) tableTitled(name string) *Schema {
	folded := Fold(name)
	for _, table := range Tables {
		if s := p.model.Schemas[table]; folded == s.Name || folded == Fold(s.Title) {
			return s
		}
	}
	return nil
}

// ownSheets are the template's sheets that hold no rows, folded.
var ownSheets = []string{"listes", "mode_d_emploi", "retour"}

// expects reports whether the sender's workbook should hold that table.
func (p *parser) expects(table string) bool {
	return p.sub.Emetteur == "" || slices.Contains(EmitterTables, table)
}

// recognise returns the one missing table that a sheet's titles describe in full, or nil.
func (p *parser) recognise(rows []Row, assigned map[string]int) *Schema {
	var found *Schema
	for i := range p.sub.Tables {
		schema := p.sub.Tables[i].Schema
		if _, taken := assigned[schema.Name]; taken {
			continue
		}
		if h, ok := bestHeader(schema, rows); ok && h.complete(schema) {
			if found != nil {
				return nil
			}
			found = schema
		}
	}
	return found
}

// maxTableRows bounds what one sheet of a monthly workbook may hold.
const maxTableRows = 200_000

// table reads a sheet through its schema, row by row.
func (p *parser) table(t *TableRows, sheet Sheet, head []Row) error {
	t.Sheet = sheet.Name
	schema := t.Schema
	if sheet.Hidden {
		p.find("feuille_masquee", Finding{Table: schema.Name, Sheet: sheet.Name}, Detail{})
	}
	t.Columns = slices.Repeat([]int{-1}, len(schema.Fields))
	h, ok := bestHeader(schema, head)
	if !ok {
		if len(head) > 0 {
			p.find("entete_absent", Finding{Table: schema.Name, Sheet: sheet.Name}, Detail{Sheet: schema.Title})
		}
		return nil
	}
	for _, c := range h.columns {
		t.Columns[c.field] = c.index
	}
	p.headerFindings(t, h)
	c := newRowChecker(p, t)
	foreign := !p.expects(schema.Name)
	incomplete := !h.complete(schema)
	hidden, other := false, false // rows below a second table's titles are no rows of this one
	for row, err := range sheet.Rows {
		if err != nil {
			return err
		}
		if row.Number <= h.row || !c.mentions(row) {
			continue
		}
		if len(t.Rows) == maxTableRows {
			return errBomb
		}
		here := Finding{Table: schema.Name, Sheet: sheet.Name, Line: row.Number}
		if again, same := h.repeats(schema, row); again {
			other = !same
			if same {
				p.find("entete_repete", here, Detail{})
			} else {
				p.find("second_tableau", here, Detail{})
			}
			continue
		}
		if row.Hidden && !hidden {
			hidden = true
			p.find("lignes_masquees", here, Detail{})
		}
		if other {
			t.Rows = append(t.Rows, DataRow{Line: row.Number, Values: make([]string, len(schema.Fields)), Aside: true})
			continue
		}
		r := c.read(row)
		if foreign || incomplete {
			r.Aside = true
		}
		t.Rows = append(t.Rows, r)
	}
	c.weighDays()
	c.weighSums()
	if sheet.merged != nil {
		c.weighMerges(*sheet.merged)
	}
	if len(t.Rows) > 0 && !foreign {
		p.lostColumns(t, h)
	}
	if foreign && len(t.Rows) > 0 {
		p.find("feuille_hors_emetteur", Finding{Table: schema.Name, Sheet: sheet.Name}, Detail{})
	}
	return nil
}

func (p *parser) headerFindings(t *TableRows, h header) {
	s := t.Schema
	at := func(index int) Finding {
		return Finding{Table: s.Name, Sheet: t.Sheet, Line: h.row, Cell: CellName(index, h.row)}
	}
	for _, c := range h.duplicates {
		p.find("colonne_en_double", at(c.index), Detail{Column: s.Fields[c.field].Title})
	}
	perhaps := ""
	if missing := p.missing(s, h); len(missing) > 0 {
		perhaps = " ; si c’est une colonne qui manque (" + s.titlesOf(missing) + "), donnez-lui son titre exact"
	}
	for _, c := range h.unknown {
		if field := h.resembles(s, c); field >= 0 {
			f := at(c.index)
			f.Field, f.Proposal = s.Fields[field].Name, s.Fields[field].Title
			p.find("colonne_ressemblante", f, Detail{Column: s.Fields[field].Title})
		} else {
			p.find("colonne_inconnue", at(c.index), Detail{Sheet: s.Title, Other: perhaps})
		}
	}
	for i := range s.Fields {
		if s.Fields[i].Constraints.Required && !h.has(i) {
			p.find("colonne_absente", Finding{Table: s.Name, Sheet: t.Sheet, Field: s.Fields[i].Name}, Detail{Column: s.Fields[i].Title})
		}
	}
}

// lostColumns asks about the optional columns that are gone from a sheet that has rows: what they said is lost, and
// nothing else shows it.
func (p *parser) lostColumns(t *TableRows, h header) {
	s := t.Schema
	lost := slices.DeleteFunc(p.missing(s, h), func(field int) bool { return s.Fields[field].Constraints.Required })
	if len(lost) == 0 {
		return
	}
	names := make([]string, len(lost))
	for i, field := range lost {
		names[i] = s.Fields[field].Name
	}
	p.find("colonnes_absentes", Finding{Table: s.Name, Sheet: t.Sheet, Line: h.row, Cell: CellName(h.end, h.row), Field: strings.Join(names, ";")},
		Detail{Column: s.titlesOf(lost)})
}

// missing are the fields that the titles of a sheet should have and have not, under none that resembles theirs. Which
// optional ones the sheet has had is known of a workbook that comes from the present template alone.
func (p *parser) missing(s *Schema, h header) (fields []int) {
	resembled := map[int]bool{}
	for _, c := range h.unknown {
		resembled[h.resembles(s, c)] = true
	}
	for i := range s.Fields {
		if !h.has(i) && !resembled[i] && (s.Fields[i].Constraints.Required || p.sub.Version == TemplateVersion) {
			fields = append(fields, i)
		}
	}
	return fields
}

// titlesOf names fields as people know them.
func (s *Schema) titlesOf(fields []int) string {
	titles := make([]string, len(fields))
	for i, field := range fields {
		titles[i] = "« " + s.Fields[field].Title + " »"
	}
	return strings.Join(titles, ", ")
}

// Counts are a sheet's rows read, taken and set aside.
func (t *TableRows) Counts() (read, taken, aside int) {
	for _, r := range t.Rows {
		if r.Aside {
			aside++
		} else {
			taken++
		}
	}
	return len(t.Rows), taken, aside
}

// ParseCSV reads a reference table (territoires.csv, parametres.csv) strictly: comma or semicolon,
// UTF-8, one header row. Unlike a workbook it is the association's own file: a defect is an error.
func ParseCSV(m *Model, schema *Schema, data []byte) ([]map[string]string, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the file is not in UTF-8")
	}
	records, err := readCSV(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("no header row")
	}
	h := matchHeader(schema, textRow(1, records[0]))
	if !h.complete(schema) || len(h.unknown)+len(h.duplicates) > 0 {
		return nil, errors.New("the header must hold each required column once, and no unknown one: " + strings.Join(fieldNames(schema), ", "))
	}
	p := &parser{model: m, sub: &Submission{}}
	t := &TableRows{Schema: schema, Sheet: schema.Name, Columns: slices.Repeat([]int{-1}, len(schema.Fields))}
	for _, c := range h.columns {
		t.Columns[c.field] = c.index
	}
	checker := newRowChecker(p, t)
	var rows []map[string]string
	for i, record := range records[1:] {
		r := checker.read(textRow(i+2, record))
		row := map[string]string{}
		for j, v := range r.Values {
			row[schema.Fields[j].Name] = v
		}
		rows = append(rows, row)
	}
	if len(p.sub.Findings) > 0 {
		f := p.sub.Findings[0]
		value := ""
		if schema.DiffusionOf(schema.Field(f.Field)) != Jamais && f.Value != "" && !strings.Contains(f.Value, "@") { // a cell further may hold somebody's address
			value = fmt.Sprintf(" %q", f.Value)
		}
		return nil, fmt.Errorf("line %d, %s%s: %s", f.Line, f.Field, value, f.Message)
	}
	return rows, nil
}

// CSVHeader is an empty reference table: its header row.
func CSVHeader(s *Schema) []byte { return []byte(strings.Join(fieldNames(s), ",") + "\n") }
