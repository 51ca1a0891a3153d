package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func xlsFixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "xls", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// say lists what a workbook holds: its sheets, and a line for each cell.
func say(w *Workbook) (lines []string, err error) {
	for _, s := range w.Sheets {
		lines = append(lines, fmt.Sprintf("%s hidden=%v", s.Name, s.Hidden))
		for row, err := range s.Rows {
			if err != nil {
				return nil, err
			}
			for _, c := range row.Cells {
				number := strconv.FormatFloat(c.Number, 'g', 15, 64) // what LibreOffice writes in XML
				lines = append(lines, fmt.Sprintf("%s %s: %v %v %v %q %v formula=%v format=%d hidden=%v", s.Name,
					CellName(c.Column, row.Number), c.Kind, c.Bool, number, c.Text, c.Date, c.Formula, c.Format, row.Hidden))
			}
		}
	}
	return lines, nil
}

// readAll reads a legacy workbook and lists what it holds.
func readAll(data []byte) ([]string, error) {
	w, err := readXLS(data)
	if err != nil {
		return nil, err
	}
	return say(w)
}

// TestXLSLikeXLSX compares what LibreOffice wrote of the same workbook in both formats.
func TestXLSLikeXLSX(t *testing.T) {
	for name, dates := range map[string]string{"cellules": "2024-04-01", "epoque1904": "2028-04-02"} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(xlsFixture(t, name+".xls"))
			if err != nil {
				t.Fatal(err)
			}
			w, err := OpenWorkbook(xlsFixture(t, name+".xlsx"))
			if err != nil {
				t.Fatal(err)
			}
			want, err := say(w)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			all := strings.Join(got, "\n")
			for _, part := range []string{
				"Cachée hidden=true", `Cachée IV65536: 1 false 0 "la dernière cellule"`, "Vide hidden=false",
				`Données é A20: 1 false 0 "emoji 🎉🏗️"`, `Données é A3: 2 false -1 "" 0001-01-01 00:00:00 +0000 UTC formula=false format=0 hidden=true`,
				`Données é B30: 1 false 0 "gras é maigre"`, "Données é A25: 3 true", "Données é A26: 3 false",
				"Données é C7: 2 false 0.5 \"\" 0001-01-01 00:00:00 +0000 UTC formula=false format=2", "Données é E14: 4 false 45383 \"\" " + dates,
				`Formules B3: 1 false 0 "texte é" 0001-01-01 00:00:00 +0000 UTC formula=true`, `Formules A7: 5 false 0 "#DIV/0!"`, `Formules A8: 5 false 0 "#N/A"`,
				strings.Repeat("é", 3000),
			} {
				if !strings.Contains(all, part) {
					t.Errorf("no %s", part)
				}
			}
		})
	}
}

func label5(row uint16, text string) []byte {
	return rec(recLabel, cellAt(row, 0), uint16(0), uint16(len(text)), []byte(text))
}

