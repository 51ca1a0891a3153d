package indicators

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestPositiveWeights(t *testing.T) {
	tests := []struct {
		name   string
		deltas [3]float64
		want   float64
	}{
		{"all forward", [3]float64{0.1, 0.2, 0.3}, 1},
		{"all back", [3]float64{-0.1, -0.2, -0.3}, 0},
		{"one forward, the others still", [3]float64{0.1, 0, 0}, 1},
		{"one back, the others still", [3]float64{0, 0, -0.1}, 0},
		// The line through the middles of two sides leaves a corner of a quarter.
		{"one back, by as much as the others are forward", [3]float64{0.2, 0.2, -0.2}, 0.75},
		{"one forward, by as much as the others are back", [3]float64{-0.2, 0.2, -0.2}, 0.25},
		// The line from a corner to the middle of the side opposite.
		{"one forward, one back, one still", [3]float64{0.2, 0, -0.2}, 0.5},
		{"one still, the line at a third", [3]float64{0.1, -0.2, 0}, 1.0 / 3},
		// 0.3/(0.3+0.1) · 0.3/(0.3+0.2)
		{"one forward", [3]float64{0.3, -0.1, -0.2}, 0.75 * 0.6},
		{"very unequal", [3]float64{1e-200, -1e200, -1}, 0},
	}
	for _, test := range tests {
		checkWithin(t, test.name, PositiveWeights(test.deltas), defined(test.want), 1e-15)
	}
	for _, deltas := range [][3]float64{{}, {math.NaN(), 1, 1}, {1, math.Inf(1), 0}, {math.Inf(-1), -1, 0}} {
		checkWithin(t, "undefined", PositiveWeights(deltas), undefined, 0)
	}
}

func drawDeltas(t *rapid.T) [3]float64 {
	var d [3]float64
	for i := range d {
		d[i] = rapid.Float64Range(-1, 1).Draw(t, "delta")
	}
	return d
}

// The area agrees with that of the triangle clipped corner by corner.
func TestPositiveWeightsByClipping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deltas := drawDeltas(t)
		if deltas == [3]float64{} {
			return
		}
		checkWithin(t, "area", PositiveWeights(deltas), defined(clippedArea(deltas)), 1e-9)
	})
}

// clippedArea is Sutherland and Hodgman's clipping of the triangle by the half-plane, and the area by the shoelace.
func clippedArea(deltas [3]float64) float64 {
	corners := [3][2]float64{{0, 0}, {1, 0}, {0, 1}}
	var kept [][2]float64
	for i, a := range corners {
		j := (i + 1) % 3
		b := corners[j]
		if deltas[i] >= 0 {
			kept = append(kept, a)
		}
		if deltas[i]*deltas[j] < 0 || deltas[i] != 0 && deltas[j] != 0 && (deltas[i] > 0) != (deltas[j] > 0) {
			part := deltas[i] / (deltas[i] - deltas[j])
			kept = append(kept, [2]float64{a[0] + part*(b[0]-a[0]), a[1] + part*(b[1]-a[1])})
		}
	}
	twice := 0.0
	for i, a := range kept {
		b := kept[(i+1)%len(kept)]
		twice += a[0]*b[1] - a[1]*b[0]
	}
	return twice // of a triangle whose double area is 1
}

func TestPositiveWeightsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDeltas(t)
		got := PositiveWeights(d)
		if !got.Valid {
			if d != ([3]float64{}) {
				t.Errorf("undefined for %v", d)
			}
			return
		}
		if got.V < 0 || got.V > 1 {
			t.Errorf("%v for %v", got.V, d)
		}
		checkWithin(t, "turned", PositiveWeights([3]float64{d[1], d[2], d[0]}), got, 1e-12)
		checkWithin(t, "mirrored", PositiveWeights([3]float64{-d[0], -d[1], -d[2]}), defined(1-got.V), 1e-12)
		checkWithin(t, "in another unit", PositiveWeights([3]float64{8 * d[0], 8 * d[1], 8 * d[2]}), got, 1e-12)
		better := PositiveWeights([3]float64{d[0] + rapid.Float64Range(0, 1).Draw(t, "more"), d[1], d[2]})
		if better.Valid && better.V < got.V-1e-12 {
			t.Errorf("progress lowers %v to %v", got.V, better.V)
		}
	})
}

// The exact part agrees with a million drawn weights, within a tenth of a point.
func TestPositiveWeightsByDrawing(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty million draws")
	}
	random := rand.New(rand.NewPCG(11, 2026))
	const draws = 1_000_000
	for range 20 {
		var deltas [3]float64
		for i := range deltas {
			deltas[i] = 2*random.Float64() - 1
		}
		positive := 0
		for range draws {
			a, b := random.Float64(), random.Float64() // two cuts of a stick: uniform on the triangle
			if a > b {
				a, b = b, a
			}
			if weighed([3]float64{a, b - a, 1 - b}, deltas) > 0 {
				positive++
			}
		}
		checkWithin(t, "part", PositiveWeights(deltas), defined(float64(positive)/draws), 0.001)
	}
}
