package exports

import (
	"database/sql"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestHideGroups(t *testing.T) {
	for _, c := range []struct {
		why         string
		respondents []int64
		hidden      string // x hidden, . shown
	}{
		{"all are large enough", []int64{9, 5, 7, 6}, "...."},
		{"one small group takes the next smallest with it", []int64{9, 3, 7, 6}, ".x.x"},
		{"ties: the first in the list", []int64{6, 3, 6, 6}, "xx.."},
		{"two small groups of less than five together take a third", []int64{9, 2, 2, 6}, ".xxx"},
		{"two small groups of five together are enough", []int64{9, 3, 2, 6}, ".xx."},
		{"a group without answers hides nobody", []int64{9, 3, 0, 0}, "xx.."},
		{"nobody answered", []int64{0, 0, 0, 0}, "...."},
		{"all small", []int64{1, 2, 3, 4}, "xxxx"},
		{"one small group alone", []int64{0, 4, 0, 0}, ".x.."},
	} {
		got := ""
		for _, h := range hideGroups(c.respondents) {
			got += map[bool]string{true: "x", false: "."}[h]
		}
		if got != c.hidden {
			t.Errorf("%s: %v gives %s, want %s", c.why, c.respondents, got, c.hidden)
		}
	}
}

// Whatever the groups: none of one to four is shown, and who knows the whole and the groups shown cannot tell a hidden
// one's answers to within five.
func TestHiddenGroupsCannotBeWorkedOut(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	for range 5000 {
		respondents := make([]int64, 4)
		for i := range respondents {
			respondents[i] = random.Int64N(12)
		}
		hidden := hideGroups(respondents)
		left, count, answering := int64(0), 0, 0
		for i, n := range respondents {
			if n > 0 {
				answering++
			}
			if 0 < n && n < minimumAnswers && !hidden[i] {
				t.Fatalf("%v: %d answers are shown", respondents, n)
			}
			if hidden[i] {
				left += n
				count++
			}
		}
		if count > 0 && count < answering && (count < 2 || left < minimumAnswers) {
			t.Fatalf("%v: %v hides %d answers in %d groups", respondents, hidden, left, count)
		}
	}
}

// Where the whole is not published, no group of it is shown; a group shown is the median of its notes.
func TestGroupMedians(t *testing.T) {
	r := record{"statut_code": "ok", "repondants": []any{int64(6), int64(2), int64(0), int64(5)}, "notes": []any{
		[]any{int64(0), int64(0), int64(6), int64(0), int64(0)}, []any{int64(2), int64(0), int64(0), int64(0), int64(0)},
		[]any{int64(0), int64(0), int64(0), int64(0), int64(0)}, []any{int64(0), int64(0), int64(0), int64(5), int64(0)}}}
	for statut, want := range map[string][]any{
		"ok":                   {3.0, "[s]", "[nd]", "[s]"},
		"secret_secondaire":    {"[s]", "[s]", "[s]", "[s]"},
		"effectif_insuffisant": {"[ns]", "[ns]", "[ns]", "[ns]"},
		"perime":               {"[nd]", "[nd]", "[nd]", "[nd]"},
	} {
		r["statut_code"] = statut
		if got, err := groupMedians(r); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v, want %v", statut, got, err, want)
		}
	}
}

