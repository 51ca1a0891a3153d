package exports

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cairn/indicators"
)

// synthesis is what the figures of a month say together, of a family or of all.
type synthesis struct {
	figures []figure
	valued  []figure // those that have a value
	good    []figure // that move as is wished for
	bad     []figure // that move against it
	neutral []figure // that move, and only describe
	words   map[indicators.Word]int
}

func synthesize(rows []record) synthesis {
	s := synthesis{words: map[indicators.Word]int{}}
	for _, r := range rows {
		f := figureOf(r)
		s.figures = append(s.figures, f)
		if !f.value.Valid {
			continue
		}
		s.valued = append(s.valued, f)
		s.words[f.word]++
		switch good, bad := f.favourable(); {
		case good:
			s.good = append(s.good, f)
		case bad:
			s.bad = append(s.bad, f)
		case f.trending():
			s.neutral = append(s.neutral, f)
		}
	}
	return s
}

// movements says how many figures move, and for how many nothing can be said: « 3 en hausse, 1 en baisse, … ».
func (s *synthesis) movements() string {
	var parts []string
	for _, w := range []struct {
		word      indicators.Word
		one, many string
	}{
		{indicators.Rising, "en hausse", "en hausse"}, {indicators.Falling, "en baisse", "en baisse"},
		{indicators.NotDetectable, "sans évolution qui se distingue du hasard", "sans évolution qui se distingue du hasard"},
		{indicators.TooEarly, "pour lequel il est trop tôt pour le dire", "pour lesquels il est trop tôt pour le dire"},
	} {
		if text := counted(s.words[w.word], "", w.one, w.many); text != "" {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return "aucune évolution testée"
	}
	return enumerate(parts)
}

// summary is the sentence of the month.
func (s *synthesis) summary() string {
	if len(s.valued) == 0 {
		return "Aucun chiffre n’a de valeur ce mois-ci : trop tôt pour le dire."
	}
	text := fmt.Sprintf("%s sur %d : %s.", counted(len(s.valued), "", "chiffre a une valeur", "chiffres ont une valeur"), len(s.figures), s.movements())
	switch {
	case len(s.good)+len(s.bad) > 0:
		text += fmt.Sprintf(" %s dans le sens favorable, %s.", counted(len(s.good), "Aucune évolution ne va", "évolution va", "évolutions vont"), counted(len(s.bad), "aucune à rebours", "à rebours", "à rebours"))
	default:
		text += " Aucune évolution, favorable ou défavorable, ne se distingue encore du hasard."
	}
	return text
}

// leading are the indicators that a family's synthesis always cites.
var leading = []string{"C02", "C04", "C14", "E02", "E03", "V02", "V04", "Q01", "Q03"}

func fillSynthesis(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : une famille d’indicateurs par ligne. Les phrases sont faites des chiffres du mois et ne disent rien de plus que leur intervalle et leur tendance.",
		"Ce que l’on célèbre et ce dont on délibère se décide ensemble : ces phrases proposent, elles ne jugent pas. « Hausse » et « baisse » se lisent depuis les débuts du territoire.",
	}
	s.columns = []column{{"Famille", 15, textFormat}, {"Ce que disent les chiffres", 52, textFormat}, {"À célébrer", 36, textFormat}, {"À délibérer", 44, textFormat}, {"Solidité de la preuve", 30, textFormat}}
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(r record) bool { return r.text("famille") != rows[0].text("famille") })
		if n < 0 {
			n = len(rows)
		}
		family := synthesize(rows[:n])
		s.rows = append(s.rows, []any{rows[0].text("famille_libelle"), family.says(), family.celebrates(p.rows["freins"]), family.deliberates(p.rows["freins"]), family.proof()})
		rows = rows[n:]
	}
	return nil
}

func (s *synthesis) says() string {
	lines := []string{fmt.Sprintf("%s sur %d : %s.", counted(len(s.valued), "Aucun chiffre n’a de valeur", "chiffre a une valeur", "chiffres ont une valeur"), len(s.figures), s.movements())}
	for _, f := range s.figures {
		if slices.Contains(leading, f.code) {
			lines = append(lines, f.sentence())
		}
	}
	return typo(strings.Join(lines, "\n"))
}

// family is the letter of the figures' family.
func (s *synthesis) family() string { return s.figures[0].code[:1] }

