package indicators

import (
	"database/sql"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// PlaceShare is the share of one place among others that it is compared with.
type PlaceShare struct {
	Numerator, Denominator float64 // of the share, 0 ≤ numerator ≤ denominator
	// N is how many independent answers the share rests on. It may be less than the denominator: a share
	// of views has the number of declarants as N.
	N int
}

// value is the share, undefined for a denominator of 0.
func (p PlaceShare) value() sql.Null[float64] { return ratio(p.Numerator, p.Denominator) }

// compared reports whether the place has a share and answers that it rests on.
func (p PlaceShare) compared() bool {
	return p.N > 0 && p.Denominator > 0 && p.Numerator >= 0 && p.Numerator <= p.Denominator
}

// Funnel tells how far from the share of all places taken together a place may stand by chance alone,
// given how many answers it has. It ranks nothing: a place is within the limits, or it is worth a question.
type Funnel struct {
	// Pooled is p0 = Σ numerators / Σ denominators, the share that all places would have together.
	Pooled sql.Null[float64]
	// Overdispersion is φ, how much more the places differ than chance alone makes them: the mean of the
	// winsorised z². About 1 when they differ by chance alone. Undefined for fewer than five places, and
	// for p0 = 0 or 1, where they do not differ at all.
	Overdispersion sql.Null[float64]
}

const (
	// minimumDispersed is the least number of places from which φ is estimated.
	minimumDispersed = 5
	// winsorised is the share of the z at each end that are drawn in, so that one odd place does not widen
	// the limits which are to show it.
	winsorised = 0.1
)

// NewFunnel makes the funnel of some places, with
//
//	z_i = (p_i − p0) / √(p0(1−p0)/n_i),  φ = mean of w_i²
//
// where w_i is z_i drawn in to the 10 % and 90 % quantiles of the z (type 7: linear between the ordered
// values). Places without an answer are left out.
//
// Spiegelhalter 2005, Funnel plots for comparing institutional performance, for the funnel, the
// winsorised φ and their use together.
func NewFunnel(places []PlaceShare) Funnel {
	places = slices.DeleteFunc(slices.Clone(places), func(p PlaceShare) bool { return !p.compared() })
	numerator, denominator := 0.0, 0.0
	for _, p := range places {
		numerator += p.Numerator
		denominator += p.Denominator
	}
	f := Funnel{Pooled: ratio(numerator, denominator)}
	if len(places) < minimumDispersed || !f.spreads() {
		return f
	}
	scores := slices.Sorted(slices.Values(f.scores(places))) // and summed so, whatever the places' order
	low, high := quantile(scores, winsorised), quantile(scores, 1-winsorised)
	squares := 0.0
	for _, z := range scores {
		drawn := max(low, min(z, high))
		squares += drawn * drawn
	}
	f.Overdispersion = defined(squares / float64(len(scores)))
	return f
}

// spreads is false when chance cannot make places differ.
func (f Funnel) spreads() bool { return f.Pooled.Valid && f.Pooled.V > 0 && f.Pooled.V < 1 }

// scores are the places' z.
func (f Funnel) scores(places []PlaceShare) []float64 {
	scores := make([]float64, len(places))
	for i, p := range places {
		scores[i] = (p.value().V - f.Pooled.V) / math.Sqrt(f.Pooled.V*(1-f.Pooled.V)/float64(p.N))
	}
	return scores
}

// Limits returns the shares between which a place of n answers stands with at least the probability
// level, 0.95 or 0.998, if it differs from p0 by chance alone: the exact binomial limits
//
//	q(α/2)/n, q(1−α/2)/n,  α = 1 − level,  q(a) = the least x with P(X ≤ x) ≥ a, X ~ Binomial(n, p0)
//
// without interpolation between the two counts that a smooth curve would pass between: a share on the
// limit is inside, and where n p0 is next to nothing both limits are 0: one success is too many.
// Where φ > 1 both distances from p0 are multiplied by √φ, within [0, 1].
// Undefined for n ≤ 0, without p0, and for p0 = 0 or 1.
//
// Spiegelhalter 2005, appendix, for the exact limits.
func (f Funnel) Limits(n int, level float64) Interval {
	if !f.spreads() || n <= 0 {
		return Interval{}
	}
	p0, tail := f.Pooled.V, (1-level)/2
	wider := 1.0
	if f.Overdispersion.Valid && f.Overdispersion.V > 1 {
		wider = math.Sqrt(f.Overdispersion.V)
	}
	limit := func(probability float64) sql.Null[float64] {
		share := float64(binomialQuantile(n, p0, probability)) / float64(n)
		return defined(max(0, min(1, share+(wider-1)*(share-p0))))
	}
	return Interval{limit(tail), limit(1 - tail)}
}

// binomialQuantile is the least x with P(X ≤ x) ≥ probability. The slack takes for equal what
// rounding alone makes less.
func binomialQuantile(n int, p, probability float64) int {
	const slack = 1e-12
	b := distuv.Binomial{N: float64(n), P: p}
	return sort.Search(n, func(x int) bool { return b.CDF(float64(x)) >= probability-slack })
}

// quantile is that of ordered values by linear interpolation, type 7 of Hyndman and Fan.
func quantile(ordered []float64, probability float64) float64 {
	at := probability * float64(len(ordered)-1)
	below := int(at)
	if below+1 >= len(ordered) {
		return ordered[len(ordered)-1]
	}
	return ordered[below] + (at-float64(below))*(ordered[below+1]-ordered[below])
}

// Region says between which positions a place stands, 1 being the highest share, when all that is not
// sure is left open.
type Region struct{ Best, Worst int }

// JointRegions returns, in the order of the places, the positions that each of the I places may have:
//
//	best_i = 1 + #{j: lower_j > upper_i},  worst_i = I − #{j: upper_j < lower_i}
//
// on Wilson's intervals at the Šidák level 0.95^(1/I), so that all of the regions hold together with a
// confidence of 95 %. A place without an answer has no interval and so the region 1 to I.
// The regions of small places are wide, mostly 1 to I: that is what is known of their order.
//
// Klein, Wright & Wieczorek 2020, A joint confidence region for an overall ranking of populations;
// Šidák 1967 for the level.
func JointRegions(places []PlaceShare) []Region {
	z := math.Sqrt2 * math.Erfinv(math.Pow(0.95, 1/float64(len(places))))
	intervals := make([]Interval, len(places))
	for i, p := range places {
		if p.compared() {
			intervals[i] = wilson(p.value().V, float64(p.N), z)
		}
	}
	regions := make([]Region, len(places))
	for i, own := range intervals {
		regions[i] = Region{1, len(places)}
		for _, other := range intervals {
			if !own.Low.Valid || !other.Low.Valid {
				continue
			}
			if other.Low.V > own.High.V {
				regions[i].Best++
			}
			if other.High.V < own.Low.V {
				regions[i].Worst--
			}
		}
	}
	return regions
}
