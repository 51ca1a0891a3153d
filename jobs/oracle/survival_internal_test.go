package oracle

import (
	"math"
	"testing"
)

func TestSurvival(t *testing.T) {
	for _, c := range []struct {
		name             string
		days, ends       []int
		s, se, low, high float64
	}{
		{"aml_M", []int{9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161}, []int{1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0},
			0.909090909090909, 0.0866784172041448, 0.50808020576993, 0.986673822667823},
		{"tie_event_cens", []int{6, 6, 6, 10, 15}, []int{1, 1, 0, 1, 0},
			0.3, 0.238746727726266, 0.0123015294254161, 0.719218020810415},
		{"month0", []int{0, 0, 4, 9, 14, 20}, []int{1, 0, 1, 1, 0, 1},
			0.416666666666667, 0.221787769759324, 0.0559918648520529, 0.76652221955058},
		{"hand_freins", []int{1, 2, 2, 3, 5, 5, 6, 8, 8, 11, 12, 13, 14, 18, 18, 24}, []int{1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0},
			0.427350427350427, 0.137176984651962, 0.168315598588428, 0.666572225205804},
	} {
		var all []subject
		for i := range c.days {
			all = append(all, subject{c.days[i], outcome(c.ends[i])})
		}
		s, variance := survival(all, 12)
		low, high := logLog(s, variance)
		check(t, c.name+" S", s, c.s)
		check(t, c.name+" se", math.Sqrt(variance), c.se)
		check(t, c.name+" low", low, c.low)
		check(t, c.name+" high", high, c.high)

		// nothing competes: the incidence is the rest of S, and as uncertain
		f, neither, same := incidence(all, 12)
		check(t, c.name+" F", f, 1-c.s)
		check(t, c.name+" neither", neither, c.s)
		check(t, c.name+" variance of F", same, variance)
	}
	if s, _ := survival([]subject{{1, event}, {2, event}}, 12); s != 0 {
		t.Error("somebody is left of nobody")
	}
}

func TestIncidence(t *testing.T) {
	var cr12 []subject
	for i, end := range []outcome{1, 1, 2, 0, 1, 0, 2, 1, 0, 1, 0, 0} {
		cr12 = append(cr12, subject{[]int{1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 12, 12}[i], end})
	}
	f, neither, _ := incidence(cr12, 6)
	check(t, "lifted by 6", f, 0.260416666666667)
	check(t, "neither by 6", neither, 0.546875)
	f, neither, _ = incidence(cr12, 12)
	check(t, "lifted by 12", f, 0.515625)
	check(t, "neither by 12", neither, 0.291666666666667)

	// without a censoring the estimate is a plain share, and its variance f(1−f)/n
	var plain []subject
	for i, end := range []outcome{1, 2, 1, 2, 1, 0, 0, 0} {
		plain = append(plain, subject{[]int{1, 2, 3, 4, 5, 99, 99, 99}[i], end})
	}
	f, _, variance := incidence(plain, 12)
	check(t, "share", f, 3./8)
	check(t, "variance", variance, 3./8*5/8/8)
}

// curves are published or hand-made; the areas and medians are those of R's survival.
var curves = map[string]struct{ days, ends []int }{
	"aml_M":          {[]int{9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161}, []int{1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0}},
	"all_censored":   {[]int{3, 7, 12, 12}, []int{0, 0, 0, 0}},
	"one_event":      {[]int{5}, []int{1}},
	"tie_event_cens": {[]int{6, 6, 6, 10, 15}, []int{1, 1, 0, 1, 0}},
	"month0":         {[]int{0, 0, 4, 9, 14, 20}, []int{1, 0, 1, 1, 0, 1}},
	"exact_half":     {[]int{1, 2, 3, 4}, []int{1, 1, 1, 1}},
	"hand_freins":    {[]int{1, 2, 2, 3, 5, 5, 6, 8, 8, 11, 12, 13, 14, 18, 18, 24}, []int{1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0}},
}

func subjectsOf(name string) []subject {
	var all []subject
	for i, days := range curves[name].days {
		all = append(all, subject{days, outcome(curves[name].ends[i])})
	}
	return all
}

func TestRestrictedMean(t *testing.T) {
	for _, c := range []struct {
		name           string
		horizon        float64
		mean, standard float64
	}{
		{"aml_M", 12, 11.7272727272727, 0.260035251612434},
		{"all_censored", 12, 12, 0},
		{"one_event", 5, 5, 0},
		{"tie_event_cens", 12, 9, 1.17473401244707},
		{"month0", 12, 7.70833333333333, 1.95859188600533},
		{"exact_half", 4, 2.5, 0.559016994374947},
		{"hand_freins", 12, 8.75480769230769, 1.04427020069345},
	} {
		mean, standard := restrictedMean(subjectsOf(c.name), c.horizon)
		check(t, c.name+" mean", mean, c.mean)
		check(t, c.name+" standard deviation", standard, c.standard)
	}
}

func TestMedianSurvival(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		name              string
		middle, low, high int
	}{
		{"aml_M", 31, 13, none},
		{"all_censored", none, none, none},
		{"one_event", 5, none, none}, // no band where S is zero
		{"tie_event_cens", 10, 6, none},
		{"month0", 9, 0, none},
		{"exact_half", 2, 1, none},
		{"hand_freins", 12, 5, 18},
	} {
		middle, low, high := medianSurvival(subjectsOf(c.name))
		for _, v := range []struct {
			name string
			got  *int
			want int
		}{{"median", middle, c.middle}, {"low", low, c.low}, {"high", high, c.high}} {
			switch {
			case v.got == nil && v.want != none:
				t.Errorf("%s: no %s, want %d", c.name, v.name, v.want)
			case v.got != nil && *v.got != v.want:
				t.Errorf("%s: %s is %d, want %d", c.name, v.name, *v.got, v.want)
			}
		}
	}
}
