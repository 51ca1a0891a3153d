package exports

import (
	"context"
	"fmt"
	"strings"
)

// annex makes the workbook beside the page: the same figures as cells, with their words, sources and limits.
func (s *summary) annex(ctx context.Context) ([]byte, error) {
	fill := func(f func(*sheet)) func(context.Context, *place, []record, *sheet) error {
		return func(_ context.Context, _ *place, _ []record, sheet *sheet) error {
			f(sheet)
			return nil
		}
	}
	p := newPlace(s.base, "", s.name, []entry{
		{"Couverture", "Synthèse d’impact", "Ce que dit la synthèse en une phrase, son champ, sa version ; le sens des symboles.", "", fill(s.fillCover)},
		{"Sommaire", "Sommaire", "Cette liste.", "", fillContents},
		{"Effets", "Effets", "Les dix indicateurs face à leur départ, avec la solidité de la preuve et la source.", "", fill(s.fillEffects)},
		{"Moyens", "Moyens", "Les euros de douze mois par provenance et par nature, et les heures bénévoles.", "", fill(s.fillMeans)},
		{notesSheet, "Notes", "Comment lire les valeurs, la preuve et les limites.", "", fill(s.fillNotes)},
	})
	return p.encode(ctx, "synthèse d’impact")
}

func (s *summary) fillCover(out *sheet) {
	out.sentences = []string{"Cette feuille contient un tableau. Les symboles entre crochets tiennent la place d’une valeur absente ; une absence n’est jamais un zéro."}
	out.columns = []column{{"Rubrique", 16, textFormat}, {"Élément", 30, textFormat}, {"Contenu", 84, textFormat}}
	add := func(section, item, content string) {
		if content == "" {
			content = "non précisé"
		}
		out.rows = append(out.rows, []any{section, item, typo(content)})
	}
	r := s.release
	state := "provisoire"
	if r.Final {
		state = "définitif"
	}
	add("Synthèse", "Constat", s.finding())
	add("Synthèse", "Champ", s.scopeText())
	add("Publication", "Programme", r.Programme)
	if s.set != "*" {
		add("Publication", "Financeur", s.name)
	}
	add("Publication", "Mois", monthName(r.Period))
	add("Publication", "Version", fmt.Sprint(r.Version))
	add("Publication", "État", state)
	if text := r.ErasedText(); text != "" {
		add("Publication", "Effacement", text)
	}
	add("Publication", "Données reçues jusqu’au", dayName(s.made))
	add("Publication", "Contact", r.Contact)
	add("Publication", "Licence des données ouvertes", r.Licence)
	add("Publication", "Programme de calcul", r.Code)
	add("Publication", "Empreinte de la méthode", MethodDigest()[:16])
	for _, a := range absences {
		add("Symbole", a.symbol, a.meaning)
	}
	for _, m := range proofMeanings {
		add("Preuve", m[0], m[1])
	}
}

func (s *summary) fillEffects(out *sheet) {
	out.sentences = []string{
		"Cette feuille contient un tableau : une ligne par indicateur. Départ, ou référence : la médiane des trois premiers mois qui ont une valeur depuis l’entrée dans le programme.",
		"La preuve est celle d’un changement depuis le départ, non de sa cause : il n’y a pas de territoires de comparaison.",
		"[nd] non disponible, [ns] trop peu de territoires ou d’observations, [so] sans objet, [s] secret.",
	}
	out.columns = []column{{"Code", 7, codeFormat}, {"Libellé", 30, textFormat}, {"Libellé du financeur", 22, textFormat}, {"Référence", 11, twoDecimals}, {"Valeur", 11, twoDecimals},
		{"Borne basse", 10, twoDecimals}, {"Borne haute", 10, twoDecimals}, {"Écart à la référence", 12, twoDecimals}, {"Effectif", 10, integerFormat},
		{"Évolution", 18, textFormat}, {"Preuve", 12, textFormat}, {"Source", 36, textFormat}}
	for _, e := range s.effects() {
		f, statut := unitFormats[e.unit], string(e.statut)
		funder := e.funder
		if funder == "" {
			funder = "le même"
		}
		none := "[so]" // of an interval or a reference that there is not
		cell := func(value any, known bool, missing string) any {
			if !known {
				return missing
			}
			return formatted{value, f}
		}
		movement := strings.ToLower(s.model.Label("mot_tendance", string(e.word)))
		effectif := any("[so]")
		if !e.value.Valid {
			none, movement = symbolOf(statut), "sans valeur"
			effectif = symbolOf(statut)
		} else if e.effectif.Valid {
			effectif = e.effectif.V
		}
		change := any(none)
		if gap := e.gap(); gap.Valid {
			change = differenceCell(e.unit, gap)
		}
		out.rows = append(out.rows, []any{e.code, typo(e.label), typo(funder), cell(e.reference.V, e.reference.Valid, none), cell(e.value.V, e.value.Valid, symbolOf(statut)),
			cell(e.low.V, e.low.Valid, none), cell(e.high.V, e.high.Valid, none), change, effectif, movement, e.proof(), typo(e.source)})
	}
}

