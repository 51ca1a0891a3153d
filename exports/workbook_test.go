package exports

import (
	"bytes"
	"context"
	"database/sql"
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

	"cairn/indicators"
	"cairn/ingest"
)

// openWorkbooks opens every workbook of a release with excelize.
func openWorkbooks(t *testing.T, dir string) map[string]*excelize.File {
	t.Helper()
	books := map[string]*excelize.File{}
	for path, data := range readTree(t, filepath.Join(dir, workbookDir)) {
		f, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(path, err)
		}
		t.Cleanup(func() { f.Close() })
		books[strings.TrimSuffix(strings.TrimPrefix(path, "2026-10_"), "_evaluation.xlsx")] = f
	}
	return books
}

// tableAt is the header row of a sheet's table, and its last.
func tableAt(t *testing.T, f *excelize.File, sheet string) (header, last int) {
	t.Helper()
	tables, err := f.GetTables(sheet)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 1 {
		return 0, 0
	}
	if _, err := fmt.Sscanf(regexp.MustCompile(`[A-Z]+`).ReplaceAllString(tables[0].Range, ""), "%d:%d", &header, &last); err != nil {
		t.Fatal(tables[0].Range, err)
	}
	return header, last
}

// Every workbook is dated as its data, and its charts draw cells that hold numbers or nothing.
func TestWorkbooksAreDatedAndDrawNumbers(t *testing.T) {
	books := openWorkbooks(t, shared(t).dir)
	if len(books) != 2 {
		t.Fatalf("%d workbooks, want 2", len(books))
	}
	for territory, f := range books {
		if props, err := f.GetDocProps(); err != nil || props.Created != "2026-11-05T17:00:00Z" {
			t.Errorf("%s: properties %+v %v", territory, props, err)
		}
		if checkCharts(t, f, territory) == 0 {
			t.Errorf("%s has no chart", territory)
		}
	}
}

