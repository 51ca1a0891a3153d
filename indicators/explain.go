package indicators

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/transform"
)

// Member is one row of an indicator's population.
type Member struct {
	Territory string
	Modalite  string
	Subject   string
	Counted   bool    // it enters the formula; if not, an input is unknown
	Inputs    []Input // what the estimator takes of it, in the estimator's order
	Sources   []Source

	absent int // months that a sum of its territory lacks
	whole  bool
}

// Input is one of the estimator's inputs; a nil value is unknown.
type Input struct {
	Name  string
	Value any // as the database driver gives it
}

// Source is the workbook row that a member rests on. Table is empty and Line zero when it rests on
// the submission as a whole; Submission is zero when it rests on the absence of one.
type Source struct {
	Table      string
	Submission int
	Line       int
}

// Outside is a row of the indicator's sheet that is no part of its population.
type Outside struct {
	Source
	SetAside bool   // an error put it aside; if not, the indicator does not look at such rows
	Reason   string // the errors, in French
}

// Explanation is a figure and all that it rests on.
type Explanation struct {
	Indicator *Indicator
	Figure    Figure
	Members   []Member  // of every modalite where they share one population, else of the figure's own
	Outside   []Outside // for a territory; not listed for the programme
	Left      []string  // for the programme: the territories whose rows are left out, too old or without a sum of their own
	Covered   Covered   // where the indicator has a coverage
}

// Covered says of how many, among all those that an indicator is about, its rows speak.
type Covered struct{ Known, Expected int }

// ErrNoFigure means that there is no such figure: another month, territory or modalite.
var ErrNoFigure = errors.New("no such figure")

// Explain gives the figure of a territory (or the Programme), month and modalite, with its rows.
// The figure is read from the database; Recompute makes it again from the rows.
func Explain(ctx context.Context, w *transform.Warehouse, ind *Indicator, territory string, period time.Time, modalite string) (*Explanation, error) {
	e := &Explanation{Indicator: ind}
	f := &e.Figure
	var statut string
	err := w.QueryRowContext(ctx, `SELECT indicateur, territoire_id, periode, modalite, valeur, borne_basse, borne_haute, effectif, population, manquants, numerateur, denominateur, statut
FROM indicateur.valeurs WHERE indicateur = ? AND territoire_id = ? AND periode = ? AND modalite = ?`, ind.ID, territory, period, modalite).
		Scan(&f.Indicator, &f.Territory, &f.Period, &f.Modalite, &f.Value, &f.Interval.Low, &f.Interval.High, &f.Effectif, &f.Population, &f.Missing, &f.Numerator, &f.Denominator, &statut)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("explain %s: %w", ind.ID, ErrNoFigure)
	}
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", ind.ID, err)
	}
	f.Statut = Statut(statut)
	if e.Members, err = ind.Rows(ctx, w, territory, period); err != nil {
		return nil, err
	}
	if !ind.Estimator.Spread {
		e.Members = slices.DeleteFunc(e.Members, func(m Member) bool { return m.Modalite != modalite })
	}
	if e.Covered, err = ind.Covers(ctx, w, territory, period); err != nil {
		return nil, err
	}
	if IsSet(territory) {
		e.Left, err = leftOut(ctx, w, ind, territory, period)
	} else {
		e.Outside, err = outside(ctx, w, ind, e.Members, territory, period)
	}
	return e, err
}

// Covers looks the indicator's coverage up for a territory or a set; zero where it has none.
func (ind *Indicator) Covers(ctx context.Context, w *transform.Warehouse, territory string, period time.Time) (c Covered, err error) {
	if ind.Coverage == "" {
		return c, nil
	}
	err = w.QueryRowContext(ctx, fmt.Sprintf(`SELECT coalesce(sum(c.connus), 0)::BIGINT, coalesce(sum(c.attendus), 0)::BIGINT
FROM core.%s c
JOIN core.mois m ON m.territoire_id = c.territoire_id AND m.periode = c.periode
WHERE c.periode = $1 AND (c.territoire_id = $2 OR NOT m.perime AND c.territoire_id IN (SELECT territoire_id FROM ref.ensembles WHERE ensemble = $2))`, ind.Coverage),
		period, territory).Scan(&c.Known, &c.Expected)
	if err != nil {
		err = fmt.Errorf("coverage of %s: %w", ind.ID, err)
	}
	return c, err
}

