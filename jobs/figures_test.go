package jobs_test

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"cairn/exports/shown"
	"cairn/ingest"
)

// Every figure of every workbook of a release is that of indicateurs.parquet, and every absence that of the table of
// secrecy; what is tampered with is found.
func TestWorkbooksShowThePublishedFigures(t *testing.T) {
	t.Parallel()
	r := small(t)
	w, err := readTruth(r)
	if err != nil {
		t.Fatal(err)
	}
	total := shown.Report{}
	for path, data := range r.books {
		report, err := w.Compare(data, shown.Whose(path))
		if err != nil {
			t.Fatal(path, err)
		}
		wrong := slices.Concat(report.Wrong, report.Unread)
		for _, wrong := range wrong[:min(20, len(wrong))] {
			t.Errorf("%s: %s", path, wrong)
		}
		t.Logf("%s: %d numbers, %d hidden, %d sentences", path, report.Numbers, report.Hidden, report.Phrases)
		total.Numbers, total.Hidden, total.Phrases = total.Numbers+report.Numbers, total.Hidden+report.Hidden, total.Phrases+report.Phrases
	}
	if total.Numbers < 5000 || total.Hidden < 1 || total.Phrases < 20 {
		t.Errorf("%d numbers, %d hidden ones and %d sentences: the test says too little", total.Numbers, total.Hidden, total.Phrases)
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
		report, err := w.Compare(changed, shown.Whose(c.book))
		if err != nil {
			t.Fatal(name, err)
		}
		if len(report.Wrong) == 0 {
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
