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

// drawnRelease is the figures of one survey indicator, as computed and as published.
type drawnRelease struct {
	figures []Figure
	at      map[spot]int
	members map[spot][]string
	unmoved map[spot]bool // the territories' that rest on the answers of the month before
	last    time.Time
}

var (
	drawnSurvey = &Indicator{ID: "C06", Secret: secretSurvey, Count: "sujets", Estimator: Estimator{Share: true}, modalites: []string{""}}
	drawnMonth  = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

// answers are those of a territory: respondents, what they were asked, and yeses.
type answers struct {
	n, asked, yes int
	outdated      bool
}

// figuresOf makes a release of one month of territories with as many respondents and yeses, and of sets of them.
func figuresOf(respondents, yeses map[string]int, sets map[string][]string) *drawnRelease {
	of := map[string]answers{}
	for name, n := range respondents {
		of[name] = answers{n, n, yeses[name], false}
	}
	return releaseOf(sets, of)
}

// releaseOf makes a release of months, the first of them drawnMonth.
func releaseOf(sets map[string][]string, months ...map[string]answers) *drawnRelease {
	r := &drawnRelease{at: map[spot]int{}, members: map[spot][]string{}, unmoved: map[spot]bool{}}
	for i, of := range months {
		r.last = drawnMonth.AddDate(0, i, 0)
		add := func(name string, a answers) {
			f := Figure{Indicator: drawnSurvey.ID, Territory: name, Period: r.last, Statut: OK, Effectif: a.n, Population: a.asked}
			if a.outdated {
				f.Statut = Outdated
			} else {
				f.Numerator, f.Denominator = defined(float64(a.yes)), defined(float64(a.asked))
			}
			r.at[spot{name, r.last, ""}] = len(r.figures)
			r.figures = append(r.figures, f)
		}
		for name, a := range of {
			add(name, a)
			if i > 0 {
				before := months[i-1][name]
				before.outdated = a.outdated
				r.unmoved[spot{name, r.last, ""}] = a == before
			}
		}
		for set, territories := range sets {
			var sum answers
			key := spot{territory: set, period: r.last}
			for _, name := range territories {
				if a, there := of[name]; there && !a.outdated {
					sum.n, sum.asked, sum.yes = sum.n+a.n, sum.asked+a.asked, sum.yes+a.yes
					r.members[key] = append(r.members[key], name)
				}
			}
			sum.outdated = len(r.members[key]) == 0
			add(set, sum)
		}
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
	if err := drawnSurvey.protect(r.figures, hidden, r.members, earlier); err != nil {
		t.Fatal(err)
	}
	published := &issue{figures: slices.Clone(r.figures), at: r.at}
	release := publication{r.last, map[string]map[spot]bool{drawnSurvey.ID: {}}}
	for p, statut := range hidden {
		published.figures[r.at[p]] = Figure{Indicator: drawnSurvey.ID, Territory: p.territory, Period: p.period, Statut: statut, Hidden: true}
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
		if err := audit(drawnSurvey, []*issue{published}, first.members, nil); err != nil {
			t.Fatal(err)
		}
		corrected := rapid.SampledFrom(names).Draw(t, "corrected")
		respondents[corrected] = rapid.IntRange(0, 9).Draw(t, "respondents")
		yeses[corrected] = rapid.IntRange(0, respondents[corrected]).Draw(t, "yeses")
		second := figuresOf(respondents, yeses, sets)
		again, _ := second.publish(t, release)
		if err := audit(drawnSurvey, []*issue{again, published}, second.members, nil); err != nil {
			t.Fatalf("with the release before: %v", err)
		}
	})
}

// What a territory says in March it said in February: hidden in March alone it would protect nobody.
func TestAnUnmovedFigureProtectsNobody(t *testing.T) {
	u, v := answers{6, 14, 9, false}, answers{9, 30, 11, false}
	months := []map[string]answers{{"t": {}, "u": u, "v": v}, {"t": {3, 6, 1, false}, "u": u, "v": v}}
	r := releaseOf(map[string][]string{"*": {"t", "u", "v"}}, months...)
	published, _ := r.publish(t)
	next := drawnMonth.AddDate(0, 1, 0)
	for p, i := range r.at {
		want := OK
		switch p {
		case spot{"t", next, ""}:
			want = SecretPrimary
		case spot{"*", next, ""}: // 18, 21 of 50; u and v are known
			want = SecretSecondary
		}
		if got := published.figures[i].Statut; got != want {
			t.Errorf("%s %s is %s, want %s", p.territory, p.period.Format("2006-01"), got, want)
		}
	}
	if err := audit(drawnSurvey, []*issue{published}, r.members, r.unmoved); err != nil {
		t.Error(err)
	}
	all, u2 := r.at[spot{"*", next, ""}], r.at[spot{"u", next, ""}]
	published.figures[all], published.figures[u2] = r.figures[all], published.figures[all]
	var leak *LeakError
	if err := audit(drawnSurvey, []*issue{published}, r.members, r.unmoved); !errors.As(err, &leak) || leak.Territory != "t" || !leak.Period.Equal(next) {
		t.Errorf("u hidden in the programme's place: %v", err)
	}
}

// told lists the hidden cells of a release that whoever also knows what has not moved from a month to the next can tell:
// every cell is an unknown of its own here, and a month in which it has not moved an equation.
func (r *drawnRelease) told(t rapid.TB, published *issue) (found []spot) {
	for k, count := range drawnSurvey.additive() {
		table, hidden := &cellTable{}, map[int]bool{}
		for i, f := range r.figures {
			table.cells = append(table.cells, count(f))
			if shown := published.figures[i]; shown.Hidden || k > 1 && shown.Statut == Outdated {
				hidden[i] = true
			}
		}
		for p, i := range r.at {
			if members := r.members[spot{territory: p.territory, period: p.period}]; len(members) > 0 {
				sum := total{sum: i}
				for _, name := range members {
					sum.parts = append(sum.parts, r.at[spot{name, p.period, ""}])
				}
				table.totals = append(table.totals, sum)
			}
			if r.unmoved[p] {
				before := r.at[spot{p.territory, p.period.AddDate(0, -1, 0), ""}]
				table.totals = append(table.totals, total{i, []int{before}})
			}
		}
		u := table.unknowns(hidden)
		for p, i := range r.at {
			if published.figures[i].Statut != SecretPrimary {
				continue
			}
			if exposed, err := u.exposed(i); err != nil {
				t.Fatal(err)
			} else if exposed {
				found = append(found, p)
			}
		}
	}
	return found
}

// Whatever moves from month to month, in one release or in the next, nothing hidden can be told from the months beside it.
func TestUnmovedMonthsTellNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names []string
		for i := range rapid.IntRange(3, 6).Draw(t, "territories") {
			names = append(names, fmt.Sprint("t", i))
		}
		sets := map[string][]string{"*": names}
		for i := range rapid.IntRange(0, 2).Draw(t, "funders") {
			set := rapid.Permutation(names).Draw(t, "set")[:rapid.IntRange(2, len(names)).Draw(t, "size")]
			sets[fmt.Sprint("*f", i)] = set
		}
		draw := func() (a answers) {
			a.n = rapid.SampledFrom([]int{0, 1, 3, 4, 5, 6, 9, 14}).Draw(t, "respondents")
			a.asked = a.n * rapid.IntRange(1, 2).Draw(t, "asked")
			a.yes = rapid.IntRange(0, a.asked).Draw(t, "yeses")
			return a
		}
		var months []map[string]answers
		for i := range rapid.IntRange(2, 5).Draw(t, "months") {
			of := map[string]answers{}
			for _, name := range names {
				outdated := rapid.IntRange(0, 7).Draw(t, "outdated") == 0
				if i == 0 || !outdated && rapid.IntRange(0, 2).Draw(t, "moved") == 0 {
					of[name] = draw()
				} else {
					of[name] = months[i-1][name]
				}
				a := of[name]
				a.outdated = outdated
				of[name] = a
			}
			months = append(months, of)
		}
		first := releaseOf(sets, months[:len(months)-1]...)
		published, release := first.publish(t)
		if rapid.Bool().Draw(t, "corrected") {
			of := months[rapid.IntRange(0, len(months)-2).Draw(t, "month")]
			of[rapid.SampledFrom(names).Draw(t, "territory")] = draw()
		}
		second := releaseOf(sets, months...)
		again, _ := second.publish(t, release)
		if err := audit(drawnSurvey, []*issue{again, published}, second.members, second.unmoved); err != nil {
			t.Fatalf("with the release before: %v", err)
		}
		for _, r := range []struct {
			*drawnRelease
			shown *issue
		}{{first, published}, {second, again}} {
			if found := r.told(t, r.shown); len(found) > 0 {
				t.Fatalf("%v can be told", found)
			}
			if err := audit(drawnSurvey, []*issue{r.shown}, r.members, r.unmoved); err != nil {
				t.Fatal(err)
			}
			for i, f := range r.shown.figures { // the audit sees what is told once something else is shown
				if f.Statut == SecretSecondary && rapid.IntRange(0, 3).Draw(t, "shown") == 0 {
					r.shown.figures[i] = r.figures[i]
				}
			}
			found, err := r.told(t, r.shown), audit(drawnSurvey, []*issue{r.shown}, r.members, r.unmoved)
			if len(found) > 0 && err == nil {
				t.Fatalf("%v can be told, and the audit finds nothing", found)
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
		if err := audit(drawnSurvey, []*issue{show(r, published, "b")}, r.members, nil); !errors.As(err, &leak) || leak.Territory != "a" {
			t.Errorf("b shown: %v", err)
		}
	})
	t.Run("a funder's union minus another", func(t *testing.T) {
		r := figuresOf(respondents, yeses, map[string][]string{"*": all, "*f": {"a", "b", "c"}, "*g": {"b", "c"}})
		published, _ := r.publish(t)
		shown := show(r, published, "*", "*f", "*g", "d")
		if err := audit(drawnSurvey, []*issue{shown}, r.members, nil); !errors.As(err, &leak) || leak.Territory != "a" {
			t.Errorf("both unions shown: %v", err)
		}
	})
	t.Run("the sum of two that are hidden is small", func(t *testing.T) {
		r := figuresOf(map[string]int{"a": 2, "b": 2, "c": 9}, map[string]int{"a": 1, "b": 1, "c": 4}, map[string][]string{"*": all[:3]})
		published, _ := r.publish(t)
		shown := show(r, published, "c", "*")
		if err := audit(drawnSurvey, []*issue{shown}, r.members, nil); !errors.As(err, &leak) {
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
		if leaks, err := published.leaks(drawnSurvey, []*issue{leaking, published}, r.members, nil); err != nil || len(leaks) == 0 || leaks[0].Release != "2026-03/v1" {
			t.Errorf("b shown in the next release: %v %v", leaks, err)
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
