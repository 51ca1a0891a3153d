package exports

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
)

// entry is a sheet of a workbook: how it is fed and what it says of itself. To add a
// sheet, add an entry and, when it shows data, its SQL file.
type entry struct {
	name  string
	title string // « {title} : {territory}, {month} »
	holds string // for the summary
	query string // sql/classeur/<query>.sql; empty: no rows of its own
	fill  func(ctx context.Context, p *place, rows []record, s *sheet) error
}

// The names of the sheets that others point at.
const (
	chartSheet  = "Trajectoire"
	seriesSheet = "Séries"
	notesSheet  = "Notes"
)

// evaluatorSheets is the workbook, in order. A function, since the summary lists it.
func evaluatorSheets() []entry {
	return []entry{
		{"Couverture", "Évaluation", "Le territoire, le mois, la version, la phrase du mois, le contact ; le sens des symboles et des statuts.", "couverture", fillCover},
		{"Sommaire", "Sommaire", "Cette liste.", "", fillContents},
		{"Synthèse", "Synthèse", "Par famille : ce que disent les chiffres, ce que l’on peut célébrer, ce dont délibérer, et sur quoi la preuve repose.", "synthese", fillSynthesis},
		{"Indicateurs", "Indicateurs", "Chaque indicateur sur les douze derniers mois, avec la référence, l’écart, l’évolution, l’intervalle, l’effectif et le dernier commentaire.", "indicateurs", fillIndicators},
		{chartSheet, "Trajectoire", "Les indicateurs de tête sur vingt-quatre mois, avec l’intervalle, la référence et les repères.", "series", fillCharts},
		{seriesSheet, "Séries des graphiques", "Les nombres que tracent les graphiques, et le texte des repères.", "series", fillSeries},
		{"Acteurs", "Acteurs", "Ce que les quatre groupes de pairs répondent sur chaque famille d’axes, côte à côte, et leurs écarts.", "acteurs", fillGroups},
		{"Relations", "Relations", "Chaque relation entre un organisme public et un acteur de l’ESS : ce qu’en dit chaque côté, depuis quand, et avant.", "relations", fillRelations},
		{"Freins et attentes", "Freins et attentes", "Ce qui freine et ce qui est attendu : ouvert ou clos, depuis quand, et combien de groupes le reconnaissent.", "freins", fillObstacles},
		{"Durées", "Durées", "Combien de temps il faut pour lever un frein ou satisfaire une attente.", "freins", fillDurations},
		{"Retour", "Retour", "Ce qui a été constaté dans les classeurs reçus, ce qui attend une réponse d’abord, et la suite donnée.", "constats", fillFindings},
		{"Historique", "Révisions", "Les chiffres déjà publiés qui ont changé : l’ancienne valeur, la nouvelle, et pourquoi.", "", fillHistory},
		{"Fiches", "Fiches des indicateurs", "Ce que dit chaque indicateur, ce qu’il compte, ses limites et sa source.", "fiches", fillCards},
		{"Données", "Données du mois", "Les lignes derrière chaque indicateur du mois, avec l’adresse de leurs cellules dans les classeurs reçus.", "", fillProof},
		{"Commentaires", "Commentaires", "Ce que l’évaluateur dit de chaque indicateur : à remplir, puis à renvoyer.", "commentaires", fillComments},
		{notesSheet, "Notes", "Comment lire les valeurs, les intervalles et les absences.", "", fillNotes},
	}
}

// sheet makes a sheet of the place, once: the charts of one sheet point at the table of another.
func (p *place) sheet(ctx context.Context, name string) (sheet, error) {
	if s, built := p.built[name]; built {
		return s, nil
	}
	i := slices.IndexFunc(p.sheets, func(e entry) bool { return e.name == name })
	if i < 0 {
		return sheet{}, fmt.Errorf("no sheet %s", name)
	}
	e := p.sheets[i]
	s := sheet{name: e.name, title: typo(fmt.Sprintf("%s : %s, %s", e.title, p.name, monthName(p.release.Period)))}
	if err := e.fill(ctx, p, p.rows[e.query], &s); err != nil {
		return s, fmt.Errorf("sheet %s: %w", e.name, err)
	}
	for i := range s.sentences {
		s.sentences[i] = typo(s.sentences[i])
	}
	p.built[name] = s
	return s, nil
}

