package demo

import (
	"cmp"
	"slices"
	"time"
)

// commitment is a row of the registre engagements in the making.
type commitment struct {
	by, to       *actor
	form         string
	begun        time.Time
	planned, end time.Time // zero: none
	reason       string
	extended     time.Time // the day when planned was moved on by a year; zero: never
}

// addCommitments makes the register of engagements: some began up to four years before the first
// workbook, so that their survival to 24 months can be told.
func (p *place) addCommitments() {
	c := p.chance("engagements")
	var all []commitment
	for range p.commitments {
		if k, ok := p.commitment(c); ok {
			all = append(all, k)
		}
	}
	all = append(all, p.withdrawals()...)
	slices.SortStableFunc(all, func(a, b commitment) int { return cmp.Compare(a.begun.Unix(), b.begun.Unix()) })
	for _, k := range all {
		p.addCommitment(c, k)
	}
}

var (
	publicForms = []weight{{"financier", 7}, {"humain", 3}, {"foncier_materiel", 3}, {"gouvernance", 4}, {"politique", 3}}
	socialForms = []weight{{"humain", 6}, {"benevole", 7}, {"gouvernance", 3}, {"foncier_materiel", 1}, {"financier", 3}}
)

func (p *place) commitment(c chance) (commitment, bool) {
	k := commitment{begun: c.dayBetween(p.start.first().AddDate(-4, 0, 0), p.last.last())}
	if c.yes(0.35) {
		k.begun = c.dayBetween(p.start.first(), p.last.last())
	}
	public := c.yes(0.5)
	k.by = p.actorThere(c, k.begun, func(a *actor) bool { return a.public() == public })
	k.to = p.actorThere(c, k.begun, func(a *actor) bool { return a.public() != public && a != k.by })
	k.form = c.weighted(socialForms)
	if public {
		k.form = c.weighted(publicForms)
	}
	if c.yes(0.7) {
		k.planned = k.begun.AddDate(0, []int{6, 12, 18, 24, 36, 48}[c.IntN(6)], -1)
	}
	p.endCommitment(c, &k)
	return k, k.by != nil
}

// endCommitment decides how a commitment ends: before its term, at its term, past it, or not yet.
func (p *place) endCommitment(c chance, k *commitment) {
	early := k.begun.AddDate(0, 0, c.wait(18))
	reason := c.weighted([]weight{{"desengagement", 4}, {"financement", 3}, {"desaccord", 2}, {"fin_de_mandat", 2}, {"autre", 1}})
	fate, breaks := c.Float64(), c.yes(1-p.loyalty)
	switch {
	case breaks && (k.planned.IsZero() || early.Before(k.planned)):
		k.end, k.reason = early, reason
	case k.planned.IsZero():
	case fate < 0.55:
		k.end, k.reason = k.planned, "terme_atteint"
	case fate < 0.8:
		k.extended = k.planned.AddDate(0, 0, -20)
	}
	if k.by != nil && !k.by.exit.IsZero() && (k.end.IsZero() || k.end.After(k.by.exit)) && k.begun.Before(k.by.exit) {
		k.end, k.reason, k.extended = k.by.exit, "desengagement", time.Time{} // gone with its actor
	}
}

// withdrawals are a story: elected officials leave the governance of the SCIC after the election
// in one territory, for want of will in another.
func (p *place) withdrawals() []commitment {
	var scic *actor
	for _, a := range p.actors {
		if a.family == "scic" {
			scic = a
		}
	}
	if scic == nil {
		return nil
	}
	k := commitment{by: p.actors[0], to: scic, form: "gouvernance", begun: time.Date(2024, 2, 5, 0, 0, 0, 0, time.UTC)}
	if k.begun.Before(k.by.entry) || k.begun.Before(scic.entry) {
		return nil
	}
	switch {
	case p.is("vernoise", "arlenthe"):
		k.end, k.reason = p.termStart().AddDate(0, 0, 20), "fin_de_mandat"
	case p.is("corvaillac"):
		k.end, k.reason = time.Date(2026, 1, 19, 0, 0, 0, 0, time.UTC), "desengagement"
	}
	return []commitment{k}
}

func (p *place) addCommitment(c chance, k commitment) {
	v := values{
		"engagement_id": p.nextID("E"), "acteur_id": k.by.id, "forme": k.form, "date_debut": k.begun,
		"intention": c.pick(actorIntentions...), "intention_partagee": c.yes(0.55), "pluriannuel": !k.planned.IsZero() && k.planned.Sub(k.begun).Hours() > 24*366,
		"reconnu": c.yes(0.4), "personnes": int64(c.between(0, 12)),
	}
	if k.by.public() {
		v["intention"] = c.pick(publicIntentions...)
	}
	born := max(monthOf(k.begun), p.start)
	if k.to != nil && c.yes(0.8) {
		v["envers"] = k.to.id
	}
	if x := p.projects[c.IntN(len(p.projects))]; c.yes(0.6) && x.life.born() <= born {
		v["projet_id"] = x.id
	}
	if !k.planned.IsZero() {
		v["date_fin_prevue"] = k.planned
	}
	leaveOut(c, v, 0.1, "intention", "intention_partagee", "pluriannuel", "reconnu", "personnes")
	var changes []version
	if v["reconnu"] == false && c.yes(0.3) {
		changes = append(changes, version{born + month(c.between(2, 10)), values{"reconnu": true}})
	}
	if !k.extended.IsZero() {
		changes = append(changes, version{monthOf(k.extended), values{"date_fin_prevue": k.planned.AddDate(1, 0, 0)}})
	}
	if !k.end.IsZero() {
		changes = append(changes, version{monthOf(k.end), values{"date_fin": k.end, "motif_fin": k.reason}})
	}
	slices.SortStableFunc(changes, func(a, b version) int { return cmp.Compare(a.from, b.from) })
	l := newLife(born, v)
	for _, change := range changes {
		l.change(max(change.from, born), change.values)
	}
	p.lives["engagements"] = append(p.lives["engagements"], l)
}
