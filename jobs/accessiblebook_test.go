package jobs_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"cairn/ingest"
)

// bookParts is a workbook as its file says it: the parts that an accessibility rule looks at, and the cells as our
// own reader reads them.
type bookParts struct {
	files  map[string][]byte
	sheets []*sheetParts
	active int
	names  []definedName
	styles stylesXML
	core   coreXML
}

type (
	definedName struct {
		Name  string `xml:"name,attr"`
		Sheet *int   `xml:"localSheetId,attr"`
		Refer string `xml:",chardata"`
	}
	coreXML struct {
		Title    string `xml:"title"`
		Language string `xml:"language"`
	}
	colourXML struct {
		RGB     string   `xml:"rgb,attr"`
		Theme   *int     `xml:"theme,attr"`
		Indexed *int     `xml:"indexed,attr"`
		Tint    *float64 `xml:"tint,attr"`
	}
	valueXML struct {
		Val string `xml:"val,attr"`
	}
	fontXML struct {
		Bold   *valueXML  `xml:"b"`
		Size   *valueXML  `xml:"sz"`
		Name   *valueXML  `xml:"name"`
		Raised *valueXML  `xml:"vertAlign"`
		Colour *colourXML `xml:"color"`
	}
	fillXML struct {
		Pattern struct {
			Type string     `xml:"patternType,attr"`
			Fore *colourXML `xml:"fgColor"`
			Back *colourXML `xml:"bgColor"`
		} `xml:"patternFill"`
	}
	stylesXML struct {
		Fonts []fontXML `xml:"fonts>font"`
		Fills []fillXML `xml:"fills>fill"`
		Cells []struct {
			Font       int `xml:"fontId,attr"`
			Fill       int `xml:"fillId,attr"`
			Protection *struct {
				Locked *bool `xml:"locked,attr"`
			} `xml:"protection"`
		} `xml:"cellXfs>xf"`
		Conditional []struct {
			Font   *fontXML  `xml:"font"`
			Fill   *fillXML  `xml:"fill"`
			Border *struct{} `xml:"border"`
		} `xml:"dxfs>dxf"`
	}
)

// sheetParts is one sheet. Rows and columns of cells count from 1 and from 0, as in ingest.
type sheetParts struct {
	name   string
	hidden bool
	xml    sheetXML
	cells  map[place]ingest.Cell
	rows   int // the last one that holds something
	tables []tableXML
	noted  map[string]bool // cells that have a note
	shapes []shapeXML
}

type place struct{ column, row int }

