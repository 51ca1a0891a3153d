package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/richardlehane/mscfb"
)

// The bounds of a legacy workbook: its cells, and the distinct texts that are kept for them.
const (
	maxXLSBytes     = 64 << 20
	maxXLSCells     = 2_000_000
	maxXLSTextBytes = 64 << 20
	maxXLSSheets    = maxEntries
	// maxOLEDirectory is how much of a container's tables mscfb may read at once: some 4000 streams.
	// It builds the path of each storage within another, which grows with the square of their depth.
	maxOLEDirectory = 512 << 10
)

var oleMagic = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

// readXLS reads a legacy workbook, of Excel 5 and 95 (BIFF5) or 97 to 2003 (BIFF8), in this process.
// All sheets are read at once; one that cannot be read to its end gives its error when its rows are
// asked for.
func readXLS(data []byte) (*Workbook, error) {
	book, err := parseXLS(data)
	if err != nil {
		return nil, err
	}
	return book.workbook()
}

// xlsBook is what a legacy workbook holds, as small as can be: it travels between processes.
type xlsBook struct {
	Sheets        []xlsSheet
	Texts         []string // the shared texts, then the others
	Epoch1904     bool
	Macros        bool
	ExternalLinks bool
}

// xlsSheet is a worksheet: its cells by row, then column. Failure says why it cannot be read, and
// Row is then the last one that was reached.
type xlsSheet struct {
	Name       string
	Hidden     bool
	Cells      xlsCells
	HiddenRows map[uint16]bool
	Row        int
	Failure    string
}

// xlsCell is a cell. Value is the index of a text, the bits of a number, the code of an error, or 1 for true.
type xlsCell struct {
	Value   uint64
	Row     uint16 // from 0
	Column  uint8
	Kind    CellKind
	Format  Format
	Formula bool
}

// workbook gives the sheets their rows, once what comes from another process is found consistent.
func (b *xlsBook) workbook() (*Workbook, error) {
	w := &Workbook{Macros: b.Macros, ExternalLinks: b.ExternalLinks, Epoch1904: b.Epoch1904}
	for i := range b.Sheets {
		s := &b.Sheets[i]
		for _, c := range s.Cells {
			if c.Kind == Text && c.Value >= uint64(len(b.Texts)) {
				return nil, errors.New("a cell without its text")
			}
		}
		w.Sheets = append(w.Sheets, Sheet{Name: s.Name, Hidden: s.Hidden, Rows: b.rows(s)})
	}
	return w, nil
}

func (b *xlsBook) rows(s *xlsSheet) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if s.Failure != "" {
			yield(Row{}, &SheetError{Sheet: s.Name, Row: s.Row, Err: errors.New(s.Failure)})
			return
		}
		var row Row
		for i, c := range s.Cells {
			row.Cells = append(row.Cells, b.cell(c))
			if i+1 < len(s.Cells) && s.Cells[i+1].Row == c.Row {
				continue
			}
			row.Number, row.Hidden = int(c.Row)+1, s.HiddenRows[c.Row]
			if !yield(row, nil) {
				return
			}
			row.Cells = row.Cells[:0]
		}
	}
}

func (b *xlsBook) cell(c xlsCell) Cell {
	cell := Cell{Column: int(c.Column), Kind: c.Kind, Format: c.Format, Formula: c.Formula}
	switch c.Kind {
	case Text:
		cell.Text = b.Texts[c.Value]
	case Fault:
		cell.Text = faultNames[int(c.Value)]
	case Bool:
		cell.Bool = c.Value == 1
	case Number:
		cell.Number = xlsNumber(c.Value)
		cell.setSerial(cell.Number, b.Epoch1904)
	}
	return cell
}

// parseXLS reads a legacy workbook whole.
func parseXLS(data []byte) (book *xlsBook, err error) {
	defer func() { // every access is checked; should one not be, a sender's file must not end the program
		if r := recover(); r != nil {
			book, err = nil, fmt.Errorf("legacy workbook: %v", r)
		}
	}()
	if len(data) > maxXLSBytes {
		return nil, fmt.Errorf("%d bytes: %w", len(data), errBomb)
	}
	p := &xlsParser{book: &xlsBook{}, custom: map[int]Format{}}
	if err := p.open(data); err != nil {
		return nil, err
	}
	p.left = len(p.stream)
	if err := p.globals(); err != nil {
		return nil, fmt.Errorf("legacy workbook: %w", err)
	}
	for _, s := range p.listed {
		p.book.Sheets = append(p.book.Sheets, p.sheet(s))
	}
	return p.book, nil
}

// open finds the stream of records in the compound file: « Workbook », or « Book » until Excel 95.
func (p *xlsParser) open(data []byte) error {
	source := &oleSource{data: bytes.NewReader(data), left: maxOLEDirectory}
	ole, err := mscfb.New(source)
	if source.left < 0 {
		return fmt.Errorf("directory: %w", errBomb)
	}
	if err != nil {
		return err
	}
	source.left = len(data)
	streams := map[string]*mscfb.File{}
	for _, f := range ole.File {
		name := strings.ToLower(f.Name)
		if len(f.Path) > 0 {
			continue
		}
		switch {
		case name == "encryptedpackage", name == "encryptioninfo":
			return errProtected
		case strings.HasPrefix(name, "_vba_project"):
			p.book.Macros = true
		case name == "workbook", name == "book":
			if streams[name] != nil {
				return fmt.Errorf("%s: %w", f.Name, errDuplicate)
			}
			streams[name] = f
		}
	}
	f := streams["workbook"]
	if f == nil {
		f = streams["book"]
	}
	if f == nil {
		return errNotWorkbook
	}
	if f.Size > int64(len(data)) {
		return fmt.Errorf("stream %s is longer than the file", f.Name)
	}
	p.stream = make([]byte, f.Size)
	for rest := p.stream; len(rest) > 0; { // in pieces: for each, mscfb takes the square of its sectors
		n, err := io.ReadFull(f, rest[:min(len(rest), 64<<10)])
		if err != nil {
			return fmt.Errorf("stream %s: %w", f.Name, err)
		}
		rest = rest[n:]
	}
	return nil
}

// oleSource bounds what mscfb reads, the single entries of its tables aside: these it bounds itself.
type oleSource struct {
	data *bytes.Reader
	left int
}

func (s *oleSource) ReadAt(b []byte, at int64) (int, error) {
	if len(b) > 4 {
		if s.left -= len(b); s.left < 0 {
			return 0, errBomb
		}
	}
	return s.data.ReadAt(b, at)
}