// accounts are the headings of a French financial report (Cerfa 15059) that the natures of resources go under.
var accounts = map[string]string{
	"marche": "70 Ventes et prestations", "subvention": "74 Subventions", "cotisation": "75 Autres produits de gestion courante", "don": "75 Autres produits de gestion courante",
	"financement_participatif": "75 Autres produits de gestion courante", "mise_a_disposition": "87 Contributions volontaires en nature",
}

func (s *summary) fillMeans(out *sheet) {
	out.sentences = []string{
		"Cette feuille contient un tableau : la même somme, d’abord par provenance, puis par nature ; les heures bénévoles ensuite, qui ne sont pas en euros.",
		s.meansText(),
		"Montants déclarés par les territoires, non audités : la rubrique aide à remplir le compte rendu financier d’une subvention, elle ne le remplace pas. [s] secret : la somme viendrait presque toute d’un seul projet.",
	}
	out.columns = []column{{"Ventilation", 16, textFormat}, {"Élément", 28, textFormat}, {"Valeur", 18, eurosFormat}, {"Part des euros", 12, percentFormat}, {"Rubrique du compte rendu financier", 44, besideFormat}}
	add := func(kind string, parts []share) {
		for _, part := range parts {
			row := []any{kind, part.label, any("[s]"), any("[s]"), "toutes rubriques"}
			if part.cents.Valid {
				row[2], row[3] = float64(part.cents.V)/100, float64(part.cents.V)/float64(s.means.total.cents.V)
			}
			if account := accounts[part.code]; account != "" {
				row[4] = account
			}
			out.rows = append(out.rows, row)
		}
	}
	add("Provenance", s.means.byProvenance)
	add("Nature", s.means.byNature)
	total, whole := any("[s]"), any("[so]")
	switch m := s.means; {
	case m.total.cents.Valid:
		total, whole = float64(m.total.cents.V)/100, 1.0
	case m.territories < minimumTerritories:
		total = "[ns]"
	case m.projects == 0:
		total = "[nd]"
	}
	out.rows = append(out.rows, []any{"Ensemble", "Euros", total, whole, "toutes rubriques"})
	hours := s.figures["V09"]
	value := any(symbolOf(string(hours.statut)))
	if hours.value.Valid {
		value = formatted{hours.value.V, oneDecimal}
	}
	out.rows = append(out.rows, []any{"Bénévolat", "Heures déclarées", value, "[so]", "87 Contributions volontaires en nature"})
}

func (s *summary) fillNotes(out *sheet) {
	out.sentences = []string{"Cette feuille contient un tableau : les limites de la synthèse, puis comment lire les valeurs, puis les limites de chaque indicateur."}
	out.columns = []column{{"Numéro", 10, rankFormat}, {"Note", 120, textFormat}}
	lines := s.limitsText()
	lines = append(lines, "Une part est écrite en pour cent ; sa cellule contient un nombre de 0 à 1, et un écart de part un nombre de −1 à 1. Les bornes sont celles de l’intervalle à 95 % ; deux bornes égales à la valeur disent un recensement.",
		"Les dix indicateurs ont été choisis d’avance, pour ce dont ils parlent et non pour ce qu’ils montrent ; ce sont les mêmes pour tous les financeurs.")
	seen := map[string]bool{}
	for _, e := range s.effects() {
		if !seen[e.code] {
			lines = append(lines, e.code+" "+e.name+" : "+e.limits)
		}
		seen[e.code] = true
	}
	for i, line := range lines {
		out.rows = append(out.rows, []any{int64(i + 1), typo(line)})
	}
}
