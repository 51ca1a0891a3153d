package exports

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// leading are the shares that the charts show, in the order of the columns of series.sql.
var leading = []string{"C02", "C14", "E02", "V04"}

func fillSeries(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : une cellule vide est un mois sans valeur, une valeur sans borne (la feuille « Indicateurs » dit pourquoi) ou un mois sans repère.",
		"Les repères sont ceux de l’histoire du territoire : une élection, une décision, une réalisation. Ils disent quand, non pourquoi.",
	}
	s.columns = []column{{"Mois", 17, monthFormat}}
	for _, code := range leading {
		for _, what := range []string{"valeur", "borne basse", "borne haute"} {
			s.columns = append(s.columns, column{code + " " + what, 11, percentFormat})
		}
	}
	for _, r := range rows {
		row := []any{r["periode"]}
		for _, code := range leading {
			code = strings.ToLower(code)
			row = append(row, r[code], r[code+"_bas"], r[code+"_haut"])
		}
		s.rows = append(s.rows, append(row, mark(r)))
	}
	s.columns = append(s.columns, column{"Repères", 60, besideFormat})
	return nil
}

// mark is what the territory's history marks in a month, if anything.
func mark(r record) any {
	if text := r.text("reperes"); text != "" {
		return typo(text)
	}
	return nil
}

func fillCharts(ctx context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient quatre graphiques. Trait plein : la valeur du mois ; tirets : les bornes de l’intervalle à 95 %. Une interruption est un mois sans valeur.",
		"Les mêmes nombres sont dans le tableau de la feuille « Séries ».",
	}
	if len(rows) == 0 {
		return fmt.Errorf("no month to draw")
	}
	table := sheet{}
	if err := fillSeries(ctx, p, rows, &table); err != nil {
		return err
	}
	for i := range table.sentences {
		table.sentences[i] = typo(table.sentences[i])
	}
	first := table.headerRow() + 1
	for i, code := range leading {
		c := chart{
			cell: chartCells[i], sheet: seriesSheet, first: first, last: first + len(rows) - 1,
			title: code + " " + p.indicatorName(code), from: rows[0]["periode"].(time.Time), to: rows[len(rows)-1]["periode"].(time.Time),
		}
		column := 2 + 3*i
		c.series = []series{{column + 1, false}, {column + 2, false}, {column, true}}
		c.alt = c.describe(rows, strings.ToLower(code))
		s.charts = append(s.charts, c)
	}
	return nil
}

// chartCells are the upper left corners of the four charts of a page.
var chartCells = []string{"A5", "J5", "A23", "J23"}

// describe is the chart's alternative text: what it says, made from its data.
func (c *chart) describe(rows []record, column string) string {
	var months []time.Time
	var values []float64
	for _, r := range rows {
		if v, ok := r[column].(float64); ok {
			months, values = append(months, r["periode"].(time.Time)), append(values, v)
		}
	}
	last := len(values) - 1
	switch {
	case last < 0:
		return typo(fmt.Sprintf("%s : aucune valeur sur %d mois.", c.title, len(rows)))
	case last == 0:
		return typo(fmt.Sprintf("%s : %s en %s, seule valeur sur %d mois.", c.title, percent(values[0]), monthName(months[0]), len(rows)))
	}
	return typo(fmt.Sprintf("%s : %s en %s, %s en %s ; %d mois sur %d ont une valeur.", c.title,
		percent(values[0]), monthName(months[0]), percent(values[last]), monthName(months[last]), len(values), len(rows)))
}
