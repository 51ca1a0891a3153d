package exports

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// chart is a scatter over the cells of a table: lines over the months (timeChart) or points in rows
// (dotPlot). A text in a cell would be drawn as a zero, so its cells hold numbers or nothing; nothing is a gap.
type chart struct {
	cell          string   // its upper left corner
	width, height uint     // in pixels
	title, alt    string   // alt says what the data say, for who does not see the chart
	under         []string // lines under the title: what the month says, what the shapes mean
	x, y          axis
	series        []series
	names         int // characters to the left of the plot, for the names of its rows
}

// axis is an axis of numbers, or of days as serial numbers.
type axis struct {
	format         string // of its labels, as a file holds it
	min, max, unit float64
	grid, hidden   bool
}

// series is what one look shows: points at the numbers x, y of cells.
type series struct {
	name, x, y string // cells
	look       look
	named      bool // its name is written to the left of its points
}

// look is how a series is drawn. Shapes and dashes differ as well as colours, and every colour is dark
// enough on white to be read as text: the chart survives a greyscale print and colour blindness. A hollow
// marker would be lost: LibreOffice draws no border of it.
type look struct {
	Colour string
	Width  int    // of the line, in 12700ths of a point
	Dash   string // empty: no line
	Marker string // empty: none
	Size   int    // of the marker, in points
}

// The looks.
var (
	lookValue    = look{Colour: "0B4F8A", Width: 28575, Dash: "solid", Marker: "circle", Size: 5}
	lookBound    = look{Colour: "6B6B6B", Width: 12700, Dash: "dash"}
	lookBaseline = look{Colour: "8A3B00", Width: 15875, Dash: "lgDashDot"}
	lookMark     = look{Colour: "000000", Marker: "triangle", Size: 9}
	lookSecond   = look{Colour: "6B2C7A", Width: 22225, Dash: "sysDash", Marker: "square", Size: 5}
	lookBefore   = look{Colour: "B85600", Marker: "circle", Size: 7}
	lookNow      = look{Colour: "08306B", Marker: "diamond", Size: 11}
	lookInterval = look{Colour: "6B6B6B", Width: 28575, Dash: "solid"}
	lookNothing  = look{Colour: "000000"}
)

// block is where the numbers of a chart stand: rows first to last of a sheet, under the titles in row header.
type block struct {
	sheet               string
	header, first, last int
}

func (b block) cells(column int) string {
	return b.cell(column, b.first) + ":" + absolute(column, b.last)
}

func (b block) cell(column, row int) string { return quoteSheet(b.sheet) + "!" + absolute(column, row) }

func absolute(column, row int) string { return fmt.Sprintf("$%s$%d", columnName(column), row) }

func quoteSheet(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }

// The size of a chart in pixels: four of them fill a page.
const (
	chartWidth  = 560
	chartHeight = 340
)

// line is a series of a time chart: a column of its block.
type line struct {
	column int
	look   look
}

// timeChart draws lines over the months that the column months of the block holds, from the first to the
// last. The caller adds the cell, and the size if it is not the common one.
func timeChart(title, alt string, b block, months int, from, to time.Time, values axis, lines ...line) chart {
	values.grid = true
	c := chart{width: chartWidth, height: chartHeight, title: title, alt: alt, y: values,
		x: axis{format: `[$-40C]mmm\ yyyy`, min: serial(axisStart(from)), max: serial(to) + 6, unit: monthUnit(from, to)}}
	for _, l := range lines {
		c.series = append(c.series, series{name: b.cell(l.column, b.header), x: b.cells(months), y: b.cells(l.column), look: l.look})
	}
	return c
}

// monthUnit is how many days lie between two labels of an axis of months: as many labels as can be read.
func monthUnit(from, to time.Time) float64 {
	const year = 365.25
	switch months := 12*(to.Year()-from.Year()) + int(to.Month()-from.Month()); {
	case months <= 12:
		return year / 4
	case months <= 30:
		return year / 2
	}
	return year
}

// axisStart is a few days into the month before: parts of a year added to it then fall early in a month,
// never on the last day of the one before, and each mark is named after its own month.
func axisStart(first time.Time) time.Time { return first.AddDate(0, -1, 4) }

