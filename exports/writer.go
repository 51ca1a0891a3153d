package exports

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// encode makes the file: the same workbook always has the same bytes.
func (b *workbook) encode() ([]byte, error) {
	w, err := newSheetWriter(slices.ContainsFunc(b.sheets, func(s sheet) bool { return s.least > 0 }))
	if err != nil {
		return nil, err
	}
	defer w.file.Close()
	for i := range b.sheets {
		if i == 0 {
			err = w.file.SetSheetName("Sheet1", b.sheets[i].name)
		} else {
			_, err = w.file.NewSheet(b.sheets[i].name)
		}
		if err != nil {
			return nil, fmt.Errorf("sheet %s: %w", b.sheets[i].name, err)
		}
	}
	for i := range b.sheets {
		if err := w.write(&b.sheets[i]); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", b.sheets[i].name, err)
		}
	}
	at := b.made.UTC().Format(time.RFC3339)
	if err := w.file.SetDocProps(&excelize.DocProperties{
		Title: b.title, Creator: b.author, LastModifiedBy: b.author, Created: at, Modified: at, Language: "fr-FR",
	}); err != nil {
		return nil, err
	}
	w.file.SetActiveSheet(0)
	var packed bytes.Buffer
	err = ingest.Save(&packed, w.file, func(name string, data []byte) ([]byte, error) { return w.mend(b.sheets, name, data) })
	if err == nil && len(w.rows) > 0 {
		err = fmt.Errorf("this version of excelize names its sheets otherwise")
	}
	if err == nil {
		err = b.readBack(packed.Bytes())
	}
	return packed.Bytes(), err
}

// sheetWriter writes sheets into one file.
type sheetWriter struct {
	file   *excelize.File
	styles map[format]int
	middle map[format]int        // the same, for rows that are higher than their text
	tall   bool                  // such rows are being written
	data   *sheetData            // the rows of the sheet that is being written
	rows   map[string]*sheetData // those of every sheet that is not saved yet, by its name in the file
	parts  map[string][]byte     // the charts, by their name in the file, in the order of their placing
	sparks map[string][]byte     // the groups of sparklines of each sheet, by its name in the file
}

