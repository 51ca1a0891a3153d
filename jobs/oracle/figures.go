package oracle

import "math"

// cell is one indicator and one of its modalites.
type cell struct {
	indicateur, modalite string
}

// item is one row of a population. What its numbers mean is the indicator's affair.
type item struct {
	unit    string // what is counted once: an actor, a respondent, a project, with its territory
	missing bool   // its value is unknown
	x, n    int64
	subject subject
}

// indicator is how a population becomes a figure.
type indicator struct {
	id        string
	modalites []string
	floor     int
	quality   bool // of the data: never perime, no row for the programme
	sum       bool // a sum of flux, defined on a whole window only
	counted   bool // numerateur and denominateur are told
	estimate  func([]item) estimate
}

var (
	scalar   = []string{""}
	families = []string{"P0", "P1", "P2", "P3", "P4", "A"}
	levels   = []string{"0", "1", "2", "3", "4"}
)

var indicators = []indicator{
	{id: "C01", modalites: levels, floor: 5, counted: true, estimate: share},
	{id: "C02", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "C04", modalites: scalar, floor: 5, estimate: mean},
	{id: "C10", modalites: families, floor: 10, estimate: accord},
	{id: "C13", modalites: scalar, floor: 5, counted: true, estimate: ratio},
	{id: "C14", modalites: scalar, floor: 10, estimate: lifted},
	{id: "E01", modalites: scalar, floor: 1, estimate: distinct},
	{id: "E02", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},
	{id: "E04", modalites: []string{"tous", "scic"}, floor: 10, estimate: maintained},
	{id: "V01", modalites: []string{"positif", "negatif"}, floor: 1, sum: true, estimate: count},
	{id: "V04", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "V07", modalites: []string{"avec_benevolat", "sans_benevolat"}, floor: 3, estimate: poles},
	{id: "Q01", modalites: scalar, quality: true, counted: true, estimate: proportion},
	{id: "Q02", modalites: scalar, quality: true, estimate: count},
	{id: "Q03", modalites: scalar, quality: true, counted: true, estimate: proportion},
}

// estimate is what the rows alone say, before the rules on what may be told.
type estimate struct {
	value, low, high *float64
	effectif         int
	numerator        int64
	denominator      int64
	absent           bool // nothing to judge, though there are rows
	few              bool // too few at the horizon
}

// circumstances are what a figure depends on besides its rows.
type circumstances struct {
	stale     bool // nothing recent was received
	absent    bool // too many months of the window were not received
	few       bool // under three territories
	undefined bool // the window begins before the first month
}

func (ind indicator) figure(rows []item, c circumstances) Figure {
	e := ind.estimate(rows)
	f := Figure{Effectif: e.effectif, Population: len(rows)}
	for _, r := range rows {
		if r.missing {
			f.Manquants++
		}
	}
	switch {
	case c.stale:
		f.Statut = "perime"
	case len(rows) == 0 || e.absent || c.absent:
		f.Statut = "donnees_absentes"
	case e.effectif < ind.floor || e.few || c.few:
		f.Statut = "effectif_insuffisant"
	case c.undefined || e.value == nil:
		f.Statut = "non_defini"
	default:
		f.Statut = "ok"
		f.Valeur, f.BorneBasse, f.BorneHaute = e.value, e.low, e.high
	}
	if ind.counted && (f.Statut == "ok" || f.Statut == "effectif_insuffisant") {
		f.Numerateur, f.Denominateur = is(float64(e.numerator)), is(float64(e.denominator))
	}
	return f
}

func is(v float64) *float64 { return &v }

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

// proportion is Σx / Σn without an interval.
func proportion(rows []item) estimate {
	x, n, known := totals(rows)
	e := estimate{effectif: known, numerator: x, denominator: n}
	if n > 0 {
		e.value = is(float64(x) / float64(n))
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

// shareOfList is a share with the correction for a finite population.
func shareOfList(rows []item) estimate {
	e := proportion(rows)
	if e.value != nil {
		low, high := wilsonFinite(float64(e.numerator), float64(e.denominator), float64(len(rows)))
		e.low, e.high = is(low), is(high)
	}
	return e
}

// ratio is a share whose floor applies to the summed denominator; nothing to share is no figure.
func ratio(rows []item) estimate {
	e := share(rows)
	e.effectif = int(e.denominator)
	e.absent = e.denominator == 0
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

// accord is the agreement over the five notes; the floor applies to the respondents.
func accord(rows []item) estimate {
	notes := make([]int, 5)
	for _, r := range rows {
		if !r.missing {
			notes[r.x-1]++
		}
	}
	e := estimate{effectif: units(rows)}
	if a, ok := agreement(notes); ok {
		e.value = is(a)
	}
	return e
}

// poles is the evenness of the three ways resources come by; n is the pole, x the amount.
func poles(rows []item) estimate {
	amounts := make([]int64, 3)
	for _, r := range rows {
		if !r.missing {
			amounts[r.n] += r.x
		}
	}
	e := estimate{effectif: units(rows)}
	if v, ok := evenness(amounts); ok {
		e.value = is(v)
	}
	return e
}

// leastAtRisk must still be observed just before a horizon.
const leastAtRisk = 5

// maintained is S at 24 months.
func maintained(rows []item) estimate {
	const horizon = 730.5
	all := subjects(rows)
	s, variance := survival(all, horizon)
	n := atRisk(all, horizon)
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

// lifted is the incidence of lifting at 12 months, abandoning being the competing end.
func lifted(rows []item) estimate {
	const horizon = 365.25
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

func subjects(rows []item) []subject {
	all := make([]subject, len(rows))
	for i, r := range rows {
		all[i] = r.subject
	}
	return all
}

// euros and hours are whole numbers of ten-thousandths, so that sums are exact.
func tenThousandths(v float64) int64 { return int64(math.Round(v * 10000)) }