// serial is a day as a spreadsheet counts them.
func serial(day time.Time) float64 {
	return math.Round(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24)
}

// dots says which columns of a block a dot plot shows; 0: not. A block may be of a few territories or of all.
type dots struct {
	before, now int
	low, outer  int // of the interval of now, and of a wider one; the upper bound stands to the right of the lower
	placing     int // the first of the placingColumns
}

// placingColumns are those by which a dot plot finds and names its rows, and placingCells what they hold in row i of n,
// from 0: a spreadsheet's scatter has no names on its axes, and LibreOffice draws no number that is not in a cell.
// The name has spaces after it, so that a point on the edge does not cover its end.
func placingColumns() []column {
	return []column{{"Étiquette", 28, besideFormat}, {"Bord", 8, twoDecimals}, {"Hauteur", 9, integerFormat}, {"Hauteur du trait", 9, integerFormat}}
}

func placingCells(name string, i, n int, values axis) []any {
	return []any{name + noBreak + noBreak, values.min, int64(n - i), int64(n - i)}
}

// dotPlot draws a row per row of the block, from top to bottom: before as a circle, now as a diamond on its
// intervals, the name to the left. longest is the length of the longest name, in characters. Values and bounds
// that are missing are empty cells. The caller says under the title what the shapes mean.
func dotPlot(title, alt string, b block, d dots, longest int, values axis) chart {
	n := b.last - b.first + 1
	values.grid = true
	c := chart{width: 2*chartWidth - 40, height: dotHeight(n), title: title, alt: alt, x: values, names: longest,
		y: axis{format: "0", min: 0.25, max: float64(n) + 0.75, unit: 1, hidden: true}}
	for row := b.first; row <= b.last; row++ {
		name, across := b.cell(d.placing, row), func(from int) string { return b.cell(from, row) + ":" + absolute(from+1, row) }
		c.series = append(c.series, series{name: name, x: b.cell(d.placing+1, row), y: b.cell(d.placing+2, row), look: lookNothing, named: true})
		for _, interval := range []line{{d.outer, lookBound}, {d.low, lookInterval}} {
			if interval.column > 0 {
				c.series = append(c.series, series{name: name, x: across(interval.column), y: across(d.placing + 2), look: interval.look})
			}
		}
	}
	for _, l := range []line{{d.before, lookBefore}, {d.now, lookNow}} {
		if l.column > 0 {
			c.series = append(c.series, series{name: b.cell(l.column, b.header), x: b.cells(l.column), y: b.cells(d.placing + 2), look: l.look})
		}
	}
	return c
}

// dotHeight is the height of a dot plot of n rows, in pixels.
func dotHeight(n int) uint { return uint(120 + 20*n) }

// unitAxis is the axis of values between lowest and highest, in a unit of the indicators. Units with
// natural bounds have these, so that charts can be compared; the others begin at zero.
func unitAxis(unit string, lowest, highest float64) axis {
	switch unit {
	case "part":
		return axis{format: `0"` + noBreak + `"%`, min: 0, max: 1, unit: 0.25}
	case "note":
		return axis{format: "0", min: 1, max: 5, unit: 1}
	case "niveaux":
		return axis{format: "0", min: 0, max: 4, unit: 1}
	case "indice":
		if lowest < 0 {
			return axis{format: "0.0", min: -1, max: 1, unit: 0.5}
		}
		return axis{format: "0.00", min: 0, max: 1, unit: 0.25}
	case "mois":
		if lowest >= 0 && highest <= 24 {
			return axis{format: "0", min: 0, max: 24, unit: 6}
		}
	}
	step := niceStep(max(highest, 0) - min(lowest, 0))
	if unit == "nombre" || unit == "personnes" || unit == "jours" {
		step = max(step, 1)
	}
	a := axis{format: "#,##0", min: step * math.Floor(min(lowest, 0)/step), max: step * max(math.Ceil(highest/step), 1), unit: step}
	switch {
	case unit == "euros":
		a.format = `#,##0\ [$€-40C]`
	case step < 1:
		a.format = "0.0"
	}
	return a
}

// niceStep parts a span into at most five steps of 1, 2, 2.5 or 5 times a power of ten.
func niceStep(span float64) float64 {
	if span <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(span/5)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if span <= 5*m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}
