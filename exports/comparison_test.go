package exports

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"

	"cairn/transform"
)

// plant puts figures of three territories in the place of the month's: C02 far above its baseline with a trend, below by its
// interval, and not told from chance; C06 of one is secret; nobody notes a negative effect; C02 changed in August.
var plant = []string{
	`INSERT INTO ref.territoires (territoire_id, nom) VALUES ('eclusiers', 'Éclusiers')`,
	`INSERT INTO core.mois SELECT * REPLACE ('eclusiers' AS territoire_id) FROM core.mois WHERE territoire_id = 'val-de-lys' AND periode = DATE '2026-10-01'`,
	`DELETE FROM indicateur.publiees WHERE periode = DATE '2026-10-01' AND indicateur IN ('C02', 'C06') OR indicateur = 'V01' AND modalite = 'negatif'`,
	`INSERT INTO indicateur.publiees (indicateur, territoire_id, periode, modalite, valeur, borne_basse, borne_haute, effectif, numerateur, denominateur, statut) VALUES
		('C02', '*', DATE '2026-10-01', '', 0.55, 0.45, 0.65, 150, 82, 150, 'ok'),
		('C02', 'haut-bocage', DATE '2026-10-01', '', 0.8, 0.7, 0.9, 50, 40, 50, 'ok'),
		('C02', 'val-de-lys', DATE '2026-10-01', '', 0.3, 0.2, 0.4, 50, 15, 50, 'ok'),
		('C02', 'eclusiers', DATE '2026-10-01', '', 0.55, 0.4, 0.7, 50, 27, 50, 'ok'),
		('C02', 'eclusiers', DATE '2025-10-01', '', 0.45, 0.4, 0.7, 50, 27, 50, 'ok'),
		('C06', 'eclusiers', DATE '2026-10-01', '', NULL, NULL, NULL, NULL, NULL, NULL, 'secret_primaire'),
		('V01', 'eclusiers', DATE '2026-10-01', 'negatif', 0, NULL, NULL, 4, NULL, NULL, 'ok')`,
	`DELETE FROM indicateur.tendances WHERE indicateur = 'C02'`,
	`INSERT INTO indicateur.tendances (indicateur, territoire_id, modalite, reference, ecart_bas, ecart_haut, mot) VALUES
		('C02', '*', '', 0.5, -0.1, 0.2, 'non_detectable'),
		('C02', 'haut-bocage', '', 0.5, 0.1, 0.45, 'hausse'),
		('C02', 'val-de-lys', '', 0.45, -0.3, -0.02, 'non_detectable'),
		('C02', 'eclusiers', '', 0.5, -0.1, 0.2, 'non_detectable')`,
	`DELETE FROM indicateur.comparaisons`,
	`INSERT INTO indicateur.comparaisons (indicateur, periode, modalite, territoire_id, valeur, effectif, ensemble, entonnoir_95_bas, entonnoir_95_haut, entonnoir_998_bas, entonnoir_998_haut, region_de, region_a) VALUES
		('C02', DATE '2026-10-01', '', 'haut-bocage', 0.8, 50, 'tous', 0.4, 0.7, 0.35, 0.75, 1, 2),
		('C02', DATE '2026-10-01', '', 'val-de-lys', 0.3, 50, 'tous', 0.4, 0.7, 0.25, 0.75, 2, 3),
		('C02', DATE '2026-10-01', '', 'eclusiers', 0.55, 50, 'tous', 0.4, 0.7, 0.25, 0.75, 1, 3)`,
	`UPDATE indicateur.catalogue SET rupture = '2026-08 la nomenclature a changé' WHERE indicateur = 'C02'`,
}

