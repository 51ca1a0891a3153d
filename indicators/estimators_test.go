package indicators

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/transform"
)

// drawn is a row of a population as an estimator sees it; an input that is nil is unknown.
type drawn struct {
	territory, subject, modalite string
	inputs                       map[string]any
}

func (r drawn) number(input string) float64 {
	n, _ := r.inputs[input].(int)
	return float64(n)
}

func (r drawn) is(input string) bool {
	b, _ := r.inputs[input].(bool)
	return b
}

// The nomenclatures of the estimators of categories, and the horizon of those of durations.
var (
	drawnNotes      = []string{"1", "2", "3", "4", "5"}
	drawnCategories = []string{"a", "b", "c"}
	drawnModalites  = []string{"x", "y"}
)

const drawnHorizon = 25

// inputGenerators draw an input of that name; nil is drawn apart.
var inputGenerators = map[string]*rapid.Generator[any]{
	"reussite": anyOf(true, false), "compte": anyOf(true, false), "externe": anyOf(true, false), "retour": anyOf(true, false),
	"genre": anyOf("acteur", "lien"), "cote": anyOf(1, 2), "cause": anyOf(0, 1, 2), "note": anyOf(1, 2, 3, 4, 5), "categorie": anyOf("a", "b", "c"),
	"valeur": whole(-4, 4), "numerateur": whole(0, 3), "denominateur": whole(0, 9), "poids": whole(0, 9), "duree": whole(0, 40),
	"parts": rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfN(rapid.IntRange(0, 9), 3, 3).Draw(t, "parts") }),
}

func anyOf(values ...any) *rapid.Generator[any] { return rapid.SampledFrom(values) }
func whole(from, to int) *rapid.Generator[any]  { return rapid.IntRange(from, to).AsAny() }

// drawRows draws a small population, most often with ties and unknown values.
func drawRows(t *rapid.T, e Estimator) []drawn {
	atMost := 30
	if e.Name == "valeur" {
		atMost = 2
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) drawn {
		r := drawn{
			territory: rapid.SampledFrom([]string{"alpha", "beta"}).Draw(t, "territory"),
			subject:   rapid.SampledFrom([]string{"s", "t", "u", "v"}).Draw(t, "subject"),
			modalite:  rapid.SampledFrom(drawnModalites).Draw(t, "modalite"),
			inputs:    map[string]any{},
		}
		for _, name := range e.Inputs {
			always := name == "genre" || name == "cote"
			if always || rapid.IntRange(0, 9).Draw(t, "known") > 0 {
				r.inputs[name] = inputGenerators[name].Draw(t, name)
			}
		}
		if r.inputs["genre"] == "lien" { // an edge has its reverse or not; only an actor may be silent
			r.inputs["retour"] = r.is("retour")
		}
		return r
	}), 0, atMost).Draw(t, "rows")
}

// estimated is what the SQL fragment and the Go finish make of rows.
type estimated struct {
	group
	value    sql.Null[float64]
	interval Interval
}

func estimate(t *rapid.T, w *transform.Warehouse, ind *Indicator, rows []drawn) estimated {
	var listed []string
	for _, r := range rows {
		modalite := ""
		if ind.Estimator.Spread {
			modalite = r.modalite
		}
		row := []string{"DATE '2026-01-01'", literal(r.territory), literal(modalite), literal(r.subject)}
		for _, name := range ind.Estimator.Inputs {
			value := r.inputs[name]
			if parts, ok := value.([]int); ok {
				value = []any{parts[0], parts[1], parts[2]}
			}
			typ := map[string]string{"genre": "VARCHAR", "categorie": "VARCHAR", "parts": "INTEGER[]"}[name]
			if slices.Contains([]string{"reussite", "compte", "externe", "retour"}, name) {
				typ = "BOOLEAN"
			}
			row = append(row, "CAST("+literal(value)+" AS "+cmp.Or(typ, "INTEGER")+")")
		}
		listed = append(listed, "("+strings.Join(row, ", ")+")")
	}
	columns := append([]string{"periode", "territoire_id", "modalite", "sujet"}, ind.Estimator.Inputs...)
	groups, err := readGroups(t.Context(), w, ind, ind.groupQuery(fmt.Sprintf("SELECT *, coalesce(%s, false) AS connu FROM (VALUES\n%s\n) t(%s)",
		ind.Estimator.Known, strings.Join(listed, ",\n"), strings.Join(columns, ", "))))
	if err != nil {
		t.Fatal(err)
	}
	a := together(slices.Collect(maps.Values(groups)))
	r := ind.Estimator.Finish(ind, a.values, a.group, 0)
	return estimated{a.group, r.Value, r.Interval}
}

