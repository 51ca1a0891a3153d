package ingest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"
)

// xmlSeen is what a document says, as our scanner or as encoding/xml tells it.
type xmlSeen struct {
	tags []string // starts with their attributes, and ends, in order
	own  []string // for each element, in the order of their starts, its own text
	deep []string // the same with the texts of the elements within it
}

// xmlByTheBook reads a document with encoding/xml. Names are local, as our scanner gives them.
func xmlByTheBook(doc []byte) (seen xmlSeen, err error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	var open []int
	for {
		token, err := d.Token()
		if err == io.EOF {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			tag := "<" + token.Name.Local
			for _, a := range token.Attr {
				tag += fmt.Sprintf(" %s=%q", a.Name.Local, a.Value)
			}
			seen.tags = append(seen.tags, tag)
			open = append(open, len(seen.own))
			seen.own, seen.deep = append(seen.own, ""), append(seen.deep, "")
		case xml.EndElement:
			seen.tags = append(seen.tags, "/"+token.Name.Local)
			open = open[:len(open)-1]
		case xml.CharData:
			for i, element := range open {
				seen.deep[element] += string(token)
				if i == len(open)-1 {
					seen.own[element] += string(token)
				}
			}
		}
	}
}

// xmlWalk goes over a document with our scanner, through a first window of so many bytes. At the
// start of each element it calls visit with the element's number; visit may consume it.
func xmlWalk(doc []byte, window int, visit func(x *xmlScanner, element int) error) (tags []string, err error) {
	x := &xmlScanner{buf: make([]byte, window)}
	if err := x.start(iotest.OneByteReader(bytes.NewReader(doc))); err != nil {
		return nil, err
	}
	for element := 0; ; {
		token, err := x.next()
		if err != nil {
			return tags, err
		}
		switch token {
		case xmlEOF:
			return tags, nil
		case xmlStart:
			tag := "<" + string(x.name)
			for _, a := range x.attrs {
				tag += fmt.Sprintf(" %s=%q", a.local, x.decoded(a.value))
			}
			tags = append(tags, tag)
			if err := visit(x, element); err != nil {
				return tags, err
			}
			element++
		case xmlEnd:
			tags = append(tags, "/"+string(x.name))
		}
	}
}

func lookOn(*xmlScanner, int) error { return nil }

// checkXML holds our scanner against encoding/xml: what it accepts, the other accepts too, and both
// see the same. A document is sound or it is not, whichever way it is gone through: over its tags,
// or by asking for the text of one element, or by skipping one.
func checkXML(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, doc []byte, window int) (accepted bool) {
	t.Helper()
	tags, ourErr := xmlWalk(doc, window, lookOn)
	utf8Doc := doc
	if r, _, err := xmlDecoder(bytes.NewReader(doc)); err == nil {
		utf8Doc, _ = io.ReadAll(r)
	}
	want, err := xmlByTheBook(utf8Doc)
	if ourErr == nil && err != nil {
		t.Fatalf("encoding/xml refuses what was read: %v\n%q", err, doc)
	}
	if ourErr == nil && !slices.Equal(tags, want.tags) {
		t.Fatalf("tags\n%q\nwant\n%q\nof %q", tags, want.tags, doc)
	}
	for chosen := range min(len(want.own), 6) {
		same := func(how string, err error) {
			if (err == nil) != (ourErr == nil) {
				t.Fatalf("%s of element %d ends with %v, tags alone with %v\n%q", how, chosen, err, ourErr, doc)
			}
		}
		_, err := xmlWalk(doc, window, func(x *xmlScanner, element int) error {
			if element != chosen {
				return nil
			}
			got, err := x.text()
			if err == nil && ourErr == nil && string(got) != want.own[element] {
				t.Fatalf("text %q, want %q\nof element %d of %q", got, want.own[element], element, doc)
			}
			return err
		})
		same("the text", err)
		_, err = xmlWalk(doc, window, func(x *xmlScanner, element int) error {
			if element != chosen {
				return nil
			}
			got, err := x.mixedText()
			if err == nil && ourErr == nil && !meaningful(want.tags) && strings.Trim(got, " ") != oneBlank(want.deep[element]) {
				t.Fatalf("paragraph %q, want %q\nof element %d of %q", got, oneBlank(want.deep[element]), element, doc)
			}
			return err
		})
		same("the paragraph", err)
		_, err = xmlWalk(doc, window, func(x *xmlScanner, element int) error {
			if element == chosen {
				return x.skipElement()
			}
			return nil
		})
		same("the skipping", err)
	}
	return ourErr == nil
}

