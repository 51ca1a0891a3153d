package exports

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cairn/indicators"
)

// Funder is one who supports some of the territories: the set « *<ID> » of the database.
type Funder struct {
	ID, Name string
	Labels   map[string]string // its own words for indicators, by code
}

// impactFigures are the indicators of the funders' summary and their modalites, in order. They were chosen
// beforehand, for what they are about and not for what they show, and are the same for every funder.
var impactFigures = []struct{ code, modalite string }{
	{"C02", ""}, {"C06", ""}, {"C14", ""}, {"E02", ""}, {"E04", "tous"}, {"E08", ""}, {"E14", ""}, {"V01", "positif"}, {"V01", "negatif"}, {"V04", ""}, {"V09", ""},
}

// keyFigures are those shown at the head of the summary; the first makes its title and its chart.
var keyFigures = []string{"C02", "C14", "E02", "V04"}

// ImpactIndicators are the codes of the indicators that a funder's summary shows, and may rename.
func ImpactIndicators() []string {
	var codes []string
	for _, f := range impactFigures {
		if !slices.Contains(codes, f.code) {
			codes = append(codes, f.code)
		}
	}
	return codes
}

// minimumTerritories are as few as have figures taken together (REFERENTIEL §5).
const minimumTerritories = 3

// summary is all that the impact summary of a set of territories says, before its words.
type summary struct {
	*base
	set      string            // « * »: the programme
	name     string            // of the funder; of the programme for all
	labels   map[string]string // a funder's own
	current  int               // territories that are up to date: their figures are taken together
	scope    record            // of sql/impact/etendue
	figures  map[string]effect // by code and modalite
	places   []record          // of sql/impact/departs
	story    record            // nil: there is none to tell
	harm     record            // nil: none was noted
	lesson   record            // nil: none was said
	means    means
	freins   []effect // the open ones, by category
	refusals []effect // why dialogues were not held, by reason
}

// effect is a figure and what the summary says of it.
type effect struct {
	figure
	source, limits  string
	rupture         string // the month of the last change of method, empty: none
	funder          string // the funder's own words
	modalite, label string // code; the name as shown
}

// writeImpacts writes the summary of the programme and of each funder: a page and its annex.
func writeImpacts(ctx context.Context, b *base, dir string) error {
	rows := map[string]map[string][]record{} // query → set → rows
	for _, query := range []string{"chiffres", "departs", "etendue", "recits", "negatifs", "leviers", "membres"} {
		all, err := readRecords(ctx, b.warehouse, "impact/"+query)
		if err != nil {
			return err
		}
		rows[query] = map[string][]record{}
		for _, r := range all {
			rows[query][r.text("ensemble")] = append(rows[query][r.text("ensemble")], r)
		}
	}
	amounts, err := readRecords(ctx, b.warehouse, "impact/moyens")
	if err != nil {
		return err
	}
	members := map[string][]string{}
	for set, all := range rows["membres"] {
		for _, r := range all {
			members[set] = append(members[set], r.text("territoire_id"))
		}
	}
	for _, f := range append([]Funder{{}}, b.release.Funders...) {
		s := &summary{base: b, set: indicators.Programme + f.ID, name: f.Name, labels: f.Labels}
		if f.ID == "" {
			s.name = b.release.Programme
		}
		if len(rows["etendue"][s.set]) == 0 {
			return fmt.Errorf("impact summary: no territory of the set %s", s.set)
		}
		s.scope, s.places = rows["etendue"][s.set][0], rows["departs"][s.set]
		s.current = int(s.scope.count("a_jour"))
		s.story, s.harm, s.lesson = only(rows["recits"][s.set]), only(rows["negatifs"][s.set]), only(rows["leviers"][s.set])
		s.read(rows["chiffres"][s.set])
		s.means = newMeans(amounts, s.set, members)
		if err := s.write(ctx, dir, f.ID); err != nil {
			return fmt.Errorf("impact summary of %s: %w", s.set, err)
		}
	}
	return nil
}

func only(rows []record) record {
	if len(rows) == 0 {
		return nil
	}
	return rows[0]
}

// count is a whole number, 0 where there is none.
func (r record) count(column string) int64 {
	n, _ := r[column].(int64)
	return n
}

// read sorts out the figures of the set.
func (s *summary) read(rows []record) {
	s.figures = map[string]effect{}
	for _, r := range rows {
		e := effect{figure: figureOf(r), source: r.text("source"), limits: r.text("limites"), rupture: r.text("rupture"), modalite: r.text("code")}
		e.funder, e.label = s.labels[e.code], e.name
		switch {
		case e.code == "V01":
			e.label += ", " + strings.ToLower(e.figure.modalite) + "s"
		case e.unit == "heures":
			e.label += " (heures)"
		case e.code == "C16" && e.value.V > 0:
			s.freins = append(s.freins, e)
		case e.code == "E09" && e.value.V > 0:
			s.refusals = append(s.refusals, e)
		}
		s.figures[e.code+e.modalite] = e
	}
	for _, list := range [][]effect{s.freins, s.refusals} { // the most frequent first
		slices.SortStableFunc(list, func(a, b effect) int { return int(b.value.V - a.value.V) })
	}
}

// effects are the figures of the summary, in order.
func (s *summary) effects() []effect {
	var all []effect
	for _, f := range impactFigures {
		all = append(all, s.figures[f.code+f.modalite])
	}
	return all
}

