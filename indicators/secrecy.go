package indicators

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"cairn/transform"
)

// Statuts of figures that are hidden where figures are published.
const (
	SecretPrimary   Statut = "secret_primaire"   // the figure itself would tell of too few
	SecretSecondary Statut = "secret_secondaire" // it would give a hidden one away
)

// The kinds of secret that a header may name.
const (
	secretSurvey = "enquete" // rests on what people answered: they are the effectif's sujets, or a column repondants lists them
	secretMoney  = "argent"  // rests on amounts: the estimator's last input, of the subjects
)

const (
	minimumPersons  = 5  // behind a published survey figure
	minimumSubjects = 3  // behind a published money figure
	maximumPart     = 85 // percent of an amount that one subject may have
)

// spot is where a figure of an indicator stands, or a group of its rows.
type spot struct {
	territory string
	period    time.Time
	modalite  string
}

// secrecy is what decides, indicator by indicator, which figures may leave the team.
type secrecy struct {
	warehouse *transform.Warehouse
	calendar  *calendar
	earlier   []publication
}

func newSecrecy(ctx context.Context, w *transform.Warehouse, c *calendar) (s *secrecy, err error) {
	s = &secrecy{warehouse: w, calendar: c}
	s.earlier, err = readEarlier(ctx, w)
	return s, err
}

// publish gives an indicator's figures as they may leave the team, in the same order: hidden ones have no
// number at all and say why. What a figure tells by itself is hidden first; then the fewest others, as long
// as what is hidden could be computed from the totals (the programme, the funders' sets) of all months to
// within a few units; and what an earlier release has hidden for that stays hidden.
func (s *secrecy) publish(ctx context.Context, ind *Indicator, figures []Figure) ([]Figure, error) {
	if ind.Secret == "" {
		return figures, nil
	}
	counted := ind.Secret == secretSurvey && ind.Count == "sujets" // the effectif is of those who answered
	var primary map[spot]bool
	if !counted {
		var err error
		if primary, err = s.calendar.primary(ctx, s.warehouse, ind, year); err != nil {
			return nil, err
		}
	}
	at, hidden := map[spot]int{}, map[spot]Statut{}
	for i, f := range figures {
		p := spot{f.Territory, f.Period, f.Modalite}
		at[p] = i
		tooFew := counted && 0 < f.Effectif && f.Effectif < minimumPersons
		if tooFew || primary[p] && (ind.Secret == secretSurvey || f.Statut == OK) {
			hidden[p] = SecretPrimary
		}
	}
	if err := ind.protect(figures, hidden, s.calendar.members, s.earlier); err != nil {
		return nil, err
	}
	published := slices.Clone(figures)
	for p, statut := range hidden {
		published[at[p]] = Figure{Indicator: ind.ID, Territory: p.territory, Period: p.period, Modalite: p.modalite, Statut: statut, Hidden: true}
	}
	return published, nil
}

