package exports

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// Evidence is a figure with its definition, the rows that it rests on and the cells of the received
// workbooks that those rows stand in, as they say it. Its JSON is « cairn explain --json ».
type Evidence struct {
	Indicator  string `json:"indicateur"`
	Name       string `json:"nom"`
	Definition string `json:"definition"`
	Counts     string `json:"compte"`
	Limits     string `json:"limites"`
	Source     string `json:"source"`
	Estimator  string `json:"estimateur"`
	Unit       string `json:"unite"`
	Floor      int    `json:"plancher"`

	Territory   string   `json:"territoire_id"`
	Period      string   `json:"periode"`
	Modalite    string   `json:"modalite"`
	Value       *float64 `json:"valeur"`
	Low         *float64 `json:"borne_basse"`
	High        *float64 `json:"borne_haute"`
	Effectif    int      `json:"effectif"`
	Population  int      `json:"population"`
	Missing     int      `json:"manquants"`
	Numerator   *float64 `json:"numerateur"`
	Denominator *float64 `json:"denominateur"`
	Statut      string   `json:"statut"`
	Agrees      bool     `json:"recalcul_identique"` // the figure made again from the rows below is the published one

	Rows    []EvidenceRow `json:"lignes"`
	Outside []EvidenceRow `json:"autres_lignes"`
	Left    []string      `json:"territoires_ecartes"`
	Covered string        `json:"couverture,omitempty"` // of how many the rows speak

	model *ingest.Model
}

// EvidenceRow is a row of the population, or one that is no part of it.
type EvidenceRow struct {
	Territory string          `json:"territoire_id"`
	Modalite  string          `json:"modalite,omitempty"`
	Subject   string          `json:"sujet,omitempty"`
	Counted   bool            `json:"compte"`
	Reason    string          `json:"raison,omitempty"` // why it does not count
	Inputs    []EvidenceInput `json:"entrees,omitempty"`
	Places    []EvidencePlace `json:"sources"`
}

// EvidenceInput is what the estimator takes of a row; null is unknown.
type EvidenceInput struct {
	Name  string `json:"nom"`
	Value any    `json:"valeur"`
}

// EvidencePlace is a row of a received workbook. Without a sheet it is the workbook as a whole; without a
// workbook, the absence of one.
type EvidencePlace struct {
	Workbook string         `json:"classeur,omitempty"` // path below inbox/
	Original string         `json:"original,omitempty"` // SHA-256 of its bytes
	Sheet    string         `json:"feuille,omitempty"`
	Line     int            `json:"ligne,omitempty"`
	Cells    []EvidenceCell `json:"cellules,omitempty"`
}

// EvidenceCell is a cell and what it holds in the archived file.
type EvidenceCell struct {
	Cell  string `json:"cellule"`
	Title string `json:"titre"`
	Value string `json:"valeur"`
}

// NewEvidence looks in the originals for what an explanation rests on.
func NewEvidence(ctx context.Context, originals *Originals, e *indicators.Explanation) (*Evidence, error) {
	ind, f, m := e.Indicator, e.Figure, originals.model
	again, err := e.Recompute(ctx, originals.warehouse)
	if err != nil {
		return nil, err
	}
	ev := &Evidence{
		Indicator: ind.ID, Name: ind.Name, Definition: ind.Definition, Counts: ind.Counts, Limits: ind.Limits, Source: ind.Source, Estimator: ind.Estimator.Name,
		Unit: ind.Unit, Floor: ind.Floor,
		Territory: f.Territory, Period: f.Period.Format("2006-01"), Modalite: f.Modalite,
		Value: pointer(f.Value), Low: pointer(f.Interval.Low), High: pointer(f.Interval.High), Effectif: f.Effectif, Population: f.Population, Missing: f.Missing,
		Numerator: pointer(f.Numerator), Denominator: pointer(f.Denominator), Statut: string(f.Statut), Agrees: again == f, Left: e.Left, model: m,
		Rows: []EvidenceRow{}, Outside: []EvidenceRow{}, Covered: coverageText(m, ind, e.Covered),
	}
	for _, member := range e.Members {
		if err := originals.open(ctx, member.Sources); err != nil {
			return nil, err
		}
		row := EvidenceRow{Territory: member.Territory, Modalite: member.Modalite, Subject: member.Subject, Counted: member.Counted, Places: originals.places(member.Sources)}
		var unknown []string
		for _, input := range member.Inputs {
			row.Inputs = append(row.Inputs, EvidenceInput{input.Name, plain(input.Value)})
			if input.Value == nil {
				unknown = append(unknown, input.Name)
			}
		}
		if !member.Counted {
			row.Reason = typo("inconnu : " + strings.Join(unknown, ", "))
		}
		ev.Rows = append(ev.Rows, row)
	}
	for _, o := range e.Outside {
		if err := originals.open(ctx, []indicators.Source{o.Source}); err != nil {
			return nil, err
		}
		row := EvidenceRow{Territory: f.Territory, Reason: "hors de la population", Places: originals.places([]indicators.Source{o.Source})}
		if o.SetAside {
			row.Reason = typo(strings.TrimSpace("mise de côté : " + o.Reason))
		}
		ev.Outside = append(ev.Outside, row)
	}
	return ev, nil
}

