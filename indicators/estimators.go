package indicators

import (
	"database/sql"
	"fmt"
	"math"
)

// Estimator turns the rows of a group (a territory or the programme, a period, a modalite) into a
// figure: SQL aggregates the rows, Go finishes on the aggregates.
type Estimator struct {
	Name string
	// Inputs are the columns that the catalogue's SELECT must have beside the common ones.
	Inputs []string
	// Known is the SQL condition for a row to enter the formula; the others are unknown.
	Known string
	// Aggregates are SQL expressions over the known rows of a group. Each is cast so that it arrives
	// as int64 or float64 — sums of DECIMAL are exact before the cast — or is a list of int64.
	Aggregates func(ind *Indicator) []string
	// Finish computes the estimate. a are the aggregates, n the effectif, i the modalite's index.
	Finish func(ind *Indicator, a []any, g group, i int) result

	Spread     bool // rows share one population over the modalites: each is a share or a count of the whole
	Share      bool // has a numerator and a denominator
	Categories bool // needs a nomenclature
	Survival   bool // needs a horizon
	Sum        bool // a sum or count: over a window it is undefined while months are missing
}

// group is what every group of rows has, whatever the estimator.
type group struct {
	population int // rows, unknown ones included
	known      int // rows that entered the formula
	effectif   int
}

// result is an estimate before the floor and the statut are applied. An undefined Value is non_defini.
type result struct {
	Value                  sql.Null[float64]
	Interval               Interval
	Numerator, Denominator sql.Null[float64]
	Absent                 bool // the formula has nothing to look at: donnees_absentes
	TooFew                 bool // too few at risk: effectif_insuffisant
}

// effectifs are the ways to count what the floor applies to, as SQL over the known rows of a group.
// denominateur is the sum of the estimator's denominators: its second aggregate.
var effectifs = map[string]string{
	"lignes":       "count(*) FILTER (connu)",
	"sujets":       "count(DISTINCT (territoire_id, sujet)) FILTER (connu)",
	"denominateur": "coalesce(CAST(sum(denominateur) FILTER (connu) AS BIGINT), 0)",
	"population":   "count(*)",
}

// intervals are the intervals that a header may name. wilson_recensement has the finite population
// correction, for rows that come from a register.
var intervals = []string{"aucun", "wilson", "wilson_recensement", "loglog"}