// tooFew reports whether so few territories are up to date that they have no figure taken together.
func (s *summary) tooFew() bool { return s.current < minimumTerritories }

// write writes the page and the annex: <month>_impact.html and .xlsx, with the funder's id between.
func (s *summary) write(ctx context.Context, dir, id string) error {
	name := s.release.month() + "_impact"
	if id != "" {
		name = s.release.month() + "_" + id + "_impact"
	}
	page, err := s.page(name + ".xlsx")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".html"), page, 0o644); err != nil {
		return err
	}
	annex, err := s.annex(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".xlsx"), annex, 0o644)
}

// means are the euros of twelve months, by provenance and by nature, as far as they may be shown.
type means struct {
	territories, projects int
	total                 share
	byProvenance          []share
	byNature              []share
}

// share is a part of the money: cents.Valid is false where showing it would tell of one project.
type share struct {
	code, label string
	cents       sql.Null[int64]
}

// holdings are the cents of each project.
type holdings map[string]int64

func (h holdings) sum() (total int64) {
	for _, cents := range h {
		total += cents
	}
	return total
}

// tells reports whether a sum would tell of one project, by the rule of the figures of money.
func (h holdings) tells() bool {
	return len(h) > 0 && indicators.TellsOfOne(slices.Collect(maps.Values(h)))
}

// newMeans sums the amounts of a set's territories. A part is shown when neither it, nor what is left of it
// without another set that lies within, nor of another set that it lies within, would tell of one project. Those
// that are not shown are at least two, and together tell of none, so that the total does not give one away;
// else nothing is shown. Fewer than three territories have no sum.
func newMeans(amounts []record, set string, members map[string][]string) means {
	m := means{territories: len(members[set])}
	within := holdingsOf(amounts, members[set], "")
	all := within[""]
	m.projects = len(all)
	var remainders [][]string
	for other, territories := range members {
		switch {
		case other == set:
		case subset(territories, members[set]):
			remainders = append(remainders, without(members[set], territories))
		case subset(members[set], territories):
			remainders = append(remainders, without(territories, members[set]))
		}
	}
	if m.territories < minimumTerritories || all.tells() || slices.ContainsFunc(remainders, func(rest []string) bool { return holdingsOf(amounts, rest, "")[""].tells() }) {
		return m
	}
	m.total.cents = sql.Null[int64]{V: all.sum(), Valid: len(all) > 0}
	m.byProvenance = shares(amounts, "provenance", members[set], remainders)
	m.byNature = shares(amounts, "nature", members[set], remainders)
	return m
}

// holdingsOf sums the amounts of some territories per code of a column and project; "" has them all together.
func holdingsOf(amounts []record, territories []string, column string) map[string]holdings {
	found := map[string]holdings{}
	for _, r := range amounts {
		if !slices.Contains(territories, r.text("territoire_id")) {
			continue
		}
		code := ""
		if column != "" {
			code = r.text(column)
		}
		if found[code] == nil {
			found[code] = holdings{}
		}
		found[code][r.text("territoire_id")+" "+r.text("projet_id")] += r.count("centimes")
	}
	return found
}

// shares are the parts of the money by the codes of a column, in the order of their list.
func shares(amounts []record, column string, territories []string, remainders [][]string) []share {
	parts := holdingsOf(amounts, territories, column)
	rest := make([]map[string]holdings, len(remainders))
	for i, r := range remainders {
		rest[i] = holdingsOf(amounts, r, column)
	}
	rank, label := map[string]int32{}, map[string]string{}
	for _, r := range amounts {
		rank[r.text(column)], _ = r[column+"_ordre"].(int32)
		label[r.text(column)] = r.text(column + "_libelle")
	}
	codes := slices.SortedFunc(maps.Keys(parts), func(a, b string) int { return int(rank[a] - rank[b]) })
	hidden := map[string]bool{}
	for _, code := range codes {
		hidden[code] = parts[code].tells() || slices.ContainsFunc(rest, func(r map[string]holdings) bool { return r[code].tells() })
	}
	protect(parts, hidden)
	var all []share
	for _, code := range codes {
		all = append(all, share{code, label[code], sql.Null[int64]{V: parts[code].sum(), Valid: !hidden[code]}})
	}
	return all
}

// protect hides further parts, the smallest first, until what is hidden is more than one part and tells of
// no project when it is taken together.
func protect(parts map[string]holdings, hidden map[string]bool) {
	var shown []string
	together, count := holdings{}, 0
	add := func(code string) {
		for project, cents := range parts[code] {
			together[project] += cents
		}
		count++
	}
	for _, code := range slices.Sorted(maps.Keys(parts)) {
		if hidden[code] {
			add(code)
		} else {
			shown = append(shown, code)
		}
	}
	slices.SortStableFunc(shown, func(a, b string) int { return int(parts[a].sum() - parts[b].sum()) })
	for _, code := range shown {
		if count == 0 || count > 1 && !together.tells() {
			return
		}
		hidden[code] = true
		add(code)
	}
}

func subset(part, whole []string) bool {
	return len(part) < len(whole) && !slices.ContainsFunc(part, func(t string) bool { return !slices.Contains(whole, t) })
}

func without(whole, part []string) []string {
	return slices.DeleteFunc(slices.Clone(whole), func(t string) bool { return slices.Contains(part, t) })
}
