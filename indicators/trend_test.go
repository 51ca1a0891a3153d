package indicators

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func observations(t *testing.T, inputs []row) []Observation {
	t.Helper()
	series := make([]Observation, len(inputs))
	for i, in := range inputs {
		series[i] = Observation{in.integer(t, "t"), in.number(t, "x")}
	}
	return series
}

func TestTrendVectors(t *testing.T) {
	eachVector(t, "08_trend", func(t *testing.T, inputs []row) estimates {
		series := observations(t, inputs)
		score, variance := MannKendall(series)
		slopes := pairSlopes(series)
		interval := senInterval(slopes, variance.V)
		z := kendallZ(score.V, variance.V)
		return estimates{
			"n": defined(float64(len(series))), "S": score, "var_S": variance, "z": z, "p": normalTails(z),
			"sen_slope": medianOf(slopes), "sen_lo95_gilbert": interval.Low, "sen_hi95_gilbert": interval.High,
		}
	}, "tau_a", "tau_b", "intercept_conover")
}

func TestExactVectors(t *testing.T) {
	eachVector(t, "08_mk_exact", func(t *testing.T, inputs []row) estimates {
		series := observations(t, inputs)
		trend := MonotoneTrend(series)
		if exact := ExactP(series); trend.P != exact {
			t.Errorf("the trend's p is %v, not the exact %v", trend.P, exact)
		}
		return estimates{"p_exact_two_sided": trend.P, "S": trend.Score}
	})
}

func TestLagOneVectors(t *testing.T) {
	eachVector(t, "08_mk_lag1", func(t *testing.T, inputs []row) estimates {
		series := observations(t, inputs)
		score, variance := MannKendall(series)
		r := LagOne(series, medianOf(pairSlopes(series)).V, rhythm(series))
		trend := MonotoneTrend(series)
		return estimates{
			"r": r, "rs": unbiasedLagOne(r, len(series)), "f": defined(trend.Inflation),
			"z": kendallZ(score.V, variance.V*trend.Inflation), "p": trend.P,
		}
	})
}

func TestAdjustedVectors(t *testing.T) {
	eachVector(t, "18_padjust", func(t *testing.T, inputs []row) estimates {
		p := make([]float64, len(inputs))
		for i, in := range inputs {
			p[i] = in.number(t, "p")
		}
		got := estimates{}
		for i, adjusted := range BenjaminiHochberg(p) {
			got["BH_"+inputs[i]["i"]] = defined(adjusted)
		}
		return got
	}, "holm_1", "holm_2", "holm_3", "holm_4", "holm_5", "holm_6", "holm_7", "holm_8", "holm_9", "holm_10")
}

// The table of Newcombe 1998, « Interval estimation for the difference between independent proportions »,
// its method 10, to the four decimals printed there.
func TestNewcombe(t *testing.T) {
	for _, c := range []struct {
		x1, n1, x2, n2 int
		low, high      float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{6, 7, 2, 7, 0.0582, 0.8062},
		{5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 20, -0.1611, 0.2775},
		{0, 10, 0, 10, -0.2775, 0.2775},
		{10, 10, 0, 20, 0.6791, 1},
		{10, 10, 0, 10, 0.6075, 1},
	} {
		got := Newcombe(float64(c.x1)/float64(c.n1), c.n1, float64(c.x2)/float64(c.n2), c.n2)
		name := fmt.Sprintf("%d/%d − %d/%d", c.x1, c.n1, c.x2, c.n2)
		checkWithin(t, name+" low", got.Low, defined(c.low), 5.1e-5)
		checkWithin(t, name+" high", got.High, defined(c.high), 5.1e-5)
	}
	if got := Newcombe(0.5, 0, 0.5, 10); got.Low.Valid || got.High.Valid {
		t.Error("a share of nobody has no interval")
	}
}

func TestNewcombeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n1, n2 := rapid.IntRange(1, 60).Draw(t, "n1"), rapid.IntRange(1, 60).Draw(t, "n2")
		p1 := float64(rapid.IntRange(0, n1).Draw(t, "x1")) / float64(n1)
		p2 := float64(rapid.IntRange(0, n2).Draw(t, "x2")) / float64(n2)
		there, back := Newcombe(p1, n1, p2, n2), Newcombe(p2, n2, p1, n1)
		checkWithin(t, "the other way round", there.Low, scaled(back.High, -1), 1e-12)
		if d := p1 - p2; there.Low.V > d || there.High.V < d || there.Low.V < -1-1e-12 || there.High.V > 1+1e-12 {
			t.Errorf("%v does not surround %v within [−1, 1]", there, d)
		}
	})
}