// Estimators is every estimator that a header may name.
var Estimators = []Estimator{
	{
		// Share of the rows where reussite holds.
		Name: "part", Inputs: []string{"reussite"}, Known: "reussite IS NOT NULL", Share: true,
		Aggregates: func(*Indicator) []string {
			return []string{"count(*) FILTER (connu AND reussite)", "count(*) FILTER (connu)"}
		},
		Finish: func(ind *Indicator, a []any, g group, _ int) result { return share(ind, a[0], a[1], g) },
	},
	{
		// Sum of numerators over sum of denominators; nothing in the denominators is absence, not 0.
		Name: "ratio", Inputs: []string{"numerateur", "denominateur"}, Known: "numerateur IS NOT NULL AND denominateur IS NOT NULL", Share: true,
		Aggregates: func(*Indicator) []string {
			return []string{"CAST(sum(numerateur) FILTER (connu) AS BIGINT)", "CAST(sum(denominateur) FILTER (connu) AS BIGINT)"}
		},
		Finish: func(ind *Indicator, a []any, g group, _ int) result {
			r := share(ind, a[0], a[1], g)
			r.Absent = !r.Value.Valid
			return r
		},
	},
	{
		// Share of all rows that each modalite has.
		Name: "repartition", Known: "modalite IS NOT NULL", Spread: true, Share: true,
		Aggregates: func(ind *Indicator) []string {
			return perCode("count(*) FILTER (connu AND modalite = '%s')", ind.modalites)
		},
		Finish: func(ind *Indicator, a []any, g group, i int) result { return share(ind, a[i], int64(g.known), g) },
	},
	{
		// Number of distinct subjects where compte holds, in each modalite. A true zero is a value.
		Name: "denombrement", Inputs: []string{"compte"}, Known: "compte IS NOT NULL", Spread: true, Sum: true,
		Aggregates: func(ind *Indicator) []string {
			return perCode("count(DISTINCT (territoire_id, sujet)) FILTER (connu AND compte AND modalite = '%s')", ind.modalites)
		},
		Finish: func(_ *Indicator, a []any, _ group, i int) result { return result{Value: defined(number(a[i]))} },
	},
	{
		// Mean of the absolute differences.
		Name: "ecart_absolu_moyen", Inputs: []string{"ecart"}, Known: "ecart IS NOT NULL",
		Aggregates: func(*Indicator) []string { return []string{"CAST(sum(abs(ecart)) FILTER (connu) AS BIGINT)"} },
		Finish: func(_ *Indicator, a []any, g group, _ int) result {
			return result{Value: ratio(number(a[0]), float64(g.known))}
		},
	},
	{
		// The one value of the group's only row.
		Name: "valeur", Inputs: []string{"valeur"}, Known: "valeur IS NOT NULL",
		Aggregates: func(*Indicator) []string { return []string{"CAST(any_value(valeur) FILTER (connu) AS DOUBLE)"} },
		Finish: func(_ *Indicator, a []any, g group, _ int) result {
			if g.known != 1 {
				return result{}
			}
			return result{Value: defined(number(a[0]))}
		},
	},
	{
		// van der Eijk's A over the notes of a scale.
		Name: "accord", Inputs: []string{"note"}, Known: "note IS NOT NULL", Categories: true,
		Aggregates: func(ind *Indicator) []string {
			return perCode("count(*) FILTER (connu AND note::VARCHAR = '%s')", ind.categories)
		},
		Finish: func(_ *Indicator, a []any, _ group, _ int) result {
			counts := make([]int, len(a))
			for i := range a {
				counts[i] = int(number(a[i]))
			}
			return result{Value: Agreement(counts)}
		},
	},
	{
		// Evenness of a total over a fixed nomenclature.
		Name: "regularite", Inputs: []string{"categorie", "poids"}, Known: "categorie IS NOT NULL AND poids IS NOT NULL", Categories: true,
		Aggregates: func(ind *Indicator) []string {
			return perCode("CAST(coalesce(sum(poids) FILTER (connu AND categorie = '%s'), 0) AS DOUBLE)", ind.categories)
		},
		Finish: func(_ *Indicator, a []any, _ group, _ int) result {
			weights := make([]float64, len(a))
			for i := range a {
				weights[i] = number(a[i])
			}
			return result{Value: Evenness(weights)}
		},
	},
	{
		// Aalen–Johansen incidence of cause 1 at the horizon, cause 2 competing.
		Name: "incidence", Inputs: []string{"duree", "cause"}, Known: "duree IS NOT NULL AND cause IS NOT NULL", Survival: true,
		Aggregates: durations,
		Finish: func(ind *Indicator, a []any, _ group, _ int) result {
			return survival(ind, a[0], Curve.AalenJohansen)
		},
	},
	{
		// Kaplan–Meier survival at the horizon.
		Name: "survie", Inputs: []string{"duree", "cause"}, Known: "duree IS NOT NULL AND cause IS NOT NULL", Survival: true,
		Aggregates: durations,
		Finish: func(ind *Indicator, a []any, _ group, _ int) result {
			return survival(ind, a[0], Curve.KaplanMeier)
		},
	},
}

func perCode(format string, codes []string) []string {
	expressions := make([]string, len(codes))
	for i, code := range codes {
		expressions[i] = fmt.Sprintf(format, code)
	}
	return expressions
}

// durations packs a subject into one integer: four times its days, plus its cause.
func durations(*Indicator) []string {
	return []string{"list(CAST(duree * 4 + cause AS BIGINT) ORDER BY duree, cause) FILTER (connu)"}
}

// minimumAtRisk is the least number still followed just before the horizon.
const minimumAtRisk = 5

func survival(ind *Indicator, packed any, at func(Curve, float64) Estimate) result {
	list, _ := packed.([]any)
	subjects := make([]Subject, len(list))
	for i, p := range list {
		n := p.(int64)
		subjects[i] = Subject{Duration: int(n / 4), Cause: Cause(n % 4)}
	}
	curve, err := NewCurve(subjects)
	if err != nil || len(subjects) == 0 {
		return result{}
	}
	estimate := at(curve, ind.Horizon)
	free := curve.EventFree(ind.Horizon)
	return result{
		Value: estimate.Value, Interval: estimate.Interval,
		TooFew: curve.AtRisk(ind.Horizon) < minimumAtRisk && (!free.Valid || free.V > 0),
	}
}

// share is a proportion with the interval that the header names.
func share(ind *Indicator, x, n any, g group) result {
	num, den := number(x), number(n)
	r := result{Value: ratio(num, den), Numerator: defined(num), Denominator: defined(den)}
	if !r.Value.Valid {
		return r
	}
	switch ind.Interval {
	case "wilson":
		r.Interval = Wilson(r.Value.V, g.effectif)
	case "wilson_recensement":
		r.Interval = WilsonFinite(r.Value.V, g.effectif, g.population)
	}
	return r
}

func ratio(num, den float64) sql.Null[float64] {
	if den == 0 {
		return sql.Null[float64]{}
	}
	return defined(num / den)
}

// number is an aggregate as a float; NULL, the sum of nothing, is 0.
func number(a any) float64 {
	switch v := a.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case nil:
		return 0
	}
	return math.NaN() // an aggregate of another type: a bug that a test would show
}