// absences are the symbols that stand where a value does not, and what they mean.
var absences = []struct{ symbol, meaning string }{
	{"[nd]", "Non disponible : attendu, mais non transmis ou trop ancien."},
	{"[ns]", "Non significatif : trop peu de personnes, d’acteurs ou d’événements pour montrer une valeur."},
	{"[so]", "Sans objet : la valeur ne peut pas exister ici, ou pas encore."},
	{"[s]", "Secret : la valeur permettrait de reconnaître une réponse."},
}

// symbolOf is the symbol of a statut; of none for a month before the territory's first.
func symbolOf(statut string) string {
	switch indicators.Statut(statut) {
	case indicators.NoData, indicators.Outdated:
		return "[nd]"
	case indicators.TooFew:
		return "[ns]"
	case indicators.Undefined, "":
		return "[so]"
	}
	return "[s]"
}

// unitFormats are the formats of the units of the indicators.
var unitFormats = map[string]format{
	"part": percentFormat, "nombre": integerFormat, "indice": twoDecimals, "note": oneDecimal, "niveaux": twoDecimals, "mois": oneDecimal,
	"jours": integerFormat, "heures": oneDecimal, "personnes": integerFormat, "euros": eurosFormat, "nombre_equivalent": twoDecimals, "pour_100_cellules": oneDecimal,
}

func fillCover(_ context.Context, p *place, rows []record, s *sheet) error {
	if len(rows) != 1 {
		return fmt.Errorf("%d rows for a cover", len(rows))
	}
	r, facts := p.release, rows[0]
	s.sentences = []string{"Cette feuille contient un tableau. Les symboles entre crochets tiennent la place d’une valeur absente ; une absence n’est jamais un zéro."}
	s.columns = []column{{"Rubrique", 16, textFormat}, {"Élément", 30, textFormat}, {"Contenu", 84, textFormat}}
	add := func(section, item, content string) {
		if content == "" {
			content = "non précisé"
		}
		s.rows = append(s.rows, []any{section, item, typo(content)})
	}
	month := synthesize(p.rows["synthese"])
	add("Publication", "En une phrase", month.summary())
	last, hasLast := facts["dernier_mois"].(time.Time)
	lastDay, _ := facts["dernier_jour"].(time.Time)
	add("Publication", "Programme", r.Programme)
	add("Publication", "Territoire", p.name)
	add("Publication", "Mois", monthName(r.Period))
	add("Publication", "Version", fmt.Sprint(r.Version))
	state := "provisoire : des réponses peuvent encore changer ces chiffres"
	if r.Final {
		state = "définitif : les réponses du mois sont closes ; un changement serait une révision"
	}
	add("Publication", "État", state)
	if text := r.ErasedText(); text != "" {
		add("Publication", "Effacement", text)
	}
	if until, ok := facts["recues_jusque"].(time.Time); ok {
		add("Publication", "Données reçues jusqu’au", dayName(until))
	}
	if hasLast {
		add("Publication", "Dernier classeur du territoire", fmt.Sprintf("mois %s ; dernière réception le %s", ofMonth(last), dayName(lastDay)))
	}
	add("Publication", "Contact", r.Contact)
	add("Publication", "Licence des données ouvertes", r.Licence)
	add("Publication", "Programme de calcul", r.Code)
	add("Publication", "Empreinte de la méthode", MethodDigest()[:16])
	for _, a := range absences {
		add("Symbole", a.symbol, a.meaning)
	}
	for _, c := range p.model.CodeLists["statut_indicateur"] {
		add("Statut", c.Label, statutMeanings[c.Value])
	}
	return nil
}

