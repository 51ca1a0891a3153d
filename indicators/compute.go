package indicators

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// Programme is the territoire_id of the pilots taken together; that of another set begins with it.
const Programme = transform.Programme

// IsSet tells a set of territories from a territory.
func IsSet(territory string) bool { return strings.HasPrefix(territory, Programme) }

// minimumTerritories is the least number of territories behind a figure of a set.
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
	Hidden                 bool // published without any number, effectif, population and missing included
}

// quality is the family of the indicators about the data themselves: never outdated.
const quality = "Q"

// month is a place of the spine.
type month struct {
	territory string
	period    time.Time
	outdated  bool
}

// aggregated is a group of rows: of a territory as the database returns it, or of all territories of a set.
type aggregated struct {
	group
	counts      []int // of which the effectif is the least
	territories int
	absent      int  // months not received in the window
	whole       bool // the window lies after the territory's first month
	values      []any
}

// Compute fills the schema indicateur in one transaction: catalogue and valeurs, for every territory, the
// programme and every other set of territories, every month of the calendar and every modalite; publiees,
// the same as they may leave the team; and, from those alone, tendances, what has become of each since its
// beginning, and what stands between territories at the horizon: comparaisons, deliberations, hypotheses
// and pairs.
func Compute(ctx context.Context, w *transform.Warehouse, m *ingest.Model, progress func(done, total int)) error {
	catalogue, err := Catalogue(m)
	if err != nil {
		return err
	}
	places, horizon, err := readPlaces(ctx, w)
	if err != nil {
		return err
	}
	hypotheses, err := Hypotheses(catalogue)
	if err != nil {
		return err
	}
	return w.Update(ctx, func(tx *transform.Tx) error {
		all, err := computeFigures(ctx, w, tx, catalogue, progress)
		if err != nil {
			return err
		}
		var last []Figure // as they are published, of the horizon
		var tendencies []Tendency
		for _, c := range all {
			last, tendencies = append(last, c.last...), append(tendencies, c.tendencies...)
		}
		judge(tendencies)
		if err := storeTendencies(tx, tendencies); err != nil {
			return err
		}
		if err := storeComparisons(tx, comparisons(catalogue, last, places, horizon)); err != nil {
			return err
		}
		if err := storeDeliberations(tx, deliberations(catalogue, last, tendencies, places, horizon)); err != nil {
			return err
		}
		if err := storeHypotheses(tx, hypotheses); err != nil {
			return err
		}
		return storePairs(tx)
	})
}

// ComputeFigures fills the schema indicateur with the catalogue, valeurs, publiees and the fingerprints alone, by any catalogue.
func ComputeFigures(ctx context.Context, w *transform.Warehouse, catalogue []*Indicator, progress func(done, total int)) error {
	return w.Update(ctx, func(tx *transform.Tx) error {
		_, err := computeFigures(ctx, w, tx, catalogue, progress)
		return err
	})
}

// computeFigures computes and stores the figures of every indicator, the same as they may leave the team, and
// fingerprints. It returns the rest, in the catalogue's order. The indicators rest on core alone and are computed side by
// side, and stored in their order; none is begun far ahead of it, so that the figures of few of them are in memory.
func computeFigures(ctx context.Context, w *transform.Warehouse, tx *transform.Tx, catalogue []*Indicator, progress func(done, total int)) ([]*computed, error) {
	months, err := readCalendar(ctx, w, year, quarter)
	if err != nil {
		return nil, err
	}
	months.share(catalogue)
	long, err := newLongTerm(ctx, w, months)
	if err != nil {
		return nil, err
	}
	secrets, err := newSecrecy(ctx, w, months)
	if err != nil {
		return nil, err
	}
	if err := createTables(tx, catalogue); err != nil {
		return nil, err
	}
	results := make([]*computed, len(catalogue))
	done, stored := 0, 0
	var one sync.Mutex
	turn := sync.NewCond(&one)
	return results, ingest.Each(len(catalogue), func(i int) error {
		one.Lock()
		for i > stored+computedAhead {
			turn.Wait()
		}
		one.Unlock()
		defer func() {
			one.Lock()
			defer one.Unlock()
			if results[i] == nil { // it failed: no other waits for it
				stored = len(results)
			}
			turn.Broadcast()
		}()
		c, err := catalogue[i].compute(ctx, w, months, secrets, long)
		if err != nil {
			return err
		}
		one.Lock()
		defer one.Unlock()
		results[i] = c
		for ; stored < len(results) && results[stored] != nil; stored++ {
			if err := results[stored].store(tx, months.horizon()); err != nil {
				stored = len(results)
				return err
			}
		}
		done++
		if progress != nil {
			progress(done, len(catalogue))
		}
		return nil
	})
}

