package oracle

import (
	"math"
	"slices"
)

// z is the normal quantile of a 95 % interval.
const z = 1.959963984540054

// wilson is the interval of a share of x in n (Wilson 1927).
func wilson(x, n float64) (low, high float64) {
	p := x / n
	middle := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = (middle-half)/(1+z*z/n), (middle+half)/(1+z*z/n)
	if x == 0 {
		low = 0
	}
	if x == n {
		high = 1
	}
	return low, high
}

// wilsonFinite is the same for n rows out of a population that is a list of size: the wider part
// of the list is known, the narrower the interval; all of it known, no interval is left.
func wilsonFinite(x, n, size float64) (low, high float64) {
	if n == size {
		return x / n, x / n
	}
	effective := n * (size - 1) / (size - n)
	return wilson(x/n*effective, effective)
}

// agreement is van der Eijk's A (2001) of a distribution over all categories of an ordinal scale:
// the frequencies are cut into layers of equal height, each layer's agreement weighs as many
// answers as it holds.
func agreement(counts []int) (float64, bool) {
	left := slices.Clone(counts)
	total := 0
	for _, n := range left {
		total += n
	}
	if total == 0 || len(counts) < 3 {
		return 0, false
	}
	sum := 0.0
	for {
		height, width := 0, 0
		pattern := make([]bool, len(left))
		for i, n := range left {
			if n == 0 {
				continue
			}
			pattern[i] = true
			width++
			if height == 0 || n < height {
				height = n
			}
		}
		if width == 0 {
			return sum / float64(total), true
		}
		sum += float64(height*width) * layerAgreement(pattern)
		for i := range left {
			if pattern[i] {
				left[i] -= height
			}
		}
	}
}

// layerAgreement is the A of a pattern of present and absent categories.
func layerAgreement(pattern []bool) float64 {
	k, s := len(pattern), 0
	for _, present := range pattern {
		if present {
			s++
		}
	}
	if s == 1 {
		return 1
	}
	if s == k {
		return 0
	}
	unimodal, split := 0, 0 // triples 110 and 011; triples 101
	for i := range k {
		for j := i + 1; j < k; j++ {
			for l := j + 1; l < k; l++ {
				a, b, c := pattern[i], pattern[j], pattern[l]
				if a && b && !c || !a && b && c {
					unimodal++
				}
				if a && !b && c {
					split++
				}
			}
		}
	}
	u := float64((k-2)*unimodal-(k-1)*split) / float64((k-2)*(unimodal+split))
	return u * (1 - float64(s-1)/float64(k-1))
}

// evenness is Shannon's entropy of the parts, over that of equal parts.
func evenness(parts []int64) (float64, bool) {
	var total int64
	for _, part := range parts {
		total += part
	}
	if total == 0 {
		return 0, false
	}
	entropy := 0.0
	for _, part := range parts {
		if part > 0 {
			share := float64(part) / float64(total)
			entropy -= share * math.Log(share)
		}
	}
	return entropy / math.Log(float64(len(parts))), true
}

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
	atRisk, events, competing int
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
		var at step
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
