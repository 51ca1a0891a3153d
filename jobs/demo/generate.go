package demo

import (
	"slices"
	"time"

	"cairn/ingest"
)

// MinMonths is the shortest demo: the stories need some room.
const MinMonths = 6

// lastMonth is the last month of every demo.
var lastMonth = monthOf(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))

// Generate makes the programme whose last month is October 2026. It has MinMonths at least.
//
// In order, for each territory: the actors; the dialogues; the repères and the deliberation; the projects
// with their resources, effects and celebrations; the engagements; the freins and attentes (which
// cite dialogues); the relations; the answers on the principles. Then the workbooks that tell all
// this, month after month, with their versions and arrival; then the faults; then the files that
// are to be rejected. Each step draws from a source of chance of its own.
func Generate(seed uint64, months int) *World {
	months = max(months, MinMonths)
	w := &World{Seed: seed, Last: lastMonth.first(), Months: months}
	var places []*place
	for _, profile := range profiles {
		p := newPlace(seed, profile, lastMonth-month(months)+1, lastMonth)
		if p.joins > 0 && months >= 12 {
			p.start += month(p.joins)
		}
		p.skipMonths()
		p.addActors()
		p.addDialogues()
		p.addMilestones()
		p.addProjects()
		p.addCommitments()
		p.addObstacles()
		p.addRelations()
		p.addPrinciples()
		places = append(places, p)
		w.Territories = append(w.Territories, p.territory())
		w.Deliveries = append(w.Deliveries, p.deliveries()...)
	}
	injure(w, places)
	w.Deliveries = append(w.Deliveries, rejected(w, places)...)
	putInOrder(w.Deliveries)
	grade(w.Deliveries)
	return w
}

// grade says how grave the finding is that each fault gives rise to.
func grade(all []Delivery) {
	for _, d := range all {
		for i := range d.Faults {
			if f := &d.Faults[i]; f.Rule != "" {
				f.Severity = string(ingest.RuleNamed(f.Rule).Severity)
			}
		}
	}
}

// putInOrder sorts the deliveries by reception and makes their times distinct.
func putInOrder(all []Delivery) {
	slices.SortStableFunc(all, func(a, b Delivery) int { return a.Received.Compare(b.Received) })
	for i := 1; i < len(all); i++ {
		if !all[i].Received.After(all[i-1].Received) {
			all[i].Received = all[i-1].Received.Add(time.Second)
		}
	}
}
