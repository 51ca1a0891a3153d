package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// This file reads workbooks a second time, by other means than the readers that it checks: whole
// documents through encoding/xml, no limits, no speed. Both sides are compared as lines of text, one
// for each cell that holds something.

// cellLines are our reader's cells. A formula that was saved without its value has none.
func cellLines(data []byte) ([]string, error) {
	w, err := OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range w.Sheets {
		lines = append(lines, sheetLine(s.Name, s.Hidden))
		for row, err := range s.Rows {
			if err != nil {
				return nil, err
			}
			for _, c := range row.Cells {
				if !(c.Formula && c.Kind == Fault && c.Text == "") {
					lines = append(lines, cellLine(CellName(c.Column, row.Number), row.Hidden, c))
				}
			}
		}
	}
	return lines, nil
}

func sheetLine(name string, hidden bool) string {
	return fmt.Sprintf("sheet %s hidden=%v", name, hidden)
}

// cellLine says all of a cell but its format, which shows in the kind: days and times are no numbers.
func cellLine(at string, hidden bool, c Cell) string {
	var value string
	switch c.Kind {
	case Text:
		value = fmt.Sprintf("text %q", c.Text)
	case Fault:
		value = "fault " + c.Text
	case Number:
		value = fmt.Sprintf("number %v percent=%v", c.Number, c.Format == Percent)
	case Bool:
		value = fmt.Sprintf("bool %v", c.Bool)
	case Date:
		value = "date " + c.Date.Format(time.DateOnly)
	}
	if hidden {
		value += " hidden"
	}
	return at + " " + value
}

// reference is a workbook that is read a second time.
type reference struct {
	t       testing.TB
	parts   map[string][]byte // by name in lower case, with slashes
	date04  bool
	strings []string
	formats []string // format code or, of a built-in one, its number, by style
}

// unzipped reads all parts. The name that stands first wins, as in a file that holds one twice.
func unzipped(t testing.TB, data []byte) *reference {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	ref := &reference{t: t, parts: map[string][]byte{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		ref.parts[strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))] = content
	}
	return ref
}

// decode reads a part, in UTF-8 or UTF-16, into a value; false when it is not there.
func (ref *reference) decode(part string, into any) bool {
	ref.t.Helper()
	data := ref.parts[strings.ToLower(part)]
	if data == nil {
		return false
	}
	if err := decodeXML(data, into); err != nil {
		ref.t.Fatalf("%s: %v", part, err)
	}
	return true
}

