package indicators

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// protectedWidth is how wide, in units of what is counted, the range must be that published totals leave
// to a hidden cell; it must also reach as far as that from zero.
const protectedWidth = 5

// cellTable is a table of counts with totals. Cells and totals alike have a place in cells; a total says
// which places add up to it.
type cellTable struct {
	cells  []float64 // counts, not negative
	totals []total
}

// total says that cells[sum] is the sum of cells[parts].
type total struct {
	sum   int
	parts []int
}

// unknowns is what is left to find out of a table of which some cells are hidden.
type unknowns struct {
	column map[int]int // of each hidden cell in the equations
	rows   [][]float64 // reduced equations: coefficients of the hidden cells, then the constant
}

func (t *cellTable) unknowns(hidden map[int]bool) *unknowns {
	u := &unknowns{column: map[int]int{}}
	for i, place := range slices.Sorted(maps.Keys(hidden)) {
		u.column[place] = i
	}
	constant := len(hidden)
	for _, total := range t.totals {
		row, says := make([]float64, constant+1), false
		add := func(place int, factor float64) {
			if i, unknown := u.column[place]; unknown {
				row[i] += factor
				says = true
			} else {
				row[constant] -= factor * t.cells[place]
			}
		}
		add(total.sum, -1)
		for _, part := range total.parts {
			add(part, 1)
		}
		if says {
			u.rows = append(u.rows, row)
		}
	}
	u.rows = reduce(u.rows)
	return u
}

// bounds returns the least and the greatest value that a hidden cell may have for whoever knows the cells
// that are not hidden, the totals, and that no count is negative: two linear programs over the hidden
// cells. A cell without a total has no upper bound: +Inf.
func (u *unknowns) bounds(cell int) (low, high float64, err error) {
	column := u.column[cell]
	rows := linked(u.rows, column)
	if len(rows) == 0 { // no total speaks of it
		return 0, math.Inf(1), nil
	}
	constant := len(rows[0]) - 1
	if len(rows) == 1 && !slices.ContainsFunc(rows[0][:constant], func(factor float64) bool { return factor < 0 }) {
		high = rows[0][constant] / rows[0][column]
		for i, factor := range rows[0][:constant] {
			if i != column && factor != 0 { // what another may take
				return 0, high, nil
			}
		}
		return high, high, nil
	}
	if low, err = optimum(rows, column, 1); err != nil {
		return 0, 0, err
	}
	high, err = optimum(rows, column, -1)
	return low, -high, err
}

// linked keeps the equations that speak of an unknown, and those that share unknowns with them.
func linked(rows [][]float64, column int) [][]float64 {
	var kept [][]float64
	known := map[int]bool{}
	for open := []int{column}; len(open) > 0; open = open[1:] {
		for i, row := range rows {
			if known[i] || row[open[0]] == 0 {
				continue
			}
			known[i] = true
			kept = append(kept, row)
			for j, factor := range row[:len(row)-1] {
				if factor != 0 {
					open = append(open, j)
				}
			}
		}
	}
	return kept
}

// optimum minimises sign × the unknown of a column under equations that all hold it, if not directly.
func optimum(rows [][]float64, column int, sign float64) (float64, error) {
	// The unknowns that no equation holds are left out: the program wants no column of zeros.
	var used []int
	for i := range rows[0][:len(rows[0])-1] {
		if slices.ContainsFunc(rows, func(row []float64) bool { return row[i] != 0 }) {
			used = append(used, i)
		}
	}
	a, b := mat.NewDense(len(rows), len(used), nil), make([]float64, len(rows))
	c := make([]float64, len(used))
	for i, row := range rows {
		for j, k := range used {
			a.Set(i, j, row[k])
		}
		b[i] = row[len(row)-1]
	}
	c[slices.Index(used, column)] = sign
	value, _, err := lp.Simplex(c, a, b, 1e-9, nil)
	switch {
	case errors.Is(err, lp.ErrUnbounded):
		return math.Inf(-1), nil
	case err != nil:
		return 0, fmt.Errorf("bounds of a hidden cell: %w", err)
	}
	return value, nil
}