// statutMeanings say the statuts in a sentence.
var statutMeanings = map[string]string{
	"ok":                   "La valeur est calculée.",
	"perime":               "Le dernier classeur du territoire a plus de deux mois : seuls les indicateurs de qualité des données sont donnés.",
	"donnees_absentes":     "Rien à compter : aucune ligne dans la population, ou trop de mois manquants.",
	"effectif_insuffisant": "L’effectif est sous le plancher de l’indicateur (feuille « Fiches »).",
	"non_defini":           "La formule n’a pas de valeur, ou sa période d’observation n’est pas encore complète.",
	"secret_primaire":      "La valeur permettrait de reconnaître une réponse, ou viendrait presque toute d’un seul projet.",
	"secret_secondaire":    "La valeur permettrait d’en retrouver une autre, qui est secrète.",
}

func fillContents(_ context.Context, p *place, _ []record, s *sheet) error {
	s.sentences = []string{"Cette feuille contient un tableau. Chaque nom de feuille est un lien."}
	s.columns = []column{{"Feuille", 24, linkFormat}, {"Contenu", 106, textFormat}}
	for _, e := range p.sheets {
		s.rows = append(s.rows, []any{link{e.name, e.name}, typo(e.holds)})
	}
	return nil
}

func fillIndicators(ctx context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : une ligne par indicateur et par modalité, la référence (feuille « Notes »), une colonne par mois, les mêmes mois en petites barres, à la même échelle pour toutes les modalités d’un indicateur, puis l’écart à la référence, l’évolution et les détails du dernier mois.",
		"La colonne « Douze mois » n’a pas de texte : ses barres montrent les nombres des douze colonnes qui la précèdent. [nd] non disponible, [ns] effectif insuffisant, [so] sans objet : voir la feuille « Couverture ». Une valeur à faible effectif varie beaucoup d’un mois à l’autre : lire l’intervalle.",
	}
	covered := map[string][]string{} // sentence → the indicators that it is about
	for _, ind := range p.catalogue {
		c, err := ind.Covers(ctx, p.warehouse, p.territory, p.release.Period)
		if err != nil {
			return err
		}
		if text := coverageText(p.model, ind, c); text != "" {
			covered[text] = append(covered[text], ind.ID)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(covered)) {
		s.sentences = append(s.sentences, strings.Join(covered[text], ", ")+" : "+text+".")
	}
	s.frozen = 3
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 23, textFormat}, {"Modalité", 18, textFormat}, {"Unité", 11, textFormat}, {"Statut du mois", 16, textFormat},
		{"Référence", 10, twoDecimals}}
	first := len(s.columns) + 1
	for i := 11; i >= 0; i-- {
		month := strings.ReplaceAll(shortMonthName(p.release.Period.AddDate(0, -i, 0)), noBreak, " ")
		s.columns = append(s.columns, column{month, 10, twoDecimals})
	}
	s.split = len(s.columns)
	s.columns = append(s.columns, column{sparkTitle, 16, symbolFormat})
	s.sparks = []sparkline{{column: len(s.columns), from: first, last: first + 11, axes: sparkAxes(rows)}}
	s.columns = append(s.columns, column{"Écart à la référence", 12, signedTwo}, column{"Évolution", 20, textFormat}, column{typo("Intervalle à 95 %"), 15, symbolFormat}, column{"Effectif", 9, integerFormat},
		column{"Numérateur et dénominateur", 14, symbolFormat}, column{"Dernier commentaire", 34, besideFormat})
	for _, r := range rows {
		unit := r.text("unite")
		row := []any{r.text("indicateur"), r.text("nom"), r.text("modalite"), typo(r.text("unite_libelle")), r.text("statut"),
			figureCell(r["reference"], string(indicators.Undefined), unitFormats[unit])}
		values, statuts := r.list("valeurs"), r.list("statuts")
		for i := range values {
			row = append(row, figureCell(values[i], statuts[i], unitFormats[unit]))
		}
		row = append(row, nil, differenceCell(unit, r.number("ecart")), strings.ToLower(r.text("evolution")), intervalText(r), effectifCell(r), countText(r), lastComment(r))
		s.rows = append(s.rows, row)
	}
	return nil
}

