package indicators_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cairn/ingest"
)

// A case file, testdata/cases/<ID>.txt, says in rows what the territories sent and what the
// indicator must make of it. A line whose first character is # is a comment, as is all after « # »
// in a row. What a line is depends on how far it is indented:
//
//	== title                      a case begins; its next lines, up to a blank one, are its intent
//	territoire ID ENTRÉE [SORTIE] a territory of the programme
//	toujours TABLE CHAMP=VALEUR…  the value of a field in all rows of a table that do not give it
//	classeur ID[,ID…] MOIS…       a workbook, of several territories alike if need be; its tables follow
//	constats RÈGLE…               the errors that reading must report; none without this line
//	figures                       the table of what must come out
//
//	  TABLE [CHAMP=VALEUR…]       a sheet; the values are those of all its rows
//	    champ  champ  champ       the titles
//	    valeur valeur -           a row, « - » for an empty cell
//
// After its month a workbook may say « émetteur X », « reçu 2025-07-05 » or « reçu 2025-07-05T23:30 »
// (Paris; without it, noon of the 5th of the following month), « sans TABLE » (the sheet is not
// there) and « rien TABLE » (ticked « rien ce mois-ci »). Months as 2025-01..2025-12 make an empty
// workbook for each month that the case does not describe by itself. A cell F01..F10 makes ten rows.
//
// What comes before the first case holds for all cases. In figures, « - » is the modalite of an
// indicator that has none, « a,b » two modalites with the same figures, « . » an undefined number,
// 3/7 a fraction; the statut « aucune » says that there is no row at all. Every modalite of a
// territory and month must be there.
type caseFile struct {
	path  string
	lines []string
	cases []*testCase
}

type testCase struct {
	suffix      string // of its territories in the database, see TestCases
	title       string
	intent      []string
	line        int
	territories []string // rows of territoires.csv
	always      map[string]map[string]string
	books       []book
	ranges      []book // of months, in to
	findings    []string
	figures     []figureTable
}

type book struct {
	line       int
	territory  string
	period, to time.Time
	emitter    string
	received   time.Time
	without    []string
	data       ingest.TemplateData
}

// figureTable is a block of expected figures, with where it stands, so that it can be rewritten.
type figureTable struct {
	header int // its line, from 0
	rows   []figureRow
}

type figureRow struct {
	line    int // from 0; −1 for a row that -update adds
	cells   []string
	comment string
}

// figureColumns are the columns of a block of figures, in their order.
var figureColumns = []string{
	"territoire", "periode", "modalite", "valeur", "borne_basse", "borne_haute", "effectif", "population", "manquants",
	"numerateur", "denominateur", "statut",
}

// caseParser is a case file while it is read.
type caseParser struct {
	model  *ingest.Model
	file   *caseFile
	shared *testCase
	now    *testCase // the case, or shared
	open   []int     // the workbooks of now.books that take the tables that follow
	table  *tableReader
	number int // the line, from 1
}

// tableReader takes a header, then rows.
type tableReader struct {
	name   string // "" for figures
	fixed  map[string]string
	header []string
}

// indicator is the code that the file is named by.
func (f *caseFile) indicator() string { return strings.TrimSuffix(filepath.Base(f.path), ".txt") }

func readCaseFile(m *ingest.Model, path string) (*caseFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseCaseFile(m, path, string(data))
}

