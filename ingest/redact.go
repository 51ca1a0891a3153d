package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Redaction is what is to be forgotten of a workbook that tells of others too.
type Redaction struct {
	Rows  map[string]map[int]bool    // by table, the lines of rows that go
	Cells map[string]map[string]bool // by table, cells as B12 that go, of rows that stay
	Words []string                   // who is to be forgotten, by the names that texts may hold
	Own   string                     // a table of which a row goes when any cell of it is one of the words

	Always bool // write it again even when nothing of this is found: an evaluator's workbook repeats what we wrote
}

// redacted stands in a text for a word that was forgotten.
const redacted = "[…]"

// minWord is the shortest word, in characters, that is looked for in texts: a shorter one is part of everything.
const minWord = 3

// Redact writes a workbook again without what is to be forgotten: the same sheets, every other cell at its address with
// its value and kind, as .xlsx whatever it was. Nothing else comes along: no properties, comments, drawings, macros, hidden
// parts, formulas. Of the sheet « Retour » and of an evaluator's workbook, which repeat what we wrote there, only what is read stays.
// A word becomes « […] » wherever it stands, but in titles, labels and what the tables understand as identifiers and codes; a
// row of another sheet with a cell that is the word goes.
//
// It returns nil when there is nothing to forget in the workbook. What it writes is read again, and gives what the
// original gives without what was forgotten; else there is an error.
func Redact(m *Model, data []byte, r Redaction) ([]byte, error) {
	sub := Parse(m, data)
	if sub.Rejected {
		return nil, errors.New("a file that cannot be read cannot be redacted")
	}
	e := &redactor{model: m, Redaction: r, sub: sub, patterns: patterns(r.Words)}
	book, err := OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	e.edit(book)
	var out bytes.Buffer
	if err := writeBook(&out, book); err != nil {
		return nil, err
	}
	if !r.Always && !e.changed && !e.hidden(data) {
		return nil, nil
	}
	want := parse(m, data, e.edit)
	got := Parse(m, out.Bytes())
	for _, s := range []*Submission{want, got} { // macros and links to other files do not come along, nor what is said of them
		s.Findings = slices.DeleteFunc(s.Findings, func(f Finding) bool { return f.Rule == "macros_ignorees" || f.Rule == "liaisons_ignorees" })
	}
	if !reflect.DeepEqual(want, got) || want.Rejected || want.Territoire != sub.Territoire || !want.Periode.Equal(sub.Periode) || e.ofGroup() && want.Emetteur != sub.Emetteur {
		return nil, errors.New("what was written without what is to be forgotten does not read as the rest of the workbook")
	}
	return out.Bytes(), nil
}

// Mentions reports whether a file holds one of the words, wherever: in a cell, its properties, a comment, a hidden part.
func Mentions(data []byte, words []string) bool {
	return (&redactor{patterns: patterns(words)}).hidden(data)
}

// Named reports whether one of the words stands by itself in a text, such as the name of a file, in which hyphens and underscores part words.
func Named(text string, words []string) bool {
	for _, p := range patterns(words) {
		for _, at := range p.FindAllStringIndex(text, -1) {
			if alone(text, at[0], at[1], "") {
				return true
			}
		}
	}
	return false
}

func patterns(words []string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, word := range words {
		if utf8.RuneCountInString(word) >= minWord {
			all = append(all, regexp.MustCompile(`(?i)`+regexp.QuoteMeta(word)))
		}
	}
	return all
}

type redactor struct {
	model *Model
	Redaction
	sub      *Submission
	patterns []*regexp.Regexp
	changed  bool
}

// hidden reports whether any part of a file holds a word.
func (e *redactor) hidden(data []byte) bool {
	if len(e.patterns) == 0 {
		return false
	}
	parts := [][]byte{data}
	if c, err := openContainer(data); err == nil {
		for _, name := range c.names {
			r, err := c.open(name)
			if err != nil {
				continue
			}
			part, _ := io.ReadAll(r) // what of it can be read
			r.Close()
			parts = append(parts, part, []byte(name))
		}
	}
	for _, part := range parts {
		latin, _ := charmap.Windows1252.NewDecoder().Bytes(part)
		for _, text := range []string{html.UnescapeString(string(part)), string(latin), wide(part), wide(part[min(1, len(part)):])} {
			if e.replace(text) != text {
				return true
			}
		}
	}
	return false
}

