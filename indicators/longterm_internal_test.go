package indicators

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// january is the month from which the series of these tests count.
var january = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// monthlyFigures are those of a territory from January 2024 on; a NaN is a month without a value.
func monthlyFigures(territory string, values ...float64) []Figure {
	var figures []Figure
	for i, value := range values {
		f := Figure{Indicator: "C20", Territory: territory, Period: january.AddDate(0, i, 0), Statut: TooFew}
		if value == value {
			f.Statut, f.Value = OK, defined(value)
		}
		figures = append(figures, f)
	}
	return figures
}

// tendencyOf is the one tendency of an indicator of a register.
func tendencyOf(t *testing.T, ind *Indicator, figures []Figure, entry time.Time) Tendency {
	t.Helper()
	l := &longTerm{entries: map[string]time.Time{"alpha": entry}}
	all, err := l.follow(t.Context(), ind, figures, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	judge(all)
	if len(all) != 1 {
		t.Fatalf("%d tendencies, want 1", len(all))
	}
	return all[0]
}

func upTo(n int, f func(i int) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = f(i)
	}
	return values
}

func TestWords(t *testing.T) {
	state := &Indicator{ID: "C20", modalites: []string{""}}
	rising := func(i int) float64 { return float64(i) }
	nan := undefinedNumber()
	for _, c := range []struct {
		name   string
		ind    *Indicator
		values []float64
		word   Word
		n      int
	}{
		{"a year that rises", state, upTo(12, rising), Rising, 12},
		{"a year that falls", state, upTo(12, func(i int) float64 { return -rising(i) }), Falling, 12},
		{"a year without a change", state, upTo(12, func(int) float64 { return 0.4 }), NotDetectable, 12},
		{"eleven months", state, upTo(11, rising), TooEarly, 11},
		{"eight values in twelve months", state, []float64{1, 2, 3, 4, nan, nan, nan, nan, 5, 6, 7, 8}, Rising, 8},
		{"seven values in two years", state, append([]float64{1, 2, 3, 4, 5, 6}, append(slices.Repeat([]float64{nan}, 17), 7)...), TooEarly, 7},
		{"nothing", state, []float64{nan, nan}, TooEarly, 0},
		{"durations", &Indicator{ID: "C14", modalites: []string{""}, Estimator: Estimator{Inputs: []string{"duree", "cause"}}}, upTo(24, rising), NotTested, 24},
		{"the data themselves", &Indicator{ID: "Q01", modalites: []string{""}}, upTo(24, rising), NotTested, 24},
		// Figures that differ by the order of their additions are tied.
		{"rounding", state, upTo(24, func(i int) float64 { return 0.1 + 1e-16*float64(i) }), NotDetectable, 24},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := tendencyOf(t, c.ind, monthlyFigures("alpha", c.values...), january)
			if got.Word != c.word || got.N != c.n {
				t.Errorf("%s of %d values (p %v, adjusted %v), want %s of %d", got.Word, got.N, text(got.Trend.P), text(got.Adjusted), c.word, c.n)
			}
			if tested := got.Word != TooEarly && got.Word != NotTested; got.Adjusted.Valid != tested || got.Trend.Slope.Valid != tested {
				t.Errorf("adjusted p %v and slope %v of %s", text(got.Adjusted), text(got.Trend.Slope), got.Word)
			}
		})
	}
}

func undefinedNumber() float64 {
	zero := 0.0
	return zero / zero
}

func TestBaseline(t *testing.T) {
	state := &Indicator{ID: "C20", modalites: []string{""}}
	nan := undefinedNumber()
	values := []float64{9, 9, nan, 3, 1, 2, 5, 8}
	for _, c := range []struct {
		name  string
		entry time.Time
		from  time.Month // of the break; 0: none

		reference, change, n float64
	}{
		{"from the first month", january, 0, 9, -1, 7}, // 9, 9, 3
		{"the month of the entry counts", january.AddDate(0, 1, 20), 0, 3, 5, 6},
		{"months without a value are passed over", january.AddDate(0, 2, 0), 0, 2, 6, 5},
		{"a break cuts", january, time.May, 2, 6, 4}, // 1, 2, 5
		{"a break before the entry cuts nothing", january.AddDate(0, 3, 0), time.February, 2, 6, 5},
		{"fewer than three", january, time.July, -1, -1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			ind := *state
			if c.from > 0 {
				ind.Break = Break{time.Date(2024, c.from, 1, 0, 0, 0, 0, time.UTC), "la nomenclature a changé"}
			}
			got := tendencyOf(t, &ind, monthlyFigures("alpha", values...), c.entry)
			reference, change := defined(c.reference), defined(c.change)
			if c.reference < 0 {
				reference, change = undefined, undefined
			}
			checkWithin(t, "reference", got.Reference, reference, 0)
			checkWithin(t, "change", got.Change, change, 0)
			if got.N != int(c.n) {
				t.Errorf("%d values, want %v", got.N, c.n)
			}
		})
	}
}

