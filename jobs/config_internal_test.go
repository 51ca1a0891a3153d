package jobs

import (
	"strings"
	"testing"
)

// What the types of the keys let through and no report could hold to is refused.
func TestConfigIsRefused(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Config{
		"":                                     {Mail: Mail{From: "cairn@example.org"}, Funders: []Funder{{ID: "fonds", Name: "Fonds", Territories: []string{"valbrune"}}}},
		"whole programme":                      {Funders: []Funder{{ID: "programme", Name: "Fonds", Territories: []string{"valbrune"}}}},
		"the address alone, cairn@example.org": {Mail: Mail{From: "Cairn <cairn@example.org>"}},
		"the address alone, ":                  {Mail: Mail{From: " cairn@example.org"}},
		"expediteur \"\"":                      {Mail: Mail{Referents: true}},
	} {
		c.Calendar = defaultCalendar
		err := c.validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
