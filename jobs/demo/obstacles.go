package demo

import (
	"cmp"
	"slices"
	"time"
)

// matter is a frein or an attente: something said on a day, worked on, and closed or not.
type matter struct {
	table             string
	begun             time.Time
	worked, ended     time.Time // zero while it has not come to that
	working, endState string
}

// addObstacles makes the registers of freins and attentes.
func (p *place) addObstacles() {
	c := p.chance("freins")
	for _, m := range p.matters(c, "freins", p.freins, "en_travail", "leve", "abandonne") {
		group := c.pick(groups...)
		v := values{
			"frein_id": p.nextID("F"), "exprime_par": group, "categorie": c.pick(obstacleKinds...),
			"date_identification": m.begun, "statut": "identifie", "intensite": int64(c.between(1, 5)),
		}
		leaveOut(c, v, 0.06, "intensite")
		p.addMatter(c, m, v, values{"levier": c.pick(levers...)})
	}
	c = p.chance("attentes")
	for _, m := range p.matters(c, "attentes", p.attentes, "en_cours", "satisfaite", "abandonnee") {
		v := values{
			"attente_id": p.nextID("X"), "exprimee_par": c.pick(groups...), "envers": c.pick(groups...),
			"categorie": c.pick(expectationKind...), "date_expression": m.begun, "statut": "exprimee",
		}
		p.addMatter(c, m, v, values{})
	}
	p.withdrawExpectation()
}

// matters are n of a kind in the order of their days, from ten months before the first workbook.
func (p *place) matters(c chance, table string, n int, working, done, dropped string) []matter {
	var all []matter
	for range n {
		m := matter{table: table, working: working, endState: done}
		m.begun = c.dayBetween((p.start - 10).first(), p.last.last())
		m.worked = m.begun.AddDate(0, 0, c.wait(2))
		mean := p.lifting
		if table == "attentes" {
			mean *= 0.7
		}
		m.ended = m.begun.AddDate(0, 0, c.wait(mean))
		if c.yes(p.giveUp) {
			m.endState, m.ended = dropped, m.begun.AddDate(0, 0, c.wait(9))
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b matter) int { return cmp.Compare(a.begun.Unix(), b.begun.Unix()) })
	return all
}

// addMatter puts a matter into its register as it is known month after month. closing are cells
// filled in when it ends well.
func (p *place) addMatter(c chance, m matter, v, closing values) {
	born := max(monthOf(m.begun), p.start)
	if c.yes(0.5) {
		v["reconnu_par"] = someGroups(c)
	}
	if id := p.dialogueBefore(c, born); id != "" && monthOf(m.begun) >= p.start && c.yes(0.5) {
		v["dialogue_id"] = id
	}
	l := newLife(born, v)
	if m.worked.Before(m.ended) {
		l.change(max(monthOf(m.worked), born), values{"statut": m.working})
	}
	end := values{"statut": m.endState, "date_fin": m.ended}
	if c.yes(0.7) && m.endState == "leve" {
		end["levier"] = closing["levier"]
	}
	l.change(max(monthOf(m.ended), born), end)
	p.lives[m.table] = append(p.lives[m.table], l)
}

// withdrawExpectation retires an attente in one territory.
func (p *place) withdrawExpectation() {
	all := p.lives["attentes"]
	if !p.is("arlenthe") || len(all) < 2 {
		return
	}
	l, from := all[1], p.start+month(p.span()/2)
	l.versions = slices.DeleteFunc(l.versions, func(v version) bool { return v.from > max(from, l.born()) })
	l.change(max(from, l.born()), values{"retire": true})
}
