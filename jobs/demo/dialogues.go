package demo

import (
	"fmt"
	"time"
)

// addDialogues makes the dialogues of each month. One that was put off is often held a month
// later: its row comes again, under the same identifier, in the workbook of that month.
func (p *place) addDialogues() {
	c := p.chance("dialogues")
	for _, m := range p.months() {
		for range max(2, p.dialogues+c.between(-2, 2)) {
			day := c.dayIn(m)
			v := p.dialogue(c, day)
			told := m + late(c)
			p.tell("dialogues", told, v)
			later, held := p.heldLater(c, v, m+1)
			before, _ := p.carrier(told)
			after, _ := p.carrier(m + 2)
			if held && before != after { // else one workbook would hold the identifier twice
				p.tell("dialogues", m+2, later)
			}
		}
	}
}

// late is 1 for the few events that are reported a month after the others.
func late(c chance) month {
	if c.yes(0.03) {
		return 1
	}
	return 0
}

func (p *place) nextID(letter string) string {
	p.counts[letter]++
	return fmt.Sprintf("%s-%s%04d", p.prefix, letter, p.counts[letter])
}

func (p *place) dialogue(c chance, day time.Time) values {
	v := values{
		"dialogue_id": p.nextID("D"), "date": day, "statut": "tenu",
		"type":      c.weighted([]weight{{"pairs", 3}, {"agora", 1}, {"forum", 1}, {"inspiration", 1}, {"prise_de_hauteur", 1}, {"accompagnement_projet", 3}, {"instance_gouvernance", 3}, {"temps_informel", 2}}),
		"support":   c.pick("projet_en_cours", "vision_long_terme", "construction_du_commun"),
		"theme":     c.pick("alimentation", "projet_de_territoire", "implication_citoyenne", "management_cooperatif", "autre"),
		"porte_par": c.pick("collectivite", "collectivite", "ess", "fabrique", "autre"),
	}
	if c.yes(p.held) {
		p.fillDialogue(c, v)
	} else {
		v["statut"] = c.pick("reporte", "annule")
		v["motif_non_tenue"] = c.pick("habitude_ancree", "calendrier", "calendrier", "surcharge_administration", "tensions_majorite", "autre")
	}
	leaveOut(c, v, 0.06, "support", "theme", "porte_par")
	return v
}

// fillDialogue says who took part and what came of it.
func (p *place) fillDialogue(c chance, v values) {
	v["duree_heures"] = float64(c.between(2, 16)) / 2
	v["participants_elus"] = int64(c.between(0, 5))
	v["participants_agents"] = int64(c.between(0, 6))
	v["participants_etat"] = int64(c.between(0, 2))
	v["participants_socio_economiques"] = int64(c.between(1, 9))
	v["participants_citoyens"] = int64(max(0, c.between(-4, 8)))
	said := c.between(0, 4)
	taken := c.between(0, 4)
	worked, shared := 0, 0
	for range said {
		if c.yes(0.25 + 0.12*p.note) {
			worked++
		}
	}
	for range taken {
		if c.yes(0.2 + 0.15*p.level) {
			shared++
		}
	}
	v["desaccords_exprimes"], v["desaccords_travailles"] = int64(said), int64(worked)
	v["decisions_prises"], v["decisions_partagees"] = int64(taken), int64(shared)
	leaveOut(c, v, 0.05, "duree_heures", "participants_elus", "participants_agents", "participants_etat",
		"participants_socio_economiques", "participants_citoyens", "desaccords_travailles", "decisions_partagees")
}

// heldLater is the row of a dialogue that was put off and then held in month m.
func (p *place) heldLater(c chance, v values, m month) (values, bool) {
	again := c.yes(0.5)
	if v["statut"] != "reporte" || !again {
		return nil, false
	}
	held := values{"dialogue_id": v["dialogue_id"], "date": c.dayIn(m), "statut": "tenu", "type": v["type"]}
	p.fillDialogue(c, held)
	return held, true
}

// dialogueBefore is a dialogue that workbooks up to month m have told of; "" if none.
func (p *place) dialogueBefore(c chance, m month) string {
	var known []string
	for _, e := range p.events["dialogues"] {
		if e.carried <= m && e.carried >= m-2 {
			known = append(known, e.values["dialogue_id"].(string))
		}
	}
	if len(known) == 0 {
		return ""
	}
	return c.pick(known...)
}

// addMilestones makes the repères of the shared history and the yearly deliberation.
func (p *place) addMilestones() {
	c := p.chance("repères")
	for _, m := range p.months() {
		if m == monthOf(electionDay) {
			title := "Élections municipales"
			if !p.commune() {
				title = "Élections municipales et installation du conseil"
			}
			p.tell("reperes", m, values{"repere_id": p.nextID("M"), "date": electionDay, "type": "election", "intitule": title})
		}
		if c.yes(0.25) {
			kind := c.pick("decision", "decision", "realisation", "realisation", "crise", "changement_de_direction", "autre")
			v := values{"repere_id": p.nextID("M"), "date": c.dayIn(m), "type": kind, "intitule": c.pick(milestoneTitles[kind]...)}
			if c.yes(0.6) {
				v["reconnu_par"] = someGroups(c)
			}
			p.tell("reperes", m, v)
		}
		if int(m-p.start)%12 == 3 {
			p.deliberate(c, m)
		}
	}
}

func (p *place) deliberate(c chance, m month) {
	day, people := c.dayIn(m), int64(c.between(8, 40))
	first := 20 + 5*c.between(0, 6)
	second := 15 + 5*c.between(0, 4)
	for i, dimension := range []string{"cooperation", "engagement", "valeur_sociale"} {
		weight := []int{first, second, 100 - first - second}[i]
		p.tell("deliberation", m, values{"dimension": dimension, "poids": float64(weight), "date_deliberation": day, "participants": people})
	}
}

// someGroups are at least one of the four peer groups, in their usual order.
func someGroups(c chance) []string {
	first := c.IntN(len(groups))
	var some []string
	for i, g := range groups {
		if i == first || c.yes(0.35) {
			some = append(some, g)
		}
	}
	return some
}
