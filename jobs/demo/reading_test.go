package demo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/ingest"
)

// TestReadersUnderstandTheTruth parses every workbook and finds what the World says of it: rows,
// values, rows set aside, and no finding but the faults that were done.
func TestReadersUnderstandTheTruth(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []uint64{1} {
		w := Generate(seed, 24)
		for i := range w.Deliveries {
			d := &w.Deliveries[i]
			data := []byte(d.form.text)
			if d.form.text == "" {
				if data, err = d.workbook(m); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, m, d, ingest.Parse(m, data))
		}
	}
}

func compare(t *testing.T, m *ingest.Model, d *Delivery, got *ingest.Submission) {
	t.Helper()
	var rules, want []string
	for _, f := range got.Findings {
		rules = append(rules, f.Rule+" "+f.Sheet+" "+f.Cell)
	}
	for _, f := range d.Faults {
		if f.Rule != "" && f.Rule != "reference_inconnue" && f.Rule != "territoire_inconnu" { // those need other files
			want = append(want, f.Rule+" "+f.Sheet+" "+f.Cell)
		}
	}
	if !slices.Equal(rules, want) {
		t.Errorf("%s: findings %q, want %q", d.Path, rules, want)
	}
	unknownTerritory := d.has("territoire_inconnu")
	if got.Rejected != (d.Rejected && !unknownTerritory) {
		t.Errorf("%s: rejected is %v", d.Path, got.Rejected)
	}
	if d.Rejected {
		return
	}
	if got.Territoire != d.Territoire || !got.Periode.Equal(d.Periode) || got.Emetteur != d.Emetteur {
		t.Errorf("%s: read as %s %s %s", d.Path, got.Territoire, got.Periode, got.Emetteur)
	}
	for _, table := range got.Tables {
		sheet := d.sheet(table.Schema.Name)
		if (sheet != nil) != (table.Sheet != "") {
			t.Errorf("%s: %s: sheet %q", d.Path, table.Schema.Name, table.Sheet)
		}
		if sheet != nil {
			compareRows(t, m, d, sheet, &table)
		}
	}
}

func compareRows(t *testing.T, m *ingest.Model, d *Delivery, sheet *Sheet, got *ingest.TableRows) {
	t.Helper()
	if len(got.Rows) != len(sheet.Rows) || got.Nothing != sheet.Nothing {
		t.Errorf("%s: %s has %d rows, want %d", d.Path, sheet.Table, len(got.Rows), len(sheet.Rows))
		return
	}
	for i, row := range sheet.Rows {
		broken := d.has("reference_inconnue") || d.has("reference_inconnue_facultative")
		if row.Total || broken && len(row.Bad) > 0 {
			continue // a reference needs other workbooks
		}
		if row.Aside && d.has("cle_en_double") {
			row.Values = maps.Clone(row.Values)
			delete(row.Values, "engagement_id") // the reader drops a repeated key, after it was understood
			row.Bad = map[string]string{"engagement_id": "repeated"}
		}
		if row.Aside != got.Rows[i].Aside {
			t.Errorf("%s: %s row %d: aside is %v", d.Path, sheet.Table, i, got.Rows[i].Aside)
		}
		if filled := len(row.Values) + len(row.Bad); filled != got.Rows[i].Filled {
			t.Errorf("%s: %s row %d: %d cells filled, want %d", d.Path, sheet.Table, i, got.Rows[i].Filled, filled)
		}
		for f, field := range m.Schemas[sheet.Table].Fields {
			if want := canonical(row.Values[field.Name]); want != got.Rows[i].Values[f] {
				t.Errorf("%s: %s row %d: %s is %q, want %q", d.Path, sheet.Table, i, field.Name, got.Rows[i].Values[f], want)
			}
		}
	}
}

// canonical is the text form of what is understood.
func canonical(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.Format(time.DateOnly)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		return strings.Join(v, ";")
	}
	return fmt.Sprint(v)
}