// drawSeries draws a series whose values are small whole numbers, so that ties are common and sums exact.
func drawSeries(t *rapid.T, most int) []Observation {
	var series []Observation
	month := 0
	for _, value := range rapid.SliceOfN(rapid.IntRange(-4, 4), 0, most).Draw(t, "values") {
		month += rapid.IntRange(1, 3).Draw(t, "months")
		series = append(series, Observation{month, float64(value)})
	}
	return series
}

func mapped(series []Observation, f func(float64) float64) []Observation {
	other := slices.Clone(series)
	for i := range other {
		other[i].Value = f(other[i].Value)
	}
	return other
}

// Only the order of the values matters to the score and its exact p, and to the normal p without inflation.
func TestScoreFollowsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := drawSeries(t, 20)
		relabelled := mapped(series, math.Exp)
		score, variance := MannKendall(series)
		again, same := MannKendall(relabelled)
		if score != again || variance != same {
			t.Errorf("S %v and Var %v become %v and %v", score, variance, again, same)
		}
		if len(series) <= exactLength {
			if p, q := MonotoneTrend(series).P, MonotoneTrend(relabelled).P; p != q {
				t.Errorf("p %v becomes %v", p, q)
			}
		}
		mirrored, _ := MannKendall(mapped(series, func(x float64) float64 { return -x }))
		if mirrored.V != -score.V {
			t.Errorf("S %v is %v upside down", score, mirrored)
		}
	})
}

// The slope of a·y + b is a times that of y, its bounds change places when a is negative, and the test
// stays the same; so it does when the series begins elsewhere.
func TestSlopeIsEquivariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := drawSeries(t, 30)
		a := float64(rapid.SampledFrom([]int{-8, -2, -1, 1, 4}).Draw(t, "a")) // powers of two: exact
		b := float64(rapid.IntRange(-64, 64).Draw(t, "b"))
		was, is := MonotoneTrend(series), MonotoneTrend(mapped(series, func(y float64) float64 { return a*y + b }))
		low, high := was.Interval.Low, was.Interval.High
		if a < 0 {
			low, high = high, low
		}
		checkWithin(t, "slope", is.Slope, scaled(was.Slope, a), 1e-9)
		checkWithin(t, "low", is.Interval.Low, scaled(low, a), 1e-9)
		checkWithin(t, "high", is.Interval.High, scaled(high, a), 1e-9)
		checkWithin(t, "p", is.P, was.P, 1e-9)
		later := slices.Clone(series)
		for i := range later {
			later[i].Month += 1000
		}
		if moved := MonotoneTrend(later); moved != was {
			t.Errorf("moved in time: %+v, was %+v", moved, was)
		}
	})
}

// Up to six values, every order is tried; the slope is looked for among all pairs.
func TestTrendByBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := drawSeries(t, 6)
		trend := MonotoneTrend(series)
		if len(series) < 2 {
			if trend.P.Valid || trend.Slope.Valid {
				t.Errorf("%+v of nothing", trend)
			}
			return
		}
		score := func(values []float64) (s int) {
			for j := range values {
				for i := range j {
					s += sign(values[j] - values[i])
				}
			}
			return s
		}
		values := make([]float64, len(series))
		for i, o := range series {
			values[i] = o.Value
		}
		want, extreme, total := score(values), 0, 0
		permute(values, 0, func(order []float64) {
			total++
			if s := score(order); s*s >= want*want {
				extreme++
			}
		})
		checkWithin(t, "p", trend.P, defined(float64(extreme)/float64(total)), 1e-12)
		checkWithin(t, "S", trend.Score, defined(float64(want)), 0)
		above, below, pairs := 0, 0, 0
		for j, later := range series {
			for _, earlier := range series[:j] {
				rest := (later.Value-earlier.Value)/float64(later.Month-earlier.Month)*monthsPerYear - trend.Slope.V
				pairs++
				if rest > 1e-9 {
					above++
				}
				if rest < -1e-9 {
					below++
				}
			}
		}
		if 2*above > pairs || 2*below > pairs {
			t.Errorf("slope %v has %d of %d slopes above and %d below", trend.Slope.V, above, pairs, below)
		}
	})
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func permute(values []float64, from int, each func([]float64)) {
	if from == len(values) {
		each(values)
		return
	}
	for i := from; i < len(values); i++ {
		values[from], values[i] = values[i], values[from]
		permute(values, from+1, each)
		values[from], values[i] = values[i], values[from]
	}
}

