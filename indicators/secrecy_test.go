package indicators

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/transform"
)

// drawnRelease is the figures of one survey indicator at one month, as computed and as published.
type drawnRelease struct {
	figures []Figure
	at      map[spot]int
	members map[spot][]string
}

var (
	drawnSurvey = &Indicator{ID: "C06", Secret: secretSurvey, Count: "sujets", Estimator: Estimator{Share: true}, modalites: []string{""}}
	drawnMonth  = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

// figuresOf makes a release of territories with as many respondents and yeses, and of sets of them.
func figuresOf(respondents, yeses map[string]int, sets map[string][]string) *drawnRelease {
	r := &drawnRelease{at: map[spot]int{}, members: map[spot][]string{}}
	add := func(name string, n, yes int) {
		r.at[spot{name, drawnMonth, ""}] = len(r.figures)
		r.figures = append(r.figures, Figure{Indicator: drawnSurvey.ID, Territory: name, Period: drawnMonth, Statut: OK,
			Effectif: n, Population: n, Numerator: defined(float64(yes)), Denominator: defined(float64(n))})
	}
	for name, n := range respondents {
		add(name, n, yeses[name])
	}
	for set, territories := range sets {
		n, yes := 0, 0
		for _, name := range territories {
			n, yes = n+respondents[name], yes+yeses[name]
		}
		add(set, n, yes)
		r.members[spot{territory: set, period: drawnMonth}] = territories
	}
	return r
}

// publish hides what must be, and returns what is published with what was hidden for others.
func (r *drawnRelease) publish(t rapid.TB, earlier ...publication) (*issue, publication) {
	hidden := map[spot]Statut{}
	for p, i := range r.at {
		if n := r.figures[i].Effectif; 0 < n && n < minimumPersons {
			hidden[p] = SecretPrimary
		}
	}
	for _, s := range drawnSurvey.systems(r.figures, r.at, r.members) {
		if err := s.protect(drawnSurvey, hidden, earlier); err != nil {
			t.Fatal(err)
		}
	}
	published := &issue{figures: slices.Clone(r.figures), at: r.at}
	release := publication{drawnMonth, map[string]map[spot]bool{drawnSurvey.ID: {}}}
	for p, statut := range hidden {
		published.figures[r.at[p]] = Figure{Indicator: drawnSurvey.ID, Territory: p.territory, Period: drawnMonth, Statut: statut, Hidden: true}
		if statut == SecretSecondary {
			release.kept[drawnSurvey.ID][p] = true
		}
	}
	return published, release
}

// Whatever the answers and the funders' sets, nothing hidden can be told from a release, nor from the next
// one, in which answers were corrected, together with it.
func TestPublishedFiguresPassTheAudit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names []string
		for i := range rapid.IntRange(3, 8).Draw(t, "territories") {
			names = append(names, fmt.Sprint("t", i))
		}
		sets := map[string][]string{"*": names}
		for i := range rapid.IntRange(0, 2).Draw(t, "funders") {
			set := rapid.Permutation(names).Draw(t, "set")[:rapid.IntRange(2, len(names)).Draw(t, "size")]
			sets[fmt.Sprint("*f", i)] = set
		}
		respondents, yeses := map[string]int{}, map[string]int{}
		for _, name := range names {
			respondents[name] = rapid.SampledFrom([]int{0, 1, 3, 4, 5, 6, 9, 14}).Draw(t, "respondents")
			yeses[name] = rapid.IntRange(0, respondents[name]).Draw(t, "yeses")
		}
		first := figuresOf(respondents, yeses, sets)
		published, release := first.publish(t)
		if err := published.audit(drawnSurvey, []*issue{published}, first.members); err != nil {
			t.Fatal(err)
		}
		corrected := rapid.SampledFrom(names).Draw(t, "corrected")
		respondents[corrected] = rapid.IntRange(0, 9).Draw(t, "respondents")
		yeses[corrected] = rapid.IntRange(0, respondents[corrected]).Draw(t, "yeses")
		second := figuresOf(respondents, yeses, sets)
		again, _ := second.publish(t, release)
		for _, target := range []*issue{again, published} {
			if err := target.audit(drawnSurvey, []*issue{again, published}, second.members); err != nil {
				t.Fatalf("with the release before: %v", err)
			}
		}
	})
}

