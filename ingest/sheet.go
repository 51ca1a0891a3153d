package ingest

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Workbook is what any reader yields: sheets in the file's order, whatever its format.
type Workbook struct {
	Sheets        []Sheet
	Macros        bool // holds macros; they are never run
	ExternalLinks bool // holds links to other files; they are never followed
	Epoch1904     bool // its dates are counted from 1904, not 1900
}

// Sheet is a name and a single pass over the rows that hold something. A row may be missing from
// the sequence; an error ends it, and what came before it must then not be used.
type Sheet struct {
	Name   string
	Hidden bool
	Rows   iter.Seq2[Row, error]
	Tables func() ([]Area, error) // what is marked as tables; of an .xlsx alone, else nil

	merged *[]Area   // cells merged into one, known once all rows are read; of .xlsx and .ods, else nil
	file   *xlsxFile // of an .xlsx: where it is
	part   string
}

// Area is a rectangle of cells, its corners in it: columns from 0, rows from 1.
type Area struct{ Left, Top, Right, Bottom int }

// maxMerged is how many merged ranges of a sheet are kept: more than anybody merges.
const maxMerged = 1 << 16

// Row is a row of a sheet. Number counts from 1 as people see it. Cells are those that hold
// something, from left to right; the slice is valid until the next row.
type Row struct {
	Number int
	Hidden bool
	Cells  []Cell
}

// At is the cell of a column, counted from 0; an empty one when there is none.
func (r Row) At(column int) Cell {
	i, found := slices.BinarySearchFunc(r.Cells, column, func(c Cell, column int) int { return c.Column - column })
	if !found {
		return Cell{Column: column}
	}
	return r.Cells[i]
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
	Fault // #N/A, #REF! and other error values; without a text, a formula whose value was not saved
)

// Cell is a typed cell.
type Cell struct {
	Column  int // from 0
	Kind    CellKind
	Format  Format    // the class of its number format
	Formula bool      // the value is what a formula gave when the file was saved
	Bool    bool      // Bool
	Number  float64   // Number
	Text    string    // Text, and the name of a Fault
	Date    time.Time // Date: UTC
}

// SheetError is a sheet that cannot be read to its end. Row is the last row that was reached.
type SheetError struct {
	Sheet string
	Row   int
	Err   error
}

func (e *SheetError) Error() string {
	return fmt.Sprintf("sheet %s, row %d: %v", e.Sheet, e.Row, e.Err)
}
func (e *SheetError) Unwrap() error { return e.Err }

// String is the cell as one would say it: for messages and for texts and codes.
func (c Cell) String() string {
	switch c.Kind {
	case Text, Fault:
		return trim(c.Text)
	case Number:
		if c.Format > padding {
			return padded(c.Number, int(c.Format-padding))
		}
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

// padded writes a number with at least so many digits.
func padded(n float64, digits int) string { return fmt.Sprintf("%0*.0f", digits, n) }

// Blank reports whether the cell says nothing.
func (c Cell) Blank() bool { return c.Kind == Empty || c.Kind == Text && trim(c.Text) == "" }

// trim removes spaces at the ends, the no-break, narrow and zero-width ones included.
func trim(s string) string {
	if n := len(s); n == 0 || ' ' < s[0] && s[0] < utf8.RuneSelf && ' ' < s[n-1] && s[n-1] < utf8.RuneSelf {
		return s // most texts
	}
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
