package oracle

import (
	"fmt"
	"testing"

	"cairn/jobs/demo"
)

// The sixteen freins of hand_freins, whose median is 12 days and its limits 5 and 18: those lifted
// began on 2023-01-01, those still open as many days before the last one of the year.
func TestDelay(t *testing.T) {
	var freins []demo.Row
	for i, s := range subjectsOf("hand_freins") {
		v := values{"frein_id": fmt.Sprint("f", i), "categorie": "silos", "statut": "identifie"}
		if s.end == event {
			v["date_identification"], v["date_fin"], v["statut"] = utc("2023-01-01"), utc("2023-01-01").AddDate(0, 0, s.days), "leve"
		} else {
			v["date_identification"] = utc("2023-12-31").AddDate(0, 0, -s.days)
		}
		freins = append(freins, row(v))
	}
	freins[2].Values["date_identification"] = utc("2023-01-01") // giving up is no lifting
	freins[2].Values["date_fin"], freins[2].Values["statut"] = utc("2023-01-03"), "abandonne"
	freins[15].Values["categorie"] = "calendrier"
	got := Compute(world(sent("t", "2023-12", sheet("freins", freins...))), utc("2023-12"))
	expect(t, got, "C15", "t", "2023-12", "", "0.394251 [0.164271 0.591376] 10/16/0 -/- ok")
	// ten lifted, one abandoned, one open in the calendar
	expect(t, got, "C16", "t", "2023-12", "silos", "4 [- -] 16/16/0 -/- ok")
	expect(t, got, "C16", "t", "2023-12", "calendrier", "1 [- -] 16/16/0 -/- ok")
	expect(t, got, "C16", "t", "2023-12", "autre", "0 [- -] 16/16/0 -/- ok")

	got = Compute(world(sent("t", "2023-12", sheet("freins", freins[:8]...))), utc("2023-12"))
	expect(t, got, "C15", "t", "2023-12", "", "0.164271 [0.0328542 -] 6/8/0 -/- ok")
	got = Compute(world(sent("t", "2023-12", sheet("freins", freins[:6]...), sheet("attentes"))), utc("2023-12"))
	expect(t, got, "C15", "t", "2023-12", "", "0.0985626 [0.0328542 -] 5/6/0 -/- ok")
}

// A frein is open until the day it is closed on, whatever comes later.
func TestOpen(t *testing.T) {
	frein := row(values{"date_identification": utc("2024-01-10"), "date_fin": utc("2024-03-05"), "statut": "leve"})
	for _, c := range []struct {
		day  string
		open bool
	}{{"2024-01-09", false}, {"2024-01-10", true}, {"2024-03-04", true}, {"2024-03-05", false}} {
		if open := openOn(&frein, "date_identification", "leve", "abandonne", dayOf(utc(c.day))); open != c.open {
			t.Errorf("%s: open is %v", c.day, open)
		}
	}
	frein.Values["statut"] = "en_travail"
	if !openOn(&frein, "date_identification", "leve", "abandonne", dayOf(utc("2024-12-31"))) {
		t.Error("closed, though its statut is not")
	}
}

// Twelve attentes of 2024-01-01 seen until 2024-12-31: four satisfied and two given up within 182.6
// days, one satisfied after it. Nobody is censored before the horizon: F = 4/12.
func TestExpectations(t *testing.T) {
	var attentes []demo.Row
	for i := range 12 {
		attentes = append(attentes, row(values{"attente_id": fmt.Sprint("x", i), "statut": "exprimee", "date_expression": utc("2024-01-01")}))
	}
	for i, end := range []string{"2024-02-01", "2024-03-01", "2024-04-01", "2024-07-01", "2024-05-01", "2024-06-01", "2024-07-02"} {
		attentes[i].Values["date_fin"] = utc(end)
		attentes[i].Values["statut"] = "satisfaite"
		if i == 4 || i == 5 {
			attentes[i].Values["statut"] = "abandonnee"
		}
	}
	got := Compute(world(sent("t", "2024-12", sheet("attentes", attentes...))), utc("2024-12"))
	low, high := logLog(2./3, 1./3*2/3/12)
	expect(t, got, "C17", "t", "2024-12", "", fmt.Sprintf("0.333333 [%.6g %.6g] 12/12/0 -/- ok", 1-high, 1-low))
}
