package oracle

import (
	"fmt"
	"math"
	"testing"

	"cairn/jobs/demo"
)

func TestProjects(t *testing.T) {
	project := func(id, statut, portage string, more values) demo.Row {
		v := values{"projet_id": id, "statut": statut, "portage": portage}
		for k, x := range more {
			v[k] = x
		}
		return row(v)
	}
	done := func(end string) values { return values{"date_fin": utc(end), "a_partir_des_habitants": true} }
	asked := func(said any, object string) values {
		return values{"autonomie_financiere_attendue": true, "autonomie_dite": said, "objet": object}
	}
	projets := sheet("projets",
		project("p1", "abouti", "partage", done("2022-12-31")), // before the 24 months
		project("p2", "abouti", "partage", done("2023-01-01")),
		project("p3", "abouti", "delegue", done("2024-12-31")),
		project("p4", "abouti", "partage", done("2024-06-01")),
		project("p5", "abouti", "partage", done("2024-06-01")),
		project("p6", "abouti", "partage", done("2024-06-01")),
		project("p7", "arrete", "partage", done("2024-06-01")),
		project("p8", "en_cours", "partage", asked(true, "lieu")),
		project("p9", "en_cours", "acteurs_seuls", asked(false, "lieu")),
		project("p10", "en_cours", "partage", asked(true, "service")),
		project("p11", "en_cours", "partage", asked(demo.NSP, "service")),
		project("p12", "en_cours", "partage", values{"autonomie_financiere_attendue": false, "autonomie_dite": true}),
		project("p13", "idee", "partage", asked(true, "lieu")))
	party := func(id, project, day string) demo.Row {
		return row(values{"celebration_id": id, "projet_id": project, "date": utc(day)})
	}
	deliveries := []demo.Delivery{
		sent("t", "2021-05", sheet("celebrations", party("k1", "p2", "2021-05-08"))), // long before its end
		sent("t", "2024-12", projets, sheet("celebrations", party("k2", "p4", "2024-12-31"), party("k3", "p5", "2024-07-01"), party("k4", "p1", "2023-01-01"))),
		sent("t", "2025-01", sheet("celebrations", party("k5", "p3", "2025-01-01"), party("k6", "p6", "2024-12-20"),
			row(values{"celebration_id": "k3", "retire": true}))),
	}
	got := Compute(world(deliveries...), utc("2025-01"))
	expect(t, got, "C20", "t", "2024-12", "", "0.818182 [0.818182 0.818182] 11/11/0 9/11 ok")
	low, high := wilsonFinite(6, 6, 11)
	expect(t, got, "V14", "t", "2024-12", "", fmt.Sprintf("1 [%.6g %.6g] 6/11/5 6/6 ok", low, high))
	low, high = wilsonFinite(2, 3, 4)
	expect(t, got, "V13", "t", "2024-12", "tous", fmt.Sprintf("0.666667 [%.6g %.6g] 3/4/1 2/3 ok", low, high))
	expect(t, got, "V13", "t", "2024-12", "lieu", "- [- -] 2/2/0 1/2 effectif_insuffisant")
	// p2 to p6; p2, p4, p5 and, told late, p6 were celebrated; p3 the day after
	expect(t, got, "E14", "t", "2024-12", "", "0.8 [0.8 0.8] 5/5/0 4/5 ok")
	// p2 is too old; p3 has been celebrated, and p5 has not any more
	expect(t, got, "E14", "t", "2025-01", "", "- [- -] 4/4/0 3/4 effectif_insuffisant")
}