// A break cuts the tested series too, and of quarters those that it divides.
func TestBreakCutsTheSeries(t *testing.T) {
	ind := &Indicator{ID: "C20", modalites: []string{""}, Break: Break{january.AddDate(0, 12, 0), "autre définition"}}
	if got := tendencyOf(t, ind, monthlyFigures("alpha", upTo(23, func(i int) float64 { return float64(i) })...), january); got.Word != TooEarly || got.N != 11 {
		t.Errorf("%s of %d values after the break, want %s of 11", got.Word, got.N, TooEarly)
	}
	l := &longTerm{entries: map[string]time.Time{"alpha": january}}
	for _, c := range []struct {
		end  int // months after January 2024
		want bool
	}{{11, false}, {12, false}, {13, false}, {14, true}, {15, true}} {
		f := Figure{Territory: "alpha", Period: january.AddDate(0, c.end, 0), Statut: OK}
		if got := l.counts(ind, f, quarterMonths); got != c.want {
			t.Errorf("the quarter that ends with %s counts: %v", f.Period.Format("2006-01"), got)
		}
	}
}

// Asking for a set of territories changes nothing that others read; families do not weigh on each other.
func TestAdjustedAmongThoseReadTogether(t *testing.T) {
	tendency := func(indicator, territory string, p float64) Tendency {
		return Tendency{Indicator: indicator, Territory: territory, Word: NotDetectable, Trend: Trend{P: defined(p), Score: defined(-3)}}
	}
	tendencies := []Tendency{
		tendency("C01", "*", 0.04), tendency("C20", "alpha", 0.06), tendency("C20", "*trois", 0.09), tendency("E01", "alpha", 0.5), tendency("E02", "alpha", 0.06),
		{Indicator: "C02", Territory: "alpha", Word: TooEarly},
	}
	want := []float64{0.06, 0.06, 0.09, 0.5, 0.12}
	words := []Word{Falling, Falling, Falling, NotDetectable, NotDetectable, TooEarly}
	judge(tendencies)
	for i, got := range tendencies {
		if i < len(want) {
			checkWithin(t, got.Indicator+" "+got.Territory, got.Adjusted, defined(want[i]), 1e-12)
		} else if got.Adjusted.Valid {
			t.Errorf("%+v was not tested", got)
		}
		if got.Word != words[i] {
			t.Errorf("%s %s: %s, want %s", got.Indicator, got.Territory, got.Word, words[i])
		}
	}
}

// TestFalseAlarmsOfReleves: what is observed once a year is carried forward, so that its months say the same
// thing twelve times. The months with a new observation alone keep what the test promises, also where each of
// them renews a part of what is known and repeats the rest.
func TestFalseAlarmsOfReleves(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation")
	}
	// waves draws the mean of parts that are renewed in turn, once a year each, at the months of their waves.
	waves := func(years, parts int) func(*rand.Rand) []Observation {
		return func(random *rand.Rand) (series []Observation) {
			known := autoregressive(random, parts, 0)
			for wave := range years * parts {
				known[wave%parts] = random.NormFloat64()
				sum := 0.0
				for _, value := range known {
					sum += value
				}
				series = append(series, Observation{wave * 12 / parts, sum})
			}
			return series
		}
	}
	for _, c := range []struct {
		name string
		draw func(*rand.Rand) []Observation
	}{
		{"five years, all observed at once", waves(5, 1)},
		{"ten years, all observed at once", waves(10, 1)},
		{"five years, a quarter of it each quarter", waves(5, 4)},
		{"three years, a quarter of it each quarter", waves(3, 4)},
		{"three years, a twelfth of it each month", waves(3, 12)},
	} {
		t.Run(c.name, func(t *testing.T) {
			rate := falseAlarms(4000, 2, c.draw)
			t.Logf("false alarms: %.1f %%", 100*rate)
			if rate > 0.10 {
				t.Errorf("%.1f %% of false alarms", 100*rate)
			}
		})
	}
	// The rule itself: five observations are too few for a word.
	t.Run("five observations are too early", func(t *testing.T) {
		ind := &Indicator{ID: "C06", modalites: []string{""}, Dated: "date_observation"}
		var figures []Figure
		observed := map[spot]bool{}
		for i := range 60 {
			f := Figure{Territory: "alpha", Period: january.AddDate(0, i, 0), Statut: OK, Value: defined(float64(i / 12))}
			observed[ind.groupOf(f.Territory, f.Period, "")] = i%12 == 0
			figures = append(figures, f)
		}
		l := &longTerm{entries: map[string]time.Time{"alpha": january}}
		all, err := l.follow(t.Context(), ind, figures, nil, observed)
		if err != nil {
			t.Fatal(err)
		}
		if got := all[0]; got.N != 5 || got.Word != TooEarly || !got.Reference.Valid {
			t.Errorf("%+v, want five values, too early, with a reference", got)
		}
	})
}

