package indicators

import (
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
	"pgregory.net/rapid"
)

// margins adds to the cells of a table with rows and columns their totals and the grand total.
func margins(counts [][]float64) *cellTable {
	t := &cellTable{}
	rows, columns := len(counts), len(counts[0])
	for _, row := range counts {
		t.cells = append(t.cells, row...)
	}
	add := func(parts []int) int {
		sum := 0.0
		for _, part := range parts {
			sum += t.cells[part]
		}
		t.cells = append(t.cells, sum)
		t.totals = append(t.totals, total{len(t.cells) - 1, parts})
		return len(t.cells) - 1
	}
	var ofRows []int
	for i := range rows {
		var parts []int
		for j := range columns {
			parts = append(parts, i*columns+j)
		}
		ofRows = append(ofRows, add(parts))
	}
	for j := range columns {
		var parts []int
		for i := range rows {
			parts = append(parts, i*columns+j)
		}
		add(parts)
	}
	add(ofRows)
	return t
}

// TestSuppressionVectors hides the fewest cells of the published table of four by four.
func TestSuppressionVectors(t *testing.T) {
	eachVector(t, "15_sdc", func(t *testing.T, inputs []row) estimates {
		counts := make([][]float64, 4)
		var primary []int
		hidden := map[int]bool{}
		for _, in := range inputs {
			i, j := in.integer(t, "row")-1, in.integer(t, "col")-1
			counts[i] = append(counts[i], in.number(t, "n"))
			if n := in.integer(t, "n"); 0 < n && n < 5 {
				primary = append(primary, 4*i+j)
				hidden[4*i+j] = true
			}
		}
		table := margins(counts)
		var candidates []int
		for place := range 16 {
			if !hidden[place] {
				candidates = append(candidates, place)
			}
		}
		got := estimates{"primary_r1c2": defined(table.cells[1]), "primary_r3c4": defined(table.cells[11])}
		exact := 0
		for _, cell := range primary {
			if low, high, err := table.unknowns(hidden).bounds(cell); err != nil {
				t.Fatal(err)
			} else if high-low < 1e-6 {
				exact++
			}
		}
		got["naive_audit_exact_disclosure"] = defined(float64(exact))
		added, ok, err := complete([]*cellTable{table}, hidden, primary, candidates, table.cells)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		sum := 0.0
		for _, place := range added {
			sum += table.cells[place]
			hidden[place] = true
		}
		got["min_secondary_cells"], got["min_secondary_sum_n"] = defined(float64(len(added))), defined(sum)
		for place, name := range map[int]string{1: "r1c2", 11: "r3c4", 9: "r3c2", 3: "r1c4"} {
			low, high, err := table.unknowns(hidden).bounds(place)
			if err != nil {
				t.Fatal(err)
			}
			got["audit_lo_"+name], got["audit_hi_"+name] = defined(math.Round(low*1e6)/1e6), defined(math.Round(high*1e6)/1e6)
		}
		return got
	}, "n_optimal_sets_with_that_sum")
}

// Whatever the table, what is hidden keeps its true value within its bounds, and the bounds of a table of
// one total are those of subtraction.
func TestBoundsHoldTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := rapid.IntRange(1, 3).Draw(t, "rows"), rapid.IntRange(2, 4).Draw(t, "columns")
		counts := make([][]float64, rows)
		for i := range counts {
			for range columns {
				counts[i] = append(counts[i], float64(rapid.IntRange(0, 20).Draw(t, "n")))
			}
		}
		table := margins(counts)
		hidden := map[int]bool{}
		for place := range table.cells {
			if rapid.Bool().Draw(t, "hidden") {
				hidden[place] = true
			}
		}
		for place := range hidden {
			low, high, err := table.unknowns(hidden).bounds(place)
			if err != nil {
				t.Fatal(err)
			}
			if least, greatest := extremes(t, table, hidden, place); math.Abs(least-low) > 1e-6 || math.Abs(greatest-high) > 1e-6 && !math.IsInf(greatest, 1) || math.IsInf(greatest, 1) != math.IsInf(high, 1) {
				t.Fatalf("cell %d is within %v and %v, want %v and %v", place, low, high, least, greatest)
			}
			if table.cells[place] < low-1e-6 || table.cells[place] > high+1e-6 {
				t.Fatalf("cell %d is %v, bounds %v to %v", place, table.cells[place], low, high)
			}
		}
		single := margins(counts[:1])
		unknown := map[int]bool{0: true, 1: true}
		rest := single.cells[0] + single.cells[1]
		if low, high, err := (&cellTable{single.cells, single.totals[:1]}).unknowns(unknown).bounds(0); err != nil || math.Abs(low) > 1e-6 || math.Abs(high-rest) > 1e-6 {
			t.Fatalf("of a sum of %v one part is within %v and %v (%v)", rest, low, high, err)
		}
	})
}

