package ingest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

var updateV1 = flag.Bool("update-v1", false, "write testdata/template-v1.xlsx (only while TemplateVersion is 1)")

// fullTemplate is a workbook that fills every field of every table, says every code of every list,
// and « nc » and « nsp » once in each optional field that has no duty. It has no fault.
func fullTemplate(m *Model) TemplateData {
	d := TemplateData{
		Territoire: "valbrune", Periode: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Referent: "Référent",
		Rows: map[string][]map[string]any{},
	}
	for _, table := range Tables {
		s := m.Schemas[table]
		for n := range fullRows(m, s) {
			row := map[string]any{}
			for i := range s.Fields {
				row[s.Fields[i].Name] = fullValue(m, s, &s.Fields[i], n, row)
			}
			if n == 0 {
				row["retire"] = true
			}
			d.Rows[table] = append(d.Rows[table], row)
		}
	}
	return d
}

// fullRows is the length of the longest code list of a table, with a row for the withdrawal, one for
// « nc » and one for « nsp ».
func fullRows(m *Model, s *Schema) int {
	most := 1
	for _, f := range s.Fields {
		most = max(most, len(m.CodeLists[f.CodeList]))
	}
	return most + 3
}

// fullValue is what row n says in a field: its code number n, or a value within its bounds.
func fullValue(m *Model, s *Schema, f *Field, n int, row map[string]any) any {
	free := !f.Constraints.Required && f.RequiredWhen == nil && f.Name != retire.Name && f.NotAbove == "" &&
		!slices.Contains([]string{"desaccords_exprimes", "decisions_prises", "date_fin"}, f.Name)
	switch {
	case free && n == 1:
		return NotConcerned
	case free && n == 2:
		return DoesNotKnow
	}
	for _, fk := range s.ForeignKeys {
		if fk.Fields[0] == f.Name {
			shift := 3
			if f.DifferentFrom != "" { // another than the row's own key, or than its other actor
				shift = 5 - n%2
			}
			return fmt.Sprintf("%s-%d", fk.Reference.Resource[:2], shift)
		}
	}
	switch f.Type {
	case "boolean":
		if f.Name == retire.Name {
			return false
		}
		return n%2 == 0
	case "integer":
		return int64(1 + n%5)
	case "number":
		if f.SumsTo != 0 { // alone on its day
			return f.SumsTo
		}
		return 12.5 + float64(n)/4
	case "date":
		day := time.Date(2026, 9, 1+n%28, 0, 0, 0, 0, time.UTC)
		if strings.HasPrefix(f.Name, "date_fin") || f.Name == "date_sortie" {
			day = day.AddDate(0, 1, 0)
		}
		return day
	case "list":
		codes := m.Values(f.CodeList)
		return []string{codes[n%len(codes)], codes[(n+1)%len(codes)]}
	}
	if f.CodeList != "" {
		codes := m.Values(f.CodeList)
		return codes[n%len(codes)]
	}
	switch f.Name {
	case "siren":
		return "732829320"
	case "rna":
		return "W751234567"
	case "code_commune":
		return "01004" // its zero is to stay
	}
	if slices.Contains(s.PrimaryKey, f.Name) {
		return fmt.Sprintf("%s-%d", s.Name[:2], n)
	}
	return fmt.Sprintf("%s n° %d, « œuvre » d’été & d’hiver", f.Title, n)
}

// fullText is the canonical text of a value of fullTemplate.
func fullText(f *Field, value any) string {
	switch v := value.(type) {
	case time.Time:
		return v.Format(time.DateOnly)
	case []string:
		return strings.Join(v, f.Delimiter)
	case float64:
		return decimal4(v)
	}
	return fmt.Sprint(value)
}

// sameAsFull reports what a workbook of fullTemplate says otherwise than it was filled.
func sameAsFull(t *testing.T, m *Model, sub *Submission) {
	t.Helper()
	for _, f := range sub.Findings {
		t.Errorf("finding %s %s %s %s", f.Rule, f.Sheet, f.Cell, f.Value)
	}
	d := fullTemplate(m)
	if sub.Territoire != d.Territoire || !sub.Periode.Equal(d.Periode) || sub.Emetteur != "" {
		t.Errorf("it is of %q %v %q", sub.Territoire, sub.Periode, sub.Emetteur)
	}
	for _, table := range sub.Tables {
		if len(table.Rows) != len(d.Rows[table.Schema.Name]) {
			t.Errorf("%s: %d rows, want %d", table.Schema.Name, len(table.Rows), len(d.Rows[table.Schema.Name]))
			continue
		}
		for n, row := range d.Rows[table.Schema.Name] {
			for i := range table.Schema.Fields {
				f := &table.Schema.Fields[i]
				if got, want := table.Rows[n].Values[i], fullText(f, row[f.Name]); got != want {
					t.Errorf("%s, row %d, %s: %q, want %q", table.Schema.Name, n, f.Name, got, want)
				}
			}
		}
	}
	if len(sub.Tables) != len(Tables) {
		t.Errorf("%d tables", len(sub.Tables))
	}
}