// TestEstimatorsAgreeWithBruteForce compares each estimator, SQL fragment and finish together, with the
// plainest computation over the same rows, and gives it the rows in another order, under other names.
func TestEstimatorsAgreeWithBruteForce(t *testing.T) {
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, e := range Estimators {
		t.Run(e.Name, func(t *testing.T) {
			plain, ok := bruteForce[e.Name]
			if !ok {
				t.Fatal("no brute force to compare with")
			}
			ind := &Indicator{Estimator: e, Count: "lignes", Interval: "wilson", modalites: []string{""}}
			if e.Spread {
				ind.modalites = drawnModalites
			}
			if e.Categories {
				ind.categories = drawnCategories
				if slices.Contains(e.Inputs, "note") {
					ind.categories = drawnNotes
				}
			}
			if e.Horizon {
				ind.Horizon = drawnHorizon
			}
			rapid.Check(t, func(t *rapid.T) {
				rows := drawRows(t, e)
				if len(rows) == 0 {
					return // no row, no group
				}
				got := estimate(t, w, ind, rows)
				var known []drawn
				for _, r := range rows {
					missing := slices.ContainsFunc(e.Inputs, func(name string) bool {
						return r.inputs[name] == nil && !(e.Name == "taux_pour_100" && name == "denominateur")
					})
					if !missing {
						known = append(known, r)
					}
				}
				if got.effectif != len(known) {
					t.Fatalf("effectif %d, want %d", got.effectif, len(known))
				}
				want := sql.Null[float64]{}
				if v := plain(known, rows); !math.IsNaN(v) && !math.IsInf(v, 0) {
					want = defined(v)
				}
				checkWithin(t, "value", got.value, want, 1e-9)
				renamed := rapid.Permutation(rows).Draw(t, "permuted")
				names := strings.NewReplacer("alpha", "zeta", "beta", "eta", "s", "s9", "t", "a", "u", "s")
				for i := range renamed {
					renamed[i].territory, renamed[i].subject = names.Replace(renamed[i].territory), names.Replace(renamed[i].subject)
				}
				if again := estimate(t, w, ind, renamed); again != got {
					t.Fatalf("in another order, under other names: %+v, was %+v", again, got)
				}
			})
		})
	}
}

