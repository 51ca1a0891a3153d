package exports

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
)

// groupsOf are the codes of the peer groups that recognise a brake or an expectation.
func groupsOf(r record) []string {
	return slices.DeleteFunc(strings.Split(r.text("reconnu_par"), ";"), func(code string) bool { return code == "" })
}

func fillObstacles(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : les freins puis les attentes du registre, ceux qui sont ouverts d’abord. « Reconnu par » dit combien des quatre groupes de pairs y reconnaissent un frein ou une attente, et lesquels.",
		"Nommer un frein est déjà le travailler : un grand nombre peut dire que la parole est libre. La feuille « Durées » dit combien de temps il faut pour les lever.",
	}
	s.frozen = 2
	s.filtered = true
	s.columns = []column{{"Genre", 10, codeFormat}, {"Identifiant", 13, codeFormat}, {"Catégorie", 26, textFormat}, {"Exprimé par", 24, textFormat}, {"Envers", 22, textFormat}, {"État", 13, textFormat},
		{"Depuis", 18, textFormat}, {"Clos le", 18, textFormat}, {"Durée (jours)", 9, integerFormat}, {"Reconnu par", 30, besideFormat}, {"Intensité", 10, integerFormat}, {"Levier", 32, besideFormat}}
	if len(rows) == 0 {
		s.sentences = append(s.sentences, "Aucun frein ni aucune attente au registre : le tableau est vide.")
	}
	for _, r := range rows {
		closed := "ouvert"
		if day, ok := r["close_le"].(time.Time); ok {
			closed = dayName(day)
		}
		s.rows = append(s.rows, []any{r.text("genre"), r.text("identifiant"), r.text("categorie"), r.text("exprime_par"), r.or("envers", "sans objet"), r.text("statut"),
			dayName(r["debut"].(time.Time)), closed, r["jours"], p.recognised(r), orSymbol(r["intensite"]), typo(r.or("levier", "non précisé"))})
	}
	return nil
}

// recognised is « 2 groupes : élus, agents ».
func (p *place) recognised(r record) string {
	groups := groupsOf(r)
	var names []string
	for _, code := range groups {
		names = append(names, p.model.Label("groupe_pairs", code))
	}
	text := counted(len(groups), "aucun groupe", "groupe", "groupes")
	if len(names) > 0 {
		text += " : " + strings.Join(names, ", ")
	}
	return typo(text)
}

// The columns of the sheet « Durées » that its chart points at, from 1.
const (
	durationMonth = iota + 1
	durationLifted
	durationLow
	durationHigh
	durationAtRisk
	durationMet
)

// durationMonths is how far the curves go.
const durationMonths = 24

// curve is the incidence of an end that is waited for, over the subjects of C14 or of C17.
type curve struct {
	subjects []indicators.Subject
	curve    indicators.Curve
}

func newCurve(rows []record, kind string) (c curve, err error) {
	for _, r := range rows {
		if r.text("genre") == kind && r["compte"] == true && r["perime"] == false {
			c.subjects = append(c.subjects, indicators.Subject{Duration: int(r["duree"].(int64)), Cause: indicators.Cause(r["cause"].(int32))})
		}
	}
	c.curve, err = indicators.NewCurve(c.subjects)
	return c, err
}

// The floors of C14 and C17: subjects, and those still followed just before the horizon.
const (
	minimumFollowed = 10
	minimumAtRisk   = 5
)

// at is the share of those that began which ended as is wished for within that many months, as long as enough
// are still followed.
func (c *curve) at(months int) indicators.Estimate {
	days := float64(months) * daysPerMonth
	if len(c.subjects) < minimumFollowed || c.curve.AtRisk(days) < minimumAtRisk {
		return indicators.Estimate{}
	}
	return c.curve.AalenJohansen(days)
}

// daysPerMonth is the mean length of a month: the horizon of twelve months is 365.25 days.
const daysPerMonth = 30.4375

func fillDurations(_ context.Context, p *place, rows []record, s *sheet) error {
	lifted, err := newCurve(rows, "Frein")
	if err != nil {
		return err
	}
	met, err := newCurve(rows, "Attente")
	if err != nil {
		return err
	}
	s.sentences = []string{
		"Cette feuille contient un tableau et un graphique : la part des freins levés, et celle des attentes satisfaites, selon le temps passé depuis qu’ils ont été dits. C’est l’incidence d’Aalen et Johansen, comme pour C14 et C17 ; un abandon n’est pas une levée.",
		"Une cellule vide : moins de dix en tout, ou moins de cinq encore suivis à ce moment-là. Trait plein bleu : freins levés ; tirets gris : bornes de l’intervalle à 95 % ; tirets violets : attentes satisfaites.",
	}
	s.columns = []column{{"Mois écoulés", 10, integerFormat}, {"Freins levés", 13, percentFormat}, {"Borne basse", 13, percentFormat}, {"Borne haute", 13, percentFormat}, {"Freins encore suivis", 13, integerFormat},
		{"Attentes satisfaites", 14, percentFormat}, {"Attentes encore suivies", 16, integerFormat}}
	for month := 0; month <= durationMonths; month++ {
		days := float64(month) * daysPerMonth
		l, m := lifted.at(month), met.at(month)
		s.rows = append(s.rows, []any{int64(month), orEmpty(l.Value), orEmpty(l.Interval.Low), orEmpty(l.Interval.High), int64(lifted.curve.AtRisk(days)), orEmpty(m.Value), int64(met.curve.AtRisk(days))})
	}
	for i := range s.sentences {
		s.sentences[i] = typo(s.sentences[i])
	}
	header := s.headerRow()
	c := timeChart("", "", block{s.name, header, header + 1, header + 1 + durationMonths}, durationMonth, time.Time{}, time.Time{}, unitAxis("part", 0, 1),
		line{durationLow, lookBound}, line{durationHigh, lookBound}, line{durationLifted, lookValue}, line{durationMet, lookSecond})
	c.x = axis{format: `0" mois"`, min: 0, max: durationMonths, unit: 6}
	c.title, c.cell = typo("Freins levés et attentes satisfaites, selon les mois écoulés"), "I"+fmt.Sprint(header)
	c.alt = typo(fmt.Sprintf("Freins : %s. Attentes : %s.", lifted.describe("levés"), met.describe("satisfaites")))
	s.charts = []chart{c}
	return nil
}

// orEmpty is a number, or the empty cell that a chart takes for a gap.
func orEmpty(x sql.Null[float64]) any {
	if !x.Valid {
		return nil
	}
	return x.V
}

// describe is « 34 suivis, 45 % levés en 12 mois ».
func (c *curve) describe(ended string) string {
	text := counted(len(c.subjects), "aucun suivi", "suivi", "suivis")
	for _, months := range []int{6, 12, 24} {
		if e := c.at(months); e.Value.Valid {
			text += fmt.Sprintf(", %s %s en %d mois", percent(e.Value.V), ended, months)
		}
	}
	return text
}
