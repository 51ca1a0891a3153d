package transform_test

import (
	"strings"
	"testing"
	"time"
)

// No name by which somebody answered is in the database, in whatever table, and the same person stays the
// same from month to month; under another key it is another name, and as many people.
func TestRespondentsAreRenamed(t *testing.T) {
	answer := func(who string, month time.Month, note any) map[string]any {
		return map[string]any{"repondant": who, "groupe_pairs": "elus", "date_reponse": time.Date(2026, month, 10, 0, 0, 0, 0, time.UTC), "axe": "P2.1", "note": note}
	}
	const name = "CANARI · Dupont"
	p := newPlace(t)
	p.db.Key = []byte("une clé")
	originals := []string{
		p.book("alpha", "2026-03", "", map[string][]map[string]any{"principes": {answer(name, 3, int64(4)), answer("héron", 3, int64(9))}}),
		p.book("alpha", "2026-04", "", map[string][]map[string]any{"principes": {answer(name, 4, int64(5)), answer(name, 4, int64(5))}}), // twice: a finding with its key
	}
	p.receive(originals...)
	people := `SELECT count(DISTINCT repondant), count(*), any_value(length(repondant)) FROM etat.principes WHERE periode = '2026-04-01'`
	p.expect(people, "2 2 16")
	if len(p.lines(`SELECT 1 FROM core.constats WHERE "table" = 'principes'`)) < 2 {
		t.Error("the bad note and the double are not found")
	}
	everywhere(p, func(table, row string) {
		if strings.Contains(row, "CANARI") || strings.Contains(row, "héron") {
			t.Errorf("%s holds a name: %s", table, row)
		}
	})
	before := p.lines(`SELECT DISTINCT repondant FROM core.principes ORDER BY ALL`)
	p.db.Key = []byte("une autre")
	p.build(originals...)
	p.expect(people, "2 2 16")
	for _, renamed := range p.lines(`SELECT DISTINCT repondant FROM core.principes ORDER BY ALL`) {
		if strings.Contains(strings.Join(before, ""), strings.TrimSpace(renamed)) {
			t.Error("the key changes nothing")
		}
	}
}

// everywhere visits every row of every table.
func everywhere(p *place, visit func(table, row string)) {
	p.t.Helper()
	for _, table := range p.lines(`SELECT '"' || table_schema || '"."' || table_name || '"' FROM information_schema.tables ORDER BY ALL`) {
		table = strings.TrimSpace(table)
		for _, row := range p.lines("SELECT t::VARCHAR FROM " + table + " t") {
			visit(table, row)
		}
	}
}
