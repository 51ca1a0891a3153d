package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// validationTitle heads every warning; Excel allows 32 characters.
const validationTitle = "À vérifier"

// requiredMark keeps to the last word of a title.
const requiredMark = "\u00a0*"

// requiredTitle is a column's title with the mark that it is required: a sign, which folds away
// when the title is read. (*) is required in a case that the note tells.
func requiredTitle(f *Field) string {
	switch {
	case f.Constraints.Required:
		return f.Title + requiredMark
	case f.RequiredWhen != nil:
		return f.Title + "\u00a0(*)"
	}
	return f.Title
}

// longText reports whether a field holds sentences.
func longText(f *Field) bool {
	return f.Type == "string" && f.CodeList == "" && (f.Printable || strings.Contains(f.Name, "intention"))
}

// columnWidth is enough for a field's values and for the longest word of its title.
func (t *templateWriter) columnWidth(s *Schema, f *Field) float64 {
	width := 14.0
	switch {
	case longText(f):
		width = 44
	case f.Name == "nom":
		width = 30
	case f.CodeList != "":
		for _, c := range t.model.CodeLists[f.CodeList] {
			width = max(width, float64(utf8.RuneCountInString(c.Label))+4)
		}
		width = min(width, 30)
	case s.index(f.Name) == 0:
		width = 19
	case f.Type == "date" || f.Type == "integer" || f.Type == "number" || f.Type == "boolean":
		width = 13
	}
	for _, word := range strings.Fields(f.Title) {
		width = max(width, float64(utf8.RuneCountInString(word))*1.15+3)
	}
	return width
}

func (t *templateWriter) columnStyle(f *Field) int {
	switch {
	case f.Type == "date":
		return t.styles.day
	case f.Unit == "EUR":
		return t.styles.money
	case f.Type == "integer" || f.Type == "number":
		return t.styles.number
	case f.Type == "string" && f.CodeList == "" && !longText(f) && f.Name != "nom":
		return t.styles.code // as text, so that « 01004 » and « 12-03 » stay what was typed
	}
	return t.styles.words
}

func (t *templateWriter) titleStyle(f *Field) int {
	switch {
	case f.Constraints.Required:
		return t.styles.required
	case f.RequiredWhen != nil:
		return t.styles.conditional
	}
	return t.styles.optional
}

func (t *templateWriter) writeTable(s *Schema, rows []map[string]any) error {
	sheet := SheetName(s)
	widths := make([]float64, len(s.Fields))
	height := 1
	for i := range s.Fields {
		widths[i] = t.columnWidth(s, &s.Fields[i])
		height = max(height, lines(requiredTitle(&s.Fields[i]), widths[i]/1.12-1))
		if err := t.addValidation(s, i); err != nil {
			return err
		}
	}
	if err := t.prepareColumns(s, widths); err != nil {
		return err
	}
	points := 6 + 15*float64(height)
	if err := t.file.SetRowHeight(sheet, 1, points); err != nil {
		return err
	}
	if err := t.frame(s); err != nil {
		return err
	}
	for i := range s.Fields {
		cell := ColumnName(i) + "1"
		if err := t.file.SetCellStr(sheet, cell, requiredTitle(&s.Fields[i])); err != nil {
			return err
		}
		if err := t.file.SetCellStyle(sheet, cell, cell, t.titleStyle(&s.Fields[i])); err != nil {
			return err
		}
	}
	if err := t.writeNotes(s, widths, points); err != nil {
		return err
	}
	for n, row := range rows {
		if err := t.writeRow(s, n+2, row, widths); err != nil {
			return err
		}
	}
	return nil
}

// writeRow writes the cells of a row, and makes it high enough for its longest text.
func (t *templateWriter) writeRow(s *Schema, line int, row map[string]any, widths []float64) error {
	sheet, height := SheetName(s), 1
	for i := range s.Fields {
		f := &s.Fields[i]
		value, filled := row[f.Name]
		if !filled || value == nil {
			continue
		}
		if err := t.writeCell(sheet, ColumnName(i)+strconv.Itoa(line), f, value); err != nil {
			return fmt.Errorf("row %d, %s: %w", line, f.Name, err)
		}
		if text, ok := value.(string); ok && t.columnStyle(f) == t.styles.words {
			height = max(height, lines(t.label(f, text), widths[i]))
		}
	}
	if height == 1 {
		return nil
	}
	return t.file.SetRowHeight(sheet, line, 15*float64(height))
}

