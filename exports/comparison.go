package exports

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cairn/indicators"
)

// comparisonSheets is the workbook by which the association looks at the pilots together, in order. Each
// territory is first set beside its own beginnings; nothing puts the territories in an order.
func comparisonSheets() []entry {
	return []entry{
		{"Contexte", "Contexte", "Ce qu’est chaque territoire, depuis quand il est du programme ; comment lire ce classeur.", "comparaison/contexte", fillContext},
		{"Sommaire", "Sommaire", "Cette liste.", "", fillContents},
		{"Vue d’ensemble", "Vue d’ensemble", "Chaque territoire face à ses propres débuts, indicateur par indicateur.", "comparaison/ensemble", fillOverview},
		{"Temps long", "Temps long", "Les quartiles des territoires et le programme, aujourd’hui, il y a un an et deux ans.", "comparaison/temps_long", fillQuartiles},
		{"Relations", "Relations", "Comment les regards sur les relations ont changé en un an.", "comparaison/relations", fillTransitions},
		{"Entonnoir", "Entonnoir", "Chaque part à côté de ce que le hasard seul peut expliquer.", "comparaison/entonnoir", fillFunnel},
		{"Complétude", "Complétude", "Ce qui a été reçu, mois par mois.", "comparaison/completude", fillCompleteness},
		{"Pairs", "Pairs", "À qui demander conseil : qui a levé un frein de même nature.", "comparaison/pairs", fillPeers},
		{"Poids", "Poids", "Ce que devient la réponse selon ce qui compte pour qui la pose.", "comparaison/poids", fillWeights},
		{"Hypothèses", "Hypothèses", "Les trois hypothèses, les chiffres qui s’y rapportent et ce qu’ils ne peuvent pas montrer.", "comparaison/hypotheses", fillHypotheses},
		{"Fiches", "Fiches des indicateurs", "Ce que dit chaque indicateur, ce qu’il compte, ses limites et sa source.", "classeur/fiches", fillCards},
		{notesSheet, "Notes", "Comment lire les valeurs, les intervalles et les absences.", "", fillNotes},
	}
}

// writeComparison writes the one workbook of all territories.
func writeComparison(ctx context.Context, b *base, dir string) error {
	p := &place{base: b, name: "territoires pilotes", rows: map[string][]record{}, sheets: comparisonSheets()}
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
		fmt.Sprintf("Publication : %s, %s, version %d. Contact : %s.", p.release.Programme, monthName(p.release.Period), p.release.Version, p.release.Contact),
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

func fillOverview(ctx context.Context, p *place, rows []record, s *sheet) error {
	territories, err := readRecords(ctx, p.warehouse, "comparaison/territoires")
	if err != nil {
		return err
	}
	s.sentences = []string{
		"Cette feuille contient un tableau : un indicateur par ligne, un territoire par colonne, par ordre alphabétique. Chaque case dit la valeur du mois, son écart à la référence du territoire (la médiane de ses trois premiers mois) et l’évolution en un mot.",
		"« Hausse » et « baisse » disent le mouvement du chiffre, non s’il est bon : lire le sens et la fiche. « Non détectable » n’est pas « stable ».",
	}
	s.frozen = 2
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 26, textFormat}, {"Modalité", 18, textFormat}, {"Sens", 14, textFormat}}
	place := map[string]int{}
	for i, t := range territories {
		place[t.text("territoire_id")] = i
		s.columns = append(s.columns, column{t.text("nom"), 15, textFormat})
	}
	for _, r := range rows {
		cells := make([]any, len(territories))
		for i := range cells {
			cells[i] = "[nd]"
		}
		for i, id := range r.list("territoires") {
			at, known := place[id.(string)]
			if known {
				cells[at] = overviewCell(p, r.text("unite"), r.list("valeurs")[i], r.list("statuts")[i], r.list("ecarts")[i], r.list("mots")[i])
			}
		}
		s.rows = append(s.rows, append([]any{r.text("indicateur"), r.text("nom"), r.text("modalite"), r.text("sens")}, cells...))
	}
	return nil
}

