package ingest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// part is a file within a hostile workbook.
type part struct{ name, text string }

const (
	relsXML = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookXML = `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`
	bookRel = `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="x/styles" Target="styles.xml"/></Relationships>`
)

// sheetXML puts rows into a sheet.
func sheetXML(rows string) string {
	return `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`
}

// zipped makes a workbook of one sheet; more parts follow, or replace those of the same name.
func zipped(t testing.TB, sheet string, more ...part) []byte {
	t.Helper()
	parts := []part{{"_rels/.rels", relsXML}, {"xl/workbook.xml", bookXML}, {"xl/_rels/workbook.xml.rels", bookRel}, {"xl/worksheets/sheet1.xml", sheet}}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	replaced := map[string]bool{}
	for _, m := range more {
		replaced[m.name] = true
	}
	for _, p := range parts {
		if !replaced[p.name] {
			writePart(t, z, p)
		}
	}
	for _, m := range more {
		writePart(t, z, m)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writePart(t testing.TB, z *zip.Writer, p part) {
	w, err := z.Create(p.name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, p.text); err != nil {
		t.Fatal(err)
	}
}

// bomb is a workbook with one part of that many megabytes, which packs to a thousandth.
func bomb(t testing.TB, name, before, unit, after string, megabytes int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range []part{{"_rels/.rels", relsXML}, {"xl/workbook.xml", bookXML}, {"xl/_rels/workbook.xml.rels", bookRel}} {
		writePart(t, z, p)
	}
	if name != "xl/worksheets/sheet1.xml" {
		writePart(t, z, part{"xl/worksheets/sheet1.xml", sheetXML("")})
	}
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if raceEnabled {
		megabytes = min(megabytes, 32) // enough to be refused; packing a gigabyte would take minutes
	}
	chunk := strings.Repeat(unit, (1<<20)/len(unit))
	io.WriteString(w, before)
	for range megabytes {
		io.WriteString(w, chunk)
	}
	io.WriteString(w, after)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// patched changes four bytes of the local header or central entry of a part, found by signature.
func patched(data []byte, signature uint32, offset int, change func(uint32) uint32) []byte {
	out := bytes.Clone(data)
	var mark [4]byte
	binary.LittleEndian.PutUint32(mark[:], signature)
	at := bytes.LastIndex(out, mark[:]) + offset
	binary.LittleEndian.PutUint32(out[at:], change(binary.LittleEndian.Uint32(out[at:])))
	return out
}

const centralEntry = 0x02014b50

// TestHostileFiles opens each hostile file as a collection would: it is refused, for the right reason,
// in under a second and within 256 MB — or read whole, where it is only strange.
func TestHostileFiles(t *testing.T) {
	plain := zipped(t, sheetXML(`<row r="1"><c r="A1"><v>1</v></c></row>`))
	wide := &strings.Builder{}
	for i := range 20_000 {
		fmt.Fprintf(wide, `<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, i+1, i+1)
	}
	many := []part{}
	for i := range maxEntries + 1 {
		many = append(many, part{fmt.Sprintf("xl/media/%d.txt", i), ""})
	}
	ods := func(table string) []byte {
		return zippedParts(t, part{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, part{"content.xml",
			`<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet>` + table + `</office:spreadsheet></office:body></office:document-content>`})
	}
	cell := `<table:table-cell office:value-type="float" office:value="1"/>`
	cases := []struct {
		name string
		data []byte
		rule string // of refusal; "" when it is read
	}{
		{"a sheet of 1 GB in 1 MB", bomb(t, "xl/worksheets/sheet1.xml", `<worksheet><sheetData>`, `<row><c><v>1</v></c></row>`, `</sheetData></worksheet>`, 1024), "fichier_piege"},
		{"shared strings of 1 GB", bomb(t, "xl/sharedStrings.xml", `<sst>`, `<si><t>aaaaaaaaaaaaaaaaaaaaaa</t></si>`, `</sst>`, 1024), "fichier_piege"},
		{"styles of 1 GB", bomb(t, "xl/styles.xml", `<styleSheet><cellXfs>`, `<xf numFmtId="0"/>`, `</cellXfs></styleSheet>`, 1024), "fichier_illisible"},
		{"relations of 300 MB", bomb(t, "xl/worksheets/_rels/sheet1.xml.rels", ``, `a`, ``, 300), ""},
		{"nested elements", zipped(t, strings.Repeat("<a>", 4_000_000)), "fichier_illisible"},
		{"a text of 5 MB", zipped(t, sheetXML(`<row><c t="str"><v>`+strings.Repeat("é", 5<<19)+`</v></c></row>`)), "fichier_illisible"},
		{"300 attributes", zipped(t, sheetXML(`<row `+strings.Repeat(`a="" `, 300)+`/>`)), "fichier_illisible"},
		{"laughs", zipped(t, `<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>`+sheetXML(`<row><c t="str"><v>&c;</v></c></row>`)), "fichier_piege"},
		{"an outer entity", zipped(t, sheetXML(""), part{"xl/sharedStrings.xml", `<!DOCTYPE a SYSTEM "file:///etc/passwd"><sst/>`}), "fichier_piege"},
		{"an unknown entity", zipped(t, sheetXML(`<row><c t="str"><v>&xxe;</v></c></row>`)), "fichier_illisible"},
		{"a part twice", zipped(t, sheetXML(""), part{"xl/styles.xml", "<a/>"}, part{"xl/styles.xml", "<a/>"}), "fichier_piege"},
		{"a part twice but for case", zipped(t, sheetXML(""), part{"XL/Worksheets/Sheet1.xml", sheetXML("")}), "fichier_piege"},
		{"a part twice but for the slash", zipped(t, sheetXML(""), part{`xl\worksheets\sheet1.xml`, sheetXML("")}), "fichier_piege"},
		{"a part twice but for dots", zipped(t, sheetXML(""), part{"xl/x/../worksheets/sheet1.xml", sheetXML("")}), "fichier_piege"},
		{"too many parts", zipped(t, sheetXML(""), many...), "fichier_piege"},
		{"a smaller size declared", patched(plain, centralEntry, 24, func(n uint32) uint32 { return n / 2 }), "fichier_illisible"},
		{"a larger size declared", patched(plain, centralEntry, 24, func(n uint32) uint32 { return n + 400<<20 }), "fichier_illisible"},
		{"another checksum", patched(plain, centralEntry, 16, func(n uint32) uint32 { return n ^ 1 }), "fichier_illisible"},
		{"an encrypted part", patched(plain, centralEntry, 8, func(n uint32) uint32 { return n | 1 }), "fichier_protege"},
		{"an unknown compression", patched(plain, centralEntry, 8, func(n uint32) uint32 { return n&0xFFFF | 12<<16 }), "fichier_illisible"},
		{"cut in the middle", plain[:len(plain)/2], "fichier_illisible"},
		{"a cut directory", plain[:len(plain)-30], "fichier_illisible"},
		{"a binary workbook", zipped(t, "", part{"_rels/.rels", strings.Replace(relsXML, "workbook.xml", "workbook.bin", 1)}, part{"xl/workbook.bin", "x"}), "fichier_binaire"},
		{"no workbook within", zippedParts(t, part{"word/document.xml", "<a/>"}), "fichier_illisible"},
		{"a sheet that is not there", zipped(t, "", part{"xl/worksheets/sheet1.xml", ""}), "fichier_illisible"},
		{"20 000 rows with one cell in the last column", zipped(t, sheetXML(wide.String())), ""},
		{"a column beyond the last", zipped(t, sheetXML(`<row r="1"><c r="XFE1"><v>1</v></c></row>`)), "fichier_illisible"},
		{"a row beyond the last", zipped(t, sheetXML(`<row r="1048577"><c><v>1</v></c></row>`)), "fichier_illisible"},
		{"rows out of order", zipped(t, sheetXML(`<row r="2"/><row r="1"/>`)), "fichier_illisible"},
		{"a cell twice", zipped(t, sheetXML(`<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>`)), "fichier_illisible"},
		{"a cell of another row", zipped(t, sheetXML(`<row r="1"><c r="A2"><v>1</v></c></row>`)), "fichier_illisible"},
		{"a shared string that is not there", zipped(t, sheetXML(`<row><c t="s"><v>7</v></c></row>`)), "fichier_illisible"},
		{"a style that is not there", zipped(t, sheetXML(`<row><c s="9"><v>7</v></c></row>`), part{"xl/styles.xml", `<styleSheet><cellXfs><xf/></cellXfs></styleSheet>`}), "fichier_illisible"},
		{"no number", zipped(t, sheetXML(`<row><c><v>0x10</v></c></row>`)), "fichier_illisible"},
		{"an ampersand", zipped(t, sheetXML(`<row><c t="str"><v>a & b</v></c></row>`)), "fichier_illisible"},
		{"a byte of Windows-1252", zipped(t, sheetXML("<row><c t=\"str\"><v>\xe9t\xe9</v></c></row>")), "fichier_illisible"},
		{"a control character", zipped(t, sheetXML("<row><c t=\"str\"><v>\x01</v></c></row>")), "fichier_illisible"},
		{"something after the end", zipped(t, sheetXML("")+"<a/>"), "fichier_illisible"},
		{"a million million repetitions", ods(`<table:table table:name="S"><table:table-row table:number-rows-repeated="999999999">` + strings.Replace(cell, "/>", ` table:number-columns-repeated="999999999"/>`, 1) + `</table:table-row></table:table>`), "fichier_piege"},
		{"a billion empty rows", ods(`<table:table table:name="S"><table:table-row table:number-rows-repeated="999999999"><table:table-cell/></table:table-row><table:table-row>` + cell + `</table:table-row></table:table>`), "fichier_piege"},
		{"an encrypted OpenDocument", zippedParts(t, part{"content.xml", "x"}, part{"META-INF/manifest.xml", `<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>`}), "fichier_protege"},
		{"a text with a quote left open", []byte("a;b;c\n1;2;3\n\"4;5;6\n7;8;9\n"), "fichier_illisible"},
		{"zero bytes", make([]byte, 4096), "fichier_illisible"},
		{"nothing", nil, "fichier_illisible"},
	}
	refused := 0
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := readWhole(c.data)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if got := ""; err != nil {
				if got = refusal(err); got != c.rule {
					t.Errorf("refused by %s, want %q: %v", got, c.rule, err)
				}
			} else if c.rule != "" {
				t.Error("read")
			}
			if limit := time.Second; took > limit && !raceEnabled {
				t.Errorf("took %v", took)
			}
			if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 256<<20 {
				t.Errorf("allocated %d MB", grown>>20)
			}
		})
		if c.rule != "" {
			refused++
		}
	}
	if refused < 25 {
		t.Errorf("%d hostile files", refused)
	}
}

func zippedParts(t testing.TB, parts ...part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		writePart(t, z, p)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readWhole reads every cell of a file.
func readWhole(data []byte) error {
	w, err := OpenWorkbook(data)
	if err != nil {
		return err
	}
	for _, s := range w.Sheets {
		for _, err := range s.Rows {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// TestDamageIsNeverSilent changes a sheet in thousands of ways. The reader then says an error that
// names the sheet, or it finds as many cells as encoding/xml does: never fewer.
func TestDamageIsNeverSilent(t *testing.T) {
	var rows strings.Builder
	for r := range 12 {
		fmt.Fprintf(&rows, `<row r="%d" spans="1:4"><c r="A%d" t="inlineStr"><is><t xml:space="preserve"> é &amp; _x0041_ </t></is></c><c r="B%d"><f>1+1</f><v>%d.5</v></c><c r="D%d" t="b"><v>1</v></c></row><!-- - -->`, r+1, r+1, r+1, r, r+1)
	}
	sound := sheetXML(rows.String())
	if n, err := cellsOf(zipped(t, sound)); err != nil || n != 36 {
		t.Fatalf("%d cells, %v", n, err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []byte("<>&\"'/= ;!-[]?abcr1é\x00\x1f\xff\t")
	errorsSeen, equal := 0, 0
	mutations := 6000
	if raceEnabled {
		mutations = 600
	}
	for range mutations {
		damaged := []byte(sound)
		switch at := random.IntN(len(damaged)); random.IntN(4) {
		case 0:
			damaged = damaged[:at]
		case 1:
			damaged[at] = alphabet[random.IntN(len(alphabet))]
		case 2:
			damaged = append(damaged[:at], damaged[min(at+1+random.IntN(6), len(damaged)):]...)
		case 3:
			damaged = append(damaged[:at:at], append([]byte{alphabet[random.IntN(len(alphabet))]}, damaged[at:]...)...)
		}
		got, err := cellsOf(zippedStored(t, string(damaged)))
		if err != nil {
			if at := (*SheetError)(nil); !errors.As(err, &at) || at.Sheet != "S" {
				t.Fatalf("the error names no sheet: %v", err)
			}
			errorsSeen++
			continue
		}
		want, err := countCells(damaged)
		if err != nil {
			t.Fatalf("encoding/xml refuses what was read: %v\n%q", err, damaged)
		}
		if got != want {
			t.Fatalf("%d cells, encoding/xml has %d\n%q", got, want, damaged)
		}
		equal++
	}
	if errorsSeen < mutations/6 || equal < mutations/12 {
		t.Errorf("%d errors and %d equal: the damage is too uniform to tell", errorsSeen, equal)
	}
}

func zippedStored(t testing.TB, sheet string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range []part{{"_rels/.rels", relsXML}, {"xl/workbook.xml", bookXML}, {"xl/_rels/workbook.xml.rels", bookRel}, {"xl/worksheets/sheet1.xml", sheet}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, p.text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func cellsOf(data []byte) (n int, err error) {
	w, err := OpenWorkbook(data)
	if err != nil {
		return 0, err
	}
	for _, s := range w.Sheets {
		for row, err := range s.Rows {
			if err != nil {
				return n, err
			}
			n += len(row.Cells)
		}
	}
	return n, nil
}

// countCells counts by encoding/xml the cells that hold something, in rows of the sheet's data.
func countCells(sheet []byte) (n int, err error) {
	type value struct {
		Text string `xml:",chardata"`
	}
	var doc struct {
		XMLName xml.Name `xml:"worksheet"`
		Rows    []struct {
			Cells []struct {
				T  string  `xml:"t,attr"`
				V  []value `xml:"v"`
				Is []struct {
					T []value `xml:"t"`
					R []struct {
						T []value `xml:"t"`
					} `xml:"r"`
				} `xml:"is"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	d := xml.NewDecoder(bytes.NewReader(sheet))
	if err := d.Decode(&doc); err != nil {
		return 0, err
	}
	for { // to the end, as the reader goes
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			return 0, err
		}
	}
	for _, r := range doc.Rows {
		for _, c := range r.Cells {
			text := ""
			for _, v := range c.V {
				text += v.Text
			}
			if c.T == "inlineStr" {
				for _, is := range c.Is {
					for _, v := range is.T {
						text += v.Text
					}
				}
			} else if c.T != "str" {
				text = strings.TrimSpace(text)
			}
			if text != "" {
				n++
			}
		}
	}
	return n, nil
}