// The sheet « Acteurs » of the small programme: twelve elected people answered, and nobody else.
func TestGroupsSheet(t *testing.T) {
	s := shared(t)
	for territory, f := range openWorkbooks(t, s.dir) {
		header, last := tableAt(t, f, "Acteurs")
		if last-header != 6 {
			t.Fatalf("%s: %d families of axes, want 6", territory, last-header)
		}
		cells, err := f.GetRows("Acteurs", excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		row := cells[header+2] // P2
		var published float64
		if err := s.warehouse.QueryRow("SELECT valeur FROM indicateur.publiees WHERE indicateur = 'C22' AND modalite = 'P2' AND territoire_id = ? AND periode = ?", territory, october).Scan(&published); err != nil {
			t.Fatal(err)
		}
		if got, err := strconv.ParseFloat(row[1], 64); err != nil || math.Abs(got-published) > 1e-12 {
			t.Errorf("%s: elected people %q, want %v: they are all who answered", territory, row[1], published)
		}
		if !slices.Equal(row[2:5], []string{"[nd]", "[nd]", "[nd]"}) || row[6] != "[so]" {
			t.Errorf("%s: %q", territory, row)
		}
	}
}

// The curve of the brakes says at twelve months what C14 publishes, and that of the expectations at six what C17 does.
func TestCurvesAreThePublishedFigures(t *testing.T) {
	var rows []record
	for i := range 30 {
		rows = append(rows, record{"genre": "Frein", "compte": true, "perime": false, "duree": int64(20 * i), "cause": int32(i % 3)})
	}
	rows = append(rows, record{"genre": "Frein", "compte": false, "perime": false, "duree": int64(1), "cause": int32(1)}, record{"genre": "Attente", "compte": true, "perime": false, "duree": int64(1), "cause": int32(1)})
	c, err := newCurve(rows, "Frein")
	if err != nil {
		t.Fatal(err)
	}
	want := c.curve.AalenJohansen(365.25)
	if got := c.at(12); len(c.subjects) != 30 || got.Value != want.Value || !got.Value.Valid {
		t.Errorf("%d subjects, %v at twelve months, want %v", len(c.subjects), got.Value, want.Value)
	}
	if got := c.at(20); got.Value.Valid {
		t.Errorf("%v at twenty months, where %d are followed", got.Value, c.curve.AtRisk(20*daysPerMonth))
	}
	if few, err := newCurve(rows, "Attente"); err != nil || few.at(0).Value.Valid {
		t.Errorf("one expectation has a curve (%v)", err)
	}
	if outdated, err := newCurve([]record{{"genre": "Frein", "compte": true, "perime": true}}, "Frein"); err != nil || len(outdated.subjects) != 0 {
		t.Errorf("an outdated register has a curve (%v)", err)
	}
}

// The synthesis counts as the figures do, and celebrates or deliberates on nothing that does not move.
func TestSynthesis(t *testing.T) {
	figure := func(code, sense, word string, value any) record {
		return record{"famille": code[:1], "indicateur": code, "nom": "Essai", "unite": "part", "sens": sense, "statut_code": "ok", "valeur": value, "reference": 0.4, "mot": word}
	}
	s := synthesize([]record{figure("C02", "hausse", "hausse", 0.5), figure("C04", "baisse", "hausse", 0.5), figure("C01", "descriptif", "baisse", 0.5),
		figure("C06", "hausse", "non_detectable", 0.5), figure("C07", "hausse", "trop_tot", 0.5), figure("C08", "hausse", "trop_tot", nil)})
	if got, want := plainSpaces(s.summary()), "5 chiffres ont une valeur sur 6 : 2 en hausse, 1 en baisse, 1 sans évolution qui se distingue du hasard et 1 pour lequel il est trop tôt pour le dire. 1 évolution va dans le sens favorable, 1 à rebours."; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := s.celebrates(nil); !strings.Contains(got, "C02") || strings.Contains(got, "C06") || strings.Contains(got, "C01") {
		t.Error(got)
	}
	if got := s.deliberates(nil); !strings.Contains(got, "C04") || strings.Contains(got, "C02") || !strings.Contains(got, "C01") {
		t.Error(got)
	}
	still := synthesize([]record{figure("C06", "hausse", "trop_tot", 0.5)})
	if got := still.summary() + still.celebrates(nil) + still.deliberates(nil); strings.Contains(got, "en hausse") || strings.Contains(got, "C06") {
		t.Error(got)
	}
	if got := (&synthesis{}).summary(); !strings.Contains(got, "trop tôt pour le dire") {
		t.Error(got)
	}
}

// A difference is written in the unit's own way, of shares in points.
func TestDifferenceCell(t *testing.T) {
	for _, c := range []struct {
		unit string
		x    sql.Null[float64]
		want any
	}{
		{"part", sql.Null[float64]{V: 0.125, Valid: true}, formatted{12.5, signedPoints}},
		{"mois", sql.Null[float64]{V: -1.5, Valid: true}, formatted{-1.5, signedOne}},
		{"part", sql.Null[float64]{}, "[so]"},
	} {
		if got := differenceCell(c.unit, c.x); got != c.want {
			t.Errorf("%s %v: %v, want %v", c.unit, c.x, got, c.want)
		}
	}
	for unit := range unitFormats {
		if f, ok := differenceCell(unit, sql.Null[float64]{V: 1, Valid: true}).(formatted); !ok || !f.format.numeric() {
			t.Errorf("a difference in %s has no format", unit)
		}
	}
}

// The sheets of the workbook, in the order in which it is read.
func TestSheetOrder(t *testing.T) {
	want := []string{"Couverture", "Sommaire", "Synthèse", "Indicateurs", "Trajectoire", "Séries", "Acteurs", "Relations", "Freins et attentes", "Durées", "Retour", "Historique", "Fiches", "Données", "Commentaires", "Notes"}
	for territory, f := range openWorkbooks(t, shared(t).dir) {
		if got := f.GetSheetList(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", territory, got, want)
		}
	}
}

// An interval that has shrunk to the value is a census, in every sheet.
func TestIntervalText(t *testing.T) {
	for _, c := range []struct {
		low, high any
		want      string
	}{
		{0.5, 0.5, "recensement"},
		{0.25, 0.5, "25 % – 50 %"},
		{0.25, nil, "25 % – [so]"},
		{nil, nil, "[so]"},
	} {
		if got := intervalText(record{"unite": "part", "borne_basse": c.low, "borne_haute": c.high}); plainSpaces(got) != c.want {
			t.Errorf("%v, %v: %q, want %q", c.low, c.high, plainSpaces(got), c.want)
		}
	}
}

// The numbers that the charts draw are the published ones, and a month that publishes none is an empty cell.
func TestSeriesAreThePublishedFigures(t *testing.T) {
	s := shared(t)
	numbers := 0
	for territory, f := range openWorkbooks(t, s.dir) {
		header, last := tableAt(t, f, seriesSheet)
		for row := header + 1; row <= last; row++ {
			cell := func(column int) string {
				raw, err := f.GetCellValue(seriesSheet, columnName(column)+strconv.Itoa(row), excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatal(err)
				}
				return raw
			}
			days, err := strconv.Atoi(cell(seriesMonth))
			if err != nil {
				t.Fatal(err)
			}
			want := make([]sql.Null[float64], 4)
			if err := s.warehouse.QueryRow(`SELECT v.valeur, v.borne_basse, v.borne_haute, t.reference FROM indicateur.publiees v
LEFT JOIN indicateur.tendances t ON t.indicateur = v.indicateur AND t.territoire_id = v.territoire_id AND t.modalite = v.modalite
WHERE v.indicateur = ? AND v.territoire_id = ? AND v.periode = DATE '1899-12-30' + ?::INTEGER AND v.modalite = ''`, cell(1), territory, days).Scan(&want[0], &want[1], &want[2], &want[3]); err != nil {
				t.Fatal(cell(1), days, err)
			}
			for i, w := range want {
				got, err := strconv.ParseFloat(cell(seriesValue+i), 64)
				if w.Valid != (err == nil) || math.Abs(got-w.V) > 1e-14*math.Abs(w.V) {
					t.Errorf("%s %s: column %d of row %d holds %q, published %v", territory, cell(1), seriesValue+i, row, cell(seriesValue+i), w)
				}
				if w.Valid {
					numbers++
				}
			}
		}
	}
	if numbers < 20 {
		t.Errorf("only %d numbers: the test says too little", numbers)
	}
}
