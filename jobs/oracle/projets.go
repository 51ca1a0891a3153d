package oracle

import (
	"slices"
	"time"

	"cairn/jobs/demo"
)

// projets: how those under way or done are carried, what was said of them, which were celebrated.
func (b *builder) projets() {
	celebrated := b.celebrated()
	for id, r := range b.t.registre("projets", b.p) {
		statut := text(r, "statut")
		if statut == "en_cours" || statut == "abouti" {
			b.add("C20", "", item{x: when(text(r, "portage") == "partage"), n: 1})
			b.add("V14", "", shareOfYes(r, "a_partir_des_habitants"))
		}
		if expected, _ := boolean(r, "autonomie_financiere_attendue"); expected && statut == "en_cours" {
			said := shareOfYes(r, "autonomie_dite")
			b.add("V13", "tous", said)
			if text(r, "objet") == "lieu" {
				b.add("V13", "lieu", said)
			}
		}
		end, ended := date(r, "date_fin")
		if statut == "abouti" && ended && (b.p-24).fin() < end && end <= b.p.fin() {
			b.add("E14", "", item{x: when(celebrated[id]), n: 1})
		}
	}
}

// celebrated are the projects with a celebration by the month's last day, however long ago.
func (b *builder) celebrated() map[string]bool {
	projects := map[string]bool{}
	for _, r := range b.t.events("celebrations", b.p) {
		if d, ok := date(r, "date"); ok && d <= b.p.fin() {
			projects[text(r, "projet_id")] = true
		}
	}
	return projects
}

func (b *builder) effets() {
	negative := map[string]bool{}
	for _, r := range b.t.flux("effets", "date_constat", b.p) {
		negative[text(r, "projet_id")] = negative[text(r, "projet_id")] || text(r, "sens") == "negatif"
		for _, sens := range senses {
			b.add("V01", sens, item{x: when(text(r, "sens") == sens)})
		}
		anticipated, ok := boolean(r, "anticipe")
		b.add("V03", "", item{missing: !ok, x: when(!anticipated), n: 1})
		b.add("V04", "", item{x: when(proved(r)), n: 1})
		b.add("V05", "", item{x: when(text(r, "horizon") == "long"), n: 1})
		b.add("V06", "", kindOf(r, "echelle", scales))
		_, weighed := number(r, "importance")
		b.add("V12", "", item{x: when(weighed), n: 1})
		if text(r, "sens") == "positif" {
			b.goodEffect(r)
		}
	}
	for _, any := range negative {
		b.add("V02", "", item{x: when(any), n: 1})
	}
}

func (b *builder) goodEffect(r *demo.Row) {
	b.add("V11", "", kindOf(r, "domaine", domaines))
	if proved(r) {
		people, ok := number(r, "beneficiaires")
		b.add("V10", "", item{missing: !ok, x: int64(people)})
	}
}

func proved(r *demo.Row) bool {
	return slices.Contains(words("mesure verifie"), text(r, "niveau_preuve"))
}

// kindOf a row is known where the cell holds one of the kinds.
func kindOf(r *demo.Row, field string, kinds []string) item {
	i := slices.Index(kinds, text(r, field))
	if i < 0 {
		return item{missing: true}
	}
	return item{parts: part(len(kinds), i, 1)}
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
	market = iota
	redistribution
	reciprocityPole
	poles // how many
)

func poleOf(nature, provenance string) int {
	switch {
	case nature == "marche":
		return market
	case nature == "subvention", nature == "mise_a_disposition" && provenance == "publique":
		return redistribution
	}
	return reciprocityPole
}

// ressources: money and work given. The poles weigh millionths of euros: ten-thousandths of hours
// times cents, or of euros times 100.
func (b *builder) ressources() {
	for _, r := range b.t.flux("ressources", "date", b.p) {
		nature := text(r, "nature")
		unit := b.unit(text(r, "projet_id"))
		if nature == "benevolat" {
			hours, ok := number(r, "heures")
			given := tenThousandths(hours)
			b.add("V09", "", item{missing: !ok, x: given})
			d, _ := date(r, "date")
			rate := hourlyRate(d)
			b.add("V07", "avec_benevolat", item{unit: unit, missing: !ok || rate == 0, parts: part(poles, reciprocityPole, given*rate)})
			continue
		}
		euros, ok := number(r, "montant_eur")
		amount := tenThousandths(euros)
		i := item{unit: unit, missing: !ok, parts: part(poles, poleOf(nature, text(r, "provenance")), amount*100)}
		b.add("V07", "avec_benevolat", i)
		b.add("V07", "sans_benevolat", i)
		b.add("V08", "", item{unit: unit, missing: !ok, x: amount * when(nature == "marche"), n: amount})
	}
}
