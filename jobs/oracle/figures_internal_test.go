package oracle

import (
	"fmt"
	"math"
	"testing"
	"time"

	"cairn/jobs/demo"
)

// Twelve freins of 2023-01-01 seen until 2024-12-31: 3 lifted within a year, 2 abandoned, 1 lifted
// after it, 6 open. By day order lifted, abandoned, lifted, abandoned, lifted nobody is censored
// before the horizon: F = 3/12.
func TestBrakesLifted(t *testing.T) {
	var freins []demo.Row
	for i := range 12 {
		freins = append(freins, row(values{"frein_id": fmt.Sprint("f", i), "exprime_par": "elus", "categorie": "silos",
			"date_identification": utc("2023-01-01"), "statut": "identifie"}))
	}
	for i, end := range []string{"2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01", "2023-06-01", "2024-06-01"} {
		freins[i].Values["statut"] = []string{"leve", "abandonne"}[i%2]
		freins[i].Values["date_fin"] = utc(end)
	}
	freins[5].Values["statut"] = "leve"
	freins[6].Values["date_fin"] = utc("2023-02-01") // open all the same: its statut says so
	freins[7].Values["statut"] = "leve"
	freins[7].Bad = map[string]string{"date_fin": "bientôt"} // no end is known
	w := world(append(months("t", "2023-01", 23), sent("t", "2024-12", sheet("freins", freins...)))...)
	got := Compute(w, utc("2025-01"))
	// nobody is censored: the variance is F(1−F)/12, as of a plain share
	low, high := logLog(0.75, 0.25*0.75/12)
	expect(t, got, "C14", "t", "2024-12", "", fmt.Sprintf("0.25 [%.6g %.6g] 12/12/0 -/- ok", 1-high, 1-low))
	expect(t, got, "C14", "t", "2024-11", "", "- [- -] 0/0/0 -/- donnees_absentes")
	expect(t, got, "C14", "t", "2025-01", "", fmt.Sprintf("0.25 [%.6g %.6g] 12/12/0 -/- ok", 1-high, 1-low))

	// told a year earlier, all that comes after 2023-12-31 is still open, and 7 are seen for 364 days only
	w = world(sent("t", "2023-12", sheet("freins", freins...)))
	expect(t, Compute(w, utc("2023-12")), "C14", "t", "2023-12", "", "- [- -] 12/12/0 -/- effectif_insuffisant")
	// an earlier valid row stands, and what is withdrawn is gone from its month on
	broken := row(values{"frein_id": "f0"})
	broken.Aside = true
	w = world(sent("t", "2024-11", sheet("freins", freins...)), sent("t", "2024-12",
		sheet("freins", broken, row(values{"frein_id": "f11", "retire": true}))))
	got = Compute(w, utc("2024-12"))
	for periode, n := range map[string]int{"2024-11": 12, "2024-12": 11} {
		if f := got[Key{"C14", "t", periode, ""}]; f.Effectif != n || f.Statut != "ok" {
			t.Errorf("%s: %+v", periode, f)
		}
	}
}

func TestNoBrakeLifted(t *testing.T) {
	var freins []demo.Row
	for i := range 10 {
		freins = append(freins, row(values{"frein_id": fmt.Sprint("f", i), "statut": "en_travail", "date_identification": utc("2022-01-01")}))
	}
	w := world(sent("t", "2023-12", sheet("freins", freins...)))
	// Wilson's lower bound of 10 of 10 is 10/(10+z²) = 0.722467
	expect(t, Compute(w, utc("2023-12")), "C14", "t", "2023-12", "", "0 [0 0.277533] 10/10/0 -/- ok")
	for i := range freins {
		freins[i].Values["statut"], freins[i].Values["date_fin"] = "leve", utc("2022-03-01")
	}
	expect(t, Compute(w, utc("2023-12")), "C14", "t", "2023-12", "", "1 [- -] 10/10/0 -/- ok")
}