// meaningful reports whether a paragraph of these tags says more than its texts.
func meaningful(tags []string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool {
		name, _, _ := strings.Cut(tag[1:], " ")
		return slices.Contains([]string{"s", "tab", "line-break", "annotation", "ruby-text"}, name)
	})
}

func oneBlank(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < 0x80 && isXMLSpace(byte(r)) }), " ")
}

// soundXML are documents that both readers take.
var soundXML = []string{
	`<a/>`,
	`<a></a>`,
	`<a>b</a >`,
	" \r\n<a/>\n\t",
	"\ufeff<a>é</a>",
	`<?xml version="1.0"?><a/>`,
	`<?xml version = '1.0'  encoding="utf-8" standalone='yes' ?>` + "\n<a/>",
	"\ufeff" + `<?xml version="1.0" encoding="UTF-8"?><a/>`,
	`<w:a xmlns:w="urn:w" xmlns="urn:d"><w:b/><b w:c="1" c="2"/></w:a>`,
	`<a b="1" c='2' d = "3"
	e
	=
	'4'/>`,
	`<a b="it's" c='"so"' d=">" e="/>" f="a>b/>"  />`,
	`<a b=""></a>`,
	`<a b="1&amp;2&#38;3&#x26;&lt;&gt;&apos;&quot;"/>`,
	"<a b=\"x\ny\r\nz\rt\"/>",
	`<a>&lt;b&gt; &amp;amp; &#233;&#xE9;&#xe9; &#x1F600;&#128512; &quot;&apos;</a>`,
	"<a>1\r\n2\r3\n4\n\r5&#13;&#10;6\r</a>",
	"<a>1\r<!-- -->\n2\r<![CDATA[\n3\r\n\r]]>\n4</a>",
	`<a><![CDATA[<b>&amp; ]] ]> ]]]]><![CDATA[>]]></a>`,
	`<a><![CDATA[]]></a>`,
	`<a>]]&gt; ]] ></a>`,
	`<a>un<!-- <b> & -->deux<!----><!-- - -->trois</a>`,
	`<!-- before --><a/><!-- after --><?after?>`,
	`<?go a > b ? ?><a><?x?>1<?y z?><b/>2</a>`,
	`<a>1<b>2<c>3</c>4</b>5<b/>6</a>`,
	`<a><b c="1"/><b c="2"></b><b>3</b></a>`,
	"<a>\t \u00a0\u202f’«»œ€\u0085\u2028\ufffd😀\U0010FFFF\x7f</a>",
	`<A-1.b_c:_d x-y.z="1"/>`,
	`<p>  un <span>  deux</span>  trois  </p>`,
	`<p>a<s/><s c="3"/>b<tab/>c<line-break/>d<annotation><p>non</p></annotation>e</p>`,
}

