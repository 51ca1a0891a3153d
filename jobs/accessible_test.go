package jobs_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cairn/ingest"
)

// audience is whom a workbook is made for: it decides which rules of the checklist apply.
type audience int

const (
	working   audience = iota // evaluators and the association: filters and frozen panes help them
	published                 // funders: neither filters nor frozen panes
	form                      // the template: to be filled in
	returned                  // somebody's own workbook, marked, with a sheet of ours before the others
)

// fault is a rule that a workbook breaks, and where.
type fault struct{ rule, where, what string }

func (f fault) String() string { return fmt.Sprintf("%s, %s: %s", f.rule, f.where, f.what) }

// checklist applies the rules for accessible statistical workbooks that a program can prove: those of the
// Analysis Function of the United Kingdom (« Releasing statistics in spreadsheets »), of its packages gptables and
// aftables, and WCAG 2's contrast, to a file of any writer.
type checklist struct {
	*bookParts
	audience audience
	found    []fault
}

// accessible lists the faults of a workbook.
func accessible(data []byte, who audience) ([]fault, error) {
	parts, err := readParts(data)
	if err != nil {
		return nil, err
	}
	c := &checklist{bookParts: parts, audience: who}
	c.document()
	c.contrast()
	names, titles := map[string]bool{}, map[string]bool{}
	for i, s := range c.sheets {
		if titles[s.name] {
			c.fail("unique sheets", s.name, "two sheets have this name")
		}
		titles[s.name] = true
		if who == returned && i > 0 {
			continue // the sender's own
		}
		c.sheet(i, s)
		if who == working || who == published {
			c.statement(s)
		}
		if who != form {
			c.tables(s, names)
		} else {
			c.formTitles(i, s)
		}
	}
	if who == working || who == published {
		c.contents()
	}
	return c.found, nil
}

func (c *checklist) fail(rule, where, format string, args ...any) {
	c.found = append(c.found, fault{rule, where, fmt.Sprintf(format, args...)})
}

func (c *checklist) document() {
	if c.core.Title == "" {
		c.fail("document title", "properties", "none")
	}
	if !strings.HasPrefix(c.core.Language, "fr") {
		c.fail("document language", "properties", "%q", c.core.Language)
	}
	if c.active != 0 {
		c.fail("cursor in A1", "workbook", "it opens on sheet %d", c.active+1)
	}
	for name, data := range c.files {
		switch {
		case strings.HasPrefix(name, "xl/media/") || strings.Contains(strings.ToLower(name), "vbaproject"):
			c.fail("no picture or macro", name, "%d bytes", len(data))
		case strings.HasPrefix(name, "xl/charts/chart"):
			if text := string(data); !strings.Contains(text, `lang="fr-FR"`) || strings.Contains(text, `lang="en`) {
				c.fail("chart language", name, "not French throughout")
			}
			for _, colour := range chartColour.FindAllStringSubmatch(gridLines.ReplaceAllString(string(data), ""), -1) {
				if colour[1] != "FFFFFF" && contrastOf(colour[1], "FFFFFF") < leastContrast {
					c.fail("contrast", name, "%s on white", colour[1])
				}
			}
		}
	}
}

var (
	chartColour = regexp.MustCompile(`srgbClr val="([0-9A-Fa-f]{6})"`)
	gridLines   = regexp.MustCompile(`(?s)<c:majorGridlines>.*?</c:majorGridlines>`) // they say nothing that the axis does not
)

