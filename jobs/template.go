package jobs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

type templateCmd struct {
	Territory string `help:"Territory whose workbook is made (default: every territory of the programme; outside a workspace: a blank one)." placeholder:"ID"`
	Period    string `help:"Month of the workbook, as 2026-11 (default: the month after the last one received from that territory)." placeholder:"MONTH"`
	Emetteur  string `help:"Actor or peer group that answers for itself: the workbook holds its two sheets and nobody else's answers." placeholder:"ID"`
	Out       string `help:"File to write, or folder (default: here, or the folder classeurs for every territory)." placeholder:"PATH"`
}

// Run writes monthly workbooks to be filled in: blank, or with the registers as last known. It
// never writes over a file: somebody may have filled it in.
func (c *templateCmd) Run(e *env) error {
	if err := c.run(e); err != nil {
		return fmt.Errorf("template: %w", err)
	}
	return nil
}

func (c *templateCmd) run(e *env) error {
	period, err := parsePeriod(c.Period)
	if err != nil {
		return err
	}
	if c.Emetteur != "" && c.Territory == "" {
		return &hintError{errors.New("--emetteur needs --territory"), "say whose territory the answers are about"}
	}
	w, err := OpenWorkspace(e.workspace)
	if errors.As(err, new(*hintError)) && c.Territory == "" {
		return c.blank(e, period)
	}
	if err != nil {
		return err
	}
	b, err := e.workbooks(w)
	if err != nil {
		return err
	}
	defer b.close()
	if c.Territory != "" {
		place, err := b.territory(c.Territory)
		if err != nil {
			return err
		}
		return c.write(e, b, place, period, c.Out)
	}
	dir := c.Out
	if dir == "" {
		dir = "classeurs"
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, place := range b.places {
		if err := c.write(e, b, place, period, dir); err != nil {
			return err
		}
	}
	return nil
}

// parsePeriod reads a month; zero when none is asked.
func parsePeriod(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	period, err := time.Parse("2006-01", text)
	if err != nil || period.IsZero() { // which means that none is asked for
		return period, &hintError{fmt.Errorf("--period %s is not a month", text), "write it as 2026-10"}
	}
	return period, nil
}

// blank writes a workbook of nobody.
func (c *templateCmd) blank(e *env, period time.Time) error {
	model, err := ingest.LoadModel()
	if err != nil {
		return err
	}
	return e.save(model, ingest.TemplateData{Periode: period}, c.Out, "classeur-de-suivi.xlsx")
}

// write writes one territory's workbook, or an émetteur's.
func (c *templateCmd) write(e *env, b *workbooks, place map[string]string, period time.Time, out string) error {
	id := place["territoire_id"]
	if period.IsZero() {
		var err error
		if period, err = b.nextPeriod(e, place); err != nil {
			return err
		}
		if leaves, ok := day(place["date_sortie"]); ok && leaves.Before(period) && c.Territory == "" {
			return nil // left the programme
		}
	}
	data := ingest.TemplateData{
		Territoire: id, Nom: place["nom"], Periode: period,
		Programme: b.config.Programme, Contact: b.config.Contact,
	}
	registers, err := b.registers(e, id, period)
	if err != nil {
		return err
	}
	name := period.Format("2006-01") + "_" + id
	if c.Emetteur == "" {
		data.Rows = registers
	} else {
		if data.Acteurs, err = b.answering(c.Emetteur, registers["acteurs"], period); err != nil {
			return err
		}
		data.Emetteur = c.Emetteur
		name += "_" + c.Emetteur
	}
	return e.save(b.model, data, out, name+"_classeur.xlsx")
}

// save writes a workbook to a file, or under its own name into a folder, and says where.
func (e *env) save(m *ingest.Model, d ingest.TemplateData, out, name string) error {
	file := out
	if info, err := os.Stat(out); out == "" || strings.HasSuffix(out, string(filepath.Separator)) || err == nil && info.IsDir() {
		file = filepath.Join(out, name)
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return &hintError{fmt.Errorf("%s is there already", file), "it may have been filled in: move it away, or give another --out"}
	}
	var buf bytes.Buffer
	if err := ingest.WriteTemplate(&buf, m, d); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := ingest.WriteDurably(file, buf.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s\n", file)
	return nil
}

// workbooks is what a workspace knows that a workbook is filled with.
type workbooks struct {
	model  *ingest.Model
	config Config
	places []map[string]string  // rows of territoires.csv, in their order
	db     *transform.Warehouse // nil before the first run
}

func (e *env) workbooks(w *Workspace) (*workbooks, error) {
	model, err := ingest.LoadModel()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(w.path("territoires.csv"))
	if err != nil {
		return nil, err
	}
	b := &workbooks{model: model, config: w.Config}
	if b.places, err = ingest.ParseCSV(model, model.Schemas["territoires"], data); err != nil {
		return nil, fmt.Errorf("territoires.csv: %w", err)
	}
	if len(b.places) == 0 {
		return nil, &hintError{errors.New("territoires.csv lists no territory"), "a line per territory of the programme"}
	}
	if stands, err := w.stands(); !stands {
		return b, err // nothing has run here yet: no register is known
	}
	if b.db, err = w.open(e.ctx); err != nil {
		return nil, err
	}
	if err := b.db.Built(e.ctx); err != nil {
		b.close()
		b.db = nil
		if !errors.Is(err, transform.ErrNotBuilt) {
			return nil, err
		}
	}
	return b, nil
}

func (b *workbooks) close() {
	if b.db != nil {
		b.db.Close()
	}
}

func (b *workbooks) territory(id string) (map[string]string, error) {
	for _, place := range b.places {
		if place["territoire_id"] == id {
			return place, nil
		}
	}
	return nil, &hintError{fmt.Errorf("no territory %s", id), "territoires.csv lists those of the programme"}
}

// nextPeriod is the month after the last one received; before the first, that in which the
// territory joined.
func (b *workbooks) nextPeriod(e *env, place map[string]string) (time.Time, error) {
	if b.db != nil {
		last, ok, err := b.db.LastReceived(e.ctx, place["territoire_id"])
		if err != nil {
			return last, err
		}
		if ok {
			return last.AddDate(0, 1, 0), nil
		}
	}
	joined, _ := day(place["date_entree"]) // required in territoires.csv
	return time.Date(joined.Year(), joined.Month(), 1, 0, 0, 0, 0, time.UTC), nil
}

func day(text string) (time.Time, bool) {
	d, err := time.Parse(time.DateOnly, text)
	return d, err == nil
}

func (b *workbooks) registers(e *env, territory string, period time.Time) (map[string][]map[string]any, error) {
	if b.db == nil {
		return nil, nil
	}
	return b.db.Registers(e.ctx, b.model, territory, period)
}

// answering checks who answers for itself and returns the actors that it may name, by identifier
// and name alone: nothing else of the registers goes into its workbook.
func (b *workbooks) answering(emitter string, actors []map[string]any, period time.Time) ([]ingest.TemplateActor, error) {
	known := slices.Contains(b.model.Values("groupe_pairs"), emitter)
	var named []ingest.TemplateActor
	for _, a := range actors {
		id, _ := a["acteur_id"].(string)
		name, _ := a["nom"].(string)
		left, gone := a["date_sortie"].(time.Time)
		if id == emitter || !gone || !left.Before(period) {
			named = append(named, ingest.TemplateActor{ID: id, Nom: name})
		}
		known = known || id == emitter
	}
	if !known {
		return nil, &hintError{fmt.Errorf("no actor or peer group %s", emitter),
			"an identifier of the territory's sheet « Acteurs », or one of " + strings.Join(b.model.Values("groupe_pairs"), ", ")}
	}
	return named, nil
}
