package exports

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// october is the last month of the small programme, and the release's.
var october = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

const territoriesCSV = `territoire_id,nom,code_officiel,echelon,population,region,milieu,avancement,integration_ess,date_entree,date_sortie,mandat_debut,courriel_referent
val-de-lys,Val-de-Lys,200000001,communaute_agglomeration,60000,Hauts-de-France,urbain,experimente,forte,2026-07-01,,2026-03-20,secret@example.org
haut-bocage,Haut-Bocage,200000002,petr,31000,Centre-Val de Loire,rural,debutant,faible,2026-07-01,,2026-03-20,cache@example.org
`

func day2026(month, d int) time.Time {
	return time.Date(2026, time.Month(month), d, 0, 0, 0, 0, time.UTC)
}

// territoryRows is a month of a territory: rich enough for each sheet and each kind of column.
func territoryRows(month int) map[string][]map[string]any {
	rows := map[string][]map[string]any{
		"acteurs": {
			{"acteur_id": "MAIRIE", "nom": "=Mairie", "groupe_pairs": "elus", "famille": "collectivite", "date_entree": day2026(1, 1)},
			{"acteur_id": "COLL", "nom": "Collectif du pré", "groupe_pairs": "socio_economique", "famille": "collectif_citoyen", "rna": "W123456789", "date_entree": day2026(1, 1)},
		},
		"projets": {{"projet_id": "P1", "intitule": "Cuisine partagée", "theme": "alimentation", "porteur": "COLL", "portage": "partage", "statut": "en_cours", "date_debut": day2026(2, 1),
			"intention_collectivite": "texte qui ne sort pas"}},
	}
	for i := range 6 {
		id := fmt.Sprintf("A%d", i+1)
		rows["acteurs"] = append(rows["acteurs"], map[string]any{"acteur_id": id, "nom": "Association " + id, "groupe_pairs": "socio_economique",
			"famille": "association", "rna": fmt.Sprintf("W00000000%d", i), "date_entree": day2026(1, 1)})
		for _, pair := range [][2]string{{"MAIRIE", id}, {id, "MAIRIE"}} {
			kind := "partenariat"
			if i == 0 {
				kind = "delegation"
			}
			rows["relations"] = append(rows["relations"], map[string]any{"declarant": pair[0], "partenaire": pair[1], "dimension": "transversale",
				"date_observation": day2026(month, 5), "type_relation": kind, "confiance": int64(4)})
		}
		rows["engagements"] = append(rows["engagements"], map[string]any{"engagement_id": "E" + id, "acteur_id": id, "forme": "humain",
			"intention": "texte qui ne sort pas", "date_debut": day2026(3, 1)})
		rows["effets"] = append(rows["effets"], map[string]any{"effet_id": fmt.Sprintf("F%d-%d", month, i), "projet_id": "P1", "date_constat": day2026(month, 10+i), "domaine": "social",
			"description": "-20 % de gaspillage", "sens": "positif", "anticipe": i%2 == 0, "horizon": "court", "quantite": 12.5, "unite": "kg qui ne sort pas", "niveau_preuve": []string{"mesure", "declaratif", "verifie"}[i%3]})
		rows["ressources"] = append(rows["ressources"], map[string]any{"ressource_id": fmt.Sprintf("R%d-%d", month, i), "projet_id": "P1", "date": day2026(month, 3), "nature": "subvention", "provenance": "publique", "montant_eur": 1234.56})
	}
	for i := range 12 {
		rows["principes"] = append(rows["principes"], map[string]any{"repondant": fmt.Sprintf("pseudo%d", i), "groupe_pairs": "elus", "date_reponse": day2026(month, 8), "axe": "P2.1", "note": int64(1 + i%5)})
	}
	rows["dialogues"] = []map[string]any{{"dialogue_id": fmt.Sprintf("D%d", month), "date": day2026(month, 12), "type": "agora", "statut": "tenu", "duree_heures": 2.5,
		"desaccords_exprimes": int64(7), "desaccords_travailles": int64(3)}}
	if month == 8 {
		rows["reperes"] = []map[string]any{{"repere_id": "M1", "date": day2026(8, 5), "type": "decision", "intitule": "Ouverture de la halle"}}
	}
	return rows
}

