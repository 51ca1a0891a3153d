package demo

import (
	"fmt"
	"time"
)

// project is a row of the registre projets, with the days when it starts in earnest and ends.
type project struct {
	id, state         string // state: how it ends; empty while it lasts
	begun, open, over time.Time
	life              *life
	size              float64 // what its resources are proportional to
}

// runsOn says whether the project is under way on a day.
func (x *project) runsOn(day time.Time) bool {
	return !day.Before(x.open) && (x.state == "" || day.Before(x.over))
}

// addProjects makes the register of projets and, month after month, their ressources, the effets
// that are seen of them and the célébrations.
func (p *place) addProjects() {
	c := p.chance("projets")
	for i := range p.profile.projects {
		p.addProject(c, i)
	}
	sortLives(p.lives["projets"])
	resources, effects, parties := p.chance("ressources"), p.chance("effets"), p.chance("célébrations")
	for _, m := range p.months() {
		for _, x := range p.projects {
			p.addResources(resources, x, m)
			p.addEffects(effects, x, m)
			p.celebrate(parties, x, m)
		}
	}
	p.withdrawEffect()
}

func (p *place) addProject(c chance, i int) {
	idea := projectIdeas[(i*7+p.population)%len(projectIdeas)]
	x := &project{id: fmt.Sprintf("%s-P%02d", p.prefix, i+1), size: float64(c.between(800, 9000))}
	x.begun = c.dayBetween((p.start - 20).first(), (p.last - 1).first())
	if i < 2 {
		x.begun = c.dayBetween((p.start - 20).first(), (p.start - 6).first()) // there is always something under way
	}
	x.open = x.begun.AddDate(0, 0, c.between(0, 200))
	x.over = x.open.AddDate(0, 0, 120+c.wait(16))
	if i < 2 {
		x.over = x.open.AddDate(4, 0, 0)
	}
	ending := c.weighted([]weight{{"abouti", 0.8}, {"arrete", 0.2}})
	carrier := p.actorThere(c, x.begun, func(a *actor) bool { return !a.heir })
	if carrier == nil {
		carrier = p.actors[0]
	}
	x.life = newLife(max(monthOf(x.begun), p.start), p.projectCells(c, x, idea, carrier))
	if !x.open.After(p.last.last()) {
		x.life.change(max(monthOf(x.open), x.life.born()), values{"statut": "en_cours"})
	}
	if !x.over.After(p.last.last()) {
		x.state = ending
		x.life.change(max(monthOf(x.over), x.life.born()), values{"statut": ending, "date_fin": x.over})
	}
	p.projects = append(p.projects, x)
	p.lives["projets"] = append(p.lives["projets"], x.life)
}

func (p *place) projectCells(c chance, x *project, idea projectIdea, carrier *actor) values {
	shares := []weight{{"collectivite_seule", 3}, {"delegue", 2}, {"partage", 0.5 + p.level}, {"acteurs_seuls", 2}}
	v := values{
		"projet_id": x.id, "intitule": idea.title, "theme": idea.theme, "porteur": carrier.id,
		"portage": c.weighted(shares), "statut": "idee", "date_debut": x.begun, "objet": idea.object,
		"marche_viable": c.pick("oui", "non", "inconnu"), "commun": c.yes(0.3), "a_partir_des_habitants": c.yes(0.45),
		"intention_collectivite": c.pick(publicIntentions...), "intention_acteur": c.pick(actorIntentions...),
		"autonomie_financiere_attendue": c.yes(0.5), "autonomie_dite": c.yes(0.4), "echelle": c.pick(scales...),
	}
	leaveOut(c, v, 0.1, "objet", "marche_viable", "commun", "a_partir_des_habitants", "intention_collectivite",
		"intention_acteur", "autonomie_dite", "echelle")
	return v
}

func (p *place) addResources(c chance, x *project, m month) {
	day, draws := c.dayIn(m), c.yes(0.4)
	nature := c.weighted([]weight{{"subvention", 4}, {"marche", 2}, {"benevolat", 4}, {"don", 1}, {"cotisation", 1}, {"mise_a_disposition", 1}, {"financement_participatif", 0.5}})
	v := values{"projet_id": x.id, "date": day, "nature": nature, "provenance": c.pick(provenances[nature]...), "pluriannuel": c.yes(0.3)}
	if nature == "benevolat" {
		v["heures"] = float64(c.between(4, 160)) / 2
	} else {
		v["montant_eur"] = c.euros(x.size)
	}
	leaveOut(c, v, 0.1, "pluriannuel")
	if draws && x.runsOn(day) {
		v["ressource_id"] = p.nextID("R")
		p.tell("ressources", m+late(c), v)
	}
}

// provenances are where each nature of resource can come from.
var provenances = map[string][]string{
	"subvention": {"publique", "publique", "publique", "privee"}, "marche": {"publique", "privee", "usagers", "usagers"},
	"benevolat": {"citoyenne"}, "don": {"citoyenne", "privee"}, "cotisation": {"usagers", "citoyenne"},
	"mise_a_disposition": {"publique", "publique", "privee"}, "financement_participatif": {"citoyenne"},
}

func (p *place) addEffects(c chance, x *project, m month) {
	day, seen := c.dayIn(m), c.yes(0.3)
	v := values{
		"projet_id": x.id, "date_constat": day, "domaine": c.pick(domains...), "sens": "positif", "description": c.pick(goodEffects...),
		"anticipe": c.yes(0.6), "echelle": c.pick(scales...),
		"horizon":       c.weighted([]weight{{"court", 4}, {"moyen", 3}, {"long", 2}}),
		"niveau_preuve": c.weighted([]weight{{"declaratif", 4}, {"observe", 4}, {"mesure", 2}, {"verifie", 1}}),
		"importance":    int64(c.between(1, 5)), "beneficiaires": int64(c.between(0, 120)), "constate_par": c.pick(groups...),
	}
	if c.yes(0.22) {
		v["sens"], v["description"] = "negatif", c.pick(badEffects...)
	}
	if c.yes(0.25) {
		v["quantite"], v["unite"] = float64(c.between(1, 4000))/10, c.pick("tonnes", "kWh", "repas", "trajets évités")
	}
	leaveOut(c, v, 0.1, "echelle", "constate_par")
	leaveOut(c, v, 0.3, "importance", "beneficiaires")
	if seen && !day.Before(x.open) && x.state != "arrete" {
		v["effet_id"] = p.nextID("V")
		p.tell("effets", m+late(c), v)
	}
}

func (p *place) celebrate(c chance, x *project, m month) {
	day := c.dayIn(m)
	after := day.Sub(x.over).Hours() / 24
	due := x.state == "abouti" && after >= 0 && after < 120 && c.yes(0.25)
	v := values{"date": day, "intitule": c.pick(partyTitles...), "participants": int64(c.between(10, 250)), "dans_le_recit": c.yes(0.5)}
	if due || c.yes(0.7) {
		v["projet_id"] = x.id
	}
	leaveOut(c, v, 0.15, "participants", "dans_le_recit")
	if due || (c.yes(0.02) && x.runsOn(day)) {
		v["celebration_id"] = p.nextID("K")
		p.tell("celebrations", m, v)
	}
}

// withdrawEffect retires an effet in one territory, by the workbook of two months later.
func (p *place) withdrawEffect() {
	told := p.events["effets"]
	if !p.is("castelmauve") || len(told) == 0 {
		return
	}
	e := told[len(told)/4]
	if later, ok := p.carrier(e.carried + 2); ok {
		p.tell("effets", later, values{"effet_id": e.values["effet_id"], "retire": true})
	}
}
