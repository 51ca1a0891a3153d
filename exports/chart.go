package exports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"
)

// Colours of the charts: dark enough on white to be read as text.
const (
	mainColour  = "0B4F8A"
	boundColour = "6B6B6B"
)

// options is the chart as excelize takes it: a scatter, since a line chart cannot be told which of
// its months to name; gaps where the table's cells are empty.
func (c *chart) options() *excelize.Chart {
	axis := excelize.Font{Family: fontName, Size: fontSize, Color: "000000"} // pale grey otherwise
	options := &excelize.Chart{
		Type:      excelize.Scatter,
		Format:    excelize.GraphicOptions{AltText: c.alt, Name: c.title, ScaleX: 1, ScaleY: 1},
		Dimension: excelize.ChartDimension{Width: chartWidth, Height: chartHeight},
		Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{
			Text: c.title, Font: &excelize.Font{Family: fontName, Size: 12, Bold: true, Color: "000000"},
		}}},
		Legend:       excelize.ChartLegend{Position: "none"},
		ShowBlanksAs: "gap",
		Border:       excelize.LineOptions{Type: excelize.LineNone},
		XAxis: excelize.ChartAxis{
			Font: axis, NumFmt: excelize.ChartNumFmt{CustomNumFmt: `[$-40C]mmm\ yyyy`},
			Minimum: new(serial(axisStart(c.from))), Maximum: new(serial(c.to) + 6), MajorUnit: 365.25 / 2,
		},
		YAxis: excelize.ChartAxis{
			Font: axis, NumFmt: excelize.ChartNumFmt{CustomNumFmt: `0"` + noBreak + `"%`},
			Minimum: new(0.0), Maximum: new(1.0), MajorUnit: 0.25, MajorGridLines: true,
		},
	}
	for _, s := range c.series {
		options.Series = append(options.Series, c.line(s))
	}
	return options
}

// line is one series: a solid line with marks for the value, thin dashes for a bound.
func (c *chart) line(s series) excelize.ChartSeries {
	at := func(column int) string {
		name := columnName(column)
		return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", c.sheet, name, c.first, name, c.last)
	}
	colour := func(hex string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{hex}}
	}
	line := excelize.ChartSeries{
		Name:       fmt.Sprintf("'%s'!$%s$%d", c.sheet, columnName(s.column), c.first-1),
		Categories: at(1), Values: at(s.column), Fill: colour(boundColour),
		Line:   excelize.LineOptions{Type: excelize.LineSolid, Dash: excelize.LineDashDash, Width: 1},
		Marker: excelize.ChartMarker{Symbol: "none"},
	}
	if s.main {
		line.Fill = colour(mainColour)
		line.Line = excelize.LineOptions{Type: excelize.LineSolid, Width: 2.25}
		line.Marker = excelize.ChartMarker{Symbol: "circle", Size: 5, Fill: colour(mainColour)}
	}
	return line
}

// The size of a chart in pixels: four of them fill a page.
const (
	chartWidth  = 560
	chartHeight = 300
)

// axisStart is a few days into the month before: half-years added to it then fall early in a month,
// never on the last day of the one before, and each mark is named after its own month.
func axisStart(first time.Time) time.Time { return first.AddDate(0, -1, 4) }

// serial is a day as a spreadsheet counts them.
func serial(day time.Time) float64 {
	return math.Round(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24)
}

// page sets the printed page: A4, landscape, as wide as the sheet, the header row on every page.
func (w *sheetWriter) page(s *sheet) error {
	f := w.file
	height := 0 // as many pages as needed
	if len(s.columns) == 0 {
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
	return f.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", s.name, header, header), Scope: s.name,
	})
}

// text writes a text with a format.
func (w *sheetWriter) text(sheet, cell, text string, f format) error {
	if err := w.file.SetCellStr(sheet, cell, text); err != nil {
		return err
	}
	return w.file.SetCellStyle(sheet, cell, cell, w.styles[f])
}

// cell writes one value. A text in a column of numbers is a symbol and stands on the right.
func (w *sheetWriter) cell(sheet, cell string, value any, f format) error {
	if v, ok := value.(formatted); ok {
		value, f = v.value, v.format
	}
	var err error
	switch v := value.(type) {
	case nil:
	case link:
		if err := w.text(sheet, cell, v.text, linkFormat); err != nil {
			return err
		}
		return w.file.SetCellHyperLink(sheet, cell, "'"+v.sheet+"'!A1", "Location")
	case string:
		if f.numeric() {
			f = symbolFormat
		}
		return w.text(sheet, cell, v, f)
	case int64:
		err = w.file.SetCellInt(sheet, cell, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is no number", v)
		}
		err = w.file.SetCellFloat(sheet, cell, round15(v), -1, 64)
	case time.Time:
		err = w.file.SetCellFloat(sheet, cell, serial(v), -1, 64)
	default:
		return fmt.Errorf("cannot write a %T", value)
	}
	if err != nil {
		return err
	}
	return w.file.SetCellStyle(sheet, cell, cell, w.styles[f])
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
