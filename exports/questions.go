package exports

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// question is something that figures ask, with two ways to read them: neither is the program's to choose.
type question struct {
	text          string
	territories   []string
	figures       []string // a line each
	first, second string   // readings
	sheet         string   // where to look
}

// figureLimit is how many figures a question shows; its sheet has the others.
const figureLimit = 12

func fillQuestions(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau à remplir ensemble : une question par ligne, les chiffres qui la posent, deux lectures possibles, et la colonne « Décision », vide, à remplir. D’autres lectures sont possibles : les chiffres posent la question, ils n’y répondent pas.",
		"Une question vient d’une évolution qui se distingue du hasard, d’une part hors des limites de l’entonnoir à 99,8 %, ou d’un silence : un chiffre qui manque, un effet négatif que personne ne dit. L’ordre n’est pas celui de l’importance.",
	}
	s.frozen = 2
	s.columns = []column{{"Numéro", 9, rankFormat}, {"Question", 28, textFormat}, {"Territoires", 21, textFormat}, {"Chiffres à l’appui", 50, textFormat}, {"Lecture possible", 28, textFormat},
		{"Autre lecture", 36, textFormat}, {"Feuille", 14, linkBeside}, {decisionTitle, 30, inputFormat}}
	var all []question
	all = append(all, movementQuestions(rows)...)
	all = append(all, funnelQuestions(p.rows["comparaison/entonnoir"], rows)...)
	all = append(all, silenceQuestions(rows)...)
	all = append(all, p.sharedQuestions()...)
	for i, q := range all {
		slices.Sort(q.territories)
		slices.Sort(q.figures)
		if rest := len(q.figures) - figureLimit; rest > 0 {
			q.figures = append(q.figures[:figureLimit:figureLimit], "… et "+counted(rest, "", "autre", "autres"))
		}
		s.rows = append(s.rows, []any{int64(i + 1), typo(q.text), strings.Join(q.territories, ", "), typo(strings.Join(q.figures, "\n")), typo(q.first), typo(q.second), link{q.sheet, q.sheet}, nil})
	}
	if len(all) == 0 {
		s.sentences = append(s.sentences, "Rien ne se distingue ce mois-ci : le tableau est vide.")
	}
	return nil
}

// decisionTitle is the column that is left to those who deliberate.
const decisionTitle = "Décision"

// movements are the kinds of trend that ask a question, with the first reading of each.
var movements = []struct{ says, asks, reading string }{
	{"va à rebours du sens favorable", askWhat, "Quelque chose a changé sur le terrain : ce qui portait n’est plus là, ou ne se fait plus de la même façon. À raconter par ceux qui l’ont vécu."},
	{"bouge", askHow, "La situation change de nature : dire depuis quand, avec qui, et si c’est voulu."},
	{"va dans le sens favorable", "Qu’en apprendre ?", "Une façon de faire porte : la décrire, pour que d’autres s’en saisissent."},
}

// movementQuestions are those of the trends that stand out, one for each indicator and kind of movement.
func movementQuestions(rows []record) []question {
	byKind := make([][]question, len(movements))
	for _, r := range rows {
		f := figureOf(r)
		good, bad := f.favourable()
		kind := 1
		switch {
		case !f.value.Valid || !f.trending():
			continue
		case bad:
			kind = 0
		case good:
			kind = 2
		}
		m := movements[kind]
		text := fmt.Sprintf("%s %s %s. %s", f.code, f.name, m.says, m.asks)
		if n := len(byKind[kind]); n == 0 || byKind[kind][n-1].text != text {
			byKind[kind] = append(byKind[kind], question{text: text, first: m.reading, second: "Le chiffre bouge plus que les choses. " + r.text("limites"), sheet: "Données"})
		}
		q := &byKind[kind][len(byKind[kind])-1]
		q.add(r, fmt.Sprintf("%s%s ; %s", f.level(), referenceText(f), f.movement()))
	}
	return slices.Concat(byKind...)
}

// referenceText is « ; référence 31 % ».
func referenceText(f figure) string {
	if !f.reference.Valid {
		return ""
	}
	return " ; référence " + quantity(f.unit, f.reference.V)
}

// add adds what a territory's figure says.
func (q *question) add(r record, says string) {
	name := r.text("territoire")
	if !slices.Contains(q.territories, name) {
		q.territories = append(q.territories, name)
	}
	if modalite := r.text("modalite"); modalite != "" && modalite != "ensemble" {
		name += ", " + strings.ToLower(modalite)
	}
	q.figures = append(q.figures, name+" : "+says)
}

// funnelQuestions are those of the shares outside of the outer limits, one for each indicator.
func funnelQuestions(rows, figures []record) []question {
	limits := map[string]string{}
	for _, r := range figures {
		limits[r.text("indicateur")] = r.text("limites")
	}
	var all []question
	for _, r := range rows {
		if funnelWord(r) != funnelWords[2] {
			continue
		}
		text := fmt.Sprintf("%s %s : au-delà de ce que le hasard explique. Que fait-on là autrement ?", r.text("indicateur"), r.text("nom"))
		if n := len(all); n == 0 || all[n-1].text != text {
			all = append(all, question{text: text, first: "On y travaille autrement : une pratique à partager, ou une difficulté à entendre.",
				second: "On n’y compte pas de même, ou les lieux ne se ressemblent pas. " + limits[r.text("indicateur")], sheet: "Limites"})
		}
		all[len(all)-1].add(r, fmt.Sprintf("%s pour un effectif de %d ; limites à 99,8 %% : %s et %s",
			percent(r["valeur"].(float64)), r["effectif"], percent(r["entonnoir_998_bas"].(float64)), percent(r["entonnoir_998_haut"].(float64))))
	}
	return all
}

