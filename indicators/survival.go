package indicators

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Cause says how the observation of a subject ended.
type Cause int

// The causes, with the codes that the SQL gives them.
const (
	Censored  Cause = 0 // still open on the last day observed
	Event     Cause = 1 // what is being waited for
	Competing Cause = 2 // an end after which the event can no longer happen
)

// Subject is one observed duration.
type Subject struct {
	Duration int // whole days, 0 allowed
	Cause    Cause
}

// Curve is what the survival estimators need of the subjects: one step per distinct duration, ascending.
// The zero Curve has no subjects.
type Curve struct {
	steps []step
}

// step counts the subjects of one duration. Those censored at it are still at risk for its events:
// events come before censorings on a tie.
type step struct {
	time      int // days
	atRisk    int // subjects with this duration or a longer one
	events    int
	competing int
}

// Estimate is a probability at a horizon.
type Estimate struct {
	Value         sql.Null[float64] // undefined without subjects
	StandardError sql.Null[float64] // undefined where the value says that nobody is left: S = 0, F = 1
	Interval      Interval
}

// NewCurve counts the subjects, in any order; it keeps no reference to them.
// A negative duration or an unknown cause is an error.
func NewCurve(subjects []Subject) (Curve, error) {
	sorted := slices.SortedFunc(slices.Values(subjects), func(a, b Subject) int {
		return cmp.Compare(a.Duration, b.Duration)
	})
	var curve Curve
	for i, subject := range sorted {
		if subject.Duration < 0 {
			return Curve{}, fmt.Errorf("build survival curve: negative duration %d", subject.Duration)
		}
		if i == 0 || subject.Duration != sorted[i-1].Duration {
			curve.steps = append(curve.steps, step{time: subject.Duration, atRisk: len(sorted) - i})
		}
		last := &curve.steps[len(curve.steps)-1]
		switch subject.Cause {
		case Censored:
		case Event:
			last.events++
		case Competing:
			last.competing++
		default:
			return Curve{}, fmt.Errorf("build survival curve: unknown cause %d", subject.Cause)
		}
	}
	return curve, nil
}

// until returns the steps at or before the horizon.
func (c Curve) until(horizon float64) []step {
	return c.steps[:sort.Search(len(c.steps), func(i int) bool { return float64(c.steps[i].time) > horizon })]
}

// AtRisk returns the number of subjects at risk just before t (days): those with a duration of t or more.
func (c Curve) AtRisk(t float64) int {
	next := sort.Search(len(c.steps), func(i int) bool { return float64(c.steps[i].time) >= t })
	if next == len(c.steps) {
		return 0
	}
	return c.steps[next].atRisk
}

// EventFree returns the share of subjects to which neither the event nor a competing one has happened
// by t (days, included): Π (1 − d/n) with both causes in d. It is exactly 0 when nobody is left,
// and undefined without subjects.
//
// Kaplan & Meier 1958.
func (c Curve) EventFree(t float64) sql.Null[float64] {
	if len(c.steps) == 0 {
		return sql.Null[float64]{}
	}
	survival := 1.0
	for _, s := range c.until(t) {
		survival *= float64(s.atRisk-s.events-s.competing) / float64(s.atRisk)
	}
	return defined(survival)
}

// KaplanMeier returns the survival to the horizon (days, included), competing events taken as censorings:
//
//	S(t) = Π (1 − d/n),  Var = S² Σ d/(n(n−d)) (Greenwood),  bounds S^exp(±z se/(S ln S))
//
// over the durations ≤ t, with d events among n at risk. Past the last duration S keeps its last value.
// Without an event up to t, S = 1 with standard error 0 and bounds from Wilson's lower for n of n to 1,
// n being AtRisk(t): undefined bounds when that is 0. At S = 0 standard error and bounds are undefined.
//
// Kaplan & Meier 1958; Greenwood 1926; log-log bounds: Kalbfleisch & Prentice 1980.
func (c Curve) KaplanMeier(horizon float64) Estimate {
	if len(c.steps) == 0 {
		return Estimate{}
	}
	survival, greenwood := 1.0, 0.0
	for _, s := range c.until(horizon) {
		left := s.atRisk - s.events
		survival *= float64(left) / float64(s.atRisk)
		if left > 0 {
			greenwood += float64(s.events) / (float64(s.atRisk) * float64(left))
		}
	}
	switch survival {
	case 1:
		return Estimate{Value: defined(1), StandardError: defined(0), Interval: Wilson(1, c.AtRisk(horizon))}
	case 0:
		return Estimate{Value: defined(0)}
	}
	standardError := survival * math.Sqrt(greenwood)
	return Estimate{
		Value:         defined(survival),
		StandardError: defined(standardError),
		Interval:      logLogInterval(survival, standardError),
	}
}

// Median returns the first duration (days) at which S(t) ≤ ½, with Brookmeyer and Crowley's interval: the
// first durations at which the lower and the upper log-log bound of KaplanMeier are ≤ ½. All three have
// 1e-12 of slack. Undefined where the curve or the bound does not come down to ½; a bound that does not
// exist, at S = 0, does not count as having come down. There is no standard error.
//
// Brookmeyer & Crowley 1982. R's survfit takes the middle of a stretch where S is exactly ½.
func (c Curve) Median() Estimate {
	const half = 0.5 + 1e-12
	var median Estimate
	first := func(reached *sql.Null[float64], at step, bound sql.Null[float64]) {
		if !reached.Valid && bound.Valid && bound.V <= half {
			*reached = defined(float64(at.time))
		}
	}
	survival, greenwood := 1.0, 0.0
	for _, s := range c.steps {
		if s.events == 0 {
			continue
		}
		left := s.atRisk - s.events
		survival *= float64(left) / float64(s.atRisk)
		first(&median.Value, s, defined(survival))
		if left == 0 {
			break
		}
		greenwood += float64(s.events) / (float64(s.atRisk) * float64(left))
		band := logLogInterval(survival, survival*math.Sqrt(greenwood))
		first(&median.Interval.Low, s, band.Low)
		first(&median.Interval.High, s, band.High)
	}
	return median
}

