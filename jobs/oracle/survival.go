package oracle

import (
	"math"
	"slices"
)

// outcome is how the observation of a subject ends.
type outcome int

const (
	censored outcome = iota
	event
	competing
)

// subject was observed for that many days.
type subject struct {
	days int
	end  outcome
}

// step is a day on which some subjects end, censored ones being at risk that day still.
type step struct {
	day, atRisk, events, competing int
}

// steps are those up to the horizon, in order.
func steps(subjects []subject, horizon float64) []step {
	var days []int
	for _, s := range subjects {
		if s.end != censored && float64(s.days) <= horizon {
			days = append(days, s.days)
		}
	}
	slices.Sort(days)
	var all []step
	for _, d := range slices.Compact(days) {
		at := step{day: d}
		for _, s := range subjects {
			if s.days >= d {
				at.atRisk++
			}
			if s.days == d && s.end == event {
				at.events++
			}
			if s.days == d && s.end == competing {
				at.competing++
			}
		}
		all = append(all, at)
	}
	return all
}

// atRisk counts the subjects still observed just before the horizon.
func atRisk(subjects []subject, horizon float64) int {
	n := 0
	for _, s := range subjects {
		if float64(s.days) >= horizon {
			n++
		}
	}
	return n
}

// survival is S at the horizon (Kaplan & Meier 1958), with Greenwood's variance.
func survival(subjects []subject, horizon float64) (s, variance float64) {
	s = 1
	sum := 0.0
	for _, at := range steps(subjects, horizon) {
		n, d := float64(at.atRisk), float64(at.events)
		s *= (n - d) / n
		sum += d / (n * (n - d))
	}
	if s == 0 {
		return 0, 0
	}
	return s, s * s * sum
}

// incidence is the share whose event came by the horizon when another end competes
// (Aalen & Johansen 1978), the share that neither has ended, and the delta-method variance of the
// first (Marubini & Valsecchi 1995).
func incidence(subjects []subject, horizon float64) (f, neither, variance float64) {
	all := steps(subjects, horizon)
	before := make([]float64, len(all)) // neither ended, just before the step
	by := make([]float64, len(all))     // the incidence just after it
	neither = 1
	for j, at := range all {
		n := float64(at.atRisk)
		before[j] = neither
		f += neither * float64(at.events) / n
		by[j] = f
		neither *= (n - float64(at.events+at.competing)) / n
	}
	for j, at := range all {
		n, d, ends := float64(at.atRisk), float64(at.events), float64(at.events+at.competing)
		after := f - by[j]
		if ends < n { // else nobody is left and nothing comes after
			variance += after * after * ends / (n * (n - ends))
		}
		variance += before[j] * before[j] * (n - d) / n * d / (n * n)
		variance -= 2 * after * before[j] * d / (n * n)
	}
	return f, neither, variance
}

// logLog is the interval of a survival s strictly between 0 and 1.
func logLog(s, variance float64) (low, high float64) {
	width := z * math.Sqrt(variance) / (s * math.Abs(math.Log(s)))
	return math.Pow(s, math.Exp(width)), math.Pow(s, math.Exp(-width))
}

// restrictedMean is the area under S up to the horizon, in days, and its standard deviation.
func restrictedMean(subjects []subject, horizon float64) (days, deviation float64) {
	all := steps(subjects, horizon)
	s, from := 1.0, 0.0
	area := make([]float64, len(all)) // up to each step
	for j, at := range all {
		days += s * (float64(at.day) - from)
		area[j], from = days, float64(at.day)
		s *= float64(at.atRisk-at.events) / float64(at.atRisk)
	}
	days += s * (horizon - from)
	variance := 0.0
	for j, at := range all {
		n, d := float64(at.atRisk), float64(at.events)
		if d < n { // else S is zero and nothing comes after
			after := days - area[j]
			variance += after * after * d / (n * (n - d))
		}
	}
	return days, math.Sqrt(variance)
}

// slack of a comparison with one half, which rounding may miss.
const slack = 1e-12

// medianSurvival is the first day on which S is at most one half, and the first ones on which the
// lower and the upper limit of the log-log band are (Brookmeyer & Crowley 1982). nil: not reached.
func medianSurvival(subjects []subject) (middle, low, high *int) {
	s, sum := 1.0, 0.0
	reach := func(first **int, s float64, at step) {
		if *first == nil && s <= 0.5+slack {
			*first = &at.day
		}
	}
	for _, at := range steps(subjects, math.Inf(1)) {
		n, d := float64(at.atRisk), float64(at.events)
		s *= (n - d) / n
		sum += d / (n * (n - d))
		reach(&middle, s, at)
		if 0 < s && s < 1 { // no band before the first event, nor once nobody is left
			below, above := logLog(s, s*s*sum)
			reach(&low, below, at)
			reach(&high, above, at)
		}
	}
	return middle, low, high
}
