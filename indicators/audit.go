package indicators

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// LeakError is a hidden figure that can be told from what is published.
type LeakError struct {
	Indicator, Territory string
	Period               time.Time
	Modalite             string
	Release              string // the earlier release that hides it; empty: this one
}

func (e *LeakError) Error() string {
	release := "this release"
	if e.Release != "" {
		release = e.Release
	}
	return fmt.Sprintf("secret %s %s %s %q, hidden in %s, can be computed from what is published", e.Indicator, e.Territory, e.Period.Format("2006-01"), e.Modalite, release)
}

// issue is the published figures of an indicator in one release.
type issue struct {
	release string
	figures []Figure
	at      map[spot]int
}

// Audit tries to compute each hidden figure of a database, and of earlier releases (paths of their
// indicateurs.parquet), from all that is published: the totals over territories of this release, those of
// an earlier one, and what one release hides for the sake of others and another shows. It returns a
// LeakError for the first that can be told to within a few units. It looks at nothing but what a reader
// of the releases has, and at which territories were up to date.
func Audit(ctx context.Context, w *transform.Warehouse, catalogue []*Indicator, earlier []string) error {
	members, err := readMembers(ctx, w)
	if err != nil {
		return err
	}
	secret := map[string]*Indicator{}
	for _, ind := range catalogue {
		if ind.Secret != "" {
			secret[ind.ID] = ind
		}
	}
	ids := slices.Sorted(maps.Keys(secret))
	releases := append([]string{""}, earlier...) // this one first
	published := make([]map[string]*issue, len(releases))
	err = ingest.Each(len(releases), func(i int) (err error) {
		if published[i], err = readIssues(ctx, w, ids, releases[i]); err != nil {
			return fmt.Errorf("audit %s: %w", releases[i], err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return ingest.Each(len(ids), func(i int) error {
		ind := secret[ids[i]]
		var issues []*issue
		for _, all := range published {
			issues = append(issues, all[ind.ID])
		}
		for _, target := range issues {
			if err := target.audit(ind, issues, members); err != nil {
				return err
			}
		}
		return nil
	})
}

// readIssues is what a release publishes of some indicators, by indicator.
func readIssues(ctx context.Context, w *transform.Warehouse, ids []string, release string) (map[string]*issue, error) {
	source := "indicateur.publiees"
	if release != "" {
		source = "(SELECT * REPLACE ((periode || '-01')::DATE AS periode) FROM read_parquet(" + literal(release) + "))"
	}
	rows, err := w.QueryContext(ctx, `SELECT indicateur, territoire_id, periode, modalite, effectif, population, numerateur, denominateur, statut FROM `+source+
		` WHERE list_contains(?, indicateur) ORDER BY ALL`, ids)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	of := map[string]*issue{}
	for _, id := range ids {
		of[id] = &issue{release: release, at: map[spot]int{}}
	}
	for rows.Next() {
		var f Figure
		var count, population sql.Null[int64]
		var statut string
		if err := rows.Scan(&f.Indicator, &f.Territory, &f.Period, &f.Modalite, &count, &population, &f.Numerator, &f.Denominator, &statut); err != nil {
			return nil, err
		}
		f.Statut, f.Effectif, f.Population, f.Hidden = Statut(statut), int(count.V), int(population.V), !count.Valid
		i := of[f.Indicator]
		i.at[spot{f.Territory, f.Period, f.Modalite}] = len(i.figures)
		i.figures = append(i.figures, f)
	}
	return of, rows.Err()
}

// audit looks for a hidden figure of one release that all of them together tell.
func (i *issue) audit(ind *Indicator, issues []*issue, members map[spot][]string) error {
	figures := slices.Clone(i.figures)
	for p, k := range i.at { // what it hides for others and another release shows is known; a total has moved with what is in it
		if figures[k].Statut != SecretSecondary || IsSet(p.territory) {
			continue
		}
		for _, other := range issues {
			if j, there := other.at[p]; there && !other.figures[j].Hidden {
				figures[k] = other.figures[j]
			}
		}
	}
	shown := map[spot][]string{} // the sets that this release shows, with the territories that it shows
	for set, territories := range members {
		for _, territory := range territories {
			if slices.ContainsFunc(ind.modalites, func(m string) bool { _, there := i.at[spot{territory, set.period, m}]; return there }) {
				shown[set] = append(shown[set], territory)
			}
		}
	}
	for _, s := range ind.systems(figures, i.at, shown) {
		hidden := map[int]bool{}
		var protected []int
		for n, name := range s.places {
			p := spot{name, s.period, s.modalite}
			if !figures[i.at[p]].Hidden {
				continue
			}
			hidden[n] = true
			told := slices.ContainsFunc(issues, func(other *issue) bool {
				j, there := other.at[p]
				return there && !other.figures[j].Hidden
			})
			if figures[i.at[p]].Statut == SecretPrimary && !told { // else it had more behind it in another release
				protected = append(protected, n)
			}
		}
		if len(protected) == 0 {
			continue
		}
		for _, table := range s.tables {
			u := table.unknowns(hidden)
			for _, n := range protected {
				exposed, err := u.exposed(n)
				if errors.Is(err, errInfeasible) { // the releases differ in what adds up there
					continue
				}
				if err != nil {
					return fmt.Errorf("audit %s: %w", ind.ID, err)
				}
				if exposed {
					return &LeakError{ind.ID, s.places[n], s.period, s.modalite, strings.TrimSuffix(i.release, "/donnees/indicateurs.parquet")}
				}
			}
		}
	}
	return nil
}
