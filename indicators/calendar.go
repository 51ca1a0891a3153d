package indicators

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"cairn/transform"
)

// calendar is what the rows of every indicator are laid on.
type calendar struct {
	spine   []month
	members map[spot][]string          // of each set and month, the territories that are not outdated
	rests   map[window]map[rest]rested // what sums over a window rest on
	shared  shared

	observing sync.Mutex
}

// shared is what several indicators rest on in the same words. It is read once, and none of them changes it.
type shared struct {
	one  sync.Mutex
	left map[string]int // by the words: how many indicators will still ask
	read map[string]any // functions that give it
}

// share lists the words of indicators that will be asked about once each.
func (c *calendar) share(catalogue []*Indicator) {
	c.shared.left, c.shared.read = map[string]int{}, map[string]any{}
	for _, ind := range catalogue {
		c.shared.left[ind.words(ind.groupsQuery(year))]++
		if ind.dated() {
			c.shared.left[ind.words(ind.observedQuery())]++
		}
	}
}

// words are a query and what else decides what is made of its rows.
func (ind *Indicator) words(query string) string {
	return fmt.Sprint(ind.Programme, ind.Sheet, ind.windowedSum(), ind.populations(), query)
}

func readShared[T any](s *shared, words string, read func() (T, error)) (T, error) {
	s.one.Lock()
	once, begun := s.read[words].(func() (T, error))
	if !begun && s.left[words] < 2 {
		s.one.Unlock()
		return read()
	}
	if !begun {
		once = sync.OnceValues(read)
		s.read[words] = once
	}
	if s.left[words]--; s.left[words] == 0 {
		delete(s.read, words)
	}
	s.one.Unlock()
	return once()
}

// rest is a sheet of a territory, and the month that ends a window.
type rest struct {
	territory string
	period    time.Time
	sheet     string
}

type rested struct {
	absent int  // months not received in the window
	whole  bool // the window lies after the territory's first month
}

