package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// flatODS is an OpenDocument spreadsheet in one XML document, around what is within its body.
func flatODS(styles, tables string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
<office:automatic-styles>` + styles + `</office:automatic-styles><office:body><office:spreadsheet>` + tables + `</office:spreadsheet></office:body></office:document>`)
}

// oneTable is a sheet « S » of these rows.
func oneTable(rows string) []byte {
	return flatODS("", `<table:table table:name="S">`+rows+`</table:table>`)
}

// tell writes a workbook's cells shortly: A1=12.5, B1="text", C1=true, D1=2026-03-15, E1=!#N/A; after
// the value its class of format, and f where a formula gave it.
func tell(data []byte) (told []string, err error) {
	w, err := OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	classes := map[Format]string{Percent: " %", Currency: " €", Day: " day", Clock: " clock"}
	for _, s := range w.Sheets {
		for row, err := range s.Rows {
			if err != nil {
				return told, err
			}
			for _, c := range row.Cells {
				value := c.String()
				switch c.Kind {
				case Text:
					value = fmt.Sprintf("%q", c.Text)
				case Fault:
					value = "!" + c.Text
				case Bool:
					value = fmt.Sprint(c.Bool)
				}
				line := CellName(c.Column, row.Number) + "=" + value + classes[c.Format]
				if c.Formula {
					line += " f"
				}
				if row.Hidden {
					line += " hidden"
				}
				told = append(told, line)
			}
		}
	}
	return told, nil
}

// TestODSCells is a table of cells as LibreOffice, Excel and others write them.
func TestODSCells(t *testing.T) {
	for cell, want := range map[string]string{
		`<table:table-cell/>`: ``,
		`<table:table-cell table:style-name="ce1"><text:p/></table:table-cell>`:                                                                         ``,
		`<table:table-cell office:value-type="float" office:value="12.5"><text:p>12,50</text:p></table:table-cell>`:                                     `A1=12.5`,
		`<table:table-cell office:value-type="float" office:value="-1.5E-3"/>`:                                                                          `A1=-0.0015`,
		`<table:table-cell office:value-type="float" office:value="83014132100026" calcext:value-type="float"><text:p>8E13</text:p></table:table-cell>`: `A1=83014132100026`, // a SIRET, however it is shown
		`<table:table-cell office:value-type="percentage" office:value="0.125"><text:p>12,5 %</text:p></table:table-cell>`:                              `A1=0.125 %`,
		`<table:table-cell office:value-type="currency" office:currency="EUR" office:value="1234.56"><text:p>1 234,56 €</text:p></table:table-cell>`:    `A1=1234.56 €`,

		`<table:table-cell office:value-type="date" office:date-value="2026-03-15"><text:p>15/03/26</text:p></table:table-cell>`:     `A1=2026-03-15 day`,
		`<table:table-cell office:value-type="date" office:date-value="2026-03-15T23:59:59"/>`:                                       `A1=2026-03-15 day`,
		`<table:table-cell office:value-type="date" office:date-value="2026-03-15T10:30:00.123456789"/>`:                             `A1=2026-03-15 day`,
		`<table:table-cell office:value-type="date" office:date-value="2026-03-15T00:30:00+02:00"/>`:                                 `A1=2026-03-15 day`, // as written, not the day before in London
		`<table:table-cell office:value-type="date" office:date-value="2026-03-15T23:30:00Z"/>`:                                      `A1=2026-03-15 day`,
		`<table:table-cell office:value-type="time" office:time-value="PT02H30M00S"><text:p>02:30:00 AM</text:p></table:table-cell>`: `A1="2:30" clock`,
		`<table:table-cell office:value-type="time" office:time-value="PT26H00M05.000000000S"/>`:                                     `A1="26:00:05" clock`,
		`<table:table-cell office:value-type="time" office:time-value="PT1H30M"/>`:                                                   `A1="1:30" clock`,
		`<table:table-cell office:value-type="time" office:time-value="PT90M"/>`:                                                     `A1="1:30" clock`,
		`<table:table-cell office:value-type="time" office:time-value="-PT01H00M00S"><text:p>-01:00:00</text:p></table:table-cell>`:  `A1="-01:00:00" clock`, // what is shown, where it cannot be said otherwise
		`<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>VRAI</text:p></table:table-cell>`:         `A1=true`,
		`<table:table-cell office:value-type="boolean" office:boolean-value="false"><text:p>FAUX</text:p></table:table-cell>`:        `A1=false`,

		`<table:table-cell office:value-type="string"><text:p>Élus &amp; agents</text:p></table:table-cell>`:                                                                                                                                         `A1="Élus & agents"`,
		`<table:table-cell><text:p>sans type</text:p></table:table-cell>`:                                                                                                                                                                            `A1="sans type"`,
		`<table:table-cell office:value-type="string"><text:p>un</text:p><text:p>deux</text:p><text:p/><text:p>trois</text:p></table:table-cell>`:                                                                                                    `A1="un\ndeux\n\ntrois"`,
		`<table:table-cell office:value-type="string" office:string-value="a&#x0a;b"><text:p>a</text:p><text:p>b</text:p></table:table-cell>`:                                                                                                        `A1="a\nb"`,
		`<table:table-cell office:value-type="string" office:string-value="00123"><text:p>123</text:p></table:table-cell>`:                                                                                                                           `A1="00123"`,
		`<table:table-cell office:value-type="string"><text:p>a<text:s/><text:s text:c="2"/>b<text:tab/>c<text:line-break/>d</text:p></table:table-cell>`:                                                                                            `A1="a   b\tc\nd"`,
		"<table:table-cell office:value-type=\"string\"><text:p>\n  un <text:span>\tdeux</text:span>\n trois</text:p></table:table-cell>":                                                                                                            `A1="un deux trois"`,
		`<table:table-cell office:value-type="string"><text:p><text:a xlink:href="mailto:x">le <text:span>lien</text:span></text:a> suit</text:p></table:table-cell>`:                                                                                `A1="le lien suit"`,
		`<table:table-cell office:value-type="string"><office:annotation><dc:creator>Anne</dc:creator><text:p>note</text:p></office:annotation><text:p>dit</text:p></table:table-cell>`:                                                              `A1="dit"`,
		`<table:table-cell><office:annotation><text:p>note seule</text:p></office:annotation></table:table-cell>`:                                                                                                                                    ``,
		`<table:table-cell office:value-type="string"><text:p>a<office:annotation><text:p>note</text:p></office:annotation>b<text:ruby><text:ruby-base>c</text:ruby-base><text:ruby-text>x</text:ruby-text></text:ruby></text:p></table:table-cell>`: `A1="abc"`,
		`<table:table-cell><draw:frame><draw:text-box><text:p>une forme</text:p></draw:text-box></draw:frame></table:table-cell>`:                                                                                                                    ``,

		`<table:table-cell table:formula="of:=[.B1]*2" office:value-type="float" office:value="4"><text:p>4</text:p></table:table-cell>`:                                          `A1=4 f`,
		`<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>`:                                                                                         `A1=! f`, // no value was saved
		`<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>`:        `A1=!#N/A f`,
		`<table:table-cell table:formula="of:=SQRT(-1)" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>Err:502</text:p></table:table-cell>`: `A1=!Err:502 f`,
		// A program without calcext: beside the error stands a value that is none.
		`<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value=""><text:p>#DIV/0 !</text:p></table:table-cell>`: `A1=!#DIV/0 ! f`,
		`<table:table-cell table:formula="oooc:=NA()" office:value-type="float" office:value="0"><text:p>#N/D</text:p></table:table-cell>`:         `A1=!#N/D f`,
		`<table:table-cell table:formula="of:=FOO()" office:value-type="float" office:value="0"><text:p>#NOM ?</text:p></table:table-cell>`:        `A1=!#NOM ? f`,
		`<table:table-cell table:formula="of:=A" office:value-type="float" office:value="0"><text:p>Err:504</text:p></table:table-cell>`:           `A1=!Err:504 f`,
		`<table:table-cell office:value-type="string"><text:p>#N/A</text:p></table:table-cell>`:                                                    `A1="#N/A"`, // typed by hand
		`<table:table-cell table:formula="of:=B" office:value-type="string" office:string-value="#12"><text:p>#12</text:p></table:table-cell>`:     `A1="#12" f`,
	} {
		got, err := tell(oneTable(`<table:table-row>` + cell + `</table:table-row>`))
		if err != nil || strings.Join(got, "; ") != want {
			t.Errorf("%s\n is %s, %v\nwant %s", cell, got, err, want)
		}
	}
}

