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
// an earlier one, what one release hides for the sake of others and another shows, and the months beside it
// in which nothing moved. It returns a LeakError for the first that can be told to within a few units, but
// for what earlier releases tell without this one. It looks at nothing but what a reader of the releases
// has, and at which territories were up to date and which figures are those of the month before.
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
	unmoved, err := readUnmoved(ctx, w, ids)
	if err != nil {
		return err
	}
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
		return audit(ind, issues, members, unmoved[ind.ID])
	})
}

// audit looks for a hidden figure that all releases of an indicator together tell, this one first.
func audit(ind *Indicator, issues []*issue, members map[spot][]string, unmoved map[spot]bool) error {
	for n, target := range issues {
		leaks, err := target.leaks(ind, issues, members, unmoved)
		if n > 0 && len(leaks) > 0 && err == nil {
			var known []LeakError
			known, err = target.leaks(ind, issues[1:], members, unmoved)
			leaks = slices.DeleteFunc(leaks, func(l LeakError) bool { return slices.Contains(known, l) })
		}
		if err != nil {
			return fmt.Errorf("audit %s: %w", ind.ID, err)
		}
		if len(leaks) > 0 {
			return &leaks[0]
		}
	}
	return nil
}

// readUnmoved lists, by indicator, the figures that say the same as those of the month before. One that is outdated has no
// numerator, which says nothing.
func readUnmoved(ctx context.Context, w *transform.Warehouse, ids []string) (map[string]map[spot]bool, error) {
	rows, err := w.QueryContext(ctx, `SELECT indicateur, territoire_id, periode, modalite FROM indicateur.valeurs WHERE list_contains(?, indicateur)
WINDOW avant AS (PARTITION BY indicateur, territoire_id, modalite ORDER BY periode)
QUALIFY effectif = lag(effectif) OVER avant AND population = lag(population) OVER avant
    AND coalesce(numerateur = lag(numerateur IGNORE NULLS) OVER avant AND denominateur = lag(denominateur IGNORE NULLS) OVER avant, true)`, ids)
	if err != nil {
		return nil, fmt.Errorf("read what has not moved: %w", err)
	}
	defer rows.Close()
	unmoved := map[string]map[spot]bool{}
	for _, id := range ids {
		unmoved[id] = map[spot]bool{}
	}
	for rows.Next() {
		var id string
		var p spot
		if err := rows.Scan(&id, &p.territory, &p.period, &p.modalite); err != nil {
			return nil, fmt.Errorf("read what has not moved: %w", err)
		}
		unmoved[id][p] = true
	}
	return unmoved, rows.Err()
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

// leaks lists the hidden figures of one release that all of them together tell.
func (i *issue) leaks(ind *Indicator, issues []*issue, members map[spot][]string, unmoved map[spot]bool) (leaks []LeakError, err error) {
	told := func(p spot) (f Figure, ok bool) {
		for _, other := range issues {
			if j, there := other.at[p]; there && !other.figures[j].Hidden {
				f, ok = other.figures[j], true
			}
		}
		return f, ok
	}
	figures := slices.Clone(i.figures)
	for p, k := range i.at { // what it hides for others and another release shows is known; a total has moved with what is in it
		if figures[k].Statut == SecretSecondary && !IsSet(p.territory) {
			if f, ok := told(p); ok {
				figures[k] = f
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
	same := func(r *run, f Figure) bool {
		return ind.RestsOnAnswers() && unmoved[spot{f.Territory, f.Period, f.Modalite}] && (f.Statut == SecretPrimary) == (r.figure.Statut == SecretPrimary) &&
			(f.Hidden || r.figure.Hidden || r.same(f)) // they may have been corrected since
	}
	for _, s := range ind.systems(figures, shown, same) {
		protected := map[int]spot{}
		for n, r := range s.runs {
			for _, p := range r.spots {
				if _, ok := told(p); r.figure.Statut == SecretPrimary && !ok { // else it had more behind it in another release
					protected[n] = p
				}
			}
		}
		for k, table := range s.tables {
			hidden := map[int]bool{}
			for n, r := range s.runs {
				silent := ind.Estimator.Share && k >= len(s.tables)-2 && !r.figure.Numerator.Valid && r.figure.Effectif > 0 // it is outdated
				if r.figure.Hidden || silent {
					hidden[n] = true
				}
			}
			u := table.unknowns(hidden)
			for _, n := range slices.Sorted(maps.Keys(protected)) {
				exposed, err := u.exposed(n)
				if errors.Is(err, errInfeasible) { // the releases differ in what adds up there
					continue
				}
				if err != nil {
					return nil, err
				}
				if exposed {
					p := protected[n]
					leaks = append(leaks, LeakError{ind.ID, p.territory, p.period, p.modalite, strings.TrimSuffix(i.release, "/donnees/indicateurs.parquet")})
				}
			}
		}
	}
	return leaks, nil
}
