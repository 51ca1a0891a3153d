package ingest

import (
	"iter"
	"slices"
)

// column is where a field stands on a sheet.
type column struct {
	field int // index in Schema.Fields
	index int // column, from 0
}

// header is a row recognised as the titles of a schema's columns.
type header struct {
	row        int // from 1
	end        int // the first column after its titles
	columns    []column
	duplicates []column // further columns of a field that has one
	unknown    []untitled
}

// untitled is a column with a title that no field has.
type untitled struct {
	index int
	title string
}

// has reports whether a field was found.
func (h *header) has(field int) bool {
	return slices.ContainsFunc(h.columns, func(c column) bool { return c.field == field })
}

// resembles is the field without a column of which an unknown title is nearly the title, or −1.
func (h *header) resembles(s *Schema, c untitled) int {
	if len(c.title) > longTitle {
		return -1
	}
	if field := s.proposeTitle(c.title); field >= 0 && !h.has(field) {
		return field
	}
	return -1
}

// complete reports whether every required field was found.
func (h *header) complete(s *Schema) bool {
	for i := range s.Fields {
		if s.Fields[i].Constraints.Required && !h.has(i) {
			return false
		}
	}
	return true
}

// maxHeaderRow is how far down a header is looked for.
const maxHeaderRow = 30

// matchHeader reads a row as titles: each cell that folds to a field's title or name is its column.
func matchHeader(s *Schema, row Row) header {
	h := header{row: row.Number}
	for _, cell := range row.Cells {
		i := cell.Column
		if cell.Blank() {
			continue
		}
		field := s.fieldTitled(cell.String())
		h.end = i + 1
		switch {
		case field < 0:
			h.unknown = append(h.unknown, untitled{i, cell.String()})
		case h.has(field):
			h.duplicates = append(h.duplicates, column{field, i})
		default:
			h.columns = append(h.columns, column{field, i})
		}
	}
	return h
}

// longTitle is longer than any title, in bytes, however it is spaced.
const longTitle = 200

// fieldTitled is the index of the field with that title or name, or −1.
func (s *Schema) fieldTitled(text string) int {
	if len(text) > longTitle {
		return -1
	}
	return lookup(s.titled, text) - 1
}

// bestHeader is the row with most titles among the first ones, at least two: a title of a report above
// the table, or a sentence, is no header.
func bestHeader(s *Schema, rows []Row) (header, bool) {
	best, most := -1, 1
	for i, row := range rows {
		if row.Number > maxHeaderRow {
			break
		}
		if len(row.Cells) > most {
			if n := titles(s, row); n > most {
				best, most = i, n
			}
		}
	}
	if best < 0 {
		return header{}, false
	}
	return matchHeader(s, rows[best]), true
}

// titles is how many of a schema's titles a row has.
func titles(s *Schema, row Row) (n int) {
	var found uint64
	for _, cell := range row.Cells {
		if cell.Kind != Text {
			continue
		}
		if field := s.fieldTitled(cell.Text); field >= 0 && found&(1<<field) == 0 {
			found |= 1 << field
			n++
		}
	}
	return n
}

// maxTitles is how many cells of a row are looked at as titles: far more than any table has.
const maxTitles = 256

// readHead keeps the rows of a sheet in which its titles are looked for, and one more if there is. The next pass over
// the sheet begins with them and goes on from there, and so the file is read once; stop ends it if there is none.
func readHead(sheet *Sheet) (head []Row, stop func(), err error) {
	again := sheet.Rows
	next, end := iter.Pull2(again)
	wide, more, ended := false, false, false
	stop = func() { ended = true; end() }
	for row, err := range pulled(next) {
		if err != nil {
			stop()
			return nil, nil, err
		}
		wide = wide || len(row.Cells) > maxTitles
		row.Cells = slices.Clone(row.Cells[:min(len(row.Cells), maxTitles)])
		head = append(head, row)
		if row.Number > maxHeaderRow {
			more = true
			break
		}
	}
	if wide {
		return head, stop, nil
	}
	sheet.Rows = func(yield func(Row, error) bool) {
		if more && ended {
			again(yield)
			return
		}
		defer stop()
		for _, row := range head {
			if !yield(row, nil) {
				return
			}
		}
		pulled(next)(yield)
	}
	return head, stop, nil
}

// pulled is what remains of a pass that is under way.
func pulled(next func() (Row, error, bool)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			row, err, some := next()
			if !some || !yield(row, err) {
				return
			}
		}
	}
}

// repeats reports whether a row below the header is one too: it has as many titles, or half of them.
// same tells whether they stand above the same columns.
func (h *header) repeats(s *Schema, row Row) (again, same bool) {
	if len(row.Cells) < 2 || row.Cells[0].Kind != Text || s.fieldTitled(row.Cells[0].String()) < 0 {
		return false, false
	}
	other := matchHeader(s, row)
	if len(other.columns) < max(2, len(h.columns)/2) {
		return false, false
	}
	for _, c := range other.columns {
		if !slices.Contains(h.columns, c) {
			return true, false
		}
	}
	return true, true
}

// sheetTitled finds a sheet by a table's title or name, folded.
func (w *Workbook) sheetTitled(s *Schema) int {
	title, name := Fold(s.Title), Fold(s.Name)
	return slices.IndexFunc(w.Sheets, func(sheet Sheet) bool {
		folded := Fold(sheet.Name)
		return folded == title || folded == name
	})
}
