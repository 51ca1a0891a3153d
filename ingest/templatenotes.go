package ingest

import (
	"encoding/xml"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/xuri/excelize/v2"
)

// A note on each title says what the column is for. The parts that hold them are written here: adding
// some 150 notes one by one through excelize takes longer than the rest of the workbook.

// writeNotes gives every title of a sheet its note.
func (t *templateWriter) writeNotes(s *Schema, widths []float64, height float64) error {
	sheet := SheetName(s)
	before := len(t.file.Comments)
	// One note by excelize ties the parts to the sheet; what they hold is then replaced.
	if err := t.file.AddComment(sheet, excelize.Comment{Cell: "A1", Author: "cairn", Text: "."}); err != nil {
		return err
	}
	if len(t.file.Comments) != before+1 {
		return fmt.Errorf("notes: %d parts, want %d", len(t.file.Comments), before+1)
	}
	index, err := t.file.GetSheetIndex(sheet)
	if err != nil {
		return err
	}
	number := before + 1
	comments, drawing := t.keptNotes(s, index+1, widths, height)
	commentsPart, drawingPart := fmt.Sprintf("xl/comments%d.xml", number), fmt.Sprintf("xl/drawings/vmlDrawing%d.vml", number)
	if t.file.Comments[commentsPart] == nil || t.file.VMLDrawing[drawingPart] == nil {
		return fmt.Errorf("notes: no part %s", commentsPart)
	}
	t.file.Comments[commentsPart], t.file.VMLDrawing[drawingPart] = nil, nil // not to be written over
	t.file.Pkg.Store(commentsPart, comments)
	t.file.Pkg.Store(drawingPart, drawing)
	return nil
}

// notes are the parts of sheets made before: they do not depend on what a workbook is filled with.
var notes sync.Map

type notesKey struct {
	schema *Schema
	sheet  int
}

func (t *templateWriter) keptNotes(s *Schema, sheet int, widths []float64, height float64) (comments, drawing []byte) {
	key := notesKey{s, sheet}
	if kept, ok := notes.Load(key); ok {
		parts := kept.([2][]byte)
		return parts[0], parts[1]
	}
	comments, drawing = t.noteParts(s, sheet, widths, height)
	notes.Store(key, [2][]byte{comments, drawing})
	return comments, drawing
}

const (
	noteFont  = `<rPr>%s<sz val="9"/><color indexed="81"/><rFont val="Tahoma"/><family val="2"/></rPr>`
	noteWidth = 300 // pixels
	noteChars = 50  // of a line of that width
)

func (t *templateWriter) noteParts(s *Schema, sheet int, widths []float64, height float64) (comments, drawing []byte) {
	var c, d strings.Builder
	c.WriteString(xml.Header + `<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>cairn</author></authors><commentList>`)
	fmt.Fprintf(&d, `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="%d"/></o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`, sheet)
	left := 0.0
	for i := range s.Fields {
		f := &s.Fields[i]
		title, text := requiredTitle(f), t.noteText(s, f)
		fmt.Fprintf(&c, `<comment ref="%s1" authorId="0"><text><r>`+noteFont+`<t xml:space="preserve">%s`+"\n"+`</t></r><r>`+noteFont+`<t xml:space="preserve">%s</t></r></text></comment>`,
			ColumnName(i), "<b/>", noteEscaper.Replace(title), "", noteEscaper.Replace(text))
		left += pixels(widths[i])
		from, fromOffset := columnAt(widths, left+10)
		to, toOffset := columnAt(widths, left+10+noteWidth)
		row, rowOffset := rowAt(height, 6+14*float64(lines(title, noteChars)+lines(text, noteChars)))
		fmt.Fprintf(&d, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;z-index:%d;visibility:hidden" fillcolor="#FFFBEB" strokecolor="#4A5A61" o:insetmode="auto"><v:fill color2="#FFFBEB"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"/></v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%d, %d, 0, 4, %d, %d, %d, %d</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>0</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>`,
			sheet*1024+1+i, i+1, from, fromOffset, to, toOffset, row, rowOffset, i)
	}
	c.WriteString(`</commentList></comments>`)
	d.WriteString(`</xml>`)
	return []byte(c.String()), []byte(d.String())
}