func parseCaseFile(m *ingest.Model, path, text string) (*caseFile, error) {
	p := &caseParser{model: m, file: &caseFile{path: path, lines: strings.Split(text, "\n")}}
	p.shared = &testCase{always: map[string]map[string]string{}}
	p.now = p.shared
	inIntent := false
	for i, line := range p.file.lines {
		p.number = i + 1
		var err error
		body, _ := cutComment(line)
		switch indent := len(line) - len(strings.TrimLeft(line, " ")); {
		case strings.HasPrefix(line, "== "):
			p.begin(strings.TrimPrefix(line, "== "))
			inIntent = true
		case inIntent && line != "":
			p.now.intent = append(p.now.intent, line)
		case strings.TrimSpace(body) == "":
			inIntent = false
		case indent == 0:
			err = p.directive(strings.Fields(body))
		case indent < 4 && !p.inFigures():
			err = p.sheet(strings.Fields(body))
		default:
			err = p.row(line)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
	}
	for _, c := range p.file.cases {
		c.expandRanges()
		if len(c.intent) == 0 || len(c.figures) == 0 {
			return nil, fmt.Errorf("%s:%d: a case needs a sentence of intent and figures", path, c.line)
		}
	}
	return p.file, nil
}

func cutComment(line string) (body, comment string) {
	if strings.HasPrefix(line, "#") {
		return "", line
	}
	if i := strings.Index(line, " #"); i >= 0 {
		return line[:i], line[i:]
	}
	return line, ""
}

func (p *caseParser) inFigures() bool { return p.table != nil && p.table.name == "" }

func (p *caseParser) begin(title string) {
	s := p.shared
	p.now = &testCase{
		title: title, line: p.number, territories: slices.Clone(s.territories), always: map[string]map[string]string{},
		books: slices.Clone(s.books), ranges: slices.Clone(s.ranges), findings: slices.Clone(s.findings),
	}
	for table, fixed := range s.always {
		p.now.always[table] = maps.Clone(fixed)
	}
	p.open, p.table = nil, nil
	p.file.cases = append(p.file.cases, p.now)
}

func (p *caseParser) directive(words []string) error {
	p.open, p.table = nil, nil
	args := words[1:]
	switch words[0] {
	case "territoire":
		if len(args) < 2 || len(args) > 3 {
			return fmt.Errorf("want territoire ID ENTRÉE [SORTIE]")
		}
		p.now.territories = append(p.now.territories, fmt.Sprintf("%s,%s,%s", args[0], strings.ToUpper(args[0]), strings.Join(append(args[1:], "")[:2], ",")))
		return nil
	case "toujours":
		if len(args) < 2 || p.model.Schemas[args[0]] == nil {
			return fmt.Errorf("want toujours TABLE CHAMP=VALEUR…")
		}
		fixed, err := p.fixedValues(args[0], args[1:])
		p.now.always[args[0]] = fixed
		return err
	case "classeur":
		return p.workbook(args)
	case "constats":
		p.now.findings = args
		return nil
	case "figures":
		if p.now == p.shared {
			return fmt.Errorf("figures belong to a case")
		}
		p.now.figures = append(p.now.figures, figureTable{header: -1})
		p.table = &tableReader{}
		return nil
	}
	return fmt.Errorf("%q is none of territoire, toujours, classeur, constats, figures", words[0])
}

func (p *caseParser) fixedValues(table string, words []string) (map[string]string, error) {
	fixed := maps.Clone(p.now.always[table])
	if fixed == nil {
		fixed = map[string]string{}
	}
	for _, w := range words {
		field, value, ok := strings.Cut(w, "=")
		if !ok || p.model.Schemas[table].Field(field) == nil {
			return nil, fmt.Errorf("%s: %q is not CHAMP=VALEUR", table, w)
		}
		fixed[field] = value
	}
	return fixed, nil
}

func (p *caseParser) workbook(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want classeur ID MOIS …")
	}
	first, last, several := strings.Cut(args[1], "..")
	b := book{line: p.number, data: ingest.TemplateData{Nothing: map[string]bool{}}}
	var err error
	if b.period, err = time.Parse("2006-01", first); err != nil {
		return err
	}
	b.to = b.period
	if several {
		if b.to, err = time.Parse("2006-01", last); err != nil {
			return err
		}
	}
	rest := args[2:]
	for ; len(rest) >= 2; rest = rest[2:] {
		value := rest[1]
		if (rest[0] == "sans" || rest[0] == "rien") && p.model.Schemas[value] == nil {
			return fmt.Errorf("no table %q", value)
		}
		switch rest[0] {
		case "émetteur":
			b.emitter = value
		case "reçu":
			if b.received, err = receivedAt(value); err != nil {
				return err
			}
		case "sans":
			b.without = append(b.without, value)
		case "rien":
			b.data.Nothing[value] = true
		default:
			return fmt.Errorf("%q is none of émetteur, reçu, sans, rien", rest[0])
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%q has no value", rest[0])
	}
	for _, id := range strings.Split(args[0], ",") {
		b.territory = id
		b.data.Rows = map[string][]map[string]any{}
		if several {
			p.now.ranges = append(p.now.ranges, b)
			continue
		}
		p.open = append(p.open, len(p.now.books))
		p.now.books = append(p.now.books, b)
	}
	return nil
}

// paris is where the days of reception begin and end.
var paris, errParis = time.LoadLocation("Europe/Paris")

func receivedAt(text string) (time.Time, error) {
	if errParis != nil {
		return time.Time{}, errParis
	}
	if !strings.Contains(text, "T") {
		text += "T12:00"
	}
	return time.ParseInLocation("2006-01-02T15:04", text, paris)
}

// expandRanges makes the empty workbooks of the months that the case does not describe.
func (c *testCase) expandRanges() {
	described := map[string]bool{}
	key := func(territory string, period time.Time) string { return territory + period.Format(" 2006-01") }
	for _, b := range c.books {
		if b.emitter == "" {
			described[key(b.territory, b.period)] = true
		}
	}
	for _, r := range c.ranges {
		for month := r.period; !month.After(r.to); month = month.AddDate(0, 1, 0) {
			if !described[key(r.territory, month)] {
				b := r
				b.period = month
				c.books = append(c.books, b)
			}
		}
	}
	for i := range c.books {
		if b := &c.books[i]; b.received.IsZero() {
			b.received = time.Date(b.period.Year(), b.period.Month()+1, 5, 12, 0, 0, 0, paris)
		}
	}
	slices.SortStableFunc(c.books, func(a, b book) int { return a.received.Compare(b.received) })
}

func (p *caseParser) sheet(words []string) error {
	if len(p.open) == 0 || p.model.Schemas[words[0]] == nil {
		return fmt.Errorf("%q is not a table of a workbook", words[0])
	}
	fixed, err := p.fixedValues(words[0], words[1:])
	p.table = &tableReader{name: words[0], fixed: fixed}
	return err
}

func (p *caseParser) row(line string) error {
	body, comment := cutComment(line)
	cells := strings.Fields(body)
	switch t := p.table; {
	case t == nil:
		return fmt.Errorf("a row outside of any table")
	case t.header == nil:
		return p.header(cells)
	case len(cells) != len(t.header):
		return fmt.Errorf("%d cells under %d titles", len(cells), len(t.header))
	case t.name == "":
		block := &p.now.figures[len(p.now.figures)-1]
		block.rows = append(block.rows, figureRow{p.number - 1, cells, comment})
		return nil
	}
	return p.sheetRows(cells)
}

func (p *caseParser) header(cells []string) error {
	p.table.header = cells
	if p.table.name == "" {
		p.now.figures[len(p.now.figures)-1].header = p.number - 1
		if !slices.Equal(cells, figureColumns) {
			return fmt.Errorf("the titles of figures are %s", strings.Join(figureColumns, " "))
		}
		return nil
	}
	for _, field := range cells {
		if p.model.Schemas[p.table.name].Field(field) == nil {
			return fmt.Errorf("%s has no field %q", p.table.name, field)
		}
	}
	return nil
}

// sheetRows adds a row, or as many as its ranges say, to the open workbooks.
func (p *caseParser) sheetRows(cells []string) error {
	schema := p.model.Schemas[p.table.name]
	count := 1
	expanded := make([][]string, len(cells))
	for i, cell := range cells {
		values, err := expandCell(cell)
		if err != nil {
			return err
		}
		if len(values) > 1 && count > 1 && len(values) != count {
			return fmt.Errorf("ranges of %d and %d", count, len(values))
		}
		expanded[i], count = values, max(count, len(values))
	}
	for n := range count {
		row := map[string]any{}
		for field, value := range p.table.fixed {
			row[field] = cellValue(schema.Field(field), value)
		}
		for i, values := range expanded {
			row[p.table.header[i]] = cellValue(schema.Field(p.table.header[i]), values[min(n, len(values)-1)])
		}
		for _, b := range p.open {
			rows := p.now.books[b].data.Rows
			rows[schema.Name] = append(rows[schema.Name], row)
		}
	}
	return nil
}

var cellRange = regexp.MustCompile(`^(.*?)(\d+)\.\.(.*?)(\d+)$`)

// expandCell makes F01..F10 ten values.
func expandCell(cell string) ([]string, error) {
	m := cellRange.FindStringSubmatch(cell)
	if m == nil {
		return []string{cell}, nil
	}
	from, _ := strconv.Atoi(m[2])
	to, _ := strconv.Atoi(m[4])
	if m[1] != m[3] || len(m[2]) != len(m[4]) || to < from {
		return nil, fmt.Errorf("%q is no range", cell)
	}
	var values []string
	for n := from; n <= to; n++ {
		values = append(values, fmt.Sprintf("%s%0*d", m[1], len(m[2]), n))
	}
	return values, nil
}

// cellValue is what a person would have typed: a date or a number where the field wants one and the
// text is one, else the text itself.
func cellValue(f *ingest.Field, text string) any {
	if text == "-" {
		return nil
	}
	switch f.Type {
	case "date":
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return day
		}
	case "integer":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case "number":
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	}
	return text
}

// rewrite puts the blocks of figures, aligned, in the place of the old ones.
func (f *caseFile) rewrite() error {
	var blocks []figureTable
	for _, c := range f.cases {
		blocks = append(blocks, c.figures...)
	}
	slices.SortFunc(blocks, func(a, b figureTable) int { return cmp.Compare(b.header, a.header) }) // the last first
	for _, b := range blocks {
		first, last := b.header, b.header
		for _, r := range b.rows {
			last = max(last, r.line)
		}
		f.lines = slices.Replace(f.lines, first, last+1, b.text()...)
	}
	return os.WriteFile(f.path, []byte(strings.Join(f.lines, "\n")), 0o644)
}

func (b figureTable) text() []string {
	rows := append([]figureRow{{cells: figureColumns}}, b.rows...)
	widths := make([]int, len(figureColumns))
	for _, r := range rows {
		for i, cell := range r.cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var lines []string
	for _, r := range rows {
		var line strings.Builder
		for i, cell := range r.cells {
			line.WriteString("  " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		lines = append(lines, strings.TrimRight(line.String()+"  "+strings.TrimSpace(r.comment), " "))
	}
	return lines
}
