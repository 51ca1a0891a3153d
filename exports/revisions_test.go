package exports

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/indicators"
	"cairn/ingest"
)

func figureWith(value float64) Figure {
	return Figure{Value: sql.Null[float64]{V: value, Valid: true}, Statut: "ok"}
}

// « Historique » has the territory's revisions and the programme's, in words and in the unit of each figure.
func TestHistory(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := indicators.Catalogue(m)
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)
	september := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	late := Cause{Kind: LateFile, Territory: "valbrune", Period: september, Version: 1, Day: day}
	corrected := Cause{Kind: CorrectedCell, Territory: "arlenthe", Period: september, Version: 2, Day: day, Places: []string{"Dialogues!D2", "Dialogues, ligne 7 ajoutée"}}
	r := Release{Period: october, Revisions: Revisions{Period: september, Version: 1, Rows: []Revision{
		{FigureKey{"E08", "*", "2026-09", ""}, figureWith(0.5), figureWith(0.6), []Cause{corrected, late}},
		{FigureKey{"E08", "arlenthe", "2026-09", ""}, figureWith(0.5), Figure{Statut: "effectif_insuffisant"}, []Cause{corrected}},
		{FigureKey{"E08", "valbrune", "2026-09", ""}, figureWith(0.5), figureWith(0.7), []Cause{late}},
	}}}
	p := &place{base: &base{model: m, release: r, catalogue: catalogue}, territory: "arlenthe", name: "Arlenthe"}
	var s sheet
	if err := fillHistory(t.Context(), p, nil, &s); err != nil {
		t.Fatal(err)
	}
	want := [][]any{
		{september, "E08", "Dialogues tenus", "Programme", "ensemble", formatted{0.5, percentFormat}, formatted{0.6, percentFormat}, "Plusieurs causes",
			typo("arlenthe : classeur de septembre 2026, version 2 reçue le 12 novembre 2026 : Dialogues!D2, Dialogues, ligne 7 ajoutée ; valbrune : classeur de septembre 2026, reçu le 12 novembre 2026")},
		{september, "E08", "Dialogues tenus", "Arlenthe", "ensemble", formatted{0.5, percentFormat}, "[ns]", "Classeur corrigé",
			typo("classeur de septembre 2026, version 2 reçue le 12 novembre 2026 : Dialogues!D2, Dialogues, ligne 7 ajoutée")},
	}
	spaced := strings.NewReplacer(noBreak, " ", thinNoBreak, " ")
	for _, rows := range [][][]any{want, s.rows} {
		for _, row := range rows {
			row[8] = spaced.Replace(row[8].(string))
		}
	}
	if diff := cmp.Diff(want, s.rows, cmp.AllowUnexported(formatted{})); diff != "" {
		t.Error(diff)
	}
	if text := spaced.Replace(strings.Join(s.sentences, " ")); !strings.Contains(text, "la publication de septembre 2026, version 1") || !strings.Contains(text, "Classeur corrigé : 1") {
		t.Error(text)
	}
}

func TestRevisionStatistics(t *testing.T) {
	key := func(month string) FigureKey { return FigureKey{"E08", "arlenthe", month, ""} }
	first := map[FigureKey]Figure{key("2026-06"): figureWith(0.5), key("2026-07"): figureWith(0.5), key("2026-08"): figureWith(0.5), key("2026-09"): {Statut: "donnees_absentes"}}
	now := map[FigureKey]Figure{key("2026-06"): figureWith(0.5), key("2026-07"): figureWith(0.75), key("2026-08"): figureWith(0.375), key("2026-09"): figureWith(1), key("2026-10"): figureWith(1)}
	number := func(x float64) sql.Null[float64] { return sql.Null[float64]{V: x, Valid: true} }
	want := []RevisionStatistic{{"E08", 4, 3, number(0.125 / 3), number(0.125)}} // 0, +0.25 and −0.125; the fourth had no value
	if diff := cmp.Diff(want, NewRevisionStatistics(first, now)); diff != "" {
		t.Error(diff)
	}
}
