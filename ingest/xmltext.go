package ingest

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text consumes the content of the element that was just started, through its end, and returns the
// text of its own, elements within it passed over.
func (x *xmlScanner) text() ([]byte, error) {
	x.scratch = x.scratch[:0]
	if x.selfClose {
		x.selfClose = false
		x.pop()
		return nil, nil
	}
	depth := len(x.starts)
	for {
		n, err := x.find('<', 0)
		if err != nil {
			return nil, x.unexpected(err)
		}
		if n > 0 {
			if len(x.starts) == depth {
				x.scratch, err = x.decodeText(x.scratch, x.buf[x.pos:x.pos+n])
			} else {
				err = x.pass(x.buf[x.pos : x.pos+n])
			}
			if err != nil {
				return nil, err
			}
			x.pos += n
		}
		if err := x.ensure(2); err != nil {
			return nil, err
		}
		if x.buf[x.pos+1] == '!' && len(x.starts) == depth {
			if err := x.ensure(9); err == nil && bytes.HasPrefix(x.buf[x.pos:], []byte("<![CDATA[")) {
				content, err := x.cdata()
				if err != nil {
					return nil, err
				}
				x.scratch = appendLines(x.scratch, content)
				continue
			}
		}
		token, ok, err := x.tag()
		if err != nil {
			return nil, err
		}
		if x.selfClose {
			x.selfClose = false
			x.pop()
			continue
		}
		if ok && token == xmlEnd && len(x.starts) < depth {
			return x.scratch, nil
		}
		if len(x.scratch) > maxXMLToken {
			return nil, x.syntax("a text of more than %d bytes", maxXMLToken)
		}
	}
}

// mixedText consumes the current element and returns all text within it, as OpenDocument writes a
// paragraph: runs of blanks are one, and s, tab and line-break elements stand for what they say.
func (x *xmlScanner) mixedText() (string, error) {
	m := mixed{space: true}
	depth := len(x.starts)
	for {
		if !x.selfClose {
			if err := x.passage(&m); err != nil {
				return "", err
			}
		}
		token, err := x.next()
		if err != nil {
			return "", err
		}
		if token == xmlEnd {
			if len(x.starts) < depth {
				return m.String(), nil
			}
			continue
		}
		switch string(x.name) {
		case "s":
			n, ok := integer(x.attr("c"))
			if !ok {
				n = 1
			}
			m.literal(strings.Repeat(" ", min(n, maxBlanks)))
		case "tab":
			m.literal("\t")
		case "line-break":
			m.literal("\n")
		case "annotation", "ruby-text":
			if err := x.skipElement(); err != nil {
				return "", err
			}
		}
		if m.Len() > maxXMLToken {
			return "", x.syntax("a text of more than %d bytes", maxXMLToken)
		}
	}
}

// maxBlanks bounds the blanks that one element may stand for: a few bytes must not make thousands.
const maxBlanks = 100

// mixed gathers the text of a paragraph.
type mixed struct {
	strings.Builder
	space bool // a blank that follows collapses
}

func (m *mixed) literal(text string) {
	m.WriteString(text)
	m.space = false
}

func (m *mixed) flow(text []byte) {
	for _, c := range text {
		blank := isXMLSpace(c)
		if blank {
			if m.space {
				continue
			}
			c = ' '
		}
		m.WriteByte(c)
		m.space = blank
	}
}

// passage consumes what comes before the next start or end of an element: text, CDATA sections and,
// passed over, comments and instructions.
func (x *xmlScanner) passage(m *mixed) error {
	for {
		n, err := x.find('<', 0)
		if err != nil {
			return x.unexpected(err)
		}
		if x.scratch, err = x.decodeText(x.scratch[:0], x.buf[x.pos:x.pos+n]); err != nil {
			return err
		}
		x.pos += n
		m.flow(x.scratch)
		if err := x.ensure(2); err != nil {
			return err
		}
		if c := x.buf[x.pos+1]; c != '!' && c != '?' {
			return nil
		}
		if err := x.ensure(9); err == nil && bytes.HasPrefix(x.buf[x.pos:], []byte("<![CDATA[")) {
			content, err := x.cdata()
			if err != nil {
				return err
			}
			m.flow(content)
		} else if _, _, err := x.tag(); err != nil {
			return err
		}
		if m.Len() > maxXMLToken {
			return x.syntax("a text of more than %d bytes", maxXMLToken)
		}
	}
}

// inner consumes the element that was just started, through its end, and calls f at each start
// within it. What f does not consume is gone into.
func (x *xmlScanner) inner(f func() error) error {
	depth := len(x.starts)
	for {
		token, err := x.next()
		if err == nil && token == xmlStart {
			err = f()
		}
		if err != nil || token == xmlEnd && len(x.starts) < depth {
			return err
		}
	}
}

// skipElement consumes the element that was just started, through its end.
func (x *xmlScanner) skipElement() error { return x.inner(func() error { return nil }) }