// A share is compared with the month that is the median of the first three, with as many answers as it had.
func TestChangeOfAShare(t *testing.T) {
	share := &Indicator{ID: "C20", Estimator: Estimator{Share: true}, Interval: "wilson", modalites: []string{""}}
	figures := monthlyFigures("alpha", 0.5, 0.1, 0.2, 0.6)
	for i := range figures {
		figures[i].Effectif = 10 * (i + 1)
	}
	got, want := tendencyOf(t, share, figures, january).Between, Newcombe(0.6, 40, 0.2, 30)
	if got != want {
		t.Errorf("between %+v, want %+v", got, want)
	}
	share.Interval = "aucun"
	if got := tendencyOf(t, share, figures, january).Between; got != (Interval{}) {
		t.Errorf("without an interval of its own: %+v", got)
	}
}

// The sum of a set is followed for the territories of its last value: what others brought is no fall, and what a
// newcomer brings no rise.
func TestSumsOfTheSameTerritories(t *testing.T) {
	const length, joins = 24, 9 // months; the month of delta
	ind := &Indicator{ID: "V09", Programme: true, modalites: []string{""}}
	ind.Estimator = Estimators[slices.IndexFunc(Estimators, func(e Estimator) bool { return e.Name == "somme" })]
	hours := map[string]int64{"alpha": 10, "beta": 20, "delta": 40, "gamma": 30, "omega": 400}
	for _, c := range []struct {
		name      string
		there     func(territory string, month int) bool
		reference float64
		n         int
	}{
		{"one comes", func(territory string, month int) bool {
			return territory != "omega" && (territory != "delta" || month >= joins)
		}, 100, length - joins},
		{"one goes", func(territory string, month int) bool {
			return territory != "omega" || month < joins
		}, 100, length},
		{"one has not sent its last workbooks, for two months", func(territory string, month int) bool {
			return territory != "omega" && (territory != "beta" || month < 5 || month > 6)
		}, 100, length - 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &longTerm{calendar: &calendar{members: map[spot][]string{}}, entries: map[string]time.Time{Programme: january}}
			groups := map[spot]aggregated{}
			var published []Figure
			for i := range length {
				at := month{territory: Programme, period: january.AddDate(0, i, 0)}
				var of []aggregated
				for _, territory := range []string{"alpha", "beta", "delta", "gamma", "omega"} {
					if !c.there(territory, i) {
						continue
					}
					a := aggregated{group: group{population: 1, known: 1, effectif: 1}, counts: []int{1}, territories: 1, whole: true, values: []any{hours[territory]}}
					groups[spot{territory: territory, period: at.period}] = a
					of = append(of, a)
					set := spot{territory: Programme, period: at.period}
					l.calendar.members[set] = append(l.calendar.members[set], territory)
				}
				f := ind.figure(at, together(of), 0)
				f.Indicator, f.Territory, f.Period = ind.ID, Programme, at.period
				published = append(published, f)
			}
			all, err := l.follow(t.Context(), ind, published, groups, nil)
			if err != nil {
				t.Fatal(err)
			}
			judge(all)
			got := all[0]
			if got.Reference.V != c.reference || got.Change != defined(0) || got.N != c.n || got.Word != NotDetectable {
				t.Errorf("reference %v, change %v, %s of %d values; want %v, 0, %s of %d", text(got.Reference), text(got.Change), got.Word, got.N, c.reference, NotDetectable, c.n)
			}
		})
	}
}
