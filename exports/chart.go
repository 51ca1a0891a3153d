package exports

import (
	"fmt"
	"math"
	"strings"
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
			Minimum: new(serial(axisStart(c.from))), Maximum: new(serial(c.to) + 6),
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
	chartHeight = 340
)

// axisStart is a few days into the month before: half-years added to it then fall early in a month,
// never on the last day of the one before, and each mark is named after its own month.
func axisStart(first time.Time) time.Time { return first.AddDate(0, -1, 4) }

// serial is a day as a spreadsheet counts them.
func serial(day time.Time) float64 {
	return math.Round(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24)
}

// Of a scatter's horizontal axis excelize writes what belongs to an axis of categories, and forgets
// the unit; and its charts speak English to a screen reader.
const (
	writtenAxis = `<auto val="1"></auto><lblAlgn val="ctr"></lblAlgn><lblOffset val="100"></lblOffset><noMultiLvlLbl val="0"></noMultiLvlLbl></valAx>`
	wantedAxis  = `<crossBetween val="midCat"></crossBetween><majorUnit val="182.625"></majorUnit></valAx>`
)

// mendChart corrects the XML of a chart.
func mendChart(xml string) (string, error) {
	if strings.Count(xml, writtenAxis) != 1 {
		return "", fmt.Errorf("this version of excelize writes the axis of a scatter otherwise")
	}
	return strings.ReplaceAll(strings.Replace(xml, writtenAxis, wantedAxis, 1), `lang="en-US"`, `lang="fr-FR"`), nil
}
