package exports

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// workbook is a set of sheets. Title, subject and the rest are the document's properties.
type workbook struct {
	title, author string
	made          time.Time // the document's date: that of its data
	sheets        []sheet
}

// sheet is one table under a title and a few sentences, or one page of charts.
type sheet struct {
	name      string // of the tab
	holds     string // one sentence for the summary
	title     string
	sentences []string
	columns   []column
	frozen    int // columns that stay in view, with the header row
	rows      [][]any
	charts    []chart
}

// column is a column of a sheet's table.
type column struct {
	title  string
	width  float64 // in characters
	format format  // of cells that carry none
}

// Cells are strings, float64, int64, time.Time (a day), nil (empty), or one of these two.
type (
	formatted struct { // a value with a format of its own
		value  any
		format format
	}
	link struct{ text, sheet string } // to the title of another sheet
)

// chart is a scatter with lines over the months in the first column of another sheet.
type chart struct {
	cell   string
	title  string
	alt    string
	sheet  string // that holds the table
	first  int    // its first row of data
	last   int
	series []series
	from   time.Time // the axis
	to     time.Time
}

// series is one line of a chart.
type series struct {
	column int // from 1
	main   bool
}

// format is a row of the table of styles.
type format string

// The formats. Those of numbers are en-US codes, as a file must hold; separators are the reader's own.
const (
	textFormat     format = "text"
	symbolFormat   format = "symbol"
	codeFormat     format = "code"
	linkFormat     format = "link"
	titleFormat    format = "title"
	sentenceFormat format = "sentence"
	headerFormat   format = "header"
	headerRight    format = "header right"
	percentFormat  format = "percent"
	integerFormat  format = "integer"
	oneDecimal     format = "one decimal"
	twoDecimals    format = "two decimals"
	eurosFormat    format = "euros"
	monthFormat    format = "month"
)

const fontName, fontSize = "Arial", 11

// styles is every style of the workbooks.
var styles = map[format]excelize.Style{
	textFormat:     {Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}},
	codeFormat:     {Alignment: &excelize.Alignment{Vertical: "top"}},
	symbolFormat:   {Alignment: &excelize.Alignment{Horizontal: "right", Vertical: "top"}},
	linkFormat:     {Font: &excelize.Font{Color: "0B4F8A", Underline: "single"}, Alignment: &excelize.Alignment{Vertical: "top"}},
	titleFormat:    {Font: &excelize.Font{Bold: true, Size: 16}},
	sentenceFormat: {},
	headerFormat:   {Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "bottom"}, Border: underline},
	headerRight:    {Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Horizontal: "right", Vertical: "bottom"}, Border: underline},
	percentFormat:  number(`0.0" %"`),
	integerFormat:  number(`#,##0`),
	oneDecimal:     number(`#,##0.0`),
	twoDecimals:    number(`#,##0.00`),
	eurosFormat:    number(`#,##0.00\ [$€-40C]`),
	monthFormat:    {CustomNumFmt: new(`[$-40C]mmmm\ yyyy`), Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top"}},
}

var underline = []excelize.Border{{Type: "bottom", Style: 1, Color: "000000"}}

func number(code string) excelize.Style {
	code = strings.ReplaceAll(code, `" %"`, `"`+noBreak+`%"`)
	return excelize.Style{CustomNumFmt: &code, Alignment: &excelize.Alignment{Horizontal: "right", Vertical: "top"}}
}

// numeric reports whether cells of that format stand on the right.
func (f format) numeric() bool {
	switch f {
	case symbolFormat, percentFormat, integerFormat, oneDecimal, twoDecimals, eurosFormat:
		return true
	}
	return false
}

// encode makes the file: the same workbook always has the same bytes.
func (b *workbook) encode() ([]byte, error) {
	w, err := newSheetWriter()
	if err != nil {
		return nil, err
	}
	defer w.file.Close()
	for i := range b.sheets {
		if i == 0 {
			err = w.file.SetSheetName("Sheet1", b.sheets[i].name)
		} else {
			_, err = w.file.NewSheet(b.sheets[i].name)
		}
		if err != nil {
			return nil, fmt.Errorf("sheet %s: %w", b.sheets[i].name, err)
		}
	}
	for i := range b.sheets {
		if err := w.write(&b.sheets[i]); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", b.sheets[i].name, err)
		}
	}
	at := b.made.UTC().Format(time.RFC3339)
	if err := w.file.SetDocProps(&excelize.DocProperties{
		Title: b.title, Creator: b.author, LastModifiedBy: b.author, Created: at, Modified: at, Language: "fr-FR",
	}); err != nil {
		return nil, err
	}
	w.file.SetActiveSheet(0)
	var raw, packed bytes.Buffer
	if err := w.file.Write(&raw); err != nil {
		return nil, err
	}
	err = ingest.Repack(&packed, raw.Bytes())
	return packed.Bytes(), err
}

