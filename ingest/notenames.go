package ingest

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// noteNames are names for the parts of an .xlsx that hold notes, by the names that they have: excelize takes for a sheet's
// notes those that have the number of its drawing, and gives new ones the number after as many as there are. LibreOffice
// counts notes by their sheet and drawings one after the other, and openpyxl has other names for both: notes that
// are added would go to another sheet, or to none. Nothing is in it where excelize is right.
func (c *container) noteNames(sheets []Sheet) (map[string]string, error) {
	names, notes := map[string]string{}, 0
	for _, s := range sheets {
		relations, err := c.relations(s.part)
		if err != nil {
			return nil, err
		}
		text, drawing := "", ""
		for _, r := range relations {
			switch part := partName(r.target); {
			case strings.HasSuffix(r.kind, "/comments"):
				text = part
			case strings.HasSuffix(r.kind, "/vmldrawing") && (drawing == "" || c.drawsNotes(part)): // pictures of a header have one too
				drawing = part
			}
		}
		if c.parts[text] == nil || c.parts[drawing] == nil || names[text] != "" || names[drawing] != "" {
			continue
		}
		notes++
		names[text], names[drawing] = fmt.Sprintf("xl/comments%d.xml", notes), fmt.Sprintf("%s%d.vml", drawingPrefix, notes)
	}
	others := notes + len(sheets) // no sheet's notes will have a greater number
	for _, part := range c.names {
		if strings.HasSuffix(part, ".vml") && names[part] == "" {
			others++
			names[part] = fmt.Sprintf("%s%d.vml", drawingPrefix, others)
		}
	}
	right := true
	for part, name := range names {
		right = right && c.parts[part].Name == name
	}
	if right {
		return nil, nil
	}
	for _, part := range c.names {
		if relations := relationsPart(part); names[part] != "" && c.parts[relations] != nil {
			names[relations] = relationsPart(names[part])
		}
	}
	return names, nil
}

const drawingPrefix = "xl/drawings/vmlDrawing"

// relationsPart is where a part says what it refers to.
func relationsPart(part string) string {
	return path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
}

func (c *container) drawsNotes(part string) bool {
	data, err := c.read(part)
	return err == nil && bytes.Contains(data, []byte(`ObjectType="Note"`))
}

func (c *container) read(part string) ([]byte, error) {
	r, err := c.open(part)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// referring matches the attributes of relations and of the content types that name a part.
var referring = regexp.MustCompile(`(\b(?:Target|PartName)\s*=\s*)("[^"]*"|'[^']*')`)

// renamed is a part that names others, with their new names: the relations of a sheet (from), or the content types.
func (c *container) renamed(part, from string, names map[string]string) ([]byte, error) {
	data, err := c.read(part)
	if err != nil {
		return nil, err
	}
	return referring.ReplaceAllFunc(data, func(attribute []byte) []byte {
		split := referring.FindSubmatch(attribute)
		target := string(bytes.Trim(split[2], `"'`))
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir("/"+from), target)
		}
		name := names[partName(target)]
		switch {
		case name == "":
			return attribute
		case from == "": // content types
			name = "/" + name
		default:
			name = "../" + strings.TrimPrefix(name, "xl/") // as excelize expects it of a sheet
		}
		return fmt.Appendf(nil, `%s"%s"`, split[1], name)
	}), nil
}
