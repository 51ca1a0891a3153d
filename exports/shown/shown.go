// Package shown reads what the workbooks of a release show, and compares it with the open data. It knows the titles of
// the columns and nothing of what wrote them: neither the queries, nor the writer, nor the database.
package shown

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/ingest"
)

// Spot is where a figure stands. Period is 2026-10; of a trend it is empty.
type Spot struct{ Indicator, Territory, Period, Modalite string }

// Name is how a person names it: « C02, arlenthe, 2026-10 ».
func (at Spot) Name() string {
	parts := slices.DeleteFunc([]string{at.Indicator, at.Territory, at.Period, at.Modalite}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

// Row is a row of a table of the open data by its columns: a string, a float64 or, where there is nothing, nil.
type Row = map[string]any

// Data is what a workbook may show: the open data.
type Data struct {
	Month       time.Time // of the release, as its first day, UTC
	Model       *ingest.Model
	Figures     map[Spot]Row      // indicateurs
	Trends      map[Spot]Row      // tendances, without a period
	Limits      map[Spot]Row      // comparaisons
	Catalogue   map[string]Row    // catalogue, by the code
	Territories map[string]string // name → territoire_id
}

// Read takes the tables of the open data, as table reads each.
func Read(m *ingest.Model, month time.Time, table func(name string) ([]Row, error)) (*Data, error) {
	w := &Data{Month: month, Model: m, Figures: map[Spot]Row{}, Trends: map[Spot]Row{}, Limits: map[Spot]Row{}, Catalogue: map[string]Row{}, Territories: map[string]string{}}
	text := func(row Row, name string) string { s, _ := row[name].(string); return s }
	spot := func(row Row) Spot {
		return Spot{text(row, "indicateur"), text(row, "territoire_id"), text(row, "periode"), text(row, "modalite")}
	}
	for name, keep := range map[string]func(Row){
		"indicateurs":  func(row Row) { w.Figures[spot(row)] = row },
		"tendances":    func(row Row) { w.Trends[spot(row)] = row },
		"comparaisons": func(row Row) { w.Limits[spot(row)] = row },
		"catalogue":    func(row Row) { w.Catalogue[text(row, "indicateur")] = row },
		"territoires":  func(row Row) { w.Territories[text(row, "nom")] = text(row, "territoire_id") },
	} {
		rows, err := table(name)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			keep(row)
		}
	}
	return w, nil
}

// Report is what came of comparing one workbook.
type Report struct {
	Wrong   []string // each with its sheet, its cell and the figure
	Unread  []string // what a newer or an older program shows, that this one cannot judge
	Numbers int      // compared
	Hidden  int      // shown as secret, as the open data say
	Phrases int      // sentences whose number was compared
}

func (b *Report) fail(where string, format string, args ...any) {
	b.Wrong = append(b.Wrong, where+"\u00a0: "+fmt.Sprintf(format, args...))
}

func (b *Report) unread(where string, format string, args ...any) {
	b.Unread = append(b.Unread, where+"\u00a0: "+fmt.Sprintf(format, args...))
}

// Whose is the territory of a workbook by its path in the release: « * » for the programme, « *id » for a funder's own.
func Whose(file string) string {
	parts := strings.Split(path.Base(file), "_") // the month, of whom, what
	switch {
	case strings.HasPrefix(file, "evaluateurs/") && len(parts) > 1:
		return parts[1]
	case len(parts) == 3:
		return "*" + parts[1]
	}
	return "*"
}

// place is a cell: its column from 0, its row from 1.
type place struct{ column, row int }

type sheet struct {
	name   string
	cells  map[place]ingest.Cell
	tables []ingest.Area
}

func readSheets(data []byte) ([]*sheet, error) {
	book, err := ingest.OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	var all []*sheet
	for _, read := range book.Sheets {
		if read.Tables == nil {
			return nil, errors.New("ce n’est pas un classeur .xlsx")
		}
		s := &sheet{name: read.Name, cells: map[place]ingest.Cell{}}
		for row, err := range read.Rows {
			if err != nil {
				return nil, err
			}
			for _, c := range row.Cells {
				if !c.Blank() {
					s.cells[place{c.Column, row.Number}] = c
				}
			}
		}
		if s.tables, err = read.Tables(); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// symbols stand for absences.
var symbols = []string{"[nd]", "[ns]", "[so]", "[s]"}

// otherSheets hold numbers of the registers, or none: what they show is no figure of the open data.
var otherSheets = []string{"Couverture", "Sommaire", "Synthèse", "Contexte", "Trajectoire", "Relations", "Freins et attentes", "Durées", "Retour", "Historique", "Commentaires", "Notes",
	"Complétude", "Pairs", "Poids", "Moyens", "À délibérer"}

// otherColumns stand beside figures and are none of the open data: where a chart puts its marks, and the medians of
// the four peer groups, which leave in an evaluator's workbook alone.
var otherColumns = []string{"Repère", "Bord", "Hauteur", "Hauteur du trait", "Hypothèse", "Élus", "Agents", "État", "Acteurs socio-économiques", "Plus grand écart"}

// Compare compares every figure that a workbook shows with the open data, cell by cell, and every absence with its
// statut. territory is whose workbook it is; « * » and a funder's set are territories too.
func (w *Data) Compare(data []byte, territory string) (*Report, error) {
	sheets, err := readSheets(data)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	for _, s := range sheets {
		if s.name == "Données" && territory != "*" { // the rows behind the figures
			continue
		}
		for at, cell := range s.cells {
			w.comparePhrases(report, s.name+"!"+ingest.CellName(at.column, at.row), cell.String(), territory)
		}
		for _, a := range s.tables {
			compared := 0
			for row := a.Top + 1; row <= a.Bottom; row++ {
				compared += w.compareRow(report, s, a, row, territory)
			}
			if compared == 0 && !slices.Contains(otherSheets, s.name) {
				report.unread(s.name, "rien n’y est comparé")
			}
		}
	}
	slices.Sort(report.Wrong)
	return report, nil
}

var (
	codeStart  = regexp.MustCompile(`^[CEVQ]\d\d\b`)
	shortMonth = regexp.MustCompile(`^(janv\.|févr\.|mars|avr\.|mai|juin|juil\.|août|sept\.|oct\.|nov\.|déc\.) (\d{4})$`)
	months     = []string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}
)

// plain writes no-break spaces as spaces.
func plain(text string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", "").Replace(text)
}

// compareRow compares the cells of one row whose titles say that they are figures, and counts them.
func (w *Data) compareRow(report *Report, s *sheet, a ingest.Area, row int, territory string) (compared int) {
	cells, columns, order := map[string]ingest.Cell{}, map[string]int{}, []string{}
	for column := a.Left; column <= a.Right; column++ {
		title := plain(s.cells[place{column, a.Top}].String())
		cells[title], columns[title] = s.cells[place{column, row}], column
		order = append(order, title)
	}
	at := Spot{Territory: territory, Period: w.Month.Format("2006-01")}
	where := func(title string, at Spot) string {
		return fmt.Sprintf("%s!%s (%s), %s", s.name, ingest.CellName(columns[title], row), title, at.Name())
	}
	if at.Indicator, at.Modalite = w.indicatorOf(cells); at.Indicator == "" {
		return 0
	}
	if id := w.Territories[cells["Territoire"].Text]; id != "" {
		at.Territory = id
	} else if strings.HasPrefix(strings.ToLower(cells["Territoire"].Text), "programme") || strings.HasPrefix(cells["Territoire"].Text, "Ensemble") {
		at.Territory = "*"
	}
	if c, dated := cells["Mois"]; dated && c.Kind == ingest.Date {
		at.Period = c.Date.Format("2006-01")
	}
	for _, title := range order {
		spot, cell := at, cells[title]
		if m := shortMonth.FindStringSubmatch(title); m != nil {
			spot.Period = fmt.Sprintf("%s-%02d", m[2], slices.Index(months, m[1])+1)
			compared += w.compareValue(report, where(title, spot), spot, cell)
			continue
		}
		if id := w.Territories[title]; id != "" || title == "Programme" {
			spot.Territory = id
			if id == "" {
				spot.Territory = "*"
			}
			compared += w.compareValue(report, where(title, spot), spot, cell)
			continue
		}
		f, trend, limit := w.Figures[spot], w.Trends[withoutPeriod(spot)], w.Limits[spot]
		switch title {
		case "Valeur", "Part", "Ce mois", "Ensemble (C22)":
			compared += w.compareValue(report, where(title, spot), spot, cell)
		case "Il y a un an":
			month, err := time.Parse("2006-01", spot.Period)
			if err != nil {
				report.fail(where(title, spot), "%v", err)
			}
			spot.Period = month.AddDate(-1, 0, 0).Format("2006-01")
			compared += w.compareValue(report, where(title, spot), spot, cell)
		case "Borne basse", "Borne haute":
			compared += report.number(where(title, spot), cell, f[map[string]string{"Borne basse": "borne_basse", "Borne haute": "borne_haute"}[title]], 1)
		case "Référence":
			compared += report.number(where(title, spot), cell, trend["reference"], 1)
		case "Écart à la référence", "Écart":
			want, factor := trend["ecart"], 1.0
			if f["valeur"] == nil {
				want = nil
			}
			if w.Catalogue[spot.Indicator]["unite"] == "part" { // in points
				factor = 100
			}
			compared += report.number(where(title, spot), cell, want, factor)
		case "Effectif":
			if f["valeur"] == nil && cell.Text == symbolsOf[statutOf(f)] {
				continue // without a value, a funder's annex says no effectif
			}
			compared += report.number(where(title, spot), cell, f["effectif"], 1)
		case "Numérateur", "Dénominateur":
			compared += report.number(where(title, spot), cell, f[map[string]string{"Numérateur": "numerateur", "Dénominateur": "denominateur"}[title]], 1)
		case "Numérateur et dénominateur":
			compared += report.texts(where(title, spot), cell, 1, f["numerateur"], f["denominateur"])
		case "Intervalle à 95 %":
			if f["borne_basse"] != nil && f["borne_basse"] == f["borne_haute"] {
				if cell.Text != "recensement" {
					report.fail(where(title, spot), "la cellule dit %q, le chiffre est un recensement", cell.String())
				}
				continue
			}
			compared += report.texts(where(title, spot), cell, w.factor(spot), f["borne_basse"], f["borne_haute"])
		case "Limites à 95 %":
			compared += report.texts(where(title, spot), cell, 100, limit["entonnoir_95_bas"], limit["entonnoir_95_haut"])
		case "Limites à 99,8 %":
			compared += report.texts(where(title, spot), cell, 100, limit["entonnoir_998_bas"], limit["entonnoir_998_haut"])
		case "Limite basse à 95 %", "Limite haute à 95 %", "Limite basse à 99,8 %", "Limite haute à 99,8 %":
			compared += report.number(where(title, spot), cell, limit[map[string]string{"Limite basse à 95 %": "entonnoir_95_bas", "Limite haute à 95 %": "entonnoir_95_haut",
				"Limite basse à 99,8 %": "entonnoir_998_bas", "Limite haute à 99,8 %": "entonnoir_998_haut"}[title]], 1)
		case "Positions possibles":
			compared += report.texts(where(title, spot), cell, 1, limit["region_de"], limit["region_a"])
		case "Surdispersion":
			compared += report.number(where(title, spot), cell, limit["surdispersion"], 1)
		case "Plancher":
			compared += report.number(where(title, spot), cell, w.Catalogue[spot.Indicator]["plancher"], 1)
		case "Territoires", "Premier quartile", "Médiane", "Troisième quartile":
			compared += w.compareQuartile(report, where(title, spot), title, spot, cell)
		default:
			if cell.Kind == ingest.Number && !slices.Contains(otherColumns, title) {
				report.unread(where(title, spot), "%v n’est comparé à rien", cell.Number)
			}
		}
	}
	return compared
}

func withoutPeriod(at Spot) Spot { at.Period = ""; return at }

func (w *Data) factor(at Spot) float64 {
	if w.Catalogue[at.Indicator]["unite"] == "part" {
		return 100
	}
	return 1
}

// indicatorOf is the indicator of a row, and the modalite as a code.
func (w *Data) indicatorOf(cells map[string]ingest.Cell) (indicator, modalite string) {
	name := ""
	for _, title := range []string{"Code", "Indicateur"} {
		if code := codeStart.FindString(cells[title].Text); code != "" && indicator == "" {
			indicator = code
		}
	}
	for _, title := range []string{"Indicateur", "Libellé"} {
		name += plain(cells[title].Text)
	}
	if _, axes := cells["Ensemble (C22)"]; axes {
		indicator, name = "C22", plain(cells["Famille d’axes"].Text)
	}
	for code, row := range w.Catalogue {
		if indicator == "" && plain(fmt.Sprint(row["nom"])) == name {
			indicator = code
		}
	}
	list, _ := w.Catalogue[indicator]["modalites"].(string)
	said, all := plain(cells["Modalité"].Text), ""
	for _, c := range w.Model.CodeLists[list] {
		label := plain(c.Label)
		if said == label || said == "" && strings.Contains(strings.ToLower(name), strings.ToLower(label)) {
			return indicator, c.Value
		}
		if c.Value == "tous" {
			all = c.Value
		}
	}
	return indicator, all
}

// symbolsOf are the symbols by which a statut is shown.
var symbolsOf = map[string]string{"donnees_absentes": "[nd]", "perime": "[nd]", "effectif_insuffisant": "[ns]", "non_defini": "[so]", "": "[so]",
	"secret_primaire": "[s]", "secret_secondaire": "[s]"}

func statutOf(figure Row) string { statut, _ := figure["statut"].(string); return statut }

// compareValue compares a value with the open data; where there is none, its symbol with the statut.
func (w *Data) compareValue(report *Report, where string, at Spot, cell ingest.Cell) int {
	f := w.Figures[at]
	statut := statutOf(f)
	if value, known := f["valeur"].(float64); known {
		if strings.HasPrefix(statut, "secret") {
			report.fail(where, "le chiffre est secret et a une valeur dans les données ouvertes")
		}
		if cell.Kind == ingest.Text {
			return report.firstNumber(where, cell, value*w.factor(at))
		}
		return report.number(where, cell, value, 1)
	}
	if cell.Kind == ingest.Empty { // a gap of a chart
		return 0
	}
	symbol, _, _ := strings.Cut(cell.String(), "\n")
	if symbol == "par modalité" && w.Catalogue[at.Indicator]["modalites"] != nil {
		return 0
	}
	if symbol != symbolsOf[statut] && symbol != w.Model.Label("statut_indicateur", statut) {
		report.fail(where, "la cellule contient %q, qui tient lieu du statut « %s »", cell.String(), cmp.Or(statut, "aucun chiffre"))
	}
	if symbol == "[s]" {
		report.Hidden++
	}
	return 1
}

// said is a value of the open data in a message.
func said(values ...any) string {
	var words []string
	for _, v := range values {
		if v == nil {
			v = "rien"
		}
		words = append(words, fmt.Sprint(v))
	}
	return strings.Join(words, " ; ")
}

// number compares a cell with a number, or with its absence.
func (b *Report) number(where string, cell ingest.Cell, want any, factor float64) int {
	x, known := want.(float64)
	switch {
	case known && cell.Kind == ingest.Text:
		return b.firstNumber(where, cell, x*factor)
	case known && (cell.Kind != ingest.Number || math.Abs(cell.Number-x*factor) > 1e-13*math.Abs(x*factor)):
		b.fail(where, "la cellule contient %q, les données ouvertes disent %v", cell.String(), x*factor)
	case !known && cell.Kind == ingest.Number:
		b.fail(where, "la cellule contient %v, les données ouvertes n’ont rien", cell.Number)
	case !known && cell.Kind == ingest.Text && cell.Text != "moins de 5" && !slices.Contains(symbols, cell.Text) && codeStart.FindString(cell.Text) == "" && frenchNumber.MatchString(cell.Text):
		b.fail(where, "la cellule dit %q, les données ouvertes n’ont rien", cell.Text)
	case known:
		b.Numbers++
	}
	return 1
}

var frenchNumber = regexp.MustCompile(`[+\-−]?\d[\d\x{202f}]*(?:,\d+)?`)

// near reports whether a number as it is written is x, to half of its last digit.
func near(written string, x float64) bool {
	clean := strings.NewReplacer("\u202f", "", "−", "-", "+", "", ",", ".").Replace(written)
	got, err := strconv.ParseFloat(clean, 64)
	_, decimals, _ := strings.Cut(clean, ".")
	return err == nil && math.Abs(got-x) <= 0.5*math.Pow(10, -float64(len(decimals)))*(1+1e-9)
}

func (b *Report) firstNumber(where string, cell ingest.Cell, want float64) int {
	if !near(frenchNumber.FindString(cell.Text), want) {
		b.fail(where, "la cellule dit %q, les données ouvertes disent %v", cell.Text, want)
	}
	b.Numbers++
	return 1
}

// texts compares the numbers of a text, in order; an absence is a symbol.
func (b *Report) texts(where string, cell ingest.Cell, factor float64, want ...any) int {
	written := frenchNumber.FindAllString(cell.Text, -1)
	var numbers []float64
	for _, x := range want {
		if v, known := x.(float64); known {
			numbers = append(numbers, v*factor)
		}
	}
	ok := len(written) == len(numbers)
	for i := range min(len(written), len(numbers)) {
		ok = ok && near(written[i], numbers[i])
	}
	if !ok || len(numbers) < len(want) && !strings.Contains(cell.Text, "[so]") {
		b.fail(where, "la cellule dit %q, les données ouvertes disent %s", cell.Text, said(want...))
	}
	b.Numbers += len(numbers)
	return 1
}

// compareQuartile computes the quartile again (Hyndman and Fan's seventh kind) from the territories' values.
func (w *Data) compareQuartile(report *Report, where, title string, at Spot, cell ingest.Cell) int {
	var values []float64
	for _, id := range w.Territories {
		at.Territory = id
		if x, known := w.Figures[at]["valeur"].(float64); known {
			values = append(values, x)
		}
	}
	slices.Sort(values)
	if title == "Territoires" {
		return report.number(where, cell, float64(len(values)), 1)
	}
	if len(values) < 3 {
		return report.number(where, cell, nil, 1)
	}
	place := float64(len(values)-1) * map[string]float64{"Premier quartile": 0.25, "Médiane": 0.5, "Troisième quartile": 0.75}[title]
	low := int(math.Floor(place))
	quartile := values[low] + (place-float64(low))*(values[min(low+1, len(values)-1)]-values[low])
	if cell.Kind != ingest.Number || math.Abs(cell.Number-quartile) > 1e-12*max(1, math.Abs(quartile)) {
		report.fail(where, "la cellule contient %q, le quartile est %v", cell.String(), quartile)
	}
	report.Numbers++
	return 1
}

// phrase is « C02 Relations partenariales : 80 % … » with a no-break space before the colon.
var phrase = regexp.MustCompile(`(?m)^([CEVQ]\d\d) ([^:\n]+)\x{a0}: (\d[\d\x{202f}]*(?:,\d+)?)`)

// comparePhrases compares the number that a sentence about an indicator begins with.
func (w *Data) comparePhrases(report *Report, sheet, text, territory string) {
	for _, m := range phrase.FindAllStringSubmatch(text, -1) {
		row := w.Catalogue[m[1]]
		name, modalite, _ := strings.Cut(strings.TrimPrefix(plain(m[2]), plain(fmt.Sprint(row["nom"]))), ", ")
		if row == nil || name != "" {
			continue // another kind of text
		}
		at := Spot{m[1], territory, w.Month.Format("2006-01"), ""}
		if list, _ := row["modalites"].(string); modalite != "" {
			for _, c := range w.Model.CodeLists[list] {
				if strings.ToLower(plain(c.Label)) == modalite {
					at.Modalite = c.Value
				}
			}
		}
		f := w.Figures[at]
		value, known := f["valeur"].(float64)
		if !known { // « 3 sur 4, trop peu pour une valeur », « 3 sur 3 »
			value, known = f["numerateur"].(float64)
		} else {
			value *= w.factor(at)
		}
		numerator, _ := f["numerateur"].(float64)
		if !known || !near(m[3], value) && !near(m[3], numerator) {
			report.fail(sheet+", "+at.Name(), "« %s », les données ouvertes disent %s", m[0], said(f["valeur"]))
		}
		report.Phrases++
	}
}
