package exports

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cairn/indicators"
)

// limitColumns are the limits of a funnel: at 95 %, then at 99.8 %.
var limitColumns = []string{"entonnoir_95_bas", "entonnoir_95_haut", "entonnoir_998_bas", "entonnoir_998_haut"}

// fillFunnels draws the leading shares beside their limits: a row per territory, in alphabetical order, since the usual
// funnel over the n names nobody.
func fillFunnels(ctx context.Context, p *place, rows []record, s *sheet) error {
	points, err := p.sheet(ctx, pointSheet)
	if err != nil {
		return err
	}
	stands := map[[2]string]string{}
	for _, r := range rows {
		if r.text("modalite_code") == "" {
			stands[[2]string{r.text("indicateur"), r.text("territoire_id")}] = funnelWord(r)
		}
	}
	for _, b := range p.pointBlocks() {
		word := func(i int) string {
			if stood := stands[[2]string{b.code, b.rows[i].text("territoire_id")}]; stood != "" {
				return stood
			}
			return "sans part publiée"
		}
		if !slices.ContainsFunc(b.rows, func(r record) bool { return stands[[2]string{b.code, r.text("territoire_id")}] != "" }) {
			continue
		}
		counts := map[string]int{}
		for i := range b.rows {
			counts[word(i)]++
		}
		var said []string
		for _, w := range funnelWords {
			if counts[w] > 0 {
				said = append(said, fmt.Sprintf("%d %s", counts[w], w))
			}
		}
		alt := b.title() + ", chaque part à côté des limites de l’entonnoir ; " + b.named(funnelWords, word) + "."
		c := dotPlot(b.title(), typo(alt), b.block(&points), dots{now: pointValue, low: pointLimit, outer: pointOuterLimit, placing: pointPlacing}, b.longest(), b.axis())
		c.cell, c.width = chartCell(len(s.charts), 2, trajectoryWidth, c.height), trajectoryWidth
		c.under = []string{typo(strings.Join(said, ", ")), typo("◆ part du mois     trait gris : limites à 95 %     tirets : limites à 99,8 %")}
		s.charts = append(s.charts, c)
	}
	s.sentences = []string{
		fmt.Sprintf("Cette feuille contient %s, un par part de tête : un territoire par ligne, par ordre alphabétique. Les limites disent où le hasard seul mène presque toujours un territoire de cet effectif, si tous travaillent de même ; elles s’écartent quand l’effectif est petit.", charts(len(s.charts))),
		"Un losange au-dehors mérite une question, non un jugement. Toutes les parts et leurs limites sont dans la feuille « Limites » ; les nombres que tracent les graphiques, dans la feuille « Points ».",
	}
	if len(s.charts) == 0 {
		s.sentences = []string{"Aucune part de tête n’a de valeur dans trois territoires : il n’y a rien à tracer."}
	}
	return nil
}

func fillLimits(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : chaque part, et les limites entre lesquelles le hasard seul mène presque toujours un territoire de cet effectif si tous travaillent de même. Au-dehors, l’écart mérite une question, non un jugement.",
		"Les positions possibles (« de … à … ») sont celles que l’incertitude laisse ouvertes toutes ensemble ; quand elles vont du début à la fin, on ne peut pas distinguer les territoires.",
	}
	s.frozen = 2
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 36, textFormat}, {"Modalité", 26, textFormat}, {"Territoire", 31, textFormat}, {"Part", 10, percentFormat}, {"Effectif", 10, integerFormat},
		{"Limites à 95 %", 18, symbolFormat}, {"Limites à 99,8 %", 18, symbolFormat}, {"Lecture", 24, besideFormat}, {"Surdispersion", 14, twoDecimals}, {"Positions possibles", 14, symbolFormat}}
	for i := range s.columns {
		s.columns[i].title = typo(s.columns[i].title)
	}
	for _, r := range rows {
		limits := func(low, high string) string {
			a, ok := r[low].(float64)
			b, also := r[high].(float64)
			if !ok || !also {
				return "[so]"
			}
			return percent(a) + noBreak + "– " + percent(b)
		}
		positions := "[so]"
		if r["region_de"] != nil {
			positions = fmt.Sprintf("de %d à %d", r["region_de"], r["region_a"])
		}
		s.rows = append(s.rows, []any{r.text("indicateur"), r.text("nom"), r.text("modalite"), r.text("territoire"), r["valeur"], r["effectif"],
			limits("entonnoir_95_bas", "entonnoir_95_haut"), limits("entonnoir_998_bas", "entonnoir_998_haut"), typo(funnelWord(r)),
			figureCell(r["surdispersion"], string(indicators.Undefined), twoDecimals), positions})
	}
	if len(rows) == 0 {
		s.sentences = append(s.sentences, "Aucune part n’a de valeur dans trois territoires : le tableau est vide.")
	}
	return nil
}

// funnelWords say where a share may stand in its funnel; the last, that it has none.
var funnelWords = []string{"dans les limites", "hors des limites à 95 %", "hors des limites à 99,8 %", "sans limites", "sans part publiée"}

// funnelWord says where a share stands in its funnel.
func funnelWord(r record) string {
	value, _ := r["valeur"].(float64)
	beyond := func(level string) bool {
		low, ok := r["entonnoir_"+level+"_bas"].(float64)
		high, _ := r["entonnoir_"+level+"_haut"].(float64)
		return ok && (value < low || value > high)
	}
	switch {
	case r["entonnoir_95_bas"] == nil:
		return funnelWords[3]
	case beyond("998"):
		return funnelWords[2]
	case beyond("95"):
		return funnelWords[1]
	}
	return funnelWords[0]
}