// coverageText says of how many the rows of an indicator speak, or nothing.
func coverageText(m *ingest.Model, ind *indicators.Indicator, c indicators.Covered) string {
	if c.Expected == 0 {
		return ""
	}
	return typo(fmt.Sprintf("%s : %d sur %d", m.Label("couverture", ind.Coverage), c.Known, c.Expected))
}

func pointer(v sql.Null[float64]) *float64 {
	if !v.Valid {
		return nil
	}
	return &v.V
}

// plain is a value of the database as JSON has it.
func plain(value any) any {
	switch v := value.(type) {
	case nil, bool, string, float64:
		return v
	case int32:
		return int64(v)
	case int64:
		return v
	case duckdb.Decimal:
		return v.Float64()
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = plain(item)
		}
		return items
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(value)
}

// Originals reads the cells of rows in the archived workbooks, each workbook once.
type Originals struct {
	warehouse  *transform.Warehouse
	model      *ingest.Model
	archive    ingest.Archive
	receptions []ingest.Entry
	books      map[int]*openBook // by reception
}

// NewOriginals opens none of them yet. receptions are those of the journal, in order.
func NewOriginals(w *transform.Warehouse, m *ingest.Model, archive ingest.Archive, receptions []ingest.Entry) *Originals {
	return &Originals{warehouse: w, model: m, archive: archive, receptions: receptions, books: map[int]*openBook{}}
}

type openBook struct {
	layouts map[string]transform.Layout
	rows    map[sheetLine][]ingest.Cell
}

type sheetLine struct {
	sheet string
	line  int
}

// open reads the workbooks that the sources stand in.
func (c *Originals) open(ctx context.Context, sources []indicators.Source) error {
	for _, s := range sources {
		if s.Submission == 0 || c.books[s.Submission] != nil {
			continue
		}
		book := &openBook{rows: map[sheetLine][]ingest.Cell{}}
		var err error
		if book.layouts, err = c.warehouse.Layouts(ctx, s.Submission); err != nil {
			return err
		}
		if err := c.readBook(c.receptions[s.Submission-1], book); err != nil {
			return fmt.Errorf("%s: %w", c.receptions[s.Submission-1].Path, err)
		}
		c.books[s.Submission] = book
	}
	return nil
}

func (c *Originals) readBook(reception ingest.Entry, book *openBook) error {
	data, err := c.archive.Get(reception.Original)
	if err != nil {
		return err
	}
	opened, err := ingest.OpenWorkbook(data)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, l := range book.layouts {
		wanted[l.Sheet] = true
	}
	for _, sheet := range opened.Sheets {
		if !wanted[sheet.Name] {
			continue
		}
		for row, err := range sheet.Rows {
			if err != nil {
				return err
			}
			book.rows[sheetLine{sheet.Name, row.Number}] = slices.Clone(row.Cells)
		}
	}
	return nil
}

func (c *Originals) places(sources []indicators.Source) []EvidencePlace {
	places := []EvidencePlace{}
	for _, s := range sources {
		var p EvidencePlace
		if s.Submission > 0 {
			reception := c.receptions[s.Submission-1]
			p.Workbook, p.Original = reception.Path, reception.Original
			if layout, known := c.books[s.Submission].layouts[s.Table]; known && s.Line > 0 {
				p.Sheet, p.Line = layout.Sheet, s.Line
				p.Cells = c.cells(s, layout)
			}
		}
		places = append(places, p)
	}
	return places
}

// cells are the filled cells of a row that the table has a field for.
func (c *Originals) cells(s indicators.Source, layout transform.Layout) []EvidenceCell {
	row := ingest.Row{Cells: c.books[s.Submission].rows[sheetLine{layout.Sheet, s.Line}]}
	var cells []EvidenceCell
	for _, column := range layout.Columns {
		name := fmt.Sprint(column.Letters, s.Line)
		for _, cell := range row.Cells {
			if ingest.ColumnName(cell.Column) == column.Letters && !cell.Blank() {
				cells = append(cells, EvidenceCell{name, c.model.Schemas[s.Table].Field(column.Field).Title, cell.String()})
			}
		}
	}
	return cells
}

// Sentence says the figure in French: « 56 % (35 % à 75 %), 14 sur 25 », or why there is none.
func (ev *Evidence) Sentence() string {
	r := record{"valeur": nil, "unite": ev.Unit, "statut": ev.Statut}
	if ev.Value != nil {
		r["valeur"] = *ev.Value
	}
	text := figureText(r)
	if ev.Low != nil && ev.High != nil {
		low, high := record{"valeur": *ev.Low, "unite": ev.Unit, "statut": "ok"}, record{"valeur": *ev.High, "unite": ev.Unit, "statut": "ok"}
		text += " (de " + figureText(low) + " à " + figureText(high) + ")"
	}
	if ev.Numerator != nil && ev.Denominator != nil {
		text += fmt.Sprintf(", %s sur %s", frenchNumber(*ev.Numerator, 0), frenchNumber(*ev.Denominator, 0))
	}
	return typo(text)
}

