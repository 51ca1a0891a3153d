package indicators

import (
	"database/sql"
	"math"
	"slices"
)

// Observation is one value of a series. Month counts whole months from any origin; a series is in the
// order of its months.
type Observation struct {
	Month int
	Value float64
}

// Trend is what a series says of its direction.
type Trend struct {
	Score     sql.Null[float64] // Mann–Kendall's S: its sign is the direction
	P         sql.Null[float64] // two-sided, of such a score without a trend
	Inflation float64           // of the score's variance, for serial correlation; 1: none
	Slope     sql.Null[float64] // Theil and Sen's, per year
	Interval  Interval          // of the slope, at 95 %
}

// exactLength is the length up to which P is counted over all orders of the values.
const exactLength = 8

// monthsPerYear turns slopes per month into slopes per year.
const monthsPerYear = 12

// MonotoneTrend tests a series for a monotone trend and tells its slope.
//
// P is ExactP for at most eight values, with an Inflation of 1; else it is the normal tail of
//
//	z = (S − sign S) / √(Var f)
//
// with S and Var as in MannKendall, f as in Inflation of the values that follow each other at the series' own
// rhythm, and 1 subtracted for continuity. A series whose values are all tied has P = 1 and a slope of 0
// without interval. The slope is the median of those between any two values on the months that really passed,
// its interval Gilbert's on Var f. A series of fewer than two values has neither P nor slope.
func MonotoneTrend(series []Observation) Trend {
	t := Trend{Inflation: 1}
	var variance sql.Null[float64]
	t.Score, variance = MannKendall(series)
	if !t.Score.Valid {
		return t
	}
	slopes := pairSlopes(series)
	slope := medianOf(slopes)
	switch {
	case variance.V == 0:
		t.P = defined(1)
	case len(series) <= exactLength:
		t.P = ExactP(series)
	default:
		t.Inflation = Inflation(LagOne(series, slope.V, rhythm(series)), len(series))
		t.P = normalTails(kendallZ(t.Score.V, variance.V*t.Inflation))
	}
	t.Slope = scaled(slope, monthsPerYear)
	gilbert := senInterval(slopes, variance.V*t.Inflation)
	t.Interval = Interval{scaled(gilbert.Low, monthsPerYear), scaled(gilbert.High, monthsPerYear)}
	return t
}

// MannKendall returns the score of a series, how many more of its pairs rise than fall, and the variance
// that chance gives it:
//
//	S = Σ_{i<j} sign(x_j − x_i)
//	Var = [n(n−1)(2n+5) − Σ t(t−1)(2t+5) − Σ u(u−1)(2u+5)]/18
//	    + Σ t(t−1)(t−2) Σ u(u−1)(u−2) / (9n(n−1)(n−2)) + Σ t(t−1) Σ u(u−1) / (2n(n−1))
//
// where t are the sizes of the groups of equal values, u those of values of one month, none of which form
// a pair. All tied, both are 0. Undefined for fewer than two values.
//
// Mann 1945; Kendall 1975.
func MannKendall(series []Observation) (score, variance sql.Null[float64]) {
	n := float64(len(series))
	if n < 2 {
		return score, variance
	}
	net := 0
	for j, later := range series {
		for _, earlier := range series[:j] {
			if later.Month == earlier.Month {
				continue
			}
			switch {
			case later.Value > earlier.Value:
				net++
			case later.Value < earlier.Value:
				net--
			}
		}
	}
	values, months := make([]float64, len(series)), make([]float64, len(series))
	for i, o := range series {
		values[i], months[i] = o.Value, float64(o.Month)
	}
	var pairs, triples, loss [2]float64 // of the values, of the months
	for side, of := range [][]float64{values, months} {
		for _, size := range tieSizes(of) {
			t := float64(size)
			pairs[side] += t * (t - 1)
			triples[side] += t * (t - 1) * (t - 2)
			loss[side] += t * (t - 1) * (2*t + 5)
		}
	}
	v := (n*(n-1)*(2*n+5) - loss[0] - loss[1]) / 18
	v += pairs[0] * pairs[1] / (2 * n * (n - 1))
	if n > 2 {
		v += triples[0] * triples[1] / (9 * n * (n - 1) * (n - 2))
	}
	return defined(float64(net)), defined(v)
}

// tieSizes counts how often each distinct value is there.
func tieSizes(values []float64) []int {
	var sizes []int
	sorted := slices.Sorted(slices.Values(values))
	for i, value := range sorted {
		if i > 0 && value == sorted[i-1] {
			sizes[len(sizes)-1]++
		} else {
			sizes = append(sizes, 1)
		}
	}
	return sizes
}