// tabColours tell the three kinds of sheet apart, as the guide does in words.
var tabColours = map[Kind]string{Registre: deepColour, Flux: "D9902F", Releve: "7A9E4A"}

// frame freezes the titles, lets rows be filtered, marks what is missing, and sets paper and lock.
func (t *templateWriter) frame(s *Schema) error {
	sheet := SheetName(s)
	panes := &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}
	if s.Kind != Releve { // the row's own key stays in sight
		panes = &excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}
	}
	if err := t.file.SetPanes(sheet, panes); err != nil {
		return err
	}
	last := ColumnName(len(s.Fields) - 1)
	if err := t.file.AutoFilter(sheet, fmt.Sprintf("A1:%s%d", last, templateLastRow), nil); err != nil {
		return err
	}
	if err := t.markMissing(s); err != nil {
		return err
	}
	if err := t.printOn(sheet, "landscape", true); err != nil {
		return err
	}
	colour := tabColours[s.Kind]
	if err := t.file.SetSheetProps(sheet, &excelize.SheetPropsOptions{TabColorRGB: &colour}); err != nil {
		return err
	}
	if err := t.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: quoteSheet(sheet) + "!$1:$1", Scope: sheet}); err != nil {
		return err
	}
	return t.protect(sheet)
}

// markMissing marks the required cells that are empty on a row that has begun and is not withdrawn.
// The formula goes by the sign in the title, so one rule serves the whole sheet.
func (t *templateWriter) markMissing(s *Schema) error {
	sheet, last := SheetName(s), ColumnName(len(s.Fields)-1)
	begun := fmt.Sprintf("LEN(A2)=0,COUNTA($A2:$%s2)>0", last)
	if withdrawn := s.index(retire.Name); withdrawn >= 0 {
		begun += fmt.Sprintf(`,$%s2<>"oui"`, ColumnName(withdrawn))
	}
	rule := func(criteria string) []excelize.ConditionalFormatOptions {
		return []excelize.ConditionalFormatOptions{{Type: "formula", Criteria: criteria, Format: &t.styles.missing}}
	}
	area := fmt.Sprintf("A2:%s%d", last, templateLastRow)
	if err := t.file.SetConditionalFormat(sheet, area, rule(`AND(RIGHT(A$1,2)="`+requiredMark+`",`+begun+")")); err != nil {
		return err
	}
	for i := range s.Fields {
		w := s.Fields[i].RequiredWhen
		if w == nil {
			continue
		}
		column := ColumnName(i)
		criteria := fmt.Sprintf("AND(LEN(%s2)=0,%s)", column, t.condition(s, w))
		if err := t.file.SetConditionalFormat(sheet, fmt.Sprintf("%s2:%s%d", column, column, templateLastRow), rule(criteria)); err != nil {
			return err
		}
	}
	return nil
}

// condition is a schema's condition as a formula on row 2, by the labels that people choose.
func (t *templateWriter) condition(s *Schema, w *Condition) string {
	field := s.Field(w.Field)
	cell := "$" + ColumnName(s.index(w.Field)) + "2"
	parts := []string{"LEN(" + cell + ")>0"}
	for _, code := range w.NotIn {
		parts = append(parts, cell+`<>"`+t.model.Label(field.CodeList, code)+`"`)
	}
	var in []string
	for _, code := range w.In {
		in = append(in, cell+`="`+t.model.Label(field.CodeList, code)+`"`)
	}
	if len(in) > 0 {
		parts = append(parts, "OR("+strings.Join(in, ",")+")")
	}
	return strings.Join(parts, ",")
}

// firstDay and lastDay are those that a date may be.
var firstDay, lastDay = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2199, 12, 31, 0, 0, 0, 0, time.UTC)

// prepareColumns sets the columns' widths and styles, those alike in one go: each call costs excelize
// a copy of all columns before it.
func (t *templateWriter) prepareColumns(s *Schema, widths []float64) error {
	sheet := SheetName(s)
	for first, i := 0, 1; i <= len(widths); i++ {
		if i == len(widths) || widths[i] != widths[first] {
			if err := t.file.SetColWidth(sheet, ColumnName(first), ColumnName(i-1), widths[first]); err != nil {
				return err
			}
			first = i
		}
	}
	for first, i := 0, 1; i <= len(s.Fields); i++ {
		if i == len(s.Fields) || t.columnStyle(&s.Fields[i]) != t.columnStyle(&s.Fields[first]) {
			if err := t.file.SetColStyle(sheet, ColumnName(first)+":"+ColumnName(i-1), t.columnStyle(&s.Fields[first])); err != nil {
				return err
			}
			first = i
		}
	}
	return nil
}