// TestODSBadCells are cells whose value is not of their type. An error names the sheet and the row
// before; nothing is read as empty or false instead.
func TestODSBadCells(t *testing.T) {
	for _, cell := range []string{
		`office:value-type="float"`,
		`office:value-type="float" office:value=""`,
		`office:value-type="float" office:value="12,5"`,
		`office:value-type="float" office:value="NaN"`,
		`office:value-type="percentage" office:value="INF"`,
		`office:value-type="currency" office:value="0x10"`,
		`office:value-type="date"`,
		`office:value-type="date" office:date-value="15/03/2026"`,
		`office:value-type="date" office:date-value="2026-02-30"`,
		`office:value-type="date" office:date-value="10:30"`,
		`office:value-type="time"`,
		`office:value-type="time" office:time-value="PT"`,
		`office:value-type="boolean"`,
		`office:value-type="boolean" office:boolean-value="VRAI"`,
		`office:value-type="string" table:number-columns-repeated="0"`,
		`office:value-type="string" table:number-columns-repeated="-1"`,
		`office:value-type="string" table:number-columns-repeated="1e3"`,
	} {
		rows := `<table:table-row><table:table-cell office:value-type="float" office:value="1"/></table:table-row>`
		got, err := tell(oneTable(rows + `<table:table-row><table:table-cell ` + cell + `/></table:table-row>`))
		if at := (*SheetError)(nil); !errors.As(err, &at) || at.Sheet != "S" || at.Row != 1 {
			t.Errorf("%s: %v, %v", cell, got, err)
		}
	}
}

