package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// coverFirstRow is the row of the cover's first label; the others follow, the ticks below a title
// of their own.
const coverFirstRow = 6

// CoverCell is the cell of the cover that holds a field's value, in a territory's own workbook.
func CoverCell(m *Model, field string) string {
	for i, f := range m.Schemas["accueil"].Fields {
		if f.Name == field {
			if strings.HasPrefix(field, "rien_") {
				i += 4
			}
			return CellName(1, coverFirstRow+i)
		}
	}
	return ""
}

// frenchMonths are the names of the months.
var frenchMonths = [...]string{
	"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
}

func (t *templateWriter) place() string {
	if t.data.Nom != "" {
		return t.data.Nom
	}
	return t.data.Territoire
}

// month is the workbook's month in words; empty when it is to be filled in.
func (t *templateWriter) month() string {
	if t.data.Periode.IsZero() {
		return ""
	}
	return frenchMonths[t.data.Periode.Month()-1] + t.data.Periode.Format(" 2006")
}

// emitter is who sends the workbook in place of the territory, in words.
func (t *templateWriter) emitter() string {
	for _, a := range t.data.Acteurs {
		if a.ID == t.data.Emetteur {
			return a.Nom
		}
	}
	return t.model.Label("groupe_pairs", t.data.Emetteur)
}

// writeCover writes the labels in column A and the values in column B, as the reader wants them;
// columns C and D are for people.
func (t *templateWriter) writeCover() error {
	s := &sheetWriter{templateWriter: t, sheet: CoverSheet}
	s.widths(40, 28, 50, 14)
	s.banner("Classeur de suivi", "ABCD", t.coverLines()...)
	row := 5
	s.section(row, "Ce classeur", "ABCD")
	row++
	ticks := false
	for i := range t.model.Schemas["accueil"].Fields {
		field := &t.model.Schemas["accueil"].Fields[i]
		table, tick := strings.CutPrefix(field.Name, "rien_")
		if tick && !slices.Contains(t.tables, table) {
			continue
		}
		if tick && !ticks {
			ticks = true
			row++
			s.section(row, "Rien à noter ce mois-ci ?", "ABCD")
			s.put("D", row, "Rempli", s.styles.right)
			row++
			s.put("A", row, "Choisissez « oui » en face des feuilles pour lesquelles il n’y a rien eu : ce n’est pas la même chose qu’une feuille oubliée.", s.styles.list)
			s.height(row, 24)
			row += 2
		}
		if tick {
			s.tick(row, field, t.model.Schemas[table])
		} else {
			s.identity(row, field)
		}
		row++
	}
	row++
	s.section(row, "Avant de renvoyer", "ABCD")
	for _, text := range []string{
		"Les titres suivis de * sont obligatoires ; ceux suivis de (*) le sont dans le cas que dit leur aide (placez la souris sur le titre).",
		"Une case obligatoire restée vide est encadrée de tirets rouges.",
		"Ne citez personne dans les textes qui peuvent être publiés. La feuille « Mode d’emploi » dit qui voit quoi.",
	} {
		row++
		s.put("A", row, "•  "+text, s.styles.list)
		s.height(row, 20)
	}
	if t.data.Contact != "" {
		row++
		s.put("A", row, "•  Une question ? "+t.data.Contact, s.styles.list)
		s.height(row, 20)
	}
	if s.err != nil {
		return s.err
	}
	if err := t.coverTicks(row); err != nil {
		return err
	}
	if err := t.printOn(CoverSheet, "portrait", true); err != nil {
		return err
	}
	return t.protect(CoverSheet)
}

// coverLines are what stands below the title: whose it is, and the programme.
func (t *templateWriter) coverLines() []string {
	var who []string
	for _, part := range []string{t.place(), t.month(), t.emitter()} {
		if part != "" {
			who = append(who, part)
		}
	}
	return []string{strings.Join(who, " – "), t.data.Programme}
}

// identity writes a label and its value: what is known is locked, but for the month, so that last
// month's workbook can serve again.
func (s *sheetWriter) identity(row int, field *Field) {
	value := map[string]string{
		"territoire_id": s.data.Territoire, "emetteur": s.model.Label("groupe_pairs", s.data.Emetteur),
		"referent": s.data.Referent, "version_modele": TemplateVersion,
	}[field.Name]
	if field.Name == "periode" && !s.data.Periode.IsZero() {
		value = s.data.Periode.Format("2006-01")
	}
	style := s.styles.entry
	if value != "" && slices.Contains([]string{"territoire_id", "emetteur", "version_modele"}, field.Name) {
		style = s.styles.fixed
	}
	s.put("A", row, requiredTitle(field), s.styles.label)
	s.put("B", row, value, style)
	s.put("C", row, field.Description, s.styles.help)
	s.height(row, 8+14*float64(lines(field.Description, 56)))
}

