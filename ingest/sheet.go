package ingest

import (
	"iter"
	"strconv"
	"strings"
	"time"
)

// Workbook is what any reader yields: sheets in the file's order, whatever its format.
type Workbook struct {
	Sheets []Sheet
}

// Sheet is a name and a single pass over the rows that hold something. A row may be missing from
// the sequence; an error ends it, and what came before it must then not be used.
type Sheet struct {
	Name string
	Rows iter.Seq2[Row, error]
}

// Row is a row of a sheet. Number counts from 1 as people see it; Cells[0] is column A.
type Row struct {
	Number int
	Cells  []Cell
}

// CellKind is what the file says that a cell holds, before any schema.
type CellKind uint8

// The kinds of cell.
const (
	Empty CellKind = iota
	Text
	Number
	Bool
	Date
	Fault // #N/A, #REF! and other error values
)

// Cell is a typed cell.
type Cell struct {
	Kind    CellKind
	Text    string    // Text, and the name of a Fault
	Number  float64   // Number
	Percent bool      // Number: shown as a percentage
	Bool    bool      // Bool
	Date    time.Time // Date: UTC
}

// String is the cell as one would say it: for messages and for texts and codes.
func (c Cell) String() string {
	switch c.Kind {
	case Text, Fault:
		return trim(c.Text)
	case Number:
		return strconv.FormatFloat(c.Number, 'f', -1, 64)
	case Bool:
		if c.Bool {
			return "oui"
		}
		return "non"
	case Date:
		return c.Date.Format(time.DateOnly)
	default:
		return ""
	}
}

// Blank reports whether the cell says nothing.
func (c Cell) Blank() bool { return c.Kind == Empty || c.Kind == Text && trim(c.Text) == "" }

// trim removes spaces at the ends, the no-break, narrow and zero-width ones included.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return isSpace(r) })
}

// CellName is the A1 reference of a column (from 0) and a row (from 1).
func CellName(column, row int) string { return ColumnName(column) + strconv.Itoa(row) }

// ColumnName is the letters of a column, from 0.
func ColumnName(column int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}