// computedAhead is how many indicators may be computed and not stored.
const computedAhead = 8

// Recompute computes the figures of one indicator at one month, from the tables that a database has of core and etat.
func (ind *Indicator) Recompute(ctx context.Context, w *transform.Warehouse, at time.Time) ([]Figure, error) {
	c, err := readCalendar(ctx, w, year)
	if err != nil {
		return nil, err
	}
	groups, err := c.groups(ctx, w, ind, year)
	if err != nil {
		return nil, err
	}
	return ind.figures(slices.DeleteFunc(c.spine, func(m month) bool { return !m.period.Equal(at) }), groups), nil
}

// Summed reports whether the indicator is undefined where too few months came of the sheet that it sums.
func (ind *Indicator) Summed() bool { return ind.windowedSum() }

// computed is what is made of the rows of one indicator.
type computed struct {
	figures, published []Figure // until they are stored
	prints             []fingerprint
	last               []Figure // then: as they are published, of the horizon
	tendencies         []Tendency
}

func (ind *Indicator) compute(ctx context.Context, w *transform.Warehouse, months *calendar, secrets *secrecy, long *longTerm) (*computed, error) {
	groups, err := months.groups(ctx, w, ind, year)
	if err != nil {
		return nil, fmt.Errorf("compute %s: %w", ind.ID, err)
	}
	c := &computed{figures: ind.figures(months.spine, groups), prints: ind.fingerprints(months.spine, groups)}
	if c.published, err = secrets.publish(ctx, ind, c.figures); err != nil {
		return nil, fmt.Errorf("secrets of %s: %w", ind.ID, err)
	}
	observed, err := months.observed(ctx, w, ind)
	if err != nil {
		return nil, fmt.Errorf("observations of %s: %w", ind.ID, err)
	}
	if c.tendencies, err = long.follow(ctx, ind, c.published, groups, observed); err != nil {
		return nil, fmt.Errorf("trends of %s: %w", ind.ID, err)
	}
	return c, nil
}

// window is a stretch of months that events are laid on.
type window struct {
	ends   string // a table of the months that end one: its column debut is the first day
	rests  string // a table of core: what a sum over it rests on
	weight int    // how many of the months of a year each of its months stands for
}

// year is the window of the figures; quarter that of their trends.
var (
	year    = window{"(SELECT territoire_id, periode, debut_12m AS debut, fin FROM core.mois)", "core.fenetres", 1}
	quarter = window{"(SELECT DISTINCT territoire_id, periode, debut, last_day(periode) AS fin FROM core.trimestres)", "core.trimestres", 4}
)

// laidQuery is the indicator's rows laid on their months: events on each of the months whose window holds
// their date, until the month from which they are withdrawn (retrait).
func (ind *Indicator) laidQuery(over window) string {
	if ind.Window == "" {
		return ind.SQL
	}
	return fmt.Sprintf(`SELECT m.periode, l.* FROM (
%s
) l JOIN %s m ON m.territoire_id = l.territoire_id AND l."date" BETWEEN m.debut AND m.fin AND (l.retrait IS NULL OR m.periode < l.retrait)`, ind.SQL, over.ends)
}

// windowedSum reports whether the figure is a sum or a count over a window, which months that were
// not received leave undefined.
func (ind *Indicator) windowedSum() bool { return ind.Estimator.Sum && ind.Window != "" }

// maximumAbsent is how many of the twelve months of a window may be missing from a sum.
const maximumAbsent = 3

// restingQuery lists the indicator's rows, laid on a year: connu says whether the row enters the formula; absents and
// entiere what a sum over the year rests on.
func (ind *Indicator) restingQuery() string {
	return fmt.Sprintf(`SELECT l.*, %s AS connu, f.absents, f.entiere
FROM (
%s
) l
LEFT JOIN %s f ON f.territoire_id = l.territoire_id AND f.periode = l.periode AND f."table" = '%s'`, ind.Estimator.Known, ind.laidQuery(year), year.rests, ind.Sheet)
}

