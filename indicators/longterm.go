package indicators

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cairn/transform"
)

// Word says in one word what has become of an indicator. None means « stable »: that nothing was found is
// no proof that nothing moved.
type Word string

// The words.
const (
	Rising        Word = "hausse"
	Falling       Word = "baisse"
	NotDetectable Word = "non_detectable" // tested, and no trend stands out of chance
	TooEarly      Word = "trop_tot"       // too few values, or over too short a time
	NotTested     Word = "non_testee"     // accumulates all history, or is about the data themselves
)

// What a test needs, and what it must show.
const (
	minimumLength  = 8  // values
	minimumSpan    = 12 // months from the first to the last, both counted
	baselineMonths = 3
	discoveryRate  = 0.10 // the adjusted p must be below
	quarterMonths  = 3
)

// Tendency is a row of indicateur.tendances: an indicator's long term in one place, at the horizon.
//
// Reference and Change are about the monthly figures. N, First and Last tell of the series that is tested:
// the months, the months with a new observation or, named by their last month, the quarters; where none is
// tested, of the monthly figures. The sum of a set of territories is followed for those alone that its last value is of,
// over the months in which each of them is part of it: others that come or go are no change.
type Tendency struct {
	Indicator   string
	Territory   string
	Modalite    string
	N           int
	First, Last sql.Null[time.Time]
	Reference   sql.Null[float64] // median of the first three months
	Change      sql.Null[float64] // from the reference to the last month
	Between     Interval          // of Change, for shares with an interval
	Trend       Trend             // without Slope and P unless tested
	Adjusted    sql.Null[float64] // P among all that were tested
	Word        Word
}

// longTerm is what the indicators are followed with.
type longTerm struct {
	warehouse *transform.Warehouse
	calendar  *calendar
	entries   map[string]time.Time // when each territory entered; of a set, the first of its territories
	quarters  []month              // of the spine, the months that end a quarter
}

