package exports

import (
	"context"
	"fmt"
	"iter"

	"cairn/indicators"
	"cairn/ingest"
)

// feed gives the rows of a query territory after territory, in the order of their identifiers, as the query lists them:
// those without one, which are everybody's, first. The engine holds them all in its columns; of Go's, which take ten times
// as much, there is no more than the next one.
type feed[T any] struct {
	territory func(T) string
	next      func() (T, error, bool)
	stop      func()
	ahead     T
	more      bool
}

func newFeed[T any](rows iter.Seq2[T, error], territory func(T) string) *feed[T] {
	f := &feed[T]{territory: territory}
	f.next, f.stop = iter.Pull2(rows)
	return f
}

func (f *feed[T]) advance() (err error) {
	before := f.ahead
	f.ahead, err, f.more = f.next()
	if err == nil && f.more && f.territory(f.ahead) < f.territory(before) {
		err = fmt.Errorf("rows of %q come after those of %q", f.territory(f.ahead), f.territory(before))
	}
	return err
}

// take gives the rows of a territory. It comes after those that were asked for before.
func (f *feed[T]) take(territory string) (rows []T, err error) {
	for f.more && f.territory(f.ahead) <= territory {
		if f.territory(f.ahead) == territory {
			rows = append(rows, f.ahead)
		}
		if err := f.advance(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// feeds are what the workbooks of the territories are made of.
type feeds struct {
	queries   []string // of sql/classeur
	records   []*feed[record]
	everybody [][]record
	shown     []*indicators.Indicator // whose rows are listed
	members   []*feed[indicators.Member]
	hidden    []*indicators.Indicator // whose rows are not
	have      []map[string]bool       // the territories that have some
}

// openFeeds runs every query once, on every core. What is returned is to be closed, with an error too.
func (b *base) openFeeds(ctx context.Context) (*feeds, error) {
	f := &feeds{}
	seen := map[string]bool{"": true}
	for _, e := range evaluatorSheets() {
		if seen[e.query] {
			continue
		}
		seen[e.query] = true
		query, err := readSQL("classeur/" + e.query)
		if err != nil {
			return f, err
		}
		f.queries = append(f.queries, e.query)
		f.records = append(f.records, newFeed(eachRecord(ctx, b.warehouse, query), func(r record) string { return r.text("territoire_id") }))
	}
	for _, ind := range b.catalogue {
		if ind.RestsOnAnswers() {
			f.hidden = append(f.hidden, ind)
			continue
		}
		f.shown = append(f.shown, ind)
		f.members = append(f.members, newFeed(ind.EachRow(ctx, b.warehouse, b.release.Period), func(m indicators.Member) string { return m.Territory }))
	}
	f.everybody, f.have = make([][]record, len(f.records)), make([]map[string]bool, len(f.hidden))
	return f, ingest.Each(len(f.records)+len(f.members)+len(f.hidden), func(i int) (err error) {
		if i < len(f.records) {
			if err = f.records[i].advance(); err == nil {
				f.everybody[i], err = f.records[i].take("")
			}
			if err != nil {
				err = fmt.Errorf("sql/classeur/%s.sql: %w", f.queries[i], err)
			}
			return err
		}
		if i -= len(f.records); i < len(f.members) {
			return f.members[i].advance()
		}
		i -= len(f.members)
		f.have[i], err = f.hidden[i].HaveRows(ctx, b.warehouse, b.release.Period)
		return err
	})
}

// fill gives places what is theirs, or everybody's. They come after those that were filled before.
func (f *feeds) fill(places []*place) error {
	for _, p := range places {
		for i, query := range f.queries {
			own, err := f.records[i].take(p.territory)
			if err != nil {
				return fmt.Errorf("sql/classeur/%s.sql: %w", query, err)
			}
			p.rows[query] = append(f.everybody[i][:len(f.everybody[i]):len(f.everybody[i])], own...)
		}
		for i, ind := range f.shown {
			var err error
			if p.members[ind.ID], err = f.members[i].take(p.territory); err != nil {
				return err
			}
		}
		for i, ind := range f.hidden {
			p.answers[ind.ID] = f.have[i][p.territory]
		}
	}
	return nil
}

func (f *feeds) close() {
	for _, records := range f.records {
		records.stop()
	}
	for _, members := range f.members {
		members.stop()
	}
}
