package indicators

import (
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"time"

	"cairn/transform"
)

// Comparison is a row of indicateur.comparaisons: the share of a territory beside those of a set of
// territories, at the horizon. There is one for each set that the territory is of. It has no rank: the
// region says between which positions the territory may stand, and the rows come in alphabetical order.
type Comparison struct {
	Indicator      string
	Period         time.Time
	Modalite       string
	Territory      string
	Value          float64
	Effectif       int
	Set            string            // « tous », or those alike: « milieu:rural », « avancement:debutant »
	Inner, Outer   Interval          // the funnel's limits at 95 % and 99.8 %
	Overdispersion sql.Null[float64] // of the set’s shares
	Region         *Region           // nil for an indicator without a better end
}

// The codes of sens_indicateur that are not « a higher figure is better ».
const (
	descriptive   = "descriptif"
	lowerIsBetter = "baisse"
)

// everyone is the set of all territories.
const everyone = "tous"

// stratum is a set of territories, those at the indexes, that are compared with each other.
type stratum struct {
	code    string
	members []int
}

// strata are everyone, then like with like. A territory of which it is not told what it is like is of no
// such set.
func strata(places []pilot) []stratum {
	members := map[string][]int{}
	for i, p := range places {
		members[everyone] = append(members[everyone], i)
		if p.milieu != "" {
			members["milieu:"+p.milieu] = append(members["milieu:"+p.milieu], i)
		}
		if p.advancement != "" {
			members["avancement:"+p.advancement] = append(members["avancement:"+p.advancement], i)
		}
	}
	var all []stratum
	for code, indexes := range members {
		all = append(all, stratum{code, indexes})
	}
	slices.SortFunc(all, func(a, b stratum) int { return strings.Compare(a.code, b.code) })
	return all
}

// comparable reports whether the indicator is a share that can stand in a funnel: of things that were
// counted, each of them anew, as Wilson's interval supposes.
func (ind *Indicator) comparable() bool {
	return ind.Estimator.Share && strings.HasPrefix(ind.Interval, "wilson")
}

// comparisons sets the shares at the horizon beside each other, in each set of at least three territories that have one.
func comparisons(catalogue []*Indicator, figures []Figure, places []pilot, horizon time.Time) []Comparison {
	shares := map[figureKey]Figure{}
	for _, f := range figures {
		if f.Statut == OK && f.Period.Equal(horizon) {
			shares[figureKey{f.Indicator, f.Territory, horizon, f.Modalite}] = f
		}
	}
	sets := strata(places)
	var all []Comparison
	for _, ind := range catalogue {
		if !ind.comparable() {
			continue
		}
		for _, modalite := range ind.modalites {
			for _, set := range sets {
				var known []Figure
				for _, i := range set.members {
					if f, ok := shares[figureKey{ind.ID, places[i].territory, horizon, modalite}]; ok {
						known = append(known, f)
					}
				}
				if len(known) >= minimumTerritories {
					all = append(all, ind.compare(known, set.code)...)
				}
			}
		}
	}
	return all
}

// compare makes the rows of one set. The intervals behind the regions leave out the finite population
// correction: the question is how each place works, not who is in its list.
func (ind *Indicator) compare(figures []Figure, set string) []Comparison {
	shares := make([]PlaceShare, len(figures))
	for i, f := range figures {
		shares[i] = PlaceShare{f.Numerator.V, f.Denominator.V, f.Effectif}
	}
	funnel := NewFunnel(shares)
	all := make([]Comparison, len(figures))
	for i, f := range figures {
		all[i] = Comparison{
			Indicator: f.Indicator, Period: f.Period, Modalite: f.Modalite, Territory: f.Territory, Value: f.Value.V, Effectif: f.Effectif,
			Set: set, Inner: funnel.Limits(f.Effectif, 0.95), Outer: funnel.Limits(f.Effectif, 0.998), Overdispersion: funnel.Overdispersion,
		}
	}
	if ind.Direction == descriptive {
		return all
	}
	if ind.Direction == lowerIsBetter { // the first position is always the better end
		for i, s := range shares {
			shares[i].Numerator = s.Denominator - s.Numerator
		}
	}
	for i, r := range JointRegions(shares) {
		all[i].Region = &r
	}
	return all
}

func storeComparisons(tx *transform.Tx, comparisons []Comparison) error {
	return storeTable(tx, "comparaisons", `indicateur VARCHAR, periode DATE, modalite VARCHAR, territoire_id VARCHAR, valeur DOUBLE, effectif BIGINT, ensemble VARCHAR,
		entonnoir_95_bas DOUBLE, entonnoir_95_haut DOUBLE, entonnoir_998_bas DOUBLE, entonnoir_998_haut DOUBLE, surdispersion DOUBLE, region_de INTEGER, region_a INTEGER`,
		func(yield func([]driver.Value) bool) {
			for _, c := range comparisons {
				var best, worst driver.Value
				if c.Region != nil {
					best, worst = int32(c.Region.Best), int32(c.Region.Worst)
				}
				if !yield([]driver.Value{c.Indicator, c.Period, c.Modalite, c.Territory, c.Value, int64(c.Effectif), c.Set, nullable(c.Inner.Low), nullable(c.Inner.High),
					nullable(c.Outer.Low), nullable(c.Outer.High), nullable(c.Overdispersion), best, worst}) {
					return
				}
			}
		})
}
