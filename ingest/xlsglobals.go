package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// The kinds of substream.
const (
	globalSubstream    = 0x0005
	worksheetSubstream = 0x0010
)

// beginning reads the record that begins a substream.
func beginning(rec biffRecord) (version, kind int, err error) {
	c := rec.cursor(nil)
	version, kind = c.u16(), c.u16()
	if rec.id != recBOF || c.bad {
		return 0, 0, errors.New("its beginning is missing")
	}
	return version, kind, nil
}

// xlsParser is a pass over a workbook's stream of records.
type xlsParser struct {
	book      *xlsBook
	stream    []byte
	left      int               // bytes of the stream still to be seen, each once
	codepage  encoding.Encoding // of BIFF5; nil: BIFF8
	formats   []Format          // by cell style
	custom    map[int]Format    // by number format
	listed    []listedSheet
	starts    map[int]bool // where the listed sheets begin
	shared    int          // how many of the texts cells may refer to
	textBytes int
	cells     int
}

// listedSheet is a worksheet as the workbook lists it, and where its records begin.
type listedSheet struct {
	name   string
	hidden bool
	at     int
}

// globals reads the first substream: what the sheets share, and the list of them.
func (p *xlsParser) globals() error {
	r := records{data: p.stream, left: &p.left}
	rec, err := r.next()
	if err != nil {
		return err
	}
	version, kind, err := beginning(rec)
	switch {
	case err != nil:
		return err
	case version != 0x0600 && version != 0x0500:
		return fmt.Errorf("version %#04x is unknown", version)
	case kind != globalSubstream:
		return errNotWorkbook
	case version == 0x0500:
		p.codepage = charmap.Windows1252
	}
	p.starts = map[int]bool{}
	var styles []int // the number format of each cell style
	for {
		rec, err := r.next()
		if err != nil {
			return err
		}
		if rec.id == recEOF {
			break
		}
		if err := p.global(rec, &styles); err != nil {
			return fmt.Errorf("record %#04x at byte %d: %w", rec.id, rec.at, err)
		}
	}
	for _, id := range styles {
		f, ok := p.custom[id]
		if !ok {
			f = builtinFormat(id)
		}
		p.formats = append(p.formats, f)
	}
	if len(p.starts) == 0 {
		return errors.New("no sheet is listed")
	}
	return p.unlisted(r.at)
}

// unlisted is an error when a substream begins there that the workbook does not list.
func (p *xlsParser) unlisted(at int) error {
	if len(p.stream)-at >= 2 && binary.LittleEndian.Uint16(p.stream[at:]) == recBOF && !p.starts[at] {
		return errors.New("a sheet is not listed")
	}
	return nil
}

func (p *xlsParser) global(rec biffRecord, styles *[]int) error {
	c := rec.cursor(p.codepage)
	switch rec.id {
	case recFilePass:
		return errProtected
	case recBOF:
		return errNoEnd
	case recBoundSheet:
		return p.boundSheet(c)
	case recSST:
		return p.sharedTexts(c)
	case recDate1904:
		p.book.Epoch1904 = c.u16() == 1
		return c.done()
	case recCodePage:
		if page := c.u16(); p.codepage != nil {
			if p.codepage = codepages[page]; p.codepage == nil {
				return fmt.Errorf("code page %d is unknown", page)
			}
		}
		return c.done()
	case recFormat:
		id, lengthBytes := c.u16(), 2
		if p.codepage != nil {
			lengthBytes = 1
		}
		code, err := c.text(lengthBytes)
		if err != nil {
			return err
		}
		p.custom[id] = classifyFormat(code)
		return c.done()
	case recXF:
		c.skip(2)
		*styles = append(*styles, c.u16())
		if len(*styles) > maxStyles {
			return errors.New("too many cell styles")
		}
		if c.bad {
			return errTooShort
		}
	case recObjProj:
		p.book.Macros = true
	case recSupBook:
		c.skip(2)
		kind := c.u16()
		own := c.length() == 0 && (kind == 0x0401 || kind == 0x3A01) // this workbook, functions of add-ins
		p.book.ExternalLinks = p.book.ExternalLinks || !own
	case recExternSheet:
		if p.codepage != nil {
			c.skip(1)
			p.book.ExternalLinks = p.book.ExternalLinks || c.u8() == 1 // the path of a file follows
		}
	}
	return nil
}

// boundSheet lists a sheet. Charts and macro sheets are no worksheets; what the list says of that
// must be what its records say.
func (p *xlsParser) boundSheet(c cursor) error {
	at, visibility, kind := c.u32(), c.u8(), c.u8()
	name, err := c.text(1)
	if err == nil {
		err = c.done()
	}
	if err != nil {
		return err
	}
	if p.starts[at] {
		return fmt.Errorf("sheet %s begins where another does", name)
	}
	if p.starts[at] = true; len(p.starts) > maxXLSSheets {
		return errBomb
	}
	left := len(p.stream)
	rec, err := (&records{data: p.stream, at: at, left: &left}).single()
	substream := 0
	if err == nil {
		_, substream, err = beginning(rec)
	}
	if kind == 0 && err != nil || (kind == 0) != (substream == worksheetSubstream) {
		return fmt.Errorf("sheet %s is not where it is said to be", name)
	}
	p.book.Macros = p.book.Macros || kind == 1
	if kind == 0 {
		p.listed = append(p.listed, listedSheet{name: name, hidden: visibility&3 != 0, at: at})
	}
	return nil
}

// sharedTexts reads the table of texts, one record and its continuations.
func (p *xlsParser) sharedTexts(c cursor) error {
	if p.shared > 0 {
		return errors.New("a second table of texts")
	}
	c.skip(4) // how often they are used: few programs count well
	n := c.u32()
	for range n {
		text, err := c.text(2)
		if err != nil {
			return err
		}
		if _, err := p.addText(text); err != nil {
			return err
		}
	}
	p.shared = n
	return c.done()
}

func (p *xlsParser) addText(text string) (index int, err error) {
	if p.textBytes += len(text); p.textBytes > maxXLSTextBytes || len(p.book.Texts) >= maxXLSCells {
		return 0, errBomb
	}
	p.book.Texts = append(p.book.Texts, text)
	return len(p.book.Texts) - 1, nil
}