// noteEscaper escapes the texts of notes; theirs are our own, without control characters.
var noteEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// pixels is the width of a column on a screen.
func pixels(width float64) float64 { return width*7 + 5 }

// columnAt is the column below a point, and the point's place in it, in pixels.
func columnAt(widths []float64, x float64) (column, offset int) {
	for i := 0; ; i++ {
		width := pixels(8.43)
		if i < len(widths) {
			width = pixels(widths[i])
		}
		if x < width {
			return i, int(x)
		}
		x -= width
	}
}

// rowAt is the row beside a point, below a first row of some points' height, and its place in it.
func rowAt(height, y float64) (row, offset int) {
	first := height * 4 / 3
	if y < first {
		return 0, int(y)
	}
	const other = 20
	return 1 + int(y-first)/other, int(y-first) % other
}

// noteText says what a column is for, how to fill it, and who will see it.
func (t *templateWriter) noteText(s *Schema, f *Field) string {
	parts := []string{f.Description}
	if f.Example != "" {
		parts = append(parts, "Exemple : "+t.example(f))
	}
	switch {
	case f.Constraints.Required:
		parts = append(parts, "* Obligatoire.")
	case f.RequiredWhen != nil:
		parts = append(parts, "(*) Obligatoire "+t.whenWords(s, f.RequiredWhen)+".")
	case f.Name == retire.Name:
		parts = append(parts, "Facultatif.")
	default:
		parts = append(parts, "Facultatif. « nc » (non concerné) et « nsp » (ne sait pas) sont acceptés.")
	}
	if f.Name != retire.Name {
		parts = append(parts, t.diffusionWords(s, f))
	}
	return strings.Join(parts, "\n")
}

// example is the schema's example as people write it.
func (t *templateWriter) example(f *Field) string {
	if f.Type == "date" {
		if day, err := time.Parse(time.DateOnly, f.Example); err == nil {
			return day.Format("02/01/2006")
		}
	}
	if f.Type == "number" {
		return strings.ReplaceAll(f.Example, ".", ",")
	}
	if f.CodeList == "" {
		return f.Example
	}
	codes := []string{f.Example}
	if f.Delimiter != "" {
		codes = strings.Split(f.Example, f.Delimiter)
	}
	for i, code := range codes {
		codes[i] = t.model.Label(f.CodeList, code)
	}
	return strings.Join(codes, " "+f.Delimiter+" ")
}

// whenWords says when a field is required.
func (t *templateWriter) whenWords(s *Schema, w *Condition) string {
	other := s.Field(w.Field)
	codes, link := w.In, "est "
	if len(codes) == 0 {
		codes, link = w.NotIn, "n’est pas "
	}
	if len(codes) == 0 {
		return "si « " + other.Title + " » est rempli"
	}
	quoted := make([]string, len(codes))
	for i, code := range codes {
		quoted[i] = "« " + t.model.Label(other.CodeList, code) + " »"
	}
	return "si « " + other.Title + " » " + link + strings.Join(quoted, " ou ")
}

// diffusionWords says who will see what a column holds.
func (t *templateWriter) diffusionWords(s *Schema, f *Field) string {
	switch s.DiffusionOf(f) {
	case Jamais:
		return "Qui le voit : personne hors de l’équipe du programme. Jamais publié."
	case Evaluateurs:
		return "Qui le voit : les évaluateurs du programme. Non publié."
	}
	words := "Qui le voit : tout le monde, avec les données ouvertes du programme."
	if f.Printable {
		words = "Peut être publié : ne citez personne."
	}
	if len(f.DiffusionSauf) > 0 {
		words += " Sauf pour " + t.exceptWords(s, f) + " : jamais publié."
	}
	return words
}

func (t *templateWriter) exceptWords(s *Schema, f *Field) string {
	var labels []string
	for i := range s.Fields { // in the order of the fields
		for _, code := range f.DiffusionSauf[s.Fields[i].Name] {
			labels = append(labels, "« "+t.model.Label(s.Fields[i].CodeList, code)+" »")
		}
	}
	return strings.Join(labels, ", ")
}
