package indicators

import (
	"database/sql"
	"math"
	"slices"
)

// normalQuantile975 is the 97.5 % quantile of the standard normal: every interval of a figure is two-sided at 95 %.
const normalQuantile975 = 1.959963984540054

// Interval is a 95 % confidence interval, in the unit of the value that it surrounds.
// A bound that is not valid is undefined, and each side may be undefined alone.
type Interval struct {
	Low, High sql.Null[float64]
}

// defined makes a value that is known. The undefined one is the zero sql.Null: never 0, NaN or Inf.
func defined(value float64) sql.Null[float64] {
	return sql.Null[float64]{V: value, Valid: true}
}

// shareInterval orders rounding errors away, so that the bounds lie in [0, 1] and contain the share.
func shareInterval(share, low, high float64) Interval {
	return Interval{
		Low:  defined(max(0, min(share, low))),
		High: defined(min(1, max(share, high))),
	}
}

// Wilson returns the score interval of a share p in [0, 1] that rests on n independent answers:
//
//	(p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
//
// The share is given apart from n because the two may count different things: a share of views has
// the number of declarants as n. Undefined for n ≤ 0 and for a share outside [0, 1].
// The lower bound is exactly 0 for p = 0, the upper exactly 1 for p = 1.
//
// Wilson 1927; method 3 of Newcombe 1998.
func Wilson(share float64, n int) Interval {
	return wilson(share, float64(n), normalQuantile975)
}

// WilsonFinite is Wilson's interval of a share known for n members of a list of N (population),
// with n replaced by
//
//	n_eff = n(N−1)/(N−n)
//
// At n = N, a census, it collapses to the share (also for N = 1, where n_eff is 0/0).
// It takes silence for random and so is optimistic. Undefined as Wilson, and for n > N.
//
// Cochran 1977 for the correction.
func WilsonFinite(share float64, n, population int) Interval {
	switch {
	case n > population:
		return Interval{}
	case n == population && n > 0 && isShare(share):
		return Interval{Low: defined(share), High: defined(share)}
	}
	effective := float64(n) * float64(population-1) / float64(population-n)
	return wilson(share, effective, normalQuantile975)
}

// wilson takes z, the normal quantile of the interval's level.
func wilson(share, n, z float64) Interval {
	if !isShare(share) || !(n > 0) {
		return Interval{}
	}
	centre := share + z*z/(2*n)
	halfWidth := z * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return shareInterval(share, (centre-halfWidth)/scale, (centre+halfWidth)/scale)
}

// isShare is false for NaN.
func isShare(value float64) bool {
	return value >= 0 && value <= 1
}

// Agreement returns van der Eijk's A of a distribution over an ordered scale: 1 when all answers agree,
// 0 when they spread evenly, −1 when they split between the two ends. It has no unit.
//
// counts holds the answers per category in the order of the scale, empty categories included: leaving one
// out would shorten the scale. The distribution is cut into layers, each of equal height over a set of
// categories; A is the mean of the layers' agreement, weighted by the answers that they hold:
//
//	A_layer = U (1 − (S−1)/(K−1)) = U (K−S)/(K−1),  U = ((K−2) TU − (K−1) TDU) / ((K−2)(TU + TDU))
//
// where K is the number of categories, S the number in the layer, TU the number of category triples in
// order with the pattern 110 or 011, TDU with 101. S = 1 gives 1, S = K gives 0.
//
// Undefined for K < 3, without answers, and for a negative count. One answer gives 1, and A is biased
// upward for few answers, so callers put a floor on their number.
//
// van der Eijk 2001.
func Agreement(counts []int) sql.Null[float64] {
	answers := 0
	for _, count := range counts {
		if count < 0 {
			return sql.Null[float64]{}
		}
		answers += count
	}
	if len(counts) < 3 || answers == 0 {
		return sql.Null[float64]{}
	}

	heights := slices.Compact(slices.Sorted(slices.Values(counts)))
	total, floor := 0.0, 0
	layer := make([]bool, len(counts))
	for _, height := range heights {
		if height == 0 {
			continue
		}
		size := 0
		for category, count := range counts {
			layer[category] = count >= height
			if layer[category] {
				size++
			}
		}
		total += float64((height-floor)*size) * layerAgreement(layer, size)
		floor = height
	}
	return defined(total / float64(answers))
}

// layerAgreement is Agreement for one layer, of which size ≥ 1 categories are filled.
func layerAgreement(layer []bool, size int) float64 {
	categories := len(layer)
	if size == 1 {
		return 1
	}
	if size == categories {
		return 0
	}

	unimodal, bimodal := 0, 0 // triples: TU and TDU; with 1 < size < categories there is at least one
	for first := range layer {
		for second := first + 1; second < categories; second++ {
			for third := second + 1; third < categories; third++ {
				switch [3]bool{layer[first], layer[second], layer[third]} {
				case [3]bool{true, true, false}, [3]bool{false, true, true}:
					unimodal++
				case [3]bool{true, false, true}:
					bimodal++
				}
			}
		}
	}
	// One division of whole numbers, so that the ends of the scale of A are met exactly.
	return float64(((categories-2)*unimodal-(categories-1)*bimodal)*(categories-size)) /
		float64((categories-2)*(unimodal+bimodal)*(categories-1))
}