// extremes are the bounds of a hidden cell that another implementation of the simplex method gives.
func extremes(t rapid.TB, table *cellTable, hidden map[int]bool, cell int) (least, greatest float64) {
	places := slices.Sorted(maps.Keys(hidden))
	var rows [][]float64
	for _, total := range table.totals {
		row := make([]float64, len(places)+1)
		for _, place := range total.places() {
			factor := 1.0
			if place == total.sum {
				factor = -1
			}
			if i, unknown := slices.BinarySearch(places, place); unknown {
				row[i] += factor
			} else {
				row[len(places)] -= factor * table.cells[place]
			}
		}
		rows = append(rows, row)
	}
	rows = reduce(rows) // it wants no equation twice, and none without an unknown
	optimum := func(sign float64) float64 {
		kept := linked(rows, slices.Index(places, cell))
		if len(kept) == 0 {
			return map[bool]float64{true: 0, false: math.Inf(-1)}[sign > 0]
		}
		var c, a, b []float64
		for i, place := range places {
			if !slices.ContainsFunc(kept, func(row []float64) bool { return row[i] != 0 }) {
				continue
			}
			c = append(c, 0)
			if place == cell {
				c[len(c)-1] = sign
			}
			for _, row := range kept {
				a = append(a, row[i])
			}
		}
		for _, row := range kept {
			b = append(b, row[len(places)])
		}
		value, _, err := lp.Simplex(c, mat.DenseCopyOf(mat.NewDense(len(c), len(b), a).T()), b, 1e-9, nil)
		if errors.Is(err, lp.ErrUnbounded) {
			return math.Inf(-1)
		}
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	return optimum(1), -optimum(-1)
}

// A union of territories minus another tells what neither tells alone.
func TestUnionsAreSeenThrough(t *testing.T) {
	// places: a b c d, their total, the union of a b c, the union of b c
	table := &cellTable{cells: []float64{3, 8, 9, 10, 30, 20, 17}, totals: []total{{4, []int{0, 1, 2, 3}}, {5, []int{0, 1, 2}}, {6, []int{1, 2}}}}
	hidden := map[int]bool{0: true, 1: true, 2: true}
	if low, high, err := table.unknowns(hidden).bounds(0); err != nil || math.Abs(low-3) > 1e-6 || math.Abs(high-3) > 1e-6 {
		t.Errorf("the difference of two unions is a: within %v and %v (%v), want 3 and 3", low, high, err)
	}
	added, ok, err := complete([]*cellTable{table}, map[int]bool{0: true}, []int{0}, []int{1, 2, 3, 4, 5, 6}, table.cells)
	if err != nil || !ok || len(added) == 0 {
		t.Fatal(added, ok, err)
	}
	all := map[int]bool{0: true}
	for _, place := range added {
		all[place] = true
	}
	if exposed, err := table.exposed(all, []int{0}); err != nil || exposed {
		t.Errorf("with %v hidden too, it is exposed (%v)", added, err)
	}
	for size := range len(added) { // no smaller set would do
		for _, set := range bySum([]int{1, 2, 3, 4, 5, 6}, size, table.cells) {
			fewer := map[int]bool{0: true}
			for _, place := range set {
				fewer[place] = true
			}
			if exposed, err := table.exposed(fewer, []int{0}); err == nil && !exposed {
				t.Errorf("%v would have been enough, not %v", set, added)
			}
		}
	}
}