// TestXLSRecords reads records that LibreOffice does not write.
func TestXLSRecords(t *testing.T) {
	number := func(row, column uint16, v float64) []byte {
		return rec(recNumber, cellAt(row, column), uint16(0), v)
	}
	formula := rec(recFormula, cellAt(0, 0), uint16(0), []byte{0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, uint16(0), uint32(0), uint16(0))
	for name, c := range map[string]struct {
		stream []byte
		want   string
	}{
		"a text of Excel 95": {stream5(nil, rawSheet{"S\xE9", 0, [][]byte{label5(0, "\x80 \xE9t\xE9")}}), `Sé A1 "€ été"`},
		"of a Mac":           {stream5([][]byte{rec(recCodePage, uint16(10000))}, rawSheet{"S", 0, [][]byte{label5(0, "\x8Et\x8E")}}), `S A1 "été"`},
		"of DOS":             {stream5([][]byte{rec(recCodePage, uint16(850))}, rawSheet{"S", 0, [][]byte{label5(0, "\x82t\x82")}}), `S A1 "été"`},
		"a rich text of Excel 95": {stream5(nil, rawSheet{"S", 0, [][]byte{
			rec(recRString, cellAt(0, 0), uint16(0), uint16(2), []byte("ab"), uint8(1), uint16(1)),
		}}), `S A1 "ab"`},
		"a rich text": {stream8(nil, rawSheet{"S", 0, [][]byte{
			rec(recRString, cellAt(0, 0), uint16(0), uint16(3), text8("aé€"), uint16(1), uint32(1)),
		}}), `S A1 "aé€"`},
		"cells out of order": {stream8(nil, rawSheet{"S", 0, [][]byte{number(2, 1, 3), number(0, 1, 2), number(0, 0, 1)}}), "S A1 1; S B1 2; S B3 3"},
		"a formula's text after its shared expression": {stream8(nil, rawSheet{"S", 0, [][]byte{
			formula, rec(recShrFmla, uint32(0)), rec(recString, uint16(2), text8("oé")),
		}}), `S A1 "oé"`},
		"several numbers": {stream8(nil, rawSheet{"S", 0, [][]byte{
			rec(recMulRK, cellAt(4, 1), uint16(0), uint32(7<<2|2), uint16(0), uint32(1234<<2|3), uint16(1), uint32(45383<<2|2), uint16(3)),
		}}), "S B5 7; S C5 12.34; S D5 2024-04-01"},
		"a phonetic text in the shared table, cut in all places": {stream8([][]byte{
			rec(recSST, uint32(1), uint32(2), uint16(2), uint8(1|4|8), uint16(1), uint32(4), []byte("a\x00")), rec(recContinue, uint8(0), []byte("b\x01")),
			rec(recContinue, []byte("\x00\x01\x00....\x01\x00")), rec(recContinue, []byte("\x00")), rec(recContinue, []byte("\x01\xAC\x20")),
		}, rawSheet{"S", 0, [][]byte{rec(recLabelSST, cellAt(0, 0), uint16(0), uint32(0)), rec(recLabelSST, cellAt(0, 1), uint16(0), uint32(1))}}), `S A1 "ab"; S B1 "€"`},
		"a chart within": {stream8(nil, rawSheet{"S", 0, [][]byte{
			rec(recBOF, uint16(0x0600), uint16(0x20)), rec(0x1001, uint16(0)), number(0, 0, 5), rec(recEOF), number(0, 0, 6),
		}}), "S A1 6"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := readXLS(oleFile(olePart{"Workbook", c.stream}))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range w.Sheets {
				for row, err := range s.Rows {
					if err != nil {
						t.Fatal(err)
					}
					for _, cell := range row.Cells {
						value := cell.String()
						if cell.Kind == Text {
							value = strconv.Quote(value)
						}
						got = append(got, s.Name+" "+CellName(cell.Column, row.Number)+" "+value)
					}
				}
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("%s, want %s", strings.Join(got, "; "), c.want)
			}
		})
	}
}