// silenceQuestions are those of what is not said: no negative effect, and figures that less than half of the territories have.
func silenceQuestions(rows []record) []question {
	none := question{text: "Aucun effet négatif n’est reconnu en douze mois. N’y en a-t-il pas, ou ne se disent-ils pas ?", sheet: "Données",
		first:  "Il n’y en a pas eu qui mérite d’être noté.",
		second: "Ils ne se disent pas : reconnaître un effet négatif n’est pas encore sans risque, et c’est de cela qu’il faut parler d’abord."}
	missing := question{text: "Des chiffres n’ont de valeur que dans moins de la moitié des territoires. Vaut-il la peine de les recueillir ?", territories: []string{"Tous"}, sheet: "Données",
		first:  "Il est trop tôt : les événements qu’ils comptent sont encore rares, le temps les apportera.",
		second: "On ne les recueille pas, ou pas partout : demander à ceux qui remplissent ce qui leur manque, ou renoncer au chiffre."}
	var places, valued int
	for i, r := range rows {
		if r.text("territoire_id") == "*" {
			continue
		}
		f := figureOf(r)
		if r.text("modalite_code") == "negatif" && f.code == "V01" && f.value.Valid && f.value.V == 0 {
			none.add(record{"territoire": r.text("territoire")}, "aucun effet négatif")
		}
		places++
		if f.value.Valid {
			valued++
		}
		if i+1 < len(rows) && rows[i+1].text("indicateur") == f.code && rows[i+1].text("modalite") == r.text("modalite") {
			continue
		}
		if code := r.text("modalite_code"); (code == "" || code == "tous") && 2*valued < places {
			missing.figures = append(missing.figures, fmt.Sprintf("%s %s, %s sur %d", f.code, f.name, counted(valued, "aucun territoire", "territoire", "territoires"), places))
		}
		places, valued = 0, 0
	}
	return slices.DeleteFunc([]question{none, missing}, func(q question) bool { return len(q.figures) == 0 })
}

// sharedQuestions are those of the sheets that bring the territories together: months that miss, brakes that others
// have lifted, progress that hangs on what counts.
func (p *place) sharedQuestions() []question {
	late := question{text: "Des mois manquent. Faut-il aider, ou alléger ?", sheet: "Complétude",
		first:  "Le temps ou la personne a manqué : un appui rendrait l’envoi possible.",
		second: "Le classeur demande trop pour ce qu’il rend : qu’en retirer ?"}
	for _, r := range p.rows["comparaison/completude"] {
		if missing := r.count("attendus") - r.count("recus"); missing > 0 {
			late.add(record{"territoire": r.text("nom")}, fmt.Sprintf("%s sur %d", counted(int(r.count("recus")), "aucun mois reçu", "mois reçu", "mois reçus"), r.count("attendus")))
		}
	}
	peers := question{text: "Des freins restent ouverts depuis plus de six mois, que d’autres ont levés. Qui rencontre qui ?", sheet: "Pairs",
		first:  "Ce qui a levé l’un peut lever l’autre : organiser la rencontre.",
		second: "Des freins de même nom ne sont pas les mêmes : l’histoire du lieu compte davantage."}
	rows := p.rows["comparaison/pairs"]
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(r record) bool { return r.text("nom") != rows[0].text("nom") })
		if n < 0 {
			n = len(rows)
		}
		brakes, others := 0, []string{}
		for i, r := range rows[:n] {
			if i == 0 || r.text("categorie") != rows[i-1].text("categorie") {
				brakes += int(r.count("ouverts"))
			}
			others = append(others, r.text("pair"))
		}
		slices.Sort(others)
		peers.add(record{"territoire": rows[0].text("nom")}, fmt.Sprintf("%s ; à qui demander : %s", counted(brakes, "", "frein", "freins"), few(slices.Compact(others))))
		rows = rows[n:]
	}
	weights := question{text: "Y a-t-il progrès ? La réponse dépend de ce qui compte pour qui la donne.", sheet: "Poids",
		first:  "Ce qui avance compte davantage : c’est un progrès.",
		second: "Ce qui recule compte davantage : ce n’en est pas un."}
	for _, r := range p.rows["comparaison/poids"] {
		if share, ok := r["part_positive"].(float64); ok && r.text("renversent") != "" {
			weights.add(record{"territoire": r.text("nom")}, fmt.Sprintf("un progrès dans %s des pondérations ; renversé par les poids de %s", percent(share), few(strings.Split(r.text("renversent"), ", "))))
		}
	}
	return slices.DeleteFunc([]question{late, peers, weights}, func(q question) bool { return len(q.figures) == 0 })
}

// few are names, or how many there are when a list would say nothing more.
func few(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%d territoires", len(names))
	}
	return enumerate(names)
}