// wide is a text that is encoded with two bytes a character, as in old workbooks.
func wide(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
	}
	return string(utf16.Decode(units))
}

// replace puts « […] » in the place of each word that stands by itself.
func (e *redactor) replace(text string) string {
	for _, p := range e.patterns {
		var b strings.Builder
		last := 0
		for _, at := range p.FindAllStringIndex(text, -1) {
			if !alone(text, at[0], at[1], "-_") {
				continue
			}
			b.WriteString(text[last:at[0]] + redacted)
			last = at[1]
		}
		if last > 0 {
			text = b.String() + text[last:]
		}
	}
	return text
}

// alone reports whether a part of a text is no part of a longer word; the binding characters make two words one.
func alone(text string, from, to int, binding string) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	before, size := utf8.DecodeLastRuneInString(text[:from])
	if strings.ContainsRune(binding, before) {
		before, _ = utf8.DecodeLastRuneInString(text[:from-size])
	}
	after, size := utf8.DecodeRuneInString(text[to:])
	if strings.ContainsRune(binding, after) {
		after, _ = utf8.DecodeRuneInString(text[to+size:])
	}
	return !letter(before) && !letter(after)
}

// edit takes out of an open workbook what is to be forgotten.
func (e *redactor) edit(book *Workbook) {
	comments := -1
	if e.sub.Comments != nil {
		comments = book.sheetTitled(e.model.Schemas["commentaires"])
	}
	for i := range book.Sheets {
		s := &book.Sheets[i]
		name := s.Name
		table := slices.IndexFunc(e.sub.Tables, func(t TableRows) bool { return t.Sheet == name })
		switch {
		case comments == i:
			s.Rows = e.only(s.Rows, e.model.Schemas["commentaires"])
		case comments >= 0:
			s.Rows = e.nothing(s.Rows)
		case e.sub.Returned == name && name != "":
			s.Rows = e.only(s.Rows, e.model.Schemas["retour"])
		case e.sub.Cover.Sheet == name:
			s.Rows = e.cover(s.Rows)
		case table >= 0:
			s.Rows = e.table(s.Rows, &e.sub.Tables[table])
		default:
			s.Rows = e.texts(s.Rows)
			s.Name = e.sheetName(book, i)
			e.changed = e.changed || s.Name != name
		}
	}
}

// sheetName is the name of a sheet of which we know nothing, without the words: brackets may stand in no name, and no
// two are alike.
func (e *redactor) sheetName(book *Workbook, i int) string {
	name := book.Sheets[i].Name
	without := strings.ReplaceAll(e.replace(name), redacted, "…")
	if without == name {
		return name
	}
	numbered := without
	for n := 2; slices.ContainsFunc(book.Sheets, func(s Sheet) bool { return strings.EqualFold(s.Name, numbered) }); n++ {
		numbered = fmt.Sprintf("%.24s (%d)", without, n) // of thirty-one characters
	}
	return numbered
}

