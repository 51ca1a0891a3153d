package demo

import (
	"cmp"
	"maps"
	"slices"
)

// values are a row's cells, by field name.
type values = map[string]any

// life is one row of a registre over time: each month's workbook holds it as then known.
type life struct{ versions []version }

// version is what a life's row says from a month on.
type version struct {
	from   month
	values values
}

func newLife(from month, v values) *life { return &life{[]version{{from, v}}} }

// change alters some cells from a month on; nil empties one.
func (l *life) change(from month, cells values) {
	v := maps.Clone(l.versions[len(l.versions)-1].values)
	for field, value := range cells {
		if v[field] = value; value == nil {
			delete(v, field)
		}
	}
	l.versions = append(l.versions, version{from, v})
}

// at is the row in a month's workbook; nil before its time.
func (l *life) at(m month) values {
	var known values
	for _, v := range l.versions {
		if v.from <= m {
			known = v.values
		}
	}
	return known
}

// born is the first month whose workbook holds the row.
func (l *life) born() month { return l.versions[0].from }

// event is a row of a flux or relevé, carried by the workbook of one month.
type event struct {
	carried month
	values  values
}

// place is a territory in the making: its registers as lives, its flux and relevés as events.
type place struct {
	profile
	seed        uint64
	start, last month // its first and last workbook
	skipped     map[month]bool

	actors   []*actor
	projects []*project
	lives    map[string][]*life
	events   map[string][]event
	// answers holds the events that come in an émetteur's own workbook: émetteur → table → events.
	answers map[string]map[string][]event
	counts  map[string]int // identifiers given so far, by letter
}

func newPlace(seed uint64, p profile, start, last month) *place {
	return &place{
		profile: p, seed: seed, start: start, last: last, skipped: map[month]bool{},
		lives: map[string][]*life{}, events: map[string][]event{},
		answers: map[string]map[string][]event{}, counts: map[string]int{},
	}
}

func (p *place) chance(purpose string) chance { return newChance(p.seed, p.id, purpose) }

// months are those from the first to the last workbook, sent or not.
func (p *place) months() []month {
	var all []month
	for m := p.start; m <= p.last; m++ {
		all = append(all, m)
	}
	return all
}

// span is how many months there are.
func (p *place) span() int { return int(p.last-p.start) + 1 }

// years is how long after the first month m is.
func (p *place) years(m month) float64 { return float64(m-p.start) / 12 }

// carrier is the month whose workbook tells what happened in m: the next one sent.
func (p *place) carrier(m month) (month, bool) {
	for ; m <= p.last; m++ {
		if m >= p.start && !p.skipped[m] {
			return m, true
		}
	}
	return 0, false
}

// tell has an event reported by the workbook of m, or the next one sent.
func (p *place) tell(table string, m month, v values) {
	if c, ok := p.carrier(m); ok {
		p.events[table] = append(p.events[table], event{c, v})
	}
}

// answer has an event reported by an émetteur's own workbook of m.
func (p *place) answer(emitter, table string, m month, v values) {
	if p.answers[emitter] == nil {
		p.answers[emitter] = map[string][]event{}
	}
	p.answers[emitter][table] = append(p.answers[emitter][table], event{m, v})
}

// rows are a table's rows in the workbook of m.
func (p *place) rows(table string, m month) []Row {
	var rows []Row
	for _, l := range p.lives[table] {
		if v := l.at(m); v != nil {
			rows = append(rows, Row{Values: maps.Clone(v)})
		}
	}
	return append(rows, carriedRows(p.events[table], m)...)
}

func carriedRows(events []event, m month) []Row {
	var rows []Row
	for _, e := range events {
		if e.carried == m {
			rows = append(rows, Row{Values: maps.Clone(e.values)})
		}
	}
	return rows
}

// sortLives puts lives in the order of their first appearance.
func sortLives(lives []*life) {
	slices.SortStableFunc(lives, func(a, b *life) int { return cmp.Compare(a.born(), b.born()) })
}

// leaveOut empties some optional cells now and then, or says « nc » or « nsp » in their place.
func leaveOut(c chance, v values, p float64, fields ...string) {
	for _, field := range fields {
		switch x := c.Float64(); {
		case x < p:
			delete(v, field)
		case x < p*1.15:
			v[field] = NSP
		case x < p*1.25:
			v[field] = NC
		}
	}
}
