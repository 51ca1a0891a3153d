package transform

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"cairn/ingest"
)

// parsed is a submission with the digest of its original.
type parsed struct {
	original string
	*ingest.Submission
}

// layout changes whenever the tables of raw that are not made from the schemas do.
const layout = "3"

// Load parses the originals that raw does not hold yet and adds them in one transaction. When the
// reader or the schemas have changed since, everything is parsed again. It returns how many were
// parsed; progress, if not nil, is called after each.
func (w *Warehouse) Load(ctx context.Context, m *ingest.Model, archive ingest.Archive, originals []string, progress func(done, total int)) (int, error) {
	version := layout + "-" + ingest.ReaderVersion + "-" + m.Digest + "-" + w.Key.fingerprint()
	known, err := w.loaded(ctx, version)
	if err != nil {
		return 0, err
	}
	var missing []string
	for _, o := range originals {
		if !known[o] && !slices.Contains(missing, o) {
			missing = append(missing, o)
		}
	}
	if len(missing) == 0 && known != nil {
		return 0, nil
	}
	stop := make(chan struct{})
	defer close(stop)
	read := parseAhead(m, archive, missing, progress, stop)
	err = w.Update(ctx, func(tx *Tx) error {
		if known == nil {
			if err := createRaw(tx, m, version); err != nil {
				return err
			}
		}
		for b := range read {
			if b.err != nil {
				return b.err
			}
			if err := appendRaw(tx, m, b.submissions); err != nil {
				return err
			}
		}
		return nil
	})
	if len(missing) > 100 {
		debug.FreeOSMemory() // the rows are in the database, which needs the room next and knows nothing of Go's
	}
	if err == nil && len(missing) > longHistory {
		err = w.thrifty(ctx)
	}
	return len(missing), err
}

// longHistory is how many originals, loaded at once, make a database of which memory is spared rather than time.
const longHistory = 500

// loaded lists the originals in raw, or nil when there is no raw of that version.
func (w *Warehouse) loaded(ctx context.Context, version string) (map[string]bool, error) {
	var count int
	err := w.QueryRowContext(ctx, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'raw' AND table_name = 'version'").Scan(&count)
	if err != nil || count == 0 {
		return nil, err
	}
	var found string
	if err := w.QueryRowContext(ctx, "SELECT version FROM raw.version").Scan(&found); err != nil || found != version {
		return nil, err
	}
	rows, err := w.QueryContext(ctx, "SELECT original FROM raw.originaux")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var o string
		if err := rows.Scan(&o); err != nil {
			return nil, err
		}
		known[o] = true
	}
	return known, rows.Err()
}

// atOnce is how many originals are read before they are added: few enough that a long history needs little memory.
const atOnce = 64

// batch is some originals in their order, read.
type batch struct {
	submissions []parsed
	err         error
}

// parseAhead reads and parses originals on every core, while those before are added. It ends with the first error, or
// when stop is closed.
func parseAhead(m *ingest.Model, archive ingest.Archive, originals []string, progress func(done, total int), stop <-chan struct{}) <-chan batch {
	read := make(chan batch)
	done := 0
	var report sync.Mutex
	go func() {
		defer close(read)
		for some := range slices.Chunk(originals, atOnce) {
			b := batch{submissions: make([]parsed, len(some))}
			b.err = ingest.Each(len(some), func(i int) error {
				data, err := archive.Get(some[i])
				if err != nil {
					return err
				}
				b.submissions[i] = parsed{some[i], ingest.Parse(m, data)}
				if progress != nil {
					report.Lock()
					defer report.Unlock()
					done++
					progress(done, len(originals))
				}
				return nil
			})
			select {
			case read <- b:
			case <-stop:
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	return read
}

func createRaw(tx *Tx, m *ingest.Model, version string) error {
	statements := []string{
		`DROP SCHEMA IF EXISTS raw CASCADE`,
		`CREATE SCHEMA raw`,
		`CREATE TABLE raw.version (version VARCHAR)`,
		`CREATE TABLE raw.originaux (original VARCHAR, rejetee BOOLEAN, commentaires BOOLEAN, territoire_id VARCHAR, periode DATE, emetteur VARCHAR, version_modele VARCHAR,
			feuille_accueil VARCHAR, cellule_territoire VARCHAR, cellule_periode VARCHAR, cellule_emetteur VARCHAR, feuille_retour VARCHAR)`,
		`CREATE TABLE raw.feuilles (original VARCHAR, "table" VARCHAR, feuille VARCHAR, rien BOOLEAN)`,
		`CREATE TABLE raw.colonnes (original VARCHAR, "table" VARCHAR, champ VARCHAR, colonne VARCHAR)`,
		`CREATE TABLE raw.constats (original VARCHAR, rang INTEGER, "table" VARCHAR, feuille VARCHAR, ligne INTEGER, cellule VARCHAR, champ VARCHAR,
			regle VARCHAR, gravite VARCHAR, message VARCHAR, cle VARCHAR, valeur VARCHAR, proposition VARCHAR)`,
		`CREATE TABLE raw.commentaires (original VARCHAR, ligne INTEGER, territoire_id VARCHAR, periode DATE, indicateur VARCHAR, commentaire VARCHAR)`,
		`CREATE TABLE raw.reponses (original VARCHAR, ligne INTEGER, identite VARCHAR, reponse VARCHAR, explication VARCHAR)`,
	}
	for _, name := range ingest.Tables {
		statements = append(statements, rawTable(m.Schemas[name]))
	}
	for _, s := range statements {
		if err := tx.Exec(s); err != nil {
			return err
		}
	}
	return tx.Exec("INSERT INTO raw.version VALUES (?)", version)
}

func appendRaw(tx *Tx, m *ingest.Model, submissions []parsed) error {
	each := func(rows func(s parsed, yield func(...driver.Value) bool) bool) iter.Seq[[]driver.Value] {
		return func(yield func([]driver.Value) bool) {
			for _, s := range submissions {
				if !rows(s, func(v ...driver.Value) bool { return yield(v) }) {
					return
				}
			}
		}
	}
	err := tx.Append("raw", "originaux", each(func(s parsed, yield func(...driver.Value) bool) bool {
		var periode driver.Value
		if !s.Periode.IsZero() {
			periode = s.Periode
		}
		return yield(s.original, s.Rejected, s.Comments != nil, s.Territoire, periode, s.Emetteur, s.Version,
			orNull(s.Cover.Sheet), orNull(s.Cover.Territoire), orNull(s.Cover.Periode), orNull(s.Cover.Emetteur), orNull(s.Returned))
	}))
	if err != nil {
		return err
	}
	err = tx.Append("raw", "feuilles", each(func(s parsed, yield func(...driver.Value) bool) bool {
		for _, t := range s.Tables {
			if !yield(s.original, t.Schema.Name, orNull(t.Sheet), t.Nothing) {
				return false
			}
		}
		return true
	}))
	if err != nil {
		return err
	}
	err = tx.Append("raw", "colonnes", each(func(s parsed, yield func(...driver.Value) bool) bool {
		for _, t := range s.Tables {
			for i, column := range t.Columns {
				if column >= 0 && !yield(s.original, t.Schema.Name, t.Schema.Fields[i].Name, ingest.ColumnName(column)) {
					return false
				}
			}
		}
		return true
	}))
	if err != nil {
		return err
	}
	err = tx.Append("raw", "constats", each(func(s parsed, yield func(...driver.Value) bool) bool {
		for i, f := range s.Findings {
			f = tx.key.finding(m.Schemas[f.Table], s.Territoire, f)
			if !yield(s.original, int32(i), orNull(f.Table), orNull(f.Sheet), int32(f.Line), orNull(f.Cell), orNull(f.Field),
				f.Rule, string(f.Severity), f.Message, orNull(f.Key), orNull(f.Value), orNull(f.Proposal)) {
				return false
			}
		}
		return true
	}))
	if err != nil {
		return err
	}
	err = tx.Append("raw", "reponses", each(func(s parsed, yield func(...driver.Value) bool) bool {
		for _, a := range s.Answers {
			if !yield(s.original, int32(a.Line), a.Finding, orNull(a.Response), orNull(a.Explanation)) {
				return false
			}
		}
		return true
	}))
	if err != nil {
		return err
	}
	err = tx.Append("raw", "commentaires", each(func(s parsed, yield func(...driver.Value) bool) bool {
		for _, c := range s.Comments {
			month, err := time.Parse("2006-01", c.Periode)
			if err == nil && !yield(s.original, int32(c.Line), c.Territoire, month, c.Indicateur, c.Commentaire) {
				return false
			}
		}
		return true
	}))
	if err != nil {
		return err
	}
	for i, name := range ingest.Tables {
		err := tx.Append("raw", name, each(func(s parsed, yield func(...driver.Value) bool) bool {
			if s.Tables == nil {
				return true
			}
			for _, r := range s.Tables[i].Rows {
				row := make([]driver.Value, 0, 6+len(r.Values))
				row = append(row, s.original, int32(r.Line), r.Aside, int32(r.Required), int32(r.Present), int32(r.Filled))
				for _, v := range tx.key.values(s.Tables[i].Schema, s.Territoire, r.Values) {
					row = append(row, orNull(v))
				}
				if !yield(row...) {
					return false
				}
			}
			return true
		}))
		if err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	return nil
}

func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}