// sparkTitle is the column of small bars, which have no text.
const sparkTitle = "Douze mois"

// sparkAxes are the axes of the small bars: the same for all modalites of an indicator, so that they compare.
func sparkAxes(rows []record) []axis {
	type bounds struct{ low, high float64 }
	found := map[string]bounds{}
	for _, r := range rows {
		b := found[r.text("indicateur")]
		for _, value := range r.list("valeurs") {
			if x, ok := value.(float64); ok {
				b.low, b.high = min(b.low, x), max(b.high, x)
			}
		}
		found[r.text("indicateur")] = b
	}
	axes := make([]axis, len(rows))
	for i, r := range rows {
		b := found[r.text("indicateur")]
		axes[i] = unitAxis(r.text("unite"), b.low, b.high)
	}
	return axes
}

// differenceCell is a difference from the baseline, of shares in points.
func differenceCell(unit string, x sql.Null[float64]) any {
	f := map[format]format{percentFormat: signedPoints, integerFormat: signedInteger, oneDecimal: signedOne, twoDecimals: signedTwo, eurosFormat: signedEuros}[unitFormats[unit]]
	switch {
	case !x.Valid:
		return "[so]"
	case f == signedPoints:
		return formatted{100 * x.V, f}
	}
	return formatted{x.V, f}
}

// figureCell is a value in its unit's format, or the symbol of its absence.
func figureCell(value, statut any, f format) any {
	if value != nil {
		return formatted{value, f}
	}
	text, _ := statut.(string)
	return symbolOf(text)
}

// intervalText is « 12 % – 45 % »; a bound that is not reached, or an interval that the indicator has
// not, is without object.
func intervalText(r record) string {
	bound := func(name string) string {
		x, ok := r[name].(float64)
		switch {
		case !ok:
			return "[so]"
		case r.text("unite") == "part":
			return percent(x)
		}
		return frenchNumber(x, 1)
	}
	switch {
	case r["borne_basse"] == nil && r["borne_haute"] == nil:
		return "[so]"
	case figureOf(r).census():
		return "recensement"
	}
	return bound("borne_basse") + noBreak + "– " + bound("borne_haute")
}

// effectifCell is the effectif; of a secret figure it is secret too, « moins de 5 » where it is the reason.
func effectifCell(r record) any {
	if n, ok := r["effectif"].(int64); ok {
		return n
	}
	if r.text("secret") == "enquete" && r.text("statut_code") == string(indicators.SecretPrimary) {
		return "moins de 5"
	}
	return "[s]"
}

// countText is « 3 sur 4 ».
func countText(r record) string {
	numerator, ok := r["numerateur"].(float64)
	denominator, also := r["denominateur"].(float64)
	if !ok || !also {
		return "[so]"
	}
	return fmt.Sprintf("%s sur %s", frenchNumber(numerator, 2), frenchNumber(denominator, 2))
}

func fillFindings(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : les constats des classeurs en vigueur des douze derniers mois, et des classeurs refusés.",
		"Rejet : le classeur n’est pas pris. Erreur : la cellule ou la ligne est mise de côté. Question : à corriger ou à expliquer. Note : pour information.",
	}
	s.filtered = true
	s.columns = []column{{"Mois", 18, textFormat}, {"Version", 11, textFormat}, {"Émetteur", 15, textFormat}, {"Feuille", 18, textFormat}, {"Cellule", 12, textFormat},
		{"Gravité", 10, textFormat}, {"Règle", 23, textFormat}, {"Suite donnée", 20, textFormat}, {"Message", 68, textFormat}}
	if len(rows) == 0 {
		s.sentences = append(s.sentences, "Aucun constat : le tableau n’a pas de ligne.")
	}
	for _, r := range rows {
		version := "refusé"
		if v, ok := r["version"].(int64); ok {
			version = fmt.Sprint(v)
		}
		cell := r.or("cellule", "feuille entière")
		if line, _ := r["ligne"].(int32); line > 0 && r["cellule"] == nil {
			cell = fmt.Sprintf("ligne %d", line)
		}
		s.rows = append(s.rows, []any{monthName(r["periode"].(time.Time)), version, r.or("emetteur", "territoire"), r.or("feuille", "classeur entier"), cell,
			r.text("gravite"), r.text("regle"), findingState(r), typo(r.text("message"))})
	}
	return nil
}

