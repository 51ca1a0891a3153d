package indicators

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cairn/ingest"
)

func loadCatalogue(t *testing.T) []*Indicator {
	t.Helper()
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := Catalogue(m)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

// Every figure with a better end, counts and the quality of the data aside, is weighed on its natural range.
func TestNaturalRanges(t *testing.T) {
	want := map[string][]string{
		"0 to 1": {"C02", "C06", "C07", "C08", "C12", "C13", "C14", "C17", "C20", "C21", "E02", "E04", "E06", "E07", "E08", "E11", "E12", "E14",
			"V04", "V05", "V12", "V13", "V14"},
		"-1 to 1": {"C03", "C05", "C09"},
		"0 to 4":  {"C04"},
		"0 to 24": {"C15", "E03", "E05"},
		"1 to 5":  {"C22"},
	}
	got := map[string][]string{}
	for _, ind := range loadCatalogue(t) {
		if ind.weighable() {
			low, high, _ := ind.naturalRange()
			key := fmt.Sprintf("%g to %g", low, high)
			got[key] = append(got[key], ind.ID)
		} else if ind.Direction != descriptive && ind.Family() != quality {
			t.Errorf("%s, in %s, has no natural range", ind.ID, ind.Unit)
		}
	}
	for key := range want {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("%s: %v, want %v", key, got[key], want[key])
		}
	}
	if len(got) != len(want) {
		t.Errorf("ranges %v", got)
	}
}

func TestProgress(t *testing.T) {
	byID := map[string]*Indicator{}
	for _, ind := range loadCatalogue(t) {
		byID[ind.ID] = ind
	}
	tests := []struct {
		id             string
		from, to, want float64
	}{
		{"C02", 0.2, 0.7, 0.5},
		{"C03", -0.5, 0.5, 0.5}, // a half of the way from −1 to 1
		{"C04", 3, 1, 0.5},      // less is better
		{"C12", 0.2, 0.7, -0.5},
		{"C15", 30, 12, 0.5}, // 30 months stand at the end, 24
		{"C22", 2, 4, 0.5},
		{"E05", 40, 30, 0},
	}
	for _, test := range tests {
		checkWithin(t, test.id, defined(byID[test.id].progress(test.from, test.to)), defined(test.want), 1e-12)
	}
}

// followedFigures are monthly figures of one indicator and territory from a month on; a negative value is not ok.
func followedFigures(id, territory string, from time.Time, values ...float64) []Figure {
	var figures []Figure
	for i, v := range values {
		f := Figure{Indicator: id, Territory: territory, Period: from.AddDate(0, i, 0), Statut: OK, Value: defined(v)}
		if v < 0 {
			f.Statut, f.Value = TooFew, undefined
		}
		figures = append(figures, f)
	}
	return figures
}

