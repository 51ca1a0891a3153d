package oracle

import (
	"math"
	"testing"
)

func check(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: got %.15g, want %.15g", name, got, want)
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct{ x, n, low, high float64 }{
		{81, 263, 0.255288519878274, 0.3662095769828}, // Newcombe 1998
		{0, 20, 0, 0.161125158052819},
		{5, 5, 0.565517535216825, 1},
		{3, 7, 0.15821985525147, 0.749541635472343},
	} {
		low, high := wilson(c.x, c.n)
		check(t, "low", low, c.low)
		check(t, "high", high, c.high)
	}
	low, high := wilsonFinite(12, 21, 34)
	check(t, "low of 21 in 34", low, 0.438234776103333)
	check(t, "high of 21 in 34", high, 0.69501977737685)
	low, high = wilsonFinite(7, 10, 10)
	check(t, "low of all", low, 0.7)
	check(t, "high of all", high, 0.7)
}

func TestAgreement(t *testing.T) {
	for _, c := range []struct {
		counts []int
		want   float64
	}{
		{[]int{30, 40, 210, 130, 530, 50, 10}, 0.611333333333333}, // van der Eijk 2001
		{[]int{10, 10, 10, 10, 10}, 0},
		{[]int{0, 0, 7, 0, 0}, 1},
		{[]int{5, 0, 0, 0, 5}, -1},
		{[]int{1, 2, 3, 2, 1}, 0.277777777777778},
		{[]int{0, 3, 4, 0, 0}, 0.785714285714286},
		{[]int{6, 0, 4}, -0.6},
	} {
		got, ok := agreement(c.counts)
		if !ok {
			t.Errorf("%v: no agreement", c.counts)
		}
		check(t, "A", got, c.want)
	}
	if _, ok := agreement([]int{0, 0, 0, 0, 0}); ok {
		t.Error("agreement of nobody")
	}
}

func TestEvenness(t *testing.T) {
	for _, c := range []struct {
		parts []int64
		want  float64
	}{
		{[]int64{25, 25, 25, 25}, 1},
		{[]int64{70, 20, 10, 0}, 0.57838982472352},
		{[]int64{100, 0, 0, 0}, 0},
		{[]int64{120000, 85000, 23500}, 0.855633430587858},
	} {
		got, _ := evenness(c.parts)
		check(t, "evenness", got, c.want)
	}
	if _, ok := evenness([]int64{0, 0, 0}); ok {
		t.Error("evenness of nothing")
	}
}

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