// Rows are the members of the indicator's population for a territory or the Programme and a month, of
// all modalites, unknown ones included, in a total order: what Compute aggregated.
func (ind *Indicator) Rows(ctx context.Context, w *transform.Warehouse, territory string, period time.Time) (all []Member, err error) {
	if IsSet(territory) {
		return ind.rowsOfSet(ctx, w, territory, period)
	}
	for m, err := range ind.rows(ctx, w, "periode = ? AND territoire_id = ?", period, territory) {
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// rowsOfSet are the rows that a set takes of its territories.
func (ind *Indicator) rowsOfSet(ctx context.Context, w *transform.Warehouse, set string, period time.Time) (all []Member, err error) {
	if !ind.Programme {
		return nil, nil
	}
	members, err := readMembers(ctx, w)
	if err != nil {
		return nil, err
	}
	of := members[spot{territory: set, period: period}]
	for m, err := range ind.EachRow(ctx, w, period) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(of, m.Territory) && ind.taken(m.absent, m.whole) {
			m.absent, m.whole = 0, true // those of a set lack no month
			all = append(all, m)
		}
	}
	return all, nil
}

// EachRow are the Rows of every territory, one after the other in the order of their identifiers, in one query.
func (ind *Indicator) EachRow(ctx context.Context, w *transform.Warehouse, period time.Time) iter.Seq2[Member, error] {
	return ind.rows(ctx, w, "periode = ?", period)
}

// HaveRows are the territories that have Rows.
func (ind *Indicator) HaveRows(ctx context.Context, w *transform.Warehouse, period time.Time) (map[string]bool, error) {
	rows, err := w.QueryContext(ctx, fmt.Sprintf("SELECT DISTINCT territoire_id FROM (\n%s\n) WHERE periode = ?", ind.laidQuery(year)), period)
	if err != nil {
		return nil, fmt.Errorf("rows of %s: %w", ind.ID, err)
	}
	defer rows.Close()
	have := map[string]bool{}
	for rows.Next() {
		var territory string
		if err := rows.Scan(&territory); err != nil {
			return nil, fmt.Errorf("rows of %s: %w", ind.ID, err)
		}
		have[territory] = true
	}
	return have, rows.Err()
}

func (ind *Indicator) rows(ctx context.Context, w *transform.Warehouse, where string, args ...any) iter.Seq2[Member, error] {
	inputs := ""
	for _, name := range ind.Estimator.Inputs {
		inputs += ", " + name
	}
	query := fmt.Sprintf(`SELECT territoire_id, coalesce(modalite, '') AS modalite, coalesce(sujet::VARCHAR, '') AS sujet, source,
	coalesce(connu, false) AS connu, coalesce(absents, 0) AS absents, coalesce(entiere, true) AS entiere%s
FROM (
%s
) WHERE %s
ORDER BY ALL`, inputs, ind.restingQuery(), where)
	return func(yield func(Member, error) bool) {
		rows, err := w.QueryContext(ctx, query, args...)
		if err != nil {
			yield(Member{}, fmt.Errorf("rows of %s: %w", ind.ID, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			m, err := ind.scanMember(rows)
			if err != nil {
				err = fmt.Errorf("rows of %s: %w", ind.ID, err)
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Member{}, fmt.Errorf("rows of %s: %w", ind.ID, err))
		}
	}
}

func (ind *Indicator) scanMember(rows *sql.Rows) (m Member, err error) {
	var sources any
	values := make([]any, len(ind.Estimator.Inputs))
	targets := []any{&m.Territory, &m.Modalite, &m.Subject, &sources, &m.Counted, &m.absent, &m.whole}
	for i := range values {
		targets = append(targets, &values[i])
	}
	if err := rows.Scan(targets...); err != nil {
		return m, err
	}
	for i, name := range ind.Estimator.Inputs {
		m.Inputs = append(m.Inputs, Input{name, values[i]})
	}
	m.Sources, err = readSources(sources)
	return m, err
}

// readSources takes the list of structs that a column source holds.
func readSources(value any) ([]Source, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("source is a %T, not a list", value)
	}
	var sources []Source
	for _, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("source holds a %T, not a struct", item)
		}
		table, _ := fields["table"].(string) // NULL: the submission as a whole
		sources = append(sources, Source{Table: table, Submission: integer(fields["soumission"]), Line: integer(fields["ligne"])})
	}
	return sources, nil
}