// sheet looks at what holds for every sheet that we make.
func (c *checklist) sheet(i int, s *sheetParts) {
	x := &s.xml
	if s.hidden {
		c.fail("nothing hidden", s.name, "the sheet")
	}
	if slices.ContainsFunc(x.Columns, func(col struct {
		Hidden bool `xml:"hidden,attr"`
	}) bool {
		return col.Hidden
	}) {
		c.fail("nothing hidden", s.name, "a column")
	}
	if len(s.cells) == 0 {
		c.fail("no blank sheet", s.name, "it holds nothing")
	}
	for _, m := range x.Merged {
		c.fail("no merged cells", s.name, "%s", m.Ref)
	}
	for _, v := range x.Views {
		top := v.Pane == nil && v.TopLeft != "" && v.TopLeft != "A1"
		for _, selected := range v.Selections {
			if top || v.Pane == nil && selected.Cell != "" && selected.Cell != "A1" {
				c.fail("cursor in A1", s.name, "it is in %s", selected.Cell)
			}
		}
		if v.Pane != nil && c.audience == published {
			c.fail("no filter or frozen pane", s.name, "panes")
		}
	}
	if c.audience == published && x.Filter != nil {
		c.fail("no filter or frozen pane", s.name, "a filter")
	}
	if x.Page.Paper != 9 || x.Page.Orientation != "landscape" && c.audience != form {
		c.fail("A4 landscape", s.name, "%+v", x.Page)
	}
	if x.HeaderFooter.Header != "" || !strings.Contains(x.HeaderFooter.Footer, "&P") {
		c.fail("page footer", s.name, "%+v", x.HeaderFooter)
	}
	c.cellStyles(s)
	for _, shape := range s.shapes {
		switch {
		case shape.kind != "graphicFrame":
			c.fail("no picture or macro", s.name, "%s %s", shape.kind, shape.Name)
		case len([]rune(shape.Text)) < 20:
			c.fail("alternative text", s.name, "%s: %q", shape.Name, shape.Text)
		}
	}
	for _, l := range x.Links {
		at, err := parseArea(l.Ref)
		text := s.cells[place{at.left, at.top}].String()
		if err != nil || text == "" || bareLink.MatchString(text) {
			c.fail("links have words", s.name+"!"+l.Ref, "%q", text)
		}
		if target := linkSheet.FindStringSubmatch(l.Location); target != nil && !slices.ContainsFunc(c.sheets, func(o *sheetParts) bool { return o.name == strings.ReplaceAll(target[1], "''", "'") }) {
			c.fail("links lead somewhere", s.name+"!"+l.Ref, "%q", l.Location)
		}
	}
	for _, r := range x.Rows {
		if r.Hidden {
			c.fail("nothing hidden", s.name, "a row")
		}
	}
}

var (
	bareLink  = regexp.MustCompile(`(?i)^\W*(https?:|www\.|mailto:|ici$|cliquez)`)
	linkSheet = regexp.MustCompile(`^'?(.+?)'?!`)
)

// A sheet whose columns are titled right away, and what introduces the others.
func (c *checklist) statement(s *sheetParts) {
	title := s.cells[place{0, 1}]
	if title.Kind != ingest.Text || !c.isTitle(s) {
		c.fail("title in A1", s.name, "%q", title.String())
	}
	if text := s.cells[place{0, 2}].String(); !strings.HasPrefix(text, "Cette feuille contient ") {
		c.fail("what the sheet holds", s.name, "A2 says %q", text)
	}
}

// isTitle reports whether A1 stands out by its size.
func (c *checklist) isTitle(s *sheetParts) bool {
	for _, r := range s.xml.Rows {
		for _, cell := range r.Cells {
			if cell.Ref == "A1" && cell.Style < len(c.styles.Cells) {
				f := c.styles.Fonts[c.styles.Cells[cell.Style].Font]
				size := 0.0
				if f.Size != nil {
					size, _ = strconv.ParseFloat(f.Size.Val, 64)
				}
				return f.Bold != nil && size >= 14
			}
		}
	}
	return false
}

// symbols stand for absences; no other bracketed word does.
var (
	symbols     = []string{"[nd]", "[ns]", "[so]", "[s]"}
	bracketed   = regexp.MustCompile(`^\[[^\]]*\]$`)
	numberText  = regexp.MustCompile(`^[+\-−]?[\d][\d\s\x{a0}\x{202f}.,]*\s*(%|€|points?)?$`)
	tableName   = regexp.MustCompile(`^tbl_[a-z0-9_]+$`)
	emptySaid   = regexp.MustCompile(`(?i)(cellule|case)s? vides?`)
	tableIsBare = regexp.MustCompile(`(tableau est vide|n’a pas de ligne)\.$`)
)