// The baseline is the median of the first three ok months from the entry on; a figure counts that has both
// a baseline and a value at the horizon.
func TestChanges(t *testing.T) {
	january := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	horizon := january.AddDate(0, 5, 0)
	places := []pilot{{territory: "alpha"}}
	long := &longTerm{entries: map[string]time.Time{"alpha": january.AddDate(0, 1, 0)}}
	var figures []Figure
	figures = append(figures, followedFigures("C02", "alpha", january, 0.9, 0.3, -1, 0.1, 0.2, 0.6)...) // before the entry, then 0.3 0.1 0.2: 0.2
	figures = append(figures, followedFigures("C04", "alpha", january, 4, 3, 3, 3, 2, 1)...)            // 3, then 1: +0.5
	figures = append(figures, followedFigures("C06", "alpha", january, 0.1, 0.1, 0.1, 0.1, 0.1, -1)...) // not ok at the horizon
	figures = append(figures, followedFigures("C07", "alpha", january, -1, -1, -1, -1, 0.1, 0.9)...)    // two months: no baseline
	figures = append(figures, followedFigures("C18", "alpha", january, 0, 0, 0, 0, 0, 1)...)            // descriptive
	figures = append(figures, followedFigures("E01", "alpha", january, 1, 1, 1, 1, 1, 9)...)            // a count
	figures = append(figures, followedFigures("C02", Programme, january, 0, 0, 0, 0, 0, 1)...)
	figures = append(figures, followedFigures("V05", "alpha", january, -1, -1, -1, 0.2, 0.2, 0.1)...) // 0.2: −0.1
	var tendencies []Tendency
	for _, ind := range loadCatalogue(t) {
		var own []Figure
		for _, f := range figures {
			if f.Indicator == ind.ID {
				own = append(own, f)
			}
		}
		ind.Window, ind.Dated = "", "" // what is tested, and needs a database, is not looked at here
		followed, err := long.follow(t.Context(), ind, own, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		tendencies = append(tendencies, followed...)
	}
	judge(tendencies)
	got := changes(loadCatalogue(t), figures, tendencies, places, horizon)[0]
	checkWithin(t, "Δ of cooperation", got[0].Mean, defined(0.45), 1e-12)
	checkWithin(t, "Δ of engagement", got[1].Mean, undefined, 0)
	checkWithin(t, "Δ of valeur_sociale", got[2].Mean, defined(-0.1), 1e-12)
	if n := [3]int{got[0].Figures, got[1].Figures, got[2].Figures}; n != [3]int{2, 0, 1} {
		t.Errorf("%v figures", n)
	}
	all := deliberations(loadCatalogue(t), figures, tendencies, places, horizon)
	if d := all[0]; d.Statut != NoData || d.Positive.Valid || d.Own.Valid {
		t.Errorf("without a figure of engagement: %+v", d)
	}
}

func TestWeigh(t *testing.T) {
	weights := func(c, e, v float64) *[3]float64 { return &[3]float64{c, e, v} }
	places := []pilot{
		{territory: "a", weights: weights(50, 30, 20)},
		{territory: "b", weights: weights(0, 50, 50)},
		{territory: "c"},
		{territory: "d", weights: weights(10, 0, 90)},
		{territory: "e", weights: weights(25, 0, 75), outdated: true}, // to the line: neither sign
	}
	changed := func(c, e, v float64) [3]Change { return [3]Change{{defined(c), 1}, {defined(e), 1}, {defined(v), 1}} }
	tests := []struct {
		name      string
		of        int
		changes   [3]Change
		statut    Statut
		own       string
		reversing []string
	}{
		{"forward, others disagree", 0, changed(0.3, 0, -0.1), OK, "true", []string{"b", "d"}},
		{"back, one disagrees", 1, changed(0.3, 0, -0.1), OK, "false", []string{"a"}},
		{"all agree", 0, changed(0.3, 0.1, 0.1), OK, "true", []string{}},
		{"without weights", 2, changed(0.3, 0, -0.1), OK, "unknown", nil},
		{"nothing moved but by rounding", 0, changed(1e-17, 0, -1e-16), Undefined, "unknown", nil},
		{"a dimension without figures", 0, [3]Change{{defined(1), 1}, {}, {defined(1), 1}}, NoData, "unknown", nil},
		{"outdated", 4, changed(0.3, 0, -0.1), Outdated, "unknown", nil},
	}
	for _, test := range tests {
		d := Deliberation{Changes: test.changes}
		d.weigh(places[test.of], places)
		own := "unknown"
		if d.Own.Valid {
			own = fmt.Sprint(d.Own.V)
		}
		if d.Statut != test.statut || d.Positive.Valid != (test.statut == OK) || own != test.own || !slices.Equal(d.Reversing.V, test.reversing) || d.Reversing.Valid != d.Own.Valid {
			t.Errorf("%s: %+v", test.name, d)
		}
	}
}

// Like is compared with like where at least three territories are known to be so and have the figure.
func TestStrata(t *testing.T) {
	places := []pilot{{territory: "a", milieu: "rural", advancement: "debutant"}, {territory: "b", milieu: "rural"}, {territory: "c", milieu: "rural", advancement: "debutant"},
		{territory: "d", milieu: "urbain", advancement: "debutant"}, {territory: "e"}}
	january := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	share := func(id, territory string, x, n int) Figure {
		return Figure{Indicator: id, Territory: territory, Period: january, Statut: OK, Value: defined(float64(x) / float64(n)), Effectif: n,
			Numerator: defined(float64(x)), Denominator: defined(float64(n))}
	}
	var figures []Figure
	for _, id := range []string{"C02", "C18", "C14", "Q01"} { // C14 is an incidence and Q01 has no interval: no funnel
		for i, p := range places {
			figures = append(figures, share(id, p.territory, 10+20*i, 100))
		}
		figures = append(figures, share(id, Programme, 50, 100))
	}
	figures[3].Statut = TooFew // d of C02
	count := map[string]int{}
	for _, c := range comparisons(loadCatalogue(t), figures, places, january) {
		count[c.Indicator+" "+c.Set]++
		if ranked := c.Region != nil; ranked != (c.Indicator == "C02") { // C18 is descriptive
			t.Errorf("%s has the region %v", c.Indicator, c.Region)
		}
	}
	want := map[string]int{"C02 tous": 4, "C02 milieu:rural": 3, "C18 tous": 5, "C18 milieu:rural": 3, "C18 avancement:debutant": 3}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", count, want)
	}
	if got := comparisons(loadCatalogue(t), figures, places, january.AddDate(0, 1, 0)); len(got) != 0 {
		t.Errorf("of another month: %v", got)
	}
}
