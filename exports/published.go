package exports

import (
	"context"
	"math"
	"strings"

	"cairn/indicators"
)

// fillPublished is the long table of the month's figures, as they are published: of a figure that is hidden, its n
// is hidden too.
func fillPublished(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : tous les chiffres publiés du mois, une ligne par indicateur, modalité et territoire ; « Programme » : tous les territoires ensemble. Les autres mois sont dans les données ouvertes, donnees/indicateurs.csv.",
		"[nd] non disponible, [ns] effectif insuffisant, [so] sans objet, [s] secret : une absence n’est jamais un zéro. L’écart est à la référence du territoire lui-même.",
	}
	s.frozen = 3
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Territoire", 31, textFormat}, {"Indicateur", 36, textFormat}, {"Modalité", 25, textFormat}, {"Unité", 15, textFormat}, {"Valeur", 12, twoDecimals},
		{"Borne basse", 13, twoDecimals}, {"Borne haute", 13, twoDecimals}, {"Numérateur", 13, twoDecimals}, {"Dénominateur", 15, twoDecimals}, {"Effectif", 11, integerFormat}, {"Statut", 21, besideFormat},
		{"Référence", 12, twoDecimals}, {"Écart", 14, signedTwo}, {"Évolution", 20, besideFormat}}
	undefined := string(indicators.Undefined)
	for _, r := range rows {
		f := figureOf(r)
		in := unitFormats[f.unit]
		absent := undefined
		if !f.value.Valid {
			absent = string(f.statut)
		}
		change := differenceCell(f.unit, f.gap())
		if !f.value.Valid {
			change = symbolOf(absent)
		}
		s.rows = append(s.rows, []any{f.code, r.text("territoire"), typo(f.name), r.or("modalite", "ensemble"), typo(r.text("unite_libelle")), figureCell(r["valeur"], string(f.statut), in),
			figureCell(r["borne_basse"], absent, in), figureCell(r["borne_haute"], absent, in), countCell(r["numerateur"]), countCell(r["denominateur"]),
			effectifCell(r), r.text("statut"), figureCell(r["reference"], undefined, in), change, strings.ToLower(r.or("evolution", "non testée"))})
	}
	return nil
}

// countCell is a part of a fraction: most are counted, some are summed.
func countCell(value any) any {
	x, known := value.(float64)
	switch {
	case !known:
		return symbolOf(string(indicators.Undefined))
	case x == math.Trunc(x):
		return formatted{x, integerFormat}
	}
	return formatted{x, oneDecimal}
}
