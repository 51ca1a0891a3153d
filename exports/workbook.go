package exports

import (
	"time"

	"github.com/xuri/excelize/v2"
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
	title     string
	sentences []string
	columns   []column
	frozen    int     // columns that stay in view, with the header row
	split     int     // columns on the first page of a sheet too wide to be read on one; the frozen ones come again; 0: one page wide
	filtered  bool    // the header row has filters
	whole     bool    // printed on one page: its charts stand beside its rows
	least     float64 // the height of a row with little text, in points; 0: that of its text
	rows      [][]any
	charts    []chart
	sparks    []sparkline
}

// sparkline draws, in a column of each row, small bars of the numbers in the columns from to last of that row, or
// of a row of another sheet, each row on its own axis. A text among them is a gap.
type sparkline struct {
	column, from, last int // from 1
	axes               []axis
	sheet              string // where the numbers stand; empty: in the row itself
	first              int    // the row of that sheet for the first row of this one
}

// column is a column of a sheet's table.
type column struct {
	title  string
	width  float64 // in characters
	format format  // of cells that carry none
}

// Cells are strings, float64, int32, int64, time.Time (a day), nil (empty), or one of these two.
type (
	formatted struct { // a value with a format of its own
		value  any
		format format
	}
	link struct{ text, sheet string } // to the title of another sheet
)

// format is a row of the table of styles.
type format string

// The formats. Those of numbers are en-US codes, as a file must hold; separators are the reader's own.
const (
	textFormat     format = "text"
	besideFormat   format = "text beside" // a text after another column: with room before it
	inputFormat    format = "input"       // a text that the reader writes: framed, so that its place is seen
	symbolFormat   format = "symbol"
	codeFormat     format = "code"
	linkFormat     format = "link"
	linkBeside     format = "link beside"
	titleFormat    format = "title"
	sentenceFormat format = "sentence"
	headerFormat   format = "header"
	headerRight    format = "header right"
	headerBeside   format = "header beside"
	percentFormat  format = "percent"
	integerFormat  format = "integer"
	rankFormat     format = "rank" // a number that names, before a text
	oneDecimal     format = "one decimal"
	twoDecimals    format = "two decimals"
	eurosFormat    format = "euros"
	monthFormat    format = "month"
	signedPoints   format = "signed points" // a difference of shares, in points
	signedInteger  format = "signed integer"
	signedOne      format = "signed one decimal"
	signedTwo      format = "signed two decimals"
	signedEuros    format = "signed euros"
	// A text whose ground says again what its word says: above or below, by much or not.
	farAbove format = "far above"
	above    format = "above"
	below    format = "below"
	farBelow format = "far below"
)

const fontName, fontSize = "Arial", 11

// styles is every style of the workbooks.
var styles = map[format]excelize.Style{
	textFormat:     {Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}},
	besideFormat:   {Alignment: &excelize.Alignment{WrapText: true, Horizontal: "left", Vertical: "top", Indent: 1}},
	inputFormat:    {Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}, Border: frame},
	codeFormat:     {Alignment: &excelize.Alignment{Vertical: "top"}},
	symbolFormat:   {Alignment: atRight},
	linkFormat:     {Font: &excelize.Font{Color: "0B4F8A", Underline: "single"}, Alignment: &excelize.Alignment{Vertical: "top"}},
	linkBeside:     {Font: &excelize.Font{Color: "0B4F8A", Underline: "single"}, Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top", Indent: 1}},
	titleFormat:    {Font: &excelize.Font{Bold: true, Size: 16}},
	sentenceFormat: {Alignment: &excelize.Alignment{Vertical: "top"}},
	headerFormat:   {Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "bottom"}, Border: underline},
	headerBeside:   {Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Horizontal: "left", Vertical: "bottom", Indent: 1}, Border: underline},
	headerRight:    {Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Horizontal: "right", Vertical: "bottom"}, Border: underline},
	percentFormat:  number(`0.0"` + noBreak + `"%`),
	integerFormat:  number(`#,##0`),
	rankFormat:     {CustomNumFmt: new(`0`), Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top"}},
	oneDecimal:     number(`#,##0.0`),
	twoDecimals:    number(`#,##0.00`),
	eurosFormat:    number(`#,##0.00\ [$€-40C]`),
	signedPoints:   number(withSign(`0.0" points"`)),
	signedInteger:  number(withSign(`#,##0`)),
	signedOne:      number(withSign(`#,##0.0`)),
	signedTwo:      number(withSign(`#,##0.00`)),
	signedEuros:    number(withSign(`#,##0.00\ [$€-40C]`)),
	farAbove:       ground("8FBBE8"),
	above:          ground("D6E6F7"),
	below:          ground("FBE3CC"),
	farBelow:       ground("F2AE72"),
	monthFormat:    {CustomNumFmt: new(`[$-40C]mmmm\ yyyy`), Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top"}},
}

// atRight has no indent, which LibreOffice forgets here and there: a column of texts does not follow
// one of numbers.
var atRight = &excelize.Alignment{Horizontal: "right", Vertical: "top"}

var frame = []excelize.Border{{Type: "top", Style: 1, Color: "6B6B6B"}, {Type: "bottom", Style: 1, Color: "6B6B6B"}, {Type: "left", Style: 1, Color: "6B6B6B"}, {Type: "right", Style: 1, Color: "6B6B6B"}}

var underline = []excelize.Border{{Type: "bottom", Style: 1, Color: "000000"}}

// ground is a text after another column, on a colour. Black is read on it as well as on white.
func ground(colour string) excelize.Style {
	return excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}, Alignment: &excelize.Alignment{WrapText: true, Horizontal: "left", Vertical: "top", Indent: 1}}
}

// withSign is the format of a difference.
func withSign(code string) string { return "+" + code + ";−" + code + ";" + code }

func number(code string) excelize.Style {
	return excelize.Style{CustomNumFmt: &code, Alignment: atRight}
}

// numeric reports whether cells of that format stand on the right.
func (f format) numeric() bool {
	switch f {
	case symbolFormat, percentFormat, integerFormat, oneDecimal, twoDecimals, eurosFormat, signedPoints, signedInteger, signedOne, signedTwo, signedEuros:
		return true
	}
	return false
}
