package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cairn/ingest"

	"github.com/xuri/excelize/v2"
)

// form is how a file differs from an ordinary workbook of the template. What it tells is in the
// delivery's sheets; this is only its looks.
type form struct {
	month     string              // how the cover says the month; empty: as the template does
	names     map[string]string   // table → the name of its sheet
	titles    map[string][]string // table → merged lines above its header
	shuffled  map[string]bool     // tables with columns in reverse order and odd titles
	removed   map[string]bool     // tables whose sheet is gone
	text      string              // the whole file, which is no workbook
	rejected  []Sheet             // what a rejected workbook holds all the same
	untouched bool                // part of a story: no fault is to be added
}

// Write writes territoires.csv and the files of inbox/ below dir, with their modification times.
func (w *World) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := w.writeTerritories(filepath.Join(dir, "territoires.csv")); err != nil {
		return fmt.Errorf("write territoires.csv: %w", err)
	}
	m, err := ingest.LoadModel()
	if err != nil {
		return err
	}
	const writers = 2
	errs := make([]error, writers)
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			for i := n; i < len(w.Deliveries) && errs[n] == nil; i += writers {
				errs[n] = w.Deliveries[i].write(m, filepath.Join(dir, "inbox"))
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *World) writeTerritories(file string) error {
	var buf bytes.Buffer
	out := csv.NewWriter(&buf)
	out.Write(territoryCols)
	for _, t := range w.Territories {
		line := make([]string, len(territoryCols))
		for i, column := range territoryCols {
			line[i] = t[column]
		}
		out.Write(line)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return os.WriteFile(file, buf.Bytes(), 0o644)
}

// write writes one file.
func (d *Delivery) write(m *ingest.Model, inbox string) error {
	file := filepath.Join(inbox, filepath.FromSlash(d.Path))
	data := []byte(d.form.text)
	if d.form.text == "" {
		var err error
		if data, err = d.workbook(m); err != nil {
			return fmt.Errorf("write %s: %w", d.Path, err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return err
	}
	return os.Chtimes(file, d.Received, d.Received)
}

// workbook is the file's bytes.
func (d *Delivery) workbook(m *ingest.Model) ([]byte, error) {
	m = d.modelOf(m)
	data := ingest.TemplateData{
		Territoire: d.Territoire, Periode: d.Periode, Emetteur: d.Emetteur, Referent: "Référent coopération",
		Nothing: map[string]bool{}, Rows: map[string][]map[string]any{},
	}
	for _, sheet := range slices.Concat(d.Sheets, d.form.rejected) {
		data.Nothing[sheet.Table] = sheet.Nothing
		for _, row := range sheet.Rows {
			data.Rows[sheet.Table] = append(data.Rows[sheet.Table], row.cells(m.Schemas[sheet.Table]))
		}
	}
	f, err := ingest.NewTemplate(m, data)
	if err != nil {
		return nil, err
	}
	if err := d.disfigure(f, m); err != nil {
		f.Close()
		return nil, err
	}
	var buf bytes.Buffer
	err = ingest.SaveTemplate(&buf, f)
	return buf.Bytes(), err
}

// cells are what is typed into a row: what is understood of it, what is not, and what is
// understood although typed in an unusual way.
func (r *Row) cells(s *ingest.Schema) map[string]any {
	cells := make(map[string]any, len(r.Values))
	for field, value := range r.Values {
		if absence, ok := value.(Absence); ok {
			value = string(absence)
		}
		cells[field] = value
	}
	for field, text := range r.Bad {
		cells[field] = asCell(s.Field(field).Type, text)
	}
	for field, text := range r.typed {
		cells[field] = text
	}
	return cells
}

// asCell is a bad text as a person's spreadsheet holds it: a number or a date cell where it is one.
func asCell(kind, text string) any {
	switch kind {
	case "integer", "number":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case "date":
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return day
		}
	}
	return text
}

// modelOf is the model, with the columns of the shuffled tables in reverse order under titles in
// capitals without accents or technical names.
func (d *Delivery) modelOf(m *ingest.Model) *ingest.Model {
	if len(d.form.shuffled) == 0 {
		return m
	}
	schemas := maps.Clone(m.Schemas)
	for table := range d.form.shuffled {
		s := *schemas[table]
		s.Fields = slices.Clone(s.Fields)
		for i := range s.Fields {
			title := strings.ToUpper(strings.ReplaceAll(ingest.Fold(s.Fields[i].Title), "_", " "))
			if i%3 == 1 {
				title = s.Fields[i].Name
			}
			s.Fields[i].Title = title
		}
		slices.Reverse(s.Fields)
		schemas[table] = &s
	}
	return &ingest.Model{Schemas: schemas, CodeLists: m.CodeLists}
}

// disfigure does to the workbook what the form says.
func (d *Delivery) disfigure(f *excelize.File, m *ingest.Model) error {
	if d.form.month != "" {
		if err := f.SetCellStr(ingest.CoverSheet, ingest.CoverCell(m, "periode"), d.form.month); err != nil {
			return err
		}
	}
	for _, table := range slices.Sorted(maps.Keys(d.form.titles)) {
		if err := insertTitles(f, ingest.SheetName(m.Schemas[table]), d.form.titles[table]); err != nil {
			return err
		}
	}
	for _, table := range slices.Sorted(maps.Keys(d.form.removed)) {
		if err := f.DeleteSheet(ingest.SheetName(m.Schemas[table])); err != nil {
			return err
		}
	}
	for _, table := range slices.Sorted(maps.Keys(d.form.names)) {
		if err := f.SetSheetName(ingest.SheetName(m.Schemas[table]), d.form.names[table]); err != nil {
			return err
		}
	}
	return nil
}

// insertTitles puts merged lines of text above the header.
func insertTitles(f *excelize.File, sheet string, lines []string) error {
	if err := f.InsertRows(sheet, 1, len(lines)); err != nil {
		return err
	}
	for i, line := range lines {
		cell := "A" + strconv.Itoa(i+1)
		if err := f.SetCellStr(sheet, cell, line); err != nil {
			return err
		}
		if err := f.MergeCell(sheet, cell, "F"+strconv.Itoa(i+1)); err != nil {
			return err
		}
	}
	return nil
}