// Of seven actors engaged on 2023-01-31 one is another's new name: six. Two of them have stopped
// by 2024-01-31.
func TestLoyalty(t *testing.T) {
	merged := actor("a1", "socio_economique", "scop")
	merged.Values["remplace_par"] = "a2"
	rows := []demo.Row{
		engagement("e1", "a1", "benevole", "2022-05-01", nil),
		engagement("e2", "a2", "benevole", "2022-05-01", values{"date_fin": utc("2023-01-01")}),
		engagement("e3", "a3", "benevole", "2022-05-01", values{"date_fin": utc("2024-01-31")}),        // not on its last day
		engagement("e4", "a4", "benevole", "2022-05-01", values{"date_fin_prevue": utc("2023-06-01")}), // ends as expected
		engagement("e5", "a5", "benevole", "2022-05-01", values{"date_fin_prevue": utc("2023-06-01"), "date_fin": utc("2024-02-01")}),
		engagement("e6", "a6", "benevole", "2023-01-31", nil),
		engagement("e7", "a7", "benevole", "2022-05-01", values{"date_fin_prevue": demo.NSP}),
		engagement("e8", "a8", "benevole", "2023-02-01", nil),
	}
	rows = append(rows, engagement("e9", "a2", "benevole", "2023-01-15", nil))
	w := world(sent("t", "2024-01", sheet("acteurs", merged, actor("a2", "socio_economique", "scop")), sheet("engagements", rows...)))
	got := Compute(w, utc("2024-01"))
	expect(t, got, "E02", "t", "2024-01", "", "0.666667 [0.666667 0.666667] 6/6/0 4/6 ok")
	expect(t, got, "E01", "t", "2024-01", "", "5 [- -] 9/9/0 -/- ok")
}

func TestPublicEngagement(t *testing.T) {
	sheets := []demo.Sheet{sheet("acteurs", actor("m", "elus", "collectivite"), actor("s", "socio_economique", "scic"))}
	var rows []demo.Row
	for i := range 10 {
		rows = append(rows, engagement(fmt.Sprint("e", i), "m", "financier", "2021-01-01", nil))
	}
	rows[0].Values["date_fin"], rows[0].Values["motif_fin"] = utc("2021-06-01"), "desaccord"
	rows[1].Values["date_fin"], rows[1].Values["motif_fin"] = utc("2021-07-01"), "terme_atteint" // censored
	rows[2].Values["date_fin_prevue"] = utc("2021-08-01")                                        // censored
	rows[3].Values["date_fin"], rows[3].Values["motif_fin"] = utc("2022-01-01"), "fin_de_mandat"
	rows[4].Values["date_fin"], rows[4].Values["motif_fin"] = utc("2024-02-01"), "desaccord" // not yet
	rows[5].Values["envers"] = "s"
	rows = append(rows,
		engagement("v", "m", "benevole", "2021-01-01", nil),
		engagement("w", "s", "financier", "2021-01-01", nil))
	w := world(sent("t", "2023-12", append(sheets, sheet("engagements", rows...))...))
	got := Compute(w, utc("2023-12"))
	// S = 9/10 · 6/7, Greenwood's sum 1/90 + 1/42
	s := 0.9 * 6 / 7
	low, high := logLog(s, s*s*(1./90+1./42))
	expect(t, got, "E04", "t", "2023-12", "tous", fmt.Sprintf("0.771429 [%.6g %.6g] 10/10/0 -/- ok", low, high))
	expect(t, got, "E04", "t", "2023-12", "scic", "- [- -] 1/1/0 -/- effectif_insuffisant")
}

