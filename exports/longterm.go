package exports

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
)

// The columns of the sheet « Séries » of the comparison that its charts point at, from 1.
const (
	medianMonth = iota + 3
	medianPlaces
	medianLow
	medianValue
	medianHigh
	medianProgramme
	medianBreak
)

// medianBlocks are the last twenty-four months of each leading indicator, of the rows of temps_long.sql.
func (p *place) medianBlocks() []seriesBlock {
	first := p.release.Period.AddDate(0, -23, 0)
	var blocks []seriesBlock
	for _, code := range leading {
		var months []record
		for _, r := range p.rows["comparaison/temps_long"] {
			if r.text("indicateur") == code && r.text("modalite_code") == "" && !r["periode"].(time.Time).Before(first) {
				months = append(months, r)
			}
		}
		blocks = append(blocks, seriesBlocks(months)...)
	}
	return blocks
}

// medianAxis shows all that is drawn of the block.
func medianAxis(b seriesBlock) axis {
	var lowest, highest float64
	for _, r := range b.rows {
		for _, column := range []string{"quartile_bas", "mediane", "quartile_haut", "programme"} {
			if x, ok := r[column].(float64); ok {
				lowest, highest = min(lowest, x), max(highest, x)
			}
		}
	}
	return unitAxis(b.unit, lowest, highest)
}

// fillMedians is the numeric table behind the charts: a row per leading indicator and month, in blocks.
func fillMedians(_ context.Context, p *place, _ []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : les nombres que tracent les graphiques de la feuille « Temps long ». Une cellule vide est un mois où moins de trois territoires ont une valeur, où le programme n’en a pas, ou sans rupture.",
		"Une rupture est un mois où la définition ou la nomenclature a changé : de part et d’autre, les chiffres ne se comparent pas. La colonne « Rupture » dit où le graphique pose sa marque.",
	}
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 36, textFormat}, {"Mois", 17, monthFormat}, {"Territoires", 12, integerFormat}, {"Premier quartile", 11, twoDecimals}, {"Médiane", 11, twoDecimals},
		{"Troisième quartile", 11, twoDecimals}, {"Programme", 12, twoDecimals}, {"Rupture", 10, twoDecimals}, {"Motif de la rupture", 44, besideFormat}}
	for _, b := range p.medianBlocks() {
		values, in := medianAxis(b), unitFormats[b.unit]
		for _, r := range b.rows {
			var mark, reason any
			if r["rompue"] == true {
				mark, reason = formatted{values.min, in}, breakReason(r)
			}
			s.rows = append(s.rows, []any{b.code, typo(b.name), r["periode"], r["territoires"], emptyOr(r["quartile_bas"], in), emptyOr(r["mediane"], in), emptyOr(r["quartile_haut"], in), emptyOr(r["programme"], in), mark, reason})
		}
	}
	return nil
}

// breakReason is why an indicator's series is broken, without the month.
func breakReason(r record) string {
	_, reason, _ := strings.Cut(r.text("rupture"), " ")
	return typo(reason)
}

// fillLongTerm draws the median and the quartiles of the territories, and the programme, over the months.
func fillLongTerm(ctx context.Context, p *place, _ []record, s *sheet) error {
	table, err := p.sheet(ctx, seriesSheet)
	if err != nil {
		return err
	}
	header := table.headerRow()
	first := header + 1
	for i, b := range p.medianBlocks() {
		at := block{seriesSheet, header, first, first + len(b.rows) - 1}
		first += len(b.rows)
		title := typo(b.code + " " + b.name)
		c := timeChart(title, describeMedians(b, title), at, medianMonth, b.rows[0]["periode"].(time.Time), b.rows[len(b.rows)-1]["periode"].(time.Time), medianAxis(b),
			line{medianLow, lookBound}, line{medianHigh, lookBound}, line{medianProgramme, lookSecond}, line{medianValue, lookValue}, line{medianBreak, lookMark})
		c.cell, c.under = chartCell(i, 3, c.width, c.height), medianFinding(b)
		s.charts = append(s.charts, c)
	}
	s.sentences = []string{
		fmt.Sprintf("Cette feuille contient %s. Trait plein à ronds bleus : la médiane des territoires ; tirets gris : le premier et le troisième quartile ; tirets violets à carrés : le programme, tous territoires ensemble ; triangle noir : une rupture.", charts(len(s.charts))),
		"La moitié des territoires est entre les deux quartiles. Les territoires qui ont une valeur ne sont pas toujours les mêmes d’un mois à l’autre : lire leur nombre dans la feuille « Séries ». À une rupture, la méthode a changé : de part et d’autre, les chiffres ne se comparent pas.",
	}
	return nil
}