// reduce brings equations with whole coefficients to echelon form, without those that say nothing.
func reduce(rows [][]float64) [][]float64 {
	const zero = 1e-9
	rank := 0
	for column := 0; len(rows) > 0 && column < len(rows[0])-1 && rank < len(rows); column++ {
		pivot := rank
		for i := rank; i < len(rows); i++ {
			if math.Abs(rows[i][column]) > math.Abs(rows[pivot][column]) {
				pivot = i
			}
		}
		if math.Abs(rows[pivot][column]) < zero {
			continue
		}
		rows[rank], rows[pivot] = rows[pivot], rows[rank]
		for i := range rows {
			if i == rank || rows[i][column] == 0 {
				continue
			}
			factor := rows[i][column] / rows[rank][column]
			for j := range rows[i] {
				if rows[i][j] -= factor * rows[rank][j]; math.Abs(rows[i][j]) < zero {
					rows[i][j] = 0
				}
			}
		}
		rank++
	}
	return rows[:rank]
}

// exposed reports whether a hidden cell can be told too closely: within less than protectedWidth, or to be less than that.
func (u *unknowns) exposed(cell int) (bool, error) {
	low, high, err := u.bounds(cell)
	return high-low < protectedWidth-1e-6 || high < protectedWidth-1e-6, err
}

// exposed returns the cells among some hidden ones that can be told too closely.
func (t *cellTable) exposed(hidden map[int]bool, among []int) ([]int, error) {
	var found []int
	u := t.unknowns(hidden)
	for _, cell := range among {
		exposed, err := u.exposed(cell)
		if err != nil {
			return nil, err
		}
		if exposed {
			found = append(found, cell)
		}
	}
	return found, nil
}

// searched is how many candidates are tried in every combination: as many as a table of four by four has.
const searched = 14

// complete adds to hidden cells the fewest others, of those the ones with the smallest sum, that keep the
// protected ones of every table from being told too closely. The tables have the same places. It reports
// false when not even all of the candidates would do.
//
// The problem is that of complementary cell suppression: Hundepool et al. 2012, ch. 4. Every set of a size
// is tried before the next size, which is exact while there are few candidates and four are enough. Of many,
// the smallest that are not zero are tried so, with the totals; then as many as it takes, in that order.
func complete(tables []*cellTable, hidden map[int]bool, protected, candidates []int) (added []int, ok bool, err error) {
	safe := func(extra []int) (bool, error) {
		all := maps.Clone(hidden)
		for _, place := range extra {
			all[place] = true
		}
		for _, table := range tables {
			found, err := table.exposed(all, protected)
			if err != nil || len(found) > 0 {
				return false, err
			}
		}
		return true, nil
	}
	counts := tables[0].cells
	isTotal := func(place int) bool {
		return slices.ContainsFunc(tables[0].totals, func(t total) bool { return t.sum == place })
	}
	rank := func(place int) int { // territories with something in them, totals, empty territories
		switch {
		case isTotal(place):
			return 1
		case counts[place] == 0:
			return 2
		}
		return 0
	}
	candidates = slices.Clone(candidates)
	slices.SortStableFunc(candidates, func(a, b int) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(counts[a], counts[b]))
	})
	tried, atMost := candidates, min(len(candidates), 4)
	if len(candidates) > searched {
		cells := slices.IndexFunc(append(slices.Clone(candidates), -1), func(place int) bool { return place < 0 || rank(place) > 0 })
		others := candidates[cells:]
		tried = slices.Concat(candidates[:min(cells, searched-4)], others[:min(len(others), 4)])
		atMost = 2
	}
	for size := range atMost + 1 {
		for _, set := range bySum(tried, size, counts) {
			if ok, err := safe(set); ok || err != nil {
				return set, ok, err
			}
		}
	}
	// The more is hidden the wider the bounds, so the shortest beginning that will do can be halved for.
	n := sort.Search(len(candidates), func(n int) bool {
		enough, failed := safe(candidates[:n+1])
		if failed != nil {
			err = failed
		}
		return enough
	})
	if err != nil || n == len(candidates) {
		return nil, false, err
	}
	return candidates[:n+1], true, nil
}

// bySum lists the subsets of a size, the smallest sum of counts first, in the order of the candidates at
// equal sums.
func bySum(candidates []int, size int, counts []float64) [][]int {
	var sets [][]int
	var sums []float64
	var choose func(from int, set []int, sum float64)
	choose = func(from int, set []int, sum float64) {
		if len(set) == size {
			sets, sums = append(sets, slices.Clone(set)), append(sums, sum)
			return
		}
		for i := from; i < len(candidates); i++ {
			choose(i+1, append(set, candidates[i]), sum+counts[candidates[i]])
		}
	}
	choose(0, nil, 0)
	order := make([]int, len(sets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(sums[i], sums[j]) })
	sorted := make([][]int, len(sets))
	for i, o := range order {
		sorted[i] = sets[o]
	}
	return sorted
}
