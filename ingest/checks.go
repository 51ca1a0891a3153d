package ingest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rowChecker reads the rows of one sheet through its schema: types, required cells, constraints,
// the order of two cells, the key. A bad cell in an optional field is left out; in a required
// field it sets the row aside.
type rowChecker struct {
	p        *parser
	t        *TableRows
	keys     map[string]bool
	doubts   map[doubt]bool // said once for a column
	either   []uncertainDay
	american []bool // by field: a date of the column has its month first
	key      []int  // fields of the key; a relevé's includes its date
	primary  []int

	retiredField int       // or −1
	end          time.Time // the last day of the workbook's month
	late         []int     // fields of the row being read whose day is after it
}

// doubt is a question about a column.
type doubt struct {
	field int
	rule  string
}

// uncertainDay is a cell whose day could be its month: 05/06/2026.
type uncertainDay struct {
	row, field int
	value      string
}

func newRowChecker(p *parser, t *TableRows) *rowChecker {
	c := &rowChecker{p: p, t: t, keys: map[string]bool{}, doubts: map[doubt]bool{}, american: make([]bool, len(t.Schema.Fields))}
	for _, name := range t.Schema.PrimaryKey {
		c.primary = append(c.primary, t.Schema.index(name))
	}
	c.retiredField = t.Schema.index(retire.Name)
	if !p.sub.Periode.IsZero() {
		c.end = p.sub.Periode.AddDate(0, 1, -1)
	}
	c.key = c.primary
	if t.Schema.Kind == Releve {
		c.key = append(c.key[:len(c.key):len(c.key)], t.Schema.index(t.Schema.DateField))
	}
	return c
}

// weighSums looks, once a sheet is read, at the values that must add up over a day. Where they do not, none
// of them can stand; where one is missing, nothing is known of the others.
func (c *rowChecker) weighSums() {
	for i := range c.t.Schema.Fields {
		f := &c.t.Schema.Fields[i]
		if f.SumsTo == 0 {
			continue
		}
		days := map[string][]*DataRow{}
		day := c.t.Schema.index(c.t.Schema.DateField)
		for j := range c.t.Rows {
			if r := &c.t.Rows[j]; !r.Aside && (c.retiredField < 0 || r.Values[c.retiredField] != "true") {
				days[r.Values[day]] = append(days[r.Values[day]], r)
			}
		}
		for _, d := range slices.Sorted(maps.Keys(days)) {
			sum, known := 0.0, true
			for _, r := range days[d] {
				known = known && r.Values[i] != "" && r.Values[i] != NotConcerned && r.Values[i] != DoesNotKnow
				sum += asNumber(r.Values[i])
			}
			if !known || math.Abs(sum-f.SumsTo) < 0.01 {
				continue
			}
			for _, r := range days[d] {
				c.p.find("poids_total", c.at(r, i, r.Values[i]), Detail{Column: f.Title})
				r.Aside = true
			}
		}
	}
}