// medianFinding is what the last month says, in two lines.
func medianFinding(b seriesBlock) []string {
	r := b.rows[len(b.rows)-1]
	together := "moins de trois territoires ont une valeur ce mois-ci"
	if x, ok := r["mediane"].(float64); ok {
		together = fmt.Sprintf("médiane de %d territoires : %s (quartiles : %s et %s)", r["territoires"], quantity(b.unit, x),
			figureText(record{"unite": b.unit, "valeur": r["quartile_bas"]}), figureText(record{"unite": b.unit, "valeur": r["quartile_haut"]}))
	}
	f := figure{unit: b.unit, sense: r.text("sens"), value: r.number("programme"), word: indicators.Word(r.text("mot"))}
	programme := "programme : pas de valeur"
	if f.value.Valid {
		programme = "programme : " + quantity(b.unit, f.value.V)
		if f.word != indicators.NotTested && f.word != "" {
			programme += " ; " + f.movement()
		}
	}
	lines := []string{typo(together), typo(programme)}
	if i := slices.IndexFunc(b.rows, func(r record) bool { return r["rompue"] == true }); i >= 0 {
		lines = append(lines, typo(fmt.Sprintf("rupture en %s : %s", monthName(b.rows[i]["periode"].(time.Time)), breakReason(b.rows[i]))))
	}
	return lines
}

// describeMedians is the chart's alternative text.
func describeMedians(b seriesBlock, title string) string {
	var known []record
	for _, r := range b.rows {
		if r["mediane"] != nil {
			known = append(known, r)
		}
	}
	text := title + ", sur " + count(len(b.rows), "mois", "mois") + " : "
	if len(known) > 0 {
		text += fmt.Sprintf("médiane de %s en %s ; ", quantity(b.unit, known[0]["mediane"].(float64)), monthName(known[0]["periode"].(time.Time)))
	}
	return typo(text + strings.Join(medianFinding(b), " ; ") + ".")
}

func fillQuartiles(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : par indicateur et par année, les quartiles des valeurs des territoires (où trois au moins en ont une) et la valeur du programme.",
		"Les territoires qui ont une valeur ne sont pas toujours les mêmes d’une année à l’autre : lire leur nombre.",
	}
	s.frozen = 2
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 34, textFormat}, {"Modalité", 22, textFormat}, {"Mois", 17, monthFormat}, {"Territoires", 12, integerFormat},
		{"Premier quartile", 13, twoDecimals}, {"Médiane", 13, twoDecimals}, {"Troisième quartile", 13, twoDecimals}, {"Programme", 13, twoDecimals}, {"Rupture", 30, besideFormat}}
	for _, r := range rows {
		if r["periode"].(time.Time).Month() != p.release.Period.Month() { // of the months between
			continue
		}
		f := unitFormats[r.text("unite")]
		cell := func(column, statut string) any { return figureCell(r[column], statut, f) }
		s.rows = append(s.rows, []any{r.text("indicateur"), typo(titled(r)), r.text("modalite"), r["periode"], r["territoires"],
			cell("quartile_bas", "effectif_insuffisant"), cell("mediane", "effectif_insuffisant"), cell("quartile_haut", "effectif_insuffisant"), cell("programme", r.text("statut")),
			r.or("rupture", "aucune")})
	}
	return nil
}