func newLongTerm(ctx context.Context, w *transform.Warehouse, c *calendar) (*longTerm, error) {
	l := &longTerm{warehouse: w, calendar: c, entries: map[string]time.Time{}}
	horizon := c.horizon()
	for _, s := range c.spine {
		if monthsBetween(s.period, horizon)%quarterMonths == 0 {
			l.quarters = append(l.quarters, s)
		}
	}
	rows, err := w.QueryContext(ctx, `SELECT territoire_id, date_entree FROM ref.territoires
UNION ALL
SELECT e.ensemble, min(t.date_entree) FROM ref.ensembles e JOIN ref.territoires t ON t.territoire_id = e.territoire_id GROUP BY ALL`)
	if err != nil {
		return nil, fmt.Errorf("read the dates of entry: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var territory string
		var entry time.Time
		if err := rows.Scan(&territory, &entry); err != nil {
			return nil, fmt.Errorf("read the dates of entry: %w", err)
		}
		l.entries[territory] = entry
	}
	return l, rows.Err()
}

func monthsBetween(from, to time.Time) int {
	return 12*(to.Year()-from.Year()) + int(to.Month()) - int(from.Month())
}

// place is where an indicator is followed.
type place struct{ territory, modalite string }

// follow gives the tendencies of an indicator, not judged yet, of which the monthly figures are given, with the groups
// that they are made of. Of a relevé only the groups with a new observation are tested: the others carry on what was said
// before, and are no evidence of their own.
func (l *longTerm) follow(ctx context.Context, ind *Indicator, monthly []Figure, groups map[spot]aggregated, observed map[spot]bool) (tendencies []Tendency, err error) {
	counted, order := byPlace(monthly, func(f Figure) bool { return l.counts(ind, f, 1) })
	panels := map[place][]string{}
	if ind.Estimator.Sum {
		for p, series := range counted {
			if IsSet(p.territory) && len(series) > 0 {
				panels[p] = l.calendar.summed(ind, year, p.territory, series[len(series)-1].Period)
			}
		}
		counted = l.alike(ind, year, counted, groups, panels)
	}
	tested := counted
	switch {
	case !ind.followed():
		tested = nil
	case ind.Window != "":
		quarters, err := l.calendar.groups(ctx, l.warehouse, ind, quarter)
		if err != nil {
			return nil, err
		}
		secret := map[spot]bool{}
		if ind.Secret != "" { // what a quarter would tell by itself moves no published slope
			if secret, err = l.calendar.primary(ctx, l.warehouse, ind, quarter); err != nil {
				return nil, err
			}
		}
		tested, _ = byPlace(ind.figures(l.quarters, quarters), func(f Figure) bool {
			return l.counts(ind, f, quarterMonths) && !secret[spot{f.Territory, f.Period, f.Modalite}]
		})
		tested = l.alike(ind, quarter, tested, quarters, panels)
	case ind.Dated != "":
		tested, _ = byPlace(monthly, func(f Figure) bool {
			return l.counts(ind, f, 1) && observed[ind.groupOf(f.Territory, f.Period, f.Modalite)]
		})
	}
	for _, p := range order {
		t := Tendency{Indicator: ind.ID, Territory: p.territory, Modalite: p.modalite, Word: NotTested}
		t.compare(ind, counted[p])
		if ind.followed() {
			t.test(tested[p])
		} else {
			t.extend(counted[p])
		}
		tendencies = append(tendencies, t)
	}
	return tendencies, nil
}

// followed reports whether the indicator's trend is tested. Estimators of durations look at all that ever
// began, month after month: such a series always leans somewhere.
func (ind *Indicator) followed() bool {
	return ind.Family() != quality && !slices.Contains(ind.Estimator.Inputs, "cause")
}

// counts reports whether a figure is part of the long term: it has a value, its territory was in the
// programme, and since then neither the definition nor a nomenclature has changed. A month counts when it
// ends after the entry, as a state is that of its last day; a window of more months must begin after it.
func (l *longTerm) counts(ind *Indicator, f Figure, months int) bool {
	entry, first := l.entries[f.Territory], f.Period.AddDate(0, 1-months, 0)
	if months == 1 {
		entry = entry.AddDate(0, 0, 1-entry.Day())
	}
	return f.Statut == OK && !first.Before(entry) && !first.Before(ind.Break.Month)
}

// alike puts the sums of a panel, by place, in the place of those of all that each figure is of. A month in which one of
// the panel is not part of the sum is left out.
func (l *longTerm) alike(ind *Indicator, over window, series map[place][]Figure, groups map[spot]aggregated, panels map[place][]string) map[place][]Figure {
	for p, panel := range panels {
		var own []Figure
		for _, f := range series[p] {
			summed := l.calendar.summed(ind, over, p.territory, f.Period)
			if slices.ContainsFunc(panel, func(territory string) bool { return !slices.Contains(summed, territory) }) {
				continue
			}
			sum, _ := ind.pooled(groups, func(yield func(spot) bool) {
				for _, territory := range panel {
					if !yield(ind.groupOf(territory, f.Period, p.modalite)) {
						return
					}
				}
			})
			if same := ind.figure(month{territory: p.territory, period: f.Period}, sum, slices.Index(ind.modalites, p.modalite)); same.Statut == OK {
				f.Value = same.Value
				own = append(own, f)
			}
		}
		series[p] = own
	}
	return series
}

// byPlace sorts out the figures that count, in the order of their months, and lists every place.
func byPlace(figures []Figure, counts func(Figure) bool) (series map[place][]Figure, order []place) {
	series = map[place][]Figure{}
	for _, f := range figures {
		p := place{f.Territory, f.Modalite}
		if _, known := series[p]; !known {
			series[p] = nil
			order = append(order, p)
		}
		if counts(f) {
			series[p] = append(series[p], f)
		}
	}
	return series, order
}

// compare tells what the last value has become since the baseline, the median of the first three: one month
// alone is noise, and with fewer than three there is no baseline. Where the values are shares with an
// interval, so is their difference. That takes the answers of the two months for those of different people;
// where they are the same people's, it is wider than it need be.
func (t *Tendency) compare(ind *Indicator, series []Figure) {
	if len(series) < baselineMonths {
		return
	}
	first := slices.Clone(series[:baselineMonths])
	slices.SortStableFunc(first, func(a, b Figure) int { return cmp.Compare(a.Value.V, b.Value.V) })
	reference, last := first[baselineMonths/2], series[len(series)-1]
	t.Reference, t.Change = reference.Value, defined(last.Value.V-reference.Value.V)
	if ind.comparable() {
		t.Between = Newcombe(last.Value.V, last.Effectif, reference.Value.V, reference.Effectif)
	}
}

func (t *Tendency) extend(series []Figure) {
	if t.N = len(series); t.N > 0 {
		t.First, t.Last = sql.Null[time.Time]{V: series[0].Period, Valid: true}, sql.Null[time.Time]{V: series[t.N-1].Period, Valid: true}
	}
}

// test looks for a trend, if there is enough to look at. The word is given when all are known.
func (t *Tendency) test(series []Figure) {
	t.extend(series)
	if t.N < minimumLength || monthsBetween(t.First.V, t.Last.V)+1 < minimumSpan {
		t.Word = TooEarly
		return
	}
	observations := make([]Observation, t.N)
	for i, f := range series {
		observations[i] = Observation{monthsBetween(t.First.V, f.Period), twelveDigits(f.Value.V)}
	}
	t.Trend, t.Word = MonotoneTrend(observations), NotDetectable
}

// twelveDigits rounds a value so that figures which differ by the order of their additions alone are tied.
func twelveDigits(value float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 12, 64), 64) // its own output
	return rounded
}