// TestXLSDamage reads what must be refused, with what the error says.
func TestXLSDamage(t *testing.T) {
	number := rec(recNumber, cellAt(1, 2), uint16(0), 1.0)
	formula := rec(recFormula, cellAt(1, 0), uint16(0), []byte{0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, uint16(0), uint32(0), uint16(0))
	sheet := func(records ...[]byte) []byte {
		return oleFile(olePart{"Workbook", stream8([][]byte{rec(recSST, uint32(1), uint32(1), uint16(1), uint8(0), uint8('a'))},
			rawSheet{"S", 0, records}, rawSheet{"T", 0, nil})})
	}
	globals := func(records ...[]byte) []byte {
		return oleFile(olePart{"Workbook", stream8(records, rawSheet{"S", 0, nil})})
	}
	good := stream8(nil, rawSheet{"S", 0, [][]byte{number}})
	edited := func(old, new []byte) []byte { return oleFile(olePart{"Workbook", bytes.Replace(good, old, new, 1)}) }
	same := stream8(nil, rawSheet{"S", 0, nil}, rawSheet{"T", 0, nil})
	second := binary.LittleEndian.AppendUint32(nil, uint32(len(same)-12-4)) // where T begins
	first := binary.LittleEndian.AppendUint32(nil, uint32(len(same)-2*(12+4)))
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"a cell twice":                {sheet(number, number), "sheet S, row 2: cell C2 stands twice"},
		"an unknown shared text":      {sheet(rec(recLabelSST, cellAt(3, 0), uint16(0), uint32(1))), "sheet S, row 4: record 0x00fd at byte 118: cell A4: shared text 1 is unknown"},
		"an unknown style":            {sheet(rec(recRK, cellAt(3, 0), uint16(2), uint32(0))), "sheet S, row 4: record 0x027e at byte 118: cell A4: style 2 is unknown"},
		"a column beyond the last":    {sheet(rec(recRK, cellAt(3, 256), uint16(0), uint32(0))), "beyond the last column"},
		"a short cell":                {sheet(rec(recNumber, cellAt(0, 0), uint16(0), uint32(1))), errTooShort.Error()},
		"a long cell":                 {sheet(rec(recRK, cellAt(0, 0), uint16(0), float64(1))), errTooLong.Error()},
		"a continued cell":            {sheet(number, rec(recContinue, uint8(1))), errTooLong.Error()},
		"no number":                   {sheet(rec(recNumber, cellAt(0, 0), uint16(0), math.NaN())), "it holds no number"},
		"no boolean":                  {sheet(rec(recBoolErr, cellAt(0, 0), uint16(0), uint8(2), uint8(0))), "2 is no boolean"},
		"a row of numbers cut short":  {sheet(rec(recMulRK, cellAt(0, 0), uint16(0), uint32(0), uint16(1))), "its last column"},
		"a row of blanks cut short":   {sheet(rec(recMulBlank, cellAt(0, 0), uint16(0), uint16(1))), "its last column"},
		"a formula without its text":  {sheet(formula, number), errNoFormulaText.Error()},
		"at the end":                  {sheet(formula), errNoFormulaText.Error()},
		"a text without its formula":  {sheet(rec(recString, uint16(1), text8("a"))), "a text without its formula"},
		"half a character":            {sheet(rec(recLabel, cellAt(0, 0), uint16(0), uint16(1), []byte{1, 'a'}), rec(recContinue, uint8(1), uint8(0))), "half a character"},
		"an unknown record":           {sheet(rec(0x0030)), "record 0x0030 at byte 118 is unknown"},
		"a cell that became an index": {sheet(number, rec(0x020B, cellAt(1, 3), uint16(0), 1.0), rec(recNumber, cellAt(1, 4), uint16(0), 1.0)), "sheet S, row 2: record 0x0203 at byte 154: it is outside the table of cells"},
		"a sheet without an end":      {oleFile(olePart{"Workbook", good[:len(good)-4]}), "unknown"}, // the padding's zeros
		"a sheet within a sheet":      {sheet(rec(recBOF, uint16(0x0600), uint16(worksheetSubstream))), "sheet S, row 0: its end is missing"},
		"a stream that is cut":        {cutStream(t, good), "its end is missing"},
		"two sheets in one place":     {oleFile(olePart{"Workbook", bytes.Replace(same, second, first, 1)}), "begins where another does"},
		"an unlisted sheet":           {oleFile(olePart{"Workbook", bytes.Replace(same, append([]byte{recBoundSheet, 0, 9, 0}, second...), append([]byte{0xC1, 1, 9, 0}, second...), 1)}), "sheet S, row 0: a sheet is not listed"},
		"a chart that is a worksheet": {oleFile(olePart{"Workbook", stream8(nil, rawSheet{"S", 2, nil})}), "not where it is said to be"},
		"no sheet":                    {oleFile(olePart{"Workbook", stream8(nil)}), "no sheet is listed"},
		"an unknown version":          {edited([]byte{0x00, 0x06, 0x05, 0x00}, []byte{0x00, 0x07, 0x05, 0x00}), "version 0x0700"},
		"an unknown code page":        {oleFile(olePart{"Book", stream5([][]byte{rec(recCodePage, uint16(932))}, rawSheet{"S", 0, nil})}), "code page 932"},
		"a short table of texts":      {globals(rec(recSST, uint32(9), uint32(9), uint16(1), uint8(0), uint8('a'))), errTooShort.Error()},
		"a long table of texts":       {globals(rec(recSST, uint32(0), uint32(0), uint16(1), uint8(0), uint8('a'))), errTooLong.Error()},
		"texts beyond all measure":    {globals(rec(recSST, uint32(1), uint32(math.MaxUint32))), errTooShort.Error()},
		"an endless phonetic text":    {globals(rec(recSST, uint32(1), uint32(1), uint16(0), uint8(4), uint32(math.MaxUint32))), errTooShort.Error()},
		"a protected workbook":        {globals(rec(recFilePass, uint32(1))), errProtected.Error()},
		"a protected xlsx":            {oleFile(olePart{"EncryptionInfo", nil}, olePart{"EncryptedPackage", nil}), errProtected.Error()},
		"a text document":             {oleFile(olePart{"WordDocument", nil}), errNotWorkbook.Error()},
		"two workbooks":               {oleFile(olePart{"Workbook", good}, olePart{"WORKBOOK", good}), errDuplicate.Error()},
		"eight bytes":                 {oleMagic, "mscfb"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readAll(c.data)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %s", err, c.want)
			}
			var sheet *SheetError
			if strings.HasPrefix(c.want, "sheet ") && !errors.As(err, &sheet) {
				t.Errorf("%T", err)
			}
		})
	}
}

// cutStream is a stream after a padding that ends with the file, so that nothing follows it.
func cutStream(t *testing.T, stream []byte) []byte {
	t.Helper()
	filler := rec(0x01C1, make([]byte, 4096-len(stream))) // RecalcId
	stream = bytes.Replace(stream, rec(recNumber, cellAt(1, 2), uint16(0), 1.0), append(filler, rec(recNumber, cellAt(1, 2), uint16(0), 1.0)...), 1)
	return oleFile(olePart{"Workbook", stream[:len(stream)-4]})
}

// TestXLSMutations damages files in two thousand ways. None may panic or take long, and what is
// still read holds as many cells.
func TestXLSMutations(t *testing.T) {
	for _, name := range []string{"cellules.xls", "epoque1904.xls"} {
		data := xlsFixture(t, name)
		want, err := readAll(data)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, uint64(len(data))))
		read := 0
		for i := range 1000 {
			damaged := bytes.Clone(data)
			switch i % 4 {
			case 0:
				damaged = damaged[:random.IntN(len(data))]
			case 1:
				damaged[random.IntN(len(data))] ^= 1 << random.IntN(8)
			case 2:
				damaged[random.IntN(len(data))] = byte(random.Uint32())
			case 3:
				for range 1 + random.IntN(8) {
					binary.LittleEndian.PutUint16(damaged[random.IntN(len(data)-1):], uint16(random.Uint32()))
				}
			}
			start := time.Now()
			got, err := readAll(damaged)
			if took := time.Since(start); took > time.Second && !raceEnabled {
				t.Errorf("%s, damage %d: %s", name, i, took)
			}
			if err == nil {
				read++
				if len(got) < len(want) { // a formula's empty text may have become a number
					t.Errorf("%s, damage %d: fewer cells without an error:\n%s", name, i, gocmp.Diff(want, got))
				}
			} else if strings.Contains(err.Error(), "runtime error") {
				t.Errorf("%s, damage %d: %v", name, i, err)
			}
		}
		t.Logf("%s: %d of 1000 still read", name, read)
	}
}

