package oracle

import (
	"math"
	"slices"
)

// notesOf counts the notes 1 to 5 that are known.
func notesOf(rows []item) []int {
	notes := make([]int, 5)
	for _, r := range rows {
		if !r.missing {
			notes[r.x-1]++
		}
	}
	return notes
}

// accord is the agreement over the five notes; the floor applies to the respondents.
func accord(rows []item) estimate {
	e := estimate{effectif: units(rows)}
	if a, ok := agreement(notesOf(rows)); ok {
		e.value = is(a)
	}
	return e
}

// middleNote is the interpolated median of the notes; the floor applies to the respondents.
func middleNote(rows []item) estimate {
	e := estimate{effectif: units(rows)}
	if m, ok := interpolatedMedian(notesOf(rows)); ok {
		e.value = is(m)
	}
	return e
}

// gap says how far the notes of one peer group are above those of another; the floor applies to the
// respondents of the smaller one.
func gap(more, less string) func([]item) estimate {
	return func(rows []item) estimate {
		var above, below []item
		for _, r := range rows {
			switch {
			case r.missing:
			case r.side == more:
				above = append(above, r)
			case r.side == less:
				below = append(below, r)
			}
		}
		e := estimate{effectif: min(units(above), units(below))}
		if d, ok := dominance(notesOf(above), notesOf(below)); ok {
			e.value = is(d)
		}
		return e
	}
}

// absolute leaves the sign out.
func absolute(of func([]item) estimate) func([]item) estimate {
	return func(rows []item) estimate {
		e := of(rows)
		if e.value != nil {
			e.value = is(math.Abs(*e.value))
		}
		return e
	}
}

// partsOf adds up the k parts of the rows that are known.
func partsOf(rows []item, k int) []int64 {
	sums := make([]int64, k)
	for _, r := range rows {
		if !r.missing {
			for i, amount := range r.parts {
				sums[i] += amount
			}
		}
	}
	return sums
}

// part is an amount of the kind i out of k.
func part(k, i int, amount int64) []int64 {
	parts := make([]int64, k)
	parts[i] = amount
	return parts
}

// evennessOf is the evenness of k parts; effectif says what the floor applies to.
func evennessOf(k int, effectif func([]item) int) func([]item) estimate {
	return func(rows []item) estimate {
		e := estimate{effectif: effectif(rows)}
		if v, ok := evenness(partsOf(rows, k)); ok {
			e.value = is(v)
		}
		return e
	}
}

// effectiveKinds is Hill's number of order one: how many equally frequent kinds would be as diverse.
func effectiveKinds(k int) func([]item) estimate {
	return func(rows []item) estimate {
		e := estimate{effectif: rowsKnown(rows)}
		if h, ok := entropy(partsOf(rows, k)); ok {
			e.value = is(math.Exp(h))
		}
		return e
	}
}

// medianMonths is the median of x days, in months.
func medianMonths(rows []item) estimate {
	var days []int64
	for _, r := range rows {
		if !r.missing {
			days = append(days, r.x)
		}
	}
	e := estimate{effectif: len(days)}
	if len(days) > 0 {
		slices.Sort(days)
		low, high := days[(len(days)-1)/2], days[len(days)/2]
		e.value = is(float64(low+high) / 2 / daysPerMonth)
	}
	return e
}

// reciprocal is how much more the links between actors go both ways than chance would have it. It
// is told where seven actors in ten have said something.
func reciprocal(rows []item) estimate {
	links := map[[2]string]bool{}
	known := 0
	for _, r := range rows {
		if !r.missing {
			known++
		}
		for _, to := range r.links {
			links[[2]string{r.unit, to}] = true
		}
	}
	e := estimate{effectif: len(rows), few: 10*known < 7*len(rows)}
	if rho, ok := reciprocity(links, len(rows)); ok {
		e.value = is(rho)
	}
	return e
}