// MonthName is the month of the figure: « octobre 2026 ».
func (ev *Evidence) MonthName() string {
	t, err := time.Parse("2006-01", ev.Period)
	if err != nil {
		return ev.Period
	}
	return monthName(t)
}

// ModaliteName is the modalite in words, empty for an indicator without modalites.
func (ev *Evidence) ModaliteName(list string) string {
	if ev.Modalite == "" {
		return ""
	}
	return ev.model.Label(list, ev.Modalite)
}

// InputsInWords says what the estimator takes of a row.
func (r *EvidenceRow) InputsInWords() string {
	var words []string
	for _, input := range r.Inputs {
		words = append(words, input.Name+" = "+inWords(input.Value))
	}
	return strings.Join(words, ", ")
}

// InWords is the place and its cells: « suivi.xlsx, Relations, ligne 14 : A14 Déclarant = mairie ; … ».
func (p *EvidencePlace) InWords() string {
	switch {
	case p.Workbook == "":
		return "aucun classeur reçu"
	case p.Sheet == "":
		return p.Workbook + ", classeur entier"
	}
	text := fmt.Sprintf("%s, %s, ligne %d", p.Workbook, p.Sheet, p.Line)
	for i, cell := range p.Cells {
		separator := " ; "
		if i == 0 {
			separator = " : "
		}
		text += separator + cell.Cell + " " + cell.Title + " = " + cell.Value
	}
	return typo(text)
}

// Workbook makes a small workbook of the evidence: the figure, then a row per cell.
func (ev *Evidence) Workbook(release Release) ([]byte, error) {
	where := ev.Territory
	if where == indicators.Programme {
		where = "programme"
	}
	title := fmt.Sprintf("%s %s : %s, %s", ev.Indicator, ev.Name, where, ev.MonthName())
	b := &workbook{title: typo(title), author: release.Programme, made: release.Period}
	figure := sheet{name: "Chiffre", title: typo(title), sentences: []string{typo("Cette feuille contient un tableau. La feuille « Preuve » donne, cellule par cellule, les lignes sur lesquelles le chiffre repose.")},
		columns: []column{{"Élément", 30, textFormat}, {"Contenu", 100, textFormat}}}
	agrees := "non : le chiffre publié et celui que donnent les lignes listées diffèrent"
	if ev.Agrees {
		agrees = "oui : les lignes listées redonnent le chiffre"
	}
	for _, line := range [][2]string{
		{"Valeur", ev.Sentence()}, {"Statut", ev.model.Label("statut_indicateur", ev.Statut)},
		{"Effectif", fmt.Sprintf("%d (plancher : %d)", ev.Effectif, ev.Floor)}, {"Population", fmt.Sprint(ev.Population)}, {"Inconnus", fmt.Sprint(ev.Missing)}, {"Couverture", ev.Covered},
		{"Recalcul", agrees}, {"Définition", ev.Definition}, {"Ce qui compte", ev.Counts}, {"Estimateur", ev.Estimator}, {"Limites", ev.Limits}, {"Source", ev.Source},
		{"Territoires sans ligne ici", strings.Join(ev.Left, ", ")},
	} {
		if line[1] != "" {
			figure.rows = append(figure.rows, []any{line[0], typo(line[1])})
		}
	}
	proof := sheet{name: "Preuve", title: typo("Preuve : " + title), filtered: true,
		sentences: []string{"Cette feuille contient un tableau : une ligne par cellule."},
		columns: []column{{"Compte", 24, textFormat}, {"Territoire", 20, textFormat}, {"Sujet", 28, textFormat}, {"Entrées", 28, textFormat},
			{"Classeur", 40, textFormat}, {"Feuille", 16, textFormat}, {"Cellule", 10, textFormat}, {"Titre", 26, textFormat}, {"Contenu", 40, textFormat}}}
	for _, row := range slices.Concat(ev.Rows, ev.Outside) {
		counted := "oui"
		if !row.Counted {
			counted = "non : " + row.Reason
		}
		for _, p := range row.Places {
			start := []any{typo(counted), row.Territory, row.Subject, row.InputsInWords(), p.Workbook, p.Sheet}
			if len(p.Cells) == 0 {
				proof.rows = append(proof.rows, append(slices.Clone(start), "", "", ""))
			}
			for _, cell := range p.Cells {
				proof.rows = append(proof.rows, append(slices.Clone(start), cell.Cell, cell.Title, cell.Value))
			}
		}
	}
	b.sheets = []sheet{figure, proof}
	return b.encode()
}
