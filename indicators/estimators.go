package indicators

import (
	"database/sql"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/duckdb/duckdb-go/v2"
)

// Estimator turns the rows of a group (a territory or the programme, a period, a modalite) into a
// figure: SQL aggregates the rows, Go finishes on the aggregates.
type Estimator struct {
	Name string
	// Inputs are the columns that the catalogue's SELECT must have beside the common ones.
	Inputs []string
	// Known is the SQL condition for a row to enter the formula; the others are unknown.
	Known string
	// Count counts the rows of the population that meet a condition, %s; empty: each row is one.
	Count string
	// Aggregates are SQL expressions over the known rows of a territory. They add up: that of several territories is
	// the sum of theirs, exact for whole numbers and DECIMAL, or all of their lists.
	Aggregates func(ind *Indicator) []string
	// Finish computes the estimate. a are the aggregates, n the effectif, i the modalite's index.
	Finish func(ind *Indicator, a []any, g group, i int) result

	Spread     bool // rows share one population over the modalites: each is a share or a count of the whole
	Share      bool // has a numerator and a denominator
	Categories bool // needs a nomenclature
	Horizon    bool // needs a horizon
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

// effectifs are the ways to count what the floor applies to, as SQL over the known rows of a territory. They add up;
// of two counts, the lesser is meant. denominateur is the sum of the estimator's denominators: its second aggregate.
var effectifs = map[string][]string{
	"lignes":       {"count(*) FILTER (connu)"},
	"sujets":       {"count(DISTINCT sujet) FILTER (connu)"},
	"moindre_cote": {"count(DISTINCT sujet) FILTER (connu AND cote = 1)", "count(DISTINCT sujet) FILTER (connu AND cote = 2)"},
	"denominateur": {"coalesce(CAST(sum(denominateur) FILTER (connu) AS BIGINT), 0)"},
	"parts":        {"coalesce(CAST(sum(list_sum(parts)) FILTER (connu) AS BIGINT), 0)"},
	"evenements":   {"count(*) FILTER (connu AND cause = 1)"},
	"population":   {"population"},
}

// effectifInputs are the inputs that some of them need.
var effectifInputs = map[string]string{"moindre_cote": "cote", "denominateur": "denominateur", "parts": "parts", "evenements": "cause"}

// intervals are the intervals that a header may name. wilson_recensement has the finite population
// correction, for rows that come from a register.
var intervals = []string{"aucun", "wilson", "wilson_recensement", "loglog", "brookmeyer_crowley", "normal"}

// daysPerMonth turns durations into months.
const daysPerMonth = 30.4375

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
		// Share of the subjects of whom reussite holds in one row at least.
		Name: "part_des_sujets", Inputs: []string{"reussite"}, Known: "reussite IS NOT NULL", Share: true,
		Count: "count(DISTINCT sujet) FILTER (%s)",
		Aggregates: func(*Indicator) []string {
			return []string{"count(DISTINCT sujet) FILTER (connu AND reussite)", "count(DISTINCT sujet) FILTER (connu)"}
		},
		Finish: func(ind *Indicator, a []any, g group, _ int) result { return share(ind, a[0], a[1], g) },
	},
	{
		// Sum of numerators over sum of denominators.
		Name: "ratio", Inputs: []string{"numerateur", "denominateur"}, Known: "numerateur IS NOT NULL AND denominateur IS NOT NULL", Share: true,
		Aggregates: totals,
		Finish:     func(ind *Indicator, a []any, g group, _ int) result { return share(ind, a[0], a[1], g) },
	},
	{
		// The same where nothing in the denominators is absence: nothing was said that could be counted.
		Name: "ratio_des_dits", Inputs: []string{"numerateur", "denominateur"}, Known: "numerateur IS NOT NULL AND denominateur IS NOT NULL", Share: true,
		Aggregates: totals,
		Finish: func(ind *Indicator, a []any, g group, _ int) result {
			r := share(ind, a[0], a[1], g)
			r.Absent = !r.Value.Valid
			return r
		},
	},
	{
		// Share of an amount: sums of DECIMAL, divided once. A total of 0 has no shares.
		Name: "part_du_montant", Inputs: []string{"numerateur", "denominateur"}, Known: "numerateur IS NOT NULL AND denominateur IS NOT NULL",
		Aggregates: func(*Indicator) []string {
			return []string{"sum(numerateur) FILTER (connu)", "sum(denominateur) FILTER (connu)"}
		},
		Finish: func(ind *Indicator, a []any, g group, _ int) result { return share(ind, a[0], a[1], g) },
	},
	{
		// Sum of numerators for 100 of the denominators. A row without a denominator belongs to the population
		// as a whole: it has a numerator, and is none of its members.
		Name: "taux_pour_100", Inputs: []string{"numerateur", "denominateur"}, Known: "numerateur IS NOT NULL",
		Count:      "count(*) FILTER (%s AND denominateur IS NOT NULL)",
		Aggregates: totals,
		Finish: func(_ *Indicator, a []any, _ group, _ int) result {
			return result{Value: ratio(100*number(a[0]), number(a[1]))}
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
		Aggregates: func(*Indicator) []string { // the modalite of each subject: one table of them for all modalites
			return []string{"list_transform(list(DISTINCT (modalite, sujet)) FILTER (connu AND compte), lambda s: s[1])"}
		},
		Finish: func(ind *Indicator, a []any, _ group, i int) result {
			subjects, _ := a[0].([]any) // nil: none
			n := 0
			for _, modalite := range subjects {
				if modalite == ind.modalites[i] {
					n++
				}
			}
			return result{Value: defined(float64(n))}
		},
	},
	{
		// Mean of whole numbers: gaps between two levels, or steps up (1) and down (−1).
		Name: "moyenne", Inputs: []string{"valeur"}, Known: "valeur IS NOT NULL",
		Aggregates: func(*Indicator) []string { return []string{"CAST(sum(valeur) FILTER (connu) AS BIGINT)"} },
		Finish: func(_ *Indicator, a []any, g group, _ int) result {
			return result{Value: ratio(number(a[0]), float64(g.known))}
		},
	},
	{
		// Median of durations in days, told in months; of an even number, the mean of the two middle ones.
		Name: "mediane", Inputs: []string{"duree"}, Known: "duree IS NOT NULL",
		Aggregates: func(*Indicator) []string { return []string{"list(duree) FILTER (connu)"} },
		Finish: func(_ *Indicator, a []any, _ group, _ int) result {
			days, _ := a[0].([]any) // nil: none
			if len(days) == 0 {
				return result{}
			}
			sorted := numbers(days)
			slices.Sort(sorted)
			return result{Value: defined((sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2 / daysPerMonth)}
		},
	},
	{
		// Sum of amounts.
		Name: "somme", Inputs: []string{"valeur"}, Known: "valeur IS NOT NULL", Sum: true,
		Aggregates: func(*Indicator) []string { return []string{"sum(valeur) FILTER (connu)"} },
		Finish: func(_ *Indicator, a []any, g group, _ int) result {
			if g.known == 0 {
				return result{}
			}
			return result{Value: defined(number(a[0]))}
		},
	},
	{
		// The one value of the group's only row.
		Name: "valeur", Inputs: []string{"valeur"}, Known: "valeur IS NOT NULL",
		Aggregates: func(*Indicator) []string { return []string{"sum(valeur) FILTER (connu)"} },
		Finish: func(_ *Indicator, a []any, g group, _ int) result {
			if g.known != 1 {
				return result{}
			}
			return result{Value: defined(number(a[0]))}
		},
	},
	{
		// van der Eijk's A over the notes of a scale.
		Name: "accord", Inputs: []string{"note"}, Known: "note IS NOT NULL", Categories: true, Aggregates: notes("connu"),
		Finish: func(_ *Indicator, a []any, _ group, _ int) result { return result{Value: Agreement(counts(a))} },
	},
	{
		// Interpolated median of the notes of a scale, whose categories follow each other by 1.
		Name: "mediane_interpolee", Inputs: []string{"note"}, Known: "note IS NOT NULL", Categories: true, Aggregates: notes("connu"),
		Finish: func(ind *Indicator, a []any, _ group, _ int) result {
			lowest, err := strconv.Atoi(ind.categories[0])
			if err != nil {
				return result{}
			}
			return result{Value: InterpolatedMedian(counts(a), lowest)}
		},
	},
	{
		// Cliff's delta of the notes: how much more often side 2 is above side 1 than below.
		Name: "delta_de_cliff", Inputs: []string{"note", "cote"}, Known: "note IS NOT NULL", Categories: true, Aggregates: sides,
		Finish: func(_ *Indicator, a []any, _ group, _ int) result { return result{Value: delta(a)} },
	},
	{
		// The same whichever side is above.
		Name: "delta_de_cliff_absolu", Inputs: []string{"note", "cote"}, Known: "note IS NOT NULL", Categories: true, Aggregates: sides,
		Finish: func(_ *Indicator, a []any, _ group, _ int) result {
			d := delta(a)
			d.V = math.Abs(d.V)
			return result{Value: d}
		},
	},
	{
		// E–I index over ties, some of them external.
		Name: "indice_ei", Inputs: []string{"externe"}, Known: "externe IS NOT NULL",
		Aggregates: func(*Indicator) []string { return []string{"count(*) FILTER (connu AND externe)"} },
		Finish: func(_ *Indicator, a []any, g group, _ int) result {
			external := int(number(a[0]))
			return result{Value: EIIndex(external, g.known-external)}
		},
	},
	{
		// Garlaschelli and Loffredo's reciprocity. Two kinds of rows: the actors, unknown when they have
		// told of no tie, and the edges between them, each with whether it has its reverse.
		Name: "reciprocite", Inputs: []string{"genre", "retour"}, Known: "retour IS NOT NULL",
		Count: "count(*) FILTER (%s AND genre = 'acteur')",
		Aggregates: func(*Indicator) []string {
			return []string{"count(*) FILTER (genre = 'lien')", "count(*) FILTER (genre = 'lien' AND retour)"}
		},
		Finish: func(_ *Indicator, a []any, g group, _ int) result {
			return result{
				Value:  Reciprocity(g.population, int(number(a[0])), int(number(a[1]))),
				TooFew: float64(g.known) < minimumAnswered*float64(g.population),
			}
		},
	},
	{
		// Evenness of a total over a fixed nomenclature.
		Name: "regularite", Inputs: []string{"categorie", "poids"}, Known: "categorie IS NOT NULL AND poids IS NOT NULL", Categories: true,
		Aggregates: weights,
		Finish:     func(_ *Indicator, a []any, _ group, _ int) result { return result{Value: Evenness(numbers(a))} },
	},
	{
		// The same where each row has a part of every entry of the nomenclature, in its order.
		Name: "regularite_des_parts", Inputs: []string{"parts"}, Known: "parts IS NOT NULL", Categories: true,
		Aggregates: func(ind *Indicator) []string {
			var sums []string
			for i := range ind.categories {
				sums = append(sums, fmt.Sprintf("sum(parts[%d]) FILTER (connu)", i+1))
			}
			return sums
		},
		Finish: func(_ *Indicator, a []any, _ group, _ int) result { return result{Value: Evenness(numbers(a))} },
	},
	{
		// Hill's number of order 1 of a total over a fixed nomenclature.
		Name: "nombre_de_hill", Inputs: []string{"categorie", "poids"}, Known: "categorie IS NOT NULL AND poids IS NOT NULL", Categories: true,
		Aggregates: weights,
		Finish:     func(_ *Indicator, a []any, _ group, _ int) result { return result{Value: Hill(numbers(a))} },
	},
	{
		// Aalen–Johansen incidence of cause 1 at the horizon, cause 2 competing.
		Name: "incidence", Inputs: []string{"duree", "cause"}, Known: "duree IS NOT NULL AND cause IS NOT NULL", Horizon: true,
		Aggregates: durations, Finish: survival(func(c Curve, horizon float64) Estimate { return c.AalenJohansen(horizon) }, 1),
	},
	{
		// Kaplan–Meier survival at the horizon.
		Name: "survie", Inputs: []string{"duree", "cause"}, Known: "duree IS NOT NULL AND cause IS NOT NULL", Horizon: true,
		Aggregates: durations, Finish: survival(func(c Curve, horizon float64) Estimate { return c.KaplanMeier(horizon) }, 1),
	},
	{
		// Mean duration up to the horizon, under Kaplan–Meier's curve, in months.
		Name: "moyenne_restreinte", Inputs: []string{"duree", "cause"}, Known: "duree IS NOT NULL AND cause IS NOT NULL", Horizon: true,
		Aggregates: durations, Finish: survival(func(c Curve, horizon float64) Estimate { return c.RestrictedMean(horizon) }, daysPerMonth),
	},
	{
		// Median of Kaplan–Meier's curve, in months.
		Name: "mediane_de_survie", Inputs: []string{"duree", "cause"}, Known: "duree IS NOT NULL AND cause IS NOT NULL",
		Aggregates: durations, Finish: survival(func(c Curve, _ float64) Estimate { return c.Median() }, daysPerMonth),
	},
}

// totals sums the numerators, then the denominators.
func totals(*Indicator) []string {
	return []string{"CAST(sum(numerateur) FILTER (connu) AS BIGINT)", "CAST(sum(denominateur) FILTER (connu) AS BIGINT)"}
}

// notes counts each note of the nomenclature among the rows that meet a condition.
func notes(condition string) func(*Indicator) []string {
	return func(ind *Indicator) []string {
		return perCode("count(*) FILTER ("+condition+" AND note = '%s')", ind.categories)
	}
}

// sides counts the notes of side 1, then those of side 2.
func sides(ind *Indicator) []string {
	return append(notes("connu AND cote = 1")(ind), notes("connu AND cote = 2")(ind)...)
}

func delta(a []any) sql.Null[float64] {
	both := counts(a)
	half := len(both) / 2
	return CliffDelta(both[half:], both[:half])
}

// weights sums what each entry of the nomenclature has.
func weights(ind *Indicator) []string {
	return perCode("sum(poids) FILTER (connu AND categorie = '%s')", ind.categories)
}

func counts(a []any) []int {
	counts := make([]int, len(a))
	for i := range a {
		counts[i] = int(number(a[i]))
	}
	return counts
}

func numbers(a []any) []float64 {
	numbers := make([]float64, len(a))
	for i := range a {
		numbers[i] = number(a[i])
	}
	return numbers
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
	return []string{"list(CAST(duree * 4 + cause AS BIGINT)) FILTER (connu)"}
}

// minimumAtRisk is the least number still followed just before the horizon.
const minimumAtRisk = 5

// minimumAnswered is the least share of the actors who must have told of their ties.
const minimumAnswered = 0.7

// survival finishes an estimator of durations; unit is how many days its unit has.
func survival(estimate func(Curve, float64) Estimate, unit float64) func(*Indicator, []any, group, int) result {
	return func(ind *Indicator, a []any, _ group, _ int) result {
		list, _ := a[0].([]any)
		subjects := make([]Subject, len(list))
		for i, p := range list {
			n := p.(int64)
			subjects[i] = Subject{Duration: int(n / 4), Cause: Cause(n % 4)}
		}
		curve, err := NewCurve(subjects)
		if err != nil || len(subjects) == 0 {
			return result{}
		}
		e := estimate(curve, ind.Horizon)
		r := result{Value: divided(e.Value, unit), Interval: Interval{divided(e.Interval.Low, unit), divided(e.Interval.High, unit)}}
		if ind.Estimator.Horizon {
			free := curve.EventFree(ind.Horizon)
			r.TooFew = curve.AtRisk(ind.Horizon) < minimumAtRisk && (!free.Valid || free.V > 0)
		}
		return r
	}
}

func divided(value sql.Null[float64], by float64) sql.Null[float64] {
	value.V /= by
	return value
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
	case int32:
		return float64(v)
	case int64:
		return float64(v)
	case float64:
		return v
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	case duckdb.Decimal:
		const exact = 1 << 53 // below, numbers and powers of ten have no error, and a quotient has the least
		if v.Value.IsInt64() && -exact < v.Value.Int64() && v.Value.Int64() < exact && v.Scale <= 22 {
			return float64(v.Value.Int64()) / math.Pow10(int(v.Scale))
		}
		return v.Float64()
	case nil:
		return 0
	}
	return math.NaN() // an aggregate of another type: a bug that a test would show
}

// added is an aggregate of the rows behind several groups; nil: of none.
func added(all []aggregated, i int) (sum any) {
	var lists [][]any
	for _, a := range all {
		if list, ok := a.values[i].([]any); ok {
			lists = append(lists, list)
			continue
		}
		sum = add(sum, a.values[i])
	}
	if lists != nil {
		return slices.Concat(lists...)
	}
	return sum
}

func add(a, b any) any {
	if a == nil {
		return b
	}
	switch b := b.(type) {
	case nil:
		return a
	case int64:
		return a.(int64) + b
	case float64:
		return a.(float64) + b
	case *big.Int:
		return new(big.Int).Add(a.(*big.Int), b)
	case duckdb.Decimal:
		b.Value = new(big.Int).Add(a.(duckdb.Decimal).Value, b.Value)
		return b
	}
	return math.NaN() // as above
}

// mantissa is an exact amount in units of its last decimal; NULL is 0.
func mantissa(a any) (*big.Int, bool) {
	switch v := a.(type) {
	case nil:
		return new(big.Int), true
	case int64:
		return big.NewInt(v), true
	case *big.Int:
		return v, true
	case duckdb.Decimal:
		return v.Value, true
	}
	return nil, false
}