// TestFullTemplateSaysEveryCode guards the other tests: what it leaves out, they do not see.
func TestFullTemplateSaysEveryCode(t *testing.T) {
	m := model(t)
	d := fullTemplate(m)
	said := map[string]bool{}
	for _, table := range Tables {
		s := m.Schemas[table]
		for i := range s.Fields {
			f := &s.Fields[i]
			for _, row := range d.Rows[table] {
				if row[f.Name] == nil {
					t.Errorf("%s.%s is empty", table, f.Name)
				}
				for _, code := range strings.Split(fullText(f, row[f.Name]), ";") {
					said[f.CodeList+" "+code] = true
				}
			}
			for _, code := range m.Values(f.CodeList) {
				if f.CodeList != "" && !said[f.CodeList+" "+code] {
					t.Errorf("%s.%s never says %s", table, f.Name, code)
				}
			}
		}
	}
}

// TestTemplateVersion1 reads a workbook that the first version made, as many are still in use.
func TestTemplateVersion1(t *testing.T) {
	m := model(t)
	const file = "testdata/template-v1.xlsx"
	if *updateV1 {
		if TemplateVersion != "1" {
			t.Fatal("this code does not make version 1")
		}
		var buf bytes.Buffer
		must(t, WriteTemplate(&buf, m, fullTemplate(m)))
		must(t, os.WriteFile(file, buf.Bytes(), 0o644))
	}
	data, err := os.ReadFile(file)
	must(t, err)
	sub := Parse(m, data)
	if sub.Version != "1" {
		t.Errorf("version %q", sub.Version)
	}
	sameAsFull(t, m, sub)
}

func TestFullTemplateReadBack(t *testing.T) {
	m := model(t)
	var buf bytes.Buffer
	must(t, WriteTemplate(&buf, m, fullTemplate(m)))
	sub := Parse(m, buf.Bytes())
	if sub.Version != TemplateVersion {
		t.Errorf("version %q", sub.Version)
	}
	sameAsFull(t, m, sub)
}

// TestTemplateNotesAndChecks guards what Excel refuses a file for: texts that are too long, a title
// without its note.
func TestTemplateNotesAndChecks(t *testing.T) {
	m := model(t)
	f, err := NewTemplate(m, TemplateData{})
	must(t, err)
	var buf bytes.Buffer
	must(t, SaveTemplate(&buf, f))
	f, err = excelize.OpenReader(&buf)
	must(t, err)
	defer f.Close()
	for _, table := range Tables {
		s := m.Schemas[table]
		notes, err := f.GetComments(SheetName(s))
		must(t, err)
		if len(notes) != len(s.Fields) {
			t.Errorf("%s: %d notes for %d titles", table, len(notes), len(s.Fields))
			continue
		}
		for i, note := range notes {
			field := &s.Fields[i]
			text := ""
			for _, run := range note.Paragraph {
				text += run.Text
			}
			if note.Cell != CellName(i, 1) || !strings.HasPrefix(text, field.Title) || !strings.Contains(text, field.Description) {
				t.Errorf("%s: the note of %s is %q", table, note.Cell, text)
			}
			if field.Printable && !strings.Contains(text, "Peut être publié\u00a0: ne citez personne.") {
				t.Errorf("%s.%s: nothing warns of publication: %q", table, field.Name, text)
			}
			if s.DiffusionOf(field) == Jamais && field.Name != retire.Name && !strings.Contains(text, "Jamais publié") {
				t.Errorf("%s.%s: %q", table, field.Name, text)
			}
			if field.Constraints.Required != strings.Contains(text, "* Obligatoire.") {
				t.Errorf("%s.%s: required or not? %q", table, field.Name, text)
			}
		}
		validations, err := f.GetDataValidations(SheetName(s))
		must(t, err)
		for _, v := range validations {
			if v.Error == nil || len([]rune(*v.Error)) > 225 || len([]rune(*v.ErrorTitle)) > 32 || *v.ErrorStyle != "warning" {
				t.Errorf("%s %s: %v", table, v.Sqref, v)
			}
			if len(v.Formula1) > 255 {
				t.Errorf("%s %s: %q", table, v.Sqref, v.Formula1)
			}
		}
		p, err := f.GetSheetProtection(SheetName(s))
		must(t, err)
		if !p.InsertRows || !p.Sort || !p.AutoFilter || !p.FormatColumns || p.Password != "" {
			t.Errorf("%s: protection %+v", table, p)
		}
		for cell, locked := range map[string]bool{"A1": true, "A2": false, "B500": false} {
			id, err := f.GetCellStyle(SheetName(s), cell)
			must(t, err)
			if id == 0 { // not written: its column's
				id, err = f.GetColStyle(SheetName(s), cell[:1])
				must(t, err)
			}
			style, err := f.GetStyle(id)
			must(t, err)
			if open := style.Protection != nil && !style.Protection.Locked; open == locked {
				t.Errorf("%s!%s: locked is %t", table, cell, !open)
			}
		}
	}
}