// TestODSRows are repetitions, groups, covered cells and what stands between rows.
func TestODSRows(t *testing.T) {
	row := func(cells string) string { return `<table:table-row>` + cells + `</table:table-row>` }
	repeated := func(n int, cells string) string {
		return fmt.Sprintf(`<table:table-row table:number-rows-repeated="%d">%s</table:table-row>`, n, cells)
	}
	const one, empty = `<table:table-cell office:value-type="float" office:value="1"/>`, `<table:table-cell/>`
	const twice = `<table:table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>x</text:p></table:table-cell>`
	for _, c := range []struct{ name, rows, want string }{
		{"no row", ``, ``},
		{"an empty row", row(empty), ``},
		{"empty cells before", row(`<table:table-cell table:number-columns-repeated="25"/>` + one + one), `Z1=1; AA1=1`},
		{"repeated cells", row(one + twice + one), `A1=1; B1="x"; C1="x"; D1=1`},
		{"the last column", row(fmt.Sprintf(`<table:table-cell table:number-columns-repeated="%d"/>`, maxColumn-1) + one), `XFD1=1`},
		{"empty to the last column and beyond", row(one + `<table:table-cell table:number-columns-repeated="999999999"/>`), `A1=1`},
		{"repeated rows", row(empty) + repeated(3, one) + row(one), `A2=1; A3=1; A4=1; A5=1`},
		{"empty rows between", row(one) + repeated(1000, empty) + row(one), `A1=1; A1002=1`},
		{"empty to the last row and beyond", row(one) + repeated(999999999, empty) + repeated(999999999, empty), `A1=1`},
		{"covered cells", row(`<table:table-cell table:number-columns-spanned="3" office:value-type="string"><text:p>t</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="2"/>` + one), `A1="t"; D1=1`},
		{"what a merge covers", row(one + `<table:covered-table-cell office:value-type="float" office:value="9"/>` + one), `A1=1; C1=1`},
		{"title rows and groups", `<table:table-header-rows>` + row(one) + `</table:table-header-rows><table:table-row-group><table:table-row-group>` + row(one) + `</table:table-row-group></table:table-row-group><table:table-rows>` + row(one) + `</table:table-rows>`, `A1=1; A2=1; A3=1`},
		{"a table within a cell", row(`<table:table-cell><table:table table:name="Sous"><table:table-row>` + one + `</table:table-row></table:table></table:table-cell>` + one), `B1=1`},
		{"shapes beside the rows", `<office:forms/><table:shapes><draw:frame><text:p>x</text:p></draw:frame></table:shapes><table:table-column table:number-columns-repeated="16384"/>` + row(one) + `<table:named-expressions><table:named-range table:name="n"/></table:named-expressions>`, `A1=1`},
		{"hidden rows", row(one) + `<table:table-row table:visibility="collapse">` + one + `</table:table-row><table:table-row table:visibility="filter">` + one + `</table:table-row><table:table-row table:visibility="visible">` + one + `</table:table-row>`, `A1=1; A2=1 hidden; A3=1 hidden; A4=1`},
		{"comments and blanks", "\n <!-- --> " + row("\n"+one+"<?x?>\n"), `A1=1`},
	} {
		got, err := tell(oneTable(c.rows))
		if err != nil || strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %s, %v\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestODSSheets(t *testing.T) {
	table := func(name, style string) string {
		return `<table:table table:name="` + name + `" table:style-name="` + style + `"><table:table-row><table:table-cell><text:p>` + name + `</text:p></table:table-cell></table:table-row></table:table>`
	}
	w, err := OpenWorkbook(flatODS(
		`<style:style style:name="ta1" style:family="table"><style:table-properties table:display="true"/></style:style>`+
			`<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>`+
			`<style:style style:name="ta3" style:family="table"/><style:style style:name="co1" style:family="table-column"/>`,
		`<table:content-validations/>`+table("Un", "ta1")+table("Deux &amp; trois", "ta2")+table("Quatre", "ta3")+table("Cinq", "")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, pass := range []string{"first", "second"} { // a sheet may be read again, and in any order
		for _, s := range slices.Backward(w.Sheets) {
			for row, err := range s.Rows {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(s.Name, ":", row.At(0).Text, ":", s.Hidden))
			}
		}
		want := []string{"Cinq:Cinq:false", "Quatre:Quatre:false", "Deux & trois:Deux & trois:true", "Un:Un:false"}
		if !slices.Equal(got, want) {
			t.Errorf("%s pass: %q", pass, got)
		}
		got = nil
	}
	if w.ExternalLinks || w.Macros {
		t.Errorf("%+v", w)
	}
	w, err = OpenWorkbook(flatODS("", `<table:table table:name="S"><table:table-source xlink:href="file:///autre.ods"/></table:table>`))
	if err != nil || !w.ExternalLinks {
		t.Errorf("a link to another file: %+v, %v", w, err)
	}
}

// TestODSRepetitionsAreLazy takes a few rows of a million: they are not built before they are asked for.
func TestODSRepetitionsAreLazy(t *testing.T) {
	w, err := OpenWorkbook(oneTable(`<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="4"><text:p>x</text:p></table:table-cell></table:table-row>`))
	if err != nil {
		t.Fatal(err)
	}
	allocated := testing.AllocsPerRun(3, func() {
		n := 0
		for row, err := range w.Sheets[0].Rows {
			if n++; err != nil || row.Number != n || len(row.Cells) != 4 {
				t.Fatalf("row %d: %+v, %v", n, row, err)
			}
			if n == 5 {
				break
			}
		}
	})
	if allocated > 200 {
		t.Errorf("%v allocations for five rows", allocated)
	}
}

func TestODSRefused(t *testing.T) {
	const one = `<table:table-cell office:value-type="float" office:value="1"/>`
	rows := func(attributes, cell string) []byte {
		return oneTable(`<table:table-row ` + attributes + `>` + cell + `</table:table-row>`)
	}
	manifest := func(entry string) []byte {
		return zippedParts(t, part{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, part{"content.xml", string(rows("", one))},
			part{"META-INF/manifest.xml", `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="content.xml">` + entry + `</manifest:file-entry></manifest:manifest>`})
	}
	if got, err := tell(manifest("")); err != nil || len(got) != 1 {
		t.Fatalf("the sound one: %v, %v", got, err)
	}
	for _, c := range []struct {
		name, rule string
		data       []byte
	}{
		{"encrypted", "fichier_protege", manifest(`<manifest:encryption-data/>`)},
		{"a document type", "fichier_piege", []byte(strings.Replace(string(rows("", one)), "<office:document ", "<!DOCTYPE x><office:document ", 1))},
		{"more rows than a sheet has", "fichier_piege", rows(`table:number-rows-repeated="1048577"`, one)},
		{"data beyond the last row", "fichier_piege", oneTable(`<table:table-row table:number-rows-repeated="1048576"/><table:table-row>` + one + `</table:table-row>`)},
		{"more columns than a sheet has", "fichier_piege", rows("", strings.Replace(one, "/>", ` table:number-columns-repeated="16385"/>`, 1))},
		{"data beyond the last column", "fichier_piege", rows("", `<table:table-cell table:number-columns-repeated="16384"/>`+one)},
		{"a billion cells", "fichier_piege", rows(`table:number-rows-repeated="1000000"`, strings.Replace(one, "/>", ` table:number-columns-repeated="1000"/>`, 1))},
		{"0 rows", "fichier_illisible", rows(`table:number-rows-repeated="0"`, one)},
		{"a row count that is none", "fichier_illisible", rows(`table:number-rows-repeated="2.0"`, one)},
		{"too many sheets", "fichier_piege", flatODS("", strings.Repeat(`<table:table/>`, maxSheets+1))},
		{"cut short", "fichier_illisible", rows("", one)[:800]},
		{"another prefix", "fichier_illisible", []byte(strings.NewReplacer("office:", "o:", "xmlns:office=", "xmlns:o=", ":xmlns:office:", ":xmlns:office:").Replace(string(rows("", one))))},
		{"a text document", "fichier_illisible", []byte(`<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:body><office:text/></office:body></office:document>`)},
	} {
		start := time.Now()
		err := readWhole(c.data)
		if err == nil || refusal(err) != c.rule {
			t.Errorf("%s: %v, want %s", c.name, err, c.rule)
		}
		if took := time.Since(start); took > time.Second && !raceEnabled {
			t.Errorf("%s took %v", c.name, took)
		}
	}
}

// TestODSCutShort cuts a document at each byte: an error each time, never fewer cells.
func TestODSCutShort(t *testing.T) {
	data := oneTable(`<table:table-row><table:table-cell office:value-type="float" office:value="12"/><table:table-cell><text:p>é<text:s/>b</text:p></table:table-cell></table:table-row>`)
	for at := range len(data) {
		if got, err := tell(data[:at]); err == nil {
			t.Fatalf("%d bytes: %v", at, got)
		}
	}
}

// FuzzODS puts any XML in place of the rows of a sheet. It is refused, or read the same way twice,
// its cells each to the right of the other and below the row before.
func FuzzODS(f *testing.F) {
	for _, rows := range []string{
		`<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="1"/></table:table-row>`,
		`<table:table-row><table:table-cell office:value-type="date" office:date-value="2026-03-15T10:00:00"/><table:covered-table-cell/><table:table-cell office:value-type="time" office:time-value="PT02H30M00S"/></table:table-row>`,
		`<table:table-row table:visibility="filter"><table:table-cell table:formula="of:=NA()" calcext:value-type="error"><office:annotation><text:p>a</text:p></office:annotation><text:p>#N/A<text:s text:c="9"/></text:p></table:table-cell></table:table-row>`,
		`<table:table-row-group><table:table-row><table:table-cell office:value-type="boolean" office:boolean-value="true"/></table:table-row></table:table-row-group>`,
		`</table:table><table:table table:name="T">`, `<table:table-row table:number-rows-repeated="999999999"/>`, `&`, `<a>`,
	} {
		f.Add(rows)
	}
	f.Fuzz(func(t *testing.T, rows string) {
		if len(rows) > 4096 {
			t.Skip("the seeds say enough of what is long")
		}
		data := oneTable(rows)
		w, err := OpenWorkbook(data)
		if err != nil {
			return
		}
		for _, s := range w.Sheets {
			line, seen := 0, 0
			for row, err := range s.Rows {
				if err != nil {
					break
				}
				column := -1
				for _, c := range row.Cells {
					if c.Kind == Empty || c.Column <= column || c.Column >= maxColumn || row.Number <= line || row.Number > maxRow {
						t.Fatalf("%s after line %d, column %d: %+v", CellName(c.Column, row.Number), line, column, c)
					}
					column = c.Column
				}
				if line = row.Number; len(row.Cells) == 0 {
					t.Fatalf("row %d has no cells", line)
				}
				if seen += len(row.Cells); seen > 10_000 {
					break
				}
			}
			if seen > 10_000 {
				return
			}
		}
		told, err := tell(data)
		again, errAgain := tell(data)
		if !slices.Equal(told, again) || (err == nil) != (errAgain == nil) {
			t.Fatalf("read twice: %q, %v and %q, %v", told, err, again, errAgain)
		}
	})
}

// Where cells are merged is known once the rows are read, in both formats.
func TestMergedCells(t *testing.T) {
	b := &book{t: t}
	b.sheet("S").rows, b.sheet("S").merged = [][]any{{"a"}, {"b", 1}, {"c"}}, "B2:B3 A3:C3 x"
	for name, data := range map[string][]byte{
		"xlsx": b.xlsx(),
		"ods": oneTable(`<table:table-row table:number-rows-repeated="1"><table:table-cell table:number-rows-spanned="0" office:value-type="string"><text:p>a</text:p></table:table-cell></table:table-row>` +
			`<table:table-row><table:table-cell/><table:table-cell table:number-rows-spanned="2" office:value-type="float" office:value="1"/></table:table-row>` +
			`<table:table-row><table:table-cell table:number-columns-spanned="3" office:value-type="string"><text:p>c</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="2"/></table:table-row>`),
	} {
		w, err := OpenWorkbook(data)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for _, err := range w.Sheets[0].Rows {
				if err != nil {
					t.Fatal(err)
				}
			}
			if want := []Area{{1, 2, 1, 3}, {0, 3, 2, 3}}; !slices.Equal(*w.Sheets[0].merged, want) {
				t.Errorf("%s: %v, want %v", name, *w.Sheets[0].merged, want)
			}
		}
	}
}
