package oracle

import (
	"slices"
	"strings"
	"time"

	"cairn/jobs/demo"
)

// populations gives the rows of every indicator and modalite for one territory and month.
func (t *place) populations(p month) map[cell][]item {
	b := &builder{t: t, p: p, acteurs: t.registre("acteurs", p), cells: map[cell][]item{}}
	b.relations()
	b.principes()
	b.dialogues()
	b.freins()
	b.engagements()
	b.effets()
	b.ressources()
	b.quality()
	return b.cells
}

type builder struct {
	t       *place
	p       month
	acteurs map[string]*demo.Row
	cells   map[cell][]item
}

func (b *builder) add(indicateur, modalite string, i item) {
	c := cell{indicateur, modalite}
	b.cells[c] = append(b.cells[c], i)
}

// unit tells the same identifier in two territories apart.
func (b *builder) unit(id string) string { return b.t.id + "\x1f" + id }

func (b *builder) identity(id string) string { return identity(b.acteurs, id) }

func when(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

var ladder = map[string]int{"inexistante": 0, "donneur_ordre": 1, "delegation": 2, "partenariat": 3, "cooperation": 4}

var (
	ess    = words("association cooperative scic scop mutuelle fondation societe_commerciale_ess")
	public = words("elus agents etat")
)

// relations: the views on dyads, and the dyads that both sides have seen.
func (b *builder) relations() {
	type pair struct{ from, to string }
	ends := func(r *demo.Row) pair {
		return pair{b.identity(text(r, "declarant")), b.identity(text(r, "partenaire"))}
	}
	standing := b.t.releve("relations", "date_observation", b.p, func(r *demo.Row) (string, bool) {
		e := ends(r)
		return strings.Join([]string{e.from, e.to, text(r, "dimension")}, "\x1f"), e.from != e.to
	})
	views := map[pair]int{}
	for _, r := range standing {
		e := ends(r)
		dyad := b.isESS(e.from) && b.isPublic(e.to) || b.isPublic(e.from) && b.isESS(e.to)
		if text(r, "dimension") == "transversale" && dyad {
			views[e] = ladder[text(r, "type_relation")]
		}
	}
	for e, level := range views {
		for i, name := range levels {
			b.add("C01", name, item{x: when(level == i), n: 1})
		}
		back, both := views[pair{e.to, e.from}]
		if !both || e.from > e.to { // a dyad is met from each side: count it once
			continue
		}
		gap := level - back
		b.add("C02", "", item{x: when(level >= 3 && back >= 3), n: 1})
		b.add("C04", "", item{x: int64(max(gap, -gap))})
	}
}

// present gives an actor in the register at p who is active on the month's last day.
func (b *builder) present(id string) *demo.Row {
	r := b.acteurs[id]
	if r == nil {
		return nil
	}
	entry, ok := date(r, "date_entree")
	exit, left := date(r, "date_sortie")
	if !ok || entry > b.p.fin() || left && exit <= b.p.fin() {
		return nil
	}
	return r
}

func (b *builder) isESS(id string) bool {
	r := b.present(id)
	return r != nil && text(r, "groupe_pairs") == "socio_economique" && slices.Contains(ess, text(r, "famille"))
}

func (b *builder) isPublic(id string) bool {
	r := b.present(id)
	return r != nil && slices.Contains(public, text(r, "groupe_pairs"))
}

// principes: the scores, by family of axes.
func (b *builder) principes() {
	standing := b.t.releve("principes", "date_reponse", b.p, func(r *demo.Row) (string, bool) {
		return keyOf("principes", r), true
	})
	for _, r := range standing {
		family, _, _ := strings.Cut(text(r, "axe"), ".")
		note, ok := number(r, "note")
		b.add("C10", family, item{unit: b.unit(text(r, "repondant")), missing: !ok, x: int64(note)})
	}
}

// dialogues that were held: disagreements worked on, of those expressed.
func (b *builder) dialogues() {
	for _, r := range b.t.flux("dialogues", "date", b.p) {
		if text(r, "statut") != "tenu" {
			continue
		}
		worked, ok := number(r, "desaccords_travailles")
		expressed, okToo := number(r, "desaccords_exprimes")
		b.add("C13", "", item{missing: !ok || !okToo, x: int64(worked), n: int64(expressed)})
	}
}

// freins identified by the censoring day, each until it is lifted or abandoned.
func (b *builder) freins() {
	c := b.censoring()
	for _, r := range b.t.registre("freins", b.p) {
		start, ok := date(r, "date_identification")
		if !ok || start > c {
			continue
		}
		s := subject{days: int(c - start)}
		if end, closed := date(r, "date_fin"); closed && end <= c {
			switch text(r, "statut") {
			case "leve":
				s = subject{days: int(end - start), end: event}
			case "abandonne":
				s = subject{days: int(end - start), end: competing}
			}
		}
		b.add("C14", "", item{subject: s})
	}
}

// censoring is the last day that the territory has told anything about.
func (b *builder) censoring() day {
	m, ok := b.t.latest(b.p)
	if !ok {
		return -never
	}
	return m.fin()
}

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
	now, before := b.p.fin(), (b.p - 12).fin()
	engagedBefore, engagedNow := map[string]bool{}, map[string]bool{}
	for _, r := range b.t.registre("engagements", b.p) {
		who := b.identity(text(r, "acteur_id"))
		b.add("E01", "", item{unit: b.unit(who), x: when(engaged(r, now))})
		if engaged(r, now) {
			engagedNow[who] = true
		}
		if engaged(r, before) {
			engagedBefore[who] = true
		}
		b.publicEngagement(r, who)
	}
	for who := range engagedBefore {
		b.add("E02", "", item{x: when(engagedNow[who]), n: 1})
	}
}

