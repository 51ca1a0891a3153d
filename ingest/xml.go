package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// The bounds of one XML part. A workbook that people fill stays far below each.
const (
	maxXMLDepth = 64      // elements within elements
	maxXMLToken = 4 << 20 // bytes of one tag or one run of text
	maxXMLAttrs = 256     // attributes of one element
	maxXMLName  = 256     // bytes of one name
)

// errDoctype is a document type declaration: no spreadsheet program writes one, and entity bombs need one.
var errDoctype = errors.New("the XML declares a document type")

// xmlScanner reads one XML document as a sequence of starts and ends of elements, through a window
// that slides: memory is bounded whatever the document. It is strict where encoding/xml is — tags
// balance, attributes are quoted, entities are known, characters are legal, one root, nothing after
// it — so that a damaged part is an error, never a shorter part. Namespace prefixes are dropped.
//
// What next, attr and text return is valid until the next call.
type xmlScanner struct {
	r    io.Reader
	buf  []byte
	pos  int // start of what is not consumed
	end  int // end of what was read
	eof  bool
	past int64 // bytes consumed before buf

	open      []byte // the qualified names of the open elements, one after the other
	starts    []int  // where each begins in open
	selfClose bool   // the current start is also an end
	begun     bool   // a tag was seen, of whatever kind
	rooted    bool   // the root was seen
	converted bool   // from another encoding: its decoder writes U+FFFD for what it cannot read

	name    []byte // local name of the current element
	attrs   []xmlAttr
	scratch []byte // decoded text
	value   []byte // decoded attribute
	checked []byte // decoded only to be checked
}

type xmlAttr struct{ name, local, value []byte }

// xmlToken is what next found.
type xmlToken uint8

const (
	xmlStart xmlToken = iota
	xmlEnd
	xmlEOF
)

const xmlWindow = 64 << 10

// reset starts a new document in UTF-8, keeping the memory.
func (x *xmlScanner) reset(r io.Reader) {
	if x.buf == nil {
		x.buf = make([]byte, xmlWindow)
	}
	*x = xmlScanner{r: r, buf: x.buf, open: x.open[:0], starts: x.starts[:0], attrs: x.attrs[:0], scratch: x.scratch[:0], value: x.value[:0], checked: x.checked}
}

// syntax is an error of the document, with the byte where it was noticed.
func (x *xmlScanner) syntax(format string, args ...any) error {
	return fmt.Errorf("XML at byte %d: %s", x.past+int64(x.pos), fmt.Sprintf(format, args...))
}

