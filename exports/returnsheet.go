package exports

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// ReturnProperty is the custom document property by which a return is known; it survives a passage
// through LibreOffice.
const ReturnProperty = "cairn_retour"

const returnSheetName = "Retour"

// Encode makes the return's workbook: the sender's own, its faulty cells coloured and noted, with a
// sheet « Retour » before the others; or that sheet alone when nothing in the file is to be marked,
// when it is no .xlsx, or when it holds what is not sent back: macros and links to other files. A
// return that would not be read as the original was is not made of it.
func (r *Return) Encode(m *ingest.Model, original []byte) ([]byte, error) {
	var book *ingest.Workbook
	if r.marksCells() {
		book = plainXLSX(original)
	}
	if book != nil {
		var data []byte
		err := ingest.Guard(func() (err error) { // excelize takes for granted what a file of another program may lack
			if data, err = r.annotate(m, book); err != nil {
				return err
			}
			return ingest.SameSheets(book, data, r.Earlier, returnSheetName)
		})
		if err == nil {
			return data, nil
		}
		slog.Info("a return could not be made of the workbook itself", "original", r.Original, "error", err)
	}
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", returnSheetName); err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	err := r.finish(m, f, false, func(mend mender) error { return ingest.Save(&packed, f, mend) })
	return packed.Bytes(), err
}

// mender gives a part of a workbook its last form.
type mender = func(part string, data []byte) ([]byte, error)

func (r *Return) marksCells() bool {
	return slices.ContainsFunc(r.Findings, ReturnFinding.marks)
}

// marks reports whether a cell is marked for the finding.
func (f ReturnFinding) marks() bool { return f.Cell != "" && f.Severity != ingest.Note }

// plainXLSX opens an .xlsx without macros or links; nil of any other file.
func plainXLSX(data []byte) *ingest.Workbook {
	if !bytes.HasPrefix(data, []byte("PK")) || !bytes.Contains(data, []byte("xl/workbook.xml")) {
		return nil
	}
	book, err := ingest.OpenWorkbook(data)
	if err != nil || book.Macros || book.ExternalLinks {
		return nil
	}
	return book
}

// annotate marks a workbook. What comes without the marks of an earlier return needs no sheet to be read but those that
// are marked now, and those that are selected.
func (r *Return) annotate(m *ingest.Model, original *ingest.Workbook) ([]byte, error) {
	marked := map[string]bool{}
	for _, f := range r.Findings {
		marked[f.Sheet] = marked[f.Sheet] || f.marks()
	}
	leave := func(s *ingest.Sheet) bool {
		if marked[s.Name] {
			return false
		}
		head, err := s.Head()
		return err == nil && !tabSelected.Match(head)
	}
	if r.Earlier != "" {
		leave = nil
	}
	f, err := original.Edit(leave)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	numberShapes(f.File)
	if err := unmark(f.File, r.Earlier); err != nil {
		return nil, err
	}
	if err := r.mark(f.File); err != nil {
		return nil, err
	}
	if err := placeFirst(f.File); err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	err = r.finish(m, f.File, true, func(mend mender) error { return f.Save(&packed, mend) })
	return packed.Bytes(), err
}

var libreOfficeShape = regexp.MustCompile(`\bid="shape_\d+"`)

// numberShapes gives the shapes of notes the numbers that excelize counts on. LibreOffice names them
// all « shape_0 », and no note can then be added.
func numberShapes(f *excelize.File) {
	f.Pkg.Range(func(name, content any) bool {
		if data, ok := content.([]byte); ok && strings.HasSuffix(name.(string), ".vml") && bytes.Contains(data, []byte(`id="shape_`)) {
			number := 1024
			f.Pkg.Store(name, libreOfficeShape.ReplaceAllFunc(data, func([]byte) []byte {
				number++
				return fmt.Appendf(nil, `id="_x0000_s%d"`, number)
			}))
		}
		return true
	})
}