func TestKindsOfEffects(t *testing.T) {
	effect := func(id, project, sens, proof, domaine string, more values) demo.Row {
		v := values{"effet_id": id, "projet_id": project, "date_constat": utc("2024-01-10"), "sens": sens,
			"niveau_preuve": proof, "domaine": domaine, "anticipe": true, "horizon": "court"}
		for k, x := range more {
			v[k] = x
		}
		return row(v)
	}
	deliveries := months("t", "2024-01", 12, "effets")
	deliveries[0].Sheets[0].Rows = []demo.Row{
		effect("x1", "p1", "positif", "mesure", "social", values{"beneficiaires": int64(30), "importance": int64(5), "echelle": "commune"}),
		effect("x2", "p1", "negatif", "verifie", "social", values{"beneficiaires": int64(99), "anticipe": false, "echelle": "commune"}),
		effect("x3", "p2", "positif", "verifie", "social", values{"beneficiaires": int64(12), "importance": demo.NSP, "echelle": "quartier"}),
		effect("x4", "p3", "positif", "mesure", "culturel", values{"beneficiaires": demo.NSP, "horizon": "long", "echelle": "au_dela"}),
		effect("x5", "p4", "positif", "declaratif", "economique", values{"beneficiaires": int64(500), "echelle": "commune"}),
		effect("x6", "p5", "positif", "observe", "social", values{"horizon": "moyen", "importance": int64(1)}),
	}
	got := Compute(world(deliveries...), utc("2024-12"))
	expect(t, got, "V02", "t", "2024-12", "", "0.2 [0.0362241 0.624465] 5/5/0 1/5 ok")
	sixth := "0.166667 [0.0300534 0.56350"
	expect(t, got, "V03", "t", "2024-12", "", sixth+"3] 6/6/0 1/6 ok")
	expect(t, got, "V05", "t", "2024-12", "", sixth+"3] 6/6/0 1/6 ok")
	expect(t, got, "V12", "t", "2024-12", "", "0.333333 [0.0967714 0.700007] 6/6/0 2/6 ok")
	hill := math.Exp(-3./5*math.Log(3./5) - 2*1./5*math.Log(1./5))
	expect(t, got, "V06", "t", "2024-12", "", fmt.Sprintf("%.6g [- -] 5/6/1 -/- ok", hill))
	expect(t, got, "V10", "t", "2024-12", "", "42 [- -] 2/3/1 -/- ok")
	expect(t, got, "V10", "t", "2024-11", "", "- [- -] 2/3/1 -/- non_defini")
	even := -(3./5*math.Log(3./5) + 2*1./5*math.Log(1./5)) / math.Log(5)
	expect(t, got, "V11", "t", "2024-12", "", fmt.Sprintf("%.6g [- -] 5/5/0 -/- ok", even))
}

func TestMoneyAndHours(t *testing.T) {
	resource := func(id, project, nature string, amount any) demo.Row {
		field := "montant_eur"
		if nature == "benevolat" {
			field = "heures"
		}
		return row(values{"ressource_id": id, "projet_id": project, "date": utc("2024-01-10"), "nature": nature, "provenance": "privee", field: amount})
	}
	deliveries := months("t", "2024-01", 12, "ressources")
	deliveries[0].Sheets[0].Rows = []demo.Row{
		resource("r1", "p1", "marche", 250.1), resource("r2", "p2", "don", 500.2), resource("r3", "p3", "marche", 249.7),
		resource("r4", "p4", "don", demo.NSP),
		resource("r5", "p1", "benevolat", 0.1), resource("r6", "p1", "benevolat", 0.2), resource("r7", "p1", "benevolat", nil),
	}
	got := Compute(world(deliveries...), utc("2024-12"))
	expect(t, got, "V08", "t", "2024-12", "", "0.5002 [- -] 3/4/1 -/- ok")
	expect(t, got, "V09", "t", "2024-12", "", "0.3 [- -] 2/3/1 -/- ok")
	if f := got[Key{"V09", "t", "2024-12", ""}]; f.Valeur == nil || *f.Valeur != 0.3 {
		t.Error("hours are added up as binary fractions")
	}
	deliveries[0].Sheets[0].Rows = deliveries[0].Sheets[0].Rows[6:]
	got = Compute(world(deliveries...), utc("2024-12"))
	expect(t, got, "V09", "t", "2024-12", "", "- [- -] 0/1/1 -/- effectif_insuffisant")
	expect(t, got, "V08", "t", "2024-12", "", "- [- -] 0/0/0 -/- donnees_absentes")
}
