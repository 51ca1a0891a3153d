package exports

import (
	"context"
	"time"
)

// What the programme may learn from the pilots together: how views on relations change, whom to ask, what weights decide,
// what the figures say of its hypotheses.

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

func fillPeers(_ context.Context, _ *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : les freins ouverts depuis plus de six mois, par territoire et par catégorie, et les territoires qui ont levé un frein de même catégorie. Un territoire de conseil, non un modèle : les freins de même nom ne sont pas les mêmes.",
	}
	s.filtered = true
	s.columns = []column{{"Territoire", 31, textFormat}, {"Catégorie", 30, textFormat}, {"Freins ouverts", 24, textFormat}, {"Le plus ancien (jours)", 12, integerFormat}, {"À qui demander", 31, besideFormat},
		{"Freins levés", 10, integerFormat}, {"Dernière levée", 19, besideFormat}, {"Durée médiane (jours)", 12, integerFormat}, {"Levier", 60, besideFormat}}
	for _, r := range rows {
		lifted, _ := r["date_levee"].(time.Time)
		s.rows = append(s.rows, []any{r.text("nom"), r.text("categorie"), r.text("freins"), r["ouvert_jours"], r.text("pair"), r["leves"], dayName(lifted), r["duree_jours"], typo(r.or("levier", "non précisé"))})
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