func (s *Schema) index(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// mentions reports whether a row fills any known column.
func (c *rowChecker) mentions(row Row) bool {
	for _, index := range c.t.Columns {
		if index >= 0 && !row.At(index).Blank() {
			return true
		}
	}
	return false
}

var totalLabel = regexp.MustCompile(`^(sous_)?tota(l|ux)(_(general|generaux|cumule|annuel|mensuel|du|de|des)(_.*)?)?$`)

// totalCell is the column of the first filled cell of a row when it says « total », or −1.
func totalCell(row Row) int {
	for _, cell := range row.Cells {
		if !cell.Blank() {
			if cell.Kind == Text && startsWith(cell.Text, 't', 's') && totalLabel.MatchString(Fold(cell.Text)) {
				return cell.Column
			}
			return -1
		}
	}
	return -1
}

// startsWith spares the folding of a text that cannot match: its first letter is none of those two,
// in either case.
func startsWith(text string, a, b byte) bool {
	text = trim(text)
	return text != "" && (text[0]|0x20 == a || text[0]|0x20 == b)
}

// absenceOf is what a text says of its own absence, « nc » or « nsp », or "".
func absenceOf(text string) string {
	if !startsWith(text, 'n', 'n') {
		return ""
	}
	return lookup(absences, text)
}

// rowState is a row while it is read.
type rowState struct {
	DataRow
	cells   []Cell
	retired bool
	bad     []bool // fields already reported
}

func (c *rowChecker) read(row Row) DataRow {
	fields := c.t.Schema.Fields
	r := &rowState{
		DataRow: DataRow{Line: row.Number, Values: make([]string, len(fields))},
		cells:   make([]Cell, len(fields)), bad: make([]bool, len(fields)),
	}
	for i, index := range c.t.Columns {
		if index >= 0 {
			r.cells[i] = row.At(index)
		}
	}
	if column := totalCell(row); column >= 0 {
		r.Aside = true
		c.p.find("ligne_total", Finding{Table: c.t.Schema.Name, Sheet: c.t.Sheet, Line: row.Number, Cell: CellName(column, row.Number)}, Detail{})
		return r.DataRow
	}
	if c.retiredField >= 0 {
		r.retired = boolean(r.cells[c.retiredField]) == "true"
	}
	for i := range fields {
		c.cell(r, i)
	}
	for i := range fields {
		c.relations(r, i)
	}
	c.emitter(r)
	c.unique(r)
	for _, i := range c.late { // once the key is read
		c.p.find("date_apres_le_mois", c.at(&r.DataRow, i, r.cells[i].String()), Detail{Column: fields[i].Title})
	}
	c.late = c.late[:0]
	return r.DataRow
}

// required reports whether a field must be filled on this row. A withdrawn row needs its key only.
func (c *rowChecker) required(r *rowState, field int) bool {
	if !r.retired {
		return c.t.Schema.Fields[field].Constraints.Required
	}
	return slices.Contains(c.primary, field)
}

// fault reports a cell, leaves it out, and sets the row aside when the row cannot stand without it.
func (c *rowChecker) fault(r *rowState, field int, rule string, d Detail) {
	if r.bad[field] {
		return
	}
	r.bad[field] = true
	f := &c.t.Schema.Fields[field]
	if d.Column == "" {
		d.Column = f.Title
	}
	finding := c.at(&r.DataRow, field, r.cells[field].String())
	if proposable[rule] {
		finding.Proposal = c.p.model.propose(f, r.cells[field], c.p.book != nil && c.p.book.Epoch1904)
	}
	if finding.Cell != "" || !f.Constraints.Required { // the absence of a required column was said once, for the whole sheet
		c.p.find(rule, finding, d)
	}
	r.Values[field] = ""
	if c.required(r, field) {
		r.Aside = true
	}
}

// proposable are the rules for which there may be something to propose.
var proposable = map[string]bool{
	"nombre_illisible": true, "nombre_non_entier": true, "date_illisible": true, "code_inconnu": true, "format_invalide": true, "siren_invalide": true,
}

// at is a finding about a cell, where its column is there. A row's key is what makes it the same from
// month to month.
func (c *rowChecker) at(r *DataRow, field int, value string) Finding {
	f := Finding{
		Table: c.t.Schema.Name, Sheet: c.t.Sheet, Line: r.Line, Field: c.t.Schema.Fields[field].Name,
		Key: strings.Join(c.keyOf(r), KeySeparator), Value: value,
	}
	line := r.Line
	if index := c.t.Columns[field]; index >= 0 {
		f.Cell = CellName(index, line)
	}
	return f
}

// question asks about a column, at the first cell that gives rise to it.
func (c *rowChecker) question(r *rowState, field int, rule string) {
	if c.doubts[doubt{field, rule}] {
		return
	}
	c.doubts[doubt{field, rule}] = true
	finding := c.at(&r.DataRow, field, r.cells[field].String())
	finding.Key = "" // it is about the column
	c.p.find(rule, finding, Detail{Column: c.t.Schema.Fields[field].Title})
}

// keyOf is the row's key, as far as it was read.
func (c *rowChecker) keyOf(r *DataRow) []string {
	var key []string
	for _, i := range c.key {
		if r.Values[i] != "" {
			key = append(key, r.Values[i])
		}
	}
	return key
}

// weighDays looks, once a sheet is read, at the dates in figures of a column in which one has its month
// before its day: where it could be either way round, the cell cannot stand.
func (c *rowChecker) weighDays() {
	for _, u := range c.either {
		if !c.american[u.field] {
			continue
		}
		f, r := &c.t.Schema.Fields[u.field], &c.t.Rows[u.row]
		c.p.find("jour_ou_mois", c.at(r, u.field, u.value), Detail{Column: f.Title})
		r.Values[u.field] = ""
		r.Aside = r.Aside || f.Constraints.Required && (c.retiredField < 0 || r.Values[c.retiredField] != "true")
	}
}

// weighMerges looks, once a sheet is read, at its merged cells: people see in all of them a value that the first alone has, and
// cannot write in the others.
func (c *rowChecker) weighMerges(merged []Area) {
	if len(merged) == 0 {
		return
	}
	slices.SortFunc(merged, func(a, b Area) int { return a.Top - b.Top })
	empty := map[string]int{} // by cell, what was found of it
	for i, f := range c.p.sub.Findings {
		if f.Rule == "valeur_requise" && f.Sheet == c.t.Sheet {
			empty[f.Cell] = i
		}
	}
	for field, column := range c.t.Columns {
		covered := 0 // down to this row; only a file made to be slow merges cells twice
		for _, a := range merged {
			if a.Left <= column && column <= a.Right && a.Top > covered {
				covered = a.Bottom
				c.weighMerge(a, field, empty)
			}
		}
	}
}

func (c *rowChecker) weighMerge(a Area, field int, empty map[string]int) {
	i, found := slices.BinarySearchFunc(c.t.Rows, a.Top, func(r DataRow, line int) int { return r.Line - line })
	shown := false // a value, in all the rows
	if found && c.t.Columns[field] == a.Left {
		shown = c.t.Rows[i].Values[field] != ""
		i++
	}
	d := Detail{Column: c.t.Schema.Fields[field].Title, Expected: "de " + CellName(a.Left, a.Top) + " à " + CellName(a.Right, a.Bottom)}
	for ; i < len(c.t.Rows) && c.t.Rows[i].Line <= a.Bottom; i++ {
		r := &c.t.Rows[i]
		f := c.at(r, field, "")
		if at, told := empty[f.Cell]; told {
			rule := RuleNamed("cellule_fusionnee")
			c.p.sub.Findings[at].Rule, c.p.sub.Findings[at].Message = rule.Code, rule.Say(d)
		} else if shown && !r.Aside && r.Values[field] == "" {
			c.p.find("cellule_fusionnee", f, d)
		}
	}
}

// cell reads one cell on its own.
func (c *rowChecker) cell(r *rowState, i int) {
	f, cell := &c.t.Schema.Fields[i], r.cells[i]
	required := c.required(r, i)
	if required {
		r.Required++
	}
	if cell.Blank() {
		if required {
			c.fault(r, i, "valeur_requise", Detail{})
		}
		return
	}
	r.Filled++
	if required {
		r.Present++
	}
	if cell.Kind == Text {
		if absence := absenceOf(cell.Text); absence != "" {
			r.Values[i] = absence
			if required {
				c.fault(r, i, "absence_refusee", Detail{})
			}
			return
		}
	}
	text, rule := c.p.model.canonical(f, cell)
	if f.Type == "date" && cell.Kind == Text {
		either, american := dayOrMonth(cell)
		c.american[i] = c.american[i] || american
		if either && text != "" {
			c.either = append(c.either, uncertainDay{len(c.t.Rows), i, cell.String()})
		}
	}
	if text == "" {
		c.fault(r, i, rule, Detail{Expected: c.expected(f)})
		return
	}
	if rule != "" {
		c.question(r, i, rule)
	}
	r.Values[i] = text
	if f.Name == c.t.Schema.DateField && !c.end.IsZero() && text > c.end.Format(time.DateOnly) {
		c.late = append(c.late, i)
	}
	if f.pattern != nil && !f.pattern.MatchString(text) {
		c.fault(r, i, "format_invalide", Detail{Expected: f.Description})
	} else if f.Check == "siren" && !luhn(text) {
		c.fault(r, i, "siren_invalide", Detail{})
	} else if !within(f, text) {
		c.fault(r, i, "hors_bornes", Detail{Expected: bounds(f)})
	}
}

// expected lists the labels of a field's code list, the long ones cut short.
func (c *rowChecker) expected(f *Field) string {
	const most = 8
	var labels []string
	for i, code := range c.p.model.CodeLists[f.CodeList] {
		if i == most {
			labels = append(labels, "… (toutes sont dans la feuille « Listes »)")
			break
		}
		labels = append(labels, "« "+code.Label+" »")
	}
	return strings.Join(labels, ", ")
}

func within(f *Field, text string) bool {
	k := f.Constraints
	if k.Minimum == nil && k.Maximum == nil && k.ExclusiveMinimum == nil {
		return true
	}
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && (k.Minimum == nil || n >= *k.Minimum) && (k.Maximum == nil || n <= *k.Maximum) &&
		(k.ExclusiveMinimum == nil || n > *k.ExclusiveMinimum)
}

func bounds(f *Field) string {
	k := f.Constraints
	switch {
	case k.Minimum != nil && k.Maximum != nil:
		return fmt.Sprintf("de %g à %g", *k.Minimum, *k.Maximum)
	case k.Minimum != nil:
		return fmt.Sprintf("d’au moins %g", *k.Minimum)
	case k.ExclusiveMinimum != nil:
		return fmt.Sprintf("supérieure à %g", *k.ExclusiveMinimum)
	default:
		return fmt.Sprintf("d’au plus %g", *k.Maximum)
	}
}

// relations checks a cell against the others of its row. The field that carries the constraint is
// the one left out.
func (c *rowChecker) relations(r *rowState, i int) {
	f := &c.t.Schema.Fields[i]
	if w := f.RequiredWhen; w != nil && !r.retired && r.cells[i].Blank() && c.holds(r, w) {
		other := &c.t.Schema.Fields[c.t.Schema.index(w.Field)]
		c.fault(r, i, "valeur_requise", Detail{Other: " ici, d’après « " + other.Title + " »"})
	}
	value, ok := c.known(r, f.Name)
	if !ok {
		return
	}
	if other, ok := c.known(r, f.NotBefore); ok && value < other {
		c.fault(r, i, "ordre_des_dates", Detail{Other: c.t.Schema.Field(f.NotBefore).Title})
	}
	if other, ok := c.known(r, f.NotAbove); ok && asNumber(value) > asNumber(other) {
		c.fault(r, i, "plus_grand_que", Detail{Other: c.t.Schema.Field(f.NotAbove).Title})
	}
	if other, ok := c.known(r, f.DifferentFrom); ok && value == other {
		c.fault(r, i, "meme_acteur", Detail{Other: c.t.Schema.Field(f.DifferentFrom).Title})
	}
}

// known is a field's value when it has one.
func (c *rowChecker) known(r *rowState, name string) (string, bool) {
	if name == "" {
		return "", false
	}
	v := r.Values[c.t.Schema.index(name)]
	return v, v != "" && v != NotConcerned && v != DoesNotKnow
}

func (c *rowChecker) holds(r *rowState, w *Condition) bool {
	value, known := c.known(r, w.Field)
	switch {
	case !known:
		return false
	case w.Filled:
		return true
	case len(w.In) > 0:
		return slices.Contains(w.In, value)
	default:
		return !slices.Contains(w.NotIn, value)
	}
}

func asNumber(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}

// emitter keeps an émetteur's workbook within its bounds: who declares a relation, which group answers.
func (c *rowChecker) emitter(r *rowState) {
	emitter := c.p.sub.Emetteur
	if emitter == "" {
		return
	}
	field, rule := "declarant", "declarant_etranger"
	if c.p.model.code("groupe_pairs", emitter) != "" {
		field, rule = "groupe_pairs", "groupe_etranger"
	}
	if i := c.t.Schema.index(field); i >= 0 && slices.Contains(EmitterTables, c.t.Schema.Name) {
		if value, known := c.known(r, field); known && value != emitter {
			c.fault(r, i, rule, Detail{})
			r.Aside = true // a withdrawal too
		}
	}
}

// unique sets a second row of a key aside. A row set aside for another reason holds no key.
func (c *rowChecker) unique(r *rowState) {
	if r.Aside || len(c.key) == 0 {
		return
	}
	var key, titles []string
	for _, i := range c.key {
		key = append(key, r.Values[i])
		titles = append(titles, "« "+c.t.Schema.Fields[i].Title+" »")
	}
	joined := strings.Join(key, "\x00")
	if c.keys[joined] {
		c.fault(r, c.key[0], "cle_en_double", Detail{Column: strings.Join(titles, ", ")})
		r.Aside = true
	}
	c.keys[joined] = true
}

func readCSV(data []byte) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(data))
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	}
	return r.ReadAll()
}

func textRow(number int, texts []string) Row {
	row := Row{Number: number}
	for i, t := range texts {
		if t != "" {
			row.Cells = append(row.Cells, Cell{Column: i, Kind: Text, Text: t})
		}
	}
	return row
}

func fieldNames(s *Schema) []string {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	return names
}