type (
	sheetXML struct {
		Views []struct {
			TopLeft string `xml:"topLeftCell,attr"`
			Pane    *struct {
				State string `xml:"state,attr"`
			} `xml:"pane"`
			Selections []struct {
				Cell string `xml:"activeCell,attr"`
			} `xml:"selection"`
		} `xml:"sheetViews>sheetView"`
		Columns []struct {
			Hidden bool `xml:"hidden,attr"`
		} `xml:"cols>col"`
		Rows []struct {
			Hidden bool `xml:"hidden,attr"`
			Cells  []struct {
				Ref   string `xml:"r,attr"`
				Style int    `xml:"s,attr"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
		Filter *struct{} `xml:"autoFilter"`
		Merged []struct {
			Ref string `xml:"ref,attr"`
		} `xml:"mergeCells>mergeCell"`
		Conditional []struct {
			Rules []struct {
				Format *int        `xml:"dxfId,attr"`
				Scale  []colourXML `xml:"colorScale>color"`
				Icons  *struct{}   `xml:"iconSet"`
			} `xml:"cfRule"`
		} `xml:"conditionalFormatting"`
		Links []struct {
			Ref      string `xml:"ref,attr"`
			Location string `xml:"location,attr"`
		} `xml:"hyperlinks>hyperlink"`
		Fit struct {
			ToPage bool `xml:"fitToPage,attr"`
		} `xml:"sheetPr>pageSetUpPr"`
		Page struct {
			Paper       int    `xml:"paperSize,attr"`
			Orientation string `xml:"orientation,attr"`
		} `xml:"pageSetup"`
		HeaderFooter struct {
			Header string `xml:"oddHeader"`
			Footer string `xml:"oddFooter"`
		} `xml:"headerFooter"`
	}
	tableXML struct {
		Name    string    `xml:"name,attr"`
		Ref     string    `xml:"ref,attr"`
		Headers *int      `xml:"headerRowCount,attr"`
		Filter  *struct{} `xml:"autoFilter"`
		Columns []struct {
			Name string `xml:"name,attr"`
		} `xml:"tableColumns>tableColumn"`
	}
	// shapeXML is what is placed on a sheet: charts have a frame; pictures and text boxes have not.
	shapeXML struct {
		kind, Name, Text string
	}
	relationXML struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	}
)

// area is a range of cells: columns from 0, rows from 1.
type area struct{ left, top, right, bottom int }

func parseArea(ref string) (a area, err error) {
	from, to, isRange := strings.Cut(ref, ":")
	if !isRange {
		to = from
	}
	for _, corner := range []struct {
		text        string
		column, row *int
	}{{from, &a.left, &a.top}, {to, &a.right, &a.bottom}} {
		letters := strings.TrimRight(corner.text, "0123456789")
		if _, err := fmt.Sscanf(corner.text[len(letters):], "%d", corner.row); err != nil || letters == "" {
			return a, fmt.Errorf("%q is no range", ref)
		}
		for _, r := range letters {
			*corner.column = 26**corner.column + int(r-'A') + 1
		}
		*corner.column--
	}
	return a, nil
}

func (a area) holds(p place) bool {
	return p.column >= a.left && p.column <= a.right && p.row >= a.top && p.row <= a.bottom
}

func readParts(data []byte) (*bookParts, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	b := &bookParts{files: map[string][]byte{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		if b.files[f.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	var book struct {
		Views []struct {
			Active int `xml:"activeTab,attr"`
		} `xml:"bookViews>workbookView"`
		Sheets []struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
			ID    string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
		Names []definedName `xml:"definedNames>definedName"`
	}
	if err := errors.Join(b.decode("xl/workbook.xml", &book), b.decode("xl/styles.xml", &b.styles), b.decode("docProps/core.xml", &b.core)); err != nil {
		return nil, err
	}
	for _, v := range book.Views {
		b.active = v.Active
	}
	b.names = book.Names
	read, err := ingest.OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	if len(read.Sheets) != len(book.Sheets) {
		return nil, fmt.Errorf("%d sheets are read, the file lists %d", len(read.Sheets), len(book.Sheets))
	}
	relations, err := b.relations("xl/workbook.xml")
	if err != nil {
		return nil, err
	}
	for i, s := range book.Sheets {
		sheet := &sheetParts{name: s.Name, hidden: s.State != "" && s.State != "visible", cells: map[place]ingest.Cell{}, noted: map[string]bool{}}
		if err := b.readSheet(sheet, relations[s.ID].Target, read.Sheets[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		b.sheets = append(b.sheets, sheet)
	}
	return b, nil
}

func (b *bookParts) decode(part string, into any) error {
	data, found := b.files[part]
	if !found {
		return fmt.Errorf("the file has no part %s", part)
	}
	return xml.Unmarshal(data, into)
}

// relations are those of a part, by their name; targets are names of parts.
func (b *bookParts) relations(part string) (map[string]relationXML, error) {
	all := map[string]relationXML{}
	file := path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
	if b.files[file] == nil {
		return all, nil
	}
	var rels struct {
		List []relationXML `xml:"Relationship"`
	}
	if err := b.decode(file, &rels); err != nil {
		return nil, err
	}
	for _, r := range rels.List {
		if !strings.HasPrefix(r.Target, "/") {
			r.Target = path.Join(path.Dir(part), r.Target)
		}
		r.Target = strings.TrimPrefix(r.Target, "/")
		all[r.ID] = r
	}
	return all, nil
}

func (b *bookParts) readSheet(s *sheetParts, part string, read ingest.Sheet) error {
	if err := b.decode(part, &s.xml); err != nil {
		return err
	}
	for row, err := range read.Rows {
		if err != nil {
			return err
		}
		for _, c := range row.Cells {
			if !c.Blank() {
				s.cells[place{c.Column, row.Number}] = c
				s.rows = row.Number
			}
		}
	}
	relations, err := b.relations(part)
	if err != nil {
		return err
	}
	for _, r := range relations {
		switch path.Base(r.Type) {
		case "table":
			var t tableXML
			if err := b.decode(r.Target, &t); err != nil {
				return err
			}
			s.tables = append(s.tables, t)
		case "comments":
			var notes struct {
				List []struct {
					Ref string `xml:"ref,attr"`
				} `xml:"commentList>comment"`
			}
			if err := b.decode(r.Target, &notes); err != nil {
				return err
			}
			for _, n := range notes.List {
				s.noted[n.Ref] = true
			}
		case "drawing":
			if err := b.readShapes(s, r.Target); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bookParts) readShapes(s *sheetParts, part string) error {
	d := xml.NewDecoder(bytes.NewReader(b.files[part]))
	kind := ""
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "graphicFrame", "pic", "sp":
			kind = start.Name.Local
		case "cNvPr":
			shape := shapeXML{kind: kind}
			for _, a := range start.Attr {
				switch a.Name.Local {
				case "name":
					shape.Name = a.Value
				case "descr":
					shape.Text = a.Value
				}
			}
			s.shapes = append(s.shapes, shape)
		}
	}
}
