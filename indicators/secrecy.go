package indicators

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
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
	minimumPersons  = 5    // behind a published survey figure
	minimumSubjects = 3    // behind a published money figure
	maximumPart     = 0.85 // of an amount that one subject may have
)

// spot is where a figure of an indicator stands.
type spot struct {
	territory string
	period    time.Time
	modalite  string
}

// secrecy is what decides, indicator by indicator, which figures may leave the team.
type secrecy struct {
	warehouse *transform.Warehouse
	members   map[spot][]string // of each set and month, the territories that its figures take rows from
	earlier   []publication
}

func newSecrecy(ctx context.Context, w *transform.Warehouse, c *calendar) (s *secrecy, err error) {
	s = &secrecy{warehouse: w, members: c.members}
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
		if primary, err = ind.primary(ctx, s.warehouse, year); err != nil {
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
	for _, system := range ind.systems(figures, at, s.members) {
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

// primaryQuery lists the places, among those of rows such as scopedQuery lists, whose figure would tell too
// much by itself: too few people who answered, too few subjects behind an amount, or one who has most of
// it (the rule of dominance; Insee's for enterprises).
func (ind *Indicator) primaryQuery(scoped string) string {
	if ind.Secret == secretMoney {
		amount := ind.Estimator.Inputs[len(ind.Estimator.Inputs)-1]
		return fmt.Sprintf(`SELECT portee, periode, modalite FROM (
SELECT portee, periode, modalite, territoire_id, sujet, sum(%s) AS montant FROM (%s) WHERE connu GROUP BY ALL)
GROUP BY ALL HAVING count(*) < %d OR max(montant) > %g * sum(montant)`, amount, scoped, minimumSubjects, maximumPart)
	}
	return fmt.Sprintf(`SELECT portee, periode, modalite FROM (
SELECT portee, periode, modalite, territoire_id, unnest(repondants) AS repondant FROM (%s) WHERE connu)
GROUP BY ALL HAVING count(DISTINCT (territoire_id, repondant)) < %d`, scoped, minimumPersons)
}

// TellsOfOne reports whether a sum of these amounts, one per subject, would tell of one of them: the rule of
// primaryQuery, for sums that are no indicator.
func TellsOfOne(amounts []int64) bool {
	var sum, largest int64
	for _, amount := range amounts {
		sum, largest = sum+amount, max(largest, amount)
	}
	return len(amounts) < minimumSubjects || float64(largest) > maximumPart*float64(sum)
}

// primary finds the places whose figure would tell too much by itself.
func (ind *Indicator) primary(ctx context.Context, w *transform.Warehouse, l window) (map[spot]bool, error) {
	rows, err := w.QueryContext(ctx, ind.primaryQuery(ind.scopedQuery(l, (*Indicator).ofTerritories, (*Indicator).ofSets)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[spot]bool{}
	for rows.Next() {
		var p spot
		if err := rows.Scan(&p.territory, &p.period, &p.modalite); err != nil {
			return nil, err
		}
		found[p] = true
	}
	return found, rows.Err()
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
	added, ok, err := complete(s.tables, places, protected, candidates)
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