// Evenness returns Shannon's entropy relative to its highest value on a fixed nomenclature of
// K = len(weights) entries, between 0 (all in one entry) and 1 (equal weights):
//
//	−Σ p ln p / ln K,  p = weight / Σ weights,  0 ln 0 = 0
//
// The weights are counts, hours or euros, in any one unit; entries without anything are given as 0, since
// the divisor is ln K and not, as in Pielou's J, the logarithm of the number of filled entries.
// Undefined when the total is 0, for K < 2, and for a weight that is negative, infinite or NaN.
//
// Shannon 1948; Pielou 1966.
func Evenness(weights []float64) sql.Null[float64] {
	entropy := entropy(weights)
	if !entropy.Valid || len(weights) < 2 {
		return sql.Null[float64]{}
	}
	return defined(min(1, entropy.V/math.Log(float64(len(weights)))))
}

// entropy is Shannon's, in nats.
func entropy(weights []float64) sql.Null[float64] {
	total := 0.0
	for _, weight := range weights {
		if !(weight >= 0) {
			return sql.Null[float64]{}
		}
		total += weight
	}
	if total == 0 || math.IsInf(total, 1) {
		return sql.Null[float64]{}
	}
	sum := 0.0
	for _, weight := range weights {
		if share := weight / total; share > 0 {
			sum -= share * math.Log(share)
		}
	}
	return defined(sum)
}

// Hill returns the number of equally filled entries that would be as diverse: e^H, H being Shannon's
// entropy in nats, between 1 (all in one entry) and K = len(weights) (equal weights). Weights as in Evenness.
// Undefined when the total is 0 and for a weight that is negative, infinite or NaN.
//
// Hill 1973, the number of order 1.
func Hill(weights []float64) sql.Null[float64] {
	entropy := entropy(weights)
	if !entropy.Valid {
		return entropy
	}
	return defined(min(float64(len(weights)), math.Exp(entropy.V)))
}

// InterpolatedMedian returns the median of notes on an ordered scale, the notes of the median category
// taken as spread evenly over its width of 1; it is in the scale's unit:
//
//	m − ½ + (N/2 − N_below)/n_m
//
// counts holds the answers per category from the lowest; the first category is worth lowest, the next one
// more. When the two middle answers stand in different categories it is their mean. Undefined without
// answers, and for a negative count.
//
// The R package psych has it as interp.median.
func InterpolatedMedian(counts []int, lowest int) sql.Null[float64] {
	total := 0
	for _, count := range counts {
		if count < 0 {
			return sql.Null[float64]{}
		}
		total += count
	}
	if total == 0 {
		return sql.Null[float64]{}
	}
	below := 0
	for category, count := range counts {
		if 2*(below+count) == total { // half the answers end here: the next one is in a higher category
			next := category + 1
			for counts[next] == 0 {
				next++
			}
			return defined(float64(lowest) + float64(category+next)/2)
		}
		if 2*(below+count) > total {
			return defined(float64(lowest+category) - 0.5 + (float64(total)/2-float64(below))/float64(count))
		}
		below += count
	}
	return sql.Null[float64]{}
}

// CliffDelta returns P(x > y) − P(x < y) for an answer x and an answer y drawn at random: 1 when all x are
// above all y, −1 when all are below, 0 when neither tends to be higher. It has no unit.
//
// x and y hold the answers per category in the same order. Undefined when either has none, for a negative
// count and for unequal lengths.
//
// Cliff 1993.
func CliffDelta(x, y []int) sql.Null[float64] {
	if len(x) != len(y) {
		return sql.Null[float64]{}
	}
	totalX, totalY, net := 0, 0, 0 // net: pairs with x above y, less those with x below
	for category := range x {
		if x[category] < 0 || y[category] < 0 {
			return sql.Null[float64]{}
		}
		net += x[category]*totalY - y[category]*totalX
		totalX += x[category]
		totalY += y[category]
	}
	if totalX == 0 || totalY == 0 {
		return sql.Null[float64]{}
	}
	return defined(float64(net) / (float64(totalX) * float64(totalY)))
}

// EIIndex returns (E − I)/(E + I) for external and internal ties: −1 when all ties stay within the groups,
// 1 when all leave them. Undefined without ties and for negative numbers.
//
// Krackhardt & Stern 1988.
func EIIndex(external, internal int) sql.Null[float64] {
	if external < 0 || internal < 0 || external+internal == 0 {
		return sql.Null[float64]{}
	}
	return defined(float64(external-internal) / float64(external+internal))
}

// Reciprocity returns how much more, or less, often the edges of a directed graph are answered than in a
// random graph of the same density:
//
//	ρ = (r − d)/(1 − d),  r = reciprocated/edges,  d = edges/(nodes(nodes−1))
//
// 1 when every edge is answered, 0 as by chance, negative below. reciprocated counts edges: a mutual pair
// is two. Undefined without edges, for fewer than two nodes, for a complete graph (d = 1), for more edges
// than there can be and for more reciprocated than edges.
//
// Garlaschelli & Loffredo 2004.
func Reciprocity(nodes, edges, reciprocated int) sql.Null[float64] {
	possible := nodes * (nodes - 1)
	if nodes < 2 || edges <= 0 || edges >= possible || reciprocated < 0 || reciprocated > edges {
		return sql.Null[float64]{}
	}
	share := float64(reciprocated) / float64(edges)
	density := float64(edges) / float64(possible)
	return defined((share - density) / (1 - density))
}