// The numbers of the sheet « Indicateurs » are those of indicateurs.parquet, to fifteen digits.
func TestWorkbookFiguresAreThePublishedOnes(t *testing.T) {
	dir, m := shared(t).dir, shared(t).model
	published := map[string]map[string]any{} // figure → valeur, statut
	p, err := openParquet(context.Background(), filepath.Join(dir, dataDir, "indicateurs.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for range p.rows {
		row, err := p.next()
		if err != nil {
			t.Fatal(err)
		}
		r := map[string]any{}
		for i, name := range p.names() {
			r[name] = row[i]
		}
		published[fmt.Sprint(r["territoire_id"], r["indicateur"], r["modalite"], r["periode"])] = r
	}
	catalogue, err := indicators.Catalogue(m)
	if err != nil {
		t.Fatal(err)
	}
	numbers, symbols := 0, 0
	for territory, f := range openWorkbooks(t, dir) {
		header, _ := tableAt(t, f, "Indicateurs")
		row := header
		for _, ind := range catalogue {
			for _, modalite := range ind.ModaliteCodes() {
				row++
				for i := range 12 {
					period := october.AddDate(0, i-11, 0).Format("2006-01")
					cell := columnName(7+i) + strconv.Itoa(row)
					raw, err := f.GetCellValue("Indicateurs", cell, excelize.Options{RawCellValue: true})
					if err != nil {
						t.Fatal(err)
					}
					r := published[fmt.Sprint(territory, ind.ID, modalite, period)]
					if want, ok := r["valeur"].(float64); ok {
						got, err := strconv.ParseFloat(raw, 64)
						if err != nil || math.Abs(got-want) > 1e-14*math.Abs(want) {
							t.Errorf("%s %s %s %s: %s holds %q, published %v", territory, ind.ID, modalite, period, cell, raw, want)
						}
						numbers++
						continue
					}
					statut, _ := r["statut"].(string)
					if raw != symbolOf(statut) {
						t.Errorf("%s %s %s %s: %s holds %q for the statut %q", territory, ind.ID, modalite, period, cell, raw, statut)
					}
					symbols++
				}
			}
		}
	}
	if numbers < 50 || symbols < 50 {
		t.Errorf("%d numbers and %d symbols: the test says too little", numbers, symbols)
	}
}

// The sheet « Indicateurs » says of each figure where it began and what has become of it, as published.
func TestWorkbookTellsTheLongTerm(t *testing.T) {
	s := shared(t)
	references := 0
	for territory, f := range openWorkbooks(t, s.dir) {
		header, last := tableAt(t, f, "Indicateurs")
		rows, err := s.warehouse.Query(`SELECT t.indicateur, t.modalite, t.reference, c.libelle FROM indicateur.tendances t
JOIN indicateur.catalogue i ON i.indicateur = t.indicateur
JOIN ref.codes c ON c.liste = 'mot_tendance' AND c.code = t.mot
LEFT JOIN ref.codes k ON k.liste = i.modalites AND k.code = t.modalite
WHERE t.territoire_id = ? ORDER BY t.indicateur, k.rang`, territory)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		row := header
		for rows.Next() {
			row++
			var indicator, modalite, word string
			var reference sql.Null[float64]
			if err := rows.Scan(&indicator, &modalite, &reference, &word); err != nil {
				t.Fatal(err)
			}
			cells := map[string]string{}
			for title, at := range map[string]int{"Référence": 6, "Évolution": 21} {
				column := columnName(at)
				if got, _ := f.GetCellValue("Indicateurs", column+strconv.Itoa(header)); got != title {
					t.Fatalf("column %s is %q, want %q", column, got, title)
				}
				if cells[title], err = f.GetCellValue("Indicateurs", column+strconv.Itoa(row), excelize.Options{RawCellValue: true}); err != nil {
					t.Fatal(err)
				}
			}
			if got := cells["Évolution"]; got != strings.ToLower(word) {
				t.Errorf("%s %s %s: row %d says %q, want %q", territory, indicator, modalite, row, got, word)
			}
			got, err := strconv.ParseFloat(cells["Référence"], 64)
			if reference.Valid != (err == nil) || math.Abs(got-reference.V) > 1e-14*math.Abs(reference.V) || err != nil && cells["Référence"] != "[so]" {
				t.Errorf("%s %s %s: the reference is %q, want %v", territory, indicator, modalite, cells["Référence"], reference)
			}
			if reference.Valid {
				references++
			}
		}
		if err := rows.Err(); err != nil || row != last {
			t.Errorf("%s: %d rows of %d (%v)", territory, row-header, last-header, err)
		}
	}
	if references < 20 {
		t.Errorf("only %d references: the test says too little", references)
	}
}

// The proof names real cells, and never those of answers that must stay closed.
func TestProofNamesCells(t *testing.T) {
	dir := shared(t).dir
	for territory, f := range openWorkbooks(t, dir) {
		rows, err := f.GetRows("Données")
		if err != nil {
			t.Fatal(err)
		}
		header, _ := tableAt(t, f, "Données")
		found := false
		for _, row := range rows[header:] {
			if row[0] == "C02" && row[3] == "reussite = oui" && strings.Contains(row[5], "Relations!A") {
				found = true
			}
			if row[0] == "C10" || strings.Contains(strings.Join(row, " "), "Principes!") {
				t.Errorf("%s: an answer is listed: %v", territory, row)
			}
		}
		if !found {
			t.Errorf("%s: no row of C02 with its cells", territory)
		}
	}
}

// No closed text is in a workbook, wherever in the file.
func TestWorkbooksHoldNoClosedText(t *testing.T) {
	dir := shared(t).dir
	for territory, f := range openWorkbooks(t, dir) {
		f.Pkg.Range(func(name, part any) bool {
			for _, text := range []string{"ne sort pas", "secret@", "cache@", "pseudo", "avant-hier"} {
				if data, ok := part.([]byte); ok && strings.Contains(string(data), text) {
					t.Errorf("%s: %s holds %q", territory, name, text)
				}
			}
			return true
		})
	}
}

func TestClosedFields(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]bool{
		"SELECT niveau_ess >= 3 AND niveau_public >= 3 AS reussite FROM core.dyades": false,
		"SELECT confiance >= 4 AS reussite FROM core.vues":                           true,
		"SELECT clarte_ess >= 4 AND clarte_public >= 4 AS reussite FROM core.dyades": true,
		"SELECT intention_partagee AS reussite FROM core.engages":                    false,
		"SELECT intention IS NOT NULL AS reussite FROM core.engages":                 true,
	} {
		if got := readsClosedField(m, &indicators.Indicator{SQL: sql}); got != want {
			t.Errorf("%s: closed is %v, want %v", sql, got, want)
		}
	}
}