// sheetWriter writes sheets into one file.
type sheetWriter struct {
	file   *excelize.File
	styles map[format]int
}

func newSheetWriter() (*sheetWriter, error) {
	w := &sheetWriter{file: excelize.NewFile(), styles: map[format]int{}}
	if err := w.file.SetDefaultFont(fontName); err != nil {
		return nil, err
	}
	for _, f := range sortedFormats() {
		style := styles[f]
		font := excelize.Font{}
		if style.Font != nil {
			font = *style.Font
		}
		font.Family = fontName
		if font.Size == 0 {
			font.Size = fontSize
		}
		style.Font = &font
		id, err := w.file.NewStyle(&style)
		if err != nil {
			return nil, err
		}
		w.styles[f] = id
	}
	return w, nil
}

// headerRow is the row of the sheet's column titles.
func (s *sheet) headerRow() int { return 1 + len(s.sentenceLines()) + 1 }

// sentenceLines are the sentences, cut where the table ends so that a page shows all of them:
// no merged cell, and no tall first row.
func (s *sheet) sentenceLines() []string {
	width := 0.0
	for _, c := range s.columns {
		width += c.width
	}
	limit := int(width * 0.95)
	if len(s.columns) == 0 {
		limit = chartPageWidth
	}
	var lines []string
	for _, sentence := range s.sentences {
		line := ""
		for _, word := range strings.Split(sentence, " ") {
			switch {
			case line == "":
				line = word
			case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > limit:
				lines, line = append(lines, line), word
			default:
				line += " " + word
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// chartPageWidth is the width in characters of a page of charts.
const chartPageWidth = 120

// write is the one way in which a sheet is written: title in A1, sentences, the table, the charts.
func (w *sheetWriter) write(s *sheet) error {
	if err := w.text(s.name, "A1", s.title, titleFormat); err != nil {
		return err
	}
	for i, line := range s.sentenceLines() {
		if err := w.text(s.name, "A"+strconv.Itoa(i+2), line, sentenceFormat); err != nil {
			return err
		}
	}
	if len(s.columns) > 0 {
		if err := w.table(s); err != nil {
			return err
		}
	}
	for _, c := range s.charts {
		if err := w.file.AddChart(s.name, c.cell, c.options()); err != nil {
			return err
		}
	}
	return w.page(s)
}

func (w *sheetWriter) table(s *sheet) error {
	header := s.headerRow()
	for i, c := range s.columns {
		name := columnName(i + 1)
		if err := w.file.SetColWidth(s.name, name, name, c.width); err != nil {
			return err
		}
		f := headerFormat
		if c.format.numeric() {
			f = headerRight
		}
		if err := w.text(s.name, name+strconv.Itoa(header), c.title, f); err != nil {
			return err
		}
	}
	for n, row := range s.rows {
		if len(row) != len(s.columns) {
			return fmt.Errorf("row %d has %d cells for %d columns", n+1, len(row), len(s.columns))
		}
		for i, value := range row {
			if err := w.cell(s.name, columnName(i+1)+strconv.Itoa(header+1+n), value, s.columns[i].format); err != nil {
				return fmt.Errorf("row %d, %s: %w", n+1, s.columns[i].title, err)
			}
		}
	}
	if err := w.file.SetPanes(s.name, &excelize.Panes{
		Freeze: true, XSplit: s.frozen, YSplit: header, TopLeftCell: columnName(s.frozen+1) + strconv.Itoa(header+1), ActivePane: pane(s.frozen),
	}); err != nil {
		return err
	}
	if len(s.rows) == 0 {
		return nil // a table needs a row
	}
	return w.file.AddTable(s.name, &excelize.Table{
		Range: fmt.Sprintf("A%d:%s%d", header, columnName(len(s.columns)), header+len(s.rows)),
		Name:  "tbl_" + ingest.Fold(s.name), ShowRowStripes: new(false),
	})
}

func pane(frozen int) string {
	if frozen > 0 {
		return "bottomRight"
	}
	return "bottomLeft"
}
