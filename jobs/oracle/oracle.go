// Package oracle computes the 55 indicators a second time, from the truth of a fictional
// programme, so that the figures of the real pipeline can be proved right.
//
// The pipeline reads workbooks, loads them into DuckDB and computes in SQL. The oracle does none
// of that: it starts from what a perfect reader would have understood (demo.World) and follows the
// text of the reference framework with plain loops. It shares no code with the pipeline and must
// import none of it, since a mistake made in one place and used in both would prove itself right.
// For the same reason it is written to be compared with the text, not to be fast.
//
// The words are those of the framework. The own workbooks of a territory are those without an
// émetteur. Of several deliveries for one territory, month and émetteur the last one is current.
// A population is the rows that an indicator looks at; those whose value is unknown are missing
// (manquants); effectif is the number that the floor applies to.
package oracle

import (
	"fmt"
	"math"
	"sort"
	"time"

	"cairn/jobs/demo"
)

// Programme is the territoire of the figures over all territories.
const Programme = "*"

// Key names one figure.
type Key struct {
	Indicateur string
	Territoire string // "*" is the programme
	Periode    string // 2006-01
	Modalite   string // empty for a scalar
}

// Figure is one row of the indicators. A nil pointer is NULL.
type Figure struct {
	Valeur, BorneBasse, BorneHaute  *float64
	Effectif, Population, Manquants int
	Numerateur, Denominateur        *float64
	Statut                          string
}

// Compute gives every figure of the 55 indicators, for each territory that has an accepted
// own workbook and for the programme, from their first month to the month of until.
func Compute(w *demo.World, until time.Time) map[Key]Figure {
	figures := map[Key]Figure{}
	places := readPlaces(w)
	for p := earliest(places); p <= monthOf(until); p++ {
		programme := newUnion()
		for _, t := range places {
			if p < t.months[0] {
				continue // its rows start with its first month
			}
			computePlace(figures, programme, t, p)
		}
		for _, ind := range indicators {
			if ind.local {
				continue
			}
			for _, modalite := range ind.modalites {
				c := cell{ind.id, modalite}
				figures[Key{ind.id, Programme, p.String(), modalite}] = ind.figure(programme.rows[c], circumstances{
					stale: programme.stale,
					few:   programme.contributors[c] < 3,
				})
			}
		}
	}
	return figures
}

// union gathers the rows of the territories that are not perime at one month.
type union struct {
	rows         map[cell][]item
	contributors map[cell]int // territories with at least one row there
	stale        bool         // no territory has anything recent
}

func newUnion() *union {
	return &union{rows: map[cell][]item{}, contributors: map[cell]int{}, stale: true}
}

func computePlace(figures map[Key]Figure, programme *union, t *place, p month) {
	stale := t.stale(p)
	programme.stale = programme.stale && stale
	populations := t.populations(p)
	for _, ind := range indicators {
		gaps, short := false, false
		if ind.sum != "" {
			gaps, short = t.sumWindow(ind.sum, p)
		}
		for _, modalite := range ind.modalites {
			c := cell{ind.id, modalite}
			rows := populations[c]
			figures[Key{ind.id, t.id, p.String(), modalite}] = ind.figure(rows, circumstances{
				stale:     stale && !ind.quality,
				absent:    gaps,
				undefined: short,
			})
			if stale || len(rows) == 0 || gaps || short {
				continue
			}
			programme.rows[c] = append(programme.rows[c], rows...)
			programme.contributors[c]++
		}
	}
}

func earliest(places []*place) month {
	first := month(math.MaxInt32)
	for _, t := range places {
		first = min(first, t.months[0])
	}
	return first
}

// Diff lists, in order, the figures of want that got lacks, those it has besides, and those that
// differ: counts and statuts exactly, numbers by more than tol relative to the larger of the two
// (with 1e-12 of absolute slack, for a bound that is zero but for rounding).
func Diff(want, got map[Key]Figure, tol float64) []string {
	keys := map[Key]bool{}
	for k := range want {
		keys[k] = true
	}
	for k := range got {
		keys[k] = true
	}
	var differences []string
	for k := range keys {
		name := fmt.Sprintf("%s %s %s %q", k.Indicateur, k.Territoire, k.Periode, k.Modalite)
		a, wanted := want[k]
		b, found := got[k]
		switch {
		case !found:
			differences = append(differences, name+": missing")
		case !wanted:
			differences = append(differences, name+": not expected")
		default:
			for _, d := range diffFigure(a, b, tol) {
				differences = append(differences, name+": "+d)
			}
		}
	}
	sort.Strings(differences)
	return differences
}

func diffFigure(want, got Figure, tol float64) []string {
	var differences []string
	if want.Statut != got.Statut {
		differences = append(differences, fmt.Sprintf("statut: want %s, got %s", want.Statut, got.Statut))
	}
	for _, n := range []struct {
		name      string
		want, got int
	}{
		{"effectif", want.Effectif, got.Effectif},
		{"population", want.Population, got.Population},
		{"manquants", want.Manquants, got.Manquants},
	} {
		if n.want != n.got {
			differences = append(differences, fmt.Sprintf("%s: want %d, got %d", n.name, n.want, n.got))
		}
	}
	for _, v := range []struct {
		name      string
		want, got *float64
	}{
		{"valeur", want.Valeur, got.Valeur},
		{"borne_basse", want.BorneBasse, got.BorneBasse},
		{"borne_haute", want.BorneHaute, got.BorneHaute},
		{"numerateur", want.Numerateur, got.Numerateur},
		{"denominateur", want.Denominateur, got.Denominateur},
	} {
		if !near(v.want, v.got, tol) {
			differences = append(differences, fmt.Sprintf("%s: want %s, got %s", v.name, show(v.want), show(v.got)))
		}
	}
	return differences
}

func near(a, b *float64, tol float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	// NaN is close to nothing, not even to NaN: it is never a figure.
	return math.Abs(*a-*b) <= max(1e-12, tol*max(math.Abs(*a), math.Abs(*b)))
}

func show(v *float64) string {
	if v == nil {
		return "NULL"
	}
	return fmt.Sprintf("%.15g", *v)
}
