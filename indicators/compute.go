package indicators

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// Programme is the territoire_id of the pilots taken together.
const Programme = "*"

// minimumTerritories is the least number of territories behind a figure of the programme.
const minimumTerritories = 3

// Statut says why a figure has a value or none. The first that applies wins.
type Statut string

// The statuts, in the order in which they apply.
const (
	Outdated  Statut = "perime"               // the territory's last workbook is too old
	NoData    Statut = "donnees_absentes"     // no row in the population
	TooFew    Statut = "effectif_insuffisant" // under the floor
	Undefined Statut = "non_defini"           // the formula has no value
	OK        Statut = "ok"
)

// Figure is a row of indicateur.valeurs. Value and bounds are undefined for any statut but OK;
// numerator and denominator are also kept under the floor, so that a small place can read « 3 sur 4 ».
type Figure struct {
	Indicator              string
	Territory              string
	Period                 time.Time // first day of the month, UTC
	Modalite               string
	Value                  sql.Null[float64]
	Interval               Interval
	Effectif               int
	Population             int
	Missing                int
	Numerator, Denominator sql.Null[float64]
	Statut                 Statut
}

// quality is the family of the indicators about the data themselves: never outdated.
const quality = "Q"

// month is a place of the spine.
type month struct {
	territory string
	period    time.Time
	outdated  bool
}

// aggregated is a group of rows as the database returns it.
type aggregated struct {
	group
	territories int
	absent      int  // months not received in the window
	whole       bool // the window lies after the territory's first month
	values      []any
}

type groupKey struct {
	territory string
	period    time.Time
	modalite  string
}

// Compute fills the schema indicateur: catalogue and valeurs, for every territory, the programme,
// every month of the calendar and every modalite, in one transaction.
func Compute(ctx context.Context, w *transform.Warehouse, m *ingest.Model, progress func(done, total int)) error {
	catalogue, err := Catalogue(m)
	if err != nil {
		return err
	}
	spine, err := readSpine(ctx, w)
	if err != nil {
		return err
	}
	var figures []Figure
	for i, ind := range catalogue {
		groups, err := readGroups(ctx, w, ind)
		if err != nil {
			return fmt.Errorf("compute %s: %w", ind.ID, err)
		}
		figures = append(figures, ind.figures(spine, groups)...)
		if progress != nil {
			progress(i+1, len(catalogue))
		}
	}
	return w.Update(ctx, func(tx *transform.Tx) error {
		return store(tx, m, catalogue, figures)
	})
}

