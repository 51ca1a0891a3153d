package ingest

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxExpandedCells bounds the cells of a file once its repetitions are written out, each time that
// a sheet is read.
const maxExpandedCells = 4 << 20

// odsFile is an OpenDocument spreadsheet: all sheets are in one XML part. That part is scanned whole
// when the file is opened, and again up to its sheet each time rows are asked for: memory stays
// small whatever the file.
type odsFile struct {
	open  func() (io.ReadCloser, error)
	texts *textBudget
	cells int // handed out so far, repetitions counted
}

const odsContent = "content.xml"

// readODS opens a zipped OpenDocument spreadsheet (ISO/IEC 26300).
func readODS(c *container) (*Workbook, error) {
	if err := c.refuseEncrypted(); err != nil {
		return nil, err
	}
	o := &odsFile{texts: &c.texts, open: func() (io.ReadCloser, error) { return c.open(odsContent) }}
	w, err := o.workbook()
	if err != nil {
		return nil, err
	}
	for _, name := range c.names {
		w.Macros = w.Macros || strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/")
	}
	return w, nil
}

// readFlatODS opens one written as a single XML document (.fods).
func readFlatODS(data []byte) (*Workbook, error) {
	left := int64(maxInflated) // each sheet reads the document anew
	o := &odsFile{texts: new(textBudget), open: func() (io.ReadCloser, error) {
		if left -= int64(len(data)); left < 0 {
			return nil, errBomb
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
	return o.workbook()
}

// refuseEncrypted finds the parts that a password protects.
func (c *container) refuseEncrypted() error {
	const manifest = "meta-inf/manifest.xml"
	if c.parts[manifest] == nil {
		return nil
	}
	return c.scan(manifest, func(x *xmlScanner) error {
		if string(x.name) == "encryption-data" {
			return errProtected
		}
		return nil
	})
}

// workbook scans the whole document: sheets, which of them are hidden, links to other files.
func (o *odsFile) workbook() (*Workbook, error) {
	w := &Workbook{}
	hidden := map[string]bool{} // table styles
	style, spreadsheet := "", false
	err := o.scan(func(x *xmlScanner, sheet bool) error {
		switch string(x.name) {
		case "spreadsheet":
			spreadsheet = string(x.open[x.starts[len(x.starts)-1]:]) == "office:spreadsheet" // cells are read by this prefix
		case "style":
			style = string(x.attr("name"))
		case "table-properties":
			hidden[style] = string(x.attr("display")) == "false"
		case "table-source", "cell-range-source", "dde-source":
			w.ExternalLinks = true
		}
		if !sheet {
			return nil
		}
		name, merged := string(x.attr("name")), new([]Area)
		w.Sheets = append(w.Sheets, Sheet{
			Name: name, Hidden: hidden[string(x.attr("style-name"))], Rows: o.rows(name, len(w.Sheets), merged), merged: merged,
		})
		if len(w.Sheets) > maxSheets {
			return errBomb
		}
		return nil
	})
	if err == nil && !spreadsheet {
		err = errNotWorkbook
	}
	return w, err
}

// scan calls f at each start of an element, to the end of the document. A sheet is a table right
// within the spreadsheet: others are in cells, or are what a link last gave.
func (o *odsFile) scan(f func(x *xmlScanner, sheet bool) error) error {
	r, err := o.open()
	if err != nil {
		return err
	}
	defer r.Close()
	within := -1 // depth of the spreadsheet's children
	return scanXML(r, func(x *xmlScanner) error {
		if string(x.name) == "spreadsheet" && within < 0 {
			within = len(x.starts) + 1
		}
		return f(x, len(x.starts) == within && string(x.name) == "table")
	})
}

// rows is the sheet of that index among the document's; at the end of a pass merged has its merged cells.
func (o *odsFile) rows(name string, index int, merged *[]Area) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		*merged = nil
		t := &odsTable{file: o, yield: yield, merged: merged}
		seen := 0
		err := o.scan(func(x *xmlScanner, sheet bool) error {
			if !sheet {
				return nil
			}
			if seen++; seen <= index {
				return x.skipElement()
			}
			t.xmlScanner = x
			if err := t.read(); err != nil {
				return err
			}
			return errStopped // the document was found sound when it was opened
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Row{}, &SheetError{Sheet: name, Row: t.number, Err: err})
		}
	}
}

// odsTable is a pass over one sheet.
type odsTable struct {
	*xmlScanner
	file   *odsFile
	yield  func(Row, error) bool
	number int // rows so far, repetitions counted
	cells  []Cell
	lines  []string // of the current cell
	merged *[]Area
}

// read consumes the current table element. Rows may stand in groups; what stands outside rows
// (shapes, named ranges) is passed over.
func (t *odsTable) read() error {
	return t.inner(func() error {
		switch string(t.name) {
		case "table-row":
			return t.readRow()
		case "table-row-group", "table-rows", "table-header-rows":
			return nil
		default:
			return t.skipElement()
		}
	})
}

// repeated is how often the current element stands: once without the attribute.
func (t *odsTable) repeated(attribute string) (int, error) {
	text := t.attr(attribute)
	if text == nil {
		return 1, nil
	}
	n, ok := integer(text)
	if !ok || n < 1 {
		return 0, t.syntax("%s repetitions", clip(text))
	}
	return n, nil
}

func (t *odsTable) readRow() error {
	times, err := t.repeated("number-rows-repeated")
	if err != nil {
		return err
	}
	visibility := string(t.attr("visibility"))
	row := Row{Hidden: visibility == "collapse" || visibility == "filter"}
	if err := t.readCells(); err != nil {
		return err
	}
	if len(t.cells) == 0 { // empty rows are counted, never built
		t.number += times
		return nil
	}
	if t.number+times > maxRow {
		return errBomb
	}
	row.Cells = t.cells
	for range times {
		if t.file.cells += len(t.cells); t.file.cells > maxExpandedCells {
			return errBomb
		}
		t.number++
		row.Number = t.number
		if !t.yield(row, nil) {
			return errStopped
		}
	}
	return nil
}

func (t *odsTable) readCells() error {
	t.cells = t.cells[:0]
	column := 0
	return t.inner(func() error {
		covered := string(t.name) == "covered-table-cell"
		if !covered && string(t.name) != "table-cell" {
			return t.skipElement()
		}
		times, err := t.repeated("number-columns-repeated")
		if err != nil {
			return err
		}
		down, _ := integer(t.attr("number-rows-spanned"))
		across, _ := integer(t.attr("number-columns-spanned"))
		if (down > 1 || across > 1) && len(*t.merged) < maxMerged {
			*t.merged = append(*t.merged, Area{column, t.number + 1, column + max(across, 1) - 1, t.number + max(down, 1)})
		}
		cell, err := t.readCell()
		if err != nil {
			return err
		}
		if cell.Kind != Empty && !covered { // people see nothing of a covered cell
			if column+times > maxColumn {
				return errBomb
			}
			for i := range times {
				cell.Column = column + i
				t.cells = append(t.cells, cell)
			}
		}
		column = min(column+times, maxRow)
		return nil
	})
}

// readCell consumes the current cell: its typed value, or the paragraphs of its text. Annotations
// and shapes are no text of the cell.
func (t *odsTable) readCell() (Cell, error) {
	cell := Cell{Formula: t.attr("formula") != nil}
	kind := string(t.qualified("office:value-type"))
	failed := string(t.qualified("calcext:value-type")) == "error"
	value, day, duration := string(t.qualified("office:value")), string(t.attr("date-value")), string(t.attr("time-value"))
	truth := string(t.attr("boolean-value"))
	said := t.attr("string-value")
	text := string(said)
	shown, err := t.paragraphs()
	if err != nil {
		return cell, err
	}
	if len(said) == 0 { // also what LibreOffice writes beside an error
		text = shown
	}
	switch {
	case failed, cell.Formula && faultText.MatchString(shown):
		cell.Kind, cell.Text = Fault, shown
	case kind == "float" || kind == "percentage" || kind == "currency":
		n, ok := parseNumber([]byte(value))
		if !ok {
			return cell, t.syntax("%s is no number", clip([]byte(value)))
		}
		cell.Kind, cell.Number = Number, n
		cell.Format = map[string]Format{"percentage": Percent, "currency": Currency}[kind]
		if strings.HasPrefix(shown, "0") && len(shown) > 1 && shown == padded(n, len(shown)) {
			cell.Format = Padded(len(shown))
		}
	case kind == "date":
		d, ok := isoTime(day)
		if !ok || d.Year() == 0 {
			return cell, t.syntax("%s is no ISO date", clip([]byte(day)))
		}
		cell.Kind, cell.Date, cell.Format = Date, d.Truncate(24*time.Hour), Day
	case kind == "boolean":
		switch truth {
		case "true", "false", "1", "0": // the two ways of XML Schema
			cell.Kind, cell.Bool = Bool, truth == "true" || truth == "1"
		default:
			return cell, t.syntax("%s is no boolean", clip([]byte(truth)))
		}
	case kind == "time":
		if days, ok := isoDuration(duration); ok {
			text = clock(days)
		} else if text == "" {
			return cell, t.syntax("%s is no duration", clip([]byte(duration)))
		}
		setText(&cell, text)
		cell.Format = Clock
	case kind == "" && text == "" && cell.Formula:
		cell.Kind = Fault
	default: // string, or none
		setText(&cell, text)
	}
	return cell, t.file.texts.spend(len(cell.Text))
}

// faultText is what a formula that failed shows, in English or in French: not all programs say in
// the cell's type that it did, and the value that stands beside is then 0 or empty.
var faultText = regexp.MustCompile(`^(Err[ \x{a0}\x{202f}]?:\d{3}|#(N/[AD]|DIV/0|REF|NAME|NOM|NUM|NOMBRE|NULL?|VALUE|VALEUR)[ \x{a0}\x{202f}]?[!?]?)$`)

var durationText = regexp.MustCompile(`^PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6}(?:[.,]\d{1,12})?)S)?$`)

// isoDuration reads hours, minutes and seconds as a part of a day.
func isoDuration(text string) (days float64, ok bool) {
	p := durationText.FindStringSubmatch(text)
	if p == nil || text == "PT" {
		return 0, false
	}
	h, _ := strconv.ParseFloat(p[1], 64)
	m, _ := strconv.ParseFloat(p[2], 64)
	s, _ := strconv.ParseFloat(strings.ReplaceAll(p[3], ",", "."), 64)
	return (h + m/60 + s/3600) / 24, true
}

// qualified is an attribute by its full name, where two differ by their prefix only.
func (x *xmlScanner) qualified(name string) []byte {
	for i := range x.attrs {
		if string(x.attrs[i].name) == name {
			return x.decoded(x.attrs[i].value)
		}
	}
	return nil
}

// paragraphs consumes the current cell and returns its paragraphs, a line each.
func (t *odsTable) paragraphs() (string, error) {
	t.lines = t.lines[:0]
	total := 0
	err := t.inner(func() error {
		if string(t.name) != "p" {
			return t.skipElement()
		}
		line, err := t.mixedText()
		t.lines = append(t.lines, line)
		if total += len(line) + 1; err == nil && total > maxXMLToken {
			err = t.syntax("a text of more than %d bytes", maxXMLToken)
		}
		return err
	})
	return strings.Join(t.lines, "\n"), err
}