// tables looks at the tables of a sheet, and at what stands outside of them.
func (c *checklist) tables(s *sheetParts, names map[string]bool) {
	var areas []area
	for _, t := range s.tables {
		a, err := parseArea(t.Ref)
		if err != nil {
			c.fail("tables are marked", s.name, "%v", err)
			continue
		}
		areas = append(areas, a)
		if !tableName.MatchString(t.Name) || names[t.Name] {
			c.fail("tables have names of their own", s.name, "%q", t.Name)
		}
		names[t.Name] = true
	}
	var said []string // what is written outside of tables
	loose := map[int]bool{}
	for p, cell := range s.cells {
		if slices.ContainsFunc(areas, func(a area) bool { return a.holds(p) }) {
			continue
		}
		if p.column > 0 {
			loose[p.row] = true
		} else {
			said = append(said, strings.ReplaceAll(cell.String(), "\u00a0", " "))
		}
		if c.audience != returned && slices.ContainsFunc(areas, func(a area) bool { return p.row > a.bottom }) {
			c.fail("nothing below a table", s.name, "row %d", p.row)
		}
	}
	bare := len(loose) == 1 && slices.ContainsFunc(said, tableIsBare.MatchString) // only titles
	if len(loose) > 0 && !bare || len(areas) == 0 && !bare && len(s.shapes) == 0 {
		c.fail("tables are marked", s.name, "%d rows stand in no table", len(loose))
	}
	if c.audience != returned && len(areas) > 1 {
		c.fail("one table to a sheet", s.name, "%d", len(areas))
	}
	for i, a := range areas {
		t := s.tables[i]
		if t.Filter != nil && c.audience == published {
			c.fail("no filter or frozen pane", s.name, "a filter")
		}
		c.header(s, t, a)
		c.body(s, t, a, said)
	}
	if len(areas) == 1 && c.audience != returned && !c.repeats(s, areas[0].top) {
		c.fail("titles on every page", s.name, "row %d is not repeated", areas[0].top)
	}
}

// repeats reports whether a row is printed on every page.
func (c *checklist) repeats(s *sheetParts, row int) bool {
	return slices.ContainsFunc(c.names, func(n definedName) bool {
		return n.Name == "_xlnm.Print_Titles" && n.Sheet != nil && *n.Sheet < len(c.sheets) && c.sheets[*n.Sheet] == s && strings.HasSuffix(n.Refer, fmt.Sprintf("!$%d:$%d", row, row))
	})
}

func (c *checklist) header(s *sheetParts, t tableXML, a area) {
	if t.Headers != nil && *t.Headers != 1 || len(t.Columns) != a.right-a.left+1 {
		c.fail("one row of titles", s.name, "%s", t.Ref)
		return
	}
	seen := map[string]bool{}
	for i, column := range t.Columns {
		title := s.cells[place{a.left + i, a.top}]
		if title.Kind != ingest.Text || title.Text != column.Name || seen[title.Text] {
			c.fail("one row of titles", s.name+"!"+ingest.CellName(a.left+i, a.top), "%q", title.String())
		}
		seen[title.Text] = true
	}
}

