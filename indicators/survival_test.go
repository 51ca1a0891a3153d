package indicators

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func newCurve(t rapid.TB, subjects []Subject) Curve {
	t.Helper()
	curve, err := NewCurve(subjects)
	if err != nil {
		t.Fatal(err)
	}
	return curve
}

// subjectsOf reads one subject per row; the vectors count in months, which are plain integers here.
func subjectsOf(t *testing.T, inputs []row, causeColumn string) []Subject {
	t.Helper()
	var subjects []Subject
	for _, in := range inputs {
		subjects = append(subjects, Subject{
			Duration: in.integer(t, "time"),
			Cause:    Cause(in.integer(t, causeColumn)),
		})
	}
	return subjects
}

func TestKaplanMeierVectors(t *testing.T) {
	eachVector(t, "06_km", func(t *testing.T, inputs []row) estimates {
		subjects := subjectsOf(t, inputs, "event")
		curve := newCurve(t, subjects)
		got := curve.KaplanMeier(12)
		events := 0
		for _, s := range curve.steps {
			events += s.events
		}
		stats := estimates{
			"n":               defined(float64(curve.AtRisk(0))),
			"n_events":        defined(float64(events)),
			"S_12":            got.Value,
			"se_greenwood_12": got.StandardError,
			"S_12_lo_loglog":  got.Interval.Low,
			"S_12_hi_loglog":  got.Interval.High,
		}
		median := curve.Median()
		stats["median_min_le"], stats["median_lo_loglog"], stats["median_hi_loglog"] = median.Value, median.Interval.Low, median.Interval.High
		for _, tau := range []int{4, 5, 12} {
			mean := curve.RestrictedMean(float64(tau))
			stats[fmt.Sprintf("rmst_tau%d", tau)], stats[fmt.Sprintf("se_rmst_tau%d", tau)] = mean.Value, mean.StandardError
		}
		if inputs[0]["case_id"] == "all_censored" {
			// R gives no bounds at S = 1. The reference framework: « With no event up to the horizon, S = 1 has the
			// bounds [Wilson's lower for n of n, 1] », so these two stats are ours: 2 of 4 subjects are at
			// risk just before month 12, and Wilson's lower for 2 of 2 is 2/(2 + z²).
			atRisk := 2.0
			wilsonLower := atRisk / (atRisk + normalQuantile975*normalQuantile975)
			checkWithin(t, "lower bound at S = 1", got.Interval.Low, defined(wilsonLower), 1e-12)
			checkWithin(t, "upper bound at S = 1", got.Interval.High, defined(1), 0)
			stats["S_12_lo_loglog"] = undefined
			stats["S_12_hi_loglog"] = undefined
		}
		return stats
	},
		"median", // R's, the middle of a flat stretch at ½
		"logrank_chi2", "logrank_p")
}

func TestAalenJohansenVectors(t *testing.T) {
	eachVector(t, "06_competing", func(t *testing.T, inputs []row) estimates {
		subjects := subjectsOf(t, inputs, "cause")
		curve := newCurve(t, subjects)
		obsolete := newCurve(t, exchangeCauses(subjects))
		naive := curve.KaplanMeier(12).Value
		return estimates{
			"cif_lifted_6":        curve.AalenJohansen(6).Value,
			"cif_lifted_12":       curve.AalenJohansen(12).Value,
			"cif_obsolete_6":      obsolete.AalenJohansen(6).Value,
			"cif_obsolete_12":     obsolete.AalenJohansen(12).Value,
			"state0_6":            curve.EventFree(6),
			"state0_12":           curve.EventFree(12),
			"naive_1_minus_KM_12": defined(1 - naive.V),
		}
	})
}

func exchangeCauses(subjects []Subject) []Subject {
	other := map[Cause]Cause{Censored: Censored, Event: Competing, Competing: Event}
	var exchanged []Subject
	for _, subject := range subjects {
		exchanged = append(exchanged, Subject{subject.Duration, other[subject.Cause]})
	}
	return exchanged
}

