package ingest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"sync"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// scanners keeps the windows of scanners that are done.
var scanners = sync.Pool{New: func() any { return &xmlScanner{} }}

// scanXML calls f at each start of an element of a document, to the end of the document.
func scanXML(r io.Reader, f func(*xmlScanner) error) error {
	x := scanners.Get().(*xmlScanner)
	defer scanners.Put(x)
	if err := x.start(r); err != nil {
		return err
	}
	for {
		token, err := x.next()
		if err == nil && token == xmlEOF {
			return nil
		}
		if err == nil && token == xmlStart {
			err = f(x)
		}
		if err != nil {
			return err
		}
	}
}

// start prepares to scan a document, in whatever encoding it is written.
func (x *xmlScanner) start(r io.Reader) error {
	decoded, converted, err := xmlDecoder(r)
	if err != nil {
		return err
	}
	x.reset(decoded)
	x.converted = converted
	return nil
}

// xmlDeclaration finds the encoding that an XML declaration names.
var xmlDeclaration = regexp.MustCompile(`^<\?xml\s[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// xmlDecoder makes a document UTF-8: by its byte-order mark or the zeros of UTF-16, else by the
// encoding that it declares.
func xmlDecoder(r io.Reader) (decoded io.Reader, converted bool, err error) {
	b := bufio.NewReaderSize(r, 512)
	head, err := b.Peek(200)
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}), bytes.HasPrefix(head, []byte{0, '<'}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(b), true, nil
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{'<', 0}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(b), true, nil
	}
	match := xmlDeclaration.FindSubmatch(head)
	if match == nil { // also where a mark says UTF-8
		return b, false, nil
	}
	e, err := htmlindex.Get(string(match[1]))
	if err != nil {
		return nil, false, fmt.Errorf("encoding %s is unknown", clip(match[1]))
	}
	if e == unicode.UTF8 { // whose decoder would mend what is invalid
		return b, false, nil
	}
	return e.NewDecoder().Reader(b), true, nil
}
