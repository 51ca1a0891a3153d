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
				x.scratch, err = x.decode(x.scratch, x.buf[x.pos:x.pos+n])
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
				x.scratch = append(x.scratch, content...)
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
	var b strings.Builder
	depth := len(x.starts)
	space := true // the last character was a blank that collapses what follows
	for {
		if !x.selfClose {
			text, err := x.ownText()
			if err != nil {
				return "", err
			}
			for _, c := range text {
				if blank := isXMLSpace(c); !blank || !space {
					if blank {
						c = ' '
					}
					b.WriteByte(c)
					space = blank
				}
			}
		}
		token, err := x.next()
		if err != nil {
			return "", err
		}
		if token == xmlEnd {
			if len(x.starts) < depth {
				return b.String(), nil
			}
			continue
		}
		space = false
		switch string(x.name) {
		case "s":
			n, ok := integer(x.attr("c"))
			if !ok {
				n = 1
			}
			b.WriteString(strings.Repeat(" ", min(n, maxColumn)))
		case "tab":
			b.WriteByte('\t')
		case "line-break":
			b.WriteByte('\n')
		case "annotation", "ruby-text":
			if err := x.skipElement(); err != nil {
				return "", err
			}
		}
		if b.Len() > maxXMLToken {
			return "", x.syntax("a text of more than %d bytes", maxXMLToken)
		}
	}
}

// ownText consumes and returns the text up to the next tag.
func (x *xmlScanner) ownText() ([]byte, error) {
	n, err := x.find('<', 0)
	if err != nil {
		return nil, x.unexpected(err)
	}
	x.scratch, err = x.decode(x.scratch[:0], x.buf[x.pos:x.pos+n])
	x.pos += n
	return x.scratch, err
}

// skipElement consumes the element that was just started, through its end.
func (x *xmlScanner) skipElement() error {
	depth := len(x.starts)
	for {
		token, err := x.next()
		if err != nil {
			return err
		}
		if token == xmlEnd && len(x.starts) < depth {
			return nil
		}
	}
}

// decode appends text with its entities resolved and its line ends made \n, after checking that
// every character is legal in XML 1.0.
func (x *xmlScanner) decode(to, text []byte) ([]byte, error) {
	var class byte
	for _, b := range text {
		class |= xmlClass[b]
	}
	if class&isBracket != 0 && bytes.Contains(text, []byte("]]>")) {
		return to, x.syntax("]]> in text")
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

// legal refuses invalid UTF-8 and characters outside XML 1.0.
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
		if r == utf8.RuneError && size == 1 {
			return x.syntax("invalid UTF-8")
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

// The classes of bytes that a scanner tells apart.
const (
	isIllegal byte = 1 << iota // control characters that XML 1.0 forbids
	isAmp
	isLess
	isHigh // beyond ASCII
	isReturn
	isBracket
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
		case c == ']':
			class[b] |= isBracket
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
