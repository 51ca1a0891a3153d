package indicators

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// peerVectors are the places of each case, with their names.
func peerVectors(t *testing.T) (map[string][]PlaceShare, map[string][]string) {
	places, names := map[string][]PlaceShare{}, map[string][]string{}
	for _, in := range readVectors(t, "11_peers_in.csv") {
		id := in["case_id"]
		places[id] = append(places[id], PlaceShare{in.number(t, "x"), in.number(t, "n"), in.integer(t, "n")})
		names[id] = append(names[id], in["unit"])
	}
	return places, names
}

func TestFunnelVectors(t *testing.T) {
	places, names := peerVectors(t)
	unused := []string{"phi_raw"} // ours is winsorised
	for _, out := range readVectors(t, "11_funnel_out.csv") {
		// Normal limits, and the tail beyond a place.
		if strings.HasPrefix(out["stat"], "norm_lo95_") || strings.HasPrefix(out["stat"], "midp_upper_") {
			unused = append(unused, out["stat"])
		}
	}
	compareVectors(t, "11_funnel", func(t *testing.T, id string) estimates {
		f := NewFunnel(places[id])
		e := estimates{"p0": f.Pooled, "phi_winsor10_type7": f.Overdispersion}
		exact := Funnel{Pooled: f.Pooled} // the vectors do not inflate
		for i, name := range names[id] {
			e["z_"+name] = defined(f.scores(places[id])[i])
			e["exact_hi998_"+name] = exact.Limits(places[id][i].N, 0.998).High
		}
		return e
	}, unused...)
}

func TestJointRegionVectors(t *testing.T) {
	places, names := peerVectors(t)
	compareVectors(t, "11_rank", func(t *testing.T, id string) estimates {
		e := estimates{}
		for i, r := range JointRegions(places[id]) {
			e["rank_best_"+names[id][i]], e["rank_worst_"+names[id][i]] = defined(float64(r.Best)), defined(float64(r.Worst))
		}
		return e
	})
}

// Two groups of places that differ beyond doubt share the positions of their group.
func TestJointRegionsOfTwoGroups(t *testing.T) {
	got := JointRegions([]PlaceShare{{10, 100, 100}, {90, 100, 100}, {12, 100, 100}, {0, 0, 0}, {91, 100, 100}})
	// The third place's lack of answers leaves one position open everywhere.
	want := []Region{{3, 5}, {1, 3}, {3, 5}, {1, 5}, {1, 3}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := JointRegions(nil); len(got) != 0 {
		t.Errorf("of no place: %v", got)
	}
	if got := JointRegions([]PlaceShare{{1, 2, 2}}); !slices.Equal(got, []Region{{1, 1}}) {
		t.Errorf("of one place: %v", got)
	}
}

func TestFunnelEdges(t *testing.T) {
	five := func(x float64) []PlaceShare { return slices.Repeat([]PlaceShare{{x, 10, 10}}, 5) }
	for name, places := range map[string][]PlaceShare{"no place": nil, "no answer": {{0, 0, 0}}, "p0 = 0": five(0), "p0 = 1": five(10)} {
		f := NewFunnel(places)
		if limits := f.Limits(10, 0.95); limits != (Interval{}) || f.Overdispersion.Valid {
			t.Errorf("%s: limits %v, φ %v", name, limits, f.Overdispersion)
		}
	}
	checkWithin(t, "φ of four places", NewFunnel(five(3)[1:]).Overdispersion, undefined, 0)
	checkWithin(t, "φ of equal places", NewFunnel(five(3)).Overdispersion, defined(0), 0)
	// One answer: at 95 % and p0 = 0.3 both 0 and 1 happen by chance.
	if got := NewFunnel(five(3)).Limits(1, 0.95); got != (Interval{defined(0), defined(1)}) {
		t.Errorf("limits of one answer: %v", got)
	}
	// By hand: Binomial(4, ½) has P(X ≤ 0) = 1/16, above 2.5 %: all shares are within.
	if got := NewFunnel(five(5)).Limits(4, 0.95); got != (Interval{defined(0), defined(1)}) {
		t.Errorf("limits of four answers: %v", got)
	}
	// Binomial(6, ½): P(X ≤ 0) = 1/64 ≤ 2.5 % < P(X ≤ 1) = 7/64.
	if got := NewFunnel(five(5)).Limits(6, 0.95); got != (Interval{defined(1.0 / 6), defined(5.0 / 6)}) {
		t.Errorf("limits of six answers: %v", got)
	}
	// φ = 4 doubles the distances from p0, within [0, 1]; φ below 1 narrows nothing.
	wide := Funnel{Pooled: defined(0.5), Overdispersion: defined(4)}
	got := wide.Limits(100, 0.95) // 40 and 60 of 100, the probabilities added up
	checkWithin(t, "inflated lower limit", got.Low, defined(0.3), 1e-12)
	checkWithin(t, "inflated upper limit", got.High, defined(0.7), 1e-12)
	if got := wide.Limits(6, 0.95); got != (Interval{defined(0), defined(1)}) {
		t.Errorf("inflated limits of six answers: %v", got)
	}
	if got, want := (Funnel{defined(0.5), defined(0.2)}).Limits(6, 0.95), (Funnel{Pooled: defined(0.5)}).Limits(6, 0.95); got != want {
		t.Errorf("φ < 1: %v, want %v", got, want)
	}
}

func drawPlaces(t *rapid.T) []PlaceShare {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) PlaceShare {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		return PlaceShare{float64(rapid.IntRange(0, n).Draw(t, "x")), float64(n), n}
	}), 1, 12).Draw(t, "places")
}

