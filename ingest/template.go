package ingest

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// TemplateProperty is the custom document property by which a returned workbook is recognised:
// it survives a passage through LibreOffice, a file's name does not.
const TemplateProperty = "cairn_modele"

// TemplateVersion is the version of the workbook that NewTemplate makes. Version 1 had its cover's
// labels in the first rows, no guide and no notes; it is read alike. A column more or less makes another version: who has
// the present one is asked about the columns that he has not.
const TemplateVersion = "2"

// The sheets that are no table.
const (
	CoverSheet = "Accueil"
	GuideSheet = "Mode d’emploi"
	ListsSheet = "Listes"
)

// templateLastRow is the last row that drop-down lists, checks and filters cover.
const templateLastRow = 2000

// TemplateData is what a workbook is filled with. Without Rows it is a blank one.
type TemplateData struct {
	Territoire string
	Periode    time.Time // zero: to be filled in
	Emetteur   string    // an acteur_id or a peer group; empty: the territory itself
	Referent   string
	Nom        string                      // the territory's name, for people
	Programme  string                      // printed below the title
	Contact    string                      // whom to ask
	Acteurs    []TemplateActor             // for an émetteur, who has no sheet « Acteurs » to choose from
	Nothing    map[string]bool             // tables ticked « rien ce mois-ci »
	Rows       map[string][]map[string]any // table → rows of field name → value
}

// TemplateActor is an actor that an émetteur may name.
type TemplateActor struct{ ID, Nom string }

// WriteTemplate writes the monthly workbook of a territory, with the same bytes for the same data.
func WriteTemplate(w io.Writer, m *Model, d TemplateData) error {
	f, err := NewTemplate(m, d)
	if err != nil {
		return err
	}
	return SaveTemplate(w, f)
}

// SaveTemplate writes a workbook made by NewTemplate and closes it.
func SaveTemplate(w io.Writer, f *excelize.File) error {
	defer f.Close()
	return Save(w, f, nil)
}

// NewTemplate makes the workbook in memory: the cover, how to use it, a sheet per table with its
// titles in row 1 and its rows from row 2 on, and the code lists that the drop-downs point at.
//
// A value is a string, int64, float64, bool, time.Time (a day) or []string. A code is written as
// its label; a string that is no code, date or number of its field is written as it is.
func NewTemplate(m *Model, d TemplateData) (*excelize.File, error) {
	tables := Tables
	if d.Emetteur != "" {
		tables = EmitterTables
	}
	t := &templateWriter{model: m, data: d, tables: tables, file: excelize.NewFile(), lists: map[string]string{}, labels: map[string]map[string]string{}}
	if err := t.write(); err != nil {
		t.file.Close()
		return nil, fmt.Errorf("make workbook of %s %s: %w", d.Territoire, d.Periode.Format("2006-01"), err)
	}
	return t.file, nil
}

// templateWriter is a workbook in the making.
type templateWriter struct {
	model  *Model
	data   TemplateData
	tables []string
	file   *excelize.File
	styles templateStyles
	lists  map[string]string            // code list → its range on the sheet of lists
	labels map[string]map[string]string // code list → code → label
	actors string                       // the range of an émetteur's actors on the sheet of lists
}

func (t *templateWriter) write() (err error) {
	if t.styles, err = newTemplateStyles(t.file); err != nil {
		return err
	}
	if err := t.file.SetSheetName("Sheet1", CoverSheet); err != nil {
		return err
	}
	if _, err := t.file.NewSheet(GuideSheet); err != nil {
		return err
	}
	for _, table := range t.tables {
		if _, err := t.file.NewSheet(SheetName(t.model.Schemas[table])); err != nil {
			return err
		}
	}
	if err := t.writeLists(); err != nil {
		return fmt.Errorf("sheet %s: %w", ListsSheet, err)
	}
	for _, table := range t.tables {
		if err := t.writeTable(t.model.Schemas[table], t.data.Rows[table]); err != nil {
			return fmt.Errorf("sheet %s: %w", table, err)
		}
	}
	if err := t.writeCover(); err != nil {
		return fmt.Errorf("sheet %s: %w", CoverSheet, err)
	}
	if err := t.writeGuide(); err != nil {
		return fmt.Errorf("sheet %s: %w", GuideSheet, err)
	}
	if err := t.file.ProtectWorkbook(&excelize.WorkbookProtectionOptions{LockStructure: true}); err != nil {
		return err
	}
	return t.writeProperties()
}

// SheetName is the name of a table's sheet: its French title, within Excel's 31 characters.
func SheetName(s *Schema) string {
	if utf8.RuneCountInString(s.Title) <= 31 {
		return s.Title
	}
	return s.Name
}

func (t *templateWriter) writeCell(sheet, cell string, field *Field, value any) error {
	switch v := value.(type) {
	case string:
		return t.file.SetCellStr(sheet, cell, t.label(field, v))
	case []string:
		labels := make([]string, len(v))
		for i, code := range v {
			labels[i] = t.label(field, code)
		}
		return t.file.SetCellStr(sheet, cell, strings.Join(labels, " "+field.Delimiter+" "))
	case bool:
		if v {
			return t.file.SetCellStr(sheet, cell, "oui")
		}
		return t.file.SetCellStr(sheet, cell, "non")
	case int64:
		return t.file.SetCellInt(sheet, cell, v)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("%v is no number", v)
		}
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64) // excelize truncates there
		return t.file.SetCellFloat(sheet, cell, rounded, -1, 64)
	case time.Time:
		if field.Type != "date" {
			return fmt.Errorf("a day in a field of type %s", field.Type)
		}
		return t.file.SetCellInt(sheet, cell, daySerial(v))
	}
	return fmt.Errorf("cannot write a %T", value)
}

func (t *templateWriter) label(field *Field, code string) string {
	if label := t.labels[field.CodeList][code]; label != "" {
		return label
	}
	return code
}

// daySerial is Excel's number of a day (1900 system, from March 1900 on).
func daySerial(day time.Time) int64 {
	origin := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	return int64(day.Sub(origin) / (24 * time.Hour))
}

func (t *templateWriter) writeProperties() error {
	const made = "2024-01-01T00:00:00Z" // fixed: the same content has the same bytes
	if err := t.file.SetDocProps(&excelize.DocProperties{
		Title: "Classeur de suivi", Creator: "cairn", LastModifiedBy: "cairn", Created: made, Modified: made, Language: "fr-FR",
	}); err != nil {
		return err
	}
	return t.file.SetCustomProps(excelize.CustomProperty{Name: TemplateProperty, Value: TemplateVersion})
}