// Query aggregates the indicator's rows by territory, month and modalite: what its figures are made of.
func (ind *Indicator) Query() string { return ind.groupsQuery(year) }

// groupsQuery aggregates the indicator's rows, territory by territory.
func (ind *Indicator) groupsQuery(over window) string {
	return ind.groupQuery(fmt.Sprintf("SELECT *, %s AS connu FROM (\n%s\n)", ind.Estimator.Known, ind.laidQuery(over)))
}

// observedQuery lists the groups of a relevé's rows of which one at least rests on an observation dated in the month
// itself; the others carry on what was said before.
func (ind *Indicator) observedQuery() string {
	return fmt.Sprintf(`SELECT DISTINCT l.territoire_id, l.periode, l.modalite
FROM (
	SELECT territoire_id, periode, %[1]s AS modalite, unnest(source) AS source FROM (
%[2]s
) WHERE %[3]s
) l
JOIN core."%[4]s" o ON o._soumission = l.source.soumission AND o._ligne = l.source.ligne AND date_trunc('month', o."%[5]s") = l.periode
WHERE l.source."table" = '%[4]s'`, ind.groupModalite(), ind.SQL, ind.Estimator.Known, ind.Sheet, ind.Dated)
}

// groupModalite is what the rows are grouped by, beside their territory and month.
func (ind *Indicator) groupModalite() string {
	if ind.Estimator.Spread {
		return "''"
	}
	return "modalite"
}

// groupQuery aggregates rows, of which connu says whether they enter the formula.
func (ind *Indicator) groupQuery(rows string) string {
	count := cmp.Or(ind.Estimator.Count, "count(*) FILTER (%s)")
	return fmt.Sprintf(`SELECT territoire_id, periode, %s AS modalite, %s AS population, %s AS connues,
	%s
FROM (
%s
)
GROUP BY ALL`,
		ind.groupModalite(), fmt.Sprintf(count, "true"), fmt.Sprintf(count, "connu"), strings.Join(slices.Concat(effectifs[ind.Count], ind.Estimator.Aggregates(ind)), ",\n\t"), rows)
}