// RestrictedMean returns the mean duration up to the horizon (both in days): the area under S from 0 to
// the horizon,
//
//	∫ S,  Var = Σ A_j² d_j/(n_j(n_j−d_j)),  A_j = area from t_j to the horizon,  bounds ± z se
//
// over the durations t_j ≤ horizon with events; a term with d_j = n_j is 0, since no area is left. Past the
// last duration S keeps its last value. Without an event up to the horizon there are no bounds.
// Undefined without subjects.
//
// Irwin 1949; variance as in R's survival, print(rmean = ), without the factor n/(n−1).
func (c Curve) RestrictedMean(horizon float64) Estimate {
	if len(c.steps) == 0 {
		return Estimate{}
	}
	steps := c.until(horizon)
	areas := make([]float64, len(steps)) // under S between t_j and the next step, or the horizon
	survival, before, total := 1.0, 0.0, 0.0
	for j, s := range steps {
		total += survival * (float64(s.time) - before)
		before = float64(s.time)
		survival *= float64(s.atRisk-s.events) / float64(s.atRisk)
		next := horizon
		if j+1 < len(steps) {
			next = float64(steps[j+1].time)
		}
		areas[j] = survival * (next - before)
	}
	total += survival * (horizon - before)
	variance, left, events := 0.0, 0.0, 0
	for j := len(steps) - 1; j >= 0; j-- {
		left += areas[j]
		events += steps[j].events
		n, d := float64(steps[j].atRisk), float64(steps[j].events)
		if n > d {
			variance += left * left * d / (n * (n - d))
		}
	}
	mean := Estimate{Value: defined(total), StandardError: defined(math.Sqrt(variance))}
	if events > 0 {
		half := normalQuantile975 * mean.StandardError.V
		mean.Interval = Interval{Low: defined(total - half), High: defined(total + half)}
	}
	return mean
}

// AalenJohansen returns the incidence of the event by the horizon (days, included), which a competing
// event makes impossible:
//
//	F(t) = Σ S(t_{j−1}) d1_j/n_j
//	Var  = Σ [F(t)−F(t_j)]² d_j/(n_j(n_j−d_j)) + S(t_{j−1})² (n_j−d1_j) d1_j/n_j³
//	         − 2 [F(t)−F(t_j)] S(t_{j−1}) d1_j/n_j²
//
// over the durations t_j ≤ t, with S as in EventFree, d1 events and d events of both causes among n at risk;
// the first term is 0 where d_j = n_j. The bounds are log-log on 1 − F. Without competing events all of it
// equals 1 − KaplanMeier.
//
// Without an event of the first cause up to t, F = 0 with standard error 0 and bounds from 0 to
// 1 − Wilson's lower for n of n, n being AtRisk(t): undefined bounds when that is 0. At F = 1 standard
// error and bounds are undefined.
//
// Aalen & Johansen 1978; variance by the delta method: Marubini & Valsecchi 1995.
func (c Curve) AalenJohansen(horizon float64) Estimate {
	if len(c.steps) == 0 {
		return Estimate{}
	}
	steps := c.until(horizon)
	incidence := make([]float64, len(steps))      // F(t_j)
	survivalBefore := make([]float64, len(steps)) // S(t_{j−1})
	survival, total, competing := 1.0, 0.0, 0
	for j, s := range steps {
		survivalBefore[j] = survival
		total += survival * float64(s.events) / float64(s.atRisk)
		survival *= float64(s.atRisk-s.events-s.competing) / float64(s.atRisk)
		incidence[j] = total
		competing += s.competing
	}
	switch {
	case total == 0:
		return Estimate{Value: defined(0), StandardError: defined(0), Interval: complement(Wilson(1, c.AtRisk(horizon)))}
	case survival == 0 && competing == 0: // F = 1, whatever the sum was rounded to
		return Estimate{Value: defined(1)}
	}

	variance := 0.0
	for j, s := range steps {
		n, d1, d := float64(s.atRisk), float64(s.events), float64(s.events+s.competing)
		later := total - incidence[j]
		if n > d {
			variance += later * later * d / (n * (n - d))
		}
		variance += survivalBefore[j] * survivalBefore[j] * (n - d1) * d1 / (n * n * n)
		variance -= 2 * later * survivalBefore[j] * d1 / (n * n)
	}
	standardError := math.Sqrt(max(0, variance)) // rounding may leave a negative zero
	return Estimate{
		Value:         defined(total),
		StandardError: defined(standardError),
		Interval:      complement(logLogInterval(1-total, standardError)),
	}
}

// logLogInterval surrounds a survival strictly between 0 and 1: normal bounds of ln(−ln S), brought back.
func logLogInterval(survival, standardError float64) Interval {
	spread := normalQuantile975 * standardError / (survival * -math.Log(survival))
	return shareInterval(survival, math.Pow(survival, math.Exp(spread)), math.Pow(survival, math.Exp(-spread)))
}

// complement turns the interval of a share into that of 1 − share.
func complement(of Interval) Interval {
	oneMinus := func(bound sql.Null[float64]) sql.Null[float64] {
		if !bound.Valid {
			return bound
		}
		return defined(1 - bound.V)
	}
	return Interval{Low: oneMinus(of.High), High: oneMinus(of.Low)}
}
