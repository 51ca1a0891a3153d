package indicators

import "database/sql"

// PositiveWeights returns how large a part of the triangle of weights {w ≥ 0, w1 + w2 + w3 = 1} gives
// Σ w_f Δ_f > 0: 1 when whoever weighs the three dimensions finds progress, 0 when nobody does. It says
// how far a conclusion rests on what counts for the one who draws it, and is no score: it does not grow
// with the Δ, only with their agreement.
//
// The Δ are in any one unit. Where they have two signs, the line Σ wΔ = 0 cuts off the triangle at the
// corner of the one sign that stands alone, a, against b and c. It crosses the two sides that meet there
// at the parts a/(a−b) and a/(a−c) of their length, so the corner's exact area is
//
//	a/(a−b) · a/(a−c)
//
// of the triangle's. A Δ of 0 goes with either sign. Undefined when all three are 0, and for NaN or Inf.
func PositiveWeights(deltas [3]float64) sql.Null[float64] {
	positive, negative := 0, 0
	for _, d := range deltas {
		switch {
		case d > 0:
			positive++
		case d < 0:
			negative++
		case d != 0: // NaN
			return sql.Null[float64]{}
		}
		if d-d != 0 { // infinite
			return sql.Null[float64]{}
		}
	}
	switch {
	case positive == 0 && negative == 0:
		return sql.Null[float64]{}
	case negative == 0:
		return defined(1)
	case positive == 0:
		return defined(0)
	case positive == 1:
		return defined(cornerArea(deltas, 1))
	default:
		return defined(1 - cornerArea(deltas, -1))
	}
}

// cornerArea is the part of the triangle on the side of the one Δ of that sign.
func cornerArea(deltas [3]float64, sign float64) float64 {
	area := 1.0
	for alone, a := range deltas {
		if a*sign <= 0 {
			continue
		}
		for i, other := range deltas {
			if i != alone {
				area *= 1 / (1 - other/a)
			}
		}
	}
	return area
}

// weighed is Σ w_f Δ_f, of which only the sign is ever told.
func weighed(weights, deltas [3]float64) float64 {
	return weights[0]*deltas[0] + weights[1]*deltas[1] + weights[2]*deltas[2]
}
