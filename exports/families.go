package exports

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// pointSheet holds the numbers of the charts that have a row per territory, monthSheet those of the small bars, in
// the same rows.
const (
	pointSheet = "Points"
	monthSheet = "Mois"
)

// The columns of the points, from 1.
const (
	pointReference = iota + 4
	pointValue
	pointLow
	pointHigh
	pointLimit // at 95 %, then at 99.8 %
	pointUpperLimit
	pointOuterLimit
	pointOuterUpperLimit
	pointPlacing
)

// The months of the small bars, and their first column.
const (
	months     = 24
	monthFirst = 4
)

// pointBlock is a leading indicator in all territories, in alphabetical order: a block of the sheet « Points ».
type pointBlock struct {
	family, code, name, unit string
	rows                     []record // of figureRows
	figures                  []figure
	values, statuts          [][]any // of each territory, of twenty-four months
	at                       int     // its first row in both sheets, from 0
}

func (p *place) pointBlocks() []pointBlock {
	known := map[[2]string]record{}
	for _, r := range p.rows["comparaison/mois"] {
		known[[2]string{r.text("indicateur"), r.text("territoire_id")}] = r
	}
	var blocks []pointBlock
	at := 0
	for _, r := range p.rows[figureRows] {
		m, single := known[[2]string{r.text("indicateur"), r.text("territoire_id")}]
		if !single || !slices.Contains(leading, r.text("indicateur")) { // of modalites, or of the programme
			continue
		}
		if n := len(blocks); n == 0 || blocks[n-1].code != r.text("indicateur") {
			blocks = append(blocks, pointBlock{family: r.text("famille"), code: r.text("indicateur"), name: titled(r), unit: r.text("unite"), at: at})
		}
		b := &blocks[len(blocks)-1]
		b.rows, b.figures = append(b.rows, r), append(b.figures, figureOf(r))
		b.values, b.statuts = append(b.values, m.list("valeurs")), append(b.statuts, m.list("statuts"))
		at++
	}
	return blocks
}

// title is « C02 Relations partenariales ».
func (b *pointBlock) title() string { return typo(b.code + " " + b.name) }

// axis shows all that is drawn of the block, by charts and by small bars.
func (b *pointBlock) axis() axis {
	var lowest, highest float64
	see := func(value any) {
		if x, ok := value.(float64); ok {
			lowest, highest = min(lowest, x), max(highest, x)
		}
	}
	for i, r := range b.rows {
		for _, column := range []string{"valeur", "borne_basse", "borne_haute", "reference"} {
			see(r[column])
		}
		for _, value := range b.values[i] {
			see(value)
		}
	}
	return unitAxis(b.unit, lowest, highest)
}

// longest is the length of the longest name, in characters.
func (b *pointBlock) longest() int {
	n := 0
	for _, r := range b.rows {
		n = max(n, utf8.RuneCountInString(r.text("territoire")))
	}
	return n
}

// block is where the sheet « Points » holds it.
func (b *pointBlock) block(points *sheet) block {
	header := points.headerRow()
	return block{pointSheet, header, header + 1 + b.at, header + b.at + len(b.rows)}
}

// named says which territories are of each kind: « au-dessus de leur référence : Arlenthe, Valbrune ; … ».
func (b *pointBlock) named(kinds []string, kind func(i int) string) string {
	names := map[string][]string{}
	for i, r := range b.rows {
		names[kind(i)] = append(names[kind(i)], r.text("territoire"))
	}
	var parts []string
	for _, k := range kinds {
		if len(names[k]) > 0 {
			parts = append(parts, k+" : "+strings.Join(names[k], ", "))
		}
	}
	return strings.Join(parts, " ; ")
}

// emptyOr is a number in a format, or the empty cell that a chart takes for a gap.
func emptyOr(value any, f format) any {
	if value == nil {
		return nil
	}
	return formatted{value, f}
}

