package ingest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// writeBook writes a workbook's cells, and nothing else, as .xlsx.
func writeBook(out *bytes.Buffer, book *Workbook) error {
	styles := &bookStyles{}
	var parts []*piece
	var sheets, relations, types strings.Builder
	for i, s := range book.Sheets {
		data, err := styles.sheet(s)
		if err != nil {
			return err
		}
		parts = append(parts, &piece{fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), data})
		state := ""
		if s.Hidden {
			state = ` state="hidden"`
		}
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>`, cellText(s.Name), i+1, state, i+1)
		fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="`+officeRelation+`/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i+1)
	}
	add := func(name, content string) { parts = append(parts, &piece{name, []byte(xmlHead + content)}) }
	add(contentTypes, `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`+
		`<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>`+
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>`+types.String()+`</Types>`)
	add("_rels/.rels", `<Relationships xmlns="`+packageRelation+`"><Relationship Id="rId1" Type="`+officeRelation+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	add("xl/workbook.xml", `<workbook xmlns="`+mainSpace+`" xmlns:r="`+officeRelation+`"><bookViews><workbookView/></bookViews><sheets>`+sheets.String()+`</sheets></workbook>`)
	add("xl/_rels/workbook.xml.rels", `<Relationships xmlns="`+packageRelation+`">`+relations.String()+
		fmt.Sprintf(`<Relationship Id="rId%d" Type="`+officeRelation+`/styles" Target="styles.xml"/></Relationships>`, len(book.Sheets)+1))
	add("xl/styles.xml", styles.xml())
	return pack(out, parts, nil)
}

const (
	xmlHead         = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace       = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	officeRelation  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageRelation = "http://schemas.openxmlformats.org/package/2006/relationships"
)

// bookStyles are the classes of number format in use; the place of each is its style.
type bookStyles struct{ used []Format }

func (b *bookStyles) of(f Format) int {
	if f == General {
		return 0
	}
	i := slices.Index(b.used, f)
	if i < 0 {
		i = len(b.used)
		b.used = append(b.used, f)
	}
	return i + 1
}

func (b *bookStyles) xml() string {
	var formats, cells strings.Builder
	spelled := 0
	spell := func(code string) int {
		spelled++
		fmt.Fprintf(&formats, `<numFmt numFmtId="%d" formatCode="%s"/>`, 163+spelled, cellText(code))
		return 163 + spelled
	}
	for _, f := range b.used {
		id := 0
		switch f {
		case Decimal:
			id = 2
		case Percent:
			id = 9
		case Currency:
			id = spell(`#,##0.00\ "€"`)
		case Day:
			id = 14
		case Clock:
			id = 20
		case AsText:
			id = 49
		default:
			id = spell(strings.Repeat("0", int(f-padding)))
		}
		fmt.Fprintf(&cells, `<xf numFmtId="%d" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`, id)
	}
	text := `<styleSheet xmlns="` + mainSpace + `">`
	if spelled > 0 {
		text += fmt.Sprintf(`<numFmts count="%d">%s</numFmts>`, spelled, formats.String())
	}
	return text + `<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		fmt.Sprintf(`<cellXfs count="%d"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>%s</cellXfs>`, len(b.used)+1, cells.String()) +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
}

func (b *bookStyles) sheet(s Sheet) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(xmlHead + `<worksheet xmlns="` + mainSpace + `"><sheetViews><sheetView workbookViewId="0"/></sheetViews><sheetData>`)
	for row, err := range s.Rows {
		if err != nil {
			return nil, err
		}
		hidden := ""
		if row.Hidden {
			hidden = ` hidden="1"`
		}
		fmt.Fprintf(&out, `<row r="%d"%s>`, row.Number, hidden)
		for _, c := range row.Cells {
			b.cell(&out, c, row.Number)
		}
		out.WriteString(`</row>`)
	}
	out.WriteString(`</sheetData></worksheet>`)
	return out.Bytes(), nil
}

func (b *bookStyles) cell(out *bytes.Buffer, c Cell, row int) {
	kind, content := "", ""
	format := c.Format
	switch c.Kind {
	case Empty:
		return
	case Text:
		if c.Format == Clock && c.Text == clock(c.Number) {
			content = `<v>` + strconv.FormatFloat(c.Number, 'g', -1, 64) + `</v>`
		} else {
			kind, content = "inlineStr", `<is><t xml:space="preserve">`+cellText(c.Text)+`</t></is>`
		}
	case Number:
		content = `<v>` + strconv.FormatFloat(c.Number, 'g', -1, 64) + `</v>`
	case Bool:
		kind, content = "b", map[bool]string{false: `<v>0</v>`, true: `<v>1</v>`}[c.Bool]
	case Date:
		serial := c.Date.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
		if back, ok := dateOfSerial(serial, false); ok && serial == math.Floor(serial) && back.Equal(c.Date) {
			format, content = Day, `<v>`+strconv.FormatFloat(serial, 'f', -1, 64)+`</v>`
		} else {
			kind, content = "d", `<v>`+c.Date.Format("2006-01-02T15:04:05.999999999")+`</v>`
		}
	case Fault:
		if c.Text == "" {
			content = `<f>NA()</f>` // a formula whose value was not saved
		} else {
			kind, content = "e", `<v>`+cellText(c.Text)+`</v>`
		}
	}
	fmt.Fprintf(out, `<c r="%s"`, CellName(c.Column, row))
	if style := b.of(format); style > 0 {
		fmt.Fprintf(out, ` s="%d"`, style)
	}
	if kind != "" {
		fmt.Fprintf(out, ` t="%s"`, kind)
	}
	out.WriteString(`>` + content + `</c>`)
}

// AppendCellText writes a text for XML, and as _xHHHH_ what XML cannot hold and what would be read as such.
func AppendCellText(b []byte, s string) []byte {
	for i, r := range s {
		_, escape := escapedUnit(s[i:])
		switch {
		case r == '_' && escape, r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			b = fmt.Appendf(b, "_x%04X_", r)
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

func cellText(s string) string { return string(AppendCellText(nil, s)) }