func TestResources(t *testing.T) {
	resource := func(id, project, day, nature, provenance string, amount any) demo.Row {
		field := "montant_eur"
		if nature == "benevolat" {
			field = "heures"
		}
		return row(values{"ressource_id": id, "projet_id": project, "date": utc(day), "nature": nature, "provenance": provenance, field: amount})
	}
	rows := []demo.Row{
		resource("r1", "p1", "2024-10-01", "marche", "publique", 1000.0),
		resource("r2", "p2", "2024-10-01", "subvention", "publique", 500.0),
		resource("r3", "p2", "2024-10-01", "mise_a_disposition", "publique", 500.0),
		resource("r4", "p3", "2024-10-01", "mise_a_disposition", "privee", 53.5),
		resource("r5", "p3", "2024-10-31", "benevolat", "citoyenne", 10.0), // at 11.65: 116.50
		resource("r6", "p3", "2024-11-01", "benevolat", "citoyenne", 2.5),  // at 11.88: 29.70
		resource("r7", "p4", "2024-11-01", "don", "privee", demo.NC),
		resource("r8", "p5", "2023-12-31", "don", "privee", 9999.0), // before 12m
		resource("r9", "p5", "2025-01-01", "don", "privee", 9999.0), // after
	}
	w := world(sent("t", "2024-12", sheet("ressources", rows...)))
	got := Compute(w, utc("2024-12"))
	h := func(parts ...float64) string {
		total, sum := 0.0, 0.0
		for _, v := range parts {
			total += v
		}
		for _, v := range parts {
			sum -= v / total * math.Log(v/total)
		}
		return fmt.Sprintf("%.6g", sum/math.Log(3))
	}
	expect(t, got, "V07", "t", "2024-12", "avec_benevolat", h(1000, 1000, 199.7)+" [- -] 3/7/1 -/- ok")
	expect(t, got, "V07", "t", "2024-12", "sans_benevolat", h(1000, 1000, 53.5)+" [- -] 3/5/1 -/- ok")
	for i := range rows {
		delete(rows[i].Values, "heures")
		rows[i].Values["montant_eur"] = int64(0)
	}
	got = Compute(w, utc("2024-12"))
	expect(t, got, "V07", "t", "2024-12", "sans_benevolat", "- [- -] 4/5/0 -/- non_defini")
}

func TestEffects(t *testing.T) {
	effect := func(id, day, sens, proof string) demo.Row {
		return row(values{"effet_id": id, "date_constat": utc(day), "sens": sens, "niveau_preuve": proof})
	}
	deliveries := months("t", "2024-01", 12, "effets")
	deliveries[2].Sheets[0].Rows = []demo.Row{effect("x1", "2024-02-10", "positif", "mesure"), effect("x2", "2024-03-10", "positif", "declaratif")}
	deliveries[11].Sheets[0].Rows = []demo.Row{effect("x2", "2024-03-11", "positif", "verifie"), effect("x3", "2024-01-10", "positif", "observe")}
	got := Compute(world(deliveries...), utc("2024-12"))
	expect(t, got, "V01", "t", "2024-12", "positif", "3 [- -] 3/3/0 -/- ok")
	expect(t, got, "V01", "t", "2024-12", "negatif", "0 [- -] 3/3/0 -/- ok")
	expect(t, got, "V01", "t", "2024-11", "positif", "- [- -] 3/3/0 -/- non_defini")
	expect(t, got, "V04", "t", "2024-12", "", "- [- -] 3/3/0 2/3 effectif_insuffisant")
	expect(t, got, "V01", "*", "2024-11", "positif", "- [- -] 0/0/0 -/- donnees_absentes")
	expect(t, got, "V01", "*", "2024-12", "positif", "- [- -] 3/3/0 -/- effectif_insuffisant")

	deliveries[5].Sheets, deliveries[6].Sheets, deliveries[7].Sheets = nil, nil, nil
	expect(t, Compute(world(deliveries...), utc("2024-12")), "V01", "t", "2024-12", "positif", "3 [- -] 3/3/0 -/- ok")
	deliveries[8].Rejected = true
	expect(t, Compute(world(deliveries...), utc("2024-12")), "V01", "t", "2024-12", "positif", "- [- -] 3/3/0 -/- donnees_absentes")

	// withdrawn in June: gone from June on
	deliveries = months("t", "2024-01", 12, "effets")
	deliveries[0].Sheets[0].Rows = []demo.Row{effect("x1", "2024-01-10", "positif", "mesure")}
	deliveries[5].Sheets[0].Rows = []demo.Row{row(values{"effet_id": "x1", "retire": true})}
	got = Compute(world(deliveries...), utc("2024-12"))
	expect(t, got, "V01", "t", "2024-05", "positif", "- [- -] 1/1/0 -/- non_defini")
	expect(t, got, "V01", "t", "2024-06", "positif", "- [- -] 0/0/0 -/- donnees_absentes")
}