// overviewCell says a value, how far it is from the territory's own baseline and the word of its trend.
func overviewCell(p *place, unit string, value, statut, change, word any) string {
	code, _ := statut.(string)
	if value == nil {
		return symbolOf(code)
	}
	lines := []string{figureText(record{"valeur": value, "unite": unit})}
	if x, ok := change.(float64); ok {
		lines = append(lines, signed(unit, x))
	}
	if text, _ := word.(string); text != "" && text != string(indicators.NotTested) {
		lines = append(lines, strings.ToLower(p.model.Label("mot_tendance", text)))
	}
	return typo(strings.Join(lines, "\n"))
}

// signed is a difference in the unit, with its sign: « +12 points », « −0,3 ». One that is rounded to nothing
// has none.
func signed(unit string, x float64) string {
	text := frenchNumber(math.Abs(x), decimals(unit))
	if unit == "part" {
		text = frenchNumber(100*math.Abs(x), 0) + noBreak + "points"
	}
	switch {
	case !strings.ContainsAny(text, "123456789"):
		return "sans écart"
	case x < 0:
		return "−" + text
	}
	return "+" + text
}

func fillQuartiles(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : par indicateur et par année, les quartiles des valeurs des territoires (où trois au moins en ont une) et la valeur du programme.",
		"Les territoires qui ont une valeur ne sont pas toujours les mêmes d’une année à l’autre : lire leur nombre.",
	}
	s.frozen = 2
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 34, textFormat}, {"Modalité", 22, textFormat}, {"Mois", 17, monthFormat}, {"Territoires", 12, integerFormat},
		{"Premier quartile", 13, twoDecimals}, {"Médiane", 13, twoDecimals}, {"Troisième quartile", 13, twoDecimals}, {"Programme", 13, twoDecimals}, {"Rupture", 30, besideFormat}}
	for _, r := range rows {
		f := unitFormats[r.text("unite")]
		cell := func(column, statut string) any { return figureCell(r[column], statut, f) }
		s.rows = append(s.rows, []any{r.text("indicateur"), r.text("nom"), r.text("modalite"), r["periode"], r["territoires"],
			cell("quartile_bas", "effectif_insuffisant"), cell("mediane", "effectif_insuffisant"), cell("quartile_haut", "effectif_insuffisant"), cell("programme", r.text("statut")),
			r.or("rupture", "aucune")})
	}
	return nil
}

func fillTransitions(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : combien de regards sur une relation entre un organisme public et un acteur de l’ESS sont passés, en un an, d’un niveau (en ligne) à un autre (en colonne).",
		"L’ordre des niveaux est une lecture de l’équipe, non du texte. Un changement de mot n’est pas toujours un changement de relation.",
	}
	s.frozen = 2
	s.columns = []column{{"Territoire", 32, textFormat}, {"Il y a un an", 28, textFormat}}
	for _, c := range p.model.CodeLists["niveaux"] {
		s.columns = append(s.columns, column{"→ " + c.Label, 15, integerFormat})
	}
	s.columns = append(s.columns, column{"Ensemble", 12, integerFormat})
	for _, r := range rows {
		row := []any{r.text("nom"), r.text("de")}
		row = append(row, r.list("nombres")...)
		s.rows = append(s.rows, append(row, r["total"]))
	}
	if len(rows) == 0 {
		s.sentences = append(s.sentences, "Aucun territoire n’a encore un an de relations : le tableau est vide.")
	}
	return nil
}

func fillFunnel(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : chaque part, et les limites entre lesquelles le hasard seul mène presque toujours un territoire de cet effectif si tous travaillent de même. Au-dehors, l’écart mérite une question, non un jugement.",
		"Les positions possibles (« de … à … ») sont celles que l’incertitude laisse ouvertes toutes ensemble ; quand elles vont du début à la fin, on ne peut pas distinguer les territoires.",
	}
	s.frozen = 2
	s.filtered = true
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 30, textFormat}, {"Modalité", 18, textFormat}, {"Territoire", 26, textFormat}, {"Part", 10, percentFormat}, {"Effectif", 10, integerFormat},
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
			limits("entonnoir_95_bas", "entonnoir_95_haut"), limits("entonnoir_998_bas", "entonnoir_998_haut"), funnelWord(r),
			figureCell(r["surdispersion"], string(indicators.Undefined), twoDecimals), positions})
	}
	if len(rows) == 0 {
		s.sentences = append(s.sentences, "Aucune part n’a de valeur dans trois territoires : le tableau est vide.")
	}
	return nil
}

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
		return "sans limites"
	case beyond("998"):
		return "hors des limites à 99,8 %"
	case beyond("95"):
		return "hors des limites à 95 %"
	}
	return "dans les limites"
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

