package indicators

import (
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
// as what is hidden could be computed from the totals (the programme, the funders' sets) to within a few
// units; and what an earlier release has hidden for that stays hidden.
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
	for _, system := range ind.systems(figures, at, s.calendar.members) {
		if err := system.protect(ind, hidden, s.earlier); err != nil {
			return nil, fmt.Errorf("%s: %w", system.period.Format("2006-01"), err)
		}
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

// system is the figures of an indicator at a month and modalite: those of the territories, and those of
// the sets, whose counts are the sums of their members'.
type system struct {
	period   time.Time
	modalite string
	places   []string // territories, then sets, each in alphabetical order
	totals   []total
	tables   []*cellTable // one per count that is published
}

// systems groups the figures that add up.
func (ind *Indicator) systems(figures []Figure, at map[spot]int, members map[spot][]string) []*system {
	type key struct {
		period   time.Time
		modalite string
	}
	byKey := map[key]*system{}
	for p := range at {
		k := key{p.period, p.modalite}
		if byKey[k] == nil {
			byKey[k] = &system{period: p.period, modalite: p.modalite}
		}
		byKey[k].places = append(byKey[k].places, p.territory)
	}
	var all []*system
	for _, s := range byKey {
		slices.SortFunc(s.places, func(a, b string) int {
			if IsSet(a) != IsSet(b) {
				if IsSet(a) {
					return 1
				}
				return -1
			}
			return strings.Compare(a, b)
		})
		index := map[string]int{}
		for i, name := range s.places {
			index[name] = i
		}
		for i, name := range s.places {
			if parts := members[spot{territory: name, period: s.period}]; len(parts) > 0 {
				t := total{sum: i}
				for _, part := range parts {
					t.parts = append(t.parts, index[part])
				}
				s.totals = append(s.totals, t)
			}
		}
		for _, count := range ind.additive() {
			table := &cellTable{totals: s.totals}
			for _, name := range s.places {
				table.cells = append(table.cells, count(figures[at[spot{name, s.period, s.modalite}]]))
			}
			s.tables = append(s.tables, table)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *system) int {
		if c := a.period.Compare(b.period); c != 0 {
			return c
		}
		return strings.Compare(a.modalite, b.modalite)
	})
	return all
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

// protect hides further places of the system until what is hidden cannot be told.
func (s *system) protect(ind *Indicator, hidden map[spot]Statut, earlier []publication) error {
	places := map[int]bool{}
	var protected, candidates []int
	for i, name := range s.places {
		p := spot{name, s.period, s.modalite}
		kept, told := false, false
		for _, release := range earlier {
			if release.period.Before(s.period) {
				continue // that month was not in it
			}
			if release.kept[ind.ID][p] {
				kept = true
			} else {
				told = true
			}
		}
		switch {
		case hidden[p] == SecretPrimary:
			places[i], protected = true, append(protected, i)
		case kept:
			places[i], hidden[p] = true, SecretSecondary
		case IsSet(name) || !told: // what was told once protects nobody
			candidates = append(candidates, i)
		}
	}
	if len(protected) == 0 {
		return nil
	}
	// Only what shares a total with a protected figure, maybe by way of others, can give it away or protect it.
	near := map[int]bool{}
	for _, i := range protected {
		near[i] = true
	}
	for grown := true; grown; {
		grown = false
		for _, t := range s.totals {
			members := append(slices.Clone(t.parts), t.sum)
			if !slices.ContainsFunc(members, func(i int) bool { return near[i] }) {
				continue
			}
			for _, i := range members {
				grown = grown || !near[i]
				near[i] = true
			}
		}
	}
	candidates = slices.DeleteFunc(candidates, func(i int) bool { return !near[i] })
	added, ok, err := complete(s.tables, places, protected, candidates, s.tables[0].cells)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%q: nothing that could be hidden keeps the secret", s.modalite)
	}
	for _, i := range added {
		hidden[spot{s.places[i], s.period, s.modalite}] = SecretSecondary
	}
	return nil
}
