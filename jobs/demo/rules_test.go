package demo_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
	"cairn/jobs/demo"
)

// injury is a rule, the cells that can break it and what to put in one. The cell may need others of its
// row: see before.
type injury struct {
	rule   string
	suits  func(s *ingest.Schema, f *ingest.Field) bool
	value  any
	before func(w *scrambled, s *ingest.Schema, f *ingest.Field, row int) (value any, ok bool)
}

func typed(kinds ...string) func(*ingest.Schema, *ingest.Field) bool {
	return func(_ *ingest.Schema, f *ingest.Field) bool {
		return f.Name != "retire" && slices.Contains(kinds, f.Type)
	}
}

func required(_ *ingest.Schema, f *ingest.Field) bool { return f.Constraints.Required }

func plainText(s *ingest.Schema, f *ingest.Field) bool {
	return f.Type == "string" && f.CodeList == "" && f.Constraints.Pattern == "" && !slices.Contains(s.PrimaryKey, f.Name)
}

// other is the value of another field of the row, when it has one.
func (w *scrambled) other(s *ingest.Schema, field string, row int) (any, bool) {
	v, ok := w.rows[s.Name][row].Values[field]
	_, absent := v.(demo.Absence)
	return v, ok && !absent
}

var injuries = []injury{
	{rule: "valeur_requise", suits: required},
	{rule: "absence_refusee", suits: required, value: "nc"},
	{rule: "cellule_en_erreur", suits: typed("string", "integer", "number", "boolean", "date", "list"), value: "#N/A"},
	{rule: "nombre_illisible", suits: typed("integer", "number"), value: "une douzaine"},
	{rule: "nombre_non_entier", suits: typed("integer"), value: 2.5},
	{rule: "date_illisible", suits: typed("date"), value: "à la rentrée"},
	{rule: "oui_non_illisible", suits: typed("boolean"), value: "peut-être"},
	{rule: "code_inconnu", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.CodeList != "" }, value: "rien de tel"},
	{rule: "format_invalide", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.Constraints.Pattern != "" }, value: "?!"},
	{rule: "siren_invalide", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.Check == "siren" }, value: "123456789"},
	{rule: "hors_bornes", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.Constraints.Minimum != nil }, value: -1},
	{rule: "annee_a_deux_chiffres", suits: typed("date"), before: func(w *scrambled, s *ingest.Schema, f *ingest.Field, row int) (any, bool) {
		day, ok := w.rows[s.Name][row].Values[f.Name].(time.Time)
		return day.Format("02/01/06"), ok
	}},
	{rule: "milliers_ou_decimales", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.Type == "number" && f.Unit != "%" }, value: "1.234"},
	{rule: "lettres_abimees", suits: plainText, value: "La mÃ©diathÃ¨que"},
	{rule: "date_apres_le_mois", suits: func(s *ingest.Schema, f *ingest.Field) bool { return f.Name == s.DateField }, value: time.Date(2062, 5, 17, 0, 0, 0, 0, time.UTC)},
	{rule: "ordre_des_dates", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.NotBefore != "" },
		before: func(w *scrambled, s *ingest.Schema, f *ingest.Field, row int) (any, bool) {
			day, ok := w.rows[s.Name][row].Values[f.NotBefore].(time.Time)
			return day.AddDate(0, 0, -1), ok
		}},
	{rule: "plus_grand_que", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.NotAbove != "" },
		before: func(w *scrambled, s *ingest.Schema, f *ingest.Field, row int) (any, bool) {
			n, ok := w.rows[s.Name][row].Values[f.NotAbove].(int64)
			return n + 1, ok
		}},
	{rule: "meme_acteur", suits: func(_ *ingest.Schema, f *ingest.Field) bool { return f.DifferentFrom != "" },
		before: func(w *scrambled, s *ingest.Schema, f *ingest.Field, row int) (any, bool) {
			return w.other(s, f.DifferentFrom, row)
		}},
	{rule: "cle_en_double", suits: func(s *ingest.Schema, f *ingest.Field) bool {
		return s.Kind != ingest.Releve && f.Name == s.PrimaryKey[0]
	}, before: func(w *scrambled, s *ingest.Schema, f *ingest.Field, row int) (any, bool) {
		if row == 0 {
			return nil, false
		}
		return w.other(s, f.Name, row-1)
	}},
}

// scrambled is a workbook of the demonstration with its columns in another order and its sheets under
// other names.
type scrambled struct {
	model   *ingest.Model
	rows    map[string][]demo.Row
	columns map[string][]int // table → for each field its column
	names   map[string]string
	cover   demo.Delivery
}