// TestXLSContainerLoops patches the tables of the compound file so that they lead in circles or far away.
func TestXLSContainerLoops(t *testing.T) {
	cells := [][]byte{}
	for row := range uint16(2000) {
		cells = append(cells, rec(recNumber, cellAt(row, 0), uint16(0), float64(row)))
	}
	data := oleFile(olePart{"Workbook", stream8(nil, rawSheet{"S", 0, cells})})
	if lines, err := readAll(data); err != nil || len(lines) != 2001 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	header := func(at int) int { return int(binary.LittleEndian.Uint32(data[at:])) }
	sector := func(n int) int { return (n + 1) * 4096 }
	table, directory := sector(header(76)), header(48)
	entry := sector(directory) + 128
	for name, patch := range map[string][][2]int{
		"a stream that repeats a sector":     {{table + 4*1, 1}},
		"a stream that goes back":            {{table + 4*3, 0}},
		"a directory that leads to itself":   {{table + 4*directory, directory}},
		"a directory that leads to a stream": {{table + 4*directory, 0}, {table + 4*5, directory}},
		"a directory beyond the file":        {{48, 1 << 30}},
		"a table beyond the file":            {{76, 1 << 30}},
		"a table in its own place":           {{76, 0}},
		"tables of tables in a circle":       {{68, 0}, {72, 100}, {44, 1 << 20}},
		"small sectors in a circle":          {{60, 0}, {64, 3}, {sector(directory) + 116, 0}, {table + 4*3, 0}},
		"siblings in a circle":               {{entry + 72, 1}},
		"a child that is its parent":         {{entry + 76, 0}},
		"a stream of four gigabytes":         {{entry + 120, math.MaxUint32}},
		"a stream of eight exabytes":         {{entry + 124, math.MaxInt32}},
		"a stream at the header":             {{entry + 116, math.MaxUint32}},
		"a short stream":                     {{entry + 120, 5000}},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := bytes.Clone(data)
			for _, p := range patch {
				binary.LittleEndian.PutUint32(damaged[p[0]:], uint32(p[1]))
			}
			start := time.Now()
			if lines, err := readAll(damaged); err == nil {
				t.Errorf("read %d lines", len(lines))
			}
			if took := time.Since(start); took > time.Second && !raceEnabled {
				t.Error(took)
			}
		})
	}
}

// TestXLSDeepStorages nests storages: mscfb keeps the path of each, so that 20,000 would take gigabytes.
func TestXLSDeepStorages(t *testing.T) {
	const depth = 20_000
	data := oleFile(slices.Repeat([]olePart{{name: strings.Repeat("s", 31)}}, depth)...)
	directory := (int(binary.LittleEndian.Uint32(data[48:])) + 1) * 4096
	for i := 1; i < depth; i++ {
		binary.LittleEndian.PutUint32(data[directory+128*i+72:], math.MaxUint32)
		binary.LittleEndian.PutUint32(data[directory+128*i+76:], uint32(i+1))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := parseXLS(data)
	runtime.ReadMemStats(&after)
	if !strings.Contains(fmt.Sprint(err), errBomb.Error()) {
		t.Errorf("%v, want %v", err, errBomb)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 64<<20 {
		t.Errorf("%d MB were taken", taken>>20)
	}
}

func FuzzXLS(f *testing.F) {
	f.Add(xlsFixture(f, "epoque1904.xls"))
	f.Add(oleFile(olePart{"Book", stream5([][]byte{rec(recCodePage, uint16(850))}, rawSheet{"S", 0, [][]byte{label5(0, "\x82")}})}))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := readAll(data)
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Fatal(err)
		}
		if again, _ := readAll(data); strings.Join(again, "\n") != strings.Join(lines, "\n") {
			t.Error("read differently a second time")
		}
	})
}