// placeFirst adds the sheet « Retour » before the others, and opens the workbook on it; finish selects it. The names that
// belong to a sheet know it by its place. MoveSheet and SetActiveSheet do as much, but parse every sheet of the workbook
// and write it again.
func placeFirst(f *excelize.File) error {
	if _, err := f.NewSheet(returnSheetName); err != nil {
		return err
	}
	sheets := f.WorkBook.Sheets.Sheet
	last := sheets[len(sheets)-1]
	copy(sheets[1:], sheets[:len(sheets)-1])
	sheets[0] = last
	if names := f.WorkBook.DefinedNames; names != nil {
		for i := range names.DefinedName {
			if at := names.DefinedName[i].LocalSheetID; at != nil {
				names.DefinedName[i].LocalSheetID = new(*at + 1)
			}
		}
	}
	if views := f.WorkBook.BookViews; views != nil {
		for i := range views.WorkBookView {
			views.WorkBookView[i].ActiveTab, views.WorkBookView[i].FirstSheet = 0, 0
		}
	}
	return nil
}

// The fills of marked cells; the note says in words what the colour does.
var markColors = map[ingest.Severity]string{ingest.Rejet: "F8CBAD", ingest.Erreur: "F8CBAD", ingest.Question: "FFE699"}

// words say what a severity asks of the sender.
var words = map[ingest.Severity]string{
	ingest.Rejet: "À corriger", ingest.Erreur: "À corriger", ingest.Question: "À expliquer", ingest.Note: "Pour information",
}

// place is a cell of a sheet.
type cellPlace struct{ sheet, cell string }

// mark colours each faulty cell and notes it with its findings and their numbers.
func (r *Return) mark(f *excelize.File) error {
	notes, order := map[cellPlace]string{}, []cellPlace{}
	severity := map[cellPlace]ingest.Severity{}
	for i, finding := range r.Findings {
		at := cellPlace{finding.Sheet, finding.Cell}
		if !finding.marks() {
			continue
		}
		if notes[at] == "" {
			order = append(order, at)
			severity[at] = finding.Severity
		}
		notes[at] += noteText(i+1, finding) + "\n"
	}
	own, err := ownNotes(f, order)
	if err != nil {
		return err
	}
	styles := map[[2]any]int{}
	for _, at := range order {
		if err := fill(f, at, markColors[severity[at]], styles); err != nil {
			return err
		}
		text := strings.TrimSpace(notes[at])
		if own[at] != "" {
			if err := f.DeleteComment(at.sheet, at.cell); err != nil {
				return err
			}
			text += ownNoteMark + own[at]
		}
		lines := len(wrap(text, 44)) + strings.Count(text, "\n")
		if err := f.AddComment(at.sheet, excelize.Comment{
			Author: noteAuthor, Cell: at.cell, Text: text, Width: 320, Height: uint(20 + 17*min(lines, 24)),
		}); err != nil {
			return err
		}
	}
	return nil
}

const (
	noteAuthor  = "Cairn"
	ownNoteMark = "\n\nVotre note :\n"
)

func noteText(number int, f ReturnFinding) string {
	text := fmt.Sprintf("N° %d, %s : %s", number, strings.ToLower(words[f.Severity]), f.Message)
	if f.Proposal != "" {
		text += fmt.Sprintf(" Vouliez-vous écrire « %s » ?", f.Proposal)
	}
	return typo(text)
}

// ownNotes are the notes that the sender has put on those cells.
func ownNotes(f *excelize.File, cells []cellPlace) (map[cellPlace]string, error) {
	own, seen := map[cellPlace]string{}, map[string]bool{}
	for _, at := range cells {
		if seen[at.sheet] {
			continue
		}
		seen[at.sheet] = true
		comments, err := f.GetComments(at.sheet)
		if err != nil {
			return nil, err
		}
		for _, c := range comments {
			text := c.Text
			for _, run := range c.Paragraph {
				text += run.Text
			}
			own[cellPlace{at.sheet, c.Cell}] = text
		}
	}
	return own, nil
}

// fill gives a cell a colour and leaves the rest of its style; none with an empty colour.
func fill(f *excelize.File, at cellPlace, color string, styles map[[2]any]int) error {
	id, err := f.GetCellStyle(at.sheet, at.cell)
	if err != nil {
		return err
	}
	key := [2]any{id, color}
	marked, known := styles[key]
	if !known { // GetStyle loses what is said by a theme, and colours where there is none
		filled := 0 // the first fill is none
		if color != "" {
			alone, err := f.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}})
			if err != nil {
				return err
			}
			filled = *f.Styles.CellXfs.Xf[alone].FillID
		}
		style := f.Styles.CellXfs.Xf[id]
		style.FillID, style.ApplyFill = &filled, new(true)
		marked = len(f.Styles.CellXfs.Xf)
		f.Styles.CellXfs.Xf = append(f.Styles.CellXfs.Xf, style)
		f.Styles.CellXfs.Count = marked + 1
		styles[key] = marked
	}
	return f.SetCellStyle(at.sheet, at.cell, at.cell, marked)
}

// unmark takes the marks of an earlier return out of a workbook that comes back: its list says which
// cells they are on.
func unmark(f *excelize.File, earlier string) error {
	if earlier == "" {
		return nil
	}
	rows, err := f.GetRows(earlier)
	if err != nil {
		return err
	}
	styles := map[[2]any]int{}
	for _, row := range rows {
		if len(row) < 4 || row[1] != words[ingest.Erreur] && row[1] != words[ingest.Question] {
			continue
		}
		at := cellPlace{row[2], row[3]}
		if i, err := f.GetSheetIndex(at.sheet); err != nil || i < 0 {
			continue
		}
		if _, _, err := excelize.CellNameToCoordinates(at.cell); err != nil {
			continue
		}
		if err := fill(f, at, "", styles); err != nil {
			return err
		}
		own, err := ownNotes(f, []cellPlace{at})
		if err != nil {
			return err
		}
		text := own[at]
		if !strings.HasPrefix(text, "N°") && !strings.Contains(text, "\nN°") {
			continue
		}
		if err := f.DeleteComment(at.sheet, at.cell); err != nil {
			return err
		}
		if _, kept, found := strings.Cut(text, ownNoteMark); found {
			if err := f.AddComment(at.sheet, excelize.Comment{Cell: at.cell, Text: kept}); err != nil {
				return err
			}
		}
	}
	tables, err := f.GetTables(earlier)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := f.DeleteTable(table.Name); err != nil {
			return err
		}
	}
	return f.DeleteSheet(earlier)
}

// finish writes the sheet « Retour », beside those of an original (annotated) or by itself, and saves the file.
func (r *Return) finish(m *ingest.Model, f *excelize.File, annotated bool, save func(mender) error) error {
	s := &returnSheet{Return: r, model: m, file: f, annotated: annotated}
	if err := s.write(); err != nil {
		return fmt.Errorf("return: %w", err)
	}
	if err := name(f); err != nil {
		return fmt.Errorf("return: %w", err)
	}
	if err := f.SetCustomProps(excelize.CustomProperty{Name: ReturnProperty, Value: strings.Join([]string{r.Territoire, r.month(), r.Emetteur, strconv.Itoa(r.Version)}, " ")}); err != nil {
		return err
	}
	own, written := fmt.Sprintf("xl/worksheets/sheet%d.xml", f.WorkBook.Sheets.Sheet[0].SheetID), false
	err := save(func(part string, data []byte) ([]byte, error) {
		switch {
		case strings.HasPrefix(part, "xl/tables/") && bytes.Contains(data, []byte(`"`+returnTable)):
			return autoFilter.ReplaceAll(data, nil), nil
		case part == own:
			written = true
			return s.data.into(selectSheet(data, true))
		case strings.HasPrefix(part, "xl/worksheets/"), strings.HasPrefix(part, "xl/chartsheets/"):
			return selectSheet(data, false), nil
		}
		return data, nil
	})
	if err == nil && !written {
		err = fmt.Errorf("return: this version of excelize names its sheets otherwise")
	}
	return err
}

var tabSelected = regexp.MustCompile(` tabSelected="(1|true)"`)

// selectSheet makes a sheet the one that is selected when its workbook opens, or one that is not.
func selectSheet(data []byte, selected bool) []byte {
	views := bytes.Index(data, []byte("<sheetData")) // they stand before, and no cell is to be looked at
	if views < 0 {
		views = len(data)
	}
	head := data[:views]
	if !selected && !tabSelected.Match(head) {
		return data
	}
	head = tabSelected.ReplaceAll(head, nil)
	if selected {
		head = bytes.Replace(head, []byte("<sheetView "), []byte(`<sheetView tabSelected="1" `), 1)
	}
	return slices.Concat(head, data[views:])
}

// name gives a workbook a title and a language where it has none, for who listens to it.
func name(f *excelize.File) error {
	props, err := f.GetDocProps()
	if err != nil {
		return err
	}
	if props.Title == "" {
		props.Title = returnHeadline
	}
	if props.Language == "" {
		props.Language = "fr-FR"
	}
	return f.SetDocProps(props)
}

func (r *Return) month() string {
	if r.Periode.IsZero() {
		return "inconnu"
	}
	return r.Periode.Format("2006-01")
}