func TestTrendEdges(t *testing.T) {
	steady := make([]Observation, 24)
	for i := range steady {
		steady[i] = Observation{i, 0.1 * float64(i)} // not exact: what is left of it is rounding
	}
	if trend := MonotoneTrend(steady); trend.Inflation != 1 || math.Abs(trend.Slope.V-1.2) > 1e-9 || trend.P.V > 1e-6 {
		t.Errorf("a straight line: %+v", trend)
	}
	flat := mapped(steady, func(float64) float64 { return 0.7 })
	if trend := MonotoneTrend(flat); trend.P != defined(1) || trend.Slope != defined(0) || trend.Interval != (Interval{}) || trend.Inflation != 1 {
		t.Errorf("all tied: %+v", trend)
	}
	for n := range 5 {
		if got := Inflation(defined(0.9), n); got != 1 {
			t.Errorf("f of %d values is %v", n, got)
		}
	}
	if got := Inflation(undefined, 24); got != 1 {
		t.Errorf("f of no autocorrelation is %v", got)
	}
	if got := LagOne(steady[:3], 0, 1); got.Valid {
		t.Error("two pairs are too few")
	}
	if got := LagOne(steady, 0, 3); got.Valid {
		t.Error("months are no quarters")
	}
}

func TestRhythm(t *testing.T) {
	for _, c := range []struct {
		months []int
		want   int
	}{{nil, 0}, {[]int{4}, 0}, {[]int{0, 1, 2, 5, 8}, 1}, {[]int{8, 11, 12, 13, 16}, 1}, {[]int{0, 3, 6, 7, 10}, 3}, {[]int{0, 12, 24}, 12}} {
		var series []Observation
		for _, month := range c.months {
			series = append(series, Observation{month, 1})
		}
		if got := rhythm(series); got != c.want {
			t.Errorf("the rhythm of %v is %d, want %d", c.months, got, c.want)
		}
	}
}

func TestBenjaminiHochbergIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		adjusted := BenjaminiHochberg(p)
		for i := range p {
			if adjusted[i] < p[i] || adjusted[i] > 1 {
				t.Errorf("%v becomes %v", p[i], adjusted[i])
			}
			for j := range p {
				if p[i] <= p[j] && adjusted[i] > adjusted[j] {
					t.Errorf("%v ≤ %v become %v > %v", p[i], p[j], adjusted[i], adjusted[j])
				}
			}
		}
		if len(p) == 0 {
			return
		}
		// As its definition has it: the step-up procedure at a level keeps just those at or below it.
		level := rapid.Float64Range(0, 1).Draw(t, "level")
		sorted := slices.Sorted(slices.Values(p))
		bar := math.Inf(-1)
		for i, value := range sorted {
			if value*(float64(len(p))/float64(i+1)) <= level {
				bar = value
			}
		}
		for i := range p {
			if kept := p[i] <= bar; kept != (adjusted[i] <= level) {
				t.Errorf("%v at %v: kept %v, adjusted %v", p[i], level, kept, adjusted[i])
			}
		}
	})
}

// falseAlarms is how often the test at 5 % finds a trend in series that have none.
func falseAlarms(runs int, seed uint64, draw func(*rand.Rand) []Observation) float64 {
	random := rand.New(rand.NewPCG(seed, 8))
	alarms := 0
	for range runs {
		if MonotoneTrend(draw(random)).P.V < 0.05 {
			alarms++
		}
	}
	return float64(alarms) / float64(runs)
}

// autoregressive draws n values of a Gaussian AR(1) of variance 1.
func autoregressive(random *rand.Rand, n int, rho float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = random.NormFloat64()
		if i > 0 {
			values[i] = rho*values[i-1] + math.Sqrt(1-rho*rho)*values[i]
		}
	}
	return values
}

// TestFalseAlarms holds the test to what the notes promise of it: without a trend it rarely finds one, even
// in months that resemble each other.
func TestFalseAlarms(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation")
	}
	for _, rho := range []float64{0, 0.3, 0.6} {
		t.Run("months, ρ = "+strconv.FormatFloat(rho, 'g', -1, 64), func(t *testing.T) {
			rate := falseAlarms(4000, 1, func(random *rand.Rand) []Observation {
				series := make([]Observation, 24)
				for i, value := range autoregressive(random, 24, rho) {
					series[i] = Observation{i, value}
				}
				return series
			})
			t.Logf("false alarms: %.1f %%", 100*rate)
			if rate > 0.08 {
				t.Errorf("%.1f %% of false alarms", 100*rate)
			}
		})
	}
}
