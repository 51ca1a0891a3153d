package demo

import "time"

// bond is a pair of actors and the course of what each says of the other.
type bond struct {
	a, b      *actor
	dimension string
	level     float64 // on the ladder at the start
	climb     float64 // per year
	bothSides bool
	phase     int // month of its first wave
}

// relationWave is how often a bond is observed, in months; a standing observation lasts twelve.
const relationWave = 6

// addRelations makes the observations of relations, in waves that are staggered over three months
// so that each still stands when the next comes. What the territory's own émetteur says of its
// relations comes in its own workbook.
func (p *place) addRelations() {
	c := p.chance("relations")
	bonds := p.bonds(c)
	emitter := p.emitterActor()
	for _, m := range p.months() {
		for _, b := range bonds {
			if int(m-p.start)%relationWave == b.phase {
				p.observe(c, b, m, emitter)
			}
		}
	}
	if emitter != nil {
		p.observeByEmitter(c, bonds, emitter)
	}
	p.withdrawRelation()
}

// bonds are the dyads (an actor of the ESS and a public one), then links within public bodies,
// between levels, and between actors of the ESS.
func (p *place) bonds(c chance) []*bond {
	social := p.actorsWhere(func(a *actor) bool { return a.social() && !a.heir })
	public := p.actorsWhere((*actor).public)
	var bonds []*bond
	seen := map[[2]*actor]bool{}
	add := func(a, b *actor, dimension string) {
		if a == b || seen[[2]*actor{a, b}] || seen[[2]*actor{b, a}] {
			return
		}
		seen[[2]*actor{a, b}] = true
		bonds = append(bonds, &bond{a: a, b: b, dimension: dimension, level: p.level + 0.7*c.NormFloat64(),
			climb: p.climb + 0.2*c.NormFloat64(), bothSides: c.yes(0.85), phase: c.IntN(3)})
	}
	for tries := 0; len(bonds) < p.dyads && tries < 20*p.dyads; tries++ {
		first := public[c.IntN(len(public))]
		if c.yes(0.4) {
			first = public[c.IntN(2)] // the main body has most ties
		}
		add(social[c.IntN(len(social))], first, "transversale")
	}
	for i := 0; i+1 < 2*p.bodies; i += 2 {
		add(public[i], public[i+1], "horizontale")
		if i > 0 {
			add(public[0], public[i], "verticale")
		}
	}
	for i := range p.services {
		add(public[i%2], public[2*p.bodies+i], "verticale")
	}
	for range p.ess {
		add(social[c.IntN(len(social))], social[c.IntN(len(social))], "transversale")
	}
	return bonds
}

// observe has each side of a bond say how it sees the other in month m.
func (p *place) observe(c chance, b *bond, m month, emitter *actor) {
	for side, from := range []*actor{b.a, b.b} {
		to := b.b
		if side == 1 {
			to = b.a
		}
		silent := c.yes(0.05) || (side == 1 && !b.bothSides)
		v := p.view(c, b, from.nowCalled(m), to.nowCalled(m), c.dayIn(m))
		if silent || v == nil || from == emitter {
			continue
		}
		p.tell("relations", m, v)
	}
}

// view is one observation; nil when one of the two is not there on that day.
func (p *place) view(c chance, b *bond, from, to *actor, day time.Time) values {
	level := b.level + b.climb*p.years(monthOf(day))
	if from.public() {
		level += 0.35 // those who give the orders see more partnership than those who receive them
	}
	rung := c.score(level, 0.35, 0, 4)
	v := values{
		"declarant": from.id, "partenaire": to.id, "dimension": b.dimension, "date_observation": day,
		"type_relation":                ladder[rung],
		"confiance":                    int64(c.score(1.6+0.75*float64(rung), 0.7, 1, 5)),
		"clarte_intention":             int64(c.score(1.9+0.65*float64(rung), 0.8, 1, 5)),
		"contraintes_prises_en_charge": int64(c.score(1.3+0.7*float64(rung), 0.8, 1, 5)),
		"cadre":                        c.pick(frames[rung]...),
	}
	leaveOut(c, v, 0.08, "confiance", "clarte_intention", "contraintes_prises_en_charge", "cadre")
	if !from.activeOn(day) || !to.activeOn(day) {
		return nil
	}
	return v
}

// frames are the usual legal frames of each rung of the ladder.
var frames = [][]string{
	{"aucun"},
	{"marche_public", "appel_a_projets", "aucun"},
	{"subvention", "appel_a_projets", "mise_a_disposition"},
	{"convention_pluriannuelle", "mise_a_disposition", "participation_capital", "subvention"},
	{"gouvernance_partagee", "commun", "participation_capital", "convention_pluriannuelle"},
}

// observeByEmitter has the émetteur declare its relations each half year in its own workbook. Its
// first time the territory's workbook holds another view of the same day: the émetteur's own counts.
func (p *place) observeByEmitter(c chance, bonds []*bond, emitter *actor) {
	for wave, m := range p.emitterMonths() {
		for _, b := range bonds {
			to := b.b
			if emitter == b.b {
				to = b.a
			}
			if emitter != b.a && emitter != b.b {
				continue
			}
			day := c.dayIn(m)
			v, second := p.view(c, b, emitter, to.nowCalled(m), day), p.view(c, b, emitter, to.nowCalled(m), day)
			if v == nil {
				continue
			}
			p.answer(emitter.id, "relations", m, v)
			if wave == 0 {
				p.tell("relations", m, second)
			}
		}
	}
}

// withdrawRelation retires one observation in one territory: it should not have been declared.
func (p *place) withdrawRelation() {
	said := p.events["relations"]
	if !p.is("pays-de-lorvance") || len(said) == 0 {
		return
	}
	v := said[len(said)/3].values
	m := said[len(said)/3].carried + 2
	if m > p.last {
		return
	}
	p.tell("relations", m, values{
		"declarant": v["declarant"], "partenaire": v["partenaire"], "dimension": v["dimension"], "retire": true,
	})
}