// readGroups reads what groupsQuery, or groupQuery, gives.
func readGroups(ctx context.Context, w *transform.Warehouse, ind *Indicator, query string) (map[spot]aggregated, error) {
	rows, err := w.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	groups := map[spot]aggregated{}
	for rows.Next() {
		var key spot
		a := aggregated{counts: make([]int, len(effectifs[ind.Count])), territories: 1, whole: true, values: make([]any, len(ind.Estimator.Aggregates(ind)))}
		targets := []any{&key.territory, &key.period, &key.modalite, &a.population, &a.known}
		for i := range a.counts {
			targets = append(targets, &a.counts[i])
		}
		for i := range a.values {
			targets = append(targets, &a.values[i])
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		a.effectif = slices.Min(a.counts)
		groups[key] = a
	}
	return groups, rows.Err()
}

// together is the group of the rows of several territories, of one at least.
func together(all []aggregated) (sum aggregated) {
	sum = aggregated{whole: true, counts: make([]int, len(all[0].counts)), values: make([]any, len(all[0].values))}
	for _, a := range all {
		sum.population, sum.known, sum.territories = sum.population+a.population, sum.known+a.known, sum.territories+a.territories
		sum.absent, sum.whole = max(sum.absent, a.absent), sum.whole && a.whole
		for i := range a.counts {
			sum.counts[i] += a.counts[i]
		}
	}
	for i := range sum.values {
		sum.values[i] = added(all, i)
	}
	sum.effectif = slices.Min(sum.counts)
	return sum
}

// figures gives each place of the spine its figure.
func (ind *Indicator) figures(spine []month, groups map[spot]aggregated) []Figure {
	var figures []Figure
	for _, s := range spine {
		if IsSet(s.territory) && !ind.Programme {
			continue
		}
		for i, modalite := range ind.modalites {
			f := ind.figure(s, groups[ind.groupOf(s.territory, s.period, modalite)], i)
			f.Indicator, f.Territory, f.Period, f.Modalite = ind.ID, s.territory, s.period, modalite
			figures = append(figures, f)
		}
	}
	return figures
}

// populations are the modalites that the rows are grouped by.
func (ind *Indicator) populations() []string {
	if ind.Estimator.Spread {
		return []string{""}
	}
	return ind.modalites
}

// groupOf is the key of the rows that a figure rests on.
func (ind *Indicator) groupOf(territory string, period time.Time, modalite string) spot {
	if ind.Estimator.Spread {
		modalite = ""
	}
	return spot{territory, period, modalite}
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
	case a.effectif < ind.Floor, r.TooFew, IsSet(s.territory) && a.territories < minimumTerritories:
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

// createTables makes the schema indicateur afresh, its tables of figures empty.
func createTables(tx *transform.Tx, catalogue []*Indicator) error {
	statements := []string{
		`DROP SCHEMA IF EXISTS indicateur CASCADE`,
		`CREATE SCHEMA indicateur`,
		`CREATE TABLE indicateur.catalogue (indicateur VARCHAR, nom VARCHAR, famille VARCHAR, unite VARCHAR, sens VARCHAR, plancher INTEGER,
			definition VARCHAR, compte VARCHAR, estimateur VARCHAR, intervalle VARCHAR, modalites VARCHAR, fenetre VARCHAR, secret VARCHAR, limites VARCHAR, source VARCHAR, rupture VARCHAR)`,
		`CREATE TABLE indicateur.valeurs (indicateur VARCHAR, territoire_id VARCHAR, periode DATE, modalite VARCHAR, valeur DOUBLE, borne_basse DOUBLE, borne_haute DOUBLE,
			effectif BIGINT, population BIGINT, manquants BIGINT, numerateur DOUBLE, denominateur DOUBLE, statut VARCHAR)`,
		`CREATE TABLE indicateur.publiees AS FROM indicateur.valeurs`,
		`CREATE TABLE indicateur.empreintes (indicateur VARCHAR, territoire_id VARCHAR, periode DATE, modalite VARCHAR, empreinte UINTEGER)`,
	}
	for _, s := range statements {
		if err := tx.Exec(s); err != nil {
			return err
		}
	}
	return tx.Append("indicateur", "catalogue", func(yield func([]driver.Value) bool) {
		for _, ind := range catalogue {
			if !yield([]driver.Value{ind.ID, ind.Name, ind.Family(), ind.Unit, ind.Direction, int32(ind.Floor), ind.Definition, ind.Counts,
				ind.Estimator.Name, ind.Interval, ind.Modalites, ind.Window, ind.Secret, ind.Limits, ind.Source, ind.Break.String()}) {
				return
			}
		}
	})
}

func (c *computed) store(tx *transform.Tx, horizon time.Time) error {
	if err := tx.Append("indicateur", "valeurs", figureRows(c.figures)); err != nil {
		return err
	}
	if err := tx.Append("indicateur", "publiees", figureRows(c.published)); err != nil {
		return err
	}
	if err := tx.Append("indicateur", "empreintes", fingerprintRows(c.prints)); err != nil {
		return err
	}
	for _, f := range c.published {
		if f.Period.Equal(horizon) {
			c.last = append(c.last, f)
		}
	}
	c.figures, c.published, c.prints = nil, nil, nil
	return nil
}

// storeTable makes a table of the schema indicateur of its rows.
func storeTable(tx *transform.Tx, name, columns string, rows iter.Seq[[]driver.Value]) error {
	if err := tx.Exec(fmt.Sprintf("CREATE TABLE indicateur.%s (%s)", name, columns)); err != nil {
		return err
	}
	return tx.Append("indicateur", name, rows)
}

func figureRows(figures []Figure) iter.Seq[[]driver.Value] {
	return func(yield func([]driver.Value) bool) {
		for _, f := range figures {
			count := func(n int) driver.Value {
				if f.Hidden {
					return nil
				}
				return int64(n)
			}
			if !yield([]driver.Value{f.Indicator, f.Territory, f.Period, f.Modalite, nullable(f.Value), nullable(f.Interval.Low), nullable(f.Interval.High),
				count(f.Effectif), count(f.Population), count(f.Missing), nullable(f.Numerator), nullable(f.Denominator), string(f.Statut)}) {
				return
			}
		}
	}
}

// nullable is a value for the appender, nil for none.
func nullable[T any](v sql.Null[T]) driver.Value {
	if !v.Valid {
		return nil
	}
	return v.V
}