func fillRelations(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : une relation par ligne. Chaque côté dit le niveau de la relation ; les deux peuvent différer, et c’est une information.",
		"L’ordre des niveaux est une lecture de l’équipe, non du texte. Un regard tient douze mois après avoir été dit.",
	}
	s.frozen = 2
	s.filtered = true
	s.columns = []column{{"Organisme public", 24, textFormat}, {"Acteur de l’ESS", 24, textFormat}, {"Dit par l’organisme public", 18, textFormat}, {"Depuis (public)", 14, textFormat}, {"Avant (public)", 18, textFormat},
		{"Dit par l’acteur de l’ESS", 18, textFormat}, {"Depuis (ESS)", 14, textFormat}, {"Avant (ESS)", 18, textFormat}, {"Écart, ESS moins public", 12, signedInteger}}
	since := func(value any) string {
		if month, ok := value.(time.Time); ok {
			return shortMonthName(month)
		}
		return "[nd]"
	}
	for _, r := range rows {
		s.rows = append(s.rows, []any{r.text("public"), r.text("ess"), r.or("dit_public", "[nd]"), since(r["depuis_public"]), r.or("avant_public", "rien de connu"),
			r.or("dit_ess", "[nd]"), since(r["depuis_ess"]), r.or("avant_ess", "rien de connu"), orSymbol(r["ecart"])})
	}
	if len(rows) == 0 {
		s.sentences = append(s.sentences, "Aucune relation de ce genre n’est décrite : le tableau est vide.")
	}
	return nil
}

// lastComment is the evaluators' last word on an indicator, and of which month.
func lastComment(r record) string {
	month, ok := r["commente_le"].(time.Time)
	if !ok {
		return "aucun"
	}
	return typo(shortMonthName(month) + " : " + r.text("commentaire"))
}

// fillComments lists the indicators for the evaluator to comment upon. The titles are those by which the
// sheet is read back.
func fillComments(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau à remplir : écrivez dans la colonne « Commentaire », puis déposez ce classeur avec ceux des territoires.",
		"Le commentaire sera montré à côté de la valeur dans les prochains classeurs d’évaluation. Il n’est pas publié.",
	}
	s.columns = []column{{"Territoire", 18, textFormat}, {"Mois", 10, textFormat}, {"Code", 7, textFormat}, {"Indicateur", 42, textFormat},
		{"Commentaire", 60, inputFormat}, {"Commentaire précédent", 44, textFormat}}
	for _, r := range rows {
		before := "aucun"
		if month, ok := r["mois_precedent"].(time.Time); ok {
			before = typo(shortMonthName(month) + " : " + r.text("precedent"))
		}
		var comment any
		if text := r.text("commentaire"); text != "" {
			comment = text
		}
		s.rows = append(s.rows, []any{r.text("territoire_id"), r["periode"].(time.Time).Format("2006-01"), r.text("indicateur"), r.text("nom"), comment, before})
	}
	return nil
}

// findingStates say what became of a finding.
var findingStates = map[string]string{"ouvert": "en attente", "explique": "expliqué", "decide": "décidé", "repris": "repris après"}

// findingState is « en attente », « expliqué : confirmé », « décidé : écarté ».
func findingState(r record) string {
	text := findingStates[r.text("etat")]
	switch {
	case r.text("decision") == "accept":
		text += " : tel quel"
	case r.text("decision") != "":
		text += " : écarté"
	case r.text("reponse") != "":
		text += " : " + strings.ToLower(r.text("reponse"))
	}
	return typo(text)
}