// judge gives each tested series its adjusted p and its word. Tests are many together with those of their
// family that the same people read: the territories and the programme; any other set is alone, so that
// asking for it changes nothing that others read.
func judge(tendencies []Tendency) {
	type audience struct{ family, set string }
	tested := map[audience][]int{}
	for i, t := range tendencies {
		if !t.Trend.P.Valid {
			continue
		}
		a := audience{family: t.Indicator[:1]}
		if IsSet(t.Territory) && t.Territory != Programme {
			a.set = t.Territory
		}
		tested[a] = append(tested[a], i)
	}
	for _, which := range tested {
		p := make([]float64, len(which))
		for i, at := range which {
			p[i] = tendencies[at].Trend.P.V
		}
		for i, adjusted := range BenjaminiHochberg(p) {
			tendencies[which[i]].judge(adjusted)
		}
	}
}

func (t *Tendency) judge(adjusted float64) {
	t.Adjusted = defined(adjusted)
	if adjusted < discoveryRate {
		switch cmp.Compare(t.Trend.Score.V, 0) {
		case 1:
			t.Word = Rising
		case -1:
			t.Word = Falling
		}
	}
}

func storeTendencies(tx *transform.Tx, tendencies []Tendency) error {
	return storeTable(tx, "tendances", `indicateur VARCHAR, territoire_id VARCHAR, modalite VARCHAR, n BIGINT, premier DATE, dernier DATE,
		reference DOUBLE, ecart DOUBLE, ecart_bas DOUBLE, ecart_haut DOUBLE, pente_par_an DOUBLE, borne_basse DOUBLE, borne_haute DOUBLE, p DOUBLE, p_ajuste DOUBLE, mot VARCHAR`,
		func(yield func([]driver.Value) bool) {
			for _, t := range tendencies {
				if !yield([]driver.Value{t.Indicator, t.Territory, t.Modalite, int64(t.N), nullable(t.First), nullable(t.Last),
					nullable(t.Reference), nullable(t.Change), nullable(t.Between.Low), nullable(t.Between.High),
					nullable(t.Trend.Slope), nullable(t.Trend.Interval.Low), nullable(t.Trend.Interval.High), nullable(t.Trend.P), nullable(t.Adjusted), string(t.Word)}) {
					return
				}
			}
		})
}