// The order in which the places come changes nothing but the order of what is said of them.
func TestPeersPermuted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := drawPlaces(t)
		order := make([]int, len(places))
		for i := range order {
			order[i] = i
		}
		order = rapid.Permutation(order).Draw(t, "order")
		permuted := make([]PlaceShare, len(places))
		for to, from := range order {
			permuted[to] = places[from]
		}
		f, g := NewFunnel(places), NewFunnel(permuted)
		if f != g {
			t.Errorf("%v became %v", f, g)
		}
		regions, again := JointRegions(places), JointRegions(permuted)
		for to, from := range order {
			if again[to] != regions[from] {
				t.Errorf("%v stood in %v, then in %v", places[from], regions[from], again[to])
			}
		}
	})
}

func TestFunnelProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := NewFunnel(drawPlaces(t))
		n := rapid.IntRange(1, 80).Draw(t, "n")
		inner, outer := f.Limits(n, 0.95), f.Limits(n, 0.998)
		if !f.spreads() {
			if inner != (Interval{}) || outer != (Interval{}) {
				t.Errorf("limits %v, %v around %v", inner, outer, f.Pooled)
			}
			return
		}
		for _, limits := range []Interval{inner, outer} {
			if !(0 <= limits.Low.V && limits.Low.V <= limits.High.V && limits.High.V <= 1) {
				t.Errorf("limits %v", limits)
			}
			// The counts next to the mean are never out, but for a mean of less than one.
			if p0 := f.Pooled.V; min(float64(n)*p0, float64(n)*(1-p0)) > 1 && (limits.Low.V > p0 || limits.High.V < p0) {
				t.Errorf("limits %v around %v", limits, p0)
			}
		}
		if outer.Low.V > inner.Low.V || outer.High.V < inner.High.V {
			t.Errorf("99.8 %% %v lies within 95 %% %v", outer, inner)
		}
		if f.Overdispersion.Valid && !(f.Overdispersion.V >= 0) {
			t.Errorf("φ = %v", f.Overdispersion.V)
		}
	})
}

// The quantile agrees with the probabilities added up in exact arithmetic.
func TestBinomialQuantileByAddition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, over := rapid.IntRange(1, 60).Draw(t, "n"), rapid.IntRange(2, 40).Draw(t, "over")
		under := rapid.IntRange(1, over-1).Draw(t, "under")
		probability := rapid.SampledFrom([]float64{0.001, 0.025, 0.975, 0.999}).Draw(t, "probability")
		p := big.NewRat(int64(under), int64(over))
		q := new(big.Rat).Sub(big.NewRat(1, 1), p)
		want := new(big.Rat).SetFloat64(probability - 1e-12)
		total, x := new(big.Rat), -1
		for total.Cmp(want) < 0 {
			x++
			term := new(big.Rat).SetInt(new(big.Int).Binomial(int64(n), int64(x)))
			for range x {
				term.Mul(term, p)
			}
			for range n - x {
				term.Mul(term, q)
			}
			total.Add(total, term)
		}
		if got := binomialQuantile(n, float64(under)/float64(over), probability); got != x {
			t.Errorf("quantile %v of Binomial(%d, %d/%d) is %d, want %d", probability, n, under, over, got, x)
		}
	})
}

// A region holds every position that no order which the intervals allow excludes.
func TestJointRegionsByOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := drawPlaces(t)
		z := math.Sqrt2 * math.Erfinv(math.Pow(0.95, 1/float64(len(places))))
		for i, r := range JointRegions(places) {
			own := wilson(places[i].value().V, float64(places[i].N), z)
			if r.Best < 1 || r.Worst > len(places) || r.Best > r.Worst {
				t.Fatalf("region %v of %d places", r, len(places))
			}
			// Every place at its highest but this one at its lowest, and the other way round.
			first, last := 1, 1
			for j, p := range places {
				if other := wilson(p.value().V, float64(p.N), z); j != i {
					if other.Low.V > own.High.V {
						first++
					}
					if other.High.V >= own.Low.V {
						last++
					}
				}
			}
			if r != (Region{first, last}) {
				t.Errorf("region %v, the orders allow %d to %d", r, first, last)
			}
		}
	})
	// The Šidák quantile: two places share 5 % as 0.95 = 0.974679…², z = 2.2365.
	if z := math.Sqrt2 * math.Erfinv(math.Sqrt(0.95)); math.Abs(z-2.23647662) > 1e-6 {
		t.Errorf("z = %v", z)
	}
}