func integer(value any) int {
	switch v := value.(type) {
	case int32:
		return int(v)
	case int64:
		return int(v)
	}
	return 0 // NULL
}

// Recompute makes the figure again from the rows that the explanation lists and nothing else, by the
// indicator's estimator.
func (e *Explanation) Recompute(ctx context.Context, w *transform.Warehouse) (Figure, error) {
	ind := e.Indicator
	types, err := columnTypes(ctx, w, ind.SQL)
	if err != nil {
		return Figure{}, err
	}
	columns := []string{"periode", "territoire_id", "modalite", "sujet", "connu"}
	columns = append(columns, ind.Estimator.Inputs...)
	var listed []string
	for _, m := range e.Members {
		row := []string{
			"DATE '" + e.Figure.Period.Format(time.DateOnly) + "'", literal(m.Territory), literal(m.Modalite), literal(m.Subject), strconv.FormatBool(m.Counted),
		}
		for _, input := range m.Inputs {
			row = append(row, "CAST("+literal(input.Value)+" AS "+types[input.Name]+")")
		}
		listed = append(listed, "("+strings.Join(row, ", ")+")")
	}
	var groups map[spot]aggregated
	if len(listed) > 0 {
		if groups, err = readGroups(ctx, w, ind, ind.groupQuery("FROM (VALUES\n"+strings.Join(listed, ",\n")+") t("+strings.Join(columns, ", ")+")")); err != nil {
			return Figure{}, fmt.Errorf("recompute %s: %w", ind.ID, err)
		}
		groups = e.together(groups)
	}
	spine, err := readSpine(ctx, w)
	if err != nil {
		return Figure{}, err
	}
	for _, f := range ind.figures(spine, groups) {
		if f.Territory == e.Figure.Territory && f.Period.Equal(e.Figure.Period) && f.Modalite == e.Figure.Modalite {
			return f, nil
		}
	}
	return Figure{}, fmt.Errorf("recompute %s: %w", ind.ID, ErrNoFigure)
}

// together gives the figure's place the rows of its territories.
func (e *Explanation) together(groups map[spot]aggregated) map[spot]aggregated {
	of := map[string][]aggregated{}
	for _, key := range slices.SortedFunc(maps.Keys(groups), func(a, b spot) int { return strings.Compare(a.territory, b.territory) }) {
		of[key.modalite] = append(of[key.modalite], groups[key])
	}
	all := map[spot]aggregated{}
	for modalite, groups := range of {
		a := together(groups)
		for _, m := range e.Members {
			a.absent, a.whole = max(a.absent, m.absent), a.whole && m.whole
		}
		all[spot{e.Figure.Territory, e.Figure.Period, modalite}] = a
	}
	return all
}

func columnTypes(ctx context.Context, w *transform.Warehouse, query string) (map[string]string, error) {
	rows, err := w.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+query+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types := map[string]string{}
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return nil, err
		}
		types[name] = typ
	}
	return types, rows.Err()
}

// literal writes a value as the driver gives it, as SQL that can be cast to its type.
func literal(value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case time.Time:
		return "'" + v.Format(time.DateOnly) + "'"
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = literal(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	default:
		return "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
	}
}