// addValidation gives a column its drop-down or its check.
func (t *templateWriter) addValidation(s *Schema, i int) error {
	sheet, column, field := SheetName(s), ColumnName(i), &s.Fields[i]
	v := excelize.NewDataValidation(true)
	v.Sqref = fmt.Sprintf("%s2:%s%d", column, column, templateLastRow)
	message, err := t.validate(v, s, field)
	if err != nil || message == "" {
		return err
	}
	// A warning and not a refusal: « nc » and « nsp » are accepted in any optional cell.
	v.SetError(excelize.DataValidationErrorStyleWarning, validationTitle, message)
	return t.file.AddDataValidation(sheet, v)
}

// validate sets what a column accepts without a warning and returns the warning's words; "" when
// it accepts anything.
func (t *templateWriter) validate(v *excelize.DataValidation, s *Schema, f *Field) (message string, err error) {
	target, own := t.keysOf(s, f), t.own(f)
	switch {
	case own != "":
		return "Ce classeur ne prend que vos réponses : choisissez « " + own + " ».", v.SetDropList([]string{own})
	case target != "" && target == t.actors:
		v.SetSqrefDropList(target)
		return "Cet identifiant n’est pas dans la liste des acteurs. La feuille « Listes » dit qui est qui.", nil
	case target != "":
		v.SetSqrefDropList(target)
		return "Cet identifiant n’est pas dans la liste des " + t.referenced(s, f) + ". Choisissez-le dans la liste, ou ajoutez d’abord une ligne dans la feuille qui la tient.", nil
	case f.Type == "boolean":
		message, err = "Choisissez « oui » ou « non ».", v.SetDropList([]string{"oui", "non"})
	case f.CodeList != "" && f.Type != "list":
		v.SetSqrefDropList(t.lists[f.CodeList])
		message = "Choisissez dans la liste de la cellule."
	case f.Type == "date":
		message = "Écrivez une date, par exemple 15/03/2026."
		err = v.SetRange(int(daySerial(firstDay)), int(daySerial(lastDay)), excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween)
	case f.Type == "integer" || f.Type == "number":
		message, err = numberRange(v, f)
	default:
		return "", nil
	}
	if !f.Constraints.Required && f.Name != retire.Name {
		message += " Si l’information manque, écrivez « nc » (non concerné) ou « nsp » (ne sait pas), ou laissez vide."
	}
	return message, err
}

// numberRange gives a column of numbers the bounds of its schema.
func numberRange(v *excelize.DataValidation, f *Field) (string, error) {
	kind, words := excelize.DataValidationTypeDecimal, "Écrivez un nombre"
	if f.Type == "integer" {
		kind, words = excelize.DataValidationTypeWhole, "Écrivez un nombre entier"
	}
	c := f.Constraints
	switch {
	case c.Minimum != nil && c.Maximum != nil:
		return fmt.Sprintf("%s de %v à %v.", words, *c.Minimum, *c.Maximum),
			v.SetRange(*c.Minimum, *c.Maximum, kind, excelize.DataValidationOperatorBetween)
	case c.ExclusiveMinimum != nil:
		return fmt.Sprintf("%s plus grand que %v, sans texte.", words, *c.ExclusiveMinimum),
			atLeast(v, *c.ExclusiveMinimum, kind, excelize.DataValidationOperatorGreaterThan)
	case c.Minimum != nil:
		return fmt.Sprintf("%s à partir de %v, sans texte ni unité.", words, *c.Minimum),
			atLeast(v, *c.Minimum, kind, excelize.DataValidationOperatorGreaterThanOrEqual)
	}
	const most = 1e12
	return words + ", sans texte ni unité.", v.SetRange(-most, most, kind, excelize.DataValidationOperatorBetween)
}

// atLeast is a bound without another: excelize would write both.
func atLeast(v *excelize.DataValidation, bound float64, kind excelize.DataValidationType, o excelize.DataValidationOperator) error {
	err := v.SetRange(bound, bound, kind, o)
	v.Formula2 = ""
	return err
}

