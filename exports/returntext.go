package exports

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// returnSheet writes the sheet « Retour »: the receipt, what to do, the list to answer, what was
// received, the figures of the month.
type returnSheet struct {
	*Return
	model     *ingest.Model
	file      *excelize.File
	annotated bool // the other sheets are the sender's own, with their marks
	styles    map[returnStyle]int
	data      sheetData // its rows
	row       int       // the last
}

// styled is a value with a style of its own.
type styled struct {
	value any
	style returnStyle
}

const (
	returnHeadline = "Retour sur votre classeur de suivi"
	returnTable    = "tbl_retour_" // the names of the sheet's tables begin so
)

// returnStyle is a style of that sheet.
type returnStyle int

const (
	plainStyle returnStyle = iota
	returnTitle
	returnHeading
	returnHeader
	cellText
	cellLink
	inputCell
	toCorrect
	toExplain
	valueCell
)

var thin = []excelize.Border{
	{Type: "left", Style: 1, Color: "BFBFBF"}, {Type: "right", Style: 1, Color: "BFBFBF"},
	{Type: "top", Style: 1, Color: "BFBFBF"}, {Type: "bottom", Style: 1, Color: "BFBFBF"},
}

func solid(color string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
}

var topWrap = &excelize.Alignment{WrapText: true, Vertical: "top"}

var returnStyles = []excelize.Style{
	plainStyle:    {Alignment: &excelize.Alignment{Vertical: "top"}},
	returnTitle:   {Font: &excelize.Font{Bold: true, Size: 16}},
	returnHeading: {Font: &excelize.Font{Bold: true, Size: 13}, Alignment: &excelize.Alignment{Vertical: "bottom"}},
	returnHeader:  {Font: &excelize.Font{Bold: true}, Fill: solid("DDE7EE"), Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}, Border: thin},
	cellText:      {Alignment: &excelize.Alignment{WrapText: true, Horizontal: "left", Vertical: "top"}, Border: thin},
	cellLink:      {Font: &excelize.Font{Color: "0B4F8A", Underline: "single"}, Alignment: topWrap, Border: thin},
	inputCell:     {Alignment: topWrap, Border: thin, Fill: solid("FFFFE5"), Protection: &excelize.Protection{Locked: false}},
	toCorrect:     {Font: &excelize.Font{Bold: true}, Fill: solid(markColors[ingest.Erreur]), Alignment: topWrap, Border: thin},
	toExplain:     {Font: &excelize.Font{Bold: true}, Fill: solid(markColors[ingest.Question]), Alignment: topWrap, Border: thin},
	valueCell:     {Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "top"}, Border: thin},
}

// returnColumns are the columns of the list, which the other tables share. The titles of the two to fill
// and of the last one are those by which they are read back.
var returnColumns = []struct {
	title string
	width float64
}{
	{"N°", 5}, {"À faire", 13}, {"Feuille", 15}, {"Cellule", 9}, {"Constat", 58}, {"Valeur reçue", 18}, {"Proposition", 18},
	{"Réponse", 16}, {"Explication", 36}, {"Référence", 12},
}

func (s *returnSheet) write() error {
	s.styles = map[returnStyle]int{}
	for i := range returnStyles {
		style := returnStyles[i]
		font := excelize.Font{}
		if style.Font != nil {
			font = *style.Font
		}
		font.Family = fontName
		if font.Size == 0 {
			font.Size = fontSize
		}
		style.Font = &font
		id, err := s.file.NewStyle(&style)
		if err != nil {
			return err
		}
		s.styles[returnStyle(i)] = id
	}
	for i, c := range returnColumns {
		name := columnName(i + 1)
		if err := s.file.SetColWidth(returnSheetName, name, name, c.width); err != nil {
			return err
		}
	}
	for _, part := range []func() error{s.head, s.list, s.received, s.figures, s.page} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// head says whose workbook it is, what became of it and what to do.
func (s *returnSheet) head() error {
	if err := s.line(returnTitle, titleHeight, returnHeadline); err != nil {
		return err
	}
	whose := s.Name
	if whose == "" {
		whose = s.Territoire
	}
	if !s.Periode.IsZero() && whose != "" {
		whose += ", " + monthName(s.Periode)
	}
	if s.Emetteur != "" {
		whose += ", émetteur " + s.Emetteur
	}
	lines := []string{whose}
	if !s.Received.IsZero() {
		received := "Reçu le " + dayName(s.Received)
		if s.Version > 1 {
			received += fmt.Sprintf(", version %d de ce mois", s.Version)
		}
		lines = append(lines, received+".")
	}
	if s.File != "" {
		lines = append(lines, "Fichier : « "+s.File+" ».")
	}
	lines = append(lines, s.outcome())
	if len(s.Findings) > 0 {
		lines = append(lines, s.whatToDo()...)
		lines = append(lines, "Dans la liste, une case vide de « Valeur reçue » ou de « Proposition » dit qu’il n’y en a pas ; « Réponse » et « Explication » sont à vous.")
	}
	if s.NoHistory {
		lines = append(lines, "Ce classeur a été vérifié seul : ce qui demande les classeurs des autres mois n’a pas été regardé.")
	}
	for _, line := range lines {
		if line == "" {
			continue
		}
		for _, part := range wrap(typo(line), 185) {
			if err := s.line(plainStyle, 0, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// outcome is what became of the workbook, in a sentence or two.
func (s *returnSheet) outcome() string {
	if s.Rejected {
		return "Ce classeur n’a pas pu être pris : voyez ci-dessous pourquoi, corrigez, puis renvoyez-le. Le fichier reçu est conservé."
	}
	aside, taken := 0, 0
	for _, b := range s.Sheets {
		aside, taken = aside+b.Aside, taken+b.Taken
	}
	text := fmt.Sprintf("Merci. Votre classeur a été pris : %s.", count(taken, "ligne prise", "lignes prises"))
	if aside > 0 {
		text = fmt.Sprintf("Merci. Votre classeur a été pris, sauf %s : %s.", count(aside, "ligne mise de côté", "lignes mises de côté"), count(taken, "ligne prise", "lignes prises"))
	}
	correct, explain := s.Count(ingest.Erreur), s.Count(ingest.Question)
	var left []string
	if correct > 0 {
		left = append(left, count(correct, "point à corriger", "points à corriger"))
	}
	if explain > 0 {
		left = append(left, count(explain, "point à expliquer", "points à expliquer"))
	}
	switch {
	case len(left) > 0:
		text += " Il reste " + strings.Join(left, " et ") + "."
	default:
		text += " Il n’y a rien à corriger ni à expliquer."
	}
	if s.Settled > 0 {
		text += " " + count(s.Settled, "question est déjà réglée.", "questions sont déjà réglées.")
	}
	return text
}

func (s *returnSheet) whatToDo() []string {
	if s.Rejected {
		return nil
	}
	if s.annotated {
		return []string{
			"Ce fichier est votre classeur. Les cellules en cause y sont colorées et portent une note avec le numéro du constat. Corrigez-les dans leur feuille ; ou répondez ici, dans les colonnes « Réponse » et « Explication ».",
			"Enregistrez puis renvoyez ce fichier : le corriger, c’est le renvoyer. Une question expliquée n’est plus posée tant que la valeur reste la même.",
		}
	}
	return []string{
		"Corrigez votre classeur et renvoyez-le. Pour expliquer une valeur, copiez cette feuille dans votre classeur et répondez dans les colonnes « Réponse » et « Explication ».",
		"Une question expliquée n’est plus posée tant que la valeur reste la même.",
	}
}

// list is what to correct and what to explain, with the two columns to fill.
func (s *returnSheet) list() error {
	if len(s.Findings) == 0 {
		return nil
	}
	if err := s.heading("Ce qui est à corriger ou à expliquer"); err != nil {
		return err
	}
	titles := make([]any, len(returnColumns))
	for i, c := range returnColumns {
		titles[i] = c.title
	}
	if err := s.cells(1, titles, returnHeader); err != nil {
		return err
	}
	first := s.row + 1
	labels := map[string]string{}
	for _, c := range s.model.CodeLists["reponse_retour"] {
		labels[c.Value] = c.Label
	}
	for i, f := range s.Findings {
		sheet, cell := f.Sheet, f.Cell
		if sheet == "" {
			sheet = "classeur entier"
		}
		if cell == "" && f.Line > 0 {
			cell = fmt.Sprintf("ligne %d", f.Line)
		} else if cell == "" {
			cell = "toutes"
		}
		row := []any{i + 1, words[f.Severity], sheet, cell, typo(f.Message), frenchDay(f.Value), f.Proposal, labels[f.Response], f.Explanation, f.ID}
		todo := map[ingest.Severity]returnStyle{ingest.Rejet: toCorrect, ingest.Erreur: toCorrect, ingest.Question: toExplain}[f.Severity]
		if todo != 0 {
			row[1] = styled{row[1], todo}
		}
		if f.Severity != ingest.Note {
			row[7], row[8] = styled{row[7], inputCell}, styled{row[8], inputCell}
		}
		if s.annotated && f.Cell != "" {
			row[3] = styled{row[3], cellLink}
			target := "'" + strings.ReplaceAll(f.Sheet, "'", "''") + "'!" + f.Cell
			if err := s.file.SetCellHyperLink(returnSheetName, "D"+strconv.Itoa(s.row+1), target, "Location"); err != nil {
				return err
			}
		}
		if err := s.cells(1, row, cellText); err != nil {
			return err
		}
	}
	if err := s.table("constats", 1, len(returnColumns), first-1); err != nil {
		return err
	}
	v := excelize.NewDataValidation(true)
	v.Sqref = fmt.Sprintf("H%d:H%d", first, s.row)
	all := make([]string, 0, len(labels))
	for _, c := range s.model.CodeLists["reponse_retour"] {
		all = append(all, c.Label)
	}
	if err := v.SetDropList(all); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, "Réponse", "Choisissez dans la liste ; pour le reste, écrivez dans « Explication ».")
	return s.file.AddDataValidation(returnSheetName, v)
}

// table marks up, as a table, the cells from a row of titles to the last row.
func (s *returnSheet) table(name string, from, columns, header int) error {
	if s.row == header {
		return nil // a table needs a row
	}
	return s.file.AddTable(returnSheetName, &excelize.Table{
		Range: fmt.Sprintf("%s%d:%s%d", columnName(from), header, columnName(from+columns-1), s.row), Name: returnTable + name, ShowRowStripes: new(false),
	})
}

// received is what was read, sheet by sheet.
func (s *returnSheet) received() error {
	if len(s.Sheets) == 0 {
		return nil
	}
	if err := s.heading("Ce qui a été reçu"); err != nil {
		return err
	}
	if err := s.cells(3, []any{"Feuille", "Lignes", "Détail"}, returnHeader); err != nil {
		return err
	}
	header := s.row
	for _, b := range s.Sheets {
		name := b.Sheet
		if name == "" {
			name = s.model.Schemas[b.Table].Title
		}
		if err := s.cells(3, []any{name, b.Read, balanceText(b)}, cellText); err != nil {
			return err
		}
	}
	return s.table("recu", 3, 3, header)
}

func balanceText(b SheetBalance) string {
	if b.Read == 0 {
		if b.Nothing {
			return "Rien ce mois-ci."
		}
		return "Aucune ligne."
	}
	parts := []string{count(b.Taken, "prise", "prises")}
	if b.Aside > 0 {
		parts = append(parts, count(b.Aside, "mise de côté", "mises de côté"))
	}
	if b.New >= 0 {
		parts = append(parts, count(b.New, "nouvelle", "nouvelles"), count(b.Changed, "modifiée", "modifiées"))
	}
	return strings.Join(parts, ", ") + "."
}

// figures are those of the territory's own month.
func (s *returnSheet) figures() error {
	if len(s.Figures) == 0 {
		return nil
	}
	if err := s.heading(typo("Vos chiffres du mois : " + monthName(s.Periode))); err != nil {
		return err
	}
	if err := s.cells(4, []any{"Code", "Indicateur", "Valeur", "Détail"}, returnHeader); err != nil {
		return err
	}
	header := s.row
	for _, r := range s.Figures {
		if r["valeur"] == nil && r.text("modalite") != "" {
			continue // a distribution without a value is said once
		}
		name := r.text("nom")
		if r.text("modalite") != "" {
			name += " : " + r.text("modalite")
		}
		if err := s.cells(4, []any{r.text("indicateur"), typo(name), styled{figureText(r), valueCell}, typo(figureDetail(r))}, cellText); err != nil {
			return err
		}
	}
	return s.table("chiffres", 4, 4, header)
}

// figureText is a value as a person reads it, or why there is none.
func figureText(r record) string {
	if x, ok := r["valeur"].(float64); ok {
		return quantity(r.text("unite"), x)
	}
	return r.text("statut")
}

// decimals is how many a figure of a unit is written with.
func decimals(unit string) int {
	switch unitFormats[unit] {
	case twoDecimals:
		return 2
	case integerFormat:
		return 0
	}
	return 1
}

func figureDetail(r record) string {
	if r["valeur"] == nil {
		return "sans valeur"
	}
	if _, shares := r["denominateur"].(float64); shares {
		return countText(r)
	}
	if n, ok := r["effectif"].(int64); ok {
		return fmt.Sprintf("effectif : %d", n)
	}
	return ""
}

// page protects all but the two columns, and sets the printed page.
func (s *returnSheet) page() error {
	f := s.file
	if err := f.ProtectSheet(returnSheetName, &excelize.SheetProtectionOptions{
		SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true,
	}); err != nil {
		return err
	}
	if err := f.SetPageLayout(returnSheetName, &excelize.PageLayoutOptions{
		Size: new(9), Orientation: new("landscape"), FitToWidth: new(1), FitToHeight: new(0),
	}); err != nil {
		return err
	}
	if err := f.SetSheetProps(returnSheetName, &excelize.SheetPropsOptions{FitToPage: new(true)}); err != nil {
		return err
	}
	if err := f.SetPageMargins(returnSheetName, &excelize.PageLayoutMarginsOptions{
		Left: new(0.4), Right: new(0.4), Top: new(0.5), Bottom: new(0.6), Header: new(0.3), Footer: new(0.3),
	}); err != nil {
		return err
	}
	if err := f.SetHeaderFooter(returnSheetName, &excelize.HeaderFooterOptions{OddFooter: "&L&A&RPage &P sur &N"}); err != nil {
		return err
	}
	return f.SetSheetView(returnSheetName, 0, &excelize.ViewOptions{ShowGridLines: new(false)})
}

func (s *returnSheet) heading(text string) error {
	s.row++ // room before it
	return s.line(returnHeading, 1.6*lineHeight, text)
}

// line writes a text at the left of the next row, as high as said in points; 0: as it needs.
func (s *returnSheet) line(style returnStyle, height float64, text string) error {
	s.row++
	s.data.open(s.row, height)
	defer s.data.close()
	return s.data.cell(1, text, s.styles[style])
}

// cells writes the next row from a column on, as high as its texts need. A table takes its titles from excelize.
func (s *returnSheet) cells(from int, values []any, style returnStyle) error {
	s.row++
	lines := 1
	for i, v := range values {
		if own, ok := v.(styled); ok {
			v = own.value
		}
		if text, ok := v.(string); ok {
			for line := range strings.SplitSeq(text, "\n") {
				lines = max(lines, len(wrap(line, returnColumns[from+i-1].width-1)))
			}
		}
	}
	s.data.open(s.row, min(float64(lines)*lineHeight+3, maximumHeight))
	defer s.data.close()
	for i, v := range values {
		of := style
		if own, ok := v.(styled); ok {
			v, of = own.value, own.style
		}
		if style == returnHeader {
			if err := s.file.SetCellDefault(returnSheetName, columnName(from+i)+strconv.Itoa(s.row), v.(string)); err != nil {
				return err
			}
		}
		if err := s.data.cell(from+i, v, s.styles[of]); err != nil {
			return err
		}
	}
	return nil
}

// frenchDay writes an ISO day as people do, and anything else as it is.
func frenchDay(text string) string {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Format("02/01/2006")
	}
	return text
}

// count is « 1 ligne », « 3 lignes ».
func count(n int, one, many string) string {
	if n < 2 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