// readSpine lists each territory's months, then the programme's, which is outdated when all are.
func readSpine(ctx context.Context, w *transform.Warehouse) ([]month, error) {
	rows, err := w.QueryContext(ctx, `SELECT territoire_id, periode, perime FROM core.mois ORDER BY territoire_id, periode`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var spine []month
	allOutdated := map[time.Time]bool{}
	for rows.Next() {
		var s month
		if err := rows.Scan(&s.territory, &s.period, &s.outdated); err != nil {
			return nil, err
		}
		spine = append(spine, s)
		if known, seen := allOutdated[s.period]; !seen || known {
			allOutdated[s.period] = s.outdated
		}
	}
	var programme []month
	for period, outdated := range allOutdated {
		programme = append(programme, month{Programme, period, outdated})
	}
	slices.SortFunc(programme, func(a, b month) int { return a.period.Compare(b.period) })
	return append(programme, spine...), rows.Err()
}

// laidQuery is the indicator's rows laid on their months: events on each of the twelve months whose
// window holds their date, until the month from which they are withdrawn (retrait).
func (ind *Indicator) laidQuery() string {
	if ind.Window == "" {
		return ind.SQL
	}
	return fmt.Sprintf(`SELECT m.periode, l.* FROM (
%s
) l JOIN core.mois m ON m.territoire_id = l.territoire_id AND l."date" BETWEEN m.debut_12m AND m.fin AND (l.retrait IS NULL OR m.periode < l.retrait)`, ind.SQL)
}

// windowedSum reports whether the figure is a sum or a count over a window, which months that were
// not received leave undefined.
func (ind *Indicator) windowedSum() bool { return ind.Estimator.Sum && ind.Window != "" }

// maximumAbsent is how many months of a window may be missing from a sum.
const maximumAbsent = 3

// groupQuery aggregates the rows of each territory and of the programme.
func (ind *Indicator) groupQuery() string {
	modalite := "modalite"
	if ind.Estimator.Spread {
		modalite = "''"
	}
	programme := "false"
	if ind.Programme {
		programme = "NOT c.perime"
		if ind.windowedSum() {
			programme += fmt.Sprintf(" AND f.absents <= %d AND f.entiere", maximumAbsent)
		}
	}
	return fmt.Sprintf(`WITH lignes AS (
%s
),
ensemble AS (
	SELECT l.*, l.territoire_id AS portee, %s AS connu, f.absents, f.entiere
	FROM lignes l
	LEFT JOIN core.fenetres f ON f.territoire_id = l.territoire_id AND f.periode = l.periode AND f."table" = '%s'
	UNION ALL
	SELECT l.*, '%s' AS portee, %s AS connu, 0 AS absents, true AS entiere
	FROM lignes l
	JOIN core.mois c ON c.territoire_id = l.territoire_id AND c.periode = l.periode
	LEFT JOIN core.fenetres f ON f.territoire_id = l.territoire_id AND f.periode = l.periode AND f."table" = '%s'
	WHERE %s
)
SELECT portee, periode, %s AS modalite, count(*) AS population, count(*) FILTER (connu) AS connues, %s AS effectif,
	count(DISTINCT territoire_id) AS territoires, coalesce(max(absents), 0) AS absents, coalesce(bool_and(entiere), true) AS entiere,
	%s
FROM ensemble
GROUP BY ALL`,
		ind.laidQuery(), ind.Estimator.Known, ind.Sheet, Programme, ind.Estimator.Known, ind.Sheet, programme,
		modalite, effectifs[ind.Count], strings.Join(ind.Estimator.Aggregates(ind), ",\n\t"))
}

func readGroups(ctx context.Context, w *transform.Warehouse, ind *Indicator) (map[groupKey]aggregated, error) {
	rows, err := w.QueryContext(ctx, ind.groupQuery())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	groups := map[groupKey]aggregated{}
	for rows.Next() {
		var key groupKey
		a := aggregated{values: make([]any, len(ind.Estimator.Aggregates(ind)))}
		targets := []any{&key.territory, &key.period, &key.modalite, &a.population, &a.known, &a.effectif, &a.territories, &a.absent, &a.whole}
		for i := range a.values {
			targets = append(targets, &a.values[i])
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		groups[key] = a
	}
	return groups, rows.Err()
}

// figures gives each place of the spine its figure.
func (ind *Indicator) figures(spine []month, groups map[groupKey]aggregated) []Figure {
	var figures []Figure
	for _, s := range spine {
		if s.territory == Programme && !ind.Programme {
			continue
		}
		for i, modalite := range ind.modalites {
			key := groupKey{s.territory, s.period, modalite}
			if ind.Estimator.Spread {
				key.modalite = ""
			}
			f := ind.figure(s, groups[key], i)
			f.Indicator, f.Territory, f.Period, f.Modalite = ind.ID, s.territory, s.period, modalite
			figures = append(figures, f)
		}
	}
	return figures
}

func (ind *Indicator) figure(s month, a aggregated, i int) Figure {
	f := Figure{Effectif: a.effectif, Population: a.population, Missing: a.population - a.known}
	var r result
	if a.population > 0 {
		r = ind.Estimator.Finish(ind, a.values, a.group, i)
	}
	switch {
	case s.outdated && ind.Family() != quality:
		f.Statut = Outdated
	case a.population == 0, r.Absent, ind.windowedSum() && a.absent > maximumAbsent:
		f.Statut = NoData
	case a.effectif < ind.Floor, r.TooFew, s.territory == Programme && a.territories < minimumTerritories:
		f.Statut = TooFew
	case !r.Value.Valid, ind.windowedSum() && !a.whole:
		f.Statut = Undefined
	default:
		f.Statut, f.Value, f.Interval = OK, r.Value, r.Interval
	}
	if ind.Estimator.Share && (f.Statut == OK || f.Statut == TooFew) {
		f.Numerator, f.Denominator = r.Numerator, r.Denominator
	}
	return f
}

func store(tx *transform.Tx, m *ingest.Model, catalogue []*Indicator, figures []Figure) error {
	statements := []string{
		`DROP SCHEMA IF EXISTS indicateur CASCADE`,
		`CREATE SCHEMA indicateur`,
		`CREATE TABLE indicateur.catalogue (indicateur VARCHAR, nom VARCHAR, famille VARCHAR, unite VARCHAR, sens VARCHAR, plancher INTEGER,
			definition VARCHAR, compte VARCHAR, estimateur VARCHAR, intervalle VARCHAR, modalites VARCHAR, fenetre VARCHAR, limites VARCHAR, source VARCHAR)`,
		`CREATE TABLE indicateur.valeurs (indicateur VARCHAR, territoire_id VARCHAR, periode DATE, modalite VARCHAR, valeur DOUBLE, borne_basse DOUBLE, borne_haute DOUBLE,
			effectif BIGINT, population BIGINT, manquants BIGINT, numerateur DOUBLE, denominateur DOUBLE, statut VARCHAR)`,
	}
	for _, s := range statements {
		if err := tx.Exec(s); err != nil {
			return err
		}
	}
	err := tx.Append("indicateur", "catalogue", func(yield func([]driver.Value) bool) {
		for _, ind := range catalogue {
			if !yield([]driver.Value{ind.ID, ind.Name, ind.Family(), ind.Unit, ind.Direction, int32(ind.Floor), ind.Definition, ind.Counts,
				ind.Estimator.Name, ind.Interval, ind.Modalites, ind.Window, ind.Limits, ind.Source}) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return tx.Append("indicateur", "valeurs", figureRows(figures))
}

func figureRows(figures []Figure) iter.Seq[[]driver.Value] {
	value := func(v sql.Null[float64]) driver.Value {
		if !v.Valid {
			return nil
		}
		return v.V
	}
	return func(yield func([]driver.Value) bool) {
		for _, f := range figures {
			if !yield([]driver.Value{f.Indicator, f.Territory, f.Period, f.Modalite, value(f.Value), value(f.Interval.Low), value(f.Interval.High),
				int64(f.Effectif), int64(f.Population), int64(f.Missing), value(f.Numerator), value(f.Denominator), string(f.Statut)}) {
				return
			}
		}
	}
}
