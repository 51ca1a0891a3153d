package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// maxCSV bounds a text file, and all those of an archive together.
const maxCSV = 32 << 20

// readCSVArchive opens a zip of .csv files, one per sheet, each named after its table.
func readCSVArchive(c *container) (*Workbook, error) {
	w := &Workbook{}
	left := maxCSV
	for _, name := range c.names {
		if path.Ext(name) != ".csv" || strings.HasPrefix(path.Base(name), ".") { // macOS adds hidden ones
			continue
		}
		r, err := c.open(name)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(io.LimitReader(r, int64(left)+1))
		r.Close()
		if err != nil {
			return nil, err
		}
		if left -= len(data); left < 0 || len(w.Sheets) == maxSheets {
			return nil, errBomb
		}
		stem := strings.TrimSuffix(path.Base(c.parts[name].Name), path.Ext(c.parts[name].Name))
		w.Sheets = append(w.Sheets, Sheet{Name: stem, Rows: csvRows(stem, data)})
	}
	if len(w.Sheets) == 0 {
		return nil, errNotWorkbook
	}
	return w, nil
}

// readCSVFile opens one text as a workbook of one sheet, if it looks like a table: some lines of it
// have cells. Its sheet has no name, since a file's name decides nothing.
func readCSVFile(data []byte) (*Workbook, error) {
	if len(data) > maxCSV {
		return nil, errBomb
	}
	text, err := decodeText(data)
	if err != nil {
		return nil, errNotWorkbook
	}
	body, separator := csvDialect(text)
	if dialectScore(body, separator, false) < leastTable {
		return nil, errNotWorkbook
	}
	return &Workbook{Sheets: []Sheet{{Rows: csvRows("", data)}}}, nil
}

// leastTable is three lines of three cells: a letter with a comma in two of its lines is no table.
const leastTable = 9

// csvRows decides the charset and the dialect of a text, then reads it strictly: a quote that is
// not closed is an error, not the end of the data. Cells are texts, as long as nothing else is known.
// Rows are numbered as a spreadsheet shows them: a « sep= » line is no row, a line break within a
// cell begins none, an empty line is one.
func csvRows(sheet string, data []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		fail := func(row int, err error) { yield(Row{}, &SheetError{Sheet: sheet, Row: row, Err: err}) }
		text, err := decodeText(data)
		if err != nil {
			fail(0, err)
			return
		}
		body, separator := csvDialect(text)
		r := csv.NewReader(strings.NewReader(body))
		r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator, -1, true
		var cells []Cell
		within := 0 // line breaks within cells so far
		for {
			record, err := r.Read()
			if err == io.EOF {
				return
			}
			if err != nil {
				var p *csv.ParseError
				if errors.As(err, &p) {
					fail(p.StartLine-within, p.Err)
				} else {
					fail(0, err)
				}
				return
			}
			line, _ := r.FieldPos(0)
			number := line - within
			cells = cells[:0]
			for i, field := range record {
				if i >= maxColumn {
					fail(number, errBomb)
					return
				}
				within += strings.Count(field, "\n")
				if field != "" {
					cells = append(cells, Cell{Column: i, Kind: Text, Text: field})
				}
			}
			if len(cells) > 0 && !yield(Row{Number: number, Cells: cells}, nil) {
				return
			}
		}
	}
}

