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

func TestDiversity(t *testing.T) {
	for _, c := range []struct {
		parts []int64
		hill  float64
	}{
		{[]int64{25, 25, 25, 25}, 4},
		{[]int64{70, 20, 10, 0}, 2.22959187392042},
		{[]int64{100, 0, 0, 0}, 1},
		{[]int64{120000, 85000, 23500}, 2.56000548595174},
	} {
		h, _ := entropy(c.parts)
		check(t, "Hill's number", math.Exp(h), c.hill)
	}
}

func TestInterpolatedMedian(t *testing.T) {
	for _, c := range []struct { // those of the ladder, a note above
		notes []int
		want  float64
	}{
		{[]int{1, 2, 3, 2, 2}, 3.16666666666667},
		{[]int{0, 0, 0, 1, 0}, 4},
		{[]int{1, 0, 0, 0, 1}, 3},
		{[]int{0, 0, 4, 0, 0}, 3},
		{[]int{0, 2, 1, 1, 0}, 2.5},
	} {
		got, ok := interpolatedMedian(c.notes)
		if !ok {
			t.Errorf("%v: no median", c.notes)
		}
		check(t, "median", got, c.want)
	}
	if _, ok := interpolatedMedian(make([]int, 5)); ok {
		t.Error("a median of nothing")
	}
}

func TestDominance(t *testing.T) {
	got, _ := dominance([]int{0, 1, 2, 3, 0}, []int{1, 2, 3, 2, 0})
	check(t, "delta", got, 1./3)
	got, _ = dominance([]int{0, 0, 0, 0, 2}, []int{3, 0, 0, 0, 0})
	check(t, "all above", got, 1)
	if _, ok := dominance([]int{1}, []int{0}); ok {
		t.Error("somebody above nobody")
	}
}

func TestReciprocity(t *testing.T) {
	links := func(pairs ...string) map[[2]string]bool {
		all := map[[2]string]bool{}
		for _, p := range pairs {
			all[[2]string{p[:1], p[1:]}] = true
		}
		return all
	}
	rho, ok := reciprocity(links("12", "15", "21", "23", "34", "43", "56"), 6)
	if !ok {
		t.Error("no reciprocity")
	}
	check(t, "ρ", rho, 0.440993788819876) // sna agrees
	rho, _ = reciprocity(links("12", "23", "31"), 3)
	check(t, "ρ of a ring of three", rho, -1)
	if _, ok := reciprocity(links("12", "21", "13", "31", "23", "32"), 3); ok {
		t.Error("everybody is linked: ρ is not defined")
	}
	if _, ok := reciprocity(nil, 4); ok {
		t.Error("nobody is linked: ρ is not defined")
	}
}