func fillPoints(_ context.Context, p *place, _ []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : les nombres que tracent les graphiques des familles et de l’entonnoir, une ligne par indicateur de tête et par territoire. Une cellule vide est une valeur, une borne ou une limite qui n’existe pas ou n’est pas publiée ; les feuilles des familles disent pourquoi.",
		"L’étiquette, le bord et les hauteurs disent où les graphiques posent chaque ligne, par ordre alphabétique.",
	}
	s.frozen = 3
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 24, textFormat}, {"Territoire", 28, textFormat}, {"Référence", 11, twoDecimals}, {"Ce mois", 11, twoDecimals}, {"Borne basse", 9, twoDecimals},
		{"Borne haute", 9, twoDecimals}, {"Limite basse à 95 %", 11, percentFormat}, {"Limite haute à 95 %", 11, percentFormat}, {"Limite basse à 99,8 %", 13, percentFormat}, {"Limite haute à 99,8 %", 13, percentFormat}}
	s.columns = append(s.columns, placingColumns()...)
	for i := range s.columns {
		s.columns[i].title = typo(s.columns[i].title)
	}
	limits := map[[2]string]record{}
	for _, r := range p.rows["comparaison/entonnoir"] {
		if r.text("modalite_code") == "" {
			limits[[2]string{r.text("indicateur"), r.text("territoire_id")}] = r
		}
	}
	for _, b := range p.pointBlocks() {
		values, in := b.axis(), unitFormats[b.unit]
		for i, r := range b.rows {
			row := []any{b.code, typo(b.name), r.text("territoire"), emptyOr(r["reference"], in), emptyOr(r["valeur"], in), emptyOr(r["borne_basse"], in), emptyOr(r["borne_haute"], in)}
			l := limits[[2]string{b.code, r.text("territoire_id")}]
			for _, column := range limitColumns {
				row = append(row, l[column])
			}
			row = append(row, placingCells(r.text("territoire"), i, len(b.rows), values)...)
			s.rows = append(s.rows, row)
		}
	}
	return nil
}

// fillMonths is the numeric table behind the small bars.
func fillMonths(_ context.Context, p *place, _ []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : les vingt-quatre mois des petites barres des familles, une ligne par indicateur de tête et par territoire. Une cellule vide est un mois sans valeur publiée, ou d’avant l’entrée dans le programme.",
	}
	s.frozen = 3
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 21, textFormat}, {"Territoire", 27, textFormat}}
	for i := range months {
		s.columns = append(s.columns, column{strings.ReplaceAll(shortMonthName(p.release.Period.AddDate(0, i+1-months, 0)), noBreak, " "), 8, twoDecimals})
	}
	for _, b := range p.pointBlocks() {
		for i, r := range b.rows {
			row := []any{b.code, typo(b.name), r.text("territoire")}
			for _, value := range b.values[i] {
				row = append(row, emptyOr(value, unitFormats[b.unit]))
			}
			s.rows = append(s.rows, row)
		}
	}
	return nil
}

// The charts beside the rows of a family: their width, and the room between two, in pixels.
const (
	familyWidth = 660
	chartGap    = 12
)