// An indicator that reads what people answered says so in its header; one that says so may rest on a closed table.
func TestAnswersAreDeclared(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := indicators.Catalogue(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, ind := range catalogue {
		reads := readsClosedField(m, ind) || m.Schemas[ind.Sheet].Diffusion == ingest.Jamais
		if reads != ind.RestsOnAnswers() {
			t.Errorf("%s: reads closed fields: %v; its header says: %v", ind.ID, reads, ind.RestsOnAnswers())
		}
	}
}

var identifier = regexp.MustCompile(`[a-z_]+`)

// readsClosedField reports whether the indicator reads a field of the workbook that never leaves, or
// a column made from one: core names the two sides of confiance confiance_ess, confiance_public.
func readsClosedField(m *ingest.Model, ind *indicators.Indicator) bool {
	open, stems := map[string]bool{}, map[string]bool{}
	for _, name := range ingest.Tables {
		s := m.Schemas[name]
		for i := range s.Fields {
			f := &s.Fields[i]
			if s.DiffusionOf(f) != ingest.Jamais {
				open[f.Name] = true
			} else if s.Diffusion != ingest.Jamais { // a closed table shows by its sources
				stem, _, _ := strings.Cut(f.Name, "_")
				stems[stem] = true
			}
		}
	}
	return slices.ContainsFunc(identifier.FindAllString(ind.SQL, -1), func(word string) bool {
		stem, _, _ := strings.Cut(word, "_")
		return stems[stem] && !open[word]
	})
}

func TestFrench(t *testing.T) {
	july := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{monthName(july), "juillet\u00a02026"},
		{ofMonth(july), "de juillet\u00a02026"},
		{ofMonth(july.AddDate(0, 1, 0)), "d’août\u00a02026"},
		{dayName(july), "1er\u00a0juillet\u00a02026"},
		{shortMonthName(july), "juil.\u00a02026"},
		{frenchNumber(1234567.891, 1), "1\u202f234\u202f567,9"},
		{frenchNumber(-0.04, 1), "0"},
		{frenchNumber(-4.3, 1), "−4,3"},
		{frenchNumber(12, 2), "12"},
		{percent(0.29), "29\u00a0%"},
		{typo("« oui » : non ; si ? 5 %"), "«\u00a0oui\u00a0»\u00a0: non\u202f; si\u202f? 5\u00a0%"},
		{inWords(nil), "inconnu"},
		{inWords(true), "oui"},
		{inWords(int64(1095)), "1\u202f095"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if got := round15(0.29 * 100); got != 29 {
		t.Errorf("0.29 × 100 is %v", got)
	}
}

// What the history of a territory marks stands beside the series, in its month and no other.
func TestSeriesCarryTheMarks(t *testing.T) {
	for territory, f := range openWorkbooks(t, shared(t).dir) {
		rows, err := f.GetRows(seriesSheet)
		if err != nil {
			t.Fatal(err)
		}
		var marked []string
		for _, row := range rows {
			if len(row) > 0 && row[0] == "C02" && strings.Contains(row[len(row)-1], "halle") {
				marked = append(marked, row[seriesMonth-1]+" "+row[len(row)-1])
				if row[seriesMark-1] == "" {
					t.Errorf("%s: the chart has no mark in %s", territory, row[seriesMonth-1])
				}
			}
		}
		if len(marked) != 1 || !strings.HasPrefix(marked[0], "août") || !strings.Contains(marked[0], "05/08") {
			t.Errorf("%s: %q", territory, marked)
		}
	}
}
