package oracle

import (
	"slices"

	"cairn/jobs/demo"
)

// engaged: begun by that day and not ended on or before it. Without an end the expected one ends it.
func engaged(r *demo.Row, d day) bool {
	start, ok := date(r, "date_debut")
	if !ok || start > d {
		return false
	}
	if end, ended := date(r, "date_fin"); ended {
		return end > d
	}
	expected, any := date(r, "date_fin_prevue")
	return !any || expected > d
}

func (b *builder) engagements() {
	byActor := map[string][]*demo.Row{}
	for _, r := range b.t.registre("engagements", b.p) {
		who := b.acteurs.identity(text(r, "acteur_id"))
		byActor[who] = append(byActor[who], r)
		active := engaged(r, b.p.fin())
		b.add("E01", "", item{unit: b.unit(who), x: when(active)})
		if active {
			b.activeEngagement(r)
		}
		b.lastingEngagement(r, who)
	}
	for _, rows := range byActor {
		b.engagedActor(rows)
	}
}

func anyEngaged(rows []*demo.Row, d day) bool {
	return slices.ContainsFunc(rows, func(r *demo.Row) bool { return engaged(r, d) })
}

// engagedActor: one actor's engagements, whether they last a year and how the first one went on.
func (b *builder) engagedActor(rows []*demo.Row) {
	if anyEngaged(rows, (b.p - 12).fin()) {
		b.add("E02", "", item{x: when(anyEngaged(rows, b.p.fin())), n: 1})
	}
	first, known := never, false
	for _, r := range rows {
		if d, ok := date(r, "date_debut"); ok {
			first, known = min(first, d), true
		}
	}
	if m := first.month(); known && b.p-14 <= m && m <= b.p-3 {
		b.add("E07", "", item{x: when(anyEngaged(rows, (m + 3).fin())), n: 1})
	}
}

// activeEngagement on the month's last day.
func (b *builder) activeEngagement(r *demo.Row) {
	form := text(r, "forme")
	b.add("E11", "", shareOfYes(r, "intention_partagee"))
	b.add("E12", "", shareOfYes(r, "reconnu"))
	b.add("E13", "", item{parts: part(len(forms), slices.Index(forms, form), 1)})
	if form != "financier" {
		return
	}
	b.add("E06", "", shareOfYes(r, "pluriannuel"))
	expected, known := date(r, "date_fin_prevue")
	if !known || expected > b.p.fin() { // past its term, it lasts on nothing that is known
		b.add("E05", "", item{missing: !known, x: int64(expected - b.p.fin())})
	}
}

// shareOfYes of a row is known where the cell says yes or no.
func shareOfYes(r *demo.Row, field string) item {
	v, known := boolean(r, field)
	return item{missing: !known, x: when(v), n: 1}
}

var (
	lasting     = words("financier foncier_materiel gouvernance politique")
	withdrawals = words("desengagement fin_de_mandat financement desaccord")
)

// lastingEngagement follows an engagement until it breaks off; those of public actors, until they
// are withdrawn.
func (b *builder) lastingEngagement(r *demo.Row, who string) {
	motif := text(r, "motif_fin")
	s, ok := brokenOff(r, b.censoring(), motif != "" && motif != "terme_atteint")
	if !ok {
		return
	}
	b.add("E03", "", item{subject: s})
	actor := b.acteurs.rows[who]
	if actor == nil || !slices.Contains(public, text(actor, "groupe_pairs")) || !slices.Contains(lasting, text(r, "forme")) {
		return
	}
	s, _ = brokenOff(r, b.censoring(), slices.Contains(withdrawals, motif))
	b.add("E04", "tous", item{subject: s})
	if to := text(r, "envers"); to != "" {
		if other := b.acteurs.rows[b.acteurs.identity(to)]; other != nil && text(other, "famille") == "scic" {
			b.add("E04", "scic", item{subject: s})
		}
	}
}

// brokenOff is an engagement as seen on the day c, its end being an event or not; false when it
// began later. One that ends by its expected date alone is not followed any longer.
func brokenOff(r *demo.Row, c day, isEvent bool) (subject, bool) {
	start, ok := date(r, "date_debut")
	if !ok || start > c {
		return subject{}, false
	}
	last, how := c, censored
	end, ended := date(r, "date_fin")
	expected, hasExpected := date(r, "date_fin_prevue")
	switch {
	case ended && end <= c:
		last = end
		if isEvent {
			how = event
		}
	case !ended && hasExpected && expected <= c:
		last = expected
	}
	return subject{days: max(0, int(last-start)), end: how}, true
}