// fillFamily makes the sheet of a family: a block of rows for each leading indicator, its chart beside it.
func fillFamily(family string) func(context.Context, *place, []record, *sheet) error {
	return func(ctx context.Context, p *place, _ []record, s *sheet) error {
		points, err := p.sheet(ctx, pointSheet)
		if err != nil {
			return err
		}
		if len(points.rows) == 0 {
			return fmt.Errorf("no figure to draw")
		}
		series, err := p.sheet(ctx, monthSheet)
		if err != nil {
			return err
		}
		s.columns = []column{{"Indicateur", 29, textFormat}, {"Territoire", 27, textFormat}, {"Référence", 12, twoDecimals}, {"Il y a un an", 13, twoDecimals}, {"Ce mois", 10, twoDecimals}, {"Écart", 13, signedTwo},
			{typo("Intervalle à 95 %"), 17, symbolFormat}, {"Effectif", 9, integerFormat}, {"Face à la référence", 18, besideFormat}, {monthsTitle, 26, symbolFormat}}
		bars := sparkline{column: len(s.columns), from: monthFirst, last: monthFirst + months - 1, sheet: monthSheet}
		beside := columnName(len(s.columns) + 2)
		s.frozen, s.whole = 2, true
		for _, b := range p.pointBlocks() {
			if b.family != family {
				continue
			}
			at := b.block(&points)
			if bars.first == 0 {
				bars.first = series.headerRow() + 1 + b.at
				s.least = math.Ceil(float64(dotHeight(len(b.rows))+chartGap)/float64(len(b.rows))) * 0.75
				s.sentences = p.familySentences(family)
			}
			c := b.dotPlot(at)
			c.cell = beside + fmt.Sprint(s.headerRow()+1+len(s.rows))
			s.charts = append(s.charts, c)
			for i := range b.rows {
				s.rows = append(s.rows, b.row(i))
				bars.axes = append(bars.axes, c.x)
			}
		}
		s.sparks = []sparkline{bars}
		return nil
	}
}

// monthsTitle is the column of small bars over the long term, which have no text.
const monthsTitle = "Vingt-quatre mois"

func (p *place) familySentences(family string) []string {
	n := 0
	for _, b := range p.pointBlocks() {
		if b.family == family {
			n++
		}
	}
	sentences := []string{
		fmt.Sprintf("Cette feuille contient un tableau et, à côté, %s : les indicateurs de tête de la famille, un territoire par ligne, par ordre alphabétique. La référence est la médiane des trois premiers mois du territoire ; chacun se lit d’abord face à la sienne.", charts(n)),
		"Graphiques : le rond est la référence, le losange est ce mois-ci, le trait gris son intervalle à 95 %. La colonne « Vingt-quatre mois » n’a pas de texte : une barre par mois, à la même échelle pour tous les territoires d’un indicateur ; un vide est un mois sans valeur. Les nombres sont dans les feuilles « Points » et « Mois ».",
		"« Non assuré » : le hasard peut suffire à expliquer l’écart. [nd] non disponible, [ns] effectif insuffisant, [so] sans objet, [s] secret.",
	}
	for i := range sentences {
		sentences[i] = typo(sentences[i])
	}
	return sentences
}

// row is a territory's row of the family's table.
func (b *pointBlock) row(i int) []any {
	r, f, in := b.rows[i], b.figures[i], unitFormats[b.unit]
	change := differenceCell(b.unit, f.gap())
	if !f.value.Valid {
		change = symbolOf(string(f.statut))
	}
	s := f.standing()
	return []any{b.title(), r.text("territoire"), figureCell(r["reference"], "", in), figureCell(b.values[i][11], b.statuts[i][11], in), figureCell(r["valeur"], string(f.statut), in), change,
		intervalText(r), effectifCell(r), formatted{s.word, s.format()}, nil}
}

// The shapes of a dot plot of a family.
const (
	dotKey      = "● référence     ◆ ce mois-ci"
	intervalKey = "     trait gris : intervalle à 95 %"
)

// dotPlot draws each territory from its baseline to today.
func (b *pointBlock) dotPlot(at block) chart {
	d := dots{before: pointReference, now: pointValue, placing: pointPlacing}
	key := dotKey
	if slices.ContainsFunc(b.figures, func(f figure) bool { return f.low.Valid && f.high.Valid && !f.census() }) {
		d.low = pointLow
		key += intervalKey
	}
	alt := b.title() + ", de la référence à ce mois-ci ; face à sa référence, " + b.named(standingKinds, func(i int) string { return b.figures[i].standing().kind() }) + "."
	c := dotPlot(b.title(), typo(alt), at, d, b.longest(), b.axis())
	c.width, c.under = familyWidth, []string{typo("face à la référence : " + standings(b.figures)), typo(key)}
	return c
}