func decodeXML(data []byte, into any) error {
	if bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || bytes.HasPrefix(data, []byte{0xFF, 0xFE}) {
		data, _ = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(data)
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d.Decode(into)
}

type xmlRelations struct {
	All []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:",attr"`
		Target string `xml:",attr"`
	} `xml:"Relationship"`
}

// relations are what a part refers to: the type's last word and the part, by identifier.
func (ref *reference) relations(of string) (kinds, targets map[string]string) {
	var all xmlRelations
	part := "_rels/.rels"
	if of != "" {
		part = path.Join(path.Dir(of), "_rels", path.Base(of)+".rels")
	}
	ref.decode(part, &all)
	kinds, targets = map[string]string{}, map[string]string{}
	for _, r := range all.All {
		kinds[r.ID] = path.Base(r.Type)
		target := strings.ReplaceAll(r.Target, `\`, "/")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(of), target)
		}
		targets[r.ID] = strings.TrimPrefix(target, "/")
	}
	return kinds, targets
}

type xmlText struct {
	T []string `xml:"t"`
	R []struct {
		T []string `xml:"t"`
	} `xml:"r"`
}

func (x *xmlText) String() string {
	text := strings.Join(x.T, "")
	for _, r := range x.R {
		text += strings.Join(r.T, "")
	}
	return resolved(text)
}

var escapeText = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// resolved replaces _x000D_ and its like.
func resolved(text string) string {
	return escapeText.ReplaceAllStringFunc(text, func(e string) string {
		n, _ := strconv.ParseUint(e[2:6], 16, 16)
		return string(rune(n))
	})
}

type xmlCell struct {
	R  string   `xml:"r,attr"`
	T  string   `xml:"t,attr"`
	S  string   `xml:"s,attr"`
	V  string   `xml:"v"`
	Is *xmlText `xml:"is"`
}

type xmlSheet struct {
	Rows []struct {
		R      int       `xml:"r,attr"`
		Hidden string    `xml:"hidden,attr"`
		Cells  []xmlCell `xml:"c"`
	} `xml:"sheetData>row"`
}

// xlsxReference reads an Office Open XML workbook.
func xlsxReference(t testing.TB, data []byte) (lines []string) {
	t.Helper()
	ref := unzipped(t, data)
	main := "xl/workbook.xml"
	kinds, targets := ref.relations("")
	for id, kind := range kinds {
		if kind == "officeDocument" {
			main = targets[id]
		}
	}
	var book struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string `xml:"name,attr"`
			ID    string `xml:"id,attr"`
			State string `xml:"state,attr"`
		} `xml:"sheets>sheet"`
	}
	if !ref.decode(main, &book) {
		t.Fatal("no workbook")
	}
	ref.date04 = book.Pr.Date1904 == "1" || book.Pr.Date1904 == "true"
	kinds, targets = ref.relations(main)
	for id, kind := range kinds {
		switch kind {
		case "sharedStrings":
			var all struct {
				Si []xmlText `xml:"si"`
			}
			ref.decode(targets[id], &all)
			for i := range all.Si {
				ref.strings = append(ref.strings, all.Si[i].String())
			}
		case "styles":
			ref.readFormats(targets[id])
		}
	}
	for _, s := range book.Sheets {
		if kinds[s.ID] != "worksheet" {
			continue
		}
		lines = append(lines, sheetLine(s.Name, s.State != "" && s.State != "visible"))
		var sheet xmlSheet
		if !ref.decode(targets[s.ID], &sheet) {
			t.Fatalf("sheet %s is missing", s.Name)
		}
		number := 0
		for _, row := range sheet.Rows {
			if number++; row.R > 0 {
				number = row.R
			}
			column := -1
			for _, c := range row.Cells {
				if column++; c.R != "" {
					x, y, err := excelize.CellNameToCoordinates(c.R)
					if err != nil || y != number {
						t.Fatalf("cell %s in row %d: %v", c.R, number, err)
					}
					column = x - 1
				}
				if cell := ref.cell(c); cell.Kind != Empty {
					lines = append(lines, cellLine(CellName(column, number), row.Hidden == "1" || row.Hidden == "true", cell))
				}
			}
		}
	}
	return lines
}

func (ref *reference) readFormats(part string) {
	var styles struct {
		Custom []struct {
			ID   string `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Xfs []struct {
			ID string `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	ref.decode(part, &styles)
	for _, xf := range styles.Xfs {
		format := xf.ID
		for _, c := range styles.Custom {
			if c.ID == xf.ID {
				format = c.Code
			}
		}
		ref.formats = append(ref.formats, format)
	}
}

func (ref *reference) cell(c xmlCell) Cell {
	v := strings.TrimSpace(c.V)
	text := func(s string) Cell {
		if s == "" {
			return Cell{}
		}
		return Cell{Kind: Text, Text: s}
	}
	switch {
	case c.T == "inlineStr" && c.Is != nil:
		return text(c.Is.String())
	case c.T == "str":
		return text(resolved(c.V))
	case v == "":
		return Cell{}
	case c.T == "s":
		i, err := strconv.Atoi(v)
		if err != nil || i >= len(ref.strings) {
			ref.t.Fatalf("shared string %q", v)
		}
		return text(ref.strings[i])
	case c.T == "b":
		return Cell{Kind: Bool, Bool: v == "1" || v == "true"}
	case c.T == "e":
		return Cell{Kind: Fault, Text: v}
	case c.T == "d":
		if len(v) < len(time.DateOnly) || v[4] != '-' {
			return text(v)
		}
		day, err := time.Parse(time.DateOnly, v[:10])
		if err != nil {
			ref.t.Fatal(err)
		}
		return Cell{Kind: Date, Date: day}
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil {
		ref.t.Fatal(err)
	}
	style, _ := strconv.Atoi(c.S)
	format := ""
	if style < len(ref.formats) {
		format = ref.formats[style]
	}
	return numberShown(n, format, ref.date04)
}

var (
	formatLiteral = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[\$?[^\]]*[^\]hms][^\]]*\]`)
	formatElapsed = regexp.MustCompile(`\[(h+|m+|s+)\]`)
	builtinDays   = []string{"14", "15", "16", "17", "22"}
	builtinClocks = []string{"18", "19", "20", "21", "45", "46", "47"}
)

// numberShown is a number as its format shows it: a day, a time, or a number.
func numberShown(n float64, format string, date04 bool) Cell {
	code, _, _ := strings.Cut(formatLiteral.ReplaceAllString(strings.ToLower(format), ""), ";")
	elapsed := formatElapsed.MatchString(code)
	code = strings.ReplaceAll(code, "general", "")
	_, err := strconv.Atoi(format)
	builtin := err == nil
	switch {
	case slices.Contains(builtinDays, format), !builtin && !elapsed && (strings.ContainsAny(code, "yd") || strings.Contains(code, "mmm")):
		if n < 1 || math.Floor(n) == 60 && !date04 || n >= 2958466 {
			break // no day
		}
		day, err := excelize.ExcelDateToTime(math.Floor(n), date04)
		if err != nil {
			break
		}
		return Cell{Kind: Date, Date: day}
	case slices.Contains(builtinClocks, format), elapsed, !builtin && strings.ContainsAny(code, "hs"):
		if n < 0 || n > 2958465 {
			break // Excel shows ####
		}
		total := time.Duration(math.Round(n*86400)) * time.Second
		text := fmt.Sprintf("%d:%02d", int(total.Hours()), int(total.Minutes())%60)
		if s := int(total.Seconds()) % 60; s > 0 {
			text += fmt.Sprintf(":%02d", s)
		}
		return Cell{Kind: Text, Text: text}
	}
	if format == "9" || format == "10" || !builtin && strings.Contains(code, "%") {
		return Cell{Kind: Number, Number: n, Format: Percent}
	}
	return Cell{Kind: Number, Number: n}
}

// csvReference reads a text whose charset and separator are known; rows are numbered without those
// that hold nothing.
func csvReference(t testing.TB, data []byte, charset encoding.Encoding, separator rune) (lines []string) {
	t.Helper()
	decoded, err := charset.NewDecoder().String(string(data))
	if err != nil {
		t.Fatal(err)
	}
	decoded = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(decoded, "\ufeff"))
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(decoded, "sep="+string(separator)+"\n")))
	r.Comma, r.FieldsPerRecord = separator, -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lines, number := []string{sheetLine("texte", false)}, 0
	for _, record := range records {
		if strings.Join(record, "") == "" {
			continue
		}
		number++
		for i, field := range record {
			if field != "" {
				lines = append(lines, cellLine(CellName(i, number), false, textCell(field)))
			}
		}
	}
	return lines
}