func fillCards(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{"Cette feuille contient un tableau : une ligne par indicateur. Sous le plancher d’effectif, aucune valeur n’est montrée."}
	s.columns = []column{{"Code", 7, codeFormat}, {"Indicateur", 21, textFormat}, {"Famille", 14, textFormat}, {"Unité", 12, textFormat}, {"Sens", 17, textFormat},
		{"Plancher", 10, rankFormat}, {"Définition", 34, textFormat}, {"Ce qui compte", 34, textFormat}, {"Limites", 34, textFormat}, {"Source", 25, textFormat}}
	s.frozen = 2
	for _, r := range rows {
		s.rows = append(s.rows, []any{r.text("indicateur"), r.text("nom"), r.text("famille"), typo(r.text("unite")), r.text("sens"), r["plancher"],
			typo(r.text("definition")), typo(r.text("compte")), typo(r.text("limites")), typo(r.text("source"))})
	}
	return nil
}

// notes are what a reader has to know to use the figures.
var notes = []string{
	"Une part est écrite en pour cent ; sa cellule contient un nombre de 0 à 1. Les valeurs sont celles du fichier donnees/indicateurs.parquet, sans arrondi.",
	"Un indicateur d’état dit la situation au dernier jour du mois ; un indicateur d’événements porte sur les douze mois qui finissent ce mois-là : deux mois qui se suivent partagent onze mois.",
	"L’intervalle à 95 % dit ce que la valeur pourrait être à si faible effectif. Deux valeurs dont les intervalles se recouvrent largement ne sont pas différentes.",
	"La référence est la médiane des trois premiers mois qui ont une valeur depuis l’entrée dans le programme. D’une somme de plusieurs territoires, référence et évolution sont celles des territoires que compte sa dernière valeur : qui arrive ou manque n’est pas un changement. L’évolution se lit depuis ces débuts : « hausse » ou « baisse » quand une tendance se distingue du hasard, malgré le grand nombre de séries examinées (en moyenne, au plus une annonce sur dix devrait être fausse). Elle ne dit ni pourquoi, ni si c’est un bien.",
	"« Non détectable » ne veut pas dire stable : sur deux ans, un changement modéré passe le plus souvent inaperçu. « Trop tôt pour le dire » : moins de huit valeurs, ou de douze mois ; un relevé ne compte que pour les mois qui ont une observation nouvelle, des événements que par trimestres. « Non testée » : une durée, qui accumule toute l’histoire, ou la qualité des données.",
	"L’écart à la référence est la valeur du mois moins la référence, en points pour une part. Sans intervalle qui le laisse hors de doute, il n’est qu’une différence de deux nombres.",
	"Un recensement est écrit « sur N = n » : tout le registre a été compté, il n’y a pas d’intervalle. Une valeur sans intervalle n’en est pas plus sûre.",
	"L’effectif est le nombre sur lequel porte le plancher : répondants, déclarants, dyades, dialogues ou engagements, selon l’indicateur.",
	"Numérateur et dénominateur sont donnés même sous le plancher, pour qu’un petit territoire lise « 3 sur 4 » plutôt qu’un pour cent trompeur.",
	"Un classeur reçu plus tard peut changer les mois passés : la version de la publication change alors, et les données ouvertes montrent tous les mois tels que connus aujourd’hui.",
	"Ces chiffres servent à délibérer. Ils ne classent pas les territoires et ne jugent personne.",
}

// proofNote explains the sheet « Données » of an evaluators' workbook.
const proofNote = "Dans la feuille « Données », duree est en jours ; cause vaut 1 pour l’événement étudié, 2 pour un événement concurrent, 0 quand rien n’est encore arrivé."

func fillNotes(_ context.Context, p *place, _ []record, s *sheet) error {
	s.sentences = []string{"Cette feuille contient un tableau."}
	s.columns = []column{{"Numéro", 10, rankFormat}, {"Note", 120, textFormat}}
	all := notes
	if p.territory != "" {
		all = append(slices.Clone(notes), proofNote)
	}
	for i, note := range all {
		s.rows = append(s.rows, []any{int64(i + 1), typo(note)})
	}
	return nil
}