func TestDisagreementsAndPrinciples(t *testing.T) {
	dialogue := func(id, statut string, worked, expressed any) demo.Row {
		return row(values{"dialogue_id": id, "date": utc("2024-01-10"), "statut": statut,
			"desaccords_travailles": worked, "desaccords_exprimes": expressed})
	}
	var scores []demo.Row
	score := func(who, axe string, note any) {
		scores = append(scores, row(values{"repondant": who, "axe": axe, "date_reponse": utc("2024-01-10"), "note": note}))
	}
	for i, note := range []int64{1, 2, 2, 3, 3, 3, 4, 4, 5} { // one peak: A = 0.2777…
		score(fmt.Sprint("r", i), "P2.1", note)
	}
	score("r9", "P2.1", nil)
	score("r9", "A.1", int64(5))
	w := world(sent("t", "2024-01", sheet("principes", scores...), sheet("dialogues",
		dialogue("d1", "tenu", int64(2), int64(3)), dialogue("d2", "tenu", int64(1), int64(3)),
		dialogue("d3", "tenu", nil, int64(9)), dialogue("d4", "annule", int64(9), int64(9)))))
	got := Compute(w, utc("2024-01"))
	expect(t, got, "C13", "t", "2024-01", "", "0.5 [0.187616 0.812384] 6/3/1 3/6 ok")
	expect(t, got, "C10", "t", "2024-01", "P2", "- [- -] 9/10/1 -/- effectif_insuffisant")
	expect(t, got, "C10", "t", "2024-01", "A", "- [- -] 1/1/0 -/- effectif_insuffisant")
	expect(t, got, "C10", "t", "2024-01", "P0", "- [- -] 0/0/0 -/- donnees_absentes")
	for i, r := range scores[:9] { // a second axis, by nine others: 18 notes of the same shape
		score(fmt.Sprint("s", i), "P2.10", r.Values["note"])
	}
	w.Deliveries[0].Sheets[0].Rows = scores
	w.Deliveries[0].Sheets[1].Rows = []demo.Row{dialogue("d1", "tenu", int64(0), int64(0))}
	got = Compute(w, utc("2024-01"))
	expect(t, got, "C10", "t", "2024-01", "P2", "0.277778 [- -] 18/19/1 -/- ok")
	expect(t, got, "C13", "t", "2024-01", "", "- [- -] 0/1/0 -/- donnees_absentes")
}

func TestQuality(t *testing.T) {
	total := demo.Row{Aside: true, Total: true, Values: values{"celebration_id": "Total"}}
	first := sent("t", "2024-01", sheet("celebrations",
		row(values{"celebration_id": "c1", "date": utc("2024-01-02"), "intitule": demo.NC}),                   // 3 of 3
		demo.Row{Aside: true, Values: values{"celebration_id": "c2"}, Bad: map[string]string{"date": "hier"}}, // 2 of 3
		row(values{"celebration_id": "c3", "retire": true}),                                                   // 1 of 1
		total))
	first.Received = time.Date(2024, 2, 10, 23, 30, 0, 0, time.UTC) // the 11th in Paris
	again := first
	again.Received = first.Received.AddDate(0, 1, 0)
	w := world(first, again, sent("t", "2024-04"))
	w.Territories[0]["date_entree"], w.Territories[0]["date_sortie"] = "2023-12-15", "2024-05-20"
	got := Compute(w, utc("2025-06"))
	expect(t, got, "Q01", "t", "2024-01", "", "0.857143 [- -] 3/3/0 6/7 ok")
	expect(t, got, "Q01", "t", "2024-02", "", "- [- -] 0/0/0 -/- donnees_absentes")
	expect(t, got, "Q01", "t", "2024-04", "", "- [- -] 0/0/0 -/- donnees_absentes")
	expect(t, got, "Q02", "t", "2024-01", "", "1 [- -] 1/1/0 -/- ok")
	expect(t, got, "Q02", "t", "2024-02", "", "- [- -] 0/0/0 -/- donnees_absentes")
	expect(t, got, "Q02", "t", "2024-04", "", "0 [- -] 1/1/0 -/- ok")
	expect(t, got, "Q03", "t", "2024-04", "", "0.4 [- -] 5/5/0 2/5 ok") // December … April
	expect(t, got, "Q03", "t", "2024-12", "", "0.4 [- -] 5/5/0 2/5 ok") // January … May
	expect(t, got, "Q03", "t", "2025-04", "", "0 [- -] 1/1/0 0/1 ok")   // May
	expect(t, got, "Q03", "t", "2025-05", "", "- [- -] 0/0/0 -/- donnees_absentes")
}