// Kept lists the figures of a computed database that are hidden for the sake of others.
func Kept(ctx context.Context, w *transform.Warehouse) ([]transform.Secret, error) {
	rows, err := w.QueryContext(ctx, `SELECT indicateur, territoire_id, periode, modalite FROM indicateur.publiees WHERE statut = ? ORDER BY ALL`, string(SecretSecondary))
	if err != nil {
		return nil, fmt.Errorf("list the hidden figures: %w", err)
	}
	defer rows.Close()
	var all []transform.Secret
	for rows.Next() {
		var s transform.Secret
		if err := rows.Scan(&s.Indicator, &s.Territory, &s.Period, &s.Modalite); err != nil {
			return nil, fmt.Errorf("list the hidden figures: %w", err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// holders are those behind a figure: people who answered, or subjects with their amounts, in the last decimal that they have.
type holders struct {
	count        int
	largest, sum *big.Int
}

var nobody = holders{0, new(big.Int), new(big.Int)}

// holdersQuery counts them, territory by territory.
func (ind *Indicator) holdersQuery(over window) string {
	if ind.Secret == secretMoney {
		amount := ind.Estimator.Inputs[len(ind.Estimator.Inputs)-1]
		return fmt.Sprintf(`SELECT territoire_id, periode, modalite, count(*), max(montant), sum(montant) FROM (
SELECT territoire_id, periode, modalite, sujet, sum(%s) AS montant FROM (
%s
) WHERE %s GROUP BY ALL)
GROUP BY ALL`, amount, ind.laidQuery(over), ind.Estimator.Known)
	}
	return fmt.Sprintf(`SELECT territoire_id, periode, modalite, count(DISTINCT repondant), NULL, NULL FROM (
SELECT territoire_id, periode, modalite, unnest(repondants) AS repondant FROM (
%s
) WHERE %s)
GROUP BY ALL`, ind.laidQuery(over), ind.Estimator.Known)
}

// and are those of both.
func (h holders) and(other holders) holders {
	largest := h.largest
	if other.largest.Cmp(largest) > 0 {
		largest = other.largest
	}
	return holders{h.count + other.count, largest, new(big.Int).Add(h.sum, other.sum)}
}

// tooFew reports whether a figure would tell too much by itself: too few people who answered, too few subjects behind an
// amount, or one who has most of it (the rule of dominance; Insee's for enterprises).
func (h holders) tooFew(secret string) bool {
	if secret == secretSurvey {
		return h.count < minimumPersons
	}
	part, limit := new(big.Int).Mul(h.largest, big.NewInt(100)), new(big.Int).Mul(h.sum, big.NewInt(maximumPart))
	return h.count < minimumSubjects || part.Cmp(limit) > 0
}

// TellsOfOne reports whether a sum of these amounts, one per subject, would tell of one of them: the same rule, for sums
// that are no indicator.
func TellsOfOne(amounts []int64) bool {
	all := nobody
	for _, amount := range amounts {
		all = all.and(holders{1, big.NewInt(amount), big.NewInt(amount)})
	}
	return all.tooFew(secretMoney)
}

// publication is an earlier release, as the journal has it.
type publication struct {
	period time.Time                // its last month
	kept   map[string]map[spot]bool // what it hid for the sake of others, by indicator
}

func readEarlier(ctx context.Context, w *transform.Warehouse) ([]publication, error) {
	rows, err := w.QueryContext(ctx, `SELECT p.publication, p.periode, s.indicateur, s.territoire_id, s.mois, s.modalite
FROM ref.publications p LEFT JOIN ref.secrets s ON s.publication = p.publication ORDER BY ALL`)
	if err != nil {
		return nil, fmt.Errorf("read the earlier releases: %w", err)
	}
	defer rows.Close()
	byRank := map[int]*publication{}
	for rows.Next() {
		var rank int
		var period time.Time
		var indicator, territory, modalite sql.NullString
		var month sql.NullTime
		if err := rows.Scan(&rank, &period, &indicator, &territory, &month, &modalite); err != nil {
			return nil, err
		}
		if byRank[rank] == nil {
			byRank[rank] = &publication{period, map[string]map[spot]bool{}}
		}
		if !indicator.Valid {
			continue
		}
		kept := byRank[rank].kept
		if kept[indicator.String] == nil {
			kept[indicator.String] = map[spot]bool{}
		}
		kept[indicator.String][spot{territory.String, month.Time, modalite.String}] = true
	}
	var all []publication
	for _, rank := range slices.Sorted(maps.Keys(byRank)) {
		all = append(all, *byRank[rank])
	}
	return all, rows.Err()
}

// run is the figures of a place over months in a row in which nothing in it moved: who is told one of them is told all,
// as a reader can know from what is not hidden that nothing moved.
type run struct {
	spots  []spot
	figure Figure // of one of the months: one that is shown and has a numerator, if there is
}

func (r *run) add(p spot, f Figure) {
	r.spots = append(r.spots, p)
	if r.figure.Hidden && !f.Hidden || !r.figure.Numerator.Valid && f.Numerator.Valid {
		r.figure = f
	}
}

// system is the figures of a modalite of an indicator, as runs: those of the territories, and those of the sets, whose
// counts are the sums of their members'. One system holds all months, as a run is part of the sums of several.
type system struct {
	modalite string
	runs     []*run       // territories, then sets, each in alphabetical order, from first to last
	totals   []total      // in the order of the months in which they begin
	within   [][]int      // the totals that each run is in
	tables   []*cellTable // one per count that is published
}

// systems groups the figures that add up. Same says whether the figure of the month after a run's is the same again; that
// of a set also needs the same runs behind it.
func (ind *Indicator) systems(figures []Figure, members map[spot][]string, same func(*run, Figure) bool) []*system {
	order := make([]int, len(figures))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := figures[i], figures[j]
		if c := strings.Compare(a.Modalite, b.Modalite); c != 0 {
			return c
		}
		if IsSet(a.Territory) != IsSet(b.Territory) {
			if IsSet(a.Territory) {
				return 1
			}
			return -1
		}
		return cmp.Or(strings.Compare(a.Territory, b.Territory), a.Period.Compare(b.Period))
	})
	var all []*system
	var s *system
	at := map[spot]int{} // the run of each figure
	var parts []int      // of the last one
	for _, i := range order {
		f := figures[i]
		p := spot{f.Territory, f.Period, f.Modalite}
		if s == nil || s.modalite != f.Modalite {
			s = &system{modalite: f.Modalite}
			all = append(all, s)
		}
		before := parts
		parts = nil
		for _, member := range members[spot{territory: f.Territory, period: f.Period}] {
			parts = append(parts, at[spot{member, f.Period, f.Modalite}])
		}
		last := len(s.runs) - 1
		if last >= 0 && s.runs[last].spots[0].territory == f.Territory && slices.Equal(parts, before) && same(s.runs[last], f) {
			s.runs[last].add(p, f)
			at[p] = last
			continue
		}
		at[p] = last + 1
		s.runs = append(s.runs, &run{[]spot{p}, f})
		if len(parts) > 0 {
			s.totals = append(s.totals, total{last + 1, parts})
		}
	}
	for _, s := range all {
		slices.SortStableFunc(s.totals, func(a, b total) int { return s.begins(a).Compare(s.begins(b)) })
		s.within = make([][]int, len(s.runs))
		for k, t := range s.totals {
			for _, i := range t.places() {
				s.within[i] = append(s.within[i], k)
			}
		}
		for _, count := range ind.additive() {
			table := &cellTable{totals: s.totals}
			for _, r := range s.runs {
				table.cells = append(table.cells, count(r.figure))
			}
			s.tables = append(s.tables, table)
		}
	}
	return all
}

// begins is the first month of a total.
func (s *system) begins(t total) time.Time { return s.runs[t.sum].spots[0].period }

// same reports whether a month's figure says what the run's does; one that is outdated has no numerator to compare.
func (r *run) same(f Figure) bool {
	return f.Effectif == r.figure.Effectif && f.Population == r.figure.Population &&
		(f.Numerator == r.figure.Numerator && f.Denominator == r.figure.Denominator || !f.Numerator.Valid || !r.figure.Numerator.Valid)
}

// additive are the counts of a figure that the figures of the sets are sums of; the first is of what the
// secret is about, as far as there is one.
func (ind *Indicator) additive() []func(Figure) float64 {
	counts := []func(Figure) float64{
		func(f Figure) float64 { return float64(f.Effectif) },
		func(f Figure) float64 { return float64(f.Population) },
	}
	if ind.Count == "moindre_cote" { // the smaller side of all is not the sum of the smaller sides
		counts = counts[1:]
	}
	if ind.Estimator.Share {
		counts = append(counts,
			func(f Figure) float64 { return f.Numerator.V },
			func(f Figure) float64 { return f.Denominator.V - f.Numerator.V })
	}
	return counts
}

// protect hides further figures until what is hidden, all of it primary, cannot be told. What people answered is known
// where nothing has moved; amounts are in no published sum, so that an unmoved month tells none.
func (ind *Indicator) protect(figures []Figure, hidden map[spot]Statut, members map[spot][]string, earlier []publication) error {
	primary := maps.Clone(hidden)
	same := func(r *run, f Figure) bool { // rows that have not moved have the same statut too
		return ind.RestsOnAnswers() && r.same(f) && primary[r.spots[0]] == primary[spot{f.Territory, f.Period, f.Modalite}]
	}
	for _, s := range ind.systems(figures, members, same) {
		if err := s.protect(ind, hidden, earlier); err != nil {
			return err
		}
	}
	return nil
}

// protect hides further runs of the system until what is hidden cannot be told, month by month: from what the totals that
// begin in a month tell with those before them. Of the runs only those that begin there too can be hidden for it: the
// others are told by the months before.
func (s *system) protect(ind *Indicator, hidden map[spot]Statut, earlier []publication) error {
	primary, unknown, candidate := s.sorted(ind, hidden, earlier)
	if len(primary) == 0 {
		return nil
	}
	cost := make([]float64, len(s.runs))
	for i, r := range s.runs {
		cost[i] = s.tables[0].cells[i] * float64(len(r.spots))
	}
	for from, to := 0, 0; from < len(s.totals); from = to {
		month := s.begins(s.totals[from])
		var candidates []int
		for ; to < len(s.totals) && s.begins(s.totals[to]).Equal(month); to++ {
			for _, i := range s.totals[to].places() {
				if candidate[i] && s.runs[i].spots[0].period.Equal(month) {
					candidates = append(candidates, i)
				}
			}
		}
		slices.Sort(candidates)
		totals, hides := s.linked(from, to, unknown)
		protected := slices.DeleteFunc(slices.Sorted(maps.Keys(hides)), func(i int) bool { return !primary[i] })
		var tables []*cellTable
		for _, totals := range [][]total{s.totals[from:to], totals} { // what those of the month tell alone is soon known
			for _, table := range s.tables {
				tables = append(tables, &cellTable{table.cells, totals})
			}
		}
		added, ok, err := complete(tables, hides, protected, slices.Compact(candidates), cost)
		if err == nil && !ok {
			err = fmt.Errorf("%q: nothing that could be hidden keeps the secret", s.modalite)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", month.Format("2006-01"), err)
		}
		for _, i := range added {
			unknown[i] = true
			s.runs[i].hide(hidden)
		}
	}
	return nil
}

// sorted tells the runs that are hidden by themselves, those that a reader does not know, they among them, and those that
// could be hidden for others. What earlier releases hid for others stays hidden.
func (s *system) sorted(ind *Indicator, hidden map[spot]Statut, earlier []publication) (primary, unknown, candidate map[int]bool) {
	primary, unknown, candidate = map[int]bool{}, map[int]bool{}, map[int]bool{}
	for i, r := range s.runs {
		kept, told := r.published(ind, earlier)
		told = told && !IsSet(r.spots[0].territory) // what was told once protects nobody; a total has moved with what is in it
		switch {
		case hidden[r.spots[0]] == SecretPrimary:
			primary[i], unknown[i] = true, true
		case kept:
			r.hide(hidden)
			unknown[i] = !told
		default:
			candidate[i] = !told
		}
	}
	return primary, unknown, candidate
}

// linked lists the totals up to a place that tell something of what is unknown together with those from another on, and
// what is unknown in them.
func (s *system) linked(from, to int, unknown map[int]bool) (totals []total, hides map[int]bool) {
	seen, hides := map[int]bool{}, map[int]bool{}
	var queue []int
	for k := from; k < to; k++ {
		queue = append(queue, k)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		k := queue[0]
		if seen[k] || k >= to {
			continue
		}
		seen[k] = true
		for _, i := range s.totals[k].places() {
			if unknown[i] && !hides[i] {
				hides[i] = true
				queue = append(queue, s.within[i]...)
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		totals = append(totals, s.totals[k])
	}
	return totals, hides
}

// published reports whether earlier releases hid any of a run for the sake of others, and whether they showed any of it.
func (r *run) published(ind *Indicator, earlier []publication) (kept, told bool) {
	for _, p := range r.spots {
		for _, release := range earlier {
			if release.period.Before(p.period) {
				continue // that month was not in it
			}
			if release.kept[ind.ID][p] {
				kept = true
			} else {
				told = true
			}
		}
	}
	return kept, told
}

func (r *run) hide(hidden map[spot]Statut) {
	for _, p := range r.spots {
		hidden[p] = SecretSecondary
	}
}
