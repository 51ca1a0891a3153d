package transform_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"

	"cairn/ingest"
	"cairn/transform"
)

// place is a workspace without files: workbooks are made, archived and received by the test.
type place struct {
	t       *testing.T
	model   *ingest.Model
	archive ingest.Archive
	state   transform.State
	db      *transform.Warehouse
}

func newPlace(t *testing.T) *place {
	t.Helper()
	model, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	db, err := transform.Open(filepath.Join(t.TempDir(), "cairn.duckdb"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &place{t: t, model: model, archive: ingest.Archive{Dir: t.TempDir()}, db: db, state: transform.State{
		Territoires: []byte("territoire_id,nom,date_entree\nalpha,Alpha,2026-01-01\n"), Parametres: transform.DefaultParameters, Key: "k",
	}}
}

// book archives a workbook and returns its digest.
func (p *place) book(territoire, periode, emetteur string, rows map[string][]map[string]any) string {
	p.t.Helper()
	month, err := time.Parse("2006-01", periode)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.filled(ingest.TemplateData{Territoire: territoire, Periode: month, Emetteur: emetteur, Rows: rows})
}

// filled archives a workbook and returns its digest.
func (p *place) filled(data ingest.TemplateData) string {
	p.t.Helper()
	var b bytes.Buffer
	if err := ingest.WriteTemplate(&b, p.model, data); err != nil {
		p.t.Fatal(err)
	}
	digest, err := p.archive.Put(b.Bytes())
	if err != nil {
		p.t.Fatal(err)
	}
	return digest
}

// receive takes the originals in that order, an hour apart, and builds. The last may be of a month to come.
func (p *place) receive(originals ...string) {
	p.t.Helper()
	start := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	if p.state.Horizon.After(start) {
		start = p.state.Horizon
	}
	for _, o := range originals {
		p.receiveAt(start.Add(time.Duration(len(p.state.Receptions))*time.Hour), o)
	}
	p.build(originals...)
}

func (p *place) receiveAt(at time.Time, original string) {
	p.state.Receptions = append(p.state.Receptions, ingest.Entry{Original: original, ReceivedAt: at})
}

func (p *place) build(originals ...string) {
	p.t.Helper()
	if _, err := p.db.Load(p.t.Context(), p.model, p.archive, originals, nil); err != nil {
		p.t.Fatal(err)
	}
	if err := p.db.Build(p.t.Context(), p.model, p.state); err != nil {
		p.t.Fatal(err)
	}
}

// lines are the rows of a query, each as Go prints it.
func (p *place) lines(query string) []string {
	p.t.Helper()
	rows, err := p.db.Query(query)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		p.t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			p.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintln(values...))
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return lines
}

func (p *place) expect(query string, want ...string) {
	p.t.Helper()
	for i := range want {
		want[i] += "\n"
	}
	if got := p.lines(query); !slices.Equal(got, want) {
		p.t.Errorf("%s\ngot  %q\nwant %q", query, got, want)
	}
}

func actor(id, name string) map[string]any {
	return map[string]any{"acteur_id": id, "nom": name, "groupe_pairs": "elus", "famille": "collectivite",
		"date_entree": time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// Of the workbooks of one territory, month and émetteur the last received is current. The current
// bytes again are no version; earlier bytes again are one.
func TestVersions(t *testing.T) {
	p := newPlace(t)
	first := p.book("alpha", "2026-04", "", map[string][]map[string]any{"acteurs": {actor("A", "un")}})
	second := p.book("alpha", "2026-04", "", map[string][]map[string]any{"acteurs": {actor("A", "deux")}})
	other := p.book("alpha", "2026-04", "elus", nil)
	unknown := p.book("beta", "2026-04", "", nil)
	future := p.book("alpha", "2026-08", "", nil)
	junk, err := p.archive.Put([]byte("rien"))
	if err != nil {
		t.Fatal(err)
	}
	p.receive(first, first, second, other, unknown, future, junk, first, junk)
	p.expect(`SELECT soumission, statut, coalesce(version, 0), courante, coalesce(refus, '') FROM core.soumissions ORDER BY soumission`,
		"1 acceptee 1 false ", "2 doublon 0 false ", "3 acceptee 2 false ", "4 acceptee 1 true ", "5 rejetee 0 false territoire_inconnu",
		"6 rejetee 0 false periode_future", "7 rejetee 0 false illisible", "8 acceptee 3 true ", "9 doublon 0 false illisible")
	p.expect(`SELECT nom FROM core.acteurs`, "un")
}

// A registre row holds from its month until the next of its key; a flux row is the last declared;
// a row set aside leaves the earlier one standing; what disappears stands as last seen.
func TestWhatHolds(t *testing.T) {
	p := newPlace(t)
	day := func(m time.Month) time.Time { return time.Date(2026, m, 10, 0, 0, 0, 0, time.UTC) }
	dialogue := func(m time.Month, statut string) map[string]any {
		return map[string]any{"dialogue_id": "D", "date": day(m), "type": "agora", "statut": statut}
	}
	bad := actor("A", "trois")
	delete(bad, "groupe_pairs")
	p.receive(
		p.book("alpha", "2026-02", "", map[string][]map[string]any{"acteurs": {actor("A", "un"), actor("B", "b")}, "dialogues": {dialogue(2, "reporte")}}),
		p.book("alpha", "2026-03", "", map[string][]map[string]any{"acteurs": {actor("A", "deux")}, "dialogues": {dialogue(3, "tenu")}}),
		p.book("alpha", "2026-04", "", map[string][]map[string]any{"acteurs": {bad}}),
	)
	p.expect(`SELECT strftime(periode, '%m'), acteur_id, nom FROM etat.acteurs ORDER BY ALL`,
		"02 A un", "02 B b", "03 A deux", "03 B b", "04 A deux", "04 B b")
	p.expect(`SELECT dialogue_id, statut, strftime("date", '%m') FROM etat.dialogues`, "D tenu 03")
	p.expect(`SELECT "table", lues, prises, ecartees FROM core.feuilles WHERE lues <> prises + ecartees OR ecartees > 0`, "acteurs 1 0 1")
}

// An error in the middle of a transaction leaves nothing of it behind, appended rows included.
func TestUpdateRollsBack(t *testing.T) {
	p := newPlace(t)
	stop := errors.New("stop")
	err := p.db.Update(t.Context(), func(tx *transform.Tx) error {
		if err := tx.Exec("CREATE SCHEMA s"); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("got %v", err)
	}
	p.expect(`SELECT count(*) FROM information_schema.schemata WHERE schema_name = 's'`, "0")
}

// The database can neither read nor write outside the folder that it was given.
func TestOutsideIsClosed(t *testing.T) {
	dir := t.TempDir()
	w, err := transform.Open("", filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, query := range []string{
		"COPY (SELECT 1) TO '" + filepath.Join(dir, "out.csv") + "'",
		"SELECT * FROM read_csv('/etc/passwd')",
		"SET enable_external_access = true",
		"INSTALL excel",
	} {
		if _, err := w.Exec(query); err == nil {
			t.Errorf("%s: done", query)
		}
	}
}

// cut is a context that is cancelled when it is asked for the nth time.
type cut struct {
	context.Context
	cancel context.CancelFunc
	asked  atomic.Int64
}

func cutAfter(t *testing.T, n int64) *cut {
	ctx, cancel := context.WithCancel(t.Context())
	c := &cut{Context: ctx, cancel: cancel}
	c.asked.Store(n)
	return c
}

func (c *cut) Err() error {
	if c.asked.Add(-1) < 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// A build that is given up on its way, wherever that is, leaves nothing behind that keeps the next one from ending.
func TestBuildGivenUp(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.receive(p.book("alpha", "2026-05", "", nil))
	givenUp := 0
	for n := int64(0); ; n += 1 + n/10 { // most at its first statements
		ctx := cutAfter(t, n)
		err := p.db.Build(ctx, p.model, p.state)
		if ctx.cancel(); err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("given up when asked for the %dth time: %v", n, err)
		}
		givenUp++
	}
	if givenUp < 10 {
		t.Errorf("given up %d times", givenUp)
	}
	p.build()
}