func newSheetWriter(tall bool) (*sheetWriter, error) {
	w := &sheetWriter{file: excelize.NewFile(), styles: map[format]int{}, middle: map[format]int{}, rows: map[string]*sheetData{}, parts: map[string][]byte{}, sparks: map[string][]byte{}}
	if err := w.file.SetDefaultFont(fontName); err != nil {
		return nil, err
	}
	for _, f := range sortedFormats() {
		style := styles[f]
		font := excelize.Font{}
		if style.Font != nil {
			font = *style.Font
		}
		font.Family = fontName
		if font.Size == 0 {
			font.Size = fontSize
		}
		style.Font = &font
		var err error
		if w.styles[f], err = w.file.NewStyle(&style); err != nil {
			return nil, err
		}
		if !tall {
			continue
		}
		alignment := excelize.Alignment{}
		if style.Alignment != nil {
			alignment = *style.Alignment
		}
		alignment.Vertical = "center"
		style.Alignment = &alignment
		if w.middle[f], err = w.file.NewStyle(&style); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// write is the one way in which a sheet is written: title in A1, sentences, the table, the charts.
func (w *sheetWriter) write(s *sheet) error {
	index, err := w.file.GetSheetIndex(s.name)
	if err != nil {
		return err
	}
	part := fmt.Sprintf("xl/worksheets/sheet%d.xml", index+1)
	w.data = &sheetData{}
	w.rows[part] = w.data
	if err := w.line(1, titleHeight, s.title, titleFormat); err != nil {
		return err
	}
	lines := s.sentenceLines()
	for i, line := range lines {
		height := 0.0
		if i == len(lines)-1 {
			height = 2 * lineHeight // room before the table
		}
		if err := w.line(i+2, height, line, sentenceFormat); err != nil {
			return err
		}
	}
	if len(s.columns) > 0 {
		if err := w.table(s); err != nil {
			return err
		}
	}
	if len(s.charts) > 0 { // excelize finds the row in which one ends by the heights that it knows
		for i, height := range w.data.heights {
			if height > 0 {
				if err := w.file.SetRowHeight(s.name, i+1, height); err != nil {
					return err
				}
			}
		}
	}
	for _, c := range s.charts {
		if err := w.file.AddChart(s.name, c.cell, c.place()); err != nil {
			return err
		}
		part, err := c.xml()
		if err != nil {
			return err
		}
		w.parts[fmt.Sprintf("xl/charts/chart%d.xml", len(w.parts)+1)] = part
	}
	if err := w.sparklines(s, part); err != nil {
		return err
	}
	return w.page(s)
}

// line is a row of one text.
func (w *sheetWriter) line(row int, height float64, text string, f format) error {
	w.data.open(row, height)
	defer w.data.close()
	return w.data.cell(1, text, w.styles[f])
}

func (w *sheetWriter) table(s *sheet) error {
	header := s.headerRow()
	titles := make([]any, len(s.columns))
	for i, c := range s.columns {
		if c.title == "" || slices.Contains(titles[:i], any(c.title)) {
			return fmt.Errorf("the title %q of column %d: a table needs one of its own for each", c.title, i+1)
		}
		titles[i] = c.title
	}
	w.data.open(header, s.rowHeight(titles, true))
	for i, c := range s.columns {
		name := columnName(i + 1)
		if err := w.file.SetColWidth(s.name, name, name, c.width); err != nil {
			return err
		}
		f := headerFormat
		switch {
		case c.format.numeric():
			f = headerRight
		case (c.format == textFormat || c.format == besideFormat || c.format == linkBeside) && i > 0:
			f = headerBeside
		}
		if err := w.data.cell(i+1, c.title, w.styles[f]); err != nil {
			return err
		}
		if err := w.file.SetCellDefault(s.name, name+strconv.Itoa(header), c.title); err != nil { // where a table takes its titles from
			return err
		}
	}
	w.data.close()
	w.tall = s.least > 0
	for n, row := range s.rows {
		if err := w.row(s, header+1+n, row); err != nil {
			return err
		}
	}
	w.tall = false
	last := columnName(len(s.columns)) + strconv.Itoa(header+len(s.rows))
	if err := w.file.SetSheetDimension(s.name, "A1:"+last); err != nil {
		return err
	}
	if s.frozen > 0 || len(s.rows) > screenRows {
		if err := w.freeze(s, header); err != nil {
			return err
		}
	}
	if len(s.rows) == 0 {
		return nil // a table needs a row
	}
	return w.file.AddTable(s.name, &excelize.Table{
		Range: fmt.Sprintf("A%d:%s", header, last), Name: tableName(s), ShowRowStripes: new(false),
	})
}

// screenRows are as many as a screen shows under the titles: fewer need no pane, which a screen reader meets as a hurdle.
const screenRows = 30

// freeze keeps the header row and the first columns in view.
func (w *sheetWriter) freeze(s *sheet, header int) error {
	active := "bottomLeft"
	if s.frozen > 0 {
		active = "bottomRight"
	}
	return w.file.SetPanes(s.name, &excelize.Panes{
		Freeze: true, XSplit: s.frozen, YSplit: header, TopLeftCell: columnName(s.frozen+1) + strconv.Itoa(header+1), ActivePane: active,
	})
}

func tableName(s *sheet) string { return "tbl_" + ingest.Fold(s.name) }

// mend replaces or corrects the parts that excelize cannot write as wanted: the charts, the filters that it
// gives to every table, rows and sparklines.
func (w *sheetWriter) mend(sheets []sheet, name string, data []byte) ([]byte, error) {
	switch {
	case strings.HasPrefix(name, "xl/charts/"):
		if w.parts[name] == nil {
			return nil, fmt.Errorf("this version of excelize names its charts otherwise")
		}
		return w.parts[name], nil
	case strings.HasPrefix(name, "xl/tables/"):
		for i := range sheets {
			if !sheets[i].filtered && bytes.Contains(data, []byte(`"`+tableName(&sheets[i])+`"`)) {
				return autoFilter.ReplaceAll(data, nil), nil
			}
		}
	case w.rows[name] != nil:
		var err error
		if data, err = w.rows[name].into(data); err != nil {
			return nil, err
		}
		delete(w.rows, name)
		if sparks := w.sparks[name]; sparks != nil {
			rest, ends := bytes.CutSuffix(data, []byte(sheetEnd))
			if !ends || bytes.Contains(rest, []byte("<extLst>")) {
				return nil, fmt.Errorf("this version of excelize ends its sheets otherwise")
			}
			data = slices.Concat(rest, []byte(sparksStart), sparks, []byte(sparksEnd+sheetEnd))
		}
	}
	return data, nil
}

var autoFilter = regexp.MustCompile(`<autoFilter [^>]*></autoFilter>`)

func (w *sheetWriter) row(s *sheet, at int, row []any) error {
	if len(row) != len(s.columns) {
		return fmt.Errorf("row %d has %d cells for %d columns", at, len(row), len(s.columns))
	}
	w.data.open(at, s.rowHeight(row, false))
	defer w.data.close()
	for i, value := range row {
		f := s.columns[i].format
		if f == textFormat && i > 0 {
			f = besideFormat
		}
		if err := w.cell(s.name, i+1, value, f); err != nil {
			return fmt.Errorf("row %d, %s: %w", at, s.columns[i].title, err)
		}
	}
	return nil
}

// page sets the printed page: A4, landscape, as wide as the sheet or as its first part, the header row on every page.
func (w *sheetWriter) page(s *sheet) error {
	f := w.file
	height := 0 // as many pages as needed
	if len(s.columns) == 0 || s.whole {
		height = 1
	}
	if err := f.SetPageLayout(s.name, &excelize.PageLayoutOptions{
		Size: new(9), Orientation: new("landscape"), FitToWidth: new(1), FitToHeight: &height,
	}); err != nil {
		return err
	}
	if err := f.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: new(true)}); err != nil {
		return err
	}
	if err := f.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{
		Left: new(0.4), Right: new(0.4), Top: new(0.5), Bottom: new(0.6), Header: new(0.3), Footer: new(0.3),
	}); err != nil {
		return err
	}
	if err := f.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{OddFooter: "&L&A&RPage &P sur &N"}); err != nil {
		return err
	}
	if len(s.columns) == 0 {
		return f.SetSheetView(s.name, 0, &excelize.ViewOptions{ShowGridLines: new(false)})
	}
	header := s.headerRow()
	titles := fmt.Sprintf("'%s'!$%d:$%d", s.name, header, header)
	if s.split > 0 { // the other columns follow on pages of their own, each row named again, without what stands above the table
		last := header + len(s.rows)
		area := fmt.Sprintf("'%[1]s'!$A$1:$%[2]s$%[5]d,'%[1]s'!$%[3]s$%[4]d:$%[6]s$%[5]d", s.name, columnName(s.split), columnName(s.split+1), header, last, columnName(len(s.columns)))
		if err := f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: area, Scope: s.name}); err != nil {
			return err
		}
		titles = fmt.Sprintf("'%s'!$A:$%s,", s.name, columnName(s.frozen)) + titles
	}
	return f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: s.name})
}

