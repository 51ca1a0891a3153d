package exports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// chartBook has each kind of chart: over the months, small, and a row per territory.
func chartBook() *workbook {
	table := sheet{name: "Nombres d’essai", title: "Nombres", columns: []column{{"Mois", 17, monthFormat}, {"Valeur", 11, percentFormat}, {"Borne basse", 11, percentFormat},
		{"Borne haute", 11, percentFormat}, {"Référence", 11, percentFormat}, {"Repère", 11, percentFormat}}}
	for i := range 24 {
		row := []any{october.AddDate(0, i-23, 0), 0.3 + float64(i)/60, 0.2 + float64(i)/60, 0.5 + float64(i)/60, 0.35, nil}
		switch i {
		case 7, 8:
			row[1], row[2], row[3] = nil, nil, nil
		case 3, 15:
			row[5] = 0.0
		}
		table.rows = append(table.rows, row)
	}
	places := sheet{name: "Lieux", title: "Lieux", columns: []column{{"Territoire", 30, textFormat}, {"Référence", 11, percentFormat}, {"Ce mois", 11, percentFormat},
		{"Borne basse", 11, percentFormat}, {"Borne haute", 11, percentFormat}, {"Mini", 12, textFormat}}}
	places.columns = append(places.columns, placingColumns()...)
	for i, name := range []string{"Aubeterre", "Communauté de communes du Haut-Bocage", "Estuaire & Dunes", "Val-de-Lys"} {
		x := float64(i)
		row := []any{name, 0.2 + x/10, 0.3 + x/8, 0.15 + x/8, 0.5 + x/8, nil}
		if i == 2 {
			row[2], row[3], row[4] = nil, nil, nil
		}
		places.rows = append(places.rows, append(row, placingCells(name, i, 4, unitAxis("part", 0, 1))...))
	}
	share := unitAxis("part", 0, 1)
	places.sparks = []sparkline{{column: 6, from: 2, last: 5, axes: []axis{share, share, unitAxis("indice", -0.5, 0.5), share}}}
	header, placeHeader := table.headerRow(), places.headerRow()
	at := block{table.name, header, header + 1, header + 24}
	charts := sheet{name: "Graphiques", title: "Graphiques"}
	long := timeChart("C02 Relations", "Une part sur vingt-quatre mois.", at, 1, october.AddDate(0, -23, 0), october, unitAxis("part", 0, 1),
		line{3, lookBound}, line{4, lookBound}, line{5, lookBaseline}, line{2, lookValue}, line{6, lookMark})
	long.cell = "A3"
	small := timeChart("C02 Relations, à côté", "La même part, à côté.", at, 1, october.AddDate(0, -23, 0), october, unitAxis("part", 0, 1), line{2, lookValue}, line{5, lookBaseline})
	small.cell = "K3"
	dots := dotPlot("C02 Relations", "Quatre territoires.", block{places.name, placeHeader, placeHeader + 1, placeHeader + 4},
		dots{before: 2, now: 3, low: 4, placing: 7}, 37, unitAxis("part", 0, 1))
	dots.cell = "A22"
	charts.charts = []chart{long, small, dots}
	return &workbook{title: "Essai", author: "Essai", made: time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC), sheets: []sheet{charts, table, places}}
}