// bruteForce computes each estimator's value from its known rows (and, where it matters, from all of
// them) as plainly as can be; NaN is undefined.
var bruteForce = map[string]func(known, all []drawn) float64{
	"part": func(known, _ []drawn) float64 {
		return count(known, "reussite") / float64(len(known))
	},
	"part_des_sujets": func(known, _ []drawn) float64 {
		with := slices.DeleteFunc(slices.Clone(known), func(r drawn) bool { return !r.is("reussite") })
		return distinct(with) / distinct(known)
	},
	"ratio":           func(known, _ []drawn) float64 { return sum(known, "numerateur") / sum(known, "denominateur") },
	"ratio_des_dits":  func(known, _ []drawn) float64 { return sum(known, "numerateur") / sum(known, "denominateur") },
	"part_du_montant": func(known, _ []drawn) float64 { return sum(known, "numerateur") / sum(known, "denominateur") },
	"taux_pour_100":   func(known, _ []drawn) float64 { return 100 * sum(known, "numerateur") / sum(known, "denominateur") },
	"repartition": func(known, _ []drawn) float64 {
		return float64(len(ofFirstModalite(known))) / float64(len(known))
	},
	"denombrement": func(known, _ []drawn) float64 {
		return distinct(slices.DeleteFunc(ofFirstModalite(known), func(r drawn) bool { return !r.is("compte") }))
	},
	"moyenne": func(known, _ []drawn) float64 { return sum(known, "valeur") / float64(len(known)) },
	"mediane": func(known, _ []drawn) float64 {
		if len(known) == 0 {
			return math.NaN()
		}
		all := sorted(known, "duree")
		return (all[(len(all)-1)/2] + all[len(all)/2]) / 2 / daysPerMonth
	},
	"somme": func(known, _ []drawn) float64 {
		if len(known) == 0 {
			return math.NaN()
		}
		return sum(known, "valeur")
	},
	"valeur": func(known, _ []drawn) float64 {
		if len(known) != 1 {
			return math.NaN()
		}
		return known[0].number("valeur")
	},
	"accord":             func(known, _ []drawn) float64 { return agreementByUnits(known) },
	"mediane_interpolee": func(known, _ []drawn) float64 { return medianOfSpreadNotes(sorted(known, "note")) },
	"delta_de_cliff":     func(known, _ []drawn) float64 { return deltaByPairs(known) },
	"delta_de_cliff_absolu": func(known, _ []drawn) float64 {
		return math.Abs(deltaByPairs(known))
	},
	"indice_ei": func(known, _ []drawn) float64 {
		external := count(known, "externe")
		internal := float64(len(known)) - external
		return (external - internal) / (external + internal)
	},
	"reciprocite": func(_, all []drawn) float64 {
		actors, edges, answered := 0.0, 0.0, 0.0
		for _, r := range all {
			switch {
			case r.inputs["genre"] == "acteur":
				actors++
			case r.is("retour"):
				answered++
				edges++
			default:
				edges++
			}
		}
		density := edges / (actors * (actors - 1))
		if density >= 1 { // complete, or no graph at all
			return math.NaN()
		}
		return (answered/edges - density) / (1 - density)
	},
	"regularite": func(known, _ []drawn) float64 {
		return entropyOf(byCategory(known)) / math.Log(3)
	},
	"regularite_des_parts": func(known, _ []drawn) float64 {
		parts := make([]float64, 3)
		for _, r := range known {
			for i, n := range r.inputs["parts"].([]int) {
				parts[i] += float64(n)
			}
		}
		return entropyOf(parts) / math.Log(3)
	},
	"nombre_de_hill": func(known, _ []drawn) float64 { return math.Exp(entropyOf(byCategory(known))) },
	"survie": func(known, _ []drawn) float64 {
		if len(known) == 0 {
			return math.NaN()
		}
		return survivalTo(known, drawnHorizon)
	},
	"incidence": func(known, _ []drawn) float64 {
		if len(known) == 0 {
			return math.NaN()
		}
		return incidenceByDays(known, drawnHorizon)
	},
	"moyenne_restreinte": func(known, _ []drawn) float64 {
		if len(known) == 0 {
			return math.NaN()
		}
		area := 0.0
		for day := range drawnHorizon {
			area += survivalTo(known, day)
		}
		return area / daysPerMonth
	},
	"mediane_de_survie": func(known, _ []drawn) float64 {
		for day := range 41 {
			if len(known) > 0 && survivalTo(known, day) <= 0.5+1e-12 {
				return float64(day) / daysPerMonth
			}
		}
		return math.NaN()
	},
}

func sum(rows []drawn, input string) (total float64) {
	for _, r := range rows {
		total += r.number(input)
	}
	return total
}

func count(rows []drawn, input string) (n float64) {
	for _, r := range rows {
		if r.is(input) {
			n++
		}
	}
	return n
}

// distinct counts subjects; one name in two territories is two.
func distinct(rows []drawn) float64 {
	seen := map[[2]string]bool{}
	for _, r := range rows {
		seen[[2]string{r.territory, r.subject}] = true
	}
	return float64(len(seen))
}

func ofFirstModalite(rows []drawn) []drawn {
	return slices.DeleteFunc(slices.Clone(rows), func(r drawn) bool { return r.modalite != drawnModalites[0] })
}

