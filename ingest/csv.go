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
	body, separator, _ := csvDialect(text)
	if dialectScore(body, separator) < leastTable {
		return nil, errNotWorkbook
	}
	return &Workbook{Sheets: []Sheet{{Rows: csvRows("", data)}}}, nil
}

// leastTable is three lines of three cells: a letter with a comma in two of its lines is no table.
const leastTable = 9

// csvRows decides the charset and the dialect of a text, then reads it strictly: a quote that is
// not closed is an error, not the end of the data. Cells are texts, as long as nothing else is known.
func csvRows(sheet string, data []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		fail := func(row int, err error) { yield(Row{}, &SheetError{Sheet: sheet, Row: row, Err: err}) }
		text, err := decodeText(data)
		if err != nil {
			fail(0, err)
			return
		}
		body, separator, first := csvDialect(text)
		r := csv.NewReader(strings.NewReader(body))
		r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator, -1, true
		var cells []Cell
		for {
			record, err := r.Read()
			if err == io.EOF {
				return
			}
			if err != nil {
				var p *csv.ParseError
				if errors.As(err, &p) {
					fail(first+p.StartLine-1, p.Err)
				} else {
					fail(0, err)
				}
				return
			}
			line, _ := r.FieldPos(0)
			cells = cells[:0]
			for i, field := range record {
				if i >= maxColumn {
					fail(first+line-1, errBomb)
					return
				}
				if field != "" {
					cells = append(cells, Cell{Column: i, Kind: Text, Text: field})
				}
			}
			if len(cells) > 0 && !yield(Row{Number: first + line - 1, Cells: cells}, nil) {
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
	case !utf8.Valid(data):
		e = charmap.Windows1252
		if frenchScore(data, charmap.Macintosh) > frenchScore(data, charmap.Windows1252) {
			e = charmap.Macintosh
		}
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

// utf16Without tells the byte order of UTF-16 without a mark by where its zeros stand; nil when
// they stand on both sides.
func utf16Without(data []byte) encoding.Encoding {
	var zeros [2]int
	for i, b := range data[:min(len(data), 4096)] {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case len(data)%2 == 0 && zeros[1] > 8*zeros[0]:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case len(data)%2 == 0 && zeros[0] > 8*zeros[1]:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
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

// csvSeparators are the separators that a text may have, the likelier first.
var csvSeparators = []rune{';', ',', '\t', '|'}

// csvDialect decides the separator: what a « sep= » line says, else the one by which most of the
// first lines, quotes honoured, have one and the same width above one. It returns what is to be
// read and the line on which that begins, from 1.
func csvDialect(text string) (body string, separator rune, first int) {
	head, rest, _ := strings.Cut(text, "\n")
	if said, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(head)), "sep="); ok && utf8.RuneCountInString(said) == 1 {
		r, _ := utf8.DecodeRuneInString(said)
		return rest, r, 2
	}
	best := -1
	separator = csvSeparators[0]
	for _, s := range csvSeparators {
		if score := dialectScore(text, s); score > best {
			best, separator = score, s
		}
	}
	return text, separator, 1
}

// dialectScore is the number of cells in the lines that have the commonest width above one.
func dialectScore(text string, separator rune) int {
	const lines = 200
	widths := map[int]int{}
	width, quoted, seen := 1, false, 0
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == separator:
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