// kendallZ is the standardised score, drawn towards 0 by 1 for continuity. Undefined without variance.
func kendallZ(score, variance float64) sql.Null[float64] {
	switch {
	case variance <= 0:
		return sql.Null[float64]{}
	case score == 0:
		return defined(0)
	}
	return defined((score - math.Copysign(1, score)) / math.Sqrt(variance))
}

// normalTails is the probability of a standard normal at least as far from 0 as z.
func normalTails(z sql.Null[float64]) sql.Null[float64] {
	if !z.Valid {
		return z
	}
	return defined(math.Erfc(math.Abs(z.V) / math.Sqrt2))
}

// ExactP returns the share of all orders of the values, ties kept, whose score is at least as far from 0
// as that of the series: the two-sided p of Mann and Kendall without any approximation. All tied, it is 1.
// The months must differ. Undefined for fewer than two values.
//
// Nothing is enumerated: over the orders of a multiset, pairs that fall are distributed as the coefficients
// of the q-multinomial Π_{i≤n}(1−qⁱ) / Π_groups Π_{i≤t}(1−qⁱ), and S is the number of untied pairs less
// twice those. Whole numbers of a float64, exact up to eighteen values.
func ExactP(series []Observation) sql.Null[float64] {
	score, _ := MannKendall(series)
	if !score.Valid {
		return score
	}
	n := len(series)
	values := make([]float64, n)
	for i, o := range series {
		values[i] = o.Value
	}
	untied := n * (n - 1) / 2
	sizes := tieSizes(values)
	for _, t := range sizes {
		untied -= t * (t - 1) / 2
	}
	orders := make([]float64, untied+1) // by how many pairs fall
	orders[0] = 1
	for i := 1; i <= n; i++ {
		for fall := untied; fall >= i; fall-- {
			orders[fall] -= orders[fall-i]
		}
	}
	for _, t := range sizes {
		for i := 1; i <= t; i++ {
			for fall := i; fall <= untied; fall++ {
				orders[fall] += orders[fall-i]
			}
		}
	}
	extreme, total := 0.0, 0.0
	for fall, count := range orders {
		total += count
		if math.Abs(float64(untied-2*fall)) >= math.Abs(score.V) {
			extreme += count
		}
	}
	return defined(extreme / total)
}

// rhythm is the commonest number of months from one value to the next; of several, the least. Values that
// are gathered each quarter resemble each other from quarter to quarter, though no two months follow.
func rhythm(series []Observation) int {
	counts, common := map[int]int{}, 0
	for i := 1; i < len(series); i++ {
		gap := series[i].Month - series[i-1].Month
		counts[gap]++
		if counts[gap] > counts[common] || counts[gap] == counts[common] && gap < common {
			common = gap
		}
	}
	return common
}

// LagOne returns the autocorrelation of the series, freed of its slope (per month), between values that
// are step months apart:
//
//	r = (Σ e_i e_{i+1} / m) / (Σ e_i² / n),  e_i = x_i − slope t_i, less their mean
//
// with m the number of such pairs. Undefined for fewer than three pairs and where nothing but rounding is
// left beside the slope. It may lie a little outside of [−1, 1].
func LagOne(series []Observation, slope float64, step int) sql.Null[float64] {
	n := len(series)
	rest, mean, scale := make([]float64, n), 0.0, 0.0
	for i, o := range series {
		rise := slope * float64(o.Month-series[0].Month)
		rest[i] = o.Value - rise
		mean += rest[i] / float64(n)
		scale = max(scale, math.Abs(o.Value), math.Abs(rise))
	}
	pairs, covariance, variance := 0, 0.0, 0.0
	for i := range rest {
		variance += (rest[i] - mean) * (rest[i] - mean)
		if i > 0 && series[i].Month-series[i-1].Month == step {
			pairs++
			covariance += (rest[i-1] - mean) * (rest[i] - mean)
		}
	}
	noise := 1e-12 * scale
	if pairs < 3 || variance <= float64(n)*noise*noise {
		return sql.Null[float64]{}
	}
	return defined((covariance / float64(pairs)) / (variance / float64(n)))
}

