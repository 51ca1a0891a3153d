package exports

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// Return is what the sender of a workbook is told of it: his receipt, what to correct and what to
// explain. It goes to him alone.
type Return struct {
	Original   string // digest of what was received
	Earlier    string `json:"-"` // its sheet of an earlier return; empty: it has none
	Territoire string
	Name       string    // of the territory; empty when it is not known
	Periode    time.Time // zero when it is not known
	Emetteur   string
	Version    int
	Received   time.Time // zero when it was not received but checked
	Rejected   bool
	File       string // of one that is rejected, the name under which it came
	Sheets     []SheetBalance
	Findings   []ReturnFinding
	Settled    int      // questions that were explained or decided upon: not put again
	Figures    []record // of the month, for the territory itself: see ReadReturnFigures
	NoHistory  bool     // the rules that look at the other workbooks were not applied
}

// SheetBalance is what a sheet brought. New and Changed are −1 when nothing is known of before.
type SheetBalance struct {
	Table, Sheet                     string
	Nothing                          bool
	Read, Taken, Aside, New, Changed int
}

// ReturnFinding is a finding with what it keeps from month to month and what was answered to it.
type ReturnFinding struct {
	ingest.Finding
	ID, Response, Explanation string
}

// NewReturn is the return of a file that was read but not received.
func NewReturn(s *ingest.Submission) *Return {
	r := &Return{Earlier: s.Returned, Territoire: s.Territoire, Periode: s.Periode, Emetteur: s.Emetteur, Rejected: s.Rejected}
	for i := range s.Tables {
		t := &s.Tables[i]
		if t.Sheet == "" && !t.Nothing {
			continue
		}
		read, taken, aside := t.Counts()
		r.Sheets = append(r.Sheets, SheetBalance{Table: t.Schema.Name, Sheet: t.Sheet, Nothing: t.Nothing, Read: read, Taken: taken, Aside: aside, New: -1, Changed: -1})
	}
	for _, f := range s.Findings {
		r.Findings = append(r.Findings, ReturnFinding{Finding: f, ID: f.ID(s.Territoire, s.Emetteur)})
	}
	r.sort()
	return r
}

// severities from the gravest, as a sender reads them.
var severities = []ingest.Severity{ingest.Rejet, ingest.Erreur, ingest.Question, ingest.Note}

// sort puts the gravest first, then sheet by sheet in the order of the workbook; their place is their number.
func (r *Return) sort() {
	slices.SortStableFunc(r.Findings, func(a, b ReturnFinding) int {
		return cmp.Or(slices.Index(severities, a.Severity)-slices.Index(severities, b.Severity),
			slices.Index(ingest.Tables, a.Table)-slices.Index(ingest.Tables, b.Table), a.Line-b.Line)
	})
}

// Count is the number of findings of a severity.
func (r *Return) Count(severity ingest.Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// Returns reads, from a database that was built, the return of every current submission and of every
// file that was refused, in the order of reception; without their figures.
func Returns(ctx context.Context, w *transform.Warehouse) ([]*Return, error) {
	var all []*Return
	byReception := map[int32]*Return{}
	read := func(name string, each func(record)) error {
		rows, err := readRecords(ctx, w, "retour/"+name)
		for _, row := range rows {
			each(row)
		}
		return err
	}
	err := read("receptions", func(row record) {
		version, _ := row["version"].(int64)
		periode, _ := row["periode"].(time.Time)
		received, _ := row["recue_le"].(time.Time)
		r := &Return{
			Original: row.text("original"), Earlier: row.text("feuille_retour"), Territoire: row.text("territoire_id"), Name: row.text("nom"), Periode: periode, Emetteur: row.text("emetteur"),
			Version: int(version), Received: received, Rejected: row.text("statut") == "rejetee",
		}
		all = append(all, r)
		byReception[row["soumission"].(int32)] = r
	})
	if err != nil {
		return nil, err
	}
	err = read("constats", func(row record) {
		r := byReception[row["soumission"].(int32)]
		switch row.text("etat") {
		case "repris":
			return
		case "explique", "decide":
			r.Settled++
			return
		}
		line, _ := row["ligne"].(int32)
		r.Findings = append(r.Findings, ReturnFinding{
			Finding: ingest.Finding{
				Table: row.text("table"), Sheet: row.text("feuille"), Line: int(line), Cell: row.text("cellule"), Field: row.text("champ"), Rule: row.text("regle"),
				Severity: ingest.Severity(row.text("gravite")), Message: row.text("message"), Value: row.text("valeur"), Proposal: row.text("proposition"),
			},
			ID: row.text("identite"), Response: row.text("reponse"), Explanation: row.text("explication"),
		})
	})
	if err != nil {
		return nil, err
	}
	err = read("bilans", func(row record) {
		n := func(column string) int { v, _ := row[column].(int64); return int(v) }
		nothing, _ := row["rien"].(bool)
		r := byReception[row["soumission"].(int32)]
		r.Sheets = append(r.Sheets, SheetBalance{
			Table: row.text("table"), Sheet: row.text("feuille"), Nothing: nothing,
			Read: n("lues"), Taken: n("prises"), Aside: n("ecartees"), New: n("nouvelles"), Changed: n("modifiees"),
		})
	})
	for _, r := range all {
		r.sort()
		slices.SortFunc(r.Sheets, func(a, b SheetBalance) int {
			return slices.Index(ingest.Tables, a.Table) - slices.Index(ingest.Tables, b.Table)
		})
	}
	return all, err
}

// ReadReturnFigures gives each return the figures of its month, for which they are read from the first month of all to
// the last.
func ReadReturnFigures(ctx context.Context, w *transform.Warehouse, returns []*Return) error {
	byMonth := map[string]*Return{}
	var first, last time.Time
	for _, r := range returns {
		if r.Rejected || r.Emetteur != "" {
			continue
		}
		byMonth[r.Territoire+r.month()] = r
		if first.IsZero() || r.Periode.Before(first) {
			first = r.Periode
		}
		if r.Periode.After(last) {
			last = r.Periode
		}
	}
	if len(byMonth) == 0 {
		return nil
	}
	query, err := readSQL("retour/chiffres")
	if err != nil {
		return err
	}
	query = "SELECT * FROM (\n" + query + "\n) WHERE periode BETWEEN $1 AND $2 ORDER BY territoire_id, periode, indicateur, ordre"
	rows, err := queryRecords(ctx, w, query, first, last)
	if err != nil {
		return fmt.Errorf("sql/retour/chiffres.sql: %w", err)
	}
	for _, row := range rows {
		if r := byMonth[row.text("territoire_id")+row["periode"].(time.Time).Format("2006-01")]; r != nil {
			r.Figures = append(r.Figures, row)
		}
	}
	return nil
}

// Path is where a return is put below the folder of returns. A name that the sender wrote never leads
// out of it.
func (r *Return) Path() string {
	if r.Name == "" || r.Periode.IsZero() {
		return fmt.Sprintf("refuses/%s_retour.xlsx", r.Original[:16])
	}
	name := r.Periode.Format("2006-01")
	if r.Emetteur != "" {
		name += "_" + safeName(r.Emetteur)
	}
	if r.Rejected { // the month's own return stands beside
		name += "_refuse_" + r.Original[:8]
	}
	return r.Territoire + "/" + name + "_retour.xlsx"
}

// safeName keeps the characters of an identifier.
func safeName(text string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, text[:min(len(text), 40)])
	if safe != text { // two of them stay two
		safe += "_" + sha256Hex([]byte(text))[:8]
	}
	return safe
}