func TestSurvivalAtTheEdges(t *testing.T) {
	wilsonLower := func(n float64) float64 { return n / (n + normalQuantile975*normalQuantile975) }
	cases := []struct {
		name        string
		subjects    []Subject
		horizon     float64
		kaplanMeier Estimate
		incidence   Estimate
		atRisk      int
		eventFree   float64
		noSubjects  bool
	}{
		{
			name:       "nobody: nothing is defined",
			horizon:    365.25,
			noSubjects: true,
		},
		{
			name:        "no event yet: Wilson's bounds for the two at risk just before the horizon",
			subjects:    []Subject{{365, Censored}, {366, Event}, {400, Censored}},
			horizon:     365.25,
			kaplanMeier: Estimate{defined(1), defined(0), Interval{defined(wilsonLower(2)), defined(1)}},
			incidence:   Estimate{defined(0), defined(0), Interval{defined(0), defined(1 - wilsonLower(2))}},
			atRisk:      2,
			eventFree:   1,
		},
		{
			name:        "no event, nobody followed to the horizon: no bounds",
			subjects:    []Subject{{30, Censored}, {60, Censored}},
			horizon:     365.25,
			kaplanMeier: Estimate{Value: defined(1), StandardError: defined(0)},
			incidence:   Estimate{Value: defined(0), StandardError: defined(0)},
			eventFree:   1,
		},
		{
			name:        "only competing events: an incidence of 0 as if none",
			subjects:    []Subject{{30, Competing}, {60, Competing}, {500, Censored}, {500, Censored}},
			horizon:     365.25,
			kaplanMeier: Estimate{defined(1), defined(0), Interval{defined(wilsonLower(2)), defined(1)}},
			incidence:   Estimate{defined(0), defined(0), Interval{defined(0), defined(1 - wilsonLower(2))}},
			atRisk:      2,
			eventFree:   0.5,
		},
		{
			name:        "the event to all, F = 1 even where the sum rounds to less: no bounds",
			subjects:    []Subject{{0, Event}, {1, Event}, {2, Event}, {3, Event}, {4, Event}, {5, Event}, {6, Event}},
			horizon:     182.625,
			kaplanMeier: Estimate{Value: defined(0)},
			incidence:   Estimate{Value: defined(1)},
		},
		{
			name:        "an event on day 0 counts, with everybody at risk",
			subjects:    []Subject{{0, Event}, {0, Censored}},
			horizon:     0,
			kaplanMeier: Estimate{defined(0.5), defined(math.Sqrt(0.125)), logLogInterval(0.5, math.Sqrt(0.125))},
			incidence: Estimate{defined(0.5), defined(math.Sqrt(0.125)),
				complement(logLogInterval(0.5, math.Sqrt(0.125)))},
			atRisk:    2,
			eventFree: 0.5,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			curve := newCurve(t, c.subjects)
			checkEstimate(t, "Kaplan-Meier", curve.KaplanMeier(c.horizon), c.kaplanMeier, 1e-12)
			checkEstimate(t, "Aalen-Johansen", curve.AalenJohansen(c.horizon), c.incidence, 1e-12)
			if got := curve.AtRisk(c.horizon); got != c.atRisk {
				t.Errorf("at risk: %d, want %d", got, c.atRisk)
			}
			eventFree := defined(c.eventFree)
			if c.noSubjects {
				eventFree = undefined
			}
			checkWithin(t, "event-free", curve.EventFree(c.horizon), eventFree, 1e-12)
		})
	}
}

func checkEstimate(t rapid.TB, what string, got, want Estimate, tolerance float64) {
	t.Helper()
	checkWithin(t, what, got.Value, want.Value, tolerance)
	checkWithin(t, what+" standard error", got.StandardError, want.StandardError, tolerance)
	checkWithin(t, what+" lower bound", got.Interval.Low, want.Interval.Low, tolerance)
	checkWithin(t, what+" upper bound", got.Interval.High, want.Interval.High, tolerance)
}

func TestNewCurveRefuses(t *testing.T) {
	for want, subject := range map[string]Subject{
		"negative duration -1": {-1, Event},
		"unknown cause 3":      {5, Cause(3)},
	} {
		if _, err := NewCurve([]Subject{{2, Event}, subject}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewCurve with %+v: %v, want %q", subject, err, want)
		}
	}
}

// drawSubjects makes few distinct durations, so that ties are common.
func drawSubjects(t *rapid.T, causes ...Cause) []Subject {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Subject {
		return Subject{
			Duration: rapid.IntRange(0, 15).Draw(t, "duration"),
			Cause:    rapid.SampledFrom(causes).Draw(t, "cause"),
		}
	}), 1, 40).Draw(t, "subjects")
}

func drawHorizon(t *rapid.T) float64 {
	return float64(rapid.IntRange(0, 36).Draw(t, "half days")) / 2
}

func TestSurvivalIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		curve, horizon := newCurve(t, drawSubjects(t, Censored, Event, Competing)), drawHorizon(t)
		for _, got := range []Estimate{curve.KaplanMeier(horizon), curve.AalenJohansen(horizon)} {
			if !(got.Value.Valid && got.Value.V >= 0 && got.Value.V <= 1) {
				t.Errorf("value %s, not in [0, 1]", text(got.Value))
			}
			checkSurrounds(t, got.Value.V, got.Interval)
		}
	})
}

func TestSurvivalIgnoresRowOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subjects, horizon := drawSubjects(t, Censored, Event, Competing), drawHorizon(t)
		curve := newCurve(t, subjects)
		shuffled := newCurve(t, rapid.Permutation(subjects).Draw(t, "shuffled"))
		if curve.KaplanMeier(horizon) != shuffled.KaplanMeier(horizon) ||
			curve.AalenJohansen(horizon) != shuffled.AalenJohansen(horizon) {
			t.Errorf("another order of the rows, another estimate at %v", horizon)
		}
	})
}

// The definition read off the rows: a product over the days, with counts made by looking at every subject.
func TestKaplanMeierIsTheProduct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subjects, horizon := drawSubjects(t, Censored, Event, Competing), drawHorizon(t)
		curve := newCurve(t, subjects)
		survival, eventFree := 1.0, 1.0
		for day := 0; float64(day) <= horizon; day++ {
			atRisk, events, competing := countOn(subjects, day)
			if atRisk > 0 {
				survival *= 1 - float64(events)/float64(atRisk)
				eventFree *= 1 - float64(events+competing)/float64(atRisk)
			}
		}
		checkWithin(t, "S", curve.KaplanMeier(horizon).Value, defined(survival), 1e-12)
		checkWithin(t, "event-free", curve.EventFree(horizon), defined(eventFree), 1e-12)

		atRisk := 0
		for _, subject := range subjects {
			if float64(subject.Duration) >= horizon {
				atRisk++
			}
		}
		if got := curve.AtRisk(horizon); got != atRisk {
			t.Errorf("at risk before %v: %d, want %d", horizon, got, atRisk)
		}
	})
}

func countOn(subjects []Subject, day int) (atRisk, events, competing int) {
	for _, subject := range subjects {
		if subject.Duration < day {
			continue
		}
		atRisk++
		if subject.Duration == day && subject.Cause == Event {
			events++
		}
		if subject.Duration == day && subject.Cause == Competing {
			competing++
		}
	}
	return atRisk, events, competing
}

func TestAalenJohansenWithoutCompetingIsKaplanMeier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		curve, horizon := newCurve(t, drawSubjects(t, Censored, Event)), drawHorizon(t)
		kaplanMeier := curve.KaplanMeier(horizon)
		checkEstimate(t, "incidence", curve.AalenJohansen(horizon), Estimate{
			Value:         defined(1 - kaplanMeier.Value.V),
			StandardError: kaplanMeier.StandardError,
			Interval:      complement(kaplanMeier.Interval),
		}, 1e-12)
	})
}

// Nobody censored: the incidence is a plain share, and its standard error the binomial one.
func TestAalenJohansenWithoutCensoringIsTheShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subjects, horizon := drawSubjects(t, Event, Competing), drawHorizon(t)
		n, events := float64(len(subjects)), 0.0
		for _, subject := range subjects {
			if subject.Cause == Event && float64(subject.Duration) <= horizon {
				events++
			}
		}
		share, got := events/n, newCurve(t, subjects).AalenJohansen(horizon)
		checkWithin(t, "F", got.Value, defined(share), 1e-12)
		if events < n {
			checkWithin(t, "variance", defined(got.StandardError.V*got.StandardError.V), defined(share*(1-share)/n), 1e-12)
		}
	})
}

// The delta method from its first principle: F is a function of the two hazards of each day, which are
// multinomial shares of those at risk, independent between days. F is linear in each single hazard, so a
// difference over a step of 1 is the exact derivative.
func TestAalenJohansenVarianceIsTheDeltaMethod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subjects, horizon := drawSubjects(t, Censored, Event, Competing), drawHorizon(t)
		var atRisk []float64
		var hazards [][2]float64 // of the event, of the competing one
		for day := 0; float64(day) <= horizon; day++ {
			if n, events, competing := countOn(subjects, day); n > 0 {
				atRisk = append(atRisk, float64(n))
				hazards = append(hazards, [2]float64{float64(events) / float64(n), float64(competing) / float64(n)})
			}
		}
		incidence := func() float64 {
			survival, total := 1.0, 0.0
			for _, hazard := range hazards {
				total += survival * hazard[0]
				survival *= 1 - hazard[0] - hazard[1]
			}
			return total
		}
		value, variance := incidence(), 0.0
		for day := range hazards {
			var slope [2]float64
			for cause := range slope {
				hazards[day][cause]++
				slope[cause] = incidence() - value
				hazards[day][cause]--
			}
			event, competing := hazards[day][0], hazards[day][1]
			variance += (slope[0]*slope[0]*event*(1-event) +
				slope[1]*slope[1]*competing*(1-competing) -
				2*slope[0]*slope[1]*event*competing) / atRisk[day]
		}

		got := newCurve(t, subjects).AalenJohansen(horizon)
		checkWithin(t, "F", got.Value, defined(value), 1e-9)
		if got.StandardError.Valid {
			checkWithin(t, "variance", defined(got.StandardError.V*got.StandardError.V), defined(variance), 1e-9)
		}
	})
}