// leftOut lists the territories of a set of which it takes no row at that month.
func leftOut(ctx context.Context, w *transform.Warehouse, ind *Indicator, set string, period time.Time) ([]string, error) {
	which := "m.perime"
	if ind.windowedSum() {
		which += fmt.Sprintf(" OR f.absents > %d OR NOT f.entiere", maximumAbsent)
	}
	rows, err := w.QueryContext(ctx, fmt.Sprintf(`SELECT m.territoire_id FROM core.mois m
JOIN ref.ensembles e ON e.territoire_id = m.territoire_id AND e.ensemble = ?
LEFT JOIN core.fenetres f ON f.territoire_id = m.territoire_id AND f.periode = m.periode AND f."table" = '%s'
WHERE m.periode = ? AND (%s) ORDER BY ALL`, ind.Sheet, which), set, period)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var left []string
	for rows.Next() {
		var territory string
		if err := rows.Scan(&territory); err != nil {
			return nil, err
		}
		left = append(left, territory)
	}
	return left, rows.Err()
}

// outside lists the rows of the indicator's sheet that the month could look at, in the workbooks that the
// territory has sent for the twelve months, and that are no source of a member.
func outside(ctx context.Context, w *transform.Warehouse, ind *Indicator, members []Member, territory string, period time.Time) ([]Outside, error) {
	used := map[Source]bool{}
	for _, m := range members {
		for _, s := range m.Sources {
			used[s] = true
		}
	}
	rows, err := w.QueryContext(ctx, `SELECT l.soumission, l.ligne, l.ecartee, coalesce(string_agg(c.message, ' ' ORDER BY c.constat) FILTER (c.gravite = 'erreur'), '')
FROM core.lignes l
JOIN core.soumissions s ON s.soumission = l.soumission
JOIN core.mois m ON m.territoire_id = l.territoire_id AND m.periode = ?
LEFT JOIN core.constats c ON c.soumission = l.soumission AND c."table" = l."table" AND c.ligne = l.ligne
WHERE l.territoire_id = ? AND l."table" = ? AND s.periode BETWEEN m.debut_12m AND m.periode
GROUP BY ALL ORDER BY l.soumission, l.ligne`, period, territory, ind.Sheet)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Outside
	for rows.Next() {
		o := Outside{Source: Source{Table: ind.Sheet}}
		if err := rows.Scan(&o.Submission, &o.Line, &o.SetAside, &o.Reason); err != nil {
			return nil, err
		}
		if !used[o.Source] {
			all = append(all, o)
		}
	}
	return all, rows.Err()
}

// Movement is a figure that differs between two databases.
type Movement struct {
	Indicator, Territory string
	Period               time.Time
	Modalite             string
	Before, After        sql.Null[float64]
	StatutBefore         Statut // empty: there was no such figure
	StatutAfter          Statut // empty: there is none any more
}

// Movements lists what the figures of one database have become in another.
func Movements(ctx context.Context, before, after *transform.Warehouse) ([]Movement, error) {
	was, keys, err := readFigures(ctx, before)
	if err != nil {
		return nil, err
	}
	is, others, err := readFigures(ctx, after)
	if err != nil {
		return nil, err
	}
	for _, key := range others {
		if _, known := was[key]; !known {
			keys = append(keys, key)
		}
	}
	var moved []Movement
	for _, key := range keys {
		if a, b := was[key], is[key]; a != b {
			moved = append(moved, Movement{
				Indicator: key.indicator, Territory: key.territory, Period: key.period, Modalite: key.modalite,
				Before: a.value, After: b.value, StatutBefore: a.statut, StatutAfter: b.statut,
			})
		}
	}
	return moved, nil
}

type figureKey struct {
	indicator, territory string
	period               time.Time
	modalite             string
}

type shown struct {
	value, low, high sql.Null[float64]
	statut           Statut
}

func readFigures(ctx context.Context, w *transform.Warehouse) (map[figureKey]shown, []figureKey, error) {
	rows, err := w.QueryContext(ctx, `SELECT indicateur, territoire_id, periode, modalite, valeur, borne_basse, borne_haute, statut FROM indicateur.valeurs ORDER BY ALL`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	figures, order := map[figureKey]shown{}, []figureKey(nil)
	for rows.Next() {
		var k figureKey
		var f shown
		var statut string
		if err := rows.Scan(&k.indicator, &k.territory, &k.period, &k.modalite, &f.value, &f.low, &f.high, &statut); err != nil {
			return nil, nil, err
		}
		f.statut = Statut(statut)
		figures[k] = f
		order = append(order, k)
	}
	return figures, order, rows.Err()
}
