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

// entropy is Shannon's, in natural units.
func entropy(parts []int64) (float64, bool) {
	var total int64
	for _, part := range parts {
		total += part
	}
	if total == 0 {
		return 0, false
	}
	h := 0.0
	for _, part := range parts {
		if part > 0 {
			share := float64(part) / float64(total)
			h -= share * math.Log(share)
		}
	}
	return h, true
}

// evenness is the entropy of the parts, over that of equal parts.
func evenness(parts []int64) (float64, bool) {
	h, ok := entropy(parts)
	return h / math.Log(float64(len(parts))), ok
}

// interpolatedMedian is the median of notes 1, 2, …, each taken as spread evenly over the unit
// around it. Where the middle falls between two notes it is their mean.
func interpolatedMedian(notes []int) (float64, bool) {
	total := 0
	for _, n := range notes {
		total += n
	}
	if total == 0 {
		return 0, false
	}
	low, high := noteOfRank(notes, (total+1)/2), noteOfRank(notes, total/2+1)
	if low != high {
		return float64(low+high) / 2, true
	}
	below := 0
	for _, n := range notes[:low-1] {
		below += n
	}
	return float64(low) - 0.5 + (float64(total)/2-float64(below))/float64(notes[low-1]), true
}

// noteOfRank is the note of the answer of that rank, from 1, in ascending order.
func noteOfRank(notes []int, rank int) int {
	for i, n := range notes {
		if rank -= n; rank <= 0 {
			return i + 1
		}
	}
	return len(notes)
}

// dominance is Cliff's delta (1993): the probability that an answer of the first is above one of the
// second, less that of the reverse.
func dominance(first, second []int) (float64, bool) {
	pairs, difference := 0, 0
	for i, n := range first {
		for j, m := range second {
			pairs += n * m
			switch {
			case i > j:
				difference += n * m
			case i < j:
				difference -= n * m
			}
		}
	}
	if pairs == 0 {
		return 0, false
	}
	return float64(difference) / float64(pairs), true
}

// reciprocity is ρ of Garlaschelli & Loffredo (2004) for directed links between n nodes.
func reciprocity(links map[[2]string]bool, n int) (float64, bool) {
	if len(links) == 0 || len(links) == n*(n-1) {
		return 0, false
	}
	back := 0
	for l := range links {
		if links[[2]string{l[1], l[0]}] {
			back++
		}
	}
	r := float64(back) / float64(len(links))
	d := float64(len(links)) / float64(n*(n-1))
	return (r - d) / (1 - d), true
}