// unsoundXML are documents that must be refused, each by the reason that stands before it.
var unsoundXML = []struct{ reason, doc string }{
	{"nothing", ``}, {"nothing", ` `}, {"nothing", `<!-- -->`}, {"nothing", `<?xml version="1.0"?>`},
	{"a document type", `<!DOCTYPE a><a/>`}, {"a document type", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`},
	{"a document type", `<?xml version="1.0"?><!-- --><!DOCTYPE a SYSTEM "a.dtd"><a/>`}, {"a document type", `<a><!DOCTYPE b></a>`},
	{"a declaration of a type", `<!ELEMENT a ANY><a/>`}, {"a declaration of a type", `<!><a/>`}, {"a declaration of a type", `<!doctype a><a/>`},
	{"unbalanced", `<a></b>`}, {"unbalanced", `<a><b></a></b>`}, {"unbalanced", `</a>`}, {"unbalanced", `<a/></a>`},
	{"unbalanced", `<x:a></a>`}, {"unbalanced", `<x:a></y:a>`}, {"unbalanced", `<a></A>`}, {"unbalanced", `<a></ a>`}, {"unbalanced", `<a></a b>`}, {"unbalanced", `<a></>`},
	{"not closed", `<a>`}, {"not closed", `<a><b/>`}, {"not closed", `<a><b></b>`}, {"not closed", `<a>b`}, {"not closed", `<a`}, {"not closed", `<`},
	{"not closed", `<a b="`}, {"not closed", `<a b="1`}, {"not closed", `<a b="1>2</a>`}, {"not closed", `<a></a`}, {"not closed", `<a/><!-- `}, {"not closed", `<a/><!-- --`},
	{"not closed", `<a><![CDATA[b</a>`}, {"not closed", `<a><![CDATA[b]]</a>`}, {"not closed", `<a><![CDA`}, {"not closed", `<a/><?b`}, {"not closed", `<a/><?b?`}, {"not closed", `<a/><!`},
	{"a control character", "<a>\x00</a>"}, {"a control character", "<a>\x08</a>"}, {"a control character", "<a>\x0b</a>"}, {"a control character", "<a b='\x1f'/>"},
	{"a control character", "<a><!-- \x01 --></a>"}, {"a control character", "<a><?b \x01?></a>"}, {"a control character", "<a><![CDATA[\x01]]></a>"}, {"a control character", "<a\x01/>"},
	{"a control character", "<a>&#1;</a>"}, {"a control character", "<a b='&#x0;'/>"}, {"half a pair", "<a>&#xD83D;&#xDE00;</a>"}, {"no character", "<a>&#xFFFE;</a>"}, {"no character", "<a>&#x110000;</a>"},
	{"no character", "<a>\uffff</a>"}, {"no character", "<a b='\ufffe'/>"}, {"no character", "<a>&#99999999999999999999;</a>"},
	{"invalid UTF-8", "<a>\xe9t\xe9</a>"}, {"invalid UTF-8", "<a b='\xff'/>"}, {"invalid UTF-8", "<a><![CDATA[\xc3]]></a>"}, {"invalid UTF-8", "<a>\xed\xa0\xbd</a>"}, {"invalid UTF-8", "<a>\xc0\xbc</a>"},
	{"invalid UTF-8", "<a><!-- \xe9 --></a>"}, {"invalid UTF-8", "<\xe9/>"}, {"invalid UTF-8", "<a/>\xff"},
	{"an unknown entity", `<a>&nbsp;</a>`}, {"an unknown entity", `<a b="&eacute;"/>`}, {"an unknown entity", `<a>a & b</a>`}, {"an unknown entity", `<a>a&b</a>`}, {"an unknown entity", `<a>&;</a>`},
	{"an unknown entity", `<a>&#;</a>`}, {"an unknown entity", `<a>&#x;</a>`}, {"an unknown entity", `<a>&#xg;</a>`}, {"an unknown entity", `<a>&#X41;</a>`}, {"an unknown entity", `<a>&lt</a>`}, {"an unknown entity", `<a>&#65</a>`},
	{"an unknown entity", `<a>&LT;</a>`}, {"an unknown entity", `<a>&#+65;</a>`}, {"an unknown entity", `<a b="&"/>`}, {"an unknown entity", `<a>&am<!-- -->p;</a>`},
	{"two roots", `<a/><b/>`}, {"two roots", `<a></a><a></a>`}, {"two roots", `<a/><!-- --><b>`},
	{"an attribute twice", `<a b="1" b="2"/>`}, {"an attribute twice", `<a b="1" c="2" b='1'></a>`}, {"an attribute twice", `<a x:b="" x:b=""/>`},
	{"< in an attribute", `<a b="<"/>`}, {"< in an attribute", `<a b="1<2"></a>`}, {"< in an attribute", `<a b='<c/>'/>`},
	{"no proper attribute", `<a b/>`}, {"no proper attribute", `<a b=/>`}, {"no proper attribute", `<a b=1/>`}, {"no proper attribute", `<a b=""c=""/>`}, {"no proper attribute", `<a ="1"/>`}, {"no proper attribute", `<a "1"/>`},
	{"no proper attribute", `<a 1="1"/>`}, {"no proper attribute", `<a / >`}, {"no proper attribute", `<a/ >`}, {"no proper attribute", `<a b='1"/>`}, {"no proper attribute", `<a :b="1"/>`}, {"no proper attribute", `<a b:="1"/>`},
	{"no proper name", `< a/>`}, {"no proper name", `<1/>`}, {"no proper name", `<-a/>`}, {"no proper name", `<:a/>`}, {"no proper name", `<a:/>`}, {"no proper name", `<a:b:c/>`}, {"no proper name", `<>`}, {"no proper name", `<a><</a>`},
	{"text outside the root", `a<b/>`}, {"text outside the root", `<a/>b`}, {"text outside the root", `<a/>&amp;`}, {"text outside the root", `<![CDATA[a]]><b/>`}, {"text outside the root", `<a/><![CDATA[]]>`}, {"text outside the root", "<a/>\ufeff"},
	{"]]> in text", `<a>]]></a>`}, {"]]> in text", `<a>b]]>c<d/></a>`},
	{"no proper comment", `<a><!-- -- --></a>`}, {"no proper comment", `<a><!-- ---></a>`}, {"no proper comment", `<a><!- b --></a>`}, {"no proper comment", `<a><!--></a>`},
	{"no proper instruction", `<??><a/>`}, {"no proper instruction", `<? b?><a/>`}, {"no proper instruction", `<?1?><a/>`}, {"no proper instruction", `<?b"?><a/>`}, {"no proper instruction", "<?b×?><a/>"},
	{"another version", `<?xml version="1.1"?><a/>`}, {"another version", `<?xml version="2.0"?><a/>`}, {"another version", `<?xml?><a/>`}, {"another version", `<?xml encoding="UTF-8"?><a/>`}, {"another version", `<?xml version="1.0" version="1.1"?><a/>`},
	{"a declaration too late", `<!-- --><?xml version="1.0"?><a/>`}, {"a declaration too late", `<a><?xml version="1.0" encoding="IBM037"?></a>`}, {"a declaration too late", `<?xml version="1.0"?><?xml version="1.0"?><a/>`},
	{"an unknown encoding", `<?xml version="1.0" encoding="EBCDIC-CP-FR"?><a/>`},
	{"too deep", strings.Repeat("<a>", maxXMLDepth+1) + strings.Repeat("</a>", maxXMLDepth+1)},
	{"a name too long", "<" + strings.Repeat("a", maxXMLName+1) + "/>"},
}

// TestSoundXML reads each sound document through windows of every size, so that the window's edge
// falls once on each byte, and then behind a padding that does the same with the real window.
func TestSoundXML(t *testing.T) {
	for _, doc := range soundXML {
		for window := 1; window <= len(doc)+1; window++ {
			if !checkXML(t, []byte(doc), window) {
				t.Fatalf("refused, through a window of %d: %q", window, doc)
			}
		}
	}
	root := `<w:a xmlns:w="urn:w" b = 'é&amp;"'>😀&#233;` + "\r\n" + `<![CDATA[]]]]><!-- - --><?p q?><c/>]]&gt;</w:a>`
	want, err := xmlByTheBook([]byte(root))
	if err != nil {
		t.Fatal(err)
	}
	for before := range len(root) + 2 {
		text := ""
		doc := io.MultiReader(strings.NewReader(strings.Repeat(" ", xmlWindow-before)), strings.NewReader(root))
		err := scanXML(doc, func(x *xmlScanner) error {
			got, err := x.text()
			text = string(got)
			return err
		})
		if err != nil || text != want.own[0] {
			t.Fatalf("%d bytes before the edge: %q, want %q, %v", before, text, want.own[0], err)
		}
	}
}

func TestUnsoundXML(t *testing.T) {
	for _, c := range unsoundXML {
		for window := 1; window <= min(len(c.doc)+1, 40); window++ {
			if checkXML(t, []byte(c.doc), window) {
				t.Fatalf("%s, read: %q", c.reason, c.doc)
			}
		}
		_, err := xmlWalk([]byte(c.doc), 64, lookOn)
		if errors.Is(err, errDoctype) != (c.reason == "a document type") {
			t.Errorf("%s: %v", c.reason, err)
		}
	}
}

// TestXMLCutShort cuts sound documents at each byte: only at the very end, or where nothing but
// blanks, comments and instructions are missing, is it the same document.
func TestXMLCutShort(t *testing.T) {
	for _, doc := range soundXML {
		end := strings.LastIndex(doc, "</")
		for at := range max(end, 0) {
			if checkXML(t, []byte(doc[:at]), 64) {
				t.Errorf("%q, cut short from %q, was read", doc[:at], doc)
			}
		}
	}
}

// TestXMLReadError checks that what fails while it is read is never taken for the end.
func TestXMLReadError(t *testing.T) {
	fails := errors.New("the disk fails")
	doc := `<a b="1">text<![CDATA[more]]><!-- c --><?d e?><f/></a><!-- after -->`
	for at := range len(doc) + 1 {
		r := io.MultiReader(strings.NewReader(doc[:at]), iotest.ErrReader(fails))
		if err := scanXML(r, lookOnly); !errors.Is(err, fails) {
			t.Errorf("after %d bytes: %v", at, err)
		}
		r = io.MultiReader(strings.NewReader(doc[:at]), iotest.ErrReader(fails))
		if err := scanXML(r, func(x *xmlScanner) error { _, err := x.text(); return err }); !errors.Is(err, fails) {
			t.Errorf("asking for texts, after %d bytes: %v", at, err)
		}
	}
}

func lookOnly(*xmlScanner) error { return nil }

func TestXMLEncodings(t *testing.T) {
	utf16 := func(order unicode.Endianness, mark unicode.BOMPolicy) encoding.Encoding {
		return unicode.UTF16(order, mark)
	}
	const french = "Élus déjà là : « ç’ût »" // with what Latin-1 has
	for _, c := range []struct {
		name, declared string
		encoding       encoding.Encoding
		text           string
		refused        bool
	}{
		{name: "UTF-8", declared: "UTF-8", encoding: encoding.Nop, text: french + "€œ’😀"},
		{name: "UTF-8 with a mark", declared: "utf-8", encoding: unicode.UTF8BOM, text: french + "€œ’😀"},
		{name: "nothing declared", encoding: encoding.Nop, text: french},
		{name: "UTF-16 LE with a mark", declared: "UTF-16", encoding: utf16(unicode.LittleEndian, unicode.UseBOM), text: french + "€œ’😀"},
		{name: "UTF-16 BE with a mark", declared: "UTF-16", encoding: utf16(unicode.BigEndian, unicode.UseBOM), text: french + "€œ’😀"},
		{name: "UTF-16 LE without a mark", declared: "UTF-16LE", encoding: utf16(unicode.LittleEndian, unicode.IgnoreBOM), text: french + "€œ’😀"},
		{name: "UTF-16 BE without a mark", declared: "UTF-16BE", encoding: utf16(unicode.BigEndian, unicode.IgnoreBOM), text: french + "€œ’😀"},
		{name: "UTF-16 that declares UTF-8", declared: "UTF-8", encoding: utf16(unicode.LittleEndian, unicode.UseBOM), text: french},
		{name: "Latin-1", declared: "ISO-8859-1", encoding: charmap.ISO8859_1, text: strings.ReplaceAll(french, "’", "'")},
		{name: "Latin-9", declared: "iso-8859-15", encoding: charmap.ISO8859_15, text: "cœur, 12 €"},
		{name: "Windows-1252", declared: "windows-1252", encoding: charmap.Windows1252, text: french + "€œ’"},
		{name: "Mac Roman", declared: "macintosh", encoding: charmap.Macintosh, text: french + "€œ’"},
		{name: "Windows-1252 that declares UTF-8", declared: "UTF-8", encoding: charmap.Windows1252, text: french, refused: true},
		{name: "Windows-1252 that declares nothing", encoding: charmap.Windows1252, text: french, refused: true},
		{name: "UTF-8 that declares UTF-16", declared: "UTF-16", encoding: encoding.Nop, text: french, refused: true},
		{name: "an unknown one", declared: "x-perso", encoding: encoding.Nop, text: french, refused: true},
	} {
		declaration := ""
		if c.declared != "" {
			declaration = `<?xml version="1.0" encoding="` + c.declared + `"?>`
		}
		doc, err := c.encoding.NewEncoder().Bytes([]byte(declaration + `<a b="` + c.text + `">` + c.text + `</a>`))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var value, text string
		err = scanXML(iotest.OneByteReader(bytes.NewReader(doc)), func(x *xmlScanner) error {
			value = string(x.attr("b"))
			got, err := x.text()
			text = string(got)
			return err
		})
		if (err != nil) != c.refused || err == nil && (text != c.text || value != c.text) {
			t.Errorf("%s: %q and %q, %v", c.name, value, text, err)
		}
		if !c.refused && scanXML(bytes.NewReader(doc[:len(doc)-1]), lookOnly) == nil {
			t.Errorf("%s: its last byte is not missed", c.name)
		}
	}
	// Decoders write U+FFFD for what they cannot read; that would be a loss in silence.
	for name, doc := range map[string]string{
		"half a pair in UTF-16":            "\xfe\xff\x00<\x00a\x00>\xd8\x3d\x00<\x00/\x00a\x00>",
		"a byte that Windows-1253 has not": `<?xml version="1.0" encoding="windows-1253"?>` + "<a>\xd2</a>",
		"a character cut in Shift JIS":     `<?xml version="1.0" encoding="Shift_JIS"?>` + "<a b='\x81'/>",
	} {
		if err := scanXML(strings.NewReader(doc), lookOnly); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	stylesheet := "<?xml-stylesheet href='a' encoding='windows-1252'?><a>é</a>"
	if tags, err := xmlWalk([]byte(stylesheet), 64, func(x *xmlScanner, _ int) error {
		if text, err := x.text(); string(text) != "é" {
			return fmt.Errorf("%q, %v", text, err)
		}
		return nil
	}); err != nil {
		t.Errorf("another instruction was taken for the declaration: %q, %v", tags, err)
	}
}

// TestEscapedCharacters are the _xHHHH_ of texts in Office Open XML, by which Excel writes what XML
// cannot hold. In a cell with a line break made on Windows, every line ends with _x000D_.
func TestEscapedCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"rien":                          "rien",
		"un_x000D_\ndeux":               "un\r\ndeux",
		"_x000d__x000D_":                "\r\r",
		"_xD83D__xDE00_":                "😀",
		"a_xD83D__xDE00_b":              "a😀b",
		"_x0007_":                       "\a",
		"_x005F_x000D_":                 "_x000D_", // how Excel writes the escape itself
		"_x0041__x0042_":                "AB",
		"_xD83D_":                       "\ufffd", // half a pair: no character
		"_xDE00__xD83D_":                "\ufffd\ufffd",
		"_xD83D_DE00_":                  "\ufffdDE00_",
		"_x41_ _x0041 _X0041_ _x00G1_":  "_x41_ _x0041 _X0041_ _x00G1_",
		"montant_x":                     "montant_x",
		"_x_x0041_":                     "_xA",
		"__x0041__":                     "_A_",
		"_x+041_ _x-041_ _x 041_ _x041": "_x+041_ _x-041_ _x 041_ _x041",
	} {
		if got := unescape(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// generatedXML draws a sound document.
func generatedXML(t *rapid.T) []byte {
	var b bytes.Buffer
	draw := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	space := func() string { return draw("space", "", "", " ", "\n", "\r\n\t") }
	texts := []string{"x", " ", "\r", "\n", "\r\n", "é", "’", "😀", "]]", ">", "&amp;", "&lt;", "&#xE9;", "&#233;", "&#13;", "&quot;", "'", `"`, "_x000D_", "\t", "/", "="}
	var element func(depth int)
	element = func(depth int) {
		name := draw("name", "a", "b", "x:c", "y:c", "row-1", "_n.2")
		b.WriteString("<" + name)
		for _, attribute := range []string{"a", "x:a", "r", "xml:space", "xmlns:x"} {
			if !rapid.Bool().Draw(t, attribute) {
				continue
			}
			quote := draw("quote", `"`, `'`)
			b.WriteString(" " + space() + attribute + space() + "=" + space() + quote)
			for range rapid.IntRange(0, 3).Draw(t, "pieces") {
				if piece := draw("value", texts...); piece != quote {
					b.WriteString(piece)
				}
			}
			b.WriteString(quote)
		}
		b.WriteString(space())
		if rapid.Bool().Draw(t, "empty") {
			b.WriteString("/>")
			return
		}
		b.WriteString(">")
		for range rapid.IntRange(0, 5).Draw(t, "children") {
			switch draw("child", "element", "text", "text", "comment", "cdata", "instruction") {
			case "element":
				if depth < 6 {
					element(depth + 1)
				}
			case "text":
				b.WriteString(draw("text", texts...) + "-") // so that no ]]> comes about
			case "comment":
				b.WriteString("<!--" + draw("comment", "", " ", "<b>", "&", "- é") + "-->")
			case "cdata":
				b.WriteString("<![CDATA[" + draw("section", texts...) + draw("section", "", "]]", "<b>", "\r\n") + "]]>")
			case "instruction":
				b.WriteString("<?" + draw("instruction", "p", "p q", "xml-x ?", "p >") + "?>")
			}
		}
		b.WriteString("</" + name + space() + ">")
	}
	b.WriteString(draw("head", "", "\ufeff", `<?xml version="1.0" encoding="UTF-8"?>`, "\n", "<!-- -->"))
	element(0)
	return b.Bytes()
}

// TestGeneratedXML reads what is drawn, and then what is left of it when a byte of it changes.
func TestGeneratedXML(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		doc := generatedXML(rt)
		window := rapid.IntRange(1, 80).Draw(rt, "window")
		if !checkXML(rt, doc, window) {
			rt.Fatalf("refused: %q", doc)
		}
		at := rapid.IntRange(0, len(doc)-1).Draw(rt, "at")
		doc[at] = rapid.SampledFrom([]byte("<>&\"'/= ;!-[]?abx1\x00\xff\r\t")).Draw(rt, "byte")
		checkXML(rt, doc, window)
	})
}

// FuzzXML takes any bytes for a document: they are refused, or read as encoding/xml reads them. There
// is no document that encoding/xml refuses and our scanner takes.
func FuzzXML(f *testing.F) {
	for _, doc := range soundXML {
		f.Add([]byte(doc), 7)
	}
	for _, c := range unsoundXML {
		f.Add([]byte(c.doc), 5)
	}
	f.Add([]byte("\xff\xfe<\x00a\x00>\x00\xe9\x00<\x00/\x00a\x00>\x00"), 3)
	f.Add([]byte("<?xml version='1.0' encoding='macintosh'?><a>\x8e</a>"), 3)
	f.Fuzz(func(t *testing.T, doc []byte, window int) {
		checkXML(t, doc, 1+(window&0x7FFF)%200)
	})
}
