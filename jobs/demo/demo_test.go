package demo

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"cairn/ingest"
)

// hashes are path → content and modification time of every file below a folder.
func hashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		found[rel] = fmt.Sprintf("%x", sha256.Sum256(data))
		if rel != "territoires.csv" {
			found[rel] += " " + info.ModTime().UTC().String()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestSameSeedSameBytes(t *testing.T) {
	var runs [2]map[string]string
	for i := range runs {
		w := Generate(7, 12)
		// Three months, and those that are sent again: the rest is made alike.
		w.Deliveries = slices.DeleteFunc(w.Deliveries, func(d Delivery) bool {
			return len(d.Faults) == 0 && monthOf(d.Periode) < lastMonth-2
		})
		dir := t.TempDir()
		if err := w.Write(dir); err != nil {
			t.Fatal(err)
		}
		runs[i] = hashes(t, dir)
		if len(runs[i]) != len(w.Deliveries)+1 {
			t.Fatalf("%d files for %d deliveries: names collide", len(runs[i]), len(w.Deliveries))
		}
	}
	for path, hash := range runs[0] {
		if runs[1][path] != hash {
			t.Errorf("%s differs", path)
		}
	}
}

func TestCopiesHaveTheSameBytes(t *testing.T) {
	w := Generate(3, 24)
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	bytesOf := func(d *Delivery) string {
		data, err := d.workbook(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for i := range w.Deliveries {
		d := &w.Deliveries[i]
		same := d.has("copie_identique") || d.has("retour_version")
		if !same && !d.has("version_corrigee") {
			continue
		}
		for j := range w.Deliveries {
			first := &w.Deliveries[j]
			if first.Territoire == d.Territoire && first.Periode.Equal(d.Periode) && len(first.Faults) == 0 && first.Emetteur == "" {
				if (bytesOf(first) == bytesOf(d)) != same {
					t.Errorf("%s: same bytes as %s: %v", d.Path, first.Path, !same)
				}
			}
		}
	}
}

func (d *Delivery) has(kind string) bool {
	return slices.ContainsFunc(d.Faults, func(f Fault) bool { return f.Kind == kind })
}

func TestEveryFaultOnce(t *testing.T) {
	kinds := []string{"en_retard", "version_corrigee", "copie_identique", "retour_version", "pas_un_classeur", "territoire_inconnu", "mois_illisible"}
	for _, r := range recipes {
		kinds = append(kinds, r.kind)
	}
	for seed := range uint64(20) {
		w := Generate(seed, 24)
		for _, kind := range kinds {
			if !slices.ContainsFunc(w.Deliveries, func(d Delivery) bool { return d.has(kind) }) {
				t.Errorf("seed %d: no %s", seed, kind)
			}
		}
	}
}

// TestTruthHolds recomputes, from the truth alone, what the rules of the framework say of each row.
func TestTruthHolds(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	for _, months := range []int{6, 9, 12, 24, 40} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("%d months, seed %d", months, seed), func(t *testing.T) {
				w := Generate(seed, months)
				checkTimes(t, w)
				for i := range w.Deliveries {
					d := &w.Deliveries[i]
					for _, sheet := range d.Sheets {
						checkRows(t, m, d, sheet)
					}
				}
				checkReferences(t, m, w)
				checkGrowth(t, m, w)
			})
		}
	}
}

func checkTimes(t *testing.T, w *World) {
	paths := map[string]bool{}
	for i, d := range w.Deliveries {
		if i > 0 && !d.Received.After(w.Deliveries[i-1].Received) {
			t.Errorf("%s: not received after the one before", d.Path)
		}
		if h := d.Received.Hour(); h < 8 || h >= 19 {
			t.Errorf("%s: received at %s", d.Path, d.Received)
		}
		if paths[d.Path] {
			t.Errorf("%s twice", d.Path)
		}
		paths[d.Path] = true
	}
}

// where is a row of a file.
type where struct {
	path, table string
	row         int
}

// checkRows: a row is set aside exactly when a required cell is empty or bad or its key repeats.
func checkRows(t *testing.T, m *ingest.Model, d *Delivery, sheet Sheet) {
	s := m.Schemas[sheet.Table]
	keys := map[string]bool{}
	for n, row := range sheet.Rows {
		if row.Total {
			continue
		}
		at := where{d.Path, sheet.Table, n + 2}
		for _, cells := range []iter.Seq[string]{maps.Keys(row.Values), maps.Keys(row.Bad)} {
			for field := range cells {
				if s.Field(field) == nil {
					t.Errorf("%v: no field %s", at, field)
				}
			}
		}
		aside := false
		for i := range s.Fields {
			f := &s.Fields[i]
			v, bad := row.Values[f.Name], row.Bad[f.Name] != ""
			if v != nil && bad {
				t.Errorf("%v: %s both understood and bad", at, f.Name)
			}
			needed := f.Constraints.Required && (row.Values["retire"] != true || slices.Contains(s.PrimaryKey, f.Name))
			aside = aside || needed && v == nil
			if v != nil {
				checkValue(t, m, f, v, at)
			}
			if after, ok := row.Values[f.NotBefore].(time.Time); ok {
				if day, ok := v.(time.Time); ok && day.Before(after) {
					t.Errorf("%v: %s before %s", at, f.Name, f.NotBefore)
				}
			}
			if whole, ok := row.Values[f.NotAbove].(int64); ok {
				if part, ok := v.(int64); ok && part > whole {
					t.Errorf("%v: %s above %s", at, f.Name, f.NotAbove)
				}
			}
			if f.DifferentFrom != "" && v != nil && v == row.Values[f.DifferentFrom] {
				t.Errorf("%v: %s is %s", at, f.Name, f.DifferentFrom)
			}
			if c := f.RequiredWhen; c != nil && v == nil && !bad && !d.has("condition_non_remplie") && row.Values["retire"] != true {
				other, _ := row.Values[c.Field].(string)
				if c.Filled && row.Values[c.Field] != nil || slices.Contains(c.In, other) || len(c.NotIn) > 0 && !slices.Contains(c.NotIn, other) {
					t.Errorf("%v: %s is required", at, f.Name)
				}
			}
		}
		key := ""
		for _, k := range append(slices.Clone(s.PrimaryKey), s.DateField) {
			if k != "" && (s.Kind == ingest.Releve || k != s.DateField) {
				key += fmt.Sprint(row.Values[k]) + "|"
			}
		}
		aside = aside || keys[key]
		if !aside {
			keys[key] = true
		}
		if aside != row.Aside {
			t.Errorf("%v: aside is %v, rules say %v", at, row.Aside, aside)
		}
	}
}

