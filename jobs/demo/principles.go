package demo

import "fmt"

// respondent answers on the principles under a pseudonym.
type respondent struct {
	name, group, emitter string
	warmth               float64 // how far above the others
}

// addPrinciples makes the answers on the principles: waves, every half year or year, in which
// the respondents of the four groups score each axis. Those who answer through an émetteur do so in
// its workbook, each half year.
func (p *place) addPrinciples() {
	c := p.chance("principes")
	people := p.respondentsOf(c)
	for _, m := range p.months() {
		offset := int(m - p.start)
		for _, r := range people {
			switch {
			case r.emitter != "" && p.emitterMonth(m):
				for _, v := range p.scores(c, r, m) {
					p.answer(r.emitter, "principes", m, v)
				}
			case r.emitter == "" && offset%p.waveMonths == 2:
				for _, v := range p.scores(c, r, m) {
					p.tell("principes", m, v)
				}
			}
		}
	}
}

func (p *place) respondentsOf(c chance) []respondent {
	var people []respondent
	shares := []weight{{"elus", 3}, {"agents", 3}, {"etat", 1}, {"socio_economique", 4}}
	for i := range p.respondents {
		group := groups[i%4]
		if i >= 8 {
			group = c.weighted(shares)
		}
		people = append(people, respondent{
			name: fmt.Sprintf("r-%s%02d%04x", p.prefix, i, c.IntN(1<<16)), group: group,
			warmth: 0.5 * c.NormFloat64(), emitter: p.emitterGroup(group),
		})
	}
	if a := p.emitterActor(); a != nil {
		for i := range 3 {
			people = append(people, respondent{fmt.Sprintf("r-%sx%d%04x", p.prefix, i, c.IntN(1<<16)), a.group, a.id, 0.3})
		}
	}
	return people
}

// scores are one person's answers of a wave: an empty note is « ne sait pas ».
func (p *place) scores(c chance, r respondent, m month) []values {
	day := c.dayIn(m)
	silent := c.yes(0.12)
	mean := p.note + p.rise*p.years(m) + r.warmth
	switch r.group {
	case "elus":
		mean += 0.4
	case "socio_economique":
		mean -= 0.3
	}
	var rows []values
	for f, axis := range axes {
		for i := range axis.count {
			v := values{"repondant": r.name, "groupe_pairs": r.group, "date_reponse": day, "axe": fmt.Sprintf("%s.%d", axis.family, i+1)}
			note := c.score(mean+0.15*float64(f%3)-0.1*float64(i%4), 0.9, 1, 5)
			switch x := c.Float64(); {
			case x < 0.92:
				v["note"] = int64(note)
			case x < 0.95:
				v["note"] = NSP
			}
			rows = append(rows, v)
		}
	}
	if silent {
		return nil
	}
	return rows
}

// emitterGroup is the peer group that answers by its own workbook, for the members of that group.
func (p *place) emitterGroup(group string) string {
	if p.is("pays-de-lorvance") && group == "elus" {
		return group
	}
	return ""
}

// emitterActor is the actor of the ESS that answers by its own workbook; nil in most territories.
func (p *place) emitterActor() *actor {
	if !p.is("val-dancelle") {
		return nil
	}
	for _, a := range p.actors {
		if a.family == "scic" {
			return a
		}
	}
	return nil
}

// emitterMonth says whether the émetteurs of a territory answer in month m: each half year.
func (p *place) emitterMonth(m month) bool { return int(m-p.start)%6 == 4 }

func (p *place) emitterMonths() []month {
	var all []month
	for _, m := range p.months() {
		if p.emitterMonth(m) {
			all = append(all, m)
		}
	}
	return all
}
