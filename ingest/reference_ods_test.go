package ingest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// xmlNode is an element of a document that is kept whole.
type xmlNode struct {
	name string // without prefix
	attr map[string]string
	kids []*xmlNode
	text string // of a node that is no element
}

// xmlTree reads a document. An attribute of the extensions of LibreOffice has a prefix, since its
// name is also one of the standard's.
func xmlTree(t testing.TB, data []byte) *xmlNode {
	t.Helper()
	root := &xmlNode{}
	open := []*xmlNode{root}
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return root
		}
		if err != nil {
			t.Fatal(err)
		}
		parent := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &xmlNode{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				name := a.Name.Local
				if strings.Contains(a.Name.Space, "calcext") {
					name = "calcext:" + name
				}
				n.attr[name] = a.Value
			}
			parent.kids = append(parent.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			parent.kids = append(parent.kids, &xmlNode{text: string(token)})
		}
	}
}

// each visits the elements of that name, whatever they stand in.
func (n *xmlNode) each(name string, visit func(*xmlNode)) {
	for _, k := range n.kids {
		if k.name == name {
			visit(k)
		}
		k.each(name, visit)
	}
}

func (n *xmlNode) times(attribute string) int {
	if times, err := strconv.Atoi(n.attr[attribute]); err == nil {
		return times
	}
	return 1
}

// odsReference reads an OpenDocument spreadsheet, zipped or flat.
func odsReference(t testing.TB, data []byte) (lines []string) {
	t.Helper()
	if bytes.HasPrefix(data, []byte("PK")) {
		data = unzipped(t, data).parts["content.xml"]
	}
	root := xmlTree(t, data)
	hidden := map[string]bool{}
	root.each("style", func(style *xmlNode) {
		style.each("table-properties", func(p *xmlNode) { hidden[style.attr["name"]] = p.attr["display"] == "false" })
	})
	root.each("spreadsheet", func(sheets *xmlNode) {
		for _, table := range sheets.kids {
			if table.name == "table" {
				lines = append(lines, sheetLine(table.attr["name"], hidden[table.attr["style-name"]]))
				number := 0
				odsRows(t, table, &number, &lines)
			}
		}
	})
	return lines
}

func odsRows(t testing.TB, within *xmlNode, number *int, lines *[]string) {
	t.Helper()
	for _, row := range within.kids {
		switch row.name {
		case "table-row-group", "table-rows", "table-header-rows":
			odsRows(t, row, number, lines)
		case "table-row":
			times := row.times("number-rows-repeated")
			if !odsFilled(t, row) {
				*number += times
				continue
			}
			for range times {
				*number++
				column := 0
				for _, c := range row.kids {
					if c.name != "table-cell" && c.name != "covered-table-cell" {
						continue
					}
					cell, repeated := odsCell(t, c), c.times("number-columns-repeated")
					if c.name == "table-cell" && cell.Kind != Empty {
						for i := range repeated {
							*lines = append(*lines, cellLine(CellName(column+i, *number), row.attr["visibility"] == "collapse" || row.attr["visibility"] == "filter", cell))
						}
					}
					column += repeated
				}
			}
		}
	}
}

// odsFilled reports whether a row holds anything: the empty ones may stand for a million.
func odsFilled(t testing.TB, row *xmlNode) bool {
	for _, c := range row.kids {
		if c.name == "table-cell" && odsCell(t, c).Kind != Empty {
			return true
		}
	}
	return false
}

var odsDuration = regexp.MustCompile(`^PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S$`)

func odsCell(t testing.TB, c *xmlNode) Cell {
	t.Helper()
	var paragraphs []string
	for _, k := range c.kids {
		if k.name == "p" {
			paragraphs = append(paragraphs, k.paragraph())
		}
	}
	shown := strings.Join(paragraphs, "\n")
	if c.attr["calcext:value-type"] == "error" { // its text is then empty
		return Cell{Kind: Fault, Text: shown}
	}
	text, given := c.attr["string-value"]
	if !given {
		text = shown
	}
	switch kind := c.attr["value-type"]; kind {
	case "float", "percentage", "currency":
		n, err := strconv.ParseFloat(c.attr["value"], 64)
		if err != nil {
			t.Fatal(err)
		}
		if kind == "percentage" {
			return Cell{Kind: Number, Number: n, Format: Percent}
		}
		return Cell{Kind: Number, Number: n}
	case "boolean":
		return Cell{Kind: Bool, Bool: c.attr["boolean-value"] == "true" || c.attr["boolean-value"] == "1"}
	case "date":
		day, err := time.Parse(time.DateOnly, c.attr["date-value"][:10])
		if err != nil {
			t.Fatal(err)
		}
		return Cell{Kind: Date, Date: day}
	case "time":
		if p := odsDuration.FindStringSubmatch(c.attr["time-value"]); p != nil {
			h, _ := strconv.Atoi(p[1])
			m, _ := strconv.Atoi(p[2])
			text = fmt.Sprintf("%d:%02d", h, m)
			if s, _ := strconv.Atoi(p[3]); s > 0 {
				text += fmt.Sprintf(":%02d", s)
			}
		}
	}
	if text == "" {
		return Cell{}
	}
	return Cell{Kind: Text, Text: text}
}

var xmlBlanks = regexp.MustCompile(`[ \t\r\n]+`)

// paragraph is the text of a paragraph: blanks collapse, those of elements do not. The elements'
// ones are kept apart by a character that no XML can hold.
func (n *xmlNode) paragraph() string {
	const kept = "\x00"
	text := strings.TrimPrefix(xmlBlanks.ReplaceAllString(n.flow(kept), " "), " ")
	return strings.NewReplacer(kept+"s", " ", kept+"t", "\t", kept+"n", "\n").Replace(text)
}

func (n *xmlNode) flow(kept string) string {
	text := n.text
	for _, k := range n.kids {
		switch k.name {
		case "s":
			text += strings.Repeat(kept+"s", k.times("c"))
		case "tab":
			text += kept + "t"
		case "line-break":
			text += kept + "n"
		case "annotation", "ruby-text":
		default:
			text += k.flow(kept)
		}
	}
	return text
}
