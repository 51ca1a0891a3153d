package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// The records that are read, by the names of [MS-XLS] 2.3.
const (
	recFormula     = 0x0006
	recEOF         = 0x000A
	recExternSheet = 0x0017
	recDate1904    = 0x0022
	recFilePass    = 0x002F
	recContinue    = 0x003C
	recCodePage    = 0x0042
	recBoundSheet  = 0x0085
	recMulRK       = 0x00BD
	recMulBlank    = 0x00BE
	recObjProj     = 0x00D3
	recRString     = 0x00D6
	recDBCell      = 0x00D7
	recXF          = 0x00E0
	recSST         = 0x00FC
	recLabelSST    = 0x00FD
	recExtSST      = 0x00FF
	recSupBook     = 0x01AE
	recEntExU2     = 0x01C2
	recBlank       = 0x0201
	recNumber      = 0x0203
	recLabel       = 0x0204
	recBoolErr     = 0x0205
	recString      = 0x0207
	recRow         = 0x0208
	recArray       = 0x0221
	recTable       = 0x0236
	recRK          = 0x027E
	recFormat      = 0x041E
	recShrFmla     = 0x04BC
	recBOF         = 0x0809
)

// knownRecords are the records of BIFF5 and BIFF8 that may stand in a workbook; each name of the
// specification once.
var knownRecords = func() (known [0x500]bool) {
	for _, r := range [][2]int{
		{0x06, 0x06}, {0x0A, 0x0A}, {0x0C, 0x1D}, {0x22, 0x23}, {0x26, 0x2B}, {0x2F, 0x2F}, {0x31, 0x31}, {0x33, 0x33}, {0x3C, 0x3D},
		{0x40, 0x42}, {0x4D, 0x4D}, {0x50, 0x52}, {0x55, 0x56}, {0x59, 0x61}, {0x63, 0x63}, {0x7D, 0x7D}, {0x7F, 0x8A}, {0x8C, 0x8D},
		{0x90, 0x92}, {0x94, 0xA3}, {0xA9, 0xA9}, {0xAB, 0xAB}, {0xAE, 0xB2}, {0xB4, 0xBE}, {0xC1, 0xDE}, {0xE0, 0xE5}, {0xE7, 0xE9},
		{0xEB, 0xF2}, {0xF4, 0x103}, {0x122, 0x122}, {0x137, 0x15F}, {0x160, 0x161}, {0x18B, 0x18B}, {0x191, 0x198}, {0x1A9, 0x1C2},
		{0x200, 0x201}, {0x203, 0x205}, {0x207, 0x208}, {0x20B, 0x20B}, {0x218, 0x218}, {0x221, 0x221}, {0x223, 0x223}, {0x225, 0x225},
		{0x231, 0x231}, {0x236, 0x236}, {0x23E, 0x23E}, {0x27E, 0x27E}, {0x293, 0x293}, {0x418, 0x418}, {0x41E, 0x41E}, {0x43C, 0x43C}, {0x4BC, 0x4BC},
	} {
		for id := r[0]; id <= r[1]; id++ {
			known[id] = true
		}
	}
	return known
}()

var (
	errTooShort = errors.New("a record is shorter than what it holds")
	errTooLong  = errors.New("a record is longer than what it holds")
	errNoEnd    = errors.New("its end is missing")
)

// biffRecord is a record with what continues it.
type biffRecord struct {
	id   uint16
	at   int
	body []byte
	more [][]byte // the CONTINUE records that follow
}

func (r biffRecord) cursor(codepage encoding.Encoding) cursor {
	return cursor{part: r.body, more: r.more, codepage: codepage}
}

// records is a pass over a stream of records. left bounds the bytes that all passes over a stream
// may see: sheets do not overlap, so that they need no more than its length.
type records struct {
	data []byte
	at   int
	left *int
}

// known is an error when the record is none that can stand in a worksheet: it might have been a cell.
// Later additions to the format begin with their own number.
func (r biffRecord) known() error {
	switch {
	case r.id == recBOF, r.id == 0x105C: // ClrtClient, of a Mac
		return nil
	case r.id < 0x0800 && (int(r.id) >= len(knownRecords) || !knownRecords[r.id]) ||
		r.id >= 0x0800 && (len(r.body) < 2 || binary.LittleEndian.Uint16(r.body) != r.id):
		return fmt.Errorf("record %#04x at byte %d is unknown", r.id, r.at)
	}
	return nil
}

// next is the next record; an error at the end of the stream, which no substream may reach.
func (r *records) next() (biffRecord, error) {
	rec, err := r.single()
	if err != nil {
		return rec, err
	}
	for len(r.data)-r.at >= 4 && binary.LittleEndian.Uint16(r.data[r.at:]) == recContinue {
		part, err := r.single()
		if err != nil {
			return rec, err
		}
		rec.more = append(rec.more, part.body)
	}
	return rec, nil
}

func (r *records) single() (biffRecord, error) {
	rest := r.data[min(r.at, len(r.data)):]
	if len(rest) < 4 {
		return biffRecord{}, errNoEnd
	}
	rec := biffRecord{id: binary.LittleEndian.Uint16(rest), at: r.at}
	size := int(binary.LittleEndian.Uint16(rest[2:]))
	if len(rest) < 4+size {
		return rec, errNoEnd
	}
	rec.body = rest[4 : 4+size]
	r.at += 4 + size
	if *r.left -= 4 + size; *r.left < 0 {
		return rec, errors.New("sheets overlap")
	}
	return rec, nil
}