func scramble(m *ingest.Model, d demo.Delivery, random *rand.Rand) *scrambled {
	w := &scrambled{model: m, rows: map[string][]demo.Row{}, columns: map[string][]int{}, names: map[string]string{}, cover: d}
	for i, s := range d.Sheets {
		w.rows[s.Table] = s.Rows
		w.columns[s.Table] = random.Perm(len(m.Schemas[s.Table].Fields))
		w.names[s.Table] = fmt.Sprintf("Onglet %d", 1+i)
	}
	return w
}

// write makes the file, with one cell changed when table is given.
func (w *scrambled) write(t *testing.T, table string, row int, field string, value any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	set := func(sheet, cell string, value any) {
		if err := f.SetCellValue(sheet, cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetSheetName("Sheet1", "Accueil"); err != nil {
		t.Fatal(err)
	}
	for i, pair := range [][2]string{{"territoire_id", w.cover.Territoire}, {"periode", w.cover.Periode.Format("2006-01")}} {
		set("Accueil", fmt.Sprintf("A%d", i+1), pair[0])
		set("Accueil", fmt.Sprintf("B%d", i+1), pair[1])
	}
	for _, sheet := range w.cover.Sheets {
		s := w.model.Schemas[sheet.Table]
		name := w.names[sheet.Table]
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i := range s.Fields {
			set(name, ingest.CellName(w.columns[s.Name][i], 1), s.Fields[i].Title)
			for j, r := range sheet.Rows {
				v := r.Values[s.Fields[i].Name]
				if s.Name == table && j == row && s.Fields[i].Name == field {
					v = value
				}
				switch x := v.(type) {
				case nil:
					continue
				case []string:
					v = strings.Join(x, ";")
				case demo.Absence:
					v = string(x)
				}
				set(name, ingest.CellName(w.columns[s.Name][i], j+2), v)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// found is what reading says of a file, a line per finding.
func (w *scrambled) found(data []byte) (lines []string, sub *ingest.Submission) {
	sub = ingest.Parse(w.model, data)
	for _, f := range sub.Findings {
		lines = append(lines, strings.Join([]string{f.Rule, f.Sheet, f.Cell}, " "))
	}
	return lines, sub
}

// Of three workbooks in disorder, each rule finds the cells injured, and nothing else: three cells for
// each rule and workbook, where it has as many.
func TestRulesFindWhatWasInjuredAndNothingElse(t *testing.T) {
	if testing.Short() {
		t.Skip("reads thousands of workbooks")
	}
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(4, 2026))
	world := demo.Generate(11, 12)
	var sound []demo.Delivery
	for _, d := range world.Deliveries {
		if !d.Rejected && len(d.Faults) == 0 && d.Emetteur == "" && len(d.Sheets) == len(ingest.Tables) {
			sound = append(sound, d)
		}
	}
	tried := map[string]int{}
	for n := range 3 {
		d := sound[random.IntN(len(sound))]
		w := scramble(m, d, random)
		before, sub := w.found(w.write(t, "", 0, "", nil))
		if sub.Rejected {
			t.Fatalf("workbook %d is refused: %q", n, before)
		}
		for _, line := range before {
			if !strings.HasPrefix(line, "feuille_renommee ") && !strings.HasPrefix(line, "feuille_absente ") {
				t.Fatalf("workbook %d, sound: %s", n, line)
			}
		}
		for _, in := range injuries {
			type target struct {
				table, field string
				row          int
				value        any
			}
			var targets []target
			for _, sheet := range d.Sheets {
				s := m.Schemas[sheet.Table]
				if read, _, _ := sub.Tables[slices.Index(ingest.Tables, s.Name)].Counts(); read == 0 {
					continue // a sheet that was not recognised, since nothing was in it
				}
				for i := range s.Fields {
					f := &s.Fields[i]
					if !in.suits(s, f) {
						continue
					}
					for j, r := range sheet.Rows {
						filled, value := r.Values[f.Name] != nil, in.value
						if in.before != nil {
							value, filled = in.before(w, s, f, j)
						}
						if filled && r.Values["retire"] == nil {
							targets = append(targets, target{s.Name, f.Name, j, value})
						}
					}
				}
			}
			random.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
			for _, at := range targets[:min(3, len(targets))] {
				tried[in.rule]++
				column := w.columns[at.table][slices.IndexFunc(m.Schemas[at.table].Fields, func(f ingest.Field) bool { return f.Name == at.field })]
				want := append(slices.Clone(before), strings.Join([]string{in.rule, w.names[at.table], ingest.CellName(column, at.row+2)}, " "))
				got, _ := w.found(w.write(t, at.table, at.row, at.field, at.value))
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("workbook %d (%s %s), %s.%s of row %d becomes %v:\ngot  %q\nwant %q", n, d.Territoire, d.Periode.Format("2006-01"), at.table, at.field, at.row, at.value, got, want)
				}
			}
		}
	}
	for _, in := range injuries {
		if tried[in.rule] < 3 {
			t.Errorf("%s was tried on %d cells", in.rule, tried[in.rule])
		}
	}
}
