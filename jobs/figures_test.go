package jobs_test

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
)

// bookReport is what came of comparing one workbook.
type bookReport struct {
	wrong                    []string
	numbers, hidden, phrases int
}

func (b *bookReport) fail(where string, format string, args ...any) {
	b.wrong = append(b.wrong, where+": "+fmt.Sprintf(format, args...))
}

// otherSheets hold numbers of the registers, or none: what they show is no figure of the open data.
var otherSheets = []string{"Couverture", "Sommaire", "Synthèse", "Contexte", "Trajectoire", "Relations", "Freins et attentes", "Durées", "Retour", "Historique", "Commentaires", "Notes",
	"Complétude", "Pairs", "Poids", "Moyens", "À délibérer"}

// otherColumns stand beside figures and are none of the open data: where a chart puts its marks, and the medians of
// the four peer groups, which leave in an evaluator's workbook alone.
var otherColumns = []string{"Repère", "Bord", "Hauteur", "Hauteur du trait", "Hypothèse", "Élus", "Agents", "État", "Acteurs socio-économiques", "Plus grand écart"}

// compareBook compares every figure that a workbook shows with the open data, cell by cell, and every absence with
// the table of secrecy. territory is whose workbook it is; « * » and a funder's set are territories too.
func (w *truth) compareBook(data []byte, territory string) (*bookReport, error) {
	parts, err := readParts(data)
	if err != nil {
		return nil, err
	}
	report := &bookReport{}
	for _, s := range parts.sheets {
		if s.name == "Données" && territory != "*" { // the rows behind the figures
			continue
		}
		for _, cell := range s.cells {
			w.comparePhrases(report, s.name, cell.String(), territory)
		}
		for _, t := range s.tables {
			a, err := parseArea(t.Ref)
			if err != nil {
				return nil, err
			}
			compared := 0
			for row := a.top + 1; row <= a.bottom; row++ {
				compared += w.compareRow(report, s, a, row, territory)
			}
			if compared == 0 && !slices.Contains(otherSheets, s.name) {
				report.fail(s.name, "nothing of this sheet is compared")
			}
		}
	}
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
func (w *truth) compareRow(report *bookReport, s *sheetParts, a area, row int, territory string) (compared int) {
	cells, order := map[string]ingest.Cell{}, []string{}
	for column := a.left; column <= a.right; column++ {
		title := plain(s.cells[place{column, a.top}].String())
		cells[title] = s.cells[place{column, row}]
		order = append(order, title)
	}
	at := spot{territory: territory, period: w.month.Format("2006-01")}
	where := func(title string) string { return fmt.Sprintf("%s, row %d, %s", s.name, row, title) }
	if at.indicator, at.modalite = w.indicatorOf(cells); at.indicator == "" {
		return 0
	}
	if id := w.territories[cells["Territoire"].Text]; id != "" {
		at.territory = id
	} else if strings.HasPrefix(strings.ToLower(cells["Territoire"].Text), "programme") || strings.HasPrefix(cells["Territoire"].Text, "Ensemble") {
		at.territory = "*"
	}
	if c, dated := cells["Mois"]; dated && c.Kind == ingest.Date {
		at.period = c.Date.Format("2006-01")
	}
	for _, title := range order {
		spot, cell := at, cells[title]
		if m := shortMonth.FindStringSubmatch(title); m != nil {
			spot.period = fmt.Sprintf("%s-%02d", m[2], slices.Index(months, m[1])+1)
			compared += w.compareValue(report, where(title), spot, cell)
			continue
		}
		if id := w.territories[title]; id != "" || title == "Programme" {
			spot.territory = id
			if id == "" {
				spot.territory = "*"
			}
			compared += w.compareValue(report, where(title), spot, cell)
			continue
		}
		f, trend, limit := w.figures[spot], w.trends[spotWithoutPeriod(spot)], w.limits[spot]
		switch title {
		case "Valeur", "Part", "Ce mois", "Ensemble (C22)":
			compared += w.compareValue(report, where(title), spot, cell)
		case "Il y a un an":
			month, err := time.Parse("2006-01", spot.period)
			if err != nil {
				report.fail(where(title), "%v", err)
			}
			spot.period = month.AddDate(-1, 0, 0).Format("2006-01")
			compared += w.compareValue(report, where(title), spot, cell)
		case "Borne basse", "Borne haute":
			compared += report.number(where(title), cell, f[map[string]string{"Borne basse": "borne_basse", "Borne haute": "borne_haute"}[title]], 1)
		case "Référence":
			compared += report.number(where(title), cell, trend["reference"], 1)
		case "Écart à la référence", "Écart":
			want, factor := trend["ecart"], 1.0
			if f["valeur"] == nil {
				want = nil
			}
			if w.catalogue[spot.indicator]["unite"] == "part" && s.name != "Effets" { // there in points
				factor = 100
			}
			compared += report.number(where(title), cell, want, factor)
		case "Effectif":
			if f["valeur"] == nil && cell.Text == symbolsOf[w.secrecy[spot]] {
				continue // without a value, a funder's annex says no effectif
			}
			compared += report.number(where(title), cell, f["effectif"], 1)
		case "Numérateur", "Dénominateur":
			compared += report.number(where(title), cell, f[map[string]string{"Numérateur": "numerateur", "Dénominateur": "denominateur"}[title]], 1)
		case "Numérateur et dénominateur":
			compared += report.texts(where(title), cell, 1, f["numerateur"], f["denominateur"])
		case "Intervalle à 95 %":
			if f["borne_basse"] != nil && f["borne_basse"] == f["borne_haute"] {
				if cell.Text != "recensement" {
					report.fail(where(title), "%q for a census", cell.String())
				}
				continue
			}
			compared += report.texts(where(title), cell, w.factor(spot), f["borne_basse"], f["borne_haute"])
		case "Limites à 95 %":
			compared += report.texts(where(title), cell, 100, limit["entonnoir_95_bas"], limit["entonnoir_95_haut"])
		case "Limites à 99,8 %":
			compared += report.texts(where(title), cell, 100, limit["entonnoir_998_bas"], limit["entonnoir_998_haut"])
		case "Limite basse à 95 %", "Limite haute à 95 %", "Limite basse à 99,8 %", "Limite haute à 99,8 %":
			compared += report.number(where(title), cell, limit[map[string]string{"Limite basse à 95 %": "entonnoir_95_bas", "Limite haute à 95 %": "entonnoir_95_haut",
				"Limite basse à 99,8 %": "entonnoir_998_bas", "Limite haute à 99,8 %": "entonnoir_998_haut"}[title]], 1)
		case "Positions possibles":
			compared += report.texts(where(title), cell, 1, limit["region_de"], limit["region_a"])
		case "Surdispersion":
			compared += report.number(where(title), cell, limit["surdispersion"], 1)
		case "Plancher":
			compared += report.number(where(title), cell, w.catalogue[spot.indicator]["plancher"], 1)
		case "Territoires", "Premier quartile", "Médiane", "Troisième quartile":
			compared += w.compareQuartile(report, where(title), title, spot, cell)
		default:
			if cell.Kind == ingest.Number && !slices.Contains(otherColumns, title) {
				report.fail(where(title), "%v is compared with nothing", cell.Number)
			}
		}
	}
	return compared
}

func spotWithoutPeriod(at spot) spot { at.period = ""; return at }

func (w *truth) factor(at spot) float64 {
	if w.catalogue[at.indicator]["unite"] == "part" {
		return 100
	}
	return 1
}

// indicatorOf is the indicator of a row, and the modalite as a code.
func (w *truth) indicatorOf(cells map[string]ingest.Cell) (indicator, modalite string) {
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
	for code, row := range w.catalogue {
		if indicator == "" && plain(row["nom"].(string)) == name {
			indicator = code
		}
	}
	list, _ := w.catalogue[indicator]["modalites"].(string)
	said, all := plain(cells["Modalité"].Text), ""
	for _, c := range w.model.CodeLists[list] {
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

// compareValue compares a value with the open data; where there is none, its symbol with the table of secrecy.
func (w *truth) compareValue(report *bookReport, where string, at spot, cell ingest.Cell) int {
	f, statut := w.figures[at], w.secrecy[at]
	if said, _ := f["statut"].(string); said != statut {
		report.fail(where, "%v: the open data say %q, the table of secrecy %q", at, said, statut)
	}
	if f["valeur"] != nil {
		if strings.HasPrefix(statut, "secret") {
			report.fail(where, "%v is secret and has a value in the open data", at)
		}
		if cell.Kind == ingest.Text {
			return report.firstNumber(where, cell, f["valeur"].(float64)*w.factor(at))
		}
		return report.number(where, cell, f["valeur"], 1)
	}
	if cell.Kind == ingest.Empty { // a gap of a chart
		return 0
	}
	symbol, _, _ := strings.Cut(cell.String(), "\n")
	if symbol == "par modalité" && w.catalogue[at.indicator]["modalites"] != nil {
		return 0
	}
	if symbol != symbolsOf[statut] && symbol != w.model.Label("statut_indicateur", statut) {
		report.fail(where, "%v: %q stands for the statut %q", at, cell.String(), statut)
	}
	if symbol == "[s]" && w.known[at] {
		report.hidden++
	}
	return 1
}

// number compares a cell with a number, or with its absence.
func (b *bookReport) number(where string, cell ingest.Cell, want any, factor float64) int {
	x, known := want.(float64)
	switch {
	case known && cell.Kind == ingest.Text:
		return b.firstNumber(where, cell, x*factor)
	case known && (cell.Kind != ingest.Number || math.Abs(cell.Number-x*factor) > 1e-13*math.Abs(x*factor)):
		b.fail(where, "the cell holds %q, the open data %v", cell.String(), x*factor)
	case !known && cell.Kind == ingest.Number:
		b.fail(where, "the cell holds %v, the open data nothing", cell.Number)
	case !known && cell.Kind == ingest.Text && cell.Text != "moins de 5" && !slices.Contains(symbols, cell.Text) && codeStart.FindString(cell.Text) == "" && frenchNumber.MatchString(cell.Text):
		b.fail(where, "the cell says %q, the open data nothing", cell.Text)
	case known:
		b.numbers++
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

func (b *bookReport) firstNumber(where string, cell ingest.Cell, want float64) int {
	if !near(frenchNumber.FindString(cell.Text), want) {
		b.fail(where, "the cell says %q, the open data %v", cell.Text, want)
	}
	b.numbers++
	return 1
}

// texts compares the numbers of a text, in order; an absence is a symbol.
func (b *bookReport) texts(where string, cell ingest.Cell, factor float64, want ...any) int {
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
		b.fail(where, "the cell says %q, the open data %v", cell.Text, want)
	}
	b.numbers += len(numbers)
	return 1
}

// compareQuartile computes the quartile again (Hyndman and Fan's seventh kind) from the territories' values.
func (w *truth) compareQuartile(report *bookReport, where, title string, at spot, cell ingest.Cell) int {
	var values []float64
	for _, id := range w.territories {
		at.territory = id
		if x, known := w.figures[at]["valeur"].(float64); known {
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
		report.fail(where, "the cell holds %q, the quartile is %v", cell.String(), quartile)
	}
	report.numbers++
	return 1
}

// phrase is « C02 Relations partenariales : 80 % … » with a no-break space before the colon.
var phrase = regexp.MustCompile(`(?m)^([CEVQ]\d\d) ([^:\n]+)\x{a0}: (\d[\d\x{202f}]*(?:,\d+)?)`)

// comparePhrases compares the number that a sentence about an indicator begins with.
func (w *truth) comparePhrases(report *bookReport, sheet, text, territory string) {
	for _, m := range phrase.FindAllStringSubmatch(text, -1) {
		row := w.catalogue[m[1]]
		name, modalite, _ := strings.Cut(strings.TrimPrefix(plain(m[2]), plain(fmt.Sprint(row["nom"]))), ", ")
		if row == nil || name != "" {
			continue // another kind of text
		}
		at := spot{m[1], territory, w.month.Format("2006-01"), ""}
		if list, _ := row["modalites"].(string); modalite != "" {
			for _, c := range w.model.CodeLists[list] {
				if strings.ToLower(plain(c.Label)) == modalite {
					at.modalite = c.Value
				}
			}
		}
		f := w.figures[at]
		value, known := f["valeur"].(float64)
		if !known { // « 3 sur 4, trop peu pour une valeur », « 3 sur 3 »
			value, known = f["numerateur"].(float64)
		} else {
			value *= w.factor(at)
		}
		numerator, _ := f["numerateur"].(float64)
		if !known || !near(m[3], value) && !near(m[3], numerator) {
			report.fail(sheet, "%q, the open data %v", m[0], f["valeur"])
		}
		report.phrases++
	}
}

// whose is the territory of a workbook, by its name.
func whose(path string) string {
	parts := strings.Split(filepath.Base(path), "_") // the month, of whom, what
	switch {
	case strings.HasPrefix(path, "evaluateurs/"):
		return parts[1]
	case len(parts) == 3:
		return "*" + parts[1]
	}
	return "*"
}

// Every figure of every workbook of a release is that of indicateurs.parquet, and every absence that of the table of
// secrecy; what is tampered with is found.
func TestWorkbooksShowThePublishedFigures(t *testing.T) {
	t.Parallel()
	r := small(t)
	w, err := readTruth(r)
	if err != nil {
		t.Fatal(err)
	}
	total := bookReport{}
	for path, data := range r.books {
		report, err := w.compareBook(data, whose(path))
		if err != nil {
			t.Fatal(path, err)
		}
		for _, wrong := range report.wrong[:min(20, len(report.wrong))] {
			t.Errorf("%s: %s", path, wrong)
		}
		t.Logf("%s: %d numbers, %d hidden, %d sentences", path, report.numbers, report.hidden, report.phrases)
		total.numbers, total.hidden, total.phrases = total.numbers+report.numbers, total.hidden+report.hidden, total.phrases+report.phrases
	}
	if total.numbers < 5000 || total.hidden < 1 || total.phrases < 20 {
		t.Errorf("%d numbers, %d hidden ones and %d sentences: the test says too little", total.numbers, total.hidden, total.phrases)
	}
}

// A number that was changed is found, wherever it stands.
func TestTamperedFiguresAreFound(t *testing.T) {
	t.Parallel()
	r := small(t)
	w, err := readTruth(r)
	if err != nil {
		t.Fatal(err)
	}
	const evaluation, comparison, annex = "evaluateurs/2026-10_castelmauve_evaluation.xlsx", "comparaison/2026-10_comparaison.xlsx", "financeurs/2026-10_impact.xlsx"
	for name, c := range map[string]struct {
		book, sheet, cell string
		change            func(old string) any
	}{
		"a month's value":        {evaluation, "Indicateurs", "", bump},
		"a value that is hidden": {evaluation, "Indicateurs", "[s]", func(string) any { return 0.5 }},
		"a value made secret":    {evaluation, "Indicateurs", "", func(string) any { return "[s]" }},
		"another symbol":         {evaluation, "Indicateurs", "[s]", func(string) any { return "[nd]" }},
		"a drawn number":         {evaluation, "Séries", "", bump},
		"a sentence": {evaluation, "Synthèse", "C02 ", func(old string) any {
			return regexp.MustCompile(`(?m)^(C02 [^:\n]+: )\d+`).ReplaceAllString(old, "${1}3")
		}},
		"a funder's number":  {annex, "Effets", "", bump},
		"a table of all":     {comparison, "Limites", "", bump},
		"a drawn limit":      {comparison, "Points", "", bump},
		"a small bar":        {comparison, "Mois", "", bump},
		"a published figure": {comparison, "Données", "", bump},
	} {
		data := r.books[c.book]
		changed, err := tamper(data, c.sheet, c.cell, c.change)
		if err != nil {
			t.Fatal(name, err)
		}
		report, err := w.compareBook(changed, whose(c.book))
		if err != nil {
			t.Fatal(name, err)
		}
		if len(report.wrong) == 0 {
			t.Errorf("%s: the change is not found", name)
		}
	}
}

func bump(old string) any {
	x, _ := strconv.ParseFloat(old, 64)
	return x + 1e-6
}

// tamper changes the first cell of a sheet that holds a text; with none, the first number with decimals.
func tamper(data []byte, sheet, text string, change func(string) any) ([]byte, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		for j, old := range row {
			x, err := strconv.ParseFloat(old, 64)
			number := err == nil && x != math.Trunc(x)
			if text == "" && !number || text != "" && !strings.Contains(old, text) {
				continue
			}
			if err := f.SetCellValue(sheet, ingest.CellName(j, i+1), change(old)); err != nil {
				return nil, err
			}
			out, err := f.WriteToBuffer()
			if err != nil {
				return nil, err
			}
			return out.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("%s holds nothing to change", sheet)
}