func readCalendar(ctx context.Context, w *transform.Warehouse, windows ...window) (*calendar, error) {
	c := &calendar{rests: map[window]map[rest]rested{}}
	var err error
	if c.spine, err = readSpine(ctx, w); err != nil {
		return nil, err
	}
	if c.members, err = readMembers(ctx, w); err != nil {
		return nil, err
	}
	for _, over := range windows {
		if c.rests[over], err = readRests(ctx, w, over); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// readSpine lists the months of each set, which is outdated when all of its territories are, and of each
// territory.
func readSpine(ctx context.Context, w *transform.Warehouse) ([]month, error) {
	rows, err := w.QueryContext(ctx, `SELECT e.ensemble AS territoire_id, m.periode, bool_and(m.perime)
FROM core.mois m JOIN ref.ensembles e ON e.territoire_id = m.territoire_id
GROUP BY ALL
UNION ALL
SELECT territoire_id, periode, perime FROM core.mois
ORDER BY territoire_id, periode`)
	if err != nil {
		return nil, fmt.Errorf("read the months: %w", err)
	}
	defer rows.Close()
	var spine []month
	for rows.Next() {
		var s month
		if err := rows.Scan(&s.territory, &s.period, &s.outdated); err != nil {
			return nil, err
		}
		spine = append(spine, s)
	}
	return spine, rows.Err()
}

// readMembers lists, for each set and month, the territories that are not outdated: those that its figures may take rows from.
func readMembers(ctx context.Context, w *transform.Warehouse) (map[spot][]string, error) {
	rows, err := w.QueryContext(ctx, `SELECT e.ensemble, m.periode, m.territoire_id
FROM core.mois m JOIN ref.ensembles e ON e.territoire_id = m.territoire_id
WHERE NOT m.perime ORDER BY ALL`)
	if err != nil {
		return nil, fmt.Errorf("read the sets of territories: %w", err)
	}
	defer rows.Close()
	members := map[spot][]string{}
	for rows.Next() {
		var set spot
		var territory string
		if err := rows.Scan(&set.territory, &set.period, &territory); err != nil {
			return nil, fmt.Errorf("read the sets of territories: %w", err)
		}
		members[set] = append(members[set], territory)
	}
	return members, rows.Err()
}

// horizon is the last month.
func (c *calendar) horizon() (last time.Time) {
	for _, s := range c.spine {
		if s.period.After(last) {
			last = s.period
		}
	}
	return last
}

func readRests(ctx context.Context, w *transform.Warehouse, over window) (map[rest]rested, error) {
	rows, err := w.QueryContext(ctx, `SELECT territoire_id, periode, "table", absents, entiere FROM `+over.rests)
	if err != nil {
		return nil, fmt.Errorf("read what sums rest on: %w", err)
	}
	defer rows.Close()
	all := map[rest]rested{}
	for rows.Next() {
		var at rest
		var r rested
		if err := rows.Scan(&at.territory, &at.period, &at.sheet, &r.absent, &r.whole); err != nil {
			return nil, fmt.Errorf("read what sums rest on: %w", err)
		}
		r.absent *= over.weight
		all[at] = r
	}
	return all, rows.Err()
}

// groups are the groups of the indicator's rows: of each territory and, where the indicator has a figure for them, of
// each set, made of those of its territories.
func (c *calendar) groups(ctx context.Context, w *transform.Warehouse, ind *Indicator, over window) (map[spot]aggregated, error) {
	query := ind.groupsQuery(over)
	return readShared(&c.shared, ind.words(query), func() (map[spot]aggregated, error) { return c.readGroups(ctx, w, ind, over, query) })
}

func (c *calendar) readGroups(ctx context.Context, w *transform.Warehouse, ind *Indicator, over window, query string) (map[spot]aggregated, error) {
	groups, err := readGroups(ctx, w, ind, query)
	if err != nil {
		return nil, err
	}
	for key, a := range groups {
		a.absent, a.whole = c.rested(ind, over, key)
		groups[key] = a
	}
	if !ind.Programme {
		return groups, nil
	}
	for set, territories := range c.sets(ind.populations()) {
		if sum, some := ind.pooled(groups, territories); some {
			groups[set] = sum
		}
	}
	return groups, nil
}

// pooled is what a set takes of the groups of its territories; none has any when it is not some.
func (ind *Indicator) pooled(groups map[spot]aggregated, territories iter.Seq[spot]) (sum aggregated, some bool) {
	var of []aggregated
	for key := range territories {
		if a, there := groups[key]; there && ind.taken(a.absent, a.whole) {
			a.absent, a.whole = 0, true // those of a set lack no month
			of = append(of, a)
		}
	}
	if len(of) == 0 {
		return sum, false
	}
	return together(of), true
}

// sets are the groups of each set, with those of its territories that are not outdated.
func (c *calendar) sets(modalites []string) iter.Seq2[spot, iter.Seq[spot]] {
	return func(yield func(spot, iter.Seq[spot]) bool) {
		for set, members := range c.members {
			for _, modalite := range modalites {
				territories := func(yield func(spot) bool) {
					for _, territory := range members {
						if !yield(spot{territory, set.period, modalite}) {
							return
						}
					}
				}
				if !yield(spot{set.territory, set.period, modalite}, territories) {
					return
				}
			}
		}
	}
}

// summed are the territories that a sum of a set's rows, over a window that ends with a month, takes rows of.
func (c *calendar) summed(ind *Indicator, over window, set string, period time.Time) (territories []string) {
	for _, territory := range c.members[spot{territory: set, period: period}] {
		if ind.taken(c.rested(ind, over, spot{territory: territory, period: period})) {
			territories = append(territories, territory)
		}
	}
	return territories
}

// rested is what the sum of a territory's rows rests on; of what is no sum, nothing is missing.
func (c *calendar) rested(ind *Indicator, over window, key spot) (absent int, whole bool) {
	if r, known := c.rests[over][rest{key.territory, key.period, ind.Sheet}]; known && ind.windowedSum() {
		return r.absent, r.whole
	}
	return 0, true
}

// observed are the groups of a relevé of which a row at least rests on an observation of the month itself; none where
// that is not asked for.
func (c *calendar) observed(ctx context.Context, w *transform.Warehouse, ind *Indicator) (map[spot]bool, error) {
	if !ind.dated() {
		return nil, nil
	}
	query := ind.observedQuery()
	return readShared(&c.shared, ind.words(query), func() (map[spot]bool, error) { return c.readObserved(ctx, w, ind, query) })
}

// dated reports whether it is asked of the indicator's groups which of them rest on an observation of the month itself.
func (ind *Indicator) dated() bool { return ind.Dated != "" && ind.Window == "" && ind.followed() }

func (c *calendar) readObserved(ctx context.Context, w *transform.Warehouse, ind *Indicator, query string) (map[spot]bool, error) {
	c.observing.Lock() // the engine holds all rows of a relevé for it
	defer c.observing.Unlock()
	rows, err := w.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	observed := map[spot]bool{}
	for rows.Next() {
		var key spot
		if err := rows.Scan(&key.territory, &key.period, &key.modalite); err != nil {
			return nil, err
		}
		observed[key] = true
	}
	for set, territories := range c.sets(ind.populations()) {
		for key := range territories {
			if observed[key] {
				observed[set] = true
			}
		}
	}
	return observed, rows.Err()
}

// primary finds the places whose figure would tell too much by itself.
func (c *calendar) primary(ctx context.Context, w *transform.Warehouse, ind *Indicator, over window) (map[spot]bool, error) {
	rows, err := w.QueryContext(ctx, ind.holdersQuery(over))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	of, modalites := map[spot]holders{}, map[string]bool{}
	for rows.Next() {
		var key spot
		var h holders
		var largest, sum any
		if err := rows.Scan(&key.territory, &key.period, &key.modalite, &h.count, &largest, &sum); err != nil {
			return nil, err
		}
		var ok, too bool
		h.largest, ok = mantissa(largest)
		h.sum, too = mantissa(sum)
		if !ok || !too {
			return nil, fmt.Errorf("amounts are %T and %T", largest, sum)
		}
		of[key], modalites[key.modalite] = h, true
	}
	found := map[spot]bool{}
	for key, h := range of {
		if h.tooFew(ind.Secret) {
			found[key] = true
		}
	}
	if !ind.Programme {
		return found, rows.Err()
	}
	for set, territories := range c.sets(slices.Collect(maps.Keys(modalites))) {
		all, taken := nobody, false
		for key := range territories {
			if h, some := of[key]; some && ind.taken(c.rested(ind, over, key)) {
				all, taken = all.and(h), true
			}
		}
		if taken && all.tooFew(ind.Secret) {
			found[set] = true
		}
	}
	return found, rows.Err()
}