// own is what an émetteur may say of itself in a field that tells who answers; "" elsewhere.
func (t *templateWriter) own(f *Field) string {
	group := slices.Contains(t.model.Values("groupe_pairs"), t.data.Emetteur)
	if group && f.Name == "groupe_pairs" || !group && f.Name == "declarant" {
		return t.model.Label("groupe_pairs", t.data.Emetteur)
	}
	return ""
}

// keysOf is the range of the identifiers that a field may name, as far as this workbook holds them:
// a flux starts each month empty, so what refers to one is not looked up.
func (t *templateWriter) keysOf(s *Schema, f *Field) string {
	for _, fk := range s.ForeignKeys {
		target := t.model.Schemas[fk.Reference.Resource]
		switch {
		case fk.Fields[0] != f.Name || target.Kind != Registre:
		case slices.Contains(t.tables, target.Name):
			first := quoteSheet(SheetName(target)) + "!$" + ColumnName(target.index(target.PrimaryKey[0])) + "$2"
			all := fmt.Sprintf("%s:$%s$%d", first, ColumnName(target.index(target.PrimaryKey[0])), templateLastRow)
			return fmt.Sprintf("OFFSET(%s,0,0,MAX(1,COUNTA(%s)),1)", first, all)
		case target.Name == "acteurs":
			return t.actors
		}
	}
	return ""
}

func (t *templateWriter) referenced(s *Schema, f *Field) string {
	for _, fk := range s.ForeignKeys {
		if fk.Fields[0] == f.Name {
			return fk.Reference.Resource
		}
	}
	return ""
}

// writeLists writes a column of labels for each code list that the tables use: its title, the
// sheets that use it, its labels; and an émetteur's actors.
func (t *templateWriter) writeLists() error {
	if _, err := t.file.NewSheet(ListsSheet); err != nil {
		return err
	}
	users, titles := map[string][]string{}, map[string]string{}
	var order []string
	for _, table := range t.tables {
		schema := t.model.Schemas[table]
		for _, field := range schema.Fields {
			list := field.CodeList
			if list == "" || slices.Contains(users[list], schema.Title) {
				continue
			}
			if len(users[list]) == 0 {
				order = append(order, list)
				titles[list] = field.Title
			}
			users[list] = append(users[list], schema.Title)
		}
	}
	s := &sheetWriter{templateWriter: t, sheet: ListsSheet}
	column := 0
	if len(t.data.Acteurs) > 0 {
		ids, names := []string{}, []string{}
		for _, a := range t.data.Acteurs {
			ids, names = append(ids, a.ID), append(names, a.Nom)
		}
		t.actors = s.listColumn(0, "Identifiant de l’acteur", "pour « Partenaire »", ids)
		s.listColumn(1, "Nom de l’acteur", "", names)
		column = 2
	}
	for _, list := range order {
		codes := t.model.CodeLists[list]
		labels := make([]string, len(codes))
		t.labels[list] = make(map[string]string, len(codes))
		for i, c := range codes {
			labels[i], t.labels[list][c.Value] = c.Label, c.Label
		}
		t.lists[list] = s.listColumn(column, titles[list], strings.Join(users[list], ", "), labels)
		column++
	}
	s.height(1, 38)
	s.height(2, 44)
	s.do(t.file.SetPanes(ListsSheet, &excelize.Panes{Freeze: true, YSplit: 2, TopLeftCell: "A3", ActivePane: "bottomLeft"}))
	if s.err != nil {
		return s.err
	}
	if err := t.printOn(ListsSheet, "landscape", false); err != nil {
		return err
	}
	return t.protect(ListsSheet)
}

// listColumn writes a list and returns the range of its entries.
func (s *sheetWriter) listColumn(column int, title, users string, entries []string) string {
	name := ColumnName(column)
	s.put(name, 1, title, s.styles.required)
	s.put(name, 2, users, s.styles.help)
	width := 16.0
	cells := make([]any, len(entries))
	for i, entry := range entries {
		cells[i] = entry
		width = max(width, float64(utf8.RuneCountInString(entry))+3)
	}
	s.do(s.file.SetSheetCol(s.sheet, name+"3", &cells))
	s.do(s.file.SetColWidth(s.sheet, name, name, min(width, 50)))
	return fmt.Sprintf("%s!$%s$3:$%s$%d", s.sheet, name, name, len(entries)+2)
}
