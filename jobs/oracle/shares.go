package oracle

import "math"

// totals adds x and n over the rows that are known.
func totals(rows []item) (x, n int64, known int) {
	for _, r := range rows {
		if !r.missing {
			x += r.x
			n += r.n
			known++
		}
	}
	return x, n, known
}

// rowsKnown counts the rows that are known.
func rowsKnown(rows []item) int {
	_, _, known := totals(rows)
	return known
}

// units counts the different units of the rows that are known.
func units(rows []item) int {
	seen := map[string]bool{}
	for _, r := range rows {
		if !r.missing {
			seen[r.unit] = true
		}
	}
	return len(seen)
}

// people adds up the parts of the rows that are known.
func people(rows []item) int {
	sum := 0
	for _, r := range rows {
		if !r.missing {
			for _, n := range r.parts {
				sum += int(n)
			}
		}
	}
	return sum
}

// proportion is Σx / Σn without an interval.
func proportion(rows []item) estimate {
	x, n, known := totals(rows)
	e := estimate{effectif: known, numerator: x, denominator: n}
	if n > 0 {
		e.value = is(float64(x) / float64(n))
	}
	return e
}

// perHundred is a proportion times a hundred.
func perHundred(rows []item) estimate {
	e := proportion(rows)
	if e.value != nil {
		e.value = is(float64(e.numerator) * 100 / float64(e.denominator))
	}
	return e
}

// share is a proportion with Wilson's interval.
func share(rows []item) estimate {
	e := proportion(rows)
	if e.value != nil {
		low, high := wilson(float64(e.numerator), float64(e.denominator))
		e.low, e.high = is(low), is(high)
	}
	return e
}

// shareByDeclarants is a share of views. Views of one declarant are no independent answers: the
// floor and the interval take declarants.
func shareByDeclarants(rows []item) estimate {
	e := proportion(rows)
	e.effectif = units(rows)
	if e.value != nil {
		n := float64(e.effectif)
		low, high := wilson(*e.value*n, n)
		e.low, e.high = is(low), is(high)
	}
	return e
}

// shareOfList is a share with the correction for a finite population.
func shareOfList(rows []item) estimate {
	e := proportion(rows)
	if e.value != nil {
		low, high := wilsonFinite(float64(e.numerator), float64(e.denominator), float64(len(rows)))
		e.low, e.high = is(low), is(high)
	}
	return e
}

// ratio is a share whose floor applies to the summed denominator.
func ratio(rows []item) estimate {
	e := share(rows)
	e.effectif = int(e.denominator)
	return e
}

// ratioIfAny is a ratio that is no figure when there was nothing to share.
func ratioIfAny(rows []item) estimate {
	e := ratio(rows)
	e.absent = e.denominator == 0
	return e
}

// rest is what is left of one when x of n is taken away; the floor applies to the units.
func rest(rows []item) estimate {
	x, n, _ := totals(rows)
	e := estimate{effectif: units(rows)}
	if n > 0 {
		e.value = is(1 - float64(x)/float64(n))
	}
	return e
}

func mean(rows []item) estimate {
	x, _, known := totals(rows)
	e := estimate{effectif: known}
	if known > 0 {
		e.value = is(float64(x) / float64(known))
	}
	return e
}

// count is Σx, zero included.
func count(rows []item) estimate {
	x, _, known := totals(rows)
	return estimate{effectif: known, value: is(float64(x))}
}

// countOfLookedAt is a count whose floor applies to every row, those that say too little included.
func countOfLookedAt(rows []item) estimate {
	e := count(rows)
	e.effectif = len(rows)
	return e
}

// total is Σx, told in another unit than the one it is added up in.
func total(scale float64) func([]item) estimate {
	return func(rows []item) estimate {
		x, _, known := totals(rows)
		return estimate{effectif: known, value: is(float64(x) / scale)}
	}
}

// distinct counts the units that have a row with x.
func distinct(rows []item) estimate {
	var with []item
	for _, r := range rows {
		if r.x > 0 {
			with = append(with, r)
		}
	}
	return estimate{effectif: len(rows), value: is(float64(units(with)))}
}

// euros and hours are whole numbers of ten-thousandths, so that sums are exact.
const tenThousand = 10000

func tenThousandths(v float64) int64 { return int64(math.Round(v * tenThousand)) }
