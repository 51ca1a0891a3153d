package exports

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/indicators"
)

// A break declares what changes from its month on; a change without one, or before it, is not declared, and a break that
// changes nothing is told.
func TestRehearsal(t *testing.T) {
	month := func(text string) time.Time {
		at, err := time.Parse("2006-01", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	ind := func(id, since string) *indicators.Indicator {
		i := &indicators.Indicator{ID: id, Name: id, Unit: "part"}
		if since != "" {
			i.Break = indicators.Break{Month: month(since), Reason: "la nomenclature a changé"}
		}
		return i
	}
	at := func(id, month string) FigureKey { return FigureKey{id, "arlenthe", month, ""} }
	is := func(x float64) Figure {
		return Figure{Value: sql.Null[float64]{V: x, Valid: true}, Statut: "ok"}
	}
	before := &KeptMethod{Catalogue: []*indicators.Indicator{ind("C01", ""), ind("C02", ""), ind("C03", ""), ind("C04", ""), ind("C05", "2025-01"), ind("C06", ""), ind("C08", "")}}
	after := &KeptMethod{Catalogue: []*indicators.Indicator{ind("C01", ""), ind("C02", "2026-02"), ind("C03", "2026-03"), ind("C04", "2026-01"), ind("C05", "2025-01"), ind("C07", ""), ind("C08", "")}}
	was := map[FigureKey]Figure{at("C06", "2026-01"): is(1)}
	now := map[FigureKey]Figure{at("C07", "2026-01"): is(1)}
	for _, id := range []string{"C01", "C02", "C03", "C04", "C05", "C08"} {
		for i, m := range []string{"2026-01", "2026-02", "2026-03"} {
			was[at(id, m)], now[at(id, m)] = is(0.5), is(0.5)
			switch {
			case id == "C01", id == "C02" && i >= 1, id == "C03", id == "C05" && i == 2:
				now[at(id, m)] = is(0.5 + 0.1*float64(i+1))
			}
		}
	}
	r := NewRehearsal("2026-03 v1", before, after, was, now)
	got := map[string][]any{}
	for _, i := range r.Indicators {
		got[i.ID] = []any{i.Changed, i.Undeclared, float64(int(1000*i.Median.V+0.5)) / 1000, i.Verdict(), i.Agrees()}
	}
	want := map[string][]any{
		"C01": {3, 3, 0.2, "non déclaré", false},
		"C02": {2, 0, 0.25, "déclaré", true},
		"C03": {3, 2, 0.2, "en partie déclaré : des chiffres changent avant le mois de la rupture", false},
		"C04": {0, 0, 0.0, "rupture déclarée, aucun chiffre ne change", false},
		"C05": {1, 1, 0.3, "non déclaré", false}, // its break is an old one
		"C06": {1, 0, 0.0, "indicateur retiré", true},
		"C07": {1, 0, 0.0, "indicateur ajouté", true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(r.Rows) != 11 {
		t.Errorf("%d rows", len(r.Rows))
	}
}
