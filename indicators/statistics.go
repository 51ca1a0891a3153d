package indicators

import (
	"database/sql"
	"math"
	"slices"
)

// normalQuantile975 is the 97.5 % quantile of the standard normal: every interval here is two-sided at 95 %.
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
	return wilson(share, float64(n))
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
	return wilson(share, effective)
}

func wilson(share, n float64) Interval {
	if !isShare(share) || !(n > 0) {
		return Interval{}
	}
	const z = normalQuantile975
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
	total := 0.0
	for _, weight := range weights {
		if !(weight >= 0) {
			return sql.Null[float64]{}
		}
		total += weight
	}
	if len(weights) < 2 || total == 0 || math.IsInf(total, 1) {
		return sql.Null[float64]{}
	}

	entropy := 0.0
	for _, weight := range weights {
		if share := weight / total; share > 0 {
			entropy -= share * math.Log(share)
		}
	}
	return defined(min(1, entropy/math.Log(float64(len(weights)))))
}