// cursor reads the fields of a record one after the other. Past the end they are zero and bad is
// set: it is looked at once, by done, before anything that was read is used.
type cursor struct {
	part     []byte
	more     [][]byte
	bad      bool
	codepage encoding.Encoding // of BIFF5; nil: BIFF8
}

// advance goes on to what continues the record.
func (c *cursor) advance() bool {
	for len(c.part) == 0 {
		if len(c.more) == 0 {
			c.bad = true
			return false
		}
		c.part, c.more = c.more[0], c.more[1:]
	}
	return true
}

// uint is a number of n bytes, n ≤ 8.
func (c *cursor) uint(n int) (v uint64) {
	for i := range n {
		if len(c.part) == 0 && !c.advance() {
			return 0
		}
		v |= uint64(c.part[0]) << (8 * i)
		c.part = c.part[1:]
	}
	return v
}

func (c *cursor) u8() int        { return int(c.uint(1)) }
func (c *cursor) u16() int       { return int(c.uint(2)) }
func (c *cursor) u32() int       { return int(c.uint(4)) }
func (c *cursor) float() float64 { return math.Float64frombits(c.uint(8)) }

func (c *cursor) skip(n int) {
	for n > 0 && c.advance() {
		k := min(n, len(c.part))
		c.part = c.part[k:]
		n -= k
	}
}

func (c *cursor) bytes(n int) []byte {
	if n <= len(c.part) {
		b := c.part[:n]
		c.part = c.part[n:]
		return b
	}
	var joined []byte
	for n > 0 && c.advance() {
		k := min(n, len(c.part))
		joined = append(joined, c.part[:k]...)
		c.part = c.part[k:]
		n -= k
	}
	return joined
}

// length is how many bytes are left.
func (c *cursor) length() int {
	n := len(c.part)
	for _, part := range c.more {
		n += len(part)
	}
	return n
}

// done is an error when the record was too short, or when something of it was not read.
func (c *cursor) done() error {
	switch {
	case c.bad:
		return errTooShort
	case c.length() > 0:
		return errTooLong
	}
	return nil
}

// The flags of a text of BIFF8.
const (
	wideText     = 1 << 0 // two bytes a character
	phoneticText = 1 << 2
	richText     = 1 << 3
)

// text is a text whose length takes that many bytes.
func (c *cursor) text(lengthBytes int) (string, error) {
	n := int(c.uint(lengthBytes))
	if c.codepage != nil {
		raw := c.bytes(n)
		if c.bad {
			return "", errTooShort
		}
		text, err := c.codepage.NewDecoder().Bytes(raw)
		return string(text), err
	}
	flags := c.u8()
	if flags&^(wideText|phoneticText|richText) != 0 {
		return "", fmt.Errorf("a text has unknown flags %#02x", flags)
	}
	runs, phonetic := 0, 0
	if flags&richText != 0 {
		runs = 4 * c.u16()
	}
	if flags&phoneticText != 0 {
		phonetic = c.u32()
	}
	text, err := c.characters(n, flags&wideText != 0)
	c.skip(runs)
	c.skip(phonetic)
	if c.bad {
		err = errTooShort
	}
	return text, err
}

// characters reads n characters. Where a continuation begins among them, a byte says anew whether
// they are wide.
func (c *cursor) characters(n int, wide bool) (string, error) {
	if !wide && n <= len(c.part) && isASCII(c.part[:n]) {
		return string(c.bytes(n)), nil
	}
	units := make([]uint16, 0, min(n, len(c.part)))
	for len(units) < n {
		if len(c.part) == 0 {
			if !c.advance() {
				return "", errTooShort
			}
			flag := c.u8()
			if flag > 1 {
				return "", fmt.Errorf("a text is continued with unknown flags %#02x", flag)
			}
			wide = flag == 1
			continue
		}
		switch {
		case !wide:
			units = append(units, uint16(c.part[0]))
			c.part = c.part[1:]
		case len(c.part) < 2:
			return "", errors.New("half a character")
		default:
			units = append(units, binary.LittleEndian.Uint16(c.part))
			c.part = c.part[2:]
		}
	}
	return string(utf16.Decode(units)), nil
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// rk is a number in four bytes: a whole one, or the upper half of a float, either perhaps a
// hundred times too large.
func rk(v int) float64 {
	n := math.Float64frombits(uint64(uint32(v)&^3) << 32)
	if v&2 != 0 {
		n = float64(int32(v) >> 2)
	}
	if v&1 != 0 {
		n /= 100
	}
	return n
}

// codepages are the code pages of BIFF5 texts.
var codepages = map[int]encoding.Encoding{
	367: charmap.Windows1252, 437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 855: charmap.CodePage855,
	858: charmap.CodePage858, 860: charmap.CodePage860, 862: charmap.CodePage862, 863: charmap.CodePage863, 865: charmap.CodePage865,
	866: charmap.CodePage866, 874: charmap.Windows874, 1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252,
	1253: charmap.Windows1253, 1254: charmap.Windows1254, 1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257,
	1258: charmap.Windows1258, 10000: charmap.Macintosh, 32768: charmap.Macintosh, 32769: charmap.Windows1252,
}

// faultNames are the error values.
var faultNames = map[int]string{
	0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}
