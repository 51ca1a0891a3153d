package exports

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// sheetData are the rows of a sheet as its part holds them, written from the first to the last, each cell after those on
// its left. excelize keeps a structure for each cell and marshals it by reflection, in ten times as long: it makes what
// stands around the rows.
type sheetData struct {
	xml     []byte
	row     int       // the open one
	heights []float64 // of the rows from the first, in points; 0: as its text needs
}

// open begins a row, as high as said in points; 0: as its text needs.
func (d *sheetData) open(row int, height float64) {
	d.row = row
	for len(d.heights) < row {
		d.heights = append(d.heights, 0)
	}
	d.heights[row-1] = height
	d.xml = append(d.xml, `<row r="`...)
	d.xml = strconv.AppendInt(d.xml, int64(row), 10)
	if height > 0 {
		d.xml = append(d.xml, `" customHeight="1" ht="`...)
		d.xml = strconv.AppendFloat(d.xml, height, 'f', -1, 64)
	}
	d.xml = append(d.xml, `">`...)
}

func (d *sheetData) close() { d.xml = append(d.xml, `</row>`...) }

// cell writes one value, nil for none: a day is the number of days since the epoch of spreadsheets.
func (d *sheetData) cell(column int, value any, style int) error {
	d.xml = append(d.xml, `<c r="`...)
	d.xml = append(d.xml, columnName(column)...)
	d.xml = strconv.AppendInt(d.xml, int64(d.row), 10)
	d.xml = append(d.xml, `" s="`...)
	d.xml = strconv.AppendInt(d.xml, int64(style), 10)
	switch v := value.(type) {
	case nil:
		d.xml = append(d.xml, `"/>`...)
		return nil
	case string:
		d.xml = append(d.xml, `" t="inlineStr"><is><t xml:space="preserve">`...)
		d.xml = ingest.AppendCellText(d.xml, inOneCell(v))
		d.xml = append(d.xml, `</t></is></c>`...)
		return nil
	case int:
		d.xml = append(d.xml, `"><v>`...)
		d.xml = strconv.AppendInt(d.xml, int64(v), 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is no number", v)
		}
		d.xml = append(d.xml, `"><v>`...)
		d.xml = strconv.AppendFloat(d.xml, round15(v), 'f', -1, 64)
	case time.Time:
		d.xml = append(d.xml, `"><v>`...)
		d.xml = strconv.AppendFloat(d.xml, serial(v), 'f', -1, 64)
	default:
		return fmt.Errorf("cannot write a %T", value)
	}
	d.xml = append(d.xml, `</v></c>`...)
	return nil
}

// inOneCell cuts a text after as many UTF-16 units as a cell can hold.
func inOneCell(text string) string {
	if len(text) <= excelize.TotalCellChars {
		return text
	}
	units := 0
	for i, r := range text {
		if r == utf8.RuneError {
			units++
		} else {
			units += utf16.RuneLen(r)
		}
		if units > excelize.TotalCellChars {
			return text[:i]
		}
	}
	return text
}

// into puts the rows in the part of their sheet, in the place of those that excelize wrote.
func (d *sheetData) into(part []byte) ([]byte, error) {
	const start, end = "<sheetData>", "</sheetData>"
	from, to := bytes.Index(part, []byte(start)), bytes.LastIndex(part, []byte(end))
	if from < 0 || to < from {
		return nil, fmt.Errorf("this version of excelize writes rows otherwise")
	}
	full := make([]byte, 0, len(part)+len(d.xml))
	full = append(full, part[:from+len(start)]...)
	full = append(full, d.xml...)
	return append(full, part[to:]...), nil
}