// tick writes the tick of a table, what kind of sheet it is, and how many of its rows are filled.
func (s *sheetWriter) tick(row int, field *Field, schema *Schema) {
	value := ""
	if s.data.Nothing[schema.Name] {
		value = "oui"
	}
	s.put("A", row, field.Title, s.styles.label)
	s.put("B", row, value, s.styles.entry)
	s.put("C", row, kindWords[schema.Kind], s.styles.link)
	s.link("C", row, SheetName(schema))
	cells := fmt.Sprintf("%s!$A$2:$A$%d", quoteSheet(SheetName(schema)), templateLastRow)
	s.count("D", row, len(s.data.Rows[schema.Name]), cells)
	s.height(row, 20)
}

// kindWords says in a few words what a sheet of each kind holds.
var kindWords = map[Kind]string{
	Registre: "Liste tenue à jour de mois en mois",
	Flux:     "Ce qui est arrivé pendant le mois",
	Releve:   "Ce qui a été observé à une date",
}

// coverTicks gives the ticks their drop-down.
func (t *templateWriter) coverTicks(last int) error {
	v := excelize.NewDataValidation(true)
	first := coverFirstRow + 9
	v.Sqref = fmt.Sprintf("B%d:B%d", first, min(last, first+len(t.tables)-1))
	if err := v.SetDropList([]string{"oui", "non"}); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleWarning, validationTitle, "Choisissez « oui » s’il n’y a rien eu à noter ce mois-ci dans cette feuille ; sinon laissez vide.")
	return t.file.AddDataValidation(CoverSheet, v)
}

// sheetWriter writes cells of one sheet and keeps the first error.
type sheetWriter struct {
	*templateWriter
	sheet string
	err   error
}

func (s *sheetWriter) do(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *sheetWriter) widths(widths ...float64) {
	for i, w := range widths {
		s.do(s.file.SetColWidth(s.sheet, ColumnName(i), ColumnName(i), w))
	}
}

func (s *sheetWriter) height(row int, points float64) {
	s.do(s.file.SetRowHeight(s.sheet, row, points))
}

func (s *sheetWriter) put(column string, row int, text string, style int) {
	cell := column + strconv.Itoa(row)
	if text != "" {
		s.do(s.file.SetCellStr(s.sheet, cell, text))
	}
	s.do(s.file.SetCellStyle(s.sheet, cell, cell, style))
}

// banner is the sheet's title, with lines of text below it.
func (s *sheetWriter) banner(title, columns string, below ...string) {
	for _, column := range columns {
		s.put(string(column), 1, "", s.styles.title)
		for i := range below {
			s.put(string(column), 2+i, "", s.styles.subtitle)
		}
	}
	s.put("A", 1, title, s.styles.title)
	s.height(1, 42)
	for i, text := range below {
		s.put("A", 2+i, text, s.styles.subtitle)
		s.height(2+i, 22)
	}
}

// section is a title within the sheet, ruled over the columns.
func (s *sheetWriter) section(row int, title, columns string) {
	for _, column := range columns {
		s.put(string(column), row, "", s.styles.section)
	}
	s.put("A", row, title, s.styles.section)
	s.height(row, 26)
}

// link makes a cell lead to another sheet.
func (s *sheetWriter) link(column string, row int, sheet string) {
	s.do(s.file.SetCellHyperLink(s.sheet, column+strconv.Itoa(row), quoteSheet(sheet)+"!A1", "Location"))
}

// count writes how many cells of a range are filled, with the value that a viewer shows which
// computes nothing.
func (s *sheetWriter) count(column string, row, n int, cells string) {
	cell := column + strconv.Itoa(row)
	words := strconv.Itoa(n) + " lignes"
	switch n {
	case 0:
		words = "–"
	case 1:
		words = "1 ligne"
	}
	s.do(s.file.SetCellDefault(s.sheet, cell, words))
	s.do(s.file.SetCellFormula(s.sheet, cell, fmt.Sprintf(`IF(COUNTA(%[1]s)=0,"–",COUNTA(%[1]s)&IF(COUNTA(%[1]s)=1," ligne"," lignes"))`, cells)))
	s.do(s.file.SetCellStyle(s.sheet, cell, cell, s.styles.count))
}

// quoteSheet is a sheet's name as references hold it.
func quoteSheet(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }
