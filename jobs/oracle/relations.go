package oracle

import (
	"slices"
	"strings"

	"cairn/jobs/demo"
)

var ladder = map[string]int{"inexistante": 0, "donneur_ordre": 1, "delegation": 2, "partenariat": 3, "cooperation": 4}

// pair is who looks at whom.
type pair struct{ from, to string }

func (e pair) back() pair { return pair{e.to, e.from} }

// tie is the key of a view.
type tie struct {
	pair
	dimension string
}

// view is one directed observation that counts.
type view struct {
	level int
	row   *demo.Row
}

// views are the relations that stand at p, between actors who are there.
func (t *place) views(p month, acteurs roster) map[tie]view {
	ends := func(r *demo.Row) pair {
		return pair{acteurs.identity(text(r, "declarant")), acteurs.identity(text(r, "partenaire"))}
	}
	standing := t.releve("relations", "date_observation", p, func(r *demo.Row) (string, bool) {
		e := ends(r)
		return strings.Join([]string{e.from, e.to, text(r, "dimension")}, "\x1f"), e.from != e.to
	})
	views := map[tie]view{}
	for _, r := range standing {
		e := ends(r)
		if acteurs.present(e.from) != nil && acteurs.present(e.to) != nil {
			views[tie{e, text(r, "dimension")}] = view{ladder[text(r, "type_relation")], r}
		}
	}
	return views
}

// relations: all views, those on dyads, and the dyads that both sides have seen.
func (b *builder) relations() {
	views := b.t.views(b.p, b.acteurs)
	dyads := map[pair]view{}
	for k, v := range views {
		b.view(k, v)
		if k.dimension == "transversale" && b.isDyad(k.pair) {
			dyads[k.pair] = v
		}
	}
	for e, v := range dyads {
		b.viewOnDyad(e, v)
		if back, both := dyads[e.back()]; both && e.from < e.to { // a dyad is met from each side: count it once
			b.dyad(v, back)
		}
	}
	b.mobility(views)
	b.network(views)
}

func (b *builder) isDyad(e pair) bool {
	a := b.acteurs
	return a.isESS(e.from) && a.isPublic(e.to) || a.isPublic(e.from) && a.isESS(e.to)
}

// view of any dimension.
func (b *builder) view(k tie, v view) {
	b.add("C21", k.dimension, item{x: when(v.level >= 3), n: 1})
	if v.level >= 1 && b.acteurs.organisation(k.from) != b.acteurs.organisation(k.to) {
		external := when(b.acteurs.group(k.from) != b.acteurs.group(k.to))
		b.add("C09", "", item{x: 2*external - 1})
	}
}

func (b *builder) viewOnDyad(e pair, v view) {
	for i, name := range levels {
		b.add("C01", name, item{x: when(v.level == i), n: 1})
	}
	for indicateur, field := range map[string]string{"C06": "confiance", "C08": "contraintes_prises_en_charge"} {
		score, ok := number(v.row, field)
		b.add(indicateur, "", item{unit: b.unit(e.from), missing: !ok, x: when(score >= 4), n: 1})
	}
}

// dyad is what each side says of the other.
func (b *builder) dyad(one, other view) {
	apart := one.level - other.level
	b.add("C02", "", item{x: when(one.level >= 3 && other.level >= 3), n: 1})
	b.add("C04", "", item{x: int64(max(apart, -apart))})
	clear, ok := number(one.row, "clarte_intention")
	clearToo, okToo := number(other.row, "clarte_intention")
	b.add("C07", "", item{missing: !ok || !okToo, x: when(clear >= 4 && clearToo >= 4), n: 1})
}

// mobility compares with the views of a year before: as they stood then, between the actors of then,
// under the names that these have now.
func (b *builder) mobility(views map[tie]view) {
	before := map[tie]view{}
	for k, v := range b.t.views(b.p-12, b.t.roster(b.p-12)) {
		now := tie{pair{b.acteurs.identity(k.from), b.acteurs.identity(k.to)}, k.dimension}
		if other, met := before[now]; !met || observed(v) > observed(other) {
			before[now] = v
		}
	}
	for k, v := range views {
		if then, stood := before[k]; stood {
			b.add("C03", "", item{x: when(v.level > then.level) - when(v.level < then.level)})
		}
	}
}

func observed(v view) day {
	d, _ := date(v.row, "date_observation")
	return d
}

// network: each actor who is there, with those outside its organisation whom it is a partner of.
func (b *builder) network(views map[tie]view) {
	spoke := map[string]bool{}
	links := map[string][]string{}
	for k, v := range views {
		spoke[k.from] = true
		if v.level >= 3 && b.acteurs.organisation(k.from) != b.acteurs.organisation(k.to) && !slices.Contains(links[k.from], k.to) {
			links[k.from] = append(links[k.from], k.to)
		}
	}
	for id := range b.acteurs.rows {
		if b.acteurs.identity(id) == id && b.acteurs.present(id) != nil {
			b.add("C05", "", item{unit: id, missing: !spoke[id], links: links[id]})
		}
	}
}
