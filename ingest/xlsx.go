package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
)

// The bounds of a sheet, those of Excel, and of what is kept in memory for all sheets.
const (
	maxRow           = 1 << 20
	maxColumn        = 1 << 14
	maxStyles        = 1 << 16
	maxSharedStrings = 1 << 20
)

// xlsxFile is an open workbook: what its sheets refer to, read once.
type xlsxFile struct {
	container *container
	epoch1904 bool
	strings   []string // shared strings
	formats   []Format // by cell style
}

// readXLSX opens a workbook of the Office Open XML family (ECMA-376, transitional or strict). Sheets
// are read when their rows are asked for, each in one pass.
func readXLSX(c *container) (*Workbook, error) {
	main, err := c.target("", "officedocument")
	if err != nil {
		return nil, err
	}
	if main == "" {
		main = "xl/workbook.xml"
	}
	if c.parts[partName(main)] == nil {
		return nil, errNotWorkbook
	}
	if strings.HasSuffix(strings.ToLower(main), ".bin") {
		return nil, errBinaryWorkbook
	}
	x := &xlsxFile{container: c}
	w := &Workbook{}
	for _, name := range c.names {
		w.Macros = w.Macros || strings.HasSuffix(name, "vbaproject.bin") || strings.Contains(name, "/macrosheets/")
		w.ExternalLinks = w.ExternalLinks || strings.Contains(name, "/externallinks/") || strings.HasSuffix(name, "/connections.xml")
	}
	relations, err := c.relations(main)
	if err != nil {
		return nil, err
	}
	for _, r := range relations {
		switch {
		case r.external:
		case strings.HasSuffix(r.kind, "/sharedstrings"):
			err = x.readSharedStrings(r.target)
		case strings.HasSuffix(r.kind, "/styles"):
			err = x.readStyles(r.target)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := x.readWorkbook(w, main, relations); err != nil {
		return nil, err
	}
	return w, nil
}

// relation is one entry of a .rels part.
type relation struct {
	id, kind, target string // kind in lower case, target from the root
	external         bool
}

// relations reads what a part refers to; none when it has no .rels part.
func (c *container) relations(part string) ([]relation, error) {
	name := relationsPart(part)
	if part == "" {
		name = "_rels/.rels"
	}
	if c.parts[partName(name)] == nil {
		return nil, nil
	}
	var all []relation
	err := c.scan(name, func(x *xmlScanner) error {
		if string(x.name) != "Relationship" {
			return nil
		}
		r := relation{
			id: string(x.attr("Id")), kind: strings.ToLower(string(x.attr("Type"))), target: string(x.attr("Target")),
			external: string(x.attr("TargetMode")) == "External",
		}
		if !strings.HasPrefix(r.target, "/") {
			r.target = path.Join(path.Dir("/"+part), strings.ReplaceAll(r.target, `\`, "/"))
		}
		r.target = strings.TrimPrefix(r.target, "/")
		all = append(all, r)
		return nil
	})
	return all, err
}

// target is the part that a part refers to with that kind of relation; "" when there is none.
func (c *container) target(part, kind string) (string, error) {
	relations, err := c.relations(part)
	for _, r := range relations {
		if strings.HasSuffix(r.kind, "/"+kind) {
			return r.target, err
		}
	}
	return "", err
}

// scan calls f at each start of an element of a part, to the end of the part.
func (c *container) scan(part string, f func(*xmlScanner) error) error {
	r, err := c.open(part)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := scanXML(r, f); err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}

// readWorkbook lists the sheets in their order. A sheet without a worksheet part (a chart) is left
// out; one whose part is missing is an error when it is read.
func (x *xlsxFile) readWorkbook(w *Workbook, part string, relations []relation) error {
	byID := map[string]relation{}
	for _, r := range relations {
		byID[r.id] = r
	}
	return x.container.scan(part, func(s *xmlScanner) error {
		switch string(s.name) {
		case "workbookPr":
			if len(s.starts) != 2 { // extensions have an element of the same name
				return nil
			}
			v := string(s.attr("date1904"))
			x.epoch1904 = v == "1" || v == "true" || v == "on"
			w.Epoch1904 = x.epoch1904
		case "sheet":
			r := byID[string(s.attr("id"))]
			if r.kind != "" && !strings.HasSuffix(r.kind, "/worksheet") {
				return nil
			}
			name := string(s.attr("name"))
			state := string(s.attr("state"))
			merged := new([]Area)
			w.Sheets = append(w.Sheets, Sheet{
				Name: name, Hidden: state == "hidden" || state == "veryHidden", Rows: x.rows(name, r.target, merged),
				Tables: func() ([]Area, error) { return x.tables(r.target) }, merged: merged, file: x, part: r.target,
			})
			if len(w.Sheets) > maxSheets {
				return errBomb
			}
		}
		return nil
	})
}

// tables are the areas of the tables that a sheet refers to.
func (x *xlsxFile) tables(sheet string) (areas []Area, err error) {
	relations, err := x.container.relations(sheet)
	if err != nil {
		return nil, err
	}
	for _, r := range relations {
		if r.external || !strings.HasSuffix(r.kind, "/table") {
			continue
		}
		err := x.container.scan(r.target, func(s *xmlScanner) error {
			if string(s.name) != "table" {
				return nil
			}
			a, ok := areaReference(s.attr("ref"))
			if !ok {
				return fmt.Errorf("%q is no range", s.attr("ref"))
			}
			areas = append(areas, a)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return areas, nil
}

func (x *xlsxFile) readStyles(part string) error {
	if x.container.parts[partName(part)] == nil {
		return nil // then no cell has a style
	}
	custom := map[int]Format{}
	inCellFormats := false
	return x.container.scan(part, func(s *xmlScanner) error {
		switch string(s.name) {
		case "numFmt":
			if id, ok := integer(s.attr("numFmtId")); ok {
				custom[id] = classifyFormat(string(s.attr("formatCode")))
			}
			if len(custom) > maxStyles {
				return errors.New("too many number formats")
			}
		case "cellStyleXfs", "cellStyles", "dxfs":
			inCellFormats = false
		case "cellXfs":
			inCellFormats = true
		case "xf":
			if !inCellFormats {
				return nil
			}
			id, _ := integer(s.attr("numFmtId"))
			f, ok := custom[id]
			if !ok {
				f = builtinFormat(id)
			}
			x.formats = append(x.formats, f)
			if len(x.formats) > maxStyles {
				return errors.New("too many cell styles")
			}
		}
		return nil
	})
}

// readSharedStrings reads the texts that cells refer to. Phonetic runs are no text.
func (x *xlsxFile) readSharedStrings(part string) error {
	if x.container.parts[partName(part)] == nil {
		return nil // an error only for a cell that needs it
	}
	return x.container.scan(part, func(s *xmlScanner) error {
		if string(s.name) != "si" {
			return nil
		}
		text, err := s.richText()
		if err != nil {
			return err
		}
		x.strings = append(x.strings, text)
		if len(x.strings) > maxSharedStrings {
			return errBomb
		}
		return x.container.texts.spend(len(text))
	})
}

// richText consumes the current element (si, is) and joins its texts and runs, without phonetics.
func (x *xmlScanner) richText() (string, error) {
	var joined string        // most often the one text
	var runs strings.Builder // all of them, from the second on
	depth := len(x.starts)
	for {
		token, err := x.next()
		if err != nil {
			return "", err
		}
		if token == xmlEnd {
			if len(x.starts) < depth {
				if runs.Len() > 0 {
					return runs.String(), nil
				}
				return joined, nil
			}
			continue
		}
		switch string(x.name) {
		case "t":
			text, err := x.text()
			if err != nil {
				return "", err
			}
			run := unescape(string(text))
			if joined == "" {
				joined = run
				continue
			}
			if runs.Len() == 0 {
				runs.WriteString(joined)
			}
			runs.WriteString(run)
			if runs.Len() > maxXMLToken {
				return "", x.syntax("a text of more than %d bytes", maxXMLToken)
			}
		case "rPh":
			if err := x.skipElement(); err != nil {
				return "", err
			}
		}
	}
}

// rows reads a sheet in one pass, at the end of which merged has its merged cells.
func (x *xlsxFile) rows(sheet, part string, merged *[]Area) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r, err := x.container.open(part)
		if err != nil {
			yield(Row{}, &SheetError{Sheet: sheet, Err: err})
			return
		}
		defer r.Close()
		s := scanners.Get().(*xmlScanner)
		defer scanners.Put(s)
		*merged = nil
		w := &worksheet{file: x, xmlScanner: s, merged: merged}
		err = s.start(r)
		if err == nil {
			err = w.read(yield)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Row{}, &SheetError{Sheet: sheet, Row: w.row.Number, Err: err})
		}
	}
}

// errStopped ends a pass that its consumer has had enough of.
var errStopped = errors.New("stopped")

// worksheet is a pass over one sheet.
type worksheet struct {
	*xmlScanner
	file   *xlsxFile
	row    Row
	merged *[]Area
}

// read goes to the very end of the part: a sheet that is cut short or damaged after its rows is damaged,
// and one without the element of its rows is no sheet.
func (w *worksheet) read(yield func(Row, error) bool) error {
	found := false
	for {
		token, err := w.next()
		if err != nil {
			return err
		}
		switch {
		case token == xmlEOF:
			if !found {
				return w.syntax("no sheetData")
			}
			return nil
		case token == xmlStart && string(w.name) == "sheetData" && len(w.starts) == 2:
			if found {
				return w.syntax("a second sheetData")
			}
			found = true
			if err := w.sheetData(yield); err != nil {
				return err
			}
		case token == xmlStart && string(w.name) == "mergeCell" && len(w.starts) == 3 && len(*w.merged) < maxMerged:
			if a, ok := areaReference(w.attr("ref")); ok {
				*w.merged = append(*w.merged, a)
			}
		}
	}
}

func (w *worksheet) sheetData(yield func(Row, error) bool) error {
	for {
		token, err := w.next()
		if err != nil {
			return err
		}
		switch {
		case token == xmlEnd && len(w.starts) < 2:
			return nil
		case token == xmlStart && string(w.name) == "row" && len(w.starts) == 3:
			if err := w.readRow(); err != nil {
				return err
			}
			if len(w.row.Cells) > 0 && !yield(w.row, nil) {
				return errStopped
			}
		}
	}
}

// readRow reads a row; without a number it follows the one before.
func (w *worksheet) readRow() error {
	number := w.row.Number + 1
	if r := w.attr("r"); r != nil {
		n, ok := integer(r)
		if !ok || n < number {
			return w.syntax("row %s after row %d", clip(r), w.row.Number)
		}
		number = n
	}
	if number > maxRow {
		return w.syntax("row %d is beyond the last of a sheet", number)
	}
	hidden := w.attr("hidden")
	w.row = Row{Number: number, Hidden: string(hidden) == "1" || string(hidden) == "true", Cells: w.row.Cells[:0]}
	next := 0
	for {
		token, err := w.xmlScanner.next()
		if err != nil {
			return err
		}
		switch {
		case token == xmlEnd && len(w.starts) < 3:
			return nil
		case token == xmlStart && string(w.name) == "c" && len(w.starts) == 4:
			column, err := w.column(next)
			if err != nil {
				return err
			}
			next = column + 1
			cell, err := w.readCell()
			if err != nil {
				return fmt.Errorf("cell %s: %w", CellName(column, number), err)
			}
			if cell.Kind != Empty {
				cell.Column = column
				w.row.Cells = append(w.row.Cells, cell)
			}
		}
	}
}

// column is the current cell's: that of its reference, which must be on this row and to the right
// of the cell before; without a reference the next one.
func (w *worksheet) column(next int) (int, error) {
	r := w.attr("r")
	if r == nil {
		if next >= maxColumn {
			return 0, w.syntax("a cell beyond the last column")
		}
		return next, nil
	}
	column, row, ok := cellReference(r)
	if !ok || row != w.row.Number || column < next {
		return 0, w.syntax("cell %s is out of place in row %d", clip(r), w.row.Number)
	}
	return column, nil
}

// cellReference reads « B12 » as column 1 (from 0) and row 12 (from 1).
func cellReference(ref []byte) (column, row int, ok bool) {
	i := 0
	for i < len(ref) && i < 4 && ref[i]|0x20 >= 'a' && ref[i]|0x20 <= 'z' {
		column = column*26 + int(ref[i]|0x20-'a') + 1
		i++
	}
	if i == 0 || column > maxColumn {
		return 0, 0, false
	}
	row, ok = integer(ref[i:])
	return column - 1, row, ok && row > 0 && row <= maxRow
}

// areaReference reads « B2:B4 ».
func areaReference(ref []byte) (a Area, ok bool) {
	from, to, _ := bytes.Cut(ref, []byte(":"))
	var ok2 bool
	a.Left, a.Top, ok = cellReference(from)
	a.Right, a.Bottom, ok2 = cellReference(to)
	return a, ok && ok2
}

// integer reads a plain decimal number of up to nine digits.
func integer(text []byte) (n int, ok bool) {
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	for _, b := range text {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + int(b-'0')
	}
	return n, true
}
