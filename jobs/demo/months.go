package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
)

// skipMonths chooses the months in which a territory sends nothing: two in one, and four in a row
// late in the history of another, so that its figures are outdated for a while.
func (p *place) skipMonths() {
	switch {
	case p.is("corvaillac") && p.span() >= 14:
		for m := p.last - 7; m <= p.last-4; m++ {
			p.skipped[m] = true
		}
	case p.is("ormecourt") && p.span() >= 10:
		middle := p.start + month(p.span()/2)
		p.skipped[middle], p.skipped[middle+1] = true, true
	}
}

// deliveries are the place's workbooks: one a month, those of its émetteurs, and the versions
// that are sent again.
func (p *place) deliveries() []Delivery {
	ticks, arrivals, names := p.chance("coches"), p.chance("arrivées"), p.chance("fichiers")
	var all []Delivery
	for _, m := range p.months() {
		d := Delivery{
			Path: p.folder() + p.fileName(names, m), Received: arrival(arrivals, m, 3, 14),
			Territoire: p.id, Periode: m.first(), Sheets: p.sheets(ticks, m), form: form{month: monthAsTyped(names, m)},
		}
		if !p.skipped[m] {
			all = append(all, d)
		}
	}
	all = p.sendAgain(all)
	return append(all, p.emitterDeliveries()...)
}

// sheets are the thirteen tables as the workbook of m tells them. Most people tick « rien ce
// mois-ci » for an empty one.
func (p *place) sheets(c chance, m month) []Sheet {
	var sheets []Sheet
	for _, table := range ingest.Tables {
		rows, tick := p.rows(table, m), c.yes(0.8)
		sheets = append(sheets, Sheet{Table: table, Rows: rows, Nothing: tick && len(rows) == 0})
	}
	return sheets
}

// arrival is a moment from one day to another of the month after m, in office hours.
func arrival(c chance, m month, from, to int) time.Time {
	day := (m + 1).first().AddDate(0, 0, c.between(from, to)-1)
	return day.Add(8*time.Hour + time.Duration(c.between(0, 11*3600-60))*time.Second)
}

func (p *place) folder() string { return p.nom + "/" }

// fileName is a name as people give them; each differs from the others of the territory.
func (p *place) fileName(c chance, m month) string {
	switch c.IntN(6) {
	case 0:
		return fmt.Sprintf("%s_%s%02d_v2 DEFINITIF.xlsx", p.id, m.short(), m.year()%100)
	case 1:
		return fmt.Sprintf("%s %s %d.xlsx", p.nom, m.french(), m.year())
	case 2:
		return fmt.Sprintf("suivi_%s_%s-%d.xlsx", p.id, m.String()[5:], m.year())
	case 3:
		return fmt.Sprintf("CLASSEUR %s %s %d (1).xlsx", strings.ToUpper(p.nom), m.french(), m.year())
	}
	return fmt.Sprintf("Classeur de suivi - %s - %s.xlsx", p.nom, m)
}

// monthAsTyped is how the cover says the month; empty: as the template does.
func monthAsTyped(c chance, m month) string {
	switch c.IntN(10) {
	case 0:
		return fmt.Sprintf("%s %d", m.french(), m.year())
	case 1:
		return fmt.Sprintf("%s/%d", m.String()[5:], m.year())
	}
	return ""
}

// sendAgain plays the stories of versions: a workbook a month late, a corrected one, the same
// bytes twice, and a return to the first version. No fault is added to these months.
func (p *place) sendAgain(all []Delivery) []Delivery {
	find := func(back month) *Delivery {
		for i := range all {
			if monthOf(all[i].Periode) == p.last-back && p.last-back > p.start {
				all[i].form.untouched = true
				return &all[i]
			}
		}
		return nil
	}
	var more []Delivery
	switch {
	case p.is("valbrune"):
		if d := find(8); d != nil {
			d.Received = d.Received.AddDate(0, 1, 15-d.Received.Day()) // after the next month's
			d.Faults = []Fault{{Kind: "en_retard"}}
		}
	case p.is("castelmauve"):
		if d := find(3); d != nil {
			more = append(more, corrected(*d, 9))
		}
	case p.is("trois-sources"):
		if d := find(2); d != nil {
			more = append(more, again(*d, "copie_identique", " - copie", 6))
		}
	case p.is("arlenthe"):
		if d := find(5); d != nil {
			more = append(more, corrected(*d, 4), again(*d, "retour_version", " - finalement celui-ci", 11))
		}
	}
	return append(all, more...)
}

// again is the same content under another name, some days later.
func again(d Delivery, kind, suffix string, days int) Delivery {
	d.Sheets = copySheets(d.Sheets)
	d.Path = strings.TrimSuffix(d.Path, ".xlsx") + suffix + ".xlsx"
	d.Received = d.Received.AddDate(0, 0, days)
	d.Faults = []Fault{{Kind: kind}}
	return d
}

// corrected is a second version: some cells changed, the last effet and the last engagement's
// intention gone. It always differs from the first.
func corrected(d Delivery, days int) Delivery {
	d = again(d, "version_corrigee", " - corrigé", days)
	for i := range d.Sheets {
		rows := d.Sheets[i].Rows
		if len(rows) == 0 {
			continue
		}
		switch d.Sheets[i].Table {
		case "effets":
			d.Sheets[i].Rows = rows[:len(rows)-1]
		case "dialogues":
			if rows[0].Values["statut"] == "tenu" {
				rows[0].Values["participants_agents"] = int64(11)
			}
		case "engagements":
			rows[len(rows)-1].Values["personnes"] = int64(41) // more than any first version says
			delete(rows[len(rows)-1].Values, "intention")
		case "projets":
			rows[0].Values["portage"] = "partage"
		}
	}
	return d
}

func copySheets(sheets []Sheet) []Sheet {
	copied := slices.Clone(sheets)
	for i := range copied {
		copied[i].Rows = slices.Clone(copied[i].Rows)
		for j := range copied[i].Rows {
			copied[i].Rows[j].Values = maps.Clone(copied[i].Rows[j].Values)
		}
	}
	return copied
}

// emitterDeliveries are the workbooks of the place's émetteurs: relations and principes alone.
func (p *place) emitterDeliveries() []Delivery {
	c := p.chance("émetteurs")
	var all []Delivery
	for _, emitter := range slices.Sorted(maps.Keys(p.answers)) {
		for _, m := range p.emitterMonths() {
			d := Delivery{
				Path:     fmt.Sprintf("%sréponses %s %s.xlsx", p.folder(), emitter, m),
				Received: arrival(c, m, 5, 16), Territoire: p.id, Periode: m.first(), Emetteur: emitter, form: form{untouched: true},
			}
			for _, table := range ingest.EmitterTables {
				rows := carriedRows(p.answers[emitter][table], m)
				d.Sheets = append(d.Sheets, Sheet{Table: table, Rows: rows, Nothing: len(rows) == 0})
			}
			all = append(all, d)
		}
	}
	return all
}
