package exports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/indicators"
	"cairn/ingest"
)

// readTree is every file below dir, by its path.
func readTree(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	tree := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		tree[path], err = os.ReadFile(filepath.Join(dir, path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// The same archive and journal give the same bytes: another database, folder and number of cores.
func TestSameBytes(t *testing.T) {
	first := shared(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	second := stage(t)
	defer second.warehouse.Close()
	a, b := readTree(t, first.dir), readTree(t, second.dir)
	if len(a) != len(b) {
		t.Fatalf("%d files, then %d", len(a), len(b))
	}
	for path := range a {
		if !bytes.Equal(a[path], b[path]) {
			t.Errorf("%s has other bytes", path)
		}
	}
}

func TestManifest(t *testing.T) {
	s := shared(t)
	tree := readTree(t, s.dir)
	if got := sha256Hex(tree[manifestFile]); got != s.digest {
		t.Errorf("the manifest's digest is %s, Stage says %s", got, s.digest)
	}
	var got manifestJSON
	if err := json.Unmarshal(tree[manifestFile], &got); err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Fichiers {
		if data := tree[f.Chemin]; int64(len(data)) != f.Octets || sha256Hex(data) != f.SHA256 {
			t.Errorf("%s is not as the manifest says", f.Chemin)
		}
	}
	if len(got.Fichiers) != len(tree)-1 {
		t.Errorf("the manifest lists %d files, the folder has %d beside it", len(got.Fichiers), len(tree)-1)
	}
	// Four months of one territory, three of the other; the version sent last stands.
	if len(got.Soumissions) != 7 {
		t.Errorf("%d inputs, want 7", len(got.Soumissions))
	}
	last := got.Soumissions[len(got.Soumissions)-1]
	if want := (inputJSON{"val-de-lys", "2026-10", false, 2, last.SHA256, "2026-11-03"}); last != want {
		t.Error(cmp.Diff(want, last))
	}
}

func TestRefusesAnotherMonth(t *testing.T) {
	s := shared(t)
	r := testRelease()
	r.Period = r.Period.AddDate(0, -1, 0)
	dir := filepath.Join(filepath.Dir(s.dir), "v2")
	if _, err := Stage(context.Background(), s.warehouse, s.model, r, dir); err == nil {
		t.Fatal("a database built for October gave a release of September")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder is left")
	}
}

// Only what the schemas call publique leaves in the open data.
func TestOnlyPubliqueLeaves(t *testing.T) {
	dir, m := shared(t).dir, shared(t).model
	own := map[string]bool{}
	for _, name := range ownResources {
		own[name] = true
	}
	published := map[string]map[string]bool{} // table → columns
	paths, err := filepath.Glob(filepath.Join(dir, dataDir, "*.parquet"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		p, err := openParquet(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		columns := map[string]bool{}
		for _, name := range p.names() {
			columns[name] = true
		}
		p.close()
		published[strings.TrimSuffix(filepath.Base(path), ".parquet")] = columns
	}
	for table, columns := range published {
		if own[table] {
			continue
		}
		s := m.Schemas[table]
		if s == nil || s.Diffusion != ingest.Publique {
			t.Errorf("%s leaves", table)
			continue
		}
		for column := range columns {
			f := s.Field(column)
			if f == nil && column == "territoire_id" {
				continue
			}
			if f == nil || s.DiffusionOf(f) != ingest.Publique || f.Name == "retire" {
				t.Errorf("%s.%s leaves", table, column)
			}
		}
	}
	for name, s := range m.Schemas {
		for i := range s.Fields {
			f := &s.Fields[i]
			public := s.DiffusionOf(f) == ingest.Publique && s.Diffusion == ingest.Publique && f.Name != "retire" && name != "parametres"
			if public != published[name][f.Name] {
				t.Errorf("%s.%s: publique is %v, published is %v", name, f.Name, public, published[name][f.Name])
			}
		}
	}
	closed := []string{"ne sort pas", "secret@", "cache@", "pseudo", "W123456789", "avant-hier"}
	for path, data := range readTree(t, dir) {
		if strings.HasSuffix(path, ".parquet") || strings.HasSuffix(path, ".xlsx") { // compressed: the CSV twin and the workbook's test tell
			continue
		}
		if strings.HasPrefix(path, MethodDir+"/") { // descriptions, which name the fields: no value
			continue
		}
		for _, text := range closed {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s holds %q", path, text)
			}
		}
	}
	if csv := string(readTree(t, dir)["donnees/acteurs.csv"]); !strings.Contains(csv, "W000000000") {
		t.Error("the RNA of an association is public and is missing")
	}
}

func TestCSVFormulas(t *testing.T) {
	dir := shared(t).dir
	tree := readTree(t, dir)
	if csv := string(tree["donnees/acteurs.csv"]); !strings.Contains(csv, ",'=Mairie,") {
		t.Errorf("a text that begins with = is not protected:\n%s", csv)
	}
	if csv := string(tree["donnees/effets.csv"]); !strings.Contains(csv, ",'-20 % de gaspillage,") {
		t.Errorf("a text that begins with - is not protected:\n%s", csv)
	}
	if csv := string(tree["donnees/indicateurs.csv"]); strings.Contains(csv, "'-") || !strings.Contains(csv, ",-") {
		t.Error("a negative number must stay a number")
	}
}

func TestPackageDescribesTheFiles(t *testing.T) {
	dir, m := shared(t).dir, shared(t).model
	tree := readTree(t, dir)
	var p packageJSON
	if err := json.Unmarshal(tree["donnees/datapackage.json"], &p); err != nil {
		t.Fatal(err)
	}
	all, err := resources(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Resources) != 2*len(all) {
		t.Errorf("%d resources described, want two files of %d", len(p.Resources), len(all))
	}
	for _, r := range p.Resources {
		data := tree["donnees/"+r.Path]
		if r.Bytes != len(data) || r.Hash != "sha256:"+sha256Hex(data) {
			t.Errorf("%s is not as described", r.Path)
		}
		for _, f := range r.Schema.Fields {
			if f.Title == "" || f.Description == "" || f.Type == "" {
				t.Errorf("%s: field %s is not described", r.Path, f.Name)
			}
			if f.Name == "statut" && r.Name == "indicateurs" && (len(f.Categories) == 0 || f.Categories[0].Label == "") {
				t.Errorf("%s: the codes of statut have no labels", r.Path)
			}
		}
	}
}

// A value that is not the database's is told with its file, row and column.
func TestVerifyFindsCorruption(t *testing.T) {
	ctx := context.Background()
	own := stage(t)
	defer own.warehouse.Close()
	dir, w, m := own.dir, own.warehouse, own.model
	all, err := resources(m)
	if err != nil {
		t.Fatal(err)
	}
	res := all[0] // indicateurs
	data := filepath.Join(dir, dataDir)
	if err := res.verify(ctx, w, data); err != nil {
		t.Fatal(err)
	}
	wrong := res
	wrong.query = strings.Replace(res.query, "v.valeur,", "CASE WHEN v.indicateur = 'C02' AND v.valeur IS NOT NULL THEN v.valeur + 1e-12 ELSE v.valeur END AS valeur,", 1)
	if wrong.query == res.query {
		t.Fatal("nothing was changed")
	}
	if err := wrong.write(ctx, w, testRelease(), data); err != nil {
		t.Fatal(err)
	}
	var bad *mismatch
	if err := res.verify(ctx, w, data); !errors.As(err, &bad) || bad.File != "indicateurs.parquet" || bad.Column != "valeur" || bad.Row == 0 {
		t.Errorf("a changed Parquet value gives %v", err)
	}
	if err := res.write(ctx, w, testRelease(), data); err != nil {
		t.Fatal(err)
	}
	csv := filepath.Join(data, "indicateurs.csv")
	text, err := os.ReadFile(csv)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"a changed statut": func(b []byte) []byte { return bytes.Replace(b, []byte(",ok,"), []byte(",perime,"), 1) },
		"a missing row":    func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] },
		"one row more":     func(b []byte) []byte { return append(bytes.Clone(b), b[bytes.LastIndexByte(b[:len(b)-1], '\n')+1:]...) },
		"another column":   func(b []byte) []byte { return bytes.Replace(b, []byte("valeur,"), []byte("valeurs,"), 1) },
	} {
		if err := os.WriteFile(csv, damage(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := res.verify(ctx, w, data); err == nil {
			t.Errorf("%s is not seen", name)
		}
	}
}

// The rows of the proof are those that the figures count.
func TestRowsAreThePopulation(t *testing.T) {
	ctx := context.Background()
	w, m := shared(t).warehouse, shared(t).model
	catalogue, err := indicators.Catalogue(m)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, ind := range catalogue {
		all := map[string][]indicators.Member{}
		for m, err := range ind.EachRow(ctx, w, october) {
			if err != nil {
				t.Fatal(err)
			}
			all[m.Territory] = append(all[m.Territory], m)
		}
		have, err := ind.HaveRows(ctx, w, october)
		if err != nil {
			t.Fatal(err)
		}
		for _, territory := range []string{"val-de-lys", "haut-bocage"} {
			members, err := ind.Rows(ctx, w, territory, october)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(members, all[territory]) {
				t.Errorf("%s %s: %d rows alone, %d among all territories, or others", ind.ID, territory, len(members), len(all[territory]))
			}
			if have[territory] != (len(members) > 0) {
				t.Errorf("%s %s: that it has rows is %v, and there are %d", ind.ID, territory, have[territory], len(members))
			}
			for _, modalite := range ind.ModaliteCodes() {
				count := 0
				for _, member := range members {
					if ind.Estimator.Spread || member.Modalite == modalite {
						count++
					}
				}
				var population int
				if err := w.QueryRow("SELECT population FROM indicateur.valeurs WHERE indicateur = ? AND territoire_id = ? AND periode = ? AND modalite = ?",
					ind.ID, territory, october, modalite).Scan(&population); err != nil {
					t.Fatal(ind.ID, modalite, err)
				}
				// Where the population is of subjects, or of some of the rows, there are as many rows or more.
				if count != population && (ind.Estimator.Count == "" || count < population) {
					t.Errorf("%s %s %q: %d rows, population %d", ind.ID, territory, modalite, count, population)
				}
				seen += count
			}
		}
	}
	if seen == 0 {
		t.Error("no row at all: the test says nothing")
	}
}