// each hands rows over, each with cells of its own that may be changed; those of which keep says no are left out.
func (e *redactor) each(rows iter.Seq2[Row, error], keep func(*Row) bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range rows {
			row.Cells = slices.Clone(row.Cells)
			if err == nil && !keep(&row) {
				e.changed = true
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (e *redactor) nothing(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return e.each(rows, func(*Row) bool { return false })
}

// only keeps of a sheet that we wrote the columns that are read when it comes back. By itself that is no reason to
// write a workbook again, nor is what an evaluator's workbook repeats.
func (e *redactor) only(rows iter.Seq2[Row, error], schema *Schema) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		fields := map[int]*Field{} // by column
		for row, err := range rows {
			if err != nil {
				yield(row, err)
				return
			}
			titles := false
			if h := matchHeader(schema, row); len(h.columns) == len(schema.Fields) {
				titles = true
				clear(fields)
				for _, c := range h.columns {
					fields[c.index] = &schema.Fields[c.field]
				}
			}
			row.Cells = slices.DeleteFunc(slices.Clone(row.Cells), func(c Cell) bool { return fields[c.Column] == nil })
			e.replaceIn(row.Cells, func(c Cell) bool {
				return titles || !schema.freeText(fields[c.Column]) && e.replace(c.String()) == redacted // an identifier or a code is whole
			})
			if len(row.Cells) > 0 && !yield(row, nil) {
				return
			}
		}
	}
}

// replaceIn puts « […] » in the place of words in cells, but those to keep.
func (e *redactor) replaceIn(cells []Cell, keep func(Cell) bool) {
	for i := range cells {
		if c := &cells[i]; c.Kind == Text && !keep(*c) {
			if text := e.replace(c.Text); text != c.Text {
				c.Text, e.changed = text, true
			}
		}
	}
}

// isWord reports whether a cell holds one of the words and nothing else.
func (e *redactor) isWord(c Cell) bool { return c.Kind == Text && slices.Contains(e.Words, c.String()) }

// texts is a sheet of which we know nothing.
func (e *redactor) texts(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return e.each(rows, func(row *Row) bool {
		named := slices.ContainsFunc(row.Cells, e.isWord)
		e.replaceIn(row.Cells, func(Cell) bool { return false })
		return !named
	})
}

// cover is the first sheet: labels stay, and of what territory, month and peer group the workbook is.
func (e *redactor) cover(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	schema := e.model.Schemas["accueil"]
	stay := []string{"territoire_id", "periode"}
	if e.ofGroup() {
		stay = append(stay, "emetteur")
	}
	return e.each(rows, func(row *Row) bool {
		field := schema.fieldTitled(row.At(0).String())
		e.replaceIn(row.Cells, func(c Cell) bool {
			return field >= 0 && (c.Column == 0 || c.Column == 1 && slices.Contains(stay, schema.Fields[field].Name))
		})
		return true
	})
}

// ofGroup reports whether the workbook is a peer group's, which is nobody.
func (e *redactor) ofGroup() bool {
	return slices.Contains(e.model.Values("groupe_pairs"), e.sub.Emetteur)
}

// table is the sheet of a table: rows and cells go, and words, but of titles and of what is understood as an identifier, a
// code, a date or a number.
func (e *redactor) table(rows iter.Seq2[Row, error], t *TableRows) iter.Seq2[Row, error] {
	values := map[int][]string{} // by line
	for _, row := range t.Rows {
		values[row.Line] = row.Values
	}
	return e.each(rows, func(row *Row) bool {
		if e.Rows[t.Schema.Name][row.Number] || t.Schema.Name == e.Own && slices.ContainsFunc(row.Cells, e.isWord) {
			return false
		}
		row.Cells = slices.DeleteFunc(row.Cells, func(c Cell) bool {
			gone := e.Cells[t.Schema.Name][CellName(c.Column, row.Number)]
			e.changed = e.changed || gone
			return gone
		})
		read, isRow := values[row.Number]
		e.replaceIn(row.Cells, func(c Cell) bool {
			if !isRow {
				return t.Schema.fieldTitled(c.String()) >= 0
			}
			field := slices.Index(t.Columns, c.Column)
			if field < 0 || t.Schema.freeText(&t.Schema.Fields[field]) || read[field] == "" {
				return false
			}
			without := e.replace(read[field])
			return without == read[field] || without == redacted // an identifier is whole
		})
		return true
	})
}

// freeText reports whether a field is words: no code, and no identifier, its own or another row's.
func (s *Schema) freeText(f *Field) bool {
	return f.Type == "string" && f.CodeList == "" && !f.Pseudonym && f.Constraints.Pattern == "" && !slices.Contains(s.PrimaryKey, f.Name) &&
		!slices.ContainsFunc(s.ForeignKeys, func(k ForeignKey) bool { return slices.Contains(k.Fields, f.Name) })
}
