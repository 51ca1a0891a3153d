package ingest

import (
	"fmt"
	"testing"
)

// BenchmarkParse reads a territory's busy month: some 300 rows over six sheets.
func BenchmarkParse(b *testing.B) {
	book := blankBook(b)
	book.deflated = true
	for i := range 50 {
		id := func(letter string) string { return fmt.Sprintf("%s%d", letter, i) }
		book.add("acteurs", set{"acteur_id": id("a"), "siren": "732829320", "secteur": "Mobilité", "part_publique_capital": percent(0.35)})
		book.add("relations", set{"partenaire": id("a"), "confiance": 3, "clarte_intention": 4, "cadre": "Subvention"})
		book.add("dialogues", set{"dialogue_id": id("d"), "duree_heures": "2,5", "participants_elus": 6, "desaccords_exprimes": 3, "desaccords_travailles": 2})
		book.add("engagements", set{"engagement_id": id("g"), "reconnu": "oui", "personnes": 3, "intention": "Parce que cela compte."})
		book.add("ressources", set{"ressource_id": id("r"), "montant_eur": "1 234,56 €"})
		book.add("principes", set{"repondant": id("p"), "note": 4})
	}
	data := book.xlsx()
	cells := 0
	for _, sheet := range book.sheets {
		for _, row := range sheet.rows {
			for _, value := range row {
				if value != nil {
					cells++
				}
			}
		}
	}
	if sub := Parse(book.model, data); sub.Rejected || len(sub.Findings) > 0 {
		b.Fatalf("findings: %v", sub.Findings)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(book.model, data)
	}
	b.ReportMetric(float64(cells)*float64(b.N)/b.Elapsed().Seconds(), "cells/s")
}

func BenchmarkFold(b *testing.B) {
	for name, text := range map[string]string{
		"code":  "societe_commerciale_ess",
		"title": "Contraintes prises en charge (1 à 5)",
		"label": "Société coopérative d’intérêt collectif (SCIC)",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Fold(text)
			}
		})
	}
}
