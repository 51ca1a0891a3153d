package demo

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// actor is a row of the registre acteurs, with what the other tables need to know of it.
type actor struct {
	id, group, family string
	entry, exit       time.Time // exit is zero for one who stays
	life              *life
	successor         *actor // its new name or the body that it merged into
	renamed           month
	heir              bool // the successor of another
}

// public says whether the actor is a side of a public body.
func (a *actor) public() bool { return a.group != "socio_economique" }

// social says whether the actor is one of the ESS.
func (a *actor) social() bool {
	return slices.Contains([]string{"association", "cooperative", "scic", "scop", "mutuelle", "fondation", "societe_commerciale_ess"}, a.family)
}

// activeOn says whether the actor is there on a day.
func (a *actor) activeOn(day time.Time) bool {
	return !a.entry.After(day) && (a.exit.IsZero() || a.exit.After(day))
}

// nowCalled is the actor that stands for a in a month.
func (a *actor) nowCalled(m month) *actor {
	if a.successor != nil && m >= a.renamed {
		return a.successor
	}
	return a
}

// addActors makes the register of actors: the public bodies (entered as two actors that share
// organisation), the services of the State, the ESS with one SCIC, the companies, a citizens' group.
func (p *place) addActors() {
	c := p.chance("acteurs")
	for i := range p.bodies {
		name, code := p.bodyName(i), fmt.Sprintf("%s-ORG%d", p.prefix, i+1)
		p.addActor(c, "elus", "collectivite", name+", élus", values{"organisation": code})
		p.addActor(c, "agents", "collectivite", name+", services", values{"organisation": code})
	}
	for i := range p.services {
		p.addActor(c, "etat", "service_etat", stateServices[i], values{})
	}
	p.addActor(c, "socio_economique", "scic", "SCIC "+properName(p, 0), values{"part_publique_capital": float64(c.between(10, 80)) / 2})
	families := []weight{{"association", 6}, {"cooperative", 1.2}, {"scop", 1}, {"mutuelle", 0.5}, {"fondation", 0.4}, {"societe_commerciale_ess", 0.9}}
	for i := 1; i < p.ess; i++ {
		family := "association"
		if i > 2 {
			family = c.weighted(families)
		}
		p.addActor(c, "socio_economique", family, c.pick(familyNames[family]...)+" "+properName(p, i), values{})
	}
	for i := range p.companies {
		p.addActor(c, "socio_economique", "entreprise_hors_ess", c.pick("Ateliers", "Transports", "Imprimerie", "Menuiserie")+" "+properName(p, p.ess+i), values{})
	}
	p.addActor(c, "socio_economique", "collectif_citoyen", "Collectif "+c.pick("Rives communes", "Terres d’ici", "Les Veilleurs", "Place au pré"), values{})
	p.changeActors(c)
}

func (p *place) bodyName(i int) string {
	switch {
	case i == 0:
		return p.nom
	case i == 1 && !p.commune():
		return "Ville-centre de " + properName(p, 40)
	}
	return "Commune de " + properName(p, 40+i)
}

func (p *place) addActor(c chance, group, family, name string, extra values) *actor {
	p.counts["A"]++
	a := &actor{id: fmt.Sprintf("%s-A%02d", p.prefix, p.counts["A"]), group: group, family: family}
	a.entry = c.dayBetween(p.start.first().AddDate(-8, 0, 0), p.start.first().AddDate(-5, 0, 0))
	if group == "socio_economique" && family != "scic" && p.counts["A"]%5 == 0 {
		a.entry = c.dayBetween(p.start.first().AddDate(0, 1, 0), p.last.first().AddDate(0, -1, 0)) // joins on the way
	}
	v := values{
		"acteur_id": a.id, "nom": name, "groupe_pairs": group, "famille": family, "date_entree": a.entry,
		"code_commune": p.departement + strconv.Itoa(c.between(950, 999)),
	}
	for field, value := range extra {
		v[field] = value
	}
	p.describeActor(c, a, v)
	a.life = newLife(max(monthOf(a.entry), p.start), v)
	p.actors = append(p.actors, a)
	p.lives["acteurs"] = append(p.lives["acteurs"], a.life)
	return a
}

func (p *place) describeActor(c chance, a *actor, v values) {
	switch {
	case a.family == "association":
		v["rna"] = "W" + p.departement + strconv.Itoa(c.between(1, 4)) + fmt.Sprintf("%06d", c.between(1, 999999))
		v["origine"] = c.pick("initiative_citoyenne", "initiative_citoyenne", "autre", "initiative_publique")
	case a.public():
		v["origine"] = "initiative_publique"
	default:
		v["origine"] = c.pick("initiative_entrepreneuriale", "initiative_citoyenne")
	}
	if a.family != "collectif_citoyen" {
		v["siren"] = luhnNumber(strconv.Itoa(c.between(30000000, 99999999)))
	}
	if !a.public() {
		v["secteur"] = c.pick(sectors...)
	}
	leaveOut(c, v, 0.08, "secteur", "origine", "code_commune")
	leaveOut(c, v, 0.2, "siren", "rna")
}

// changeActors makes one actor leave, one change its name, and a few correct their description.
func (p *place) changeActors(c chance) {
	middle := p.start + month(p.span()/2)
	social := p.actorsWhere(func(a *actor) bool { return a.social() && a.family == "association" && a.entry.Before(p.start.first()) })
	if p.is("castelmauve", "val-dancelle") && len(social) > 0 {
		old := social[0]
		heir := p.addActor(c, old.group, old.family, "Association "+properName(p, 60), values{})
		heir.heir, heir.entry = true, middle.first()
		heir.life.versions[0].from = middle
		heir.life.versions[0].values["date_entree"] = heir.entry
		old.successor, old.renamed = heir, middle
		old.life.change(middle, values{"remplace_par": heir.id})
	}
	if p.is("vernoise", "brevigny", "corvaillac") && len(social) > 1 {
		gone := social[len(social)-1]
		gone.exit = c.dayIn(middle + 1)
		gone.life.change(middle+1, values{"date_sortie": gone.exit})
	}
	for _, a := range p.actors {
		if !a.public() && a.life.born() < middle && len(a.life.versions) == 1 && c.yes(0.1) {
			a.life.change(middle, values{"secteur": c.pick(sectors...)})
		}
	}
}

func (p *place) is(ids ...string) bool { return slices.Contains(ids, p.id) }

func (p *place) actorsWhere(keep func(*actor) bool) []*actor {
	var kept []*actor
	for _, a := range p.actors {
		if keep(a) {
			kept = append(kept, a)
		}
	}
	return kept
}

// actorThere is one of the actors of that kind who is there on a day under its present name; nil if none.
func (p *place) actorThere(c chance, day time.Time, keep func(*actor) bool) *actor {
	there := p.actorsWhere(func(a *actor) bool {
		return keep(a) && a.activeOn(day) && a.nowCalled(monthOf(day)) == a
	})
	if len(there) == 0 {
		return nil
	}
	return there[c.IntN(len(there))]
}