// fill reads more behind what is not consumed. io.EOF when there is no more.
func (x *xmlScanner) fill() error {
	if x.eof {
		return io.EOF
	}
	if x.pos > 0 {
		copy(x.buf, x.buf[x.pos:x.end])
		x.past += int64(x.pos)
		x.end -= x.pos
		x.pos = 0
	}
	if x.end == len(x.buf) {
		if len(x.buf) >= maxXMLToken {
			return x.syntax("a tag or text of more than %d bytes", maxXMLToken)
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for range 100 {
		n, err := x.r.Read(x.buf[x.end:])
		x.end += n
		if err == io.EOF {
			x.eof = true
			if n == 0 {
				return io.EOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// find returns the distance from pos to the first delim at or after pos+from, reading on as needed.
func (x *xmlScanner) find(delim byte, from int) (int, error) {
	for {
		if x.pos+from < x.end {
			if i := bytes.IndexByte(x.buf[x.pos+from:x.end], delim); i >= 0 {
				return from + i, nil
			}
			from = x.end - x.pos
		}
		if err := x.fill(); err != nil {
			return 0, err
		}
	}
}

// next moves to the next start or end, checking and passing over the text between.
func (x *xmlScanner) next() (xmlToken, error) {
	if x.selfClose {
		x.selfClose = false
		x.pop()
		return xmlEnd, nil
	}
	for {
		n, err := x.find('<', 0)
		if err == io.EOF {
			return x.finish()
		}
		if err != nil {
			return 0, err
		}
		if n > 0 {
			if err := x.pass(x.buf[x.pos : x.pos+n]); err != nil {
				return 0, err
			}
			x.pos += n
		}
		token, ok, err := x.tag()
		if err != nil || ok {
			return token, err
		}
	}
}

// finish is the end of the document, if it may end here.
func (x *xmlScanner) finish() (xmlToken, error) {
	if err := x.pass(x.buf[x.pos:x.end]); err != nil {
		return 0, err
	}
	x.pos = x.end
	if len(x.starts) > 0 || !x.rooted {
		return 0, x.syntax("it ends inside an element")
	}
	return xmlEOF, nil
}

// pass checks text that nobody asked for.
func (x *xmlScanner) pass(text []byte) error {
	if blank(text) {
		return nil
	}
	if len(x.starts) == 0 && !(x.past+int64(x.pos) == 0 && bytes.Equal(bytes.TrimSpace(text), utf8BOM)) {
		return x.syntax("text outside the root element")
	}
	if bytes.Contains(text, []byte("]]>")) {
		return x.syntax("]]> in text")
	}
	return x.check(text)
}

var utf8BOM = []byte("\ufeff")

func blank(text []byte) bool {
	for _, b := range text {
		if b != ' ' && b != '\n' && b != '\r' && b != '\t' {
			return false
		}
	}
	return true
}

// tag reads what begins with the < at pos. ok is false for what is no element.
func (x *xmlScanner) tag() (token xmlToken, ok bool, err error) {
	for x.end-x.pos < 2 {
		if err := x.fill(); err != nil {
			return 0, false, x.unexpected(err)
		}
	}
	first := !x.begun
	x.begun = true
	switch x.buf[x.pos+1] {
	case '/':
		return xmlEnd, true, x.endTag()
	case '?':
		return 0, false, x.instruction(first)
	case '!':
		return 0, false, x.markup()
	default:
		return xmlStart, true, x.startTag()
	}
}

func (x *xmlScanner) unexpected(err error) error {
	if err == io.EOF {
		return x.syntax("it ends inside a tag")
	}
	return err
}

// ensure makes n bytes from pos available.
func (x *xmlScanner) ensure(n int) error {
	for x.end-x.pos < n {
		if err := x.fill(); err != nil {
			return x.unexpected(err)
		}
	}
	return nil
}

// markup passes over a comment or, inside the root, a CDATA section that nobody asked for.
func (x *xmlScanner) markup() error {
	if err := x.ensure(4); err != nil {
		return err
	}
	if bytes.HasPrefix(x.buf[x.pos:], []byte("<!--")) {
		n, err := x.until("--", 4)
		if err != nil {
			return err
		}
		if err := x.ensure(n + 3); err != nil {
			return err
		}
		if x.buf[x.pos+n+2] != '>' {
			return x.syntax("-- inside a comment")
		}
		if err := x.legal(x.buf[x.pos+4 : x.pos+n]); err != nil {
			return err
		}
		x.pos += n + 3
		return nil
	}
	if err := x.ensure(9); err != nil {
		return err
	}
	if bytes.HasPrefix(x.buf[x.pos:], []byte("<![CDATA[")) {
		if len(x.starts) == 0 {
			return x.syntax("text outside the root element")
		}
		_, err := x.cdata()
		return err
	}
	if bytes.HasPrefix(x.buf[x.pos:], []byte("<!DOCTYPE")) {
		return errDoctype
	}
	return x.syntax("an unknown declaration")
}

// cdata consumes a CDATA section and returns its content.
func (x *xmlScanner) cdata() ([]byte, error) {
	n, err := x.until("]]>", 9)
	if err != nil {
		return nil, err
	}
	content := x.buf[x.pos+9 : x.pos+n]
	if err := x.legal(content); err != nil {
		return nil, err
	}
	x.pos += n + 3
	return content, nil
}

// until is the distance from pos to a delimiter at or after pos+from.
func (x *xmlScanner) until(delimiter string, from int) (int, error) {
	for {
		n, err := x.find(delimiter[0], from)
		if err != nil {
			return 0, x.unexpected(err)
		}
		if err := x.ensure(n + len(delimiter)); err != nil {
			return 0, err
		}
		if string(x.buf[x.pos+n:x.pos+n+len(delimiter)]) == delimiter {
			return n, nil
		}
		from = n + 1
	}
}

// instruction passes over <?name …?>. What calls itself xml must come first and be of version 1.0:
// 1.1 has other characters.
func (x *xmlScanner) instruction(first bool) error {
	n, err := x.until("?>", 2)
	if err != nil {
		return err
	}
	content := x.buf[x.pos+2 : x.pos+n]
	if err := x.legal(content); err != nil {
		return err
	}
	i := 0
	for i < len(content) && xmlClass[content[i]]&isName != 0 {
		i++
	}
	if i == 0 || xmlClass[content[0]]&isNameStart == 0 || i < len(content) && !isXMLSpace(content[i]) {
		return x.syntax("an instruction without a name")
	}
	if string(content[:i]) == "xml" && !(first && xmlVersion.Match(content)) {
		return x.syntax("a declaration that is not the first thing, or not of XML 1.0")
	}
	x.pos += n + 2
	return nil
}

var xmlVersion = regexp.MustCompile(`^xml\s+version\s*=\s*("1\.0"|'1\.0')(\s+encoding\s*=\s*("[\w.:-]+"|'[\w.:-]+'))?(\s+standalone\s*=\s*("\w+"|'\w+'))?\s*$`)

// endTag consumes </name> and closes the innermost element.
func (x *xmlScanner) endTag() error {
	n, err := x.find('>', 2)
	if err != nil {
		return x.unexpected(err)
	}
	name := x.buf[x.pos+2 : x.pos+n]
	for len(name) > 0 && isXMLSpace(name[len(name)-1]) {
		name = name[:len(name)-1]
	}
	if len(x.starts) == 0 {
		return x.syntax("</%s> closes nothing", clip(name))
	}
	if open := x.open[x.starts[len(x.starts)-1]:]; !bytes.Equal(name, open) {
		return x.syntax("<%s> is closed by </%s>", clip(open), clip(name))
	}
	x.name = local(name)
	x.pos += n + 1
	x.pop()
	return nil
}

func (x *xmlScanner) pop() {
	last := len(x.starts) - 1
	x.open = x.open[:x.starts[last]]
	x.starts = x.starts[:last]
}

// startTag consumes <name attributes> or <name attributes/>.
func (x *xmlScanner) startTag() error {
	n, err := x.tagEnd()
	if err != nil {
		return err
	}
	tag := x.buf[x.pos+1 : x.pos+n]
	if len(tag) > 0 && tag[len(tag)-1] == '/' {
		x.selfClose = true
		tag = tag[:len(tag)-1]
	}
	i := 0
	for i < len(tag) && xmlClass[tag[i]]&isName != 0 {
		i++
	}
	if !wellNamed(tag[:i]) {
		return x.syntax("a tag without a proper name")
	}
	if len(x.starts) == 0 && x.rooted {
		return x.syntax("a second root element")
	}
	if len(x.starts) >= maxXMLDepth {
		return x.syntax("more than %d elements within each other", maxXMLDepth)
	}
	x.rooted = true
	x.starts = append(x.starts, len(x.open))
	x.open = append(x.open, tag[:i]...)
	x.name = local(tag[:i])
	if err := x.attributes(tag[i:]); err != nil {
		return err
	}
	x.pos += n + 1
	return nil
}

// tagEnd is the distance from pos to the > that ends the tag, those within quotes aside. Each byte is
// looked at once: a tag of many quoted > must not take the square of their number.
func (x *xmlScanner) tagEnd() (int, error) {
	from := 1
	for {
		n, err := x.find('>', from)
		if err != nil {
			return 0, x.unexpected(err)
		}
		quote := openQuote(x.buf[x.pos+from : x.pos+n])
		if quote == 0 {
			return n, nil
		}
		if n, err = x.find(quote, n+1); err != nil {
			return 0, x.unexpected(err)
		}
		from = n + 1
	}
}

// openQuote is the quote that is still open at the end of a piece of tag, or 0.
func openQuote(tag []byte) (open byte) {
	for _, b := range tag {
		switch {
		case open == 0 && (b == '"' || b == '\''):
			open = b
		case b == open:
			open = 0
		}
	}
	return open
}

func (x *xmlScanner) attributes(tag []byte) error {
	x.attrs = x.attrs[:0]
	for {
		i := 0
		for i < len(tag) && isXMLSpace(tag[i]) {
			i++
		}
		if i == len(tag) {
			return nil
		}
		if i == 0 {
			return x.syntax("attributes are not separated")
		}
		tag = tag[i:]
		i = 0
		for i < len(tag) && xmlClass[tag[i]]&isName != 0 {
			i++
		}
		name := tag[:i]
		if !wellNamed(name) {
			return x.syntax("an attribute without a proper name")
		}
		for i < len(tag) && isXMLSpace(tag[i]) {
			i++
		}
		if i == len(tag) || tag[i] != '=' {
			return x.syntax("attribute %s has no value", clip(name))
		}
		i++
		for i < len(tag) && isXMLSpace(tag[i]) {
			i++
		}
		if i == len(tag) || tag[i] != '"' && tag[i] != '\'' {
			return x.syntax("attribute %s is not quoted", clip(name))
		}
		quote := tag[i]
		tag = tag[i+1:]
		end := bytes.IndexByte(tag, quote)
		if end < 0 {
			return x.syntax("attribute %s is not closed", clip(name))
		}
		value := tag[:end]
		tag = tag[end+1:]
		if len(x.attrs) == maxXMLAttrs {
			return x.syntax("more than %d attributes", maxXMLAttrs)
		}
		for i := range x.attrs { // the first letter tells most apart
			if other := x.attrs[i].name; other[0] == name[0] && bytes.Equal(other, name) {
				return x.syntax("attribute %s stands twice", clip(name))
			}
		}
		if err := x.checkValue(value); err != nil {
			return err
		}
		x.attrs = append(x.attrs, xmlAttr{name, local(name), value})
	}
}

// checkValue refuses what encoding/xml refuses in an attribute. Plain values pass in one loop.
func (x *xmlScanner) checkValue(value []byte) error {
	var class byte
	for _, b := range value {
		class |= xmlClass[b]
	}
	if class&(isIllegal|isAmp|isLess|isHigh) == 0 {
		return nil
	}
	if class&isLess != 0 {
		return x.syntax("< inside an attribute")
	}
	return x.check(value)
}