// Inflation returns by how much serial correlation swells the variance of the score of n values:
//
//	f = max(1, 1 + 2 Σ_{k=1}^{n−1} (1 − k/n) r*^k),  r* = min(0.95, (n r + 2)/(n − 4))
//
// r is the lag-1 autocorrelation, r* the same freed of the bias that it has in a short series. 1, no
// inflation, where r is undefined and for n ≤ 4.
//
// Yue & Wang 2004 for the inflation; van Giersbergen 2005 for the bias.
func Inflation(r sql.Null[float64], n int) float64 {
	unbiased := unbiasedLagOne(r, n)
	if !unbiased.Valid {
		return 1
	}
	sum, power := 0.0, 1.0
	for k := 1; k < n; k++ {
		power *= unbiased.V
		sum += (1 - float64(k)/float64(n)) * power
	}
	return max(1, 1+2*sum)
}

func unbiasedLagOne(r sql.Null[float64], n int) sql.Null[float64] {
	if !r.Valid || n <= 4 {
		return sql.Null[float64]{}
	}
	return defined(min(0.95, (float64(n)*r.V+2)/float64(n-4)))
}

// pairSlopes are the slopes (x_j − x_i)/(t_j − t_i) per month between any two values of different months,
// sorted; their median is Theil and Sen's slope of the series.
//
// Theil 1950; Sen 1968.
func pairSlopes(series []Observation) []float64 {
	slopes := make([]float64, 0, len(series)*(len(series)-1)/2)
	for j, later := range series {
		for _, earlier := range series[:j] {
			if months := later.Month - earlier.Month; months != 0 {
				slopes = append(slopes, (later.Value-earlier.Value)/float64(months))
			}
		}
	}
	slices.Sort(slopes)
	return slopes
}

// senInterval is the 95 % interval that the variance of the score gives the slope: of the N sorted slopes
// between any two values, those of the ranks
//
//	(N − z √Var)/2  and  (N + z √Var)/2 + 1
//
// between two ranks in proportion. A bound whose rank is not among 1 … N is undefined, as are both without
// variance.
//
// Gilbert 1987.
func senInterval(slopes []float64, variance float64) Interval {
	if variance <= 0 {
		return Interval{}
	}
	n, width := float64(len(slopes)), normalQuantile975*math.Sqrt(variance)
	return Interval{atRank(slopes, (n-width)/2), atRank(slopes, (n+width)/2+1)}
}

// atRank is the value at a rank from 1 of sorted values, between two of them in proportion.
func atRank(sorted []float64, rank float64) sql.Null[float64] {
	if !(rank >= 1 && rank <= float64(len(sorted))) {
		return sql.Null[float64]{}
	}
	below, part := math.Modf(rank)
	value := sorted[int(below)-1]
	if part > 0 {
		value += part * (sorted[int(below)] - value)
	}
	return defined(value)
}

// medianOf is the median of sorted values; of an even number, the mean of the two middle ones.
func medianOf(sorted []float64) sql.Null[float64] {
	return atRank(sorted, float64(len(sorted)+1)/2)
}

func scaled(value sql.Null[float64], by float64) sql.Null[float64] {
	value.V *= by
	return value
}

// BenjaminiHochberg returns the adjusted p of many tests, in their order: the least rate of false
// discoveries at which each would be kept,
//
//	p*_(i) = min_{j≥i} min(1, p_(j) m/j)
//
// over the m sorted values. Those below q are a list of which at most a share q is expected to be chance,
// for independent tests and those that vary together.
//
// Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001 for dependence.
func BenjaminiHochberg(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted, least := make([]float64, len(p)), 1.0
	for i, which := range slices.Backward(order) {
		least = min(least, p[which]*(float64(len(p))/float64(i+1)))
		adjusted[which] = least
	}
	return adjusted
}

// Newcombe returns the interval of the difference of two shares, p₁ − p₂, that rest on n₁ and n₂
// independent answers:
//
//	p₁ − p₂ − √((p₁ − l₁)² + (u₂ − p₂)²)  to  p₁ − p₂ + √((u₁ − p₁)² + (p₂ − l₂)²)
//
// with l and u Wilson's bounds of each. It lies within [−1, 1]. Undefined where either of Wilson's is.
//
// Newcombe 1998, method 10.
func Newcombe(share1 float64, n1 int, share2 float64, n2 int) Interval {
	first, second := Wilson(share1, n1), Wilson(share2, n2)
	if !first.Low.Valid || !second.Low.Valid {
		return Interval{}
	}
	difference := share1 - share2
	return Interval{
		Low:  defined(difference - math.Hypot(share1-first.Low.V, second.High.V-share2)),
		High: defined(difference + math.Hypot(first.High.V-share1, share2-second.Low.V)),
	}
}
