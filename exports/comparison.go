package exports

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cairn/ingest"
)

// The rows of all published figures of the month, which several sheets of the comparison are made of.
const figureRows = "comparaison/donnees"

// comparisonSheets is the workbook by which the association looks at the pilots together, in order: a sheet of its
// own for each family of indicators. Each territory is first set beside its own beginnings; nothing puts the
// territories in an order.
func comparisonSheets(m *ingest.Model) []entry {
	sheets := []entry{
		{"Contexte", "Contexte", "Ce qu’est chaque territoire, depuis quand il est du programme ; comment lire ce classeur.", "comparaison/contexte", fillContext},
		{"Sommaire", "Sommaire", "Cette liste.", "", fillContents},
		{"Vue d’ensemble", "Vue d’ensemble", "Chaque territoire face à ses propres débuts, indicateur par indicateur, en un mot.", figureRows, fillOverview},
		{"À délibérer", "À délibérer", "Les questions que posent les chiffres, deux lectures de chacun, et la place de ce que l’on décide.", figureRows, fillQuestions},
	}
	for _, family := range m.CodeLists["famille_indicateur"] {
		sheets = append(sheets, entry{family.Label, family.Label, "Les indicateurs de tête, territoire par territoire : de la référence à ce mois-ci, et vingt-quatre mois.",
			"comparaison/mois", fillFamily(family.Value)})
	}
	return append(sheets,
		entry{"Temps long", "Temps long", "Les indicateurs de tête sur vingt-quatre mois : médiane et quartiles des territoires, programme, ruptures.", "comparaison/temps_long", fillLongTerm},
		entry{"Quartiles", "Quartiles", "Tous les indicateurs : les quartiles des territoires et le programme, aujourd’hui, il y a un an et deux ans.", "comparaison/temps_long", fillQuartiles},
		entry{"Entonnoir", "Entonnoir", "Les parts de tête, chacune à côté de ce que le hasard seul peut expliquer.", "comparaison/entonnoir", fillFunnels},
		entry{"Limites", "Limites de l’entonnoir", "Toutes les parts, leurs limites et ce que l’on peut en dire.", "comparaison/entonnoir", fillLimits},
		entry{"Relations", "Relations", "Comment les regards sur les relations ont changé en un an.", "comparaison/relations", fillTransitions},
		entry{"Complétude", "Complétude", "Ce qui a été reçu, mois par mois.", "comparaison/completude", fillCompleteness},
		entry{"Pairs", "Pairs", "À qui demander conseil : qui a levé un frein de même nature.", "comparaison/pairs", fillPeers},
		entry{"Poids", "Poids", "Ce que devient la réponse selon ce qui compte pour qui la pose.", "comparaison/poids", fillWeights},
		entry{"Hypothèses", "Hypothèses", "Les trois hypothèses, les chiffres qui s’y rapportent et ce qu’ils ne peuvent pas montrer.", "comparaison/hypotheses", fillHypotheses},
		entry{"Données", "Données du mois", "Tous les chiffres publiés du mois, une ligne par indicateur, modalité et territoire.", figureRows, fillPublished},
		entry{pointSheet, "Points des graphiques", "Les nombres que tracent les graphiques par territoire.", "comparaison/mois", fillPoints},
		entry{monthSheet, "Mois par mois", "Les vingt-quatre mois que montrent les petites barres.", "comparaison/mois", fillMonths},
		entry{seriesSheet, "Séries des graphiques", "Les nombres que tracent les graphiques de la feuille « Temps long ».", "comparaison/temps_long", fillMedians},
		entry{"Fiches", "Fiches des indicateurs", "Ce que dit chaque indicateur, ce qu’il compte, ses limites et sa source.", "classeur/fiches", fillCards},
		entry{notesSheet, "Notes", "Comment lire les valeurs, les intervalles et les absences.", "", fillNotes},
	)
}