func fillPeers(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : chaque frein ouvert depuis plus de six mois, et les territoires qui ont levé un frein de même catégorie. Un territoire de conseil, non un modèle : les freins de même nom ne sont pas les mêmes.",
	}
	s.filtered = true
	s.columns = []column{{"Territoire", 26, textFormat}, {"Frein", 14, textFormat}, {"Catégorie", 24, textFormat}, {"Ouvert depuis (jours)", 12, integerFormat}, {"À qui demander", 26, besideFormat},
		{"Freins levés", 10, integerFormat}, {"Dernière levée", 18, besideFormat}, {"Durée médiane (jours)", 12, integerFormat}, {"Levier", 44, besideFormat}}
	for _, r := range rows {
		lifted, _ := r["date_levee"].(time.Time)
		s.rows = append(s.rows, []any{r.text("nom"), r.text("frein_id"), r.text("categorie"), r["ouvert_jours"], r.text("pair"), r["leves"], dayName(lifted), r["duree_jours"], typo(r.or("levier", "non précisé"))})
	}
	if len(rows) == 0 {
		s.sentences = append(s.sentences, "Aucun frein de ce genre ce mois-ci : le tableau est vide.")
	}
	return nil
}

func fillWeights(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : pour chaque territoire, ce qui a progressé depuis ses débuts dans les trois dimensions, et dans quelle part de toutes les pondérations possibles la somme serait un progrès.",
		"Cette somme elle-même n’est pas donnée : elle dépend de ce que l’on juge important, et c’est cela qui se délibère.",
	}
	s.columns = []column{{"Territoire", 30, textFormat}, {"Coopération", 16, textFormat}, {"Engagement", 16, textFormat}, {"Valeur sociale", 16, textFormat},
		{"Part des pondérations où l’on progresse", 18, percentFormat}, {"Sous ses propres poids", 20, besideFormat}, {"Leurs poids renverseraient la réponse", 40, textFormat}}
	for _, r := range rows {
		own := "pas de pondération"
		if yes, ok := r["poids_propres"].(bool); ok {
			own = map[bool]string{true: "un progrès", false: "pas de progrès"}[yes]
		}
		s.rows = append(s.rows, []any{r.text("nom"), progressWord(r["delta_cooperation"]), progressWord(r["delta_engagement"]), progressWord(r["delta_valeur_sociale"]),
			figureCell(r["part_positive"], r.text("statut"), percentFormat), own, r.or("renversent", "personne")})
	}
	return nil
}

// progressWord says the sign of a change, which is what the weights turn about.
func progressWord(change any) string {
	x, ok := change.(float64)
	switch {
	case !ok:
		return "[nd]"
	case x > 1e-12:
		return "progrès"
	case x < -1e-12:
		return "recul"
	}
	return "aucun changement"
}

func fillHypotheses(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : pour chaque hypothèse de la recherche-action, les chiffres qui s’y rapportent, la valeur du programme ce mois-ci, et ce que ces chiffres ne peuvent pas montrer.",
	}
	s.columns = []column{{"Hypothèse", 11, rankFormat}, {"Énoncé", 40, textFormat}, {"Code", 8, codeFormat}, {"Indicateur", 28, textFormat}, {"Programme", 16, textFormat},
		{"Ce que dit le chiffre", 50, textFormat}, {"Ce qu’il ne dit pas", 50, textFormat}}
	for _, r := range rows {
		value := figureText(r)
		switch {
		case r.text("modalites") != "":
			value = "par modalité"
		case value == "": // it has none for the programme
			value = "[so]"
		}
		s.rows = append(s.rows, []any{r["hypothese"], typo(r.text("enonce")), r.text("indicateur"), r.text("nom"), value, typo(r.text("ce_que_dit")), typo(r.text("ce_que_ne_dit_pas"))})
	}
	return nil
}