func (c *checklist) body(s *sheetParts, t tableXML, a area, said []string) {
	if a.bottom == a.top {
		c.fail("no blank row or column", s.name, "%s has no row", t.Ref)
	}
	for row := a.top + 1; row <= a.bottom; row++ {
		filled := 0
		for column := a.left; column <= a.right; column++ {
			if _, ok := s.cells[place{column, row}]; ok {
				filled++
			}
		}
		if filled == 0 {
			c.fail("no blank row or column", s.name, "row %d", row)
		}
	}
	for column := a.left; column <= a.right; column++ {
		title := s.cells[place{column, a.top}].String()
		empty, numbers := 0, 0
		var texts []string
		for row := a.top + 1; row <= a.bottom; row++ {
			switch cell := s.cells[place{column, row}]; cell.Kind {
			case ingest.Empty:
				empty++
			case ingest.Number, ingest.Date:
				numbers++
			case ingest.Text:
				texts = append(texts, cell.Text)
			}
		}
		explained := slices.ContainsFunc(said, func(text string) bool {
			return emptySaid.MatchString(text) || strings.Contains(text, "« "+title+" »")
		})
		if empty > 0 && !explained {
			c.fail("empty cells are explained", s.name, "%q has %d", title, empty)
		}
		if empty == a.bottom-a.top && !explained {
			c.fail("no blank row or column", s.name, "%q", title)
		}
		for _, text := range texts {
			if numbers > 0 && numberText.MatchString(text) {
				c.fail("numbers are numbers", s.name, "%q among the numbers of %q", text, title)
			}
			if bracketed.MatchString(text) {
				if !slices.Contains(symbols, text) {
					c.fail("symbols are known", s.name, "%q in %q", text, title)
				} else if !c.explains(text, said) {
					c.fail("symbols are explained", s.name, "%s in %q", text, title)
				}
			}
		}
	}
}

// explains reports whether the sheet, or the first one, says what a symbol means.
func (c *checklist) explains(symbol string, said []string) bool {
	if slices.ContainsFunc(said, func(text string) bool { return strings.Contains(text, symbol) }) {
		return true
	}
	for _, cell := range c.sheets[0].cells {
		if strings.Contains(cell.String(), symbol) {
			return true
		}
	}
	return false
}

// formTitles looks at the titles of a sheet to fill in: its first row, which is filtered and repeated.
func (c *checklist) formTitles(i int, s *sheetParts) {
	if s.xml.Filter == nil {
		if s.cells[place{0, 1}].Kind != ingest.Text {
			c.fail("title in A1", s.name, "%q", s.cells[place{0, 1}].String())
		}
		return
	}
	seen := map[string]bool{}
	last := 0
	for p := range s.cells {
		last = max(last, p.column)
	}
	for column := range last + 1 {
		title := s.cells[place{column, 1}].String()
		if title == "" || seen[title] {
			c.fail("one row of titles", s.name+"!"+ingest.CellName(column, 1), "%q", title)
		}
		seen[title] = true
	}
	if !c.repeats(s, 1) {
		c.fail("titles on every page", s.name, "row 1 is not repeated")
	}
}

// contents looks for the sheet that lists and links every sheet.
func (c *checklist) contents() {
	linked := map[string]bool{}
	for _, s := range c.sheets[:min(2, len(c.sheets))] {
		for _, l := range s.xml.Links {
			if target := linkSheet.FindStringSubmatch(l.Location); target != nil {
				linked[target[1]] = true
			}
		}
	}
	for _, s := range c.sheets {
		if !linked[s.name] {
			c.fail("contents", "workbook", "no link to %s among the first sheets", s.name)
		}
	}
}

// leastContrast is that of WCAG 2 for text.
const leastContrast = 4.5

