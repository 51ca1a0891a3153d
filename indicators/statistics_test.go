package indicators

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var undefined sql.Null[float64]

// checkWithin fails unless both are undefined, or both defined and within the tolerance.
func checkWithin(t rapid.TB, what string, got, want sql.Null[float64], tolerance float64) {
	t.Helper()
	if got.Valid != want.Valid || !(math.Abs(got.V-want.V) <= tolerance) {
		t.Errorf("%s = %s, want %s (within %g)", what, text(got), text(want), tolerance)
	}
}

// checkSurrounds fails unless each defined bound lies in [0, 1], on its side of the value.
func checkSurrounds(t rapid.TB, value float64, interval Interval) {
	t.Helper()
	if low := interval.Low; low.Valid && !(low.V >= 0 && low.V <= value) {
		t.Errorf("lower bound %v not in [0, %v]", low.V, value)
	}
	if high := interval.High; high.Valid && !(high.V >= value && high.V <= 1) {
		t.Errorf("upper bound %v not in [%v, 1]", high.V, value)
	}
}

func TestWilsonVectors(t *testing.T) {
	eachVector(t, "10_proportion", func(t *testing.T, inputs []row) estimates {
		in := inputs[0]
		interval := Wilson(in.number(t, "x")/in.number(t, "n"), in.integer(t, "n"))
		return estimates{
			"wilson_lo95": interval.Low,
			"wilson_hi95": interval.High,
		}
	},
		"cp_lo95", "cp_hi95", // Clopper–Pearson
		"jeffreys_lo95", "jeffreys_hi95")
}

func TestWilsonFiniteVectors(t *testing.T) {
	eachVector(t, "10_fpc", func(t *testing.T, inputs []row) estimates {
		in := inputs[0]
		interval := WilsonFinite(in.number(t, "x")/in.number(t, "n"), in.integer(t, "n"), in.integer(t, "pop"))
		return estimates{
			"wilson_fpc_lo95": interval.Low,
			"wilson_fpc_hi95": interval.High,
		}
	},
		"hypergeo_exact_lo95", "hypergeo_exact_hi95",
		"mean", "se_mean_fpc", "se_fpc", "se_nofpc") // means of sampled quantities
}

func TestAgreementVectors(t *testing.T) {
	eachVector(t, "04_agreement", func(t *testing.T, inputs []row) estimates {
		var counts []int
		for _, in := range inputs {
			counts = append(counts, in.integer(t, "n"))
		}
		return estimates{"A_van_der_eijk": Agreement(counts)}
	},
		"Cns_tastle_wierman", "leik_consensus", "blair_lacy_lsq")
}

func TestDiversityVectors(t *testing.T) {
	eachVector(t, "05_diversity", func(t *testing.T, inputs []row) estimates {
		var weights []float64
		for _, in := range inputs {
			weights = append(weights, in.number(t, "amount"))
		}
		return estimates{"evenness_K": Evenness(weights), "hill_q1": Hill(weights)}
	},
		"shannon_ln", "shannon_log2", "pielou_S", "gini_simpson", "gini_simpson_norm_K", "hhi", "hill_q2", "max_share")
}

func TestLadderVectors(t *testing.T) {
	eachVector(t, "01_ladder", func(t *testing.T, inputs []row) estimates {
		levels, high := make([]int, 5), 0.0
		for _, in := range inputs {
			level := in.integer(t, "rank")
			levels[level]++
			if level >= 3 {
				high++
			}
		}
		return estimates{"interp_median": InterpolatedMedian(levels, 0), "share_ge3": ratio(high, float64(len(inputs)))}
	},
		"n", "mean_rank", "median_low")
}

func TestUnpairedVectors(t *testing.T) {
	eachVector(t, "02_unpaired", func(t *testing.T, inputs []row) estimates {
		sides := map[string][]int{"A": make([]int, 9), "B": make([]int, 9)}
		for _, in := range inputs {
			sides[in["side"]][in.integer(t, "x")]++
		}
		return estimates{"cliff_delta_b_vs_a": CliffDelta(sides["B"], sides["A"])}
	},
		"prob_sup_b", "mann_whitney_U", "mw_p_normal_cc_ties")
}

