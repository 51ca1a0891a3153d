package jobs_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// pool is the workbooks of two territories over six months, two variants of each, and what is no workbook.
type pool struct {
	archive ingest.Archive
	model   *ingest.Model
	months  [][]string // per territory and month, the originals of its variants
	junk    string
}

func newPool(t *testing.T) *pool {
	t.Helper()
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	all := &pool{archive: ingest.Archive{Dir: t.TempDir()}, model: m}
	put := func(data []byte) string {
		digest, err := all.archive.Put(data)
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	for _, territoire := range []string{"alpha", "gamma"} {
		for month := 1; month <= 6; month++ {
			var variants []string
			for variant := range 2 {
				r := rows{
					"engagements": {with(engagement, "personnes", int64(1+9*variant), "date_fin_prevue", on(2026, 4, 15))},
					"freins": {{"frein_id": "F1", "exprime_par": "elus", "categorie": "mefiance", "date_identification": on(2026, 1, 5),
						"statut": []string{"identifie", "en_travail"}[variant]}},
					"relations": {{"declarant": "mairie", "partenaire": "coop", "dimension": "transversale", "date_observation": on(2026, month, 3),
						"type_relation": "partenariat", "confiance": int64(1 + (month+variant)%5)}},
				}
				for _, name := range []string{"mairie", "coop", "fournil", "café"}[:2+(month+variant)%3] { // one is no identifier
					r["acteurs"] = append(r["acteurs"], with(actors[0], "acteur_id", name))
				}
				for i := range 2 + variant {
					r["dialogues"] = append(r["dialogues"], map[string]any{"dialogue_id": fmt.Sprintf("D%d-%d", month, i), "date": on(2026, month, 1+i),
						"type": "agora", "statut": "tenu", "participants_elus": int64(3 + variant)})
				}
				var b bytes.Buffer
				if err := ingest.WriteTemplate(&b, m, ingest.TemplateData{Territoire: territoire, Periode: on(2026, month, 1), Rows: r}); err != nil {
					t.Fatal(err)
				}
				variants = append(variants, put(b.Bytes()))
			}
			all.months = append(all.months, variants)
		}
	}
	all.junk = put([]byte("rien"))
	return all
}

// journal is a random history of receptions: late, out of order, corrected, corrected back, sent twice,
// and some months never.
func (p *pool) journal(random *rand.Rand) (receptions []ingest.Entry) {
	var originals []string
	for _, variants := range p.months {
		for range random.IntN(4) {
			originals = append(originals, variants[random.IntN(2)])
		}
	}
	originals = append(originals, p.months[0][0], p.junk)
	random.Shuffle(len(originals), func(i, j int) { originals[i], originals[j] = originals[j], originals[i] })
	for i, o := range originals {
		receptions = append(receptions, ingest.Entry{Original: o, ReceivedAt: time.Date(2026, 7, 1, i, 0, 0, 0, time.UTC)})
	}
	return receptions
}

func stateOf(receptions []ingest.Entry) transform.State {
	return transform.State{
		Receptions: receptions, Parametres: transform.DefaultParameters, Key: "k",
		Territoires: []byte("territoire_id,nom,date_entree\nalpha,Alpha,2026-01-01\ngamma,Gamma,2026-01-01\n"),
	}
}

// bench is a database on which paths are played one after the other: what the one before left in core
// must not matter, what it left in raw is thrown away.
type bench struct {
	*pool
	t    *testing.T
	file string
	db   *transform.Warehouse
}

func (b *bench) open() {
	var err error
	if b.db, err = transform.Open(b.file, ""); err != nil {
		b.t.Fatal(err)
	}
}

// play brings the database up to a journal by a random path: in batches, some of them loaded twice, some
// cut short, some built on the way, some followed by a restart. It returns all that core then holds.
func (b *bench) play(receptions []ingest.Entry, random *rand.Rand) string {
	t, p := b.t, b.pool
	t.Helper()
	if _, err := b.db.Exec("DROP SCHEMA IF EXISTS raw CASCADE"); err != nil {
		t.Fatal(err)
	}
	for done := 0; done < len(receptions); {
		next := len(receptions)
		if random != nil {
			next = done + 1 + random.IntN(len(receptions)-done)
		}
		var originals []string
		for _, r := range receptions[:next] {
			originals = append(originals, r.Original)
		}
		chance := 9
		if random != nil {
			chance = random.IntN(10)
		}
		switch chance {
		case 0: // killed while it loads
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := b.db.Load(ctx, p.model, p.archive, originals, nil); err == nil && next > done {
				t.Fatal("a load that was cut short gave no error")
			}
			continue
		case 1: // killed while it builds
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Duration(random.IntN(100))*time.Millisecond, cancel)
			b.db.Build(ctx, p.model, stateOf(receptions[:done])) // whether it ends or not
			cancel()
		case 2: // stopped and started again
			if err := b.db.Close(); err != nil {
				t.Fatal(err)
			}
			b.open()
		}
		if _, err := b.db.Load(t.Context(), p.model, p.archive, originals, nil); err != nil {
			t.Fatal(err)
		}
		done = next
	}
	if err := b.db.Build(t.Context(), p.model, stateOf(receptions)); err != nil {
		t.Fatal(err)
	}
	return dump(t, b.db)
}