func sorted(rows []drawn, input string) []float64 {
	var all []float64
	for _, r := range rows {
		all = append(all, r.number(input))
	}
	slices.Sort(all)
	return all
}

func byCategory(rows []drawn) []float64 {
	weights := make([]float64, len(drawnCategories))
	for _, r := range rows {
		weights[slices.Index(drawnCategories, r.inputs["categorie"].(string))] += r.number("poids")
	}
	return weights
}

// entropyOf is minus the mean logarithm of the share of its entry, over all units.
func entropyOf(weights []float64) float64 {
	total, sum := 0.0, 0.0
	for _, weight := range weights {
		total += weight
	}
	for _, weight := range weights {
		for range int(weight) {
			sum -= math.Log(weight/total) / total
		}
	}
	if total == 0 {
		return math.NaN()
	}
	return sum
}

// agreementByUnits takes one answer of each note that is left at a time: layers of height 1.
func agreementByUnits(rows []drawn) float64 {
	left := map[int]int{}
	for _, r := range rows {
		left[int(r.number("note"))]++
	}
	total, sum := float64(len(rows)), 0.0
	for len(left) > 0 {
		layer := make([]bool, 5)
		for note := range left {
			layer[note-1] = true
		}
		sum += float64(len(left)) * layerAgreement(layer, len(left))
		for note := range left {
			if left[note]--; left[note] == 0 {
				delete(left, note)
			}
		}
	}
	return sum / total
}

// medianOfSpreadNotes spreads the answers of a note evenly from half a note below it to half a note above,
// and finds where half of them lie below; the middle of the stretch where that holds.
func medianOfSpreadNotes(notes []float64) float64 {
	below := func(x float64) (n float64) {
		for _, note := range notes {
			n += min(1, max(0, x-(note-0.5)))
		}
		return n
	}
	if len(notes) == 0 {
		return math.NaN()
	}
	half := float64(len(notes)) / 2
	bisect := func(left func(x float64) bool) float64 {
		low, high := 0.0, 6.0
		for range 80 {
			if middle := (low + high) / 2; left(middle) {
				high = middle
			} else {
				low = middle
			}
		}
		return low
	}
	first := bisect(func(x float64) bool { return below(x) >= half-1e-9 })
	last := bisect(func(x float64) bool { return below(x) > half+1e-9 })
	if last-first < 1e-6 {
		return (first + last) / 2
	}
	return math.Round(first+last) / 2 // from a note's upper end to another's lower one
}

func deltaByPairs(rows []drawn) float64 {
	total, pairs := 0.0, 0.0
	for _, x := range rows {
		for _, y := range rows {
			if x.inputs["cote"] == 2 && y.inputs["cote"] == 1 {
				pairs++
				total += float64(cmp.Compare(x.number("note"), y.number("note")))
			}
		}
	}
	return total / pairs
}

// survivalTo multiplies day by day the share of those at risk to whom nothing happens.
func survivalTo(rows []drawn, day int) float64 {
	s := 1.0
	for d := range day + 1 {
		atRisk, events := 0.0, 0.0
		for _, r := range rows {
			if r.number("duree") >= float64(d) {
				atRisk++
			}
			if r.number("duree") == float64(d) && r.inputs["cause"] == 1 {
				events++
			}
		}
		if atRisk > 0 {
			s *= 1 - events/atRisk
		}
	}
	return s
}

// incidenceByDays adds up, day by day, the events among those whom neither cause has ended.
func incidenceByDays(rows []drawn, day int) float64 {
	free, incidence := 1.0, 0.0
	for d := range day + 1 {
		atRisk, events, ends := 0.0, 0.0, 0.0
		for _, r := range rows {
			if r.number("duree") >= float64(d) {
				atRisk++
			}
			if r.number("duree") == float64(d) && r.inputs["cause"] != 0 {
				ends++
				if r.inputs["cause"] == 1 {
					events++
				}
			}
		}
		if atRisk > 0 {
			incidence += free * events / atRisk
			free *= 1 - ends/atRisk
		}
	}
	return incidence
}