func (w *sheetWriter) style(f format) int {
	if w.tall {
		return w.middle[f]
	}
	return w.styles[f]
}

// cell writes one value. A text in a column of numbers is a symbol and stands on the right.
func (w *sheetWriter) cell(sheet string, column int, value any, f format) error {
	if v, ok := value.(formatted); ok {
		value, f = v.value, v.format
	}
	switch v := value.(type) {
	case link:
		if err := w.file.SetCellHyperLink(sheet, columnName(column)+strconv.Itoa(w.data.row), "'"+v.sheet+"'!A1", "Location"); err != nil {
			return err
		}
		value = v.text
	case string:
		if f.numeric() {
			f = symbolFormat
		}
	case int32:
		value = int(v)
	case int64:
		value = int(v)
	}
	return w.data.cell(column, value, w.style(f))
}

// sortedFormats gives the styles a fixed order in the file.
func sortedFormats() []format {
	var all []format
	for f := range styles {
		all = append(all, f)
	}
	slices.Sort(all)
	return all
}

// columnName is the letter of a column, from 1.
func columnName(column int) string {
	name, err := excelize.ColumnNumberToName(column)
	if err != nil {
		panic("exports: column " + strconv.Itoa(column)) // a sheet has few columns
	}
	return name
}

// sparklines are the small bars of a sheet's rows as the part of the sheet holds them, one group for each pair of bounds:
// excelize knows none but the smallest and the largest number of each, and reads all groups again to add one.
func (w *sheetWriter) sparklines(s *sheet, part string) error {
	for _, spark := range s.sparks {
		var order []string
		bars := map[string][]byte{}
		for i, a := range spark.axes {
			group := fmt.Sprintf(`<x14:sparklineGroup manualMax="%s" manualMin="%s" type="column" displayEmptyCellsAs="gap" displayXAxis="%t" minAxisType="custom" maxAxisType="custom">`, inXML(a.max), inXML(a.min), a.min < 0)
			if bars[group] == nil {
				order = append(order, group)
			}
			at := s.headerRow() + 1 + i
			from, row := s.name, at
			if spark.sheet != "" {
				from, row = spark.sheet, spark.first+i
			}
			sheet, err := escapeXML(quoteSheet(from))
			if err != nil {
				return err
			}
			bars[group] = fmt.Appendf(bars[group], `<x14:sparkline><xm:f>%s!%s%d:%s%d</xm:f><xm:sqref>%s%d</xm:sqref></x14:sparkline>`,
				sheet, columnName(spark.from), row, columnName(spark.last), row, columnName(spark.column), at)
		}
		for _, group := range order {
			w.sparks[part] = fmt.Appendf(w.sparks[part], `%s<x14:colorSeries rgb="FF%s"/><x14:colorAxis rgb="FF000000"/><x14:sparklines>%s</x14:sparklines></x14:sparklineGroup>`,
				group, lookValue.Colour, bars[group])
		}
	}
	return nil
}

// The extension of a sheet's part that holds its sparklines: [MS-XLSX] 2.3.10.
const (
	sparksStart = `<extLst><ext uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">` +
		`<x14:sparklineGroups xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">`
	sparksEnd = `</x14:sparklineGroups></ext></extLst>`
	sheetEnd  = `</worksheet>`
)