// contrast looks at every style that a cell has, and at those that a condition gives.
func (c *checklist) contrast() {
	used := map[int]string{}
	for i, s := range c.sheets {
		for _, r := range s.xml.Rows {
			for _, cell := range r.Cells {
				at, err := parseArea(cell.Ref)
				if err == nil && s.cells[place{at.left, at.top}].Kind != ingest.Empty {
					used[cell.Style] = s.name + "!" + cell.Ref
				}
			}
		}
		for _, f := range s.xml.Conditional {
			for _, rule := range f.Rules {
				if rule.Icons != nil {
					c.fail("no meaning by colour alone", s.name, "a set of icons")
				}
				for _, colour := range rule.Scale {
					c.compare(s.name, nil, &colour)
				}
				if rule.Format != nil && *rule.Format < len(c.styles.Conditional) {
					d := c.styles.Conditional[*rule.Format]
					if d.Fill != nil {
						c.compare(s.name, colourOf(d.Font), d.Fill.Pattern.Back)
					}
					if d.Fill != nil && d.Border == nil && d.Font == nil && !(c.audience == returned && i > 0) {
						c.fail("no meaning by colour alone", s.name, "a condition changes the background and nothing else")
					}
				}
			}
		}
	}
	for style, where := range used {
		if style >= len(c.styles.Cells) {
			continue
		}
		xf := c.styles.Cells[style]
		var back *colourXML
		if p := c.styles.Fills[xf.Fill].Pattern; p.Type == "solid" {
			back = p.Fore
		} else if p.Type != "" && p.Type != "none" {
			c.fail("no pattern", where, "%s", p.Type)
		}
		c.compare(where, colourOf(&c.styles.Fonts[xf.Font]), back)
	}
}

func colourOf(f *fontXML) *colourXML {
	if f == nil {
		return nil
	}
	return f.Colour
}

func (c *checklist) compare(where string, fore, back *colourXML) {
	a, known := fore.hex("000000")
	b, also := back.hex("FFFFFF")
	if !known || !also {
		c.fail("contrast", where, "colours %+v on %+v cannot be told", fore, back)
	} else if ratio := contrastOf(a, b); ratio < leastContrast {
		c.fail("contrast", where, "%s on %s is %.1f", a, b, ratio)
	}
}

// hex is a colour, or what stands where there is none. Of themes, the two that a text has without asking are known.
func (c *colourXML) hex(none string) (string, bool) {
	switch {
	case c == nil || *c == colourXML{} || c.Indexed != nil && *c.Indexed >= 64:
		return none, true
	case c.RGB != "":
		return c.RGB[max(0, len(c.RGB)-6):], true
	case c.Theme != nil && *c.Theme < 2 && c.Tint == nil:
		return []string{"FFFFFF", "000000"}[*c.Theme], true
	}
	return "", false
}

// contrastOf is the contrast of WCAG 2 between two colours.
func contrastOf(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			return math.NaN()
		}
		x := float64(v) / 255
		if x <= 0.03928 {
			x /= 12.92
		} else {
			x = math.Pow((x+0.055)/1.055, 2.4)
		}
		sum += weight * x
	}
	return sum
}

var sansSerif = []string{"Arial", "Calibri", "Liberation Sans", "Carlito"}

// cellStyles looks at the letters of a sheet, and for a colour that alone says something: an empty cell with a
// background that has no note and is not to be filled in.
func (c *checklist) cellStyles(s *sheetParts) {
	for _, r := range s.xml.Rows {
		for _, cell := range r.Cells {
			at, err := parseArea(cell.Ref)
			if err != nil || cell.Style >= len(c.styles.Cells) {
				continue
			}
			xf := c.styles.Cells[cell.Style]
			_, filled := s.cells[place{at.left, at.top}]
			if !filled {
				open := xf.Protection != nil && xf.Protection.Locked != nil && !*xf.Protection.Locked
				if c.styles.Fills[xf.Fill].Pattern.Type == "solid" && !s.noted[cell.Ref] && !open && c.audience != form {
					c.fail("no meaning by colour alone", s.name+"!"+cell.Ref, "an empty cell has a background")
				}
				continue
			}
			f := c.styles.Fonts[xf.Font]
			size := 11.0
			if f.Size != nil {
				size, _ = strconv.ParseFloat(f.Size.Val, 64)
			}
			if f.Name == nil || !slices.Contains(sansSerif, f.Name.Val) || size < 10 {
				c.fail("plain letters", s.name+"!"+cell.Ref, "%+v of %v", f.Name, size)
			}
			if f.Raised != nil {
				c.fail("no raised letters", s.name+"!"+cell.Ref, "%s", f.Raised.Val)
			}
		}
	}
}