var (
	lasting     = words("financier foncier_materiel gouvernance politique")
	withdrawals = words("desengagement fin_de_mandat financement desaccord")
)

// publicEngagement follows an engagement of a public actor until it is withdrawn.
func (b *builder) publicEngagement(r *demo.Row, who string) {
	c := b.censoring()
	actor := b.acteurs[who]
	start, ok := date(r, "date_debut")
	if actor == nil || !slices.Contains(public, text(actor, "groupe_pairs")) ||
		!slices.Contains(lasting, text(r, "forme")) || !ok || start > c {
		return
	}
	last, how := c, censored
	end, ended := date(r, "date_fin")
	expected, hasExpected := date(r, "date_fin_prevue")
	switch {
	case ended && end <= c:
		last = end
		if slices.Contains(withdrawals, text(r, "motif_fin")) {
			how = event
		}
	case !ended && hasExpected && expected <= c:
		last = expected
	}
	i := item{subject: subject{days: max(0, int(last-start)), end: how}}
	b.add("E04", "tous", i)
	if to := text(r, "envers"); to != "" {
		if other := b.acteurs[b.identity(to)]; other != nil && text(other, "famille") == "scic" {
			b.add("E04", "scic", i)
		}
	}
}

func (b *builder) effets() {
	for _, r := range b.t.flux("effets", "date_constat", b.p) {
		for _, sens := range []string{"positif", "negatif"} {
			b.add("V01", sens, item{x: when(text(r, "sens") == sens)})
		}
		proof := text(r, "niveau_preuve")
		b.add("V04", "", item{x: when(proof == "mesure" || proof == "verifie"), n: 1})
	}
}

// hourlyRates is taux_horaire_benevolat in cents, from a day on.
var hourlyRates = []struct {
	from  day
	cents int64
}{
	{on(2022, 1, 1), 1057}, {on(2022, 5, 1), 1085}, {on(2022, 8, 1), 1107}, {on(2023, 1, 1), 1127},
	{on(2023, 5, 1), 1152}, {on(2024, 1, 1), 1165}, {on(2024, 11, 1), 1188}, {on(2026, 1, 1), 1202},
}

func on(y int, m time.Month, d int) day { return dayOf(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) }

// hourlyRate is zero before the first one.
func hourlyRate(d day) int64 {
	var cents int64
	for _, r := range hourlyRates {
		if r.from <= d {
			cents = r.cents
		}
	}
	return cents
}

// The poles of an economy (Polanyi): market, redistribution, reciprocity.
const (
	market int64 = iota
	redistribution
	reciprocity
)

func poleOf(nature, provenance string) int64 {
	switch {
	case nature == "marche":
		return market
	case nature == "subvention", nature == "mise_a_disposition" && provenance == "publique":
		return redistribution
	}
	return reciprocity
}

// ressources weigh millionths of euros: ten-thousandths of hours times cents, or of euros times 100.
func (b *builder) ressources() {
	for _, r := range b.t.flux("ressources", "date", b.p) {
		nature := text(r, "nature")
		i := item{unit: b.unit(text(r, "projet_id")), n: poleOf(nature, text(r, "provenance"))}
		if nature == "benevolat" {
			hours, ok := number(r, "heures")
			d, _ := date(r, "date")
			rate := hourlyRate(d)
			i.missing, i.x = !ok || rate == 0, tenThousandths(hours)*rate
			b.add("V07", "avec_benevolat", i)
			continue
		}
		euros, ok := number(r, "montant_eur")
		i.missing, i.x = !ok, tenThousandths(euros)*100
		b.add("V07", "avec_benevolat", i)
		b.add("V07", "sans_benevolat", i)
	}
}

// quality: how complete, how punctual and how continuous the territory's own workbooks are.
func (b *builder) quality() {
	if s := b.t.own[b.p]; s != nil {
		for _, sheet := range s.sheets {
			for i := range sheet.Rows {
				if !sheet.Rows[i].Total {
					b.completeness(sheet.Table, &sheet.Rows[i])
				}
			}
		}
		due := dayOf((b.p + 1).first()) + 9 // the tenth
		b.add("Q02", "", item{x: int64(b.t.received[b.p] - due)})
	}
	for m := b.p - 11; m <= b.p; m++ {
		if m.fin() < b.t.entree || dayOf(m.first()) > b.t.sortie {
			continue // not in the programme that month
		}
		b.add("Q03", "", item{x: when(b.t.own[m] != nil), n: 1})
	}
}

// completeness counts the required cells of a row, and those filled. A withdrawal needs its key alone.
func (b *builder) completeness(name string, r *demo.Row) {
	required := tables[name].required
	if retired(r) {
		required = tables[name].key
	}
	if len(required) == 0 {
		return // no table of the workbook
	}
	i := item{n: int64(len(required))}
	for _, field := range required {
		i.x += when(filled(r, field))
	}
	b.add("Q01", "", i)
}
