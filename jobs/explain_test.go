package jobs_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/exports"
	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// proofs explains figures of a demo and opens what they rest on with another reader.
type proofs struct {
	*stages
	db        *transform.Warehouse
	originals *exports.Originals
	books     map[string]*excelize.File // by original; nil for what is not xlsx
	cells     int                       // looked at
}

func TestExplain(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("explains hundreds of figures: make check")
	}
	s := newStages(t, 15)
	db := s.open(t, 3)
	t.Run("figures are proved", func(t *testing.T) { figuresAreProved(t, s, db) })
	t.Run("a cell that is emptied moves its figures", func(t *testing.T) { emptiedCellMoves(t, s, db) })
	t.Run("a leak stops the release", func(t *testing.T) { leakStopsTheRelease(t, s, db) })
}

// leakStopsTheRelease shows a figure that is hidden for another's sake: from the programme's and those of the
// other territories, the hidden one could be computed.
func leakStopsTheRelease(t *testing.T, s *stages, db *transform.Warehouse) {
	horizon, err := db.Horizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release := exports.Release{Period: horizon, Version: 1}
	if _, err := exports.Stage(t.Context(), db, s.model, release, filepath.Join(s.dir, "sound")); err != nil {
		t.Fatal(err)
	}
	shown, err := db.ExecContext(t.Context(), `UPDATE indicateur.publiees p SET effectif = v.effectif, population = v.population, numerateur = v.numerateur, denominateur = v.denominateur, statut = v.statut
FROM indicateur.valeurs v
WHERE p.statut = 'secret_secondaire' AND v.indicateur = p.indicateur AND v.territoire_id = p.territoire_id AND v.periode = p.periode AND v.modalite = p.modalite`)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := shown.RowsAffected(); err != nil || n == 0 {
		t.Fatal("no figure of the demo is hidden for another's sake", err)
	}
	var leak *indicators.LeakError
	dir := filepath.Join(s.dir, "leaking")
	if _, err := exports.Stage(t.Context(), db, s.model, release, dir); !errors.As(err, &leak) {
		t.Errorf("staged all the same: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("half a release was left")
	}
}

// figuresAreProved makes figures of every indicator again from the rows that their explanation lists,
// and finds in the archived originals, read by excelize, what it says that the cells hold: for the
// programme and three territories, each at a month drawn by chance; for every territory with CAIRN_PROOFS=all.
func figuresAreProved(t *testing.T, s *stages, db *transform.Warehouse) {
	p := &proofs{stages: s, db: db, books: map[string]*excelize.File{}, originals: exports.NewOriginals(db, s.model, s.archive, s.state.Receptions)}
	catalogue, err := indicators.Catalogue(s.model)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := p.db.QueryContext(t.Context(), `SELECT territoire_id, list(periode ORDER BY periode) FROM core.mois GROUP BY ALL ORDER BY ALL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var territories []string
	months := map[string][]any{}
	for rows.Next() {
		var territory string
		var list any
		if err := rows.Scan(&territory, &list); err != nil {
			t.Fatal(err)
		}
		territories, months[territory] = append(territories, territory), list.([]any)
	}
	random := rand.New(rand.NewPCG(5, 8))
	for _, ind := range catalogue {
		random.Shuffle(len(territories), func(i, j int) { territories[i], territories[j] = territories[j], territories[i] })
		chosen := territories[:3]
		if os.Getenv("CAIRN_PROOFS") == "all" {
			chosen = territories
		}
		for _, territory := range chosen {
			p.prove(t, ind, territory, months[territory][random.IntN(len(months[territory]))].(time.Time))
		}
		if ind.Programme {
			p.prove(t, ind, indicators.Programme, months[territories[0]][len(months[territories[0]])-1].(time.Time))
		}
	}
	if p.cells < 10_000 {
		t.Errorf("only %d cells were looked at", p.cells)
	}
}

func (p *proofs) prove(t *testing.T, ind *indicators.Indicator, territory string, period time.Time) {
	for _, modalite := range ind.ModaliteCodes() {
		found, err := indicators.Explain(t.Context(), p.db, ind, territory, period, modalite)
		if err != nil {
			t.Fatal(err)
		}
		evidence, err := exports.NewEvidence(t.Context(), p.originals, found)
		if err != nil {
			t.Fatal(err)
		}
		if !evidence.Agrees {
			t.Errorf("%s %s %s %q: the rows listed do not give the figure %s", ind.ID, territory, evidence.Period, modalite, evidence.Sentence())
		}
		counted, unknown := 0, 0
		for _, row := range evidence.Rows {
			if row.Counted {
				counted++
			} else {
				unknown++
				if row.Reason == "" {
					t.Errorf("%s %s %s: no reason why %q does not count", ind.ID, territory, evidence.Period, row.Subject)
				}
			}
			for _, place := range row.Places {
				p.open(t, ind, place)
			}
		}
		if found.Indicator.Estimator.Count == "" && (counted+unknown != evidence.Population || unknown != evidence.Missing) {
			t.Errorf("%s %s %s %q: %d rows, %d of them unknown; population %d, missing %d", ind.ID, territory, evidence.Period, modalite,
				counted+unknown, unknown, evidence.Population, evidence.Missing)
		}
		for _, row := range evidence.Outside {
			for _, place := range row.Places {
				p.open(t, ind, place)
			}
		}
	}
}

// open compares what is said of a place with what its workbook holds.
func (p *proofs) open(t *testing.T, ind *indicators.Indicator, place exports.EvidencePlace) {
	if place.Original == "" {
		return
	}
	book, known := p.books[place.Original]
	if !known {
		data, err := p.archive.Get(place.Original)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(place.Workbook, ".xlsx") {
			if book, err = excelize.OpenReader(bytes.NewReader(data)); err != nil {
				t.Fatalf("%s: %v", place.Workbook, err)
			}
		}
		p.books[place.Original] = book
	}
	if book == nil {
		return
	}
	for _, cell := range place.Cells {
		raw, err := book.GetCellValue(place.Sheet, cell.Cell, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatalf("%s, %s!%s: %v", place.Workbook, place.Sheet, cell.Cell, err)
		}
		if p.cells++; !sameContent(raw, cell.Value) {
			t.Errorf("%s: %s, %s!%s is said to hold %q, it holds %q", ind.ID, place.Workbook, place.Sheet, cell.Cell, cell.Value, raw)
		}
	}
}

// sameContent compares a cell's raw content with what it is said to hold: the same text, number, day or boolean.
func sameContent(raw, said string) bool {
	if raw == said {
		return true
	}
	if raw == "1" && said == "TRUE" || raw == "0" && said == "FALSE" {
		return true
	}
	number, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return false
	}
	if other, err := strconv.ParseFloat(said, 64); err == nil {
		return math.Abs(number-other) <= 1e-9*math.Abs(number)
	}
	day, err := time.Parse(time.DateOnly, said)
	at, wrong := excelize.ExcelDateToTime(number, false)
	return err == nil && wrong == nil && at.Equal(day)
}

// emptiedCellMoves empties the level of a view: the figures that rest on it move, and no other.
func emptiedCellMoves(t *testing.T, s *stages, before *transform.Warehouse) {
	catalogue, err := indicators.Catalogue(s.model)
	if err != nil {
		t.Fatal(err)
	}
	horizon, err := before.Horizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// A view of C02 at the latest month, by its explanation.
	found, err := indicators.Explain(t.Context(), before, catalogue[1], "arlenthe", horizon, "")
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := exports.NewEvidence(t.Context(), exports.NewOriginals(before, s.model, s.archive, s.state.Receptions), found)
	if err != nil {
		t.Fatal(err)
	}
	place, level := evidence.Rows[0].Places[0], ""
	for _, cell := range place.Cells {
		if cell.Title == s.model.Schemas["relations"].Field("type_relation").Title {
			level = cell.Cell
		}
	}
	data, err := s.archive.Get(place.Original)
	if err != nil {
		t.Fatal(err)
	}
	without, known := ingest.ParseWithout(s.model, data, place.Sheet, level)
	if !known {
		t.Fatalf("%s!%s holds nothing", place.Sheet, level)
	}
	after := s.open(t, 2)
	if err := after.Substitute(t.Context(), s.model, place.Original, without); err != nil {
		t.Fatal(err)
	}
	s.build(t, after)
	s.compute(t, after)
	moved, err := indicators.Movements(t.Context(), before, after)
	if err != nil {
		t.Fatal(err)
	}
	byIndicator := map[string]bool{}
	for _, m := range moved {
		byIndicator[m.Indicator] = true
		if m.Territory != "arlenthe" && m.Territory != indicators.Programme {
			t.Errorf("%s of %s moves with a cell of arlenthe", m.Indicator, m.Territory)
		}
		if !strings.Contains("C01 C02 C03 C04 C05 C06 C07 C08 C09 C21 Q01 Q04 Q05", m.Indicator) {
			t.Errorf("%s moves with a relation", m.Indicator)
		}
	}
	for _, id := range []string{"C01", "C02", "C21", "Q01", "Q05"} {
		if !byIndicator[id] {
			t.Errorf("%s does not move", id)
		}
	}
}
