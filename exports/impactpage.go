package exports

import (
	"bytes"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// The page is one HTML file that needs nothing else: no script, no font, no outside request. Its words are
// made here, its look in impact/.

type impactPage struct {
	Title, Made, Programme, Month, State, For, Finding, Scope, Need string
	Path                                                            []pathStep
	Keys                                                            []keyCard
	ChartTitle, ChartName                                           string
	Rows                                                            []chartRow
	Axis                                                            []axisMark
	Effects                                                         []effectRow
	Proofs                                                          [][2]string
	Story, Failures, Limits, Next                                   []string
	MeansText, Volunteers                                           string
	Means                                                           []meansRow
	Method                                                          [][2]string
}

type (
	pathStep struct{ Step, Figure, Text string }
	keyCard  struct {
		Code, Name, Value, Detail, Start, Movement string
		Chart                                      *dumbbell
	}
	chartRow struct {
		Name, Start, Today string
		Chart              *dumbbell
	}
	effectRow struct {
		Code, Name, Funder, Start, Today, Interval, Change, N, Movement, Proof string
		Against                                                                bool
	}
	meansRow struct{ Label, Amount, Part string }
	axisMark struct{ X, Text, Anchor string }
)

// dumbbell is a drawing from the baseline ○ to today ●, over today's interval. Places are percents of its width.
type dumbbell struct {
	ID, Title, Desc        string
	Start, Today, Low, End string // the interval goes from Low to End; empty: not drawn
	From, To               string // of the band between start and today, without the circles
}

// place of a share on the axis of a drawing, from 4 to 96 percent of its width.
func axisPlace(share float64) string {
	return strconv.FormatFloat(4+92*share, 'f', 2, 64) + "%"
}

// newDumbbell draws a share; nil where there is nothing to draw.
func newDumbbell(id, title string, f figure) *dumbbell {
	if !f.value.Valid && !f.reference.Valid || f.unit != "part" {
		return nil
	}
	d := &dumbbell{ID: id, Title: typo(title)}
	words := []string{"Départ : inconnu."}
	if f.reference.Valid {
		d.Start = axisPlace(f.reference.V)
		words[0] = "Départ : " + percent(f.reference.V) + "."
	}
	today := "Aujourd’hui : pas de valeur."
	if f.value.Valid {
		d.Today = axisPlace(f.value.V)
		today = "Aujourd’hui : " + percent(f.value.V)
		if f.census() {
			today += ", recensement."
		} else if f.low.Valid && f.high.Valid {
			d.Low, d.End = axisPlace(f.low.V), axisPlace(f.high.V)
			today += fmt.Sprintf(", intervalle de %s à %s.", percent(f.low.V), percent(f.high.V))
		} else {
			today += "."
		}
	}
	d.Desc = typo(strings.Join(append(words, today), " "))
	if d.Start != "" && d.Today != "" {
		d.From, d.To = d.Start, d.Today
	}
	return d
}

// page makes the HTML. annex is the name of the workbook beside it.
func (s *summary) page(annex string) ([]byte, error) {
	month := monthName(s.release.Period)
	p := impactPage{
		Title: typo("Synthèse d’impact : " + s.name + ", " + month), Made: s.made.UTC().Format(time.RFC3339), Programme: s.release.Programme, Month: month,
		State: "provisoire", Finding: s.finding(), Scope: s.scopeText(), Need: s.needText(), Path: s.path(), ChartTitle: chartFinding(s.places),
		Story: s.storyText(), Failures: s.failuresText(), Limits: s.limitsText(), Next: s.nextText(),
		MeansText: s.meansText(), Volunteers: s.volunteersText(), Means: s.meansRows(), Method: s.method(annex),
		Axis: []axisMark{{axisPlace(0), typo("0 %"), "start"}, {axisPlace(0.5), typo("50 %"), "middle"}, {axisPlace(1), typo("100 %"), "end"}},
	}
	if s.release.Final {
		p.State = "définitif"
	}
	if s.set != "*" {
		p.For = s.name
	}
	for _, code := range keyFigures {
		p.Keys = append(p.Keys, s.card(s.figures[code]))
	}
	p.ChartName = s.figures[keyFigures[0]].name
	for i, r := range s.places {
		f := figureOf(r)
		row := chartRow{Name: r.text("nom"), Start: "[so]", Today: symbolOf(string(f.statut)), Chart: newDumbbell(fmt.Sprint("t", i+1), r.text("nom"), f)}
		if f.reference.Valid {
			row.Start = percent(f.reference.V)
		}
		if f.value.Valid {
			row.Today = percent(f.value.V)
		}
		p.Rows = append(p.Rows, row)
	}
	for _, e := range s.effects() {
		p.Effects = append(p.Effects, s.effectRow(e))
	}
	for _, m := range proofMeanings {
		p.Proofs = append(p.Proofs, [2]string{m[0], typo(m[1])})
	}
	var out bytes.Buffer
	t, err := template.ParseFS(files, "impact/*.html", "impact/style.css")
	if err != nil {
		return nil, err
	}
	err = t.ExecuteTemplate(&out, "page.html", p)
	return out.Bytes(), err
}

// path is the path of change: four steps with a figure each.
func (s *summary) path() []pathStep {
	step := func(name, code, text string) pathStep {
		e := s.figures[code]
		if !e.value.Valid {
			return pathStep{name, symbolOf(string(e.statut)), typo(s.why(e))}
		}
		return pathStep{name, frenchNumber(e.value.V, 0), typo(text)}
	}
	whole := func(code string) (part, of string) {
		e := s.figures[code]
		return frenchNumber(e.numerator.V, 0), frenchNumber(e.denominator.V, 0)
	}
	hours := step("Moyens", "V09", "heures bénévoles déclarées en douze mois")
	held, planned := whole("E08")
	talks := step("Activités", "E08", "dialogues tenus, sur "+planned+" prévus en douze mois")
	celebrated, done := whole("E14")
	projects := step("Réalisations", "E14", "projets aboutis en deux ans, dont "+celebrated+" célébrés")
	if s.figures["E08"].value.Valid {
		talks.Figure = held
	}
	if s.figures["E14"].value.Valid {
		projects.Figure = done
	}
	effects := step("Effets", "V01positif", "effets positifs constatés en douze mois, et "+frenchNumber(s.figures["V01negatif"].value.V, 0)+" négatifs")
	return []pathStep{hours, talks, projects, effects}
}

// card shows a key figure with its baseline, its denominator and its interval.
func (s *summary) card(e effect) keyCard {
	c := keyCard{Code: e.code, Name: e.name, Value: symbolOf(string(e.statut)), Detail: typo(s.why(e)), Chart: newDumbbell("k"+e.code, e.name, e.figure)}
	if !e.value.Valid {
		return c
	}
	c.Value = percent(e.value.V)
	c.Detail = "effectif " + frenchNumber(float64(e.effectif.V), 0)
	if e.denominator.Valid {
		c.Detail = fmt.Sprintf("%s sur %s", frenchNumber(e.numerator.V, 0), frenchNumber(e.denominator.V, 0))
	}
	if e.census() {
		c.Detail += ", recensement"
	} else if e.low.Valid && e.high.Valid {
		c.Detail += fmt.Sprintf(" ; intervalle à 95 %% : %s à %s", percent(e.low.V), percent(e.high.V))
	}
	c.Start = "pas encore de départ connu"
	if e.reference.Valid {
		c.Start = "au départ : " + percent(e.reference.V) + " ; " + e.changeText()
	}
	c.Detail, c.Start, c.Movement = typo(c.Detail), typo(c.Start), typo(e.movement())
	if e.proof() == "moyenne" && !e.trending() {
		c.Movement = clearGap
	}
	return c
}

// changeText is « écart : +12 points (de −3 à +26) ».
func (e effect) changeText() string {
	gap := signed(e.unit, e.value.V-e.reference.V)
	if gap == "sans écart" {
		return gap
	}
	text := "écart : " + gap
	if e.between.Low.Valid && e.between.High.Valid {
		bound := func(x float64) string {
			number, _, _ := strings.Cut(strings.Replace(signed(e.unit, x), "sans écart", "0", 1), noBreak+"point")
			return number
		}
		text += fmt.Sprintf(" (de %s à %s)", bound(e.between.Low.V), bound(e.between.High.V))
	}
	return text
}

// labelLimit is the length of a funder's own words on the page, in characters; the annex has them whole.
const labelLimit = 45

// effectRow is a row of the table of effects.
func (s *summary) effectRow(e effect) effectRow {
	row := effectRow{Code: e.code, Name: e.label, Funder: typo(shortened(e.funder, labelLimit)), Start: "[so]", Today: symbolOf(string(e.statut)), Interval: "[so]", Change: "[so]", N: "[so]",
		Movement: strings.ToLower(s.model.Label("mot_tendance", string(e.word))), Proof: e.proof(), Against: e.against()}
	if !e.value.Valid {
		row.Movement = "sans valeur"
		row.Start, row.Interval, row.Change, row.N = row.Today, row.Today, row.Today, row.Today
	}
	if e.reference.Valid {
		row.Start = bare(e.unit, e.reference.V)
	}
	if !e.value.Valid {
		return row
	}
	row.Today = bare(e.unit, e.value.V)
	if e.census() {
		row.Interval = "recensement"
	} else if e.low.Valid && e.high.Valid {
		row.Interval = fmt.Sprintf("%s à %s", quantity(e.unit, e.low.V), quantity(e.unit, e.high.V))
	}
	if e.effectif.Valid {
		row.N = frenchNumber(float64(e.effectif.V), 0)
	}
	if e.reference.Valid {
		row.Change = signed(e.unit, e.value.V-e.reference.V)
	}
	return row
}

func (s *summary) meansRows() []meansRow {
	m := s.means
	if !m.total.cents.Valid {
		return nil
	}
	var rows []meansRow
	for _, part := range m.byProvenance {
		row := meansRow{part.label, "[s]", "[s]"}
		if part.cents.Valid {
			row.Amount, row.Part = euros(part.cents.V), percent(float64(part.cents.V)/float64(m.total.cents.V))
		}
		rows = append(rows, row)
	}
	return append(rows, meansRow{"Ensemble", euros(m.total.cents.V), percent(1)})
}

// method says how the figures were made and where they are.
func (s *summary) method(annex string) [][2]string {
	r := s.release
	lines := [][2]string{
		{"Méthode", "dix indicateurs choisis d’avance, les mêmes pour tous les financeurs ; départ : médiane des trois premiers mois qui ont une valeur (d’une somme, pour les territoires qu’elle compte aujourd’hui) ; formules, limites et sources dans l’annexe."},
		{"Données", "annexe " + annex + " ; données ouvertes : donnees/datapackage.json ; licence " + r.Licence + "."},
		{"Version", fmt.Sprintf("%s, version %d, données reçues jusqu’au %s ; calcul %s, empreinte de la méthode %s.", monthName(r.Period), r.Version, dayName(s.made), r.Code, MethodDigest()[:16]) + spaced(r.ErasedText())},
		{"Contact", r.Contact},
	}
	for i := range lines {
		lines[i][1] = typo(lines[i][1])
	}
	return lines
}

// bare is a quantity whose unit its row's name tells already.
func bare(unit string, x float64) string {
	if unit == "heures" {
		return frenchNumber(x, decimals(unit))
	}
	return quantity(unit, x)
}
