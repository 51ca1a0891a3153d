package indicators

import (
	"database/sql"
	"database/sql/driver"
	"math"
	"slices"
	"time"

	"cairn/transform"
)

// Deliberation is a row of indicateur.deliberations: in which of the three dimensions a territory has moved
// since its beginnings, and how far the answer « forward » rests on what counts for those who ask. The
// weighted sum itself is stored nowhere.
type Deliberation struct {
	Territory string
	Period    time.Time
	Changes   [3]Change // in the order of dimensions
	// Positive is the part of all possible weights under which the weighted sum is positive.
	Positive sql.Null[float64]
	// Own is whether the territory's own weights are among those; undefined without a standing deliberation.
	Own sql.Null[bool]
	// Reversing are the territories whose own weights would give the sum the other sign, in alphabetical
	// order; undefined as Own.
	Reversing sql.Null[[]string]
	// Statut says why Positive is undefined: NoData when a dimension has no figure, Undefined when nothing
	// has moved, Outdated when there is no recent workbook.
	Statut Statut
}

// Change is Δ_f, the mean over a family's figures of what each has moved since its baseline, as a part of
// its natural range and positive for the better: between −1 and 1. Undefined without a figure.
type Change struct {
	Mean    sql.Null[float64]
	Figures int // how many have a value at the horizon and a baseline
}

// naturalRange is the range over which a figure moves, for the families that are weighed. A figure beyond
// it, a median of thirty months, stands at its end. There is none for a count, whose end nobody knows.
func (ind *Indicator) naturalRange() (low, high float64, ranged bool) {
	switch ind.Unit {
	case "part":
		return 0, 1, true
	case "niveaux": // gaps on the ladder of five
		return 0, 4, true
	case "note":
		return 1, 5, true
	case "mois": // the longest horizon of the catalogue
		return 0, 24, true
	case "indice":
		switch ind.Estimator.Name {
		case "delta_de_cliff_absolu", "regularite", "regularite_des_parts":
			return 0, 1, true
		default: // steps up less steps down, reciprocity, E–I: differences
			return -1, 1, true
		}
	}
	return 0, 0, false
}

// weighable reports whether the figures of the indicator enter the Δ of its family.
func (ind *Indicator) weighable() bool {
	_, _, ranged := ind.naturalRange()
	return ranged && ind.Direction != descriptive && slices.ContainsFunc(dimensions[:], func(d dimension) bool { return d.family == ind.Family() })
}

// progress is how much better a value is than another, as a part of the natural range.
func (ind *Indicator) progress(from, to float64) float64 {
	low, high, _ := ind.naturalRange()
	within := func(v float64) float64 { return (max(low, min(v, high)) - low) / (high - low) }
	if ind.Direction == lowerIsBetter {
		from, to = to, from
	}
	return within(to) - within(from)
}

// deliberations makes the row of each place, from the figures at the horizon and their baselines.
func deliberations(catalogue []*Indicator, figures []Figure, tendencies []Tendency, places []pilot, horizon time.Time) []Deliberation {
	changes := changes(catalogue, figures, tendencies, places, horizon)
	all := make([]Deliberation, len(places))
	for i, p := range places {
		all[i] = Deliberation{Territory: p.territory, Period: horizon, Changes: changes[i]}
		all[i].weigh(p, places)
	}
	return all
}

// changes are the Δ of each place.
func changes(catalogue []*Indicator, figures []Figure, tendencies []Tendency, places []pilot, horizon time.Time) [][3]Change {
	now := map[figureKey]sql.Null[float64]{}
	for _, f := range figures {
		if f.Period.Equal(horizon) {
			now[figureKey{indicator: f.Indicator, territory: f.Territory, modalite: f.Modalite}] = f.Value
		}
	}
	baselines := map[figureKey]sql.Null[float64]{}
	for _, t := range tendencies {
		baselines[figureKey{indicator: t.Indicator, territory: t.Territory, modalite: t.Modalite}] = t.Reference
	}
	changes := make([][3]Change, len(places))
	for i, p := range places {
		for f, d := range dimensions {
			total, known := 0.0, 0
			for _, ind := range catalogue {
				if ind.Family() != d.family || !ind.weighable() {
					continue
				}
				for _, modalite := range ind.modalites {
					key := figureKey{indicator: ind.ID, territory: p.territory, modalite: modalite}
					if from, to := baselines[key], now[key]; from.Valid && to.Valid {
						total, known = total+ind.progress(from.V, to.V), known+1
					}
				}
			}
			changes[i][f] = Change{ratio(total, float64(known)), known}
		}
	}
	return changes
}

// nothing is a change, or a weighted sum, that only rounding has made.
const nothing = 1e-12

// weigh says what the weights make of the changes.
func (d *Deliberation) weigh(own pilot, places []pilot) {
	var deltas [3]float64
	absent := false
	for f, c := range d.Changes {
		absent = absent || !c.Mean.Valid
		if math.Abs(c.Mean.V) > nothing {
			deltas[f] = c.Mean.V
		}
	}
	moved := PositiveWeights(deltas)
	switch {
	case own.outdated:
		d.Statut = Outdated
	case absent:
		d.Statut = NoData
	case !moved.Valid:
		d.Statut = Undefined
	default:
		d.Statut, d.Positive = OK, moved
	}
	if d.Statut != OK || own.weights == nil {
		return
	}
	sign := signOf(weighed(*own.weights, deltas))
	d.Own = sql.Null[bool]{V: sign > 0, Valid: true}
	d.Reversing = sql.Null[[]string]{V: []string{}, Valid: true}
	for _, p := range places {
		if p.weights != nil && sign*signOf(weighed(*p.weights, deltas)) < 0 {
			d.Reversing.V = append(d.Reversing.V, p.territory)
		}
	}
}

// signOf is −1, 0 or 1.
func signOf(v float64) int {
	switch {
	case v > nothing:
		return 1
	case v < -nothing:
		return -1
	}
	return 0
}

func storeDeliberations(tx *transform.Tx, deliberations []Deliberation) error {
	columns := "territoire_id VARCHAR, periode DATE"
	for _, d := range dimensions {
		columns += ", delta_" + d.code + " DOUBLE, chiffres_" + d.code + " INTEGER"
	}
	columns += ", part_positive DOUBLE, poids_propres BOOLEAN, renversent VARCHAR[], statut VARCHAR"
	return storeTable(tx, "deliberations", columns, func(yield func([]driver.Value) bool) {
		for _, d := range deliberations {
			row := []driver.Value{d.Territory, d.Period}
			for _, c := range d.Changes {
				row = append(row, nullable(c.Mean), int32(c.Figures))
			}
			var own, reversing driver.Value
			if d.Own.Valid {
				own, reversing = d.Own.V, d.Reversing.V
			}
			if !yield(append(row, nullable(d.Positive), own, reversing, string(d.Statut))) {
				return
			}
		}
	})
}
