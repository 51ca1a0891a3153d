package ingest

import "slices"

// What comes back in a workbook that we made: the answers of a sender to what he was returned, and the
// comments of an evaluator.

// maxReturned bounds the rows of a sheet that comes back.
const maxReturned = 20_000

// answers reads what the sender answers on the sheet « Retour » of a workbook that was returned to him.
func (p *parser) answers() error {
	schema := p.model.Schemas["retour"]
	index := p.book.sheetTitled(schema)
	for i := 0; index < 0 && i < len(p.book.Sheets); i++ {
		if h, ok := bestHeader(schema, p.heads[i]); ok && len(h.columns) == len(schema.Fields) {
			index = i
		}
	}
	if index < 0 {
		return nil
	}
	p.retour, p.sub.Returned = index, p.book.Sheets[index].Name
	return p.returned(schema, index, func(r DataRow) {
		if r.Values[1]+r.Values[2] != "" {
			p.sub.Answers = append(p.sub.Answers, Answer{r.Line, r.Values[0], r.Values[1], r.Values[2]})
		}
	})
}

// comments reads an evaluator's workbook, which has no cover of ours and a sheet of comments. It reports
// whether the workbook is one.
func (p *parser) comments() bool {
	schema := p.model.Schemas["commentaires"]
	index := p.book.sheetTitled(schema)
	if index < 0 || p.book.sheetTitled(p.model.Schemas["accueil"]) >= 0 {
		return false
	}
	if h, ok := bestHeader(schema, p.heads[index]); !ok || len(h.columns) != len(schema.Fields) {
		return false
	}
	p.sub.Comments = []Comment{}
	err := p.returned(schema, index, func(r DataRow) {
		if r.Values[3] != "" {
			p.sub.Comments = append(p.sub.Comments, Comment{r.Line, r.Values[0], r.Values[1], r.Values[2], r.Values[3]})
		}
	})
	if err != nil {
		p.sub.Comments = nil
	}
	return true
}

// returned reads the rows below the titles of a sheet that comes back, wherever they stand; those with
// nothing but what we wrote there are passed over.
func (p *parser) returned(schema *Schema, index int, each func(DataRow)) error {
	sheet := p.book.Sheets[index]
	t := &TableRows{Schema: schema}
	var c *rowChecker
	read := 0
	for row, err := range sheet.Rows {
		if err == nil && read > maxReturned {
			err = errBomb
		}
		if err != nil {
			p.unreadable(sheet, err)
			return err
		}
		if h := matchHeader(schema, row); len(h.columns) == len(schema.Fields) {
			t.Sheet, t.Columns = sheet.Name, slices.Repeat([]int{-1}, len(schema.Fields))
			for _, column := range h.columns {
				t.Columns[column.field] = column.index
			}
			c = newRowChecker(p, t)
			continue
		}
		if c == nil || !c.answered(row) {
			continue
		}
		read++
		if r := c.read(row); !r.Aside {
			each(r)
		}
	}
	return nil
}

// answered reports whether a row has its required cells and one more: it was filled by whom we sent it to.
func (c *rowChecker) answered(row Row) bool {
	filled := false
	for i, index := range c.t.Columns {
		blank := row.At(index).Blank()
		if required := c.t.Schema.Fields[i].Constraints.Required; required && blank {
			return false
		} else if !required && !blank {
			filled = true
		}
	}
	return filled
}