func checkValue(t *testing.T, m *ingest.Model, f *ingest.Field, v any, at where) {
	if _, absent := v.(Absence); absent {
		if f.Constraints.Required {
			t.Errorf("%v: %s is %v", at, f.Name, v)
		}
		return
	}
	known := func(code string) bool { return f.CodeList == "" || slices.Contains(m.Values(f.CodeList), code) }
	ok, number := false, 0.0
	switch v := v.(type) {
	case string:
		ok = f.Type == "string" && known(v) && v != ""
		if f.Constraints.Pattern != "" {
			ok = ok && regexp.MustCompile(f.Constraints.Pattern).MatchString(v)
		}
	case []string:
		ok = f.Type == "list" && !slices.ContainsFunc(v, func(code string) bool { return !known(code) })
	case int64:
		ok, number = f.Type == "integer", float64(v)
	case float64:
		ok, number = f.Type == "number", v
	case bool:
		ok = f.Type == "boolean"
	case time.Time:
		ok = f.Type == "date" && v.Equal(v.Truncate(24*time.Hour))
	}
	c := f.Constraints
	if !ok || c.Minimum != nil && number < *c.Minimum || c.Maximum != nil && number > *c.Maximum || c.ExclusiveMinimum != nil && number <= *c.ExclusiveMinimum {
		t.Errorf("%v: %s is %v (%T)", at, f.Name, v, v)
	}
}

// currents are the current submissions: of each territory, month and émetteur the last received.
func currents(w *World) []*Delivery {
	type slot struct {
		territory, emitter string
		month              month
	}
	last := map[slot]*Delivery{}
	for i := range w.Deliveries {
		d := &w.Deliveries[i]
		if !d.Rejected {
			last[slot{d.Territoire, d.Emetteur, monthOf(d.Periode)}] = d
		}
	}
	var all []*Delivery
	for i := range w.Deliveries {
		d := &w.Deliveries[i]
		if last[slot{d.Territoire, d.Emetteur, monthOf(d.Periode)}] == d {
			all = append(all, d)
		}
	}
	return all
}

// checkReferences: what a cell that is understood points at is in a current workbook of its month or before.
func checkReferences(t *testing.T, m *ingest.Model, w *World) {
	first := map[string]month{} // territory|table|key → first month that holds it
	for _, d := range currents(w) {
		for _, sheet := range d.Sheets {
			key := m.Schemas[sheet.Table].PrimaryKey
			for _, row := range sheet.Rows {
				if id, ok := row.Values[key[0]].(string); ok && len(key) == 1 && d.Emetteur == "" {
					at := d.Territoire + "|" + sheet.Table + "|" + id
					if seen, ok := first[at]; !ok || monthOf(d.Periode) < seen {
						first[at] = monthOf(d.Periode)
					}
				}
			}
		}
	}
	for i := range w.Deliveries {
		d := &w.Deliveries[i]
		for _, sheet := range d.Sheets {
			for _, fk := range m.Schemas[sheet.Table].ForeignKeys {
				for _, row := range sheet.Rows {
					id, ok := row.Values[fk.Fields[0]].(string)
					seen, known := first[d.Territoire+"|"+fk.Reference.Resource+"|"+id]
					if ok && (!known || seen > monthOf(d.Periode)) {
						t.Errorf("%s: %s.%s = %s is in no workbook so far", d.Path, sheet.Table, fk.Fields[0], id)
					}
				}
			}
		}
	}
}

// checkGrowth: a registre's keys never disappear, but for the stated deletions.
func checkGrowth(t *testing.T, m *ingest.Model, w *World) {
	own := slices.DeleteFunc(currents(w), func(d *Delivery) bool { return d.Emetteur != "" })
	slices.SortStableFunc(own, func(a, b *Delivery) int { return a.Periode.Compare(b.Periode) })
	before := map[string]int{} // territory|table → rows
	for _, d := range own {
		for _, sheet := range d.Sheets {
			if m.Schemas[sheet.Table].Kind != ingest.Registre || d.has("ligne_supprimee") || d.has("cle_en_double") {
				continue
			}
			at := d.Territoire + "|" + sheet.Table
			if len(sheet.Rows) < before[at] {
				t.Errorf("%s: %s has %d rows, had %d", d.Path, sheet.Table, len(sheet.Rows), before[at])
			}
			before[at] = len(sheet.Rows)
		}
	}
}

// BenchmarkDemo makes two years and writes them.
func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		if err := Generate(1, 24).Write(b.TempDir()); err != nil {
			b.Fatal(err)
		}
	}
}