// dump is a digest of every table of core, a line each.
func dump(t *testing.T, db *transform.Warehouse) string {
	t.Helper()
	tables, err := db.Query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'core' ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Close(); err != nil || len(names) < 20 {
		t.Fatal(len(names), err)
	}
	var b strings.Builder
	for _, name := range names {
		var n int
		var digest string
		if err := db.QueryRow(fmt.Sprintf(`SELECT count(*), coalesce(md5(string_agg(t::VARCHAR, chr(10) ORDER BY t::VARCHAR)), '') FROM core."%s" t`, name)).Scan(&n, &digest); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %d %s\n", name, n, digest)
	}
	return b.String()
}

// thorough asks for what takes minutes: make check.
var thorough = os.Getenv("CAIRN_THOROUGH") != ""

// For one journal, any batching, repetition, crash or restart gives the same state. Two hundred paths are tried.
func TestAnyPathGivesTheSameState(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("builds many databases: make check")
	}
	p := newPool(t)
	const schedules, journals = 200, 10
	var wg sync.WaitGroup
	turn := make(chan bool, runtime.GOMAXPROCS(0))
	for j := range journals {
		wg.Go(func() {
			turn <- true
			defer func() { <-turn }()
			random := rand.New(rand.NewPCG(uint64(j), 5))
			receptions := p.journal(random)
			b := &bench{pool: p, t: t, file: filepath.Join(t.TempDir(), fmt.Sprint(j, ".duckdb"))}
			b.open()
			defer func() { b.db.Close() }()
			want := b.play(receptions, nil)
			for i := range schedules / journals {
				if got := b.play(receptions, random); got != want {
					t.Errorf("journal %d, path %d:\n%swant\n%s", j, i, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Two workbooks of different months that arrive the other way round change what Q02 says of delays, and
// no other figure.
func TestSwappedReceptions(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("builds many databases: make check")
	}
	p := newPool(t)
	random := rand.New(rand.NewPCG(1, 7))
	b := &bench{pool: p, t: t, file: filepath.Join(t.TempDir(), "cairn.duckdb")}
	b.open()
	defer func() { b.db.Close() }()
	figures := func(receptions []ingest.Entry) string {
		b.play(receptions, nil)
		if err := indicators.Compute(t.Context(), b.db, p.model, nil); err != nil {
			t.Fatal(err)
		}
		var n int
		var digest string
		if err := b.db.QueryRow(`SELECT count(*), md5(string_agg(v::VARCHAR, chr(10) ORDER BY v::VARCHAR)) FROM indicateur.valeurs v WHERE indicateur <> 'Q02'`).Scan(&n, &digest); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(n, " ", digest)
	}
	monthOf := map[string]int{}
	for m, variants := range p.months {
		for _, o := range variants {
			monthOf[o] = 1 + m
		}
	}
	for tried := 0; tried < 8; {
		receptions := p.journal(random)
		i := random.IntN(len(receptions) - 1)
		j := i + 1 // neighbours: of two others, one may pass a version of its own month
		if monthOf[receptions[i].Original] == monthOf[receptions[j].Original] {
			continue
		}
		tried++
		before := figures(receptions)
		swapped := slices.Clone(receptions)
		swapped[i].Original, swapped[j].Original = swapped[j].Original, swapped[i].Original
		if after := figures(swapped); after != before {
			t.Errorf("receptions %d and %d, the other way round: %s, was %s", i, j, after, before)
		}
	}
}
