package ingest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// TemplateProperty is the custom document property by which a returned workbook is recognised:
// it survives a passage through LibreOffice, a file's name does not.
const TemplateProperty = "cairn_modele"

// TemplateVersion is the version of the workbook that NewTemplate makes.
const TemplateVersion = "1"

// The sheets that are no table.
const (
	CoverSheet = "Accueil"
	ListsSheet = "Listes"
)

// templateLastRow is the last row that the drop-down lists cover.
const templateLastRow = 2000

// TemplateData is what a workbook is filled with. Without Rows it is a blank one.
type TemplateData struct {
	Territoire string
	Periode    time.Time
	Emetteur   string // an acteur_id or a peer group; empty: the territory itself
	Referent   string
	Nothing    map[string]bool             // tables ticked « rien ce mois-ci »
	Rows       map[string][]map[string]any // table → rows of field name → value
}

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
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return Repack(w, buf.Bytes())
}

// NewTemplate makes the workbook in memory: the cover, a sheet per table with its titles in row 1
// and its rows from row 2 on, and the code lists that the drop-downs point at.
//
// A value is a string, int64, float64, bool, time.Time (a day) or []string. A code is written as
// its label; a string that is no code, date or number of its field is written as it is.
func NewTemplate(m *Model, d TemplateData) (*excelize.File, error) {
	tables := Tables
	if d.Emetteur != "" {
		tables = EmitterTables
	}
	t, err := newTemplateWriter(m)
	if err != nil {
		return nil, err
	}
	if err := t.write(tables, d); err != nil {
		t.file.Close()
		return nil, fmt.Errorf("make workbook of %s %s: %w", d.Territoire, d.Periode.Format("2006-01"), err)
	}
	return t.file, nil
}

// templateWriter is a workbook in the making.
type templateWriter struct {
	model  *Model
	file   *excelize.File
	header int               // style of the titles
	day    int               // style of a date column
	lists  map[string]string // code list → its range on the sheet of lists
	labels map[string]map[string]string
}

func newTemplateWriter(m *Model) (*templateWriter, error) {
	t := &templateWriter{model: m, file: excelize.NewFile(), lists: map[string]string{}, labels: map[string]map[string]string{}}
	t.file.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return storeZip{zip.NewWriter(w)} })
	var err error
	if t.header, err = t.file.NewStyle(&excelize.Style{
		Font:      &excelize.Font{Bold: true},
		Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE7EE"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
	}); err != nil {
		return nil, err
	}
	dayFormat := "dd/mm/yyyy"
	t.day, err = t.file.NewStyle(&excelize.Style{CustomNumFmt: &dayFormat})
	return t, err
}

