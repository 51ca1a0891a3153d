package oracle

import (
	"testing"

	"cairn/jobs/demo"
)

func TestDialogues(t *testing.T) {
	dialogue := func(id, statut string, more values) demo.Row {
		v := values{"dialogue_id": id, "date": utc("2024-01-10"), "statut": statut}
		for k, x := range more {
			v[k] = x
		}
		return row(v)
	}
	came := func(elus, agents, etat, socio, citoyens any) values {
		return values{"participants_elus": elus, "participants_agents": agents, "participants_etat": etat,
			"participants_socio_economiques": socio, "participants_citoyens": citoyens,
			"decisions_prises": int64(3), "decisions_partagees": int64(1)}
	}
	first := sheet("dialogues",
		dialogue("d1", "tenu", came(int64(5), int64(4), int64(0), int64(3), int64(4))),
		dialogue("d2", "tenu", came(int64(3), int64(2), int64(2), int64(1), int64(0))),
		dialogue("d3", "tenu", came(int64(9), int64(9), int64(9), int64(9), nil)), // without the citizens: C19 alone
		dialogue("d4", "annule", values{"motif_non_tenue": "calendrier"}),
		dialogue("d5", "reporte", values{"motif_non_tenue": demo.NSP}),
		dialogue("d6", "reporte", values{"motif_non_tenue": "autre"}))
	deliveries := months("t", "2024-01", 12, "dialogues")
	deliveries[0].Sheets[0] = first
	got := Compute(world(deliveries...), utc("2024-12"))
	expect(t, got, "E08", "t", "2024-12", "", "0.5 [0.187616 0.812384] 6/6/0 3/6 ok")
	expect(t, got, "E09", "t", "2024-12", "calendrier", "1 [- -] 6/6/1 -/- ok")
	expect(t, got, "E09", "t", "2024-12", "tensions_majorite", "0 [- -] 6/6/1 -/- ok")
	expect(t, got, "E09", "t", "2024-11", "autre", "- [- -] 6/6/1 -/- non_defini")
	expect(t, got, "C18", "t", "2024-12", "", "0.333333 [0.120584 0.645798] 9/3/0 3/9 ok")
	// 17 15 11 13 of 56
	expect(t, got, "C19", "t", "2024-12", "", "0.990734 [- -] 56/3/0 -/- ok")
	expect(t, got, "E10", "t", "2024-12", "", "0.166667 [0.0667868 0.358531] 24/3/1 4/24 ok")
}

// Nobody came: there are rows, and too few people in them.
func TestNobodyCame(t *testing.T) {
	empty := row(values{"dialogue_id": "d1", "date": utc("2024-01-10"), "statut": "tenu"})
	for _, field := range append([]string{citizens}, seats...) {
		empty.Values[field] = int64(0)
	}
	got := Compute(world(sent("t", "2024-01", sheet("dialogues", empty))), utc("2024-01"))
	expect(t, got, "C19", "t", "2024-01", "", "- [- -] 0/1/0 -/- effectif_insuffisant")
	expect(t, got, "E10", "t", "2024-01", "", "- [- -] 0/1/0 0/0 effectif_insuffisant")
	expect(t, got, "C18", "t", "2024-01", "", "- [- -] 0/1/1 0/0 effectif_insuffisant")
	expect(t, got, "C13", "t", "2024-01", "", "- [- -] 0/1/1 -/- donnees_absentes")
}

func TestPrinciplesByGroup(t *testing.T) {
	var scores []demo.Row
	for group, notes := range map[string][]int64{
		"elus": {1, 2, 2, 3, 3, 3, 4, 4}, "socio_economique": {2, 3, 3, 4, 4, 4}, "agents": {3, 3, 3, 3, 3},
	} {
		for i, note := range notes {
			scores = append(scores, row(values{"repondant": group + string(rune('a'+i)), "groupe_pairs": group,
				"axe": "P2.3", "date_reponse": utc("2024-01-10"), "note": note}))
		}
	}
	scores = append(scores, row(values{"repondant": "elusa", "groupe_pairs": "elus", "axe": "P2.4", "date_reponse": utc("2024-01-10"), "note": demo.NSP}))
	got := Compute(world(sent("t", "2024-01", sheet("principes", scores...))), utc("2024-01"))
	expect(t, got, "C11", "t", "2024-01", "", "0.333333 [- -] 6/15/1 -/- ok")
	// of forty pairs, ten with the elus above and fifteen below
	expect(t, got, "C12", "t", "2024-01", "", "0.125 [- -] 5/14/1 -/- ok")
	// nineteen notes 1 2 2 2 3…: ten of 3, four below: 2.5 + (9.5 − 4)/10
	expect(t, got, "C22", "t", "2024-01", "P2", "3.05 [- -] 19/20/1 -/- ok")
	expect(t, got, "C22", "t", "2024-01", "A", "- [- -] 0/0/0 -/- donnees_absentes")
}
