package oracle

// leastAtRisk must still be observed just before a horizon.
const leastAtRisk = 5

func subjects(rows []item) []subject {
	all := make([]subject, len(rows))
	for i, r := range rows {
		all[i] = r.subject
	}
	return all
}

// maintained is S at 24 months.
func maintained(rows []item) estimate {
	all := subjects(rows)
	s, variance := survival(all, twentyFourMonths)
	n := atRisk(all, twentyFourMonths)
	e := estimate{effectif: len(all), value: is(s), few: n < leastAtRisk && s > 0}
	switch {
	case s == 1 && n > 0:
		low, _ := wilson(float64(n), float64(n))
		e.low, e.high = is(low), is(1)
	case 0 < s && s < 1:
		low, high := logLog(s, variance)
		e.low, e.high = is(low), is(high)
	}
	return e
}

// closed is the incidence of the good end at a horizon, abandoning being the competing one.
func closed(horizon float64) func([]item) estimate {
	return func(rows []item) estimate {
		all := subjects(rows)
		f, neither, variance := incidence(all, horizon)
		n := atRisk(all, horizon)
		e := estimate{effectif: len(all), value: is(f), few: n < leastAtRisk && neither > 0}
		switch {
		case f == 0 && n > 0:
			low, _ := wilson(float64(n), float64(n))
			e.low, e.high = is(0), is(1-low)
		case f > 0 && 1-f > 1e-12:
			low, high := logLog(1-f, variance)
			e.low, e.high = is(1-high), is(1-low)
		}
		return e
	}
}

// duration is the mean time until an engagement breaks off, of the first 24 months, in months.
func duration(rows []item) estimate {
	all := subjects(rows)
	days, deviation := restrictedMean(all, twentyFourMonths)
	s, _ := survival(all, twentyFourMonths)
	e := estimate{
		effectif: len(all), value: is(days / daysPerMonth),
		few: atRisk(all, twentyFourMonths) < leastAtRisk && s > 0,
	}
	if s < 1 {
		e.low, e.high = is((days-z*deviation)/daysPerMonth), is((days+z*deviation)/daysPerMonth)
	}
	return e
}

// delay is the median time until the good end, in months; who gave up is no longer observed. The
// floor applies to the events.
func delay(rows []item) estimate {
	all := subjects(rows)
	e := estimate{}
	for i := range all {
		switch all[i].end {
		case event:
			e.effectif++
		case competing:
			all[i].end = censored
		}
	}
	middle, low, high := medianSurvival(all)
	e.value, e.low, e.high = inMonths(middle), inMonths(low), inMonths(high)
	return e
}

// inMonths converts days, if there are any.
func inMonths(days *int) *float64 {
	if days == nil {
		return nil
	}
	return is(float64(*days) / daysPerMonth)
}