// writeComparison writes the one workbook of all territories.
func writeComparison(ctx context.Context, b *base, dir string) error {
	p := newPlace(b, "", "territoires pilotes", comparisonSheets(b.model))
	for _, e := range p.sheets {
		if e.query == "" || p.rows[e.query] != nil {
			continue
		}
		var err error
		if p.rows[e.query], err = readRecords(ctx, b.warehouse, e.query); err != nil {
			return err
		}
	}
	data, err := p.encode(ctx, "comparaison")
	if err != nil {
		return fmt.Errorf("workbook of all territories: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, b.release.month()+"_comparaison.xlsx"), data, 0o644)
}

func fillContext(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : un territoire par ligne, par ordre alphabétique.",
		"Les territoires diffèrent par leur taille, leur histoire et leurs débuts : comparez d’abord chacun à lui-même, puis à ceux qui lui ressemblent. Aucune feuille ne les met en ordre.",
		fmt.Sprintf("Publication : %s, %s, version %d. Contact : %s.", p.release.Programme, monthName(p.release.Period), p.release.Version, p.release.Contact) + spaced(p.release.ErasedText()),
		"[nd] non disponible, [ns] effectif insuffisant, [so] sans objet, [s] secret : une absence n’est jamais un zéro.",
	}
	s.columns = []column{{"Territoire", 30, textFormat}, {"Échelon", 24, textFormat}, {"Population", 12, integerFormat}, {"Région", 22, besideFormat}, {"Milieu", 14, textFormat},
		{"Avancement", 16, textFormat}, {"Intégration de l’ESS", 16, textFormat}, {"Entrée", 18, textFormat}, {"Sortie", 18, textFormat}, {"Dernier mois reçu", 18, textFormat}}
	day := func(r record, column string) string {
		if t, ok := r[column].(time.Time); ok {
			return dayName(t)
		}
		return "sans objet"
	}
	for _, r := range rows {
		last := "aucun"
		if t, ok := r["dernier_mois"].(time.Time); ok {
			last = monthName(t)
		}
		s.rows = append(s.rows, []any{r.text("nom"), r.or("echelon", "non précisé"), orSymbol(r["population"]), r.or("region", "non précisée"), r.or("milieu", "non précisé"),
			r.or("avancement", "non précisé"), r.or("integration_ess", "non précisée"), day(r, "date_entree"), day(r, "date_sortie"), last})
	}
	return nil
}

// orSymbol is a number, or what stands where there is none.
func orSymbol(value any) any {
	if value == nil {
		return "[nd]"
	}
	return value
}

func fillCompleteness(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : un territoire par ligne, un mois par colonne. Un classeur est attendu le 10 du mois suivant.",
		"« Rien » : le classeur dit qu’il n’y a rien eu. « Vide » : il ne dit rien. Un retard peut avoir de bonnes raisons.",
	}
	s.frozen = 1
	s.columns = []column{{"Territoire", 30, textFormat}}
	for i := 11; i >= 0; i-- {
		s.columns = append(s.columns, column{strings.ReplaceAll(shortMonthName(p.release.Period.AddDate(0, -i, 0)), noBreak, " "), 11, textFormat})
	}
	s.columns = append(s.columns, column{"Reçus", 9, integerFormat}, column{"Attendus", 10, integerFormat})
	for _, r := range rows {
		row := []any{r.text("nom")}
		for i, state := range r.list("etats") {
			row = append(row, receivedText(state.(string), r.list("retards")[i], r.list("contenus")[i].(string), r.list("decisions")[i]))
		}
		s.rows = append(s.rows, append(row, r["recus"], r["attendus"]))
	}
	return nil
}

// receivedText says in a few words what came for a month.
func receivedText(state string, late any, content string, decisions any) string {
	words := map[string]string{"a_l_heure": "à l’heure", "manquant": "manquant", "non_attendu": "non attendu"}[state]
	if state == "en_retard" {
		words = fmt.Sprintf("retard %d j", late)
	}
	switch content {
	case "vide":
		words += ", vide"
	case "rien":
		words += ", rien"
	}
	if n, _ := decisions.(int32); n > 0 {
		words += ", décidé"
	}
	return words
}
