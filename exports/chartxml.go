package exports

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"github.com/xuri/excelize/v2"
)

// Excelize writes neither the names of single series nor the unit of a horizontal axis, and its charts speak
// English to a screen reader: it places the charts, and chart.xml, an Office Open XML chart of its own, is what they are.
//
//go:embed chart.xml
var chartText string

var chartTemplate = template.Must(template.New("chart").Funcs(template.FuncMap{"xml": escapeXML}).Parse(chartText))

// What chart.xml shows; lengths are in the file's own units.
type (
	chartXML struct {
		Title               string
		Under               []string
		TitleFont, AxisFont fontXML
		Plot                *plotXML
		Series              []seriesXML
		XAxis, YAxis        axisXML
	}
	fontXML   struct{ Size int } // in hundredths of a point
	plotXML   struct{ Left, Top, Width, Height string }
	seriesXML struct {
		Index int
		Name  string
		X, Y  string
		Look  look
		Named bool
	}
	axisXML struct {
		ID, Other      int
		Side           string
		Min, Max, Unit string
		Format         string
		Grid, Hidden   bool
		Font           fontXML
	}
)

// place is the chart as excelize takes it: where it stands and what it says, with a series that write replaces.
func (c *chart) place() *excelize.Chart {
	return &excelize.Chart{
		Type:      excelize.Scatter,
		Format:    excelize.GraphicOptions{AltText: c.alt, Name: c.title, ScaleX: 1, ScaleY: 1},
		Dimension: excelize.ChartDimension{Width: c.width, Height: c.height},
		Series:    []excelize.ChartSeries{{Name: c.series[0].name, Categories: c.series[0].name, Values: c.series[0].name}},
	}
}

// xml is the chart's part of the file.
func (c *chart) xml() ([]byte, error) {
	title, labels := fontXML{1200}, fontXML{1000}
	x := chartXML{Title: c.title, Under: c.under, TitleFont: title, AxisFont: labels, XAxis: c.x.xml(1, 2, "b", labels), YAxis: c.y.xml(2, 1, "l", labels)}
	if c.names > 0 {
		const perCharacter, foot = 7.0, 40.0 // pixels
		head := 45 + 20*float64(len(c.under))
		width, height := float64(c.width), float64(c.height)
		left := min(float64(c.names)*perCharacter/width, 0.5)
		x.Plot = &plotXML{inXML(left), inXML(head / height), inXML(0.96 - left), inXML(1 - (head+foot)/height)}
	}
	for i, s := range c.series {
		x.Series = append(x.Series, seriesXML{i, s.name, s.x, s.y, s.look, s.named})
	}
	var out bytes.Buffer
	if err := chartTemplate.Execute(&out, x); err != nil {
		return nil, fmt.Errorf("write chart %q: %w", c.title, err)
	}
	return out.Bytes(), nil
}

func (a *axis) xml(id, other int, side string, f fontXML) axisXML {
	return axisXML{id, other, side, inXML(a.min), inXML(a.max), inXML(a.unit), a.format, a.grid, a.hidden, f}
}

func inXML(x float64) string { return strconv.FormatFloat(round15(x), 'f', -1, 64) }

func escapeXML(text string) (string, error) {
	var out strings.Builder
	err := xml.EscapeText(&out, []byte(text))
	return out.String(), err
}
