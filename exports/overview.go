package exports

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"cairn/indicators"
)

// largeChanges are a fifth of the natural range of a unit: from there on, a change that is proven is called large. The
// other units have no such range.
var largeChanges = map[string]float64{"part": 0.2, "indice": 0.2, "note": 0.8, "niveaux": 0.8, "mois": 4.8}

// standing is where a figure stands beside its own baseline, and the word that says it. above or below are
// said of a proven change only, large of one that is a fifth of the natural range.
type standing struct {
	above, below, large bool
	word                string
}

func (f figure) standing() standing {
	proof := f.proof()
	up, down := f.moved()
	trend := map[indicators.Word]string{indicators.Rising: "en hausse", indicators.Falling: "en baisse"}[f.word]
	if proof != "forte" && proof != "moyenne" {
		word := map[string]string{"faible": "non assuré", "trop tôt": tooEarly, "non testée": notTested, "sans valeur": withoutValue}[proof]
		return standing{word: word}
	}
	limit, bounded := largeChanges[f.unit]
	s := standing{above: up, below: down, large: bounded && math.Abs(f.gap().V) >= limit-1e-9}
	switch {
	case up && s.large:
		s.word = "bien au-dessus"
	case up:
		s.word = "au-dessus"
	case down && s.large:
		s.word = "bien au-dessous"
	case down:
		s.word = "au-dessous"
	default:
		s.word, trend = trend, ""
	}
	if trend != "" {
		s.word += ", " + trend
	}
	return s
}

// format is the ground that says the word again.
func (s standing) format() format {
	switch {
	case s.above && s.large:
		return farAbove
	case s.above:
		return above
	case s.below && s.large:
		return farBelow
	case s.below:
		return below
	}
	return besideFormat
}

func fillOverview(ctx context.Context, p *place, rows []record, s *sheet) error {
	territories, err := readRecords(ctx, p.warehouse, "comparaison/territoires")
	if err != nil {
		return err
	}
	s.sentences = []string{
		"Cette feuille contient un tableau : un indicateur par ligne, un territoire par colonne, par ordre alphabétique, puis le programme. Chaque case dit la valeur du mois, son écart à la référence du territoire (la médiane de ses trois premiers mois), et un mot.",
		"« Au-dessus » et « au-dessous » : l’écart se distingue du hasard, par son intervalle ou par la tendance ; « bien » : il vaut au moins 20 points, 0,2 d’indice, 0,8 de niveau ou de note, 4,8 mois, un cinquième de l’échelle. Ces bornes sont les mêmes chaque mois. Le fond, bleu au-dessus, orangé au-dessous, répète le mot.",
		"« Non assuré » : le hasard peut suffire à expliquer l’écart. « Trop tôt », « non testé » : rien ne peut être dit. Le mot dit le mouvement du chiffre, non s’il est bon : lire le sens et la fiche. [nd] non disponible, [ns] effectif insuffisant, [so] sans objet, [s] secret.",
		"Les indicateurs qui n’ont de valeur que par modalité sont dans la feuille « Données ».",
	}
	s.frozen = 2
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 26, textFormat}, {"Sens", 14, textFormat}}
	at := map[string]int{}
	for _, t := range append(territories, record{"territoire_id": indicators.Programme, "nom": "Programme"}) {
		at[t.text("territoire_id")] = len(s.columns)
		s.columns = append(s.columns, column{t.text("nom"), 18, textFormat})
	}
	for _, r := range rows {
		if r.text("modalite_code") != "" && r.text("modalite_code") != "tous" {
			continue
		}
		if n := len(s.rows); n == 0 || s.rows[n-1][0] != r.text("indicateur") {
			row := slices.Repeat([]any{"[so]"}, len(s.columns))
			row[0], row[1], row[2] = r.text("indicateur"), typo(r.text("nom")), shortSenses[r.text("sens")]
			s.rows = append(s.rows, row)
		}
		if column, known := at[r.text("territoire_id")]; known {
			s.rows[len(s.rows)-1][column] = overviewCell(figureOf(r))
		}
	}
	return nil
}

// shortSenses say which movement is wished for.
var shortSenses = map[string]string{"hausse": "↑ favorable", "baisse": "↓ favorable", "descriptif": "descriptif"}

// overviewCell says a value, how far it is from the territory's own baseline and the word for it, on its ground.
func overviewCell(f figure) any {
	if !f.value.Valid {
		return symbolOf(string(f.statut))
	}
	text := quantity(f.unit, f.value.V)
	if gap := f.gap(); gap.Valid {
		text += " (" + signed(f.unit, gap.V) + ")"
	}
	s := f.standing()
	return formatted{typo(text + "\n" + s.word), s.format()}
}

// standings says how many figures stand where: « 2 au-dessus, 1 au-dessous, 6 sans écart assuré, 1 trop tôt ».
func standings(figures []figure) string {
	counts := map[string]int{}
	for _, f := range figures {
		counts[f.standing().kind()]++
	}
	var parts []string
	for _, kind := range standingKinds {
		if n := counts[kind]; n > 0 {
			if n > 1 && kind == notTested {
				kind += "s"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return strings.Join(parts, ", ")
}

// standingKinds are what is told apart in a sentence about territories.
var standingKinds = []string{"au-dessus", "au-dessous", "sans écart assuré", notTested, tooEarly, withoutValue}

// The words of a standing of which nothing can be said.
const (
	notTested    = "non testé"
	tooEarly     = "trop tôt"
	withoutValue = "sans valeur"
)

func (s standing) kind() string {
	switch {
	case s.above:
		return standingKinds[0]
	case s.below:
		return standingKinds[1]
	case slices.Contains(standingKinds, s.word):
		return s.word
	}
	return standingKinds[2]
}

// signed is a difference in the unit, with its sign: « +12 points », « −0,3 ». One that is rounded to nothing
// has none.
func signed(unit string, x float64) string {
	text := frenchNumber(math.Abs(x), decimals(unit))
	if unit == "part" {
		text = frenchNumber(100*math.Abs(x), 0)
		text += noBreak + map[bool]string{true: "point", false: "points"}[text == "1"]
	}
	switch {
	case !strings.ContainsAny(text, "123456789"):
		return "sans écart"
	case x < 0:
		return "−" + text
	}
	return "+" + text
}