// plantedComparison is the comparison of the planted figures, made for the first test that asks.
func plantedComparison(t *testing.T) *excelize.File {
	t.Helper()
	plantOnce.Do(func() {
		work := t.TempDir()
		w, m := smallWarehouse(t, work, work)
		defer w.Close()
		ctx := context.Background()
		if err := w.Update(ctx, func(tx *transform.Tx) error {
			for _, statement := range plant {
				if err := tx.Exec(statement); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		b, err := readBase(ctx, w, m, testRelease())
		if err != nil {
			t.Fatal(err)
		}
		if err := writeComparison(ctx, b, work); err != nil {
			t.Fatal(err)
		}
		if plantedBook, err = os.ReadFile(filepath.Join(work, "2026-10_comparaison.xlsx")); err != nil {
			t.Fatal(err)
		}
	})
	f, err := excelize.OpenReader(bytes.NewReader(plantedBook))
	if err != nil {
		t.Fatal("the planted comparison could not be made: see the first test", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

var (
	plantOnce   sync.Once
	plantedBook []byte
)

// rowsOf are the rows of a sheet's table whose cells begin with these texts, as they are stored.
func rowsOf(t *testing.T, f *excelize.File, sheet string, begin ...string) [][]string {
	t.Helper()
	header, last := tableAt(t, f, sheet)
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil || header == 0 {
		t.Fatal(sheet, err)
	}
	var found [][]string
	for _, row := range rows[header:last] {
		if len(row) >= len(begin) && slices.EqualFunc(row[:len(begin)], begin, func(cell, want string) bool { return strings.HasPrefix(plainSpaces(cell), want) }) {
			for i := range row {
				row[i] = plainSpaces(row[i])
			}
			found = append(found, row)
		}
	}
	return found
}

func TestComparisonSheets(t *testing.T) {
	want := []string{"Contexte", "Sommaire", "Vue d’ensemble", "À délibérer", "Coopération", "Engagement", "Valeur sociale", "Qualité des données", "Temps long", "Quartiles", "Entonnoir", "Limites",
		"Relations", "Complétude", "Pairs", "Poids", "Hypothèses", "Données", "Points", "Mois", "Séries", "Fiches", "Notes"}
	f := plantedComparison(t)
	if got := f.GetSheetList(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// Four families, nine medians, one share with a funnel.
	if n := checkCharts(t, f, "planted"); n != 9+9+1 {
		t.Errorf("%d charts, want 19", n)
	}
}

// A family's sheet sets each territory beside its own baseline, in alphabetical order, accents or not.
func TestFamilySheet(t *testing.T) {
	f := plantedComparison(t)
	want := [][]string{
		{"C02 Relations partenariales ou coopératives", "Éclusiers", "0.5", "0.45", "0.55", "5", "40 % – 70 %", "50", "non assuré"},
		{"C02 Relations partenariales ou coopératives", "Haut-Bocage", "0.5", "[so]", "0.8", "30", "70 % – 90 %", "50", "bien au-dessus, en hausse"},
		{"C02 Relations partenariales ou coopératives", "Val-de-Lys", "0.45", "[so]", "0.3", "-15", "20 % – 40 %", "50", "au-dessous"},
	}
	if got := rowsOf(t, f, "Coopération", "C02"); !slices.EqualFunc(got, want, sameCells) {
		t.Errorf("%q", got)
	}
}

// sameCells compares the first cells of a row, numbers as numbers.
func sameCells(row, want []string) bool {
	if len(row) < len(want) {
		return false
	}
	return slices.EqualFunc(row[:len(want)], want, func(got, want string) bool {
		x, err := strconv.ParseFloat(got, 64)
		y, also := strconv.ParseFloat(want, 64)
		return got == want || err == nil && also == nil && math.Abs(x-y) < 1e-12
	})
}

// drawn are the numbers that a chart draws, series after series, x then y; the names of its series; and its text.
func drawn(t *testing.T, f *excelize.File, title string, heading string) (x, y [][]string, names []string, text string) {
	t.Helper()
	f.Pkg.Range(func(name, part any) bool {
		data, ok := part.([]byte)
		if ok && strings.HasPrefix(name.(string), "xl/charts/") && strings.Contains(string(data), title) && strings.Contains(plainSpaces(xmlText(string(data))), heading) {
			if text != "" {
				t.Errorf("two charts have %q and %q", title, heading)
			}
			text = string(data)
		}
		return true
	})
	if text == "" {
		t.Fatalf("no chart has %q and %q", title, heading)
	}
	cells := func(ref string) (values []string) {
		m := areaRef.FindStringSubmatch(xmlText(ref))
		sheet := strings.ReplaceAll(m[1], "''", "'")
		if m[4] == "" {
			m[4], m[5] = m[2], m[3]
		}
		first, _ := excelize.ColumnNameToNumber(m[2])
		last, _ := excelize.ColumnNameToNumber(m[4])
		top, _ := strconv.Atoi(m[3])
		bottom, _ := strconv.Atoi(m[5])
		for row := top; row <= bottom; row++ {
			for column := first; column <= last; column++ {
				value, err := f.GetCellValue(sheet, columnName(column)+strconv.Itoa(row), excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, plainSpaces(value))
			}
		}
		return values
	}
	for _, s := range regexp.MustCompile(`(?s)<c:ser>.*?</c:ser>`).FindAllString(text, -1) {
		refs := chartRef.FindAllStringSubmatch(s, -1)
		names = append(names, strings.Join(cells(refs[0][1]), ""))
		x, y = append(x, cells(refs[1][1])), append(y, cells(refs[2][1]))
	}
	return x, y, names, plainSpaces(xmlText(text))
}

// The dot plot draws the planted baselines, values and bounds at their territories' own heights.
func TestFamilyChart(t *testing.T) {
	x, y, names, text := drawn(t, plantedComparison(t), "C02 Relations", "face à la référence")
	if !strings.Contains(text, "face à la référence : 1 au-dessus, 1 au-dessous, 1 sans écart assuré") || !strings.Contains(text, "trait gris : intervalle à 95 %") {
		t.Error("the chart does not say what the month says")
	}
	// A name and an interval for each of three territories, then the baselines and the values.
	wantNames := []string{"Éclusiers", "Éclusiers", "Haut-Bocage", "Haut-Bocage", "Val-de-Lys", "Val-de-Lys", "Référence", "Ce mois"}
	wantX := [][]string{{"0"}, {"0.4", "0.7"}, {"0"}, {"0.7", "0.9"}, {"0"}, {"0.2", "0.4"}, {"0.5", "0.5", "0.45"}, {"0.55", "0.8", "0.3"}}
	wantY := [][]string{{"3"}, {"3", "3"}, {"2"}, {"2", "2"}, {"1"}, {"1", "1"}, {"3", "2", "1"}, {"3", "2", "1"}}
	for i := range wantNames {
		if i >= len(names) || strings.TrimSpace(names[i]) != wantNames[i] || !slices.Equal(x[i], wantX[i]) || !slices.Equal(y[i], wantY[i]) {
			t.Fatalf("series %d of %q draws %q at %q, want %s %q at %q", i, names, x, y, wantNames[i], wantX[i], wantY[i])
		}
	}
}

// The chart of the long term draws the quartiles of the planted figures, and marks the month of the break.
func TestLongTermChart(t *testing.T) {
	x, y, names, text := drawn(t, plantedComparison(t), "C02 Relations", "médiane de 3 territoires")
	if !strings.Contains(text, "médiane de 3 territoires : 55 % (quartiles : 43 % et 68 %)") || !strings.Contains(text, "programme : 55 % ; aucune évolution ne se distingue du hasard") ||
		!strings.Contains(text, "rupture en août 2026 : la nomenclature a changé") {
		t.Error(text)
	}
	last := map[string]string{"Premier quartile": "0.425", "Médiane": "0.55", "Troisième quartile": "0.675", "Programme": "0.55", "Rupture": ""}
	for i, name := range names {
		n := len(y[i])
		if want := last[name]; y[i][n-1] != want && !sameCells(y[i][n-1:], []string{want}) {
			t.Errorf("%s ends with %q, want %q", name, y[i][n-1], want)
		}
		if got, err := strconv.ParseFloat(x[i][n-1], 64); err != nil || got != serial(october) {
			t.Errorf("%s ends in month %q", name, x[i][n-1])
		}
		if name == "Rupture" && (y[i][n-3] != "0" || y[i][n-2] != "") {
			t.Errorf("the break is marked at %q, August is the third from the end", y[i])
		}
	}
	if len(names) != len(last) {
		t.Errorf("series %q", names)
	}
}

// The funnel's chart sets each share beside its own limits, and says how many are outside.
func TestFunnelChart(t *testing.T) {
	x, _, names, text := drawn(t, plantedComparison(t), "C02 Relations", "part du mois")
	if !strings.Contains(text, "1 dans les limites, 1 hors des limites à 95 %, 1 hors des limites à 99,8 %") {
		t.Error(text)
	}
	want := [][]string{{"0"}, {"0.25", "0.75"}, {"0.4", "0.7"}, {"0"}, {"0.35", "0.75"}, {"0.4", "0.7"}, {"0"}, {"0.25", "0.75"}, {"0.4", "0.7"}, {"0.55", "0.8", "0.3"}}
	if !slices.EqualFunc(x, want, slices.Equal) {
		t.Errorf("%q draws %q, want %q", names, x, want)
	}
	row := rowsOf(t, plantedComparison(t), "Limites", "C02", "", "ensemble", "Haut-Bocage")
	if len(row) != 1 || row[0][6] != "40 % – 70 %" || row[0][8] != "hors des limites à 99,8 %" {
		t.Errorf("%q", row)
	}
}

// The small bars of a territory are of its own months.
func TestFamilySmallBars(t *testing.T) {
	f := plantedComparison(t)
	header, _ := tableAt(t, f, "Coopération")
	monthHeader, _ := tableAt(t, f, monthSheet)
	sheets := ""
	f.Pkg.Range(func(name, part any) bool {
		if data, ok := part.([]byte); ok && strings.HasPrefix(name.(string), "xl/worksheets/") {
			sheets += string(data)
		}
		return true
	})
	row := strconv.Itoa(monthHeader + 1)
	want := "<xm:f>'Mois'!D" + row + ":AA" + row + "</xm:f><xm:sqref>J" + strconv.Itoa(header+1) + "</xm:sqref>"
	if !strings.Contains(xmlText(sheets), want) {
		t.Errorf("no small bars %s", want)
	}
	months := rowsOf(t, f, monthSheet, "C02", "", "Éclusiers")
	if len(months) != 1 || months[0][len(months[0])-1] != "0.55" || months[0][14] != "0.45" || months[0][3] != "" {
		t.Errorf("%q", months)
	}
}

// Every colour of the overview repeats a word; what is secret has neither.
func TestOverviewWords(t *testing.T) {
	f := plantedComparison(t)
	header, last := tableAt(t, f, "Vue d’ensemble")
	rows, err := f.GetRows("Vue d’ensemble")
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[header-1][3:]; !slices.Equal(got, []string{"Éclusiers", "Haut-Bocage", "Val-de-Lys", "Programme"}) {
		t.Errorf("columns %q", got)
	}
	coloured := map[string]string{"8FBBE8": "bien au-dessus", "D6E6F7": "au-dessus", "FBE3CC": "au-dessous", "F2AE72": "bien au-dessous"}
	grounds := 0
	for row := header + 1; row <= last; row++ {
		for column := range rows[header-1] {
			id, err := f.GetCellStyle("Vue d’ensemble", columnName(column+1)+strconv.Itoa(row))
			if err != nil {
				t.Fatal(err)
			}
			style, err := f.GetStyle(id)
			if err != nil {
				t.Fatal(err)
			}
			text := rows[row-1][column]
			_, word, _ := strings.Cut(text, "\n")
			said := strings.HasPrefix(word, "au-dessus") || strings.HasPrefix(word, "au-dessous") || strings.HasPrefix(word, "bien")
			if len(style.Fill.Color) == 0 {
				if said {
					t.Errorf("%q has no ground", text)
				}
				continue
			}
			grounds++
			if want := coloured[style.Fill.Color[0]]; want == "" || !strings.HasPrefix(word, want) {
				t.Errorf("%q is on %s", text, style.Fill.Color[0])
			}
		}
	}
	if grounds < 2 {
		t.Errorf("%d grounds: the test says too little", grounds)
	}
	for begin, want := range map[string][]string{
		"C02": {"55 % (+5 points)\nnon assuré", "80 % (+30 points)\nbien au-dessus, en hausse", "30 % (−15 points)\nau-dessous", "55 % (+5 points)\nnon assuré"},
		"C06": {"[s]", "[nd]", "[nd]", "[nd]"},
	} {
		found := rowsOf(t, f, "Vue d’ensemble", begin)
		if len(found) != 1 || !slices.Equal(found[0][3:], want) && begin == "C02" || found[0][3] != want[0] {
			t.Errorf("%s: %q, want %q", begin, found, want)
		}
	}
}

// The figures ask: a trend that stands out, a share beyond the limits, a silence. The decision is left to the readers.
func TestQuestions(t *testing.T) {
	f := plantedComparison(t)
	for _, c := range []struct{ question, territories, figures, reading, sheet string }{
		{"C02 Relations partenariales ou coopératives va dans le sens favorable. Qu’en apprendre ?", "Haut-Bocage", "Haut-Bocage : 80 % (de 70 % à 90 %), 40 sur 50 ; référence 50 % ; en hausse depuis les débuts (sens favorable)",
			"Le chiffre bouge plus que les choses. L’ordre des niveaux", "Données"},
		{"C02 Relations partenariales ou coopératives : au-delà de ce que le hasard explique. Que fait-on là autrement ?", "Haut-Bocage", "Haut-Bocage : 80 % pour un effectif de 50 ; limites à 99,8 % : 35 % et 75 %",
			"On n’y compte pas de même, ou les lieux ne se ressemblent pas. L’ordre des niveaux", "Limites"},
		{"Aucun effet négatif n’est reconnu en douze mois. N’y en a-t-il pas, ou ne se disent-ils pas ?", "Éclusiers", "Éclusiers : aucun effet négatif", "Ils ne se disent pas", "Données"},
	} {
		found := 0
		for _, row := range rowsOf(t, f, "À délibérer") {
			if row[1] != c.question {
				continue
			}
			found++
			if row[2] != c.territories || row[3] != c.figures || row[4] == "" || !strings.HasPrefix(row[5], c.reading) || row[6] != c.sheet || len(row) > 7 && row[7] != "" {
				t.Errorf("%q", row)
			}
		}
		if found != 1 {
			t.Errorf("%d times %q", found, c.question)
		}
	}
	for _, row := range rowsOf(t, f, "À délibérer") {
		if strings.Contains(row[1], "C06") || strings.Contains(row[3], "Val-de-Lys : 30 %") {
			t.Errorf("nothing stands out there: %q", row)
		}
	}
}

// The long table has every published figure of the month, and of what is hidden nothing.
func TestPublishedFigures(t *testing.T) {
	f := plantedComparison(t)
	secret := rowsOf(t, f, "Données", "C06", "Éclusiers")
	if len(secret) != 1 || !slices.Equal(secret[0][5:11], []string{"[s]", "[s]", "[s]", "[so]", "[so]", "moins de 5"}) {
		t.Errorf("a hidden figure: %q", secret)
	}
	if got := rowsOf(t, f, "Données", "C02", "Haut-Bocage"); len(got) != 1 || !sameCells(got[0][5:], []string{"0.8", "0.7", "0.9", "40", "50", "50", "Calculé", "0.5", "30", "hausse"}) {
		t.Errorf("%q", got)
	}
	s := shared(t)
	var published, numbers int
	if err := s.warehouse.QueryRow("SELECT count(*), count(valeur) FROM indicateur.publiees WHERE periode = ? AND (territoire_id = '*' OR territoire_id NOT LIKE '*%')", october).Scan(&published, &numbers); err != nil {
		t.Fatal(err)
	}
	for path, data := range readTree(t, filepath.Join(s.dir, comparisonDir)) {
		book, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(path, err)
		}
		defer book.Close()
		rows := rowsOf(t, book, "Données")
		shown := 0
		for _, row := range rows {
			if _, err := strconv.ParseFloat(row[5], 64); err == nil {
				shown++
			}
		}
		if len(rows) != published || shown != numbers || numbers < 50 {
			t.Errorf("%s: %d rows with %d numbers, published %d with %d", path, len(rows), shown, published, numbers)
		}
	}
}

// A word is no stronger than the proof.
func TestStanding(t *testing.T) {
	for _, c := range []struct {
		unit             string
		value, reference float64
		low, high        float64
		word             string
		want             string
		ground           format
	}{
		{"part", 0.7, 0.5, 0.1, 0.3, "non_detectable", "bien au-dessus", farAbove},
		{"part", 0.69, 0.5, 0.1, 0.3, "non_detectable", "au-dessus", above},
		{"part", 0.6, 0.5, -0.1, 0.3, "non_detectable", "non assuré", besideFormat},
		{"part", 0.9, 0.5, -0.1, 0.5, "trop_tot", "trop tôt", besideFormat},
		{"part", 0.2, 0.5, -0.4, -0.1, "baisse", "bien au-dessous, en baisse", farBelow},
		{"part", 0.5, 0.5, -0.1, 0.1, "hausse", "en hausse", besideFormat},
		{"personnes", 900, 10, 1, 2, "hausse", "au-dessus, en hausse", above},
		{"niveaux", 0.5, 1.3, -1, -0.5, "baisse", "bien au-dessous, en baisse", farBelow},
	} {
		f := figureOf(record{"unite": c.unit, "valeur": c.value, "reference": c.reference, "ecart_bas": c.low, "ecart_haut": c.high, "mot": c.word, "statut_code": "ok"})
		if s := f.standing(); s.word != c.want || s.format() != c.ground {
			t.Errorf("%+v: %q on %s", c, s.word, s.format())
		}
	}
}