// decodeText makes a text UTF-8 with \n line ends: by its byte-order mark, the zeros of UTF-16,
// else UTF-8 where it is valid, else the better of the two charsets in which French was typed
// before it, Windows-1252 and Mac Roman.
func decodeText(data []byte) (string, error) {
	var e encoding.Encoding
	switch {
	case bytes.HasPrefix(data, utf8BOM):
		data = data[len(utf8BOM):]
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		e = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		e = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.IndexByte(data, 0) >= 0:
		if e = utf16Without(data); e == nil {
			return "", errors.New("zero bytes: not a text")
		}
	case damagedUTF8(data): // read as a charset of one byte, every accent of it would become two letters
		return "", errors.New("UTF-8 with bytes that are no character")
	case !utf8.Valid(data):
		e = charmap.Windows1252
		if frenchScore(data, charmap.Macintosh) > frenchScore(data, charmap.Windows1252) {
			e = charmap.Macintosh
		}
	}
	if _, single := e.(*charmap.Charmap); e != nil && !single && len(data)%2 != 0 {
		return "", errors.New("UTF-16 cut within a character")
	}
	if e != nil {
		decoded, err := e.NewDecoder().Bytes(data)
		if err != nil {
			return "", fmt.Errorf("decode text: %w", err)
		}
		data = decoded
	}
	if !utf8.Valid(data) {
		return "", errors.New("invalid UTF-8")
	}
	for _, b := range data {
		if b < 0x20 && b != '\t' && b != '\n' && b != '\r' {
			return "", errors.New("a control character")
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n"), nil
}

// utf16Without tells the byte order of UTF-16 without a mark by where its zeros stand: at one half of
// each pair of bytes, in most pairs. It is nil when they do not: a stray zero makes no UTF-16.
func utf16Without(data []byte) encoding.Encoding {
	var zeros [2]int
	sample := data[:min(len(data), 4096)]
	for i, b := range sample {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case zeros[1] > max(8*zeros[0], len(sample)/4):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[0] > max(8*zeros[1], len(sample)/4):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// damagedUTF8 reports whether a text that is not valid UTF-8 was written as UTF-8: more of what is
// beyond ASCII is letters and signs of French in that encoding than is not. In the older charsets
// their two bytes are pairs like « Ã© » and « √© », which nobody types.
func damagedUTF8(data []byte) bool {
	good, bad := 0, 0
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case r >= 0xA0 && r <= 0x17F, r >= 0x2010 && r <= 0x20AC:
			good++
		}
		data = data[size:]
	}
	return bad > 0 && good > bad
}

// frenchScore is how French the bytes beyond ASCII look in a charset: letters that French uses
// count for, anything that no one types counts against.
func frenchScore(data []byte, charset *charmap.Charmap) int {
	score := 0
	for _, b := range data {
		if b < utf8.RuneSelf {
			continue
		}
		switch r := charset.DecodeByte(b); {
		case strings.ContainsRune("éèêàçùâîôûëïœÉÈÀÊÇÔÎ", r):
			score += 3
		case strings.ContainsRune("’«»–€…°\u00a0ñüöäß²", r):
			score++
		default:
			score -= 2
		}
	}
	return score
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// csvSeparators are the separators that a text may have, the likelier first and the comma last.
var csvSeparators = []rune{';', '\t', '|', ','}

// csvDialect decides the separator: what a « sep= » line says, else the one by which most of the
// first lines, quotes honoured, have one and the same width above one. A comma between digits may be
// a decimal mark: where another separator does better than the commas elsewhere, and no worse than
// half as well as all of them, it is that one. It returns what is to be read too, without that line.
func csvDialect(text string) (body string, separator rune) {
	head, rest, _ := strings.Cut(text, "\n")
	if said, ok := strings.CutPrefix(strings.ToLower(strings.Trim(head, " ")), "sep="); ok && utf8.RuneCountInString(said) == 1 {
		r, _ := utf8.DecodeRuneInString(said)
		return rest, r
	}
	best := -1
	separator = csvSeparators[0]
	for _, s := range csvSeparators {
		score := dialectScore(text, s, s == ',')
		if s == ',' {
			if all := dialectScore(text, s, false); all > 2*best {
				score = all
			}
		}
		if score > best {
			best, separator = score, s
		}
	}
	return text, separator
}

// dialectScore is the number of cells in the lines that have the commonest width above one. It may
// leave aside the separators that stand between two digits.
func dialectScore(text string, separator rune, aside bool) int {
	const lines = 200
	widths := map[int]int{}
	width, quoted, seen := 1, false, 0
	for i, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == separator:
			if aside && i > 0 && i+1 < len(text) && isDigit(text[i-1]) && isDigit(text[i+1]) {
				continue
			}
			width++
		case r == '\n':
			widths[width]++
			width = 1
			seen++
		}
		if seen == lines {
			break
		}
	}
	if width > 1 {
		widths[width]++
	}
	best := 0
	for w, n := range widths {
		if w > 1 {
			best = max(best, n*w)
		}
	}
	return best
}
