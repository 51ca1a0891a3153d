package oracle

import (
	"testing"
	"time"

	"cairn/jobs/demo"
)

// The first version of a month has three rows of 3, 3 and 4 cells. In the second one a cell of the
// first row has changed and another is new, the second row is gone, and a fourth is new.
func TestRevision(t *testing.T) {
	answer := func(axe, day string, note any) demo.Row {
		return row(values{"repondant": "r", "axe": axe, "date_reponse": utc(day), "note": note})
	}
	party := row(values{"celebration_id": "c1", "date": utc("2024-01-02"), "intitule": "Fête"})
	again := row(values{"celebration_id": "c1", "date": utc("2024-01-03"), "intitule": "Fête", "participants": int64(4)})
	first := sent("t", "2024-01", sheet("celebrations", party), sheet("principes", answer("A.1", "2024-01-05", nil), answer("A.1", "2024-01-06", demo.NSP)))
	second := sent("t", "2024-01", sheet("celebrations", again), sheet("principes", answer("A.1", "2024-01-06", demo.NSP), answer("A.2", "2024-01-06", int64(2))))
	second.Received = second.Received.Add(time.Hour)
	got := Compute(world(first, sent("t", "2024-02"), second), utc("2024-03"))
	expect(t, got, "Q04", "t", "2024-01", "", "0.4 [- -] 3/3/0 4/10 ok")
	expect(t, got, "Q04", "t", "2024-02", "", "- [- -] 0/0/0 -/- donnees_absentes")
	expect(t, got, "Q04", "t", "2024-03", "", "- [- -] 0/0/0 -/- donnees_absentes")

	// the earlier bytes again: nothing differs any more
	back := first
	back.Received = second.Received.Add(time.Hour)
	got = Compute(world(first, second, back), utc("2024-01"))
	expect(t, got, "Q04", "t", "2024-01", "", "0 [- -] 3/3/0 0/10 ok")
	expect(t, Compute(world(first), utc("2024-01")), "Q04", "t", "2024-01", "", "0 [- -] 3/3/0 0/10 ok")
}

func TestErrors(t *testing.T) {
	d := sent("t", "2024-01", sheet("celebrations",
		demo.Row{Aside: true, Values: values{"celebration_id": "c1", "intitule": "Fête"}, Bad: map[string]string{"date": "hier"}},
		row(values{"celebration_id": "c2", "date": utc("2024-01-02"), "intitule": "Fête", "participants": demo.NSP, "dans_le_recit": nil}),
		row(values{"celebration_id": "c3", "retire": true}),
		demo.Row{Aside: true, Total: true, Values: values{"celebration_id": "Total", "participants": int64(9)}}))
	d.Faults = []demo.Fault{
		{Table: "celebrations", Cell: "B2", Rule: "date_illisible", Severity: "erreur"},
		{Table: "celebrations", Cell: "A5", Rule: "ligne_total", Severity: "note"},
		{Table: "effets", Rule: "feuille_absente", Severity: "erreur"},
		{Kind: "version_corrigee"},
	}
	got := Compute(world(d), utc("2024-01"))
	// two errors, one of a sheet that is gone; nine cells in three rows
	expect(t, got, "Q05", "t", "2024-01", "", "22.2222 [- -] 3/3/0 -/- ok")
	d.Faults = nil
	expect(t, Compute(world(d), utc("2024-01")), "Q05", "t", "2024-01", "", "0 [- -] 3/3/0 -/- ok")
	d.Sheets = []demo.Sheet{sheet("celebrations", row(values{}))}
	expect(t, Compute(world(d), utc("2024-01")), "Q05", "t", "2024-01", "", "- [- -] 1/1/0 -/- non_defini")
}