// decodeText is decode for what is no attribute.
func (x *xmlScanner) decodeText(to, text []byte) ([]byte, error) {
	if bytes.Contains(text, []byte("]]>")) {
		return to, x.syntax("]]> in text")
	}
	return x.decode(to, text)
}

// check refuses what decode refuses. It leaves the text that is being gathered alone.
func (x *xmlScanner) check(text []byte) (err error) {
	x.checked, err = x.decode(x.checked[:0], text)
	return err
}

// decoded is an attribute's value, which was checked.
func (x *xmlScanner) decoded(value []byte) []byte {
	if bytes.IndexByte(value, '&') < 0 && bytes.IndexByte(value, '\r') < 0 {
		return value
	}
	x.value, _ = x.decode(x.value[:0], value)
	return x.value
}

// appendLines appends text with its line ends made \n.
func appendLines(to, text []byte) []byte {
	for i, b := range text {
		switch {
		case b == '\r':
			to = append(to, '\n')
		case b != '\n' || i == 0 || text[i-1] != '\r':
			to = append(to, b)
		}
	}
	return to
}

// decode appends text with its entities resolved and its line ends made \n, after checking that
// every character is legal in XML 1.0.
func (x *xmlScanner) decode(to, text []byte) ([]byte, error) {
	var class byte
	for _, b := range text {
		class |= xmlClass[b]
	}
	if class&isIllegal != 0 {
		return to, x.syntax("a control character")
	}
	if class&isHigh != 0 {
		if err := x.legal(text); err != nil {
			return to, err
		}
	}
	if class&(isAmp|isReturn) == 0 {
		return append(to, text...), nil
	}
	for len(text) > 0 {
		switch b := text[0]; b {
		case '&':
			end := bytes.IndexByte(text, ';')
			if end < 0 {
				return to, x.syntax("& begins no entity")
			}
			r, ok := entity(text[1:end])
			if !ok {
				return to, x.syntax("unknown entity &%s;", clip(text[1:end]))
			}
			to = utf8.AppendRune(to, r)
			text = text[end+1:]
		case '\r':
			to = append(to, '\n')
			text = text[1:]
			if len(text) > 0 && text[0] == '\n' {
				text = text[1:]
			}
		default:
			to = append(to, b)
			text = text[1:]
		}
	}
	return to, nil
}

// legal refuses what is no character in the document's encoding, and characters outside XML 1.0.
func (x *xmlScanner) legal(text []byte) error {
	for i := 0; i < len(text); {
		if b := text[i]; b < utf8.RuneSelf {
			if xmlClass[b]&isIllegal != 0 {
				return x.syntax("a control character")
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && (size == 1 || x.converted) {
			return x.syntax("bytes that are no character")
		}
		if r == 0xFFFE || r == 0xFFFF {
			return x.syntax("an illegal character")
		}
		i += size
	}
	return nil
}

func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "apos":
		return '\'', true
	case "quot":
		return '"', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil || n > 0x10FFFF {
		return 0, false
	}
	r := rune(n)
	legal := r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
	return r, legal
}

// wellNamed reports whether a run of name characters is a name, with a prefix or without.
func wellNamed(name []byte) bool {
	if len(name) == 0 || len(name) > maxXMLName || xmlClass[name[0]]&isNameStart == 0 {
		return false
	}
	i := bytes.IndexByte(name, ':')
	return i < 0 || i > 0 && i < len(name)-1 && bytes.IndexByte(name[i+1:], ':') < 0
}

// local is a name without its prefix.
func local(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

func isXMLSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// clip keeps a name from the document short enough for a message.
func clip(name []byte) string { return string(name[:min(len(name), 40)]) }

// The classes of bytes that a scanner tells apart.
const (
	isIllegal byte = 1 << iota // control characters that XML 1.0 forbids
	isAmp
	isLess
	isHigh // beyond ASCII
	isReturn
	isName
	isNameStart
)

var xmlClass = func() (class [256]byte) {
	for b := range 256 {
		switch c := byte(b); {
		case c == '\r':
			class[b] |= isReturn
		case c < 0x20 && c != '\t' && c != '\n':
			class[b] |= isIllegal
		case c == '&':
			class[b] |= isAmp
		case c == '<':
			class[b] |= isLess
		case c >= 0x80:
			class[b] |= isHigh // the names in a spreadsheet are plain ASCII
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':':
			class[b] |= isName | isNameStart
		case c >= '0' && c <= '9', c == '-', c == '.':
			class[b] |= isName
		}
	}
	return class
}()

// attr is the decoded value of an attribute, by its local name; nil when there is none.
func (x *xmlScanner) attr(name string) []byte {
	for i := range x.attrs {
		if a := &x.attrs[i]; string(a.local) == name {
			return x.decoded(a.value)
		}
	}
	return nil
}
