package indicators

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"slices"
	"sort"
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

// places are all that a total speaks of.
func (t total) places() []int { return append(slices.Clone(t.parts), t.sum) }

// unknowns is what is left to find out of a table of which some cells are hidden.
type unknowns struct {
	column   map[int]int      // of each hidden cell in the equations
	rows     [][]float64      // reduced equations: coefficients of the hidden cells, then the constant
	programs map[int]*program // by column
}

func (t *cellTable) unknowns(hidden map[int]bool) *unknowns {
	u := &unknowns{column: map[int]int{}, programs: map[int]*program{}}
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
	if u.programs[column] == nil {
		rows := linked(u.rows, column)
		if len(rows) == 0 { // no total speaks of it
			return 0, math.Inf(1), nil
		}
		p := newProgram(rows)
		for i := range p.column {
			u.programs[i] = p
		}
	}
	p := u.programs[column]
	if p.err != nil {
		return 0, 0, p.err
	}
	return p.optimum(column, 1), -p.optimum(column, -1), nil
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

// errInfeasible says that no counts solve the equations.
var errInfeasible = errors.New("no counts add up")

// almostZero is what is left of nothing after sums and differences of counts.
const almostZero = 1e-9

// program is equations that share unknowns, and one solution: all unknowns are zero but the basis, of which each has an
// equation of its own and is its constant. The simplex method goes from one solution to the next, by Bland's rule.
type program struct {
	column map[int]int // of each unknown, by its column in the equations that it was made of
	rows   [][]float64
	basis  []int
	err    error
}

// newProgram takes reduced equations that all hold each other's unknowns, if not directly.
func newProgram(reduced [][]float64) *program {
	p := &program{column: map[int]int{}}
	var used []int
	for i := range reduced[0][:len(reduced[0])-1] {
		if slices.ContainsFunc(reduced, func(row []float64) bool { return row[i] != 0 }) {
			p.column[i] = len(used)
			used = append(used, i)
		}
	}
	cost := make([]float64, len(used)+1) // of what the equations lack, as long as their constants would be negative
	for _, from := range reduced {
		row := make([]float64, 0, len(used)+1)
		for _, i := range used {
			row = append(row, from[i])
		}
		row = append(row, from[len(from)-1])
		basis := slices.IndexFunc(row, func(factor float64) bool { return factor != 0 })
		scale(row, 1/row[basis])
		if row[len(used)] < 0 {
			scale(row, -1)
			subtract(cost, row, 1)
			basis = -1
		}
		p.rows, p.basis = append(p.rows, row), append(p.basis, basis)
	}
	p.minimize(cost)
	if cost[len(used)] < -1e-6 {
		p.err = errInfeasible
		return p
	}
	for i, row := range p.rows {
		if column := slices.IndexFunc(row[:len(used)], func(factor float64) bool { return factor != 0 }); p.basis[i] < 0 && column >= 0 {
			p.pivot(i, column, cost)
		}
	}
	return p
}

// optimum minimises sign × an unknown.
func (p *program) optimum(of int, sign float64) float64 {
	column := p.column[of]
	cost := make([]float64, len(p.rows[0]))
	cost[column] = sign
	if i := slices.Index(p.basis, column); i >= 0 {
		subtract(cost, p.rows[i], sign)
	}
	if !p.minimize(cost) {
		return math.Inf(-1)
	}
	return -cost[len(cost)-1]
}

// minimize makes a cost least, and reports whether there is a least. Of the cost there is what it grows by with each
// unknown that is not in the basis, and last what it is, negative.
func (p *program) minimize(cost []float64) bool {
	for {
		column := slices.IndexFunc(cost[:len(cost)-1], func(factor float64) bool { return factor < 0 })
		if column < 0 {
			return true
		}
		leaves, least := -1, math.Inf(1)
		for i, row := range p.rows {
			if row[column] <= 0 {
				continue
			}
			ratio := row[len(row)-1] / row[column]
			if leaves < 0 || ratio < least-almostZero || ratio < least+almostZero && p.basis[i] < p.basis[leaves] {
				leaves, least = i, ratio
			}
		}
		if leaves < 0 {
			return false
		}
		p.pivot(leaves, column, cost)
	}
}

// pivot puts an unknown in the basis, in the place of another.
func (p *program) pivot(at, column int, cost []float64) {
	p.basis[at] = column
	scale(p.rows[at], 1/p.rows[at][column])
	for i, row := range p.rows {
		if i != at {
			subtract(row, p.rows[at], row[column])
		}
	}
	subtract(cost, p.rows[at], cost[column])
}

func scale(row []float64, factor float64) {
	for i := range row {
		row[i] *= factor
	}
}

// subtract takes a multiple of another row from a row.
func subtract(row, other []float64, factor float64) {
	if factor == 0 {
		return
	}
	for i := range row {
		if row[i] -= factor * other[i]; math.Abs(row[i]) < almostZero {
			row[i] = 0
		}
	}
}

// reduce brings equations with whole coefficients to echelon form, without those that say nothing.
func reduce(rows [][]float64) [][]float64 {
	rank := 0
	for column := 0; len(rows) > 0 && column < len(rows[0])-1 && rank < len(rows); column++ {
		pivot := rank
		for i := rank; i < len(rows); i++ {
			if math.Abs(rows[i][column]) > math.Abs(rows[pivot][column]) {
				pivot = i
			}
		}
		if rows[pivot][column] == 0 {
			continue
		}
		rows[rank], rows[pivot] = rows[pivot], rows[rank]
		for i, row := range rows {
			if i != rank {
				subtract(row, rows[rank], row[column]/rows[rank][column])
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

// exposed reports whether any of some hidden cells can be told too closely.
func (t *cellTable) exposed(hidden map[int]bool, cells []int) (bool, error) {
	u := t.unknowns(hidden)
	for _, cell := range cells {
		if exposed, err := u.exposed(cell); exposed || err != nil {
			return exposed, err
		}
	}
	return false, nil
}

// searched is how many candidates are tried in every combination: as many as a table of four by four has.
const searched = 14

// complete adds to hidden cells the fewest others, of those the ones with the smallest sum of costs, that keep the
// protected ones of every table from being told too closely. The tables have the same places. It reports
// false when not even all of the candidates would do.
//
// The problem is that of complementary cell suppression: Hundepool et al. 2012, ch. 4. Every set of a size
// is tried before the next size, which is exact while there are few candidates and four are enough. Of many,
// the smallest that are not zero are tried so, with the totals; then as many as it takes, totals first.
func complete(tables []*cellTable, hidden map[int]bool, protected, candidates []int, cost []float64) (added []int, ok bool, err error) {
	safe := func(extra []int) (bool, error) {
		all := maps.Clone(hidden)
		for _, place := range extra {
			all[place] = true
		}
		for _, table := range tables {
			if exposed, err := table.exposed(all, protected); exposed || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	isTotal := func(place int) bool {
		return slices.ContainsFunc(tables[0].totals, func(t total) bool { return t.sum == place })
	}
	rank := func(place int) int { // territories with something in them, totals, empty territories
		switch {
		case isTotal(place):
			return 1
		case cost[place] == 0:
			return 2
		}
		return 0
	}
	candidates = slices.Clone(candidates)
	slices.SortStableFunc(candidates, func(a, b int) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(cost[a], cost[b]))
	})
	tried, atMost := candidates, min(len(candidates), 4)
	if len(candidates) > searched {
		cells := slices.IndexFunc(append(slices.Clone(candidates), -1), func(place int) bool { return place < 0 || rank(place) > 0 })
		others := candidates[cells:]
		tried = slices.Concat(candidates[:min(cells, searched-4)], others[:min(len(others), 4)])
		atMost = 2
		candidates = slices.Concat(others, candidates[:cells])
	}
	for size := range atMost + 1 {
		for _, set := range bySum(tried, size, cost) {
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

// bySum lists the subsets of a size, the smallest sum of costs first, in the order of the candidates at
// equal sums.
func bySum(candidates []int, size int, cost []float64) [][]int {
	var sets [][]int
	var sums []float64
	var choose func(from int, set []int, sum float64)
	choose = func(from int, set []int, sum float64) {
		if len(set) == size {
			sets, sums = append(sets, slices.Clone(set)), append(sums, sum)
			return
		}
		for i := from; i < len(candidates); i++ {
			choose(i+1, append(set, candidates[i]), sum+cost[candidates[i]])
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
