package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// maxUnzipped bounds what a workbook may expand to; a real one of ours is under 2 MB.
const maxUnzipped = 200 << 20

// errNotWorkbook is a file that is no xlsx workbook.
var errNotWorkbook = errors.New("not an xlsx workbook")

// readXLSX opens a workbook with excelize. It stands behind Workbook until a reader of our own
// replaces it: excelize shortens some damaged files without an error.
func readXLSX(data []byte) (*Workbook, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, RawCellValue: true,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotWorkbook, err)
	}
	x := &xlsxFile{file: f, formats: map[int]numberFormat{}}
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		x.epoch1904 = *props.Date1904
	}
	w := &Workbook{}
	for _, name := range f.GetSheetList() {
		w.Sheets = append(w.Sheets, Sheet{Name: name, Rows: x.rows(name)})
	}
	return w, nil
}

type xlsxFile struct {
	file      *excelize.File
	epoch1904 bool
	formats   map[int]numberFormat // by style index
}

func (x *xlsxFile) rows(sheet string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		rows, err := x.file.GetRows(sheet)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for i, texts := range rows {
			row := Row{Number: i + 1, Cells: make([]Cell, len(texts))}
			filled := false
			for j, text := range texts {
				if text == "" {
					continue
				}
				filled = true
				if row.Cells[j], err = x.cell(sheet, CellName(j, i+1), text); err != nil {
					yield(Row{}, err)
					return
				}
			}
			if filled && !yield(row, nil) {
				return
			}
		}
	}
}

func (x *xlsxFile) cell(sheet, name, text string) (Cell, error) {
	kind, err := x.file.GetCellType(sheet, name)
	if err != nil {
		return Cell{}, err
	}
	switch kind {
	case excelize.CellTypeBool:
		return Cell{Kind: Bool, Bool: text == "1" || text == "TRUE"}, nil
	case excelize.CellTypeError:
		return Cell{Kind: Fault, Text: text}, nil
	case excelize.CellTypeDate:
		if t, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
			return Cell{Kind: Date, Date: t}, nil
		}
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			return Cell{Kind: Date, Date: t}, nil
		}
		return Cell{Kind: Text, Text: text}, nil
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
			return Cell{Kind: Text, Text: text}, nil
		}
		style, err := x.file.GetCellStyle(sheet, name)
		if err != nil {
			return Cell{}, err
		}
		switch x.format(style) {
		case dateFormat:
			if t, ok := dateOfSerial(number, x.epoch1904); ok {
				return Cell{Kind: Date, Date: t}, nil
			}
		case percentFormat:
			return Cell{Kind: Number, Number: number, Percent: true}, nil
		case timeFormat:
			if number >= 0 && number <= lastSerial {
				return Cell{Kind: Text, Text: clock(number)}, nil
			}
		}
		return Cell{Kind: Number, Number: number}, nil
	default:
		return Cell{Kind: Text, Text: text}, nil
	}
}

// numberFormat is the class of a cell's number format, all that matters to a reader.
type numberFormat uint8

const (
	plainFormat numberFormat = iota
	dateFormat
	percentFormat
	timeFormat // a time of day or a duration: its number is a part of a day, not what one sees
)

func (x *xlsxFile) format(style int) numberFormat {
	if f, ok := x.formats[style]; ok {
		return f
	}
	f := x.readFormat(style)
	x.formats[style] = f
	return f
}

func (x *xlsxFile) readFormat(style int) numberFormat {
	styles := x.file.Styles
	if styles == nil || styles.CellXfs == nil || style < 0 || style >= len(styles.CellXfs.Xf) {
		return plainFormat
	}
	id := styles.CellXfs.Xf[style].NumFmtID
	if id == nil {
		return plainFormat
	}
	switch n := *id; {
	case n >= 14 && n <= 17, n == 22, n >= 27 && n <= 31, n == 36, n >= 50 && n <= 54, n == 57, n == 58:
		return dateFormat
	case n == 9 || n == 10:
		return percentFormat
	case n >= 18 && n <= 21, n >= 32 && n <= 35, n >= 45 && n <= 47:
		return timeFormat
	}
	if styles.NumFmts != nil {
		for _, f := range styles.NumFmts.NumFmt {
			if f != nil && f.NumFmtID == *id {
				return classifyFormat(f.FormatCode)
			}
		}
	}
	return plainFormat
}

// elapsed is a duration that may pass a day: [h]:mm.
var elapsed = regexp.MustCompile(`(?i)\[(h+|m+|s+)\]`)

// clock writes a part of a day as hours and minutes, 2:30, with seconds if there are any.
func clock(days float64) string {
	seconds := int64(math.Round(days * 24 * 60 * 60))
	text := fmt.Sprintf("%d:%02d", seconds/3600, seconds/60%60)
	if s := seconds % 60; s != 0 {
		text += fmt.Sprintf(":%02d", s)
	}
	return text
}

// classifyFormat reads a custom number format: quoted text, escaped characters and brackets aside,
// a y, m, d (or the French a and j) makes a date unless the m stands among hours; an h or s a time;
// a % a percentage.
func classifyFormat(code string) numberFormat {
	var b strings.Builder
	quoted, bracket, escaped := false, false, false
	for _, r := range strings.ToLower(code) {
		switch {
		case escaped:
			escaped = false
		case quoted:
			quoted = r != '"'
		case bracket:
			bracket = r != ']'
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			quoted = true
		case r == '[':
			bracket = true
		default:
			b.WriteRune(r)
		}
	}
	bare := strings.ReplaceAll(b.String(), "general", "")
	switch {
	case elapsed.MatchString(code):
		return timeFormat
	case strings.ContainsAny(bare, "ydj"), strings.Contains(bare, "mm") && !strings.ContainsAny(bare, "hs0#"):
		return dateFormat
	case strings.ContainsAny(bare, "hs"):
		return timeFormat
	case strings.Contains(bare, "%"):
		return percentFormat
	}
	return plainFormat
}

const lastSerial = 2958465 // 31 December 9999

// dateOfSerial turns a serial day into a date, in the 1900 or the 1904 epoch. The 1900 epoch has a
// 29 February that never was (serial 60): no date. Nor is a serial before 1 or after 9999.
func dateOfSerial(serial float64, epoch1904 bool) (time.Time, bool) {
	day := math.Floor(serial)
	if !(day >= 1 && day <= lastSerial) { // NaN too
		return time.Time{}, false
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case epoch1904:
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day == 60:
		return time.Time{}, false
	case day < 60:
		epoch = time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return epoch.AddDate(0, 0, int(day)).Truncate(24 * time.Hour), true
}
