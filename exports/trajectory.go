package exports

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cairn/indicators"
)

// The columns of the sheet « Séries » that the charts point at, from 1.
const (
	seriesMonth = iota + 3
	seriesValue
	seriesLow
	seriesHigh
	seriesBaseline
	seriesMark
)

// fillSeries is the numeric table behind the charts: a row per leading indicator and month, in blocks.
func fillSeries(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : les nombres que tracent les graphiques de la feuille « Trajectoire ». Une cellule vide est un mois sans valeur, une valeur sans borne ou sans référence, ou un mois sans repère ; la feuille « Indicateurs » dit pourquoi.",
		"Les repères sont ceux de l’histoire du territoire : une élection, une décision, une réalisation. Ils disent quand, non pourquoi. La colonne « Repère » dit où le graphique pose leur marque.",
	}
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 36, textFormat}, {"Mois", 17, monthFormat}, {"Valeur", 11, twoDecimals}, {"Borne basse", 14, twoDecimals},
		{"Borne haute", 14, twoDecimals}, {"Référence", 13, twoDecimals}, {"Repère", 10, twoDecimals}, {"Repères", 60, besideFormat}}
	for _, b := range seriesBlocks(rows) {
		values := b.axis()
		f := unitFormats[b.unit]
		figure := func(value any) any {
			if value == nil {
				return nil
			}
			return formatted{value, f}
		}
		for _, r := range b.rows {
			var mark, text any
			if marks := r.text("reperes"); marks != "" {
				mark, text = formatted{values.min, f}, typo(marks)
			}
			s.rows = append(s.rows, []any{b.code, b.name, r["periode"], figure(r["valeur"]), figure(r["borne_basse"]), figure(r["borne_haute"]), figure(r["reference"]), mark, text})
		}
	}
	return nil
}

// seriesBlock is the months of one leading indicator.
type seriesBlock struct {
	code, name, unit string
	rows             []record
}

// seriesBlocks parts the rows of series.sql where the indicator changes.
func seriesBlocks(rows []record) []seriesBlock {
	var blocks []seriesBlock
	for _, r := range rows {
		if len(blocks) == 0 || blocks[len(blocks)-1].code != r.text("indicateur") {
			blocks = append(blocks, seriesBlock{code: r.text("indicateur"), name: titled(r), unit: r.text("unite")})
		}
		last := &blocks[len(blocks)-1]
		last.rows = append(last.rows, r)
	}
	return blocks
}

// axis shows all that is drawn of the block.
func (b *seriesBlock) axis() axis {
	var lowest, highest float64
	for _, r := range b.rows {
		for _, column := range []string{"valeur", "borne_basse", "borne_haute", "reference"} {
			if x, ok := r[column].(float64); ok {
				lowest, highest = min(lowest, x), max(highest, x)
			}
		}
	}
	return unitAxis(b.unit, lowest, highest)
}

// chartCell is the upper left corner of chart i of a page that has so many across, below the sentences. Columns and rows
// have their default width and height.
func chartCell(i, across int, width, height uint) string {
	const columnPixels, rowPixels = 64, 20
	columns, rows := (int(width)+16+columnPixels-1)/columnPixels, (int(height)+12+rowPixels-1)/rowPixels
	return columnName(1+columns*(i%across)) + fmt.Sprint(6+rows*(i/across))
}

// Two across and three down fill a page.
const (
	trajectoryWidth  = 740
	trajectoryHeight = 305
)

func fillCharts(ctx context.Context, p *place, rows []record, s *sheet) error {
	blocks := seriesBlocks(rows)
	if len(blocks) == 0 {
		return fmt.Errorf("no month to draw")
	}
	s.sentences = []string{
		fmt.Sprintf("Cette feuille contient %s. Trait plein : la valeur du mois ; tirets gris : les bornes de l’intervalle à 95 %% ; tirets et points bruns : la référence du territoire ; triangle noir : un mois qui a un repère. Une interruption est un mois sans valeur.", charts(len(blocks))),
		"Les mêmes nombres et le texte des repères sont dans le tableau de la feuille « Séries ». Un repère dit quand, non pourquoi.",
	}
	table, err := p.sheet(ctx, seriesSheet)
	if err != nil {
		return err
	}
	header := table.headerRow()
	first := header + 1
	for i, b := range blocks {
		at := block{seriesSheet, header, first, first + len(b.rows) - 1}
		first += len(b.rows)
		title := typo(b.code + " " + b.name)
		c := timeChart(title, b.describe(title), at, seriesMonth, b.rows[0]["periode"].(time.Time), b.rows[len(b.rows)-1]["periode"].(time.Time), b.axis(),
			line{seriesLow, lookBound}, line{seriesHigh, lookBound}, line{seriesBaseline, lookBaseline}, line{seriesValue, lookValue}, line{seriesMark, lookMark})
		c.cell, c.width, c.height, c.under = chartCell(i, 2, trajectoryWidth, trajectoryHeight), trajectoryWidth, trajectoryHeight, []string{b.finding()}
		s.charts = append(s.charts, c)
	}
	return nil
}

// finding is what the last month says, in words, under the title.
func (b *seriesBlock) finding() string {
	f := figureOf(b.rows[len(b.rows)-1])
	if !f.value.Valid || f.word == indicators.NotTested {
		return f.level()
	}
	return typo(f.level() + " ; " + f.movement())
}

// describe is the chart's alternative text: what it says, made from its data.
func (b *seriesBlock) describe(title string) string {
	var months []string
	var values []string
	marks := 0
	for _, r := range b.rows {
		if v, ok := r["valeur"].(float64); ok {
			months, values = append(months, monthName(r["periode"].(time.Time))), append(values, quantity(b.unit, v))
		}
		if r.text("reperes") != "" {
			marks++
		}
	}
	last := len(values) - 1
	text := title + " : "
	switch {
	case last < 0:
		text += fmt.Sprintf("aucune valeur sur %s", count(len(b.rows), "mois", "mois"))
	case last == 0:
		text += fmt.Sprintf("%s en %s, seule valeur sur %s", values[0], months[0], count(len(b.rows), "mois", "mois"))
	default:
		text += fmt.Sprintf("%s en %s, %s en %s ; %d mois sur %d ont une valeur", values[0], months[0], values[last], months[last], len(values), len(b.rows))
	}
	if x, ok := b.rows[0]["reference"].(float64); ok {
		text += " ; référence : " + quantity(b.unit, x)
	}
	if marks > 0 {
		text += " ; " + count(marks, "mois", "mois") + " avec un repère"
	}
	return typo(strings.TrimSpace(text) + ".")
}