func (s *synthesis) celebrates(obstacles []record) string {
	var lines []string
	for _, f := range s.good {
		lines = append(lines, fmt.Sprintf("%s : %s, %s.", f.title(), f.level(), f.movement()))
	}
	if s.family() == "C" {
		lifted := 0
		for _, r := range obstacles {
			if r.text("genre") == "Frein" && r["recent"] == true && r["cause"] == int32(1) {
				lifted++
			}
		}
		if lifted > 0 {
			lines = append(lines, fmt.Sprintf("%s en douze mois.", counted(lifted, "", "frein levé", "freins levés")))
		}
	}
	for _, f := range s.figures {
		if f.code == "E14" && f.numerator.V > 0 {
			lines = append(lines, fmt.Sprintf("%s : %s sur %s.", f.title(), frenchNumber(f.numerator.V, 0), frenchNumber(f.denominator.V, 0)))
		}
		if f.code == "V01" && strings.HasPrefix(f.modalite, "Positif") && f.value.V > 0 {
			lines = append(lines, fmt.Sprintf("%s en douze mois.", counted(int(f.value.V), "", "effet positif constaté", "effets positifs constatés")))
		}
	}
	if len(lines) == 0 {
		return "Aucune évolution favorable ne se distingue encore. Qu’avez-vous vu que les chiffres ne voient pas" + thinNoBreak + "?"
	}
	return typo(strings.Join(lines, "\n"))
}

// What is asked of a movement against what is wished for, and of one that only describes.
const (
	askWhat = "Que s’est-il passé ?"
	askHow  = "Comment le lire ?"
)

func (s *synthesis) deliberates(obstacles []record) string {
	var lines []string
	for _, f := range s.bad {
		lines = append(lines, fmt.Sprintf("%s : %s, %s. "+askWhat, f.title(), f.level(), f.movement()))
	}
	for _, f := range s.neutral {
		lines = append(lines, fmt.Sprintf("%s : %s, %s. "+askHow, f.title(), f.level(), f.movement()))
	}
	switch s.family() {
	case "C":
		open, alone := 0, 0
		for _, r := range obstacles {
			if r.text("genre") == "Frein" && r["close_le"] == nil {
				open++
				if len(groupsOf(r)) < 2 {
					alone++
				}
			}
		}
		if open > 0 {
			text := counted(open, "", "frein ouvert", "freins ouverts")
			if alone > 0 {
				text += fmt.Sprintf(", dont %d qu’un seul groupe au plus reconnaît", alone)
			}
			lines = append(lines, text+" : lesquels travailler, et avec qui ?")
		}
	case "V":
		for _, f := range s.figures {
			if f.code == "V01" && strings.HasPrefix(f.modalite, "Négatif") && f.value.Valid {
				if f.value.V > 0 {
					lines = append(lines, counted(int(f.value.V), "", "effet négatif reconnu", "effets négatifs reconnus")+" en douze mois : qu’en apprendre ?")
				} else {
					lines = append(lines, "Aucun effet négatif reconnu en douze mois : n’y en a-t-il pas, ou ne se disent-ils pas ?")
				}
			}
		}
	}
	missing := 0
	for _, f := range s.figures {
		if f.statut == indicators.NoData || f.statut == indicators.Outdated {
			missing++
		}
	}
	if missing > 0 {
		lines = append(lines, counted(missing, "", "chiffre manque faute de données : vaut-il la peine de le recueillir ?", "chiffres manquent faute de données : vaut-il la peine de les recueillir ?"))
	}
	if len(lines) == 0 {
		return typo("Rien ne se distingue. Quel chiffre vous étonne ?")
	}
	return typo(strings.Join(lines, "\n"))
}

// proof says on what the family's figures rest.
func (s *synthesis) proof() string {
	var widths []float64
	censuses, bare := 0, 0
	var small []string
	for _, f := range s.valued {
		switch {
		case f.census():
			censuses++
		case f.low.Valid && f.high.Valid && f.unit == "part":
			widths = append(widths, f.high.V-f.low.V)
		case !f.low.Valid && !f.high.Valid:
			bare++
		}
		if f.effectif.Valid && f.effectif.V < 10 && !slices.Contains(small, f.code) && f.unit == "part" {
			small = append(small, f.code)
		}
	}
	var lines []string
	if len(widths) > 0 {
		slices.Sort(widths)
		lines = append(lines, fmt.Sprintf("%s à intervalle, large de %s points pour celle du milieu.", counted(len(widths), "", "part", "parts"), frenchNumber(100*widths[len(widths)/2], 0)))
	}
	if censuses > 0 {
		lines = append(lines, counted(censuses, "", "recensement", "recensements")+" : tous ont été comptés.")
	}
	if bare > 0 {
		lines = append(lines, counted(bare, "", "chiffre sans intervalle", "chiffres sans intervalle")+" : un constat, non une estimation.")
	}
	if len(small) > 0 {
		lines = append(lines, "Moins de dix observations : "+enumerate(small)+".")
	}
	if s.family() == "V" {
		lines = append(lines, "Les effets sont dits par les acteurs : lire V04 pour ce qui est mesuré ou vérifié. Contribution, non attribution.")
	}
	if len(lines) == 0 {
		return "Trop tôt pour le dire."
	}
	return typo(strings.Join(lines, "\n"))
}