func TestNetworkVectors(t *testing.T) {
	nodes := map[string]map[string]string{} // case → node → group
	for _, in := range readVectors(t, "03_network_nodes.csv") {
		if nodes[in["case_id"]] == nil {
			nodes[in["case_id"]] = map[string]string{}
		}
		nodes[in["case_id"]][in["node"]] = in["grp"]
	}
	edges := map[string]map[[2]string]bool{}
	for _, in := range readVectors(t, "03_network_edges.csv") {
		if edges[in["case_id"]] == nil {
			edges[in["case_id"]] = map[[2]string]bool{}
		}
		edges[in["case_id"]][[2]string{in["src"], in["dst"]}] = true
	}
	network := func(id string) estimates {
		reciprocated, external, internal := 0, 0, 0
		for e := range edges[id] {
			back := edges[id][[2]string{e[1], e[0]}]
			if back {
				reciprocated++
			}
			switch { // an undirected tie is counted once
			case back && e[0] > e[1]:
			case nodes[id][e[0]] != nodes[id][e[1]]:
				external++
			default:
				internal++
			}
		}
		return estimates{
			"n_nodes": defined(float64(len(nodes[id]))), "n_arcs": defined(float64(len(edges[id]))),
			"rho_garlaschelli":    Reciprocity(len(nodes[id]), len(edges[id]), reciprocated),
			"recip_edgewise":      ratio(float64(reciprocated), float64(len(edges[id]))),
			"EI_index_undirected": EIIndex(external, internal),
		}
	}
	compareVectors(t, "03_network", func(_ *testing.T, id string) estimates { return network(id) },
		"mutual", "asym", "null", "density_directed", "recip_dyadic", "recip_nonnull", "bipartite_density_undirected", "indegree_centralization")
}

// An actor is retained who was active the month before: the share of E02, there at twelve months.
func TestRetentionVectors(t *testing.T) {
	eachVector(t, "07_retention", func(t *testing.T, inputs []row) estimates {
		active := map[int]map[string]bool{}
		for _, in := range inputs {
			month := in.integer(t, "month")
			if active[month] == nil {
				active[month] = map[string]bool{}
			}
			active[month][in["org"]] = true
		}
		stats := estimates{}
		for month := 2; month <= 6; month++ {
			stayed := 0.0
			for actor := range active[month-1] {
				if active[month][actor] {
					stayed++
				}
			}
			stats[fmt.Sprintf("retention_m%d", month)] = ratio(stayed, float64(len(active[month-1])))
		}
		return stats
	},
		"jaccard_m2", "jaccard_m3", "jaccard_m4", "jaccard_m5", "jaccard_m6", "new_m2", "new_m3", "new_m4", "new_m5", "new_m6",
		"returning_m2", "returning_m3", "returning_m4", "returning_m5", "returning_m6",
		"active3m_m3", "active3m_m4", "active3m_m5", "active3m_m6", "retention_w3_m6_vs_m3")
}

func TestUndefined(t *testing.T) {
	infinity, nan := math.Inf(1), math.NaN()
	for name, got := range map[string]sql.Null[float64]{
		"Wilson of nothing":                Wilson(0, 0).Low,
		"Wilson of 0/0":                    Wilson(nan, 0).High,
		"Wilson of a share above 1":        Wilson(1.5, 3).Low,
		"WilsonFinite of nothing":          WilsonFinite(0, 0, 12).High,
		"WilsonFinite of an empty list":    WilsonFinite(nan, 0, 0).Low,
		"WilsonFinite, more than the list": WilsonFinite(0.5, 4, 3).Low,
		"Agreement on two categories":      Agreement([]int{3, 4}),
		"Agreement without categories":     Agreement(nil),
		"Agreement without answers":        Agreement([]int{0, 0, 0, 0, 0}),
		"Agreement on a negative count":    Agreement([]int{1, -1, 3}),
		"Evenness of a total of 0":         Evenness([]float64{0, 0, 0}),
		"Evenness of one entry":            Evenness([]float64{4}),
		"Evenness without entries":         Evenness(nil),
		"Evenness of a negative weight":    Evenness([]float64{3, -1}),
		"Evenness of an infinite weight":   Evenness([]float64{3, infinity}),
		"Evenness of NaN":                  Evenness([]float64{3, nan}),
		"Hill of a total of 0":             Hill([]float64{0, 0}),
		"Hill of a negative weight":        Hill([]float64{3, -1}),
		"InterpolatedMedian of nothing":    InterpolatedMedian([]int{0, 0}, 1),
		"InterpolatedMedian, negative":     InterpolatedMedian([]int{3, -1}, 1),
		"CliffDelta without x":             CliffDelta([]int{0, 0}, []int{1, 1}),
		"CliffDelta without y":             CliffDelta([]int{1, 0}, []int{0, 0}),
		"CliffDelta of unequal lengths":    CliffDelta([]int{1, 0}, []int{1}),
		"CliffDelta of a negative count":   CliffDelta([]int{2, -1}, []int{1, 1}),
		"EIIndex without ties":             EIIndex(0, 0),
		"EIIndex of a negative number":     EIIndex(-1, 3),
		"Reciprocity without edges":        Reciprocity(6, 0, 0),
		"Reciprocity of a complete graph":  Reciprocity(3, 6, 6),
		"Reciprocity of one node":          Reciprocity(1, 0, 0),
		"Reciprocity, more than edges":     Reciprocity(6, 3, 4),
	} {
		if got != undefined {
			t.Errorf("%s = %s, want it undefined", name, text(got))
		}
	}
}