// testRelease is what the tests publish.
func testRelease() Release {
	return Release{Period: october, Version: 1, Programme: "Territoires pilotes", Contact: "contact@example.org", Licence: "etalab-2.0",
		Code: "cairn test", References: map[string]string{"territoires.csv": "aa"}}
}

// smallWarehouse builds the database of two territories and four months, one of them sent twice, with
// one bad cell and two rejected files, below work. Files can be written below exportDir.
func smallWarehouse(t testing.TB, work, exportDir string) (*transform.Warehouse, *ingest.Model) {
	t.Helper()
	ctx := context.Background()
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	archive := ingest.Archive{Dir: filepath.Join(work, "archive")}
	state := transform.State{Territoires: []byte(territoriesCSV), Parametres: transform.DefaultParameters, Horizon: october}
	var originals []string
	receive := func(data []byte, at time.Time) {
		original, err := archive.Put(data)
		if err != nil {
			t.Fatal(err)
		}
		originals = append(originals, original)
		state.Receptions = append(state.Receptions, ingest.Entry{Type: ingest.EntryReception, Original: original, ReceivedAt: at})
	}
	workbook := func(territory string, month int, rows map[string][]map[string]any) []byte {
		var buf bytes.Buffer
		if err := ingest.WriteTemplate(&buf, m, ingest.TemplateData{Territoire: territory, Periode: day2026(month, 1), Rows: rows}); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	for month := 7; month <= 10; month++ {
		for _, territory := range []string{"val-de-lys", "haut-bocage"} {
			rows := territoryRows(month)
			if territory == "haut-bocage" && month == 9 {
				continue
			}
			if territory == "haut-bocage" {
				rows["engagements"][0]["date_debut"] = "avant-hier"
			}
			receive(workbook(territory, month, rows), day2026(month, 28).Add(9*time.Hour))
		}
	}
	second := territoryRows(10)
	second["relations"] = second["relations"][:6]
	receive(workbook("val-de-lys", 10, second), day2026(11, 3).Add(15*time.Hour))
	receive(workbook("nulle-part", 10, nil), day2026(11, 4).Add(16*time.Hour))
	receive([]byte("not a workbook"), day2026(11, 5).Add(17*time.Hour))

	w, err := transform.Open(filepath.Join(work, "cairn.duckdb"), exportDir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Load(ctx, m, archive, originals, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Build(ctx, m, state); err != nil {
		t.Fatal(err)
	}
	if err := indicators.Compute(ctx, w, m, nil); err != nil {
		t.Fatal(err)
	}
	return w, m
}

// stagedWorld is a release of the small programme, and its database.
type stagedWorld struct {
	dir, digest string
	warehouse   *transform.Warehouse
	model       *ingest.Model
}

// stage makes a database and a release of its own for a test that changes them.
func stage(t testing.TB) *stagedWorld {
	t.Helper()
	return stageBelow(t, t.TempDir())
}

// shared is the release of all tests that only read it.
func shared(t testing.TB) *stagedWorld {
	t.Helper()
	once.Do(func() {
		world = stageBelow(t, sharedDir)
	})
	if world == nil {
		t.Fatal("the shared release could not be made: see the first test")
	}
	return world
}

var (
	once      sync.Once
	world     *stagedWorld
	sharedDir string
)

func TestMain(m *testing.M) {
	var err error
	if sharedDir, err = os.MkdirTemp("", "exports"); err != nil {
		panic(err)
	}
	code := m.Run()
	if world != nil {
		world.warehouse.Close()
	}
	os.RemoveAll(sharedDir)
	os.Exit(code)
}

func stageBelow(t testing.TB, work string) *stagedWorld {
	t.Helper()
	out := filepath.Join(work, "outbox")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &stagedWorld{dir: filepath.Join(out, "v1")}
	s.warehouse, s.model = smallWarehouse(t, work, out)
	var err error
	if s.digest, err = Stage(context.Background(), s.warehouse, s.model, testRelease(), s.dir); err != nil {
		t.Fatal(err)
	}
	return s
}