// TestTheAuditSeesLeaks shows what must stay hidden, in each of the ways in which it could get out.
func TestTheAuditSeesLeaks(t *testing.T) {
	all := []string{"a", "b", "c", "d"}
	respondents := map[string]int{"a": 3, "b": 8, "c": 9, "d": 12}
	yeses := map[string]int{"a": 1, "b": 4, "c": 4, "d": 6}
	show := func(r *drawnRelease, published *issue, names ...string) *issue {
		shown := &issue{release: published.release, figures: slices.Clone(published.figures), at: published.at}
		for _, name := range names {
			i := shown.at[spot{name, drawnMonth, ""}]
			shown.figures[i] = r.figures[i]
		}
		return shown
	}
	var leak *LeakError
	t.Run("the programme minus the others", func(t *testing.T) {
		r := figuresOf(respondents, yeses, map[string][]string{"*": all})
		published, release := r.publish(t)
		if len(release.kept["C06"]) != 1 || !release.kept["C06"][spot{"b", drawnMonth, ""}] {
			t.Errorf("hidden for a: %v, want b, the next smallest", release.kept["C06"])
		}
		if err := show(r, published, "b").audit(drawnSurvey, []*issue{show(r, published, "b")}, r.members); !errors.As(err, &leak) || leak.Territory != "a" {
			t.Errorf("b shown: %v", err)
		}
	})
	t.Run("a funder's union minus another", func(t *testing.T) {
		r := figuresOf(respondents, yeses, map[string][]string{"*": all, "*f": {"a", "b", "c"}, "*g": {"b", "c"}})
		published, _ := r.publish(t)
		shown := show(r, published, "*", "*f", "*g", "d")
		if err := shown.audit(drawnSurvey, []*issue{shown}, r.members); !errors.As(err, &leak) || leak.Territory != "a" {
			t.Errorf("both unions shown: %v", err)
		}
	})
	t.Run("the sum of two that are hidden is small", func(t *testing.T) {
		r := figuresOf(map[string]int{"a": 2, "b": 2, "c": 9}, map[string]int{"a": 1, "b": 1, "c": 4}, map[string][]string{"*": all[:3]})
		published, _ := r.publish(t)
		shown := show(r, published, "c", "*")
		if err := shown.audit(drawnSurvey, []*issue{shown}, r.members); !errors.As(err, &leak) {
			t.Errorf("c and the programme shown: %v", err)
		}
	})
	t.Run("from release to release", func(t *testing.T) {
		r := figuresOf(respondents, yeses, map[string][]string{"*": all})
		published, release := r.publish(t)
		published.release = "2026-03/v1"
		respondents := map[string]int{"a": 7, "b": 8, "c": 9, "d": 12} // late answers of a: nothing to hide any more
		next := figuresOf(respondents, yeses, map[string][]string{"*": all})
		later, _ := next.publish(t, release)
		if later.figures[later.at[spot{"b", drawnMonth, ""}]].Statut != SecretSecondary {
			t.Error("b was hidden for a, and is shown in the next release")
		}
		still := figuresOf(map[string]int{"a": 3, "b": 8, "c": 10, "d": 12}, yeses, map[string][]string{"*": all})
		other, _ := still.publish(t, release)
		leaking := show(still, other, "b") // of the first release a = * − b − c − d
		if err := published.audit(drawnSurvey, []*issue{leaking, published}, r.members); !errors.As(err, &leak) || leak.Release != "2026-03/v1" {
			t.Errorf("b shown in the next release: %v", err)
		}
	})
}

// TestDominanceVectors asks of published amounts whether they may be shown: of three subjects at least, none
// with more than 85 %. The p % rule is another country's.
func TestDominanceVectors(t *testing.T) {
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	money := &Indicator{Secret: secretMoney, Estimator: Estimator{Inputs: []string{"poids"}, Known: "poids IS NOT NULL"}}
	eachVector(t, "15_dominance", func(t *testing.T, inputs []row) estimates {
		in := inputs[0]
		amounts, total := []float64{in.number(t, "x1"), in.number(t, "x2")}, in.number(t, "x1")+in.number(t, "x2")+in.number(t, "rest")
		others := in.integer(t, "nunits") - 2
		for range others {
			amounts = append(amounts, in.number(t, "rest")/float64(others))
		}
		hides := func(amounts []float64) sql.Null[float64] {
			var rows []string
			for i, amount := range amounts {
				rows = append(rows, fmt.Sprintf("(DATE '2026-01-01', '', 'alpha', 's%d', %f::DECIMAL(18,4))", i, amount))
			}
			money.SQL = "FROM (VALUES " + strings.Join(rows, ", ") + ") t(periode, modalite, territoire_id, sujet, poids)"
			found, err := (&calendar{}).primary(t.Context(), w, money, year)
			if err != nil {
				t.Fatal(err)
			}
			return defined(float64(len(found)))
		}
		min3 := defined(0)
		if in.integer(t, "nunits") < 3 {
			min3 = hides([]float64{1, 1}) // whatever the shares
		}
		dominated := hides(amounts)
		if in.integer(t, "nunits") < 3 {
			dominated = hides(append(amounts, 0)) // a third one, with nothing
		}
		return estimates{"share_top1": defined(amounts[0] / total), "fails_1_85": dominated, "fails_min3": min3}
	}, "fails_p10")
}