// A list of one whose member answered is a census too, although n(N−1)/(N−n) is 0/0 there.
func TestWilsonFiniteOfACensus(t *testing.T) {
	for _, size := range []int{1, 2, 34} {
		if got, want := WilsonFinite(1, size, size), (Interval{Low: defined(1), High: defined(1)}); got != want {
			t.Errorf("%d of %d: %+v, want %+v", size, size, got, want)
		}
	}
}

func TestWilsonProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		population := rapid.IntRange(1, 400).Draw(t, "population")
		n := rapid.IntRange(1, population).Draw(t, "n")
		share := float64(rapid.IntRange(0, n).Draw(t, "x")) / float64(n)
		plain, finite, mirrored := Wilson(share, n), WilsonFinite(share, n, population), Wilson(1-share, n)

		checkSurrounds(t, share, plain)
		checkSurrounds(t, share, finite)
		checkWithin(t, "upper bound of the complement", mirrored.High, defined(1-plain.Low.V), 1e-12)
		if finite.Low.V < plain.Low.V-1e-12 || finite.High.V > plain.High.V+1e-12 {
			t.Errorf("a finite list widens the interval: %+v, plain %+v", finite, plain)
		}
		// Wilson's bounds are the shares from which the observed one is just z standard errors away.
		for _, bound := range []float64{plain.Low.V, plain.High.V} {
			distance := (share - bound) * (share - bound)
			limit := normalQuantile975 * normalQuantile975 * bound * (1 - bound) / float64(n)
			checkWithin(t, "squared distance to a bound", defined(distance), defined(limit), 1e-12)
		}
	})
}

func TestAgreementProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 12), 3, 8).Draw(t, "counts")
		counts[rapid.IntRange(0, len(counts)-1).Draw(t, "filled")]++
		agreement := Agreement(counts)
		if !agreement.Valid || !(agreement.V >= -1 && agreement.V <= 1) {
			t.Fatalf("A = %s, not in [-1, 1]", text(agreement))
		}

		reversed := slices.Clone(counts)
		slices.Reverse(reversed)
		checkWithin(t, "A on the reversed scale", Agreement(reversed), agreement, 0)

		threefold := slices.Clone(counts)
		for category := range threefold {
			threefold[category] *= 3
		}
		checkWithin(t, "A of three times the answers", Agreement(threefold), agreement, 1e-12)
	})
}

func TestEvennessProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0, 1e6), 2, 8).Draw(t, "weights")
		weights[rapid.IntRange(0, len(weights)-1).Draw(t, "filled")] += 1
		evenness := Evenness(weights)
		if !evenness.Valid || !(evenness.V >= 0 && evenness.V <= 1) {
			t.Fatalf("evenness = %s, not in [0, 1]", text(evenness))
		}

		shuffled := rapid.Permutation(weights).Draw(t, "shuffled")
		checkWithin(t, "evenness of the entries in another order", Evenness(shuffled), evenness, 1e-12)

		equal := slices.Repeat([]float64{rapid.Float64Range(0.01, 1e6).Draw(t, "weight")}, len(weights))
		checkWithin(t, "evenness of equal weights", Evenness(equal), defined(1), 1e-12)
	})
}