func (t *templateWriter) write(tables []string, d TemplateData) error {
	if err := t.file.SetSheetName("Sheet1", CoverSheet); err != nil {
		return err
	}
	if err := t.writeCover(d, tables); err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := t.file.NewSheet(SheetName(t.model.Schemas[table])); err != nil {
			return err
		}
	}
	if err := t.writeLists(tables); err != nil {
		return err
	}
	for _, table := range tables {
		if err := t.writeTable(t.model.Schemas[table], d.Rows[table]); err != nil {
			return fmt.Errorf("sheet %s: %w", table, err)
		}
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

func (t *templateWriter) writeCover(d TemplateData, tables []string) error {
	row := 0
	for _, field := range t.model.Schemas["accueil"].Fields {
		table, tick := strings.CutPrefix(field.Name, "rien_")
		if tick && !slices.Contains(tables, table) {
			continue
		}
		row++
		value := map[string]string{
			"territoire_id": d.Territoire, "periode": d.Periode.Format("2006-01"), "emetteur": d.Emetteur,
			"referent": d.Referent, "version_modele": TemplateVersion,
		}[field.Name]
		if tick && d.Nothing[table] {
			value = "oui"
		}
		if err := t.file.SetCellStr(CoverSheet, "A"+strconv.Itoa(row), field.Title); err != nil {
			return err
		}
		if value == "" {
			continue
		}
		if err := t.file.SetCellStr(CoverSheet, "B"+strconv.Itoa(row), value); err != nil {
			return err
		}
	}
	if err := t.file.SetCellStyle(CoverSheet, "A1", "A"+strconv.Itoa(row), t.header); err != nil {
		return err
	}
	return t.file.SetColWidth(CoverSheet, "A", "B", 38)
}

// writeLists writes a column of labels for each code list that the tables use.
func (t *templateWriter) writeLists(tables []string) error {
	if _, err := t.file.NewSheet(ListsSheet); err != nil {
		return err
	}
	column := 0
	for _, table := range tables {
		for _, field := range t.model.Schemas[table].Fields {
			list := field.CodeList
			if list == "" || t.lists[list] != "" {
				continue
			}
			column++
			if err := t.writeList(list, column); err != nil {
				return err
			}
		}
	}
	if err := t.file.SetRowStyle(ListsSheet, 1, 1, t.header); err != nil {
		return err
	}
	return t.file.SetColWidth(ListsSheet, "A", ColumnName(max(column, 1)-1), 30)
}

func (t *templateWriter) writeList(list string, column int) error {
	codes := t.model.CodeLists[list]
	cells := []any{list}
	t.labels[list] = make(map[string]string, len(codes))
	for _, c := range codes {
		cells = append(cells, c.Label)
		t.labels[list][c.Value] = c.Label
	}
	name := ColumnName(column - 1)
	t.lists[list] = fmt.Sprintf("%s!$%s$2:$%s$%d", ListsSheet, name, name, len(cells))
	return t.file.SetSheetCol(ListsSheet, name+"1", &cells)
}

func (t *templateWriter) writeTable(s *Schema, rows []map[string]any) error {
	sheet := SheetName(s)
	for i, field := range s.Fields {
		if err := t.prepareColumn(sheet, ColumnName(i), &field); err != nil {
			return err
		}
	}
	if err := t.file.SetRowStyle(sheet, 1, 1, t.header); err != nil {
		return err
	}
	if err := t.file.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, field := range s.Fields {
		if err := t.file.SetCellStr(sheet, ColumnName(i)+"1", field.Title); err != nil {
			return err
		}
	}
	for n, row := range rows {
		line := strconv.Itoa(n + 2)
		for i := range s.Fields {
			value, filled := row[s.Fields[i].Name]
			if !filled || value == nil {
				continue
			}
			if err := t.writeCell(sheet, ColumnName(i)+line, &s.Fields[i], value); err != nil {
				return fmt.Errorf("row %s, %s: %w", line, s.Fields[i].Name, err)
			}
		}
	}
	return nil
}

func (t *templateWriter) prepareColumn(sheet, column string, field *Field) error {
	width := 18.0
	if field.Printable || strings.Contains(field.Name, "intention") {
		width = 44
	}
	if err := t.file.SetColWidth(sheet, column, column, width); err != nil {
		return err
	}
	if field.Type == "date" {
		if err := t.file.SetColStyle(sheet, column, t.day); err != nil {
			return err
		}
	}
	if field.Type != "boolean" && (field.CodeList == "" || field.Type == "list") {
		return nil
	}
	v := excelize.NewDataValidation(true)
	v.Sqref = fmt.Sprintf("%s2:%s%d", column, column, templateLastRow)
	if field.Type == "boolean" {
		if err := v.SetDropList([]string{"oui", "non"}); err != nil {
			return err
		}
	} else {
		v.SetSqrefDropList(t.lists[field.CodeList])
	}
	// A warning and not a refusal: « nc » and « nsp » are accepted in any optional cell.
	v.SetError(excelize.DataValidationErrorStyleWarning, field.Title, "Choisissez dans la liste, ou écrivez « nc » ou « nsp ».")
	return t.file.AddDataValidation(sheet, v)
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
		Title: "Classeur de suivi", Creator: "cairn", LastModifiedBy: "cairn", Created: made, Modified: made,
	}); err != nil {
		return err
	}
	return t.file.SetCustomProps(excelize.CustomProperty{Name: TemplateProperty, Value: TemplateVersion})
}