func TestChartsAreWhatTheDataSay(t *testing.T) {
	data, err := chartBook().encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := chartBook().encode(); err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same charts have other bytes (%v)", err)
	}
	if dir := os.Getenv("CAIRN_PICTURES"); dir != "" { // to look at them in a spreadsheet program
		if err := os.WriteFile(path.Join(dir, "charts.xlsx"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := checkCharts(t, f, "essai"); n != 3 {
		t.Errorf("%d charts, want 3", n)
	}
	sheets := ""
	f.Pkg.Range(func(name, part any) bool {
		if data, ok := part.([]byte); ok && strings.HasPrefix(name.(string), "xl/worksheets/") {
			sheets += string(data)
		}
		return true
	})
	if !strings.Contains(sheets, `manualMax="1" manualMin="0"`) || !strings.Contains(sheets, `manualMax="1" manualMin="-1"`) || strings.Count(sheets, "<xm:sqref>") != 4 {
		t.Error("the sparklines have other bounds than their axes, or not every row has one")
	}
}

var chartRef = regexp.MustCompile(`<c:f>([^<]*)</c:f>`)

// checkCharts looks at every chart of a workbook: it is whole XML, in French, and its numbers come from cells that
// hold numbers or nothing. Each placed chart has an alternative text. It counts them.
func checkCharts(t *testing.T, f *excelize.File, where string) int {
	t.Helper()
	found, described := 0, 0
	f.Pkg.Range(func(name, part any) bool {
		data, ok := part.([]byte)
		if !ok {
			return true
		}
		switch text := string(data); {
		case strings.HasPrefix(name.(string), "xl/charts/chart"):
			found++
			for d := xml.NewDecoder(strings.NewReader(text)); ; {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s, %s: %v", where, name, err)
				}
			}
			if strings.Contains(text, "en-US") || !strings.Contains(text, `lang="fr-FR"`) {
				t.Errorf("%s, %s speaks another language than French", where, name)
			}
			for _, numbers := range strings.Split(text, "<c:numRef>")[1:] {
				checkNumbers(t, f, where, xmlText(chartRef.FindStringSubmatch(numbers)[1]))
			}
		case strings.HasPrefix(name.(string), "xl/drawings/drawing"):
			described += len(regexp.MustCompile(`descr="[^"]+"`).FindAllString(text, -1))
		}
		return true
	})
	if found != described {
		t.Errorf("%s: %d charts, %d alternative texts", where, found, described)
	}
	return found
}

var plainXML = strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">")

func xmlText(text string) string { return plainXML.Replace(text) }

var areaRef = regexp.MustCompile(`^'(.*)'!\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?$`)

// checkNumbers looks at the cells of a series: each holds a number or nothing.
func checkNumbers(t *testing.T, f *excelize.File, where, ref string) {
	t.Helper()
	m := areaRef.FindStringSubmatch(ref)
	if m == nil {
		t.Errorf("%s: %q is no area", where, ref)
		return
	}
	sheet := strings.ReplaceAll(m[1], "''", "'")
	if m[4] == "" {
		m[4], m[5] = m[2], m[3]
	}
	first, _ := excelize.ColumnNameToNumber(m[2])
	last, _ := excelize.ColumnNameToNumber(m[4])
	top, _ := strconv.Atoi(m[3])
	bottom, _ := strconv.Atoi(m[5])
	for row := top; row <= bottom; row++ {
		for column := first; column <= last; column++ {
			cell := fmt.Sprint(columnName(column), row)
			raw, err := f.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := strconv.ParseFloat(raw, 64); raw != "" && err != nil {
				t.Errorf("%s: a chart draws %s!%s, which holds %q", where, sheet, cell, raw)
			}
		}
	}
}

func TestUnitAxis(t *testing.T) {
	for _, c := range []struct {
		unit            string
		lowest, highest float64
		min, max, step  float64
	}{
		{"part", 0.1, 0.2, 0, 1, 0.25},
		{"note", 2, 3, 1, 5, 1},
		{"indice", -0.2, 0.3, -1, 1, 0.5},
		{"mois", 0, 17, 0, 24, 6},
		{"mois", 0, 31, 0, 40, 10},
		{"nombre", 0, 3, 0, 3, 1},
		{"nombre", 0, 47, 0, 50, 10},
		{"personnes", 0, 0, 0, 1, 1},
		{"euros", 0, 123456, 0, 125000, 25000},
		{"jours", -12, 20, -20, 20, 10},
	} {
		if a := unitAxis(c.unit, c.lowest, c.highest); a.min != c.min || a.max != c.max || a.unit != c.step {
			t.Errorf("%s from %v to %v: axis %v to %v by %v, want %v to %v by %v", c.unit, c.lowest, c.highest, a.min, a.max, a.unit, c.min, c.max, c.step)
		}
	}
}

// Every colour of a chart is dark enough on white to be read as text.
func TestLooksAreReadable(t *testing.T) {
	for _, l := range []look{lookValue, lookBound, lookBaseline, lookMark, lookSecond, lookBefore, lookNow, lookInterval} {
		if ratio := contrastOnWhite(t, l.Colour); ratio < 4.5 {
			t.Errorf("%s has a contrast of %.1f on white", l.Colour, ratio)
		}
	}
}

// contrastOnWhite is the contrast of WCAG 2.
func contrastOnWhite(t *testing.T, hex string) float64 {
	t.Helper()
	luminance := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(hex, err)
		}
		luminance += weight * linear(float64(v)/255)
	}
	return 1.05 / (luminance + 0.05)
}

func linear(c float64) float64 {
	if c <= 0.03928 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}
