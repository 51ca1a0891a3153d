package oracle

import (
	"reflect"

	"cairn/jobs/demo"
)

// quality: how complete, punctual, continuous, final and sound the territory's own workbooks are.
func (b *builder) quality() {
	if s := b.t.own[b.p]; s != nil {
		s.eachRow(b.completeness)
		due := dayOf((b.p + 1).first()) + 9 // the tenth
		b.add("Q02", "", item{x: int64(b.t.received[b.p] - due)})
		b.revision(b.t.firsts[b.p], s)
		b.errors(s)
	}
	for m := b.p - 11; m <= b.p; m++ {
		if m.fin() < b.t.entree || dayOf(m.first()) > b.t.sortie {
			continue // not in the programme that month
		}
		b.add("Q03", "", item{x: when(b.t.own[m] != nil), n: 1})
	}
}

// eachRow goes through the rows of the tables, set aside or not; a total is none.
func (s *submission) eachRow(do func(name string, r *demo.Row)) {
	for _, sheet := range s.sheets {
		if _, known := tables[sheet.Table]; !known {
			continue
		}
		for i := range sheet.Rows {
			if r := &sheet.Rows[i]; !r.Total {
				do(sheet.Table, r)
			}
		}
	}
}

// completeness counts the required cells of a row, and those filled. A withdrawal needs its key alone.
func (b *builder) completeness(name string, r *demo.Row) {
	required := tables[name].required
	if retired(r) {
		required = tables[name].key
	}
	i := item{n: int64(len(required))}
	for _, field := range required {
		i.x += when(filled(r, field))
	}
	b.add("Q01", "", i)
}

// revision compares the month's first submission with the current one, cell by cell.
func (b *builder) revision(first, current *submission) {
	now := map[string]*demo.Row{}
	current.eachRow(func(name string, r *demo.Row) {
		if k := rowKey(name, r); now[k] == nil {
			now[k] = r
		}
	})
	first.eachRow(func(name string, r *demo.Row) {
		var i item
		for _, field := range cellsOf(r) {
			i.n++
			if first != current {
				i.x += when(!sameCell(r, now[rowKey(name, r)], field))
			}
		}
		b.add("Q04", "", i)
	})
}

// rowKey is what a row is known by within a workbook: a person may answer twice in a month.
func rowKey(name string, r *demo.Row) string {
	k := name + "\x1f" + keyOf(name, r)
	if dated := tables[name].dated; dated != "" {
		d, _ := date(r, dated)
		k += "\x1f" + d.String()
	}
	return k
}

// sameCell tells whether a cell of r still says the same in the row that stands for it, if any.
func sameCell(r, now *demo.Row, field string) bool {
	return now != nil && reflect.DeepEqual(r.Values[field], now.Values[field]) && r.Bad[field] == now.Bad[field]
}

// cellsOf names the filled cells of a row.
func cellsOf(r *demo.Row) []string {
	var fields []string
	for field := range r.Values {
		if filled(r, field) {
			fields = append(fields, field)
		}
	}
	for field := range r.Bad {
		if _, both := r.Values[field]; !both {
			fields = append(fields, field)
		}
	}
	return fields
}

// errors counts the filled cells of each row, and what was said to be wrong with the workbook: whichever
// row, or sheet, it is about.
func (b *builder) errors(s *submission) {
	said := int64(s.errors)
	s.eachRow(func(_ string, r *demo.Row) {
		b.add("Q05", "", item{x: said, n: int64(len(cellsOf(r)))})
		said = 0 // counted once
	})
}
