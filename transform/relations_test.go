package transform_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"cairn/ingest"
)

// ladder is the scale of relations, by level.
var ladder = []string{"inexistante", "donneur_ordre", "delegation", "partenariat", "cooperation"}

// essActors are a town hall and that many associations, present from the start.
func essActors(n int) []map[string]any {
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	rows := []map[string]any{{"acteur_id": "mairie", "nom": "Mairie", "groupe_pairs": "elus", "famille": "collectivite", "date_entree": start}}
	for i := range n {
		rows = append(rows, map[string]any{"acteur_id": fmt.Sprint("A", i+1), "nom": "Association", "groupe_pairs": "socio_economique", "famille": "association", "date_entree": start})
	}
	return rows
}

// view is what the town hall says of an association, or the association of the town hall.
func view(from, to string, month time.Month, year, level int) map[string]any {
	return map[string]any{"declarant": from, "partenaire": to, "dimension": "transversale", "type_relation": ladder[level],
		"date_observation": time.Date(year, month, 10, 0, 0, 0, 0, time.UTC)}
}

// TestTransitionVectors sends the published table of transitions as two workbooks a year apart.
func TestTransitionVectors(t *testing.T) {
	read := func(name string) [][]string {
		file, err := os.Open("../indicators/testdata/vectors/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		lines, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return lines[1:]
	}
	integer := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var before, after []map[string]any
	for _, line := range read("01_transition_in.csv") {
		for range integer(line[3]) {
			other := fmt.Sprint("A", len(before)+1)
			before = append(before, view("mairie", other, 6, 2025, integer(line[1])))
			after = append(after, view("mairie", other, 6, 2026, integer(line[2])))
		}
	}
	p := newPlace(t)
	p.state.Horizon = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	p.state.Territoires = []byte("territoire_id,nom,date_entree\nalpha,Alpha,2025-01-01\n")
	p.receive(
		p.book("alpha", "2025-06", "", map[string][]map[string]any{"acteurs": essActors(len(before)), "relations": before}),
		p.book("alpha", "2026-06", "", map[string][]map[string]any{"relations": after}),
	)
	moved := map[string]float64{} // by stat
	for de := range 5 {
		row := 0.0
		for vers := range 5 {
			n := p.number(fmt.Sprintf(`SELECT nombre FROM core.transitions WHERE territoire_id = 'alpha' AND echelle = 'cinq' AND de = '%d' AND vers = '%d'`, de, vers))
			row += n
			moved[fmt.Sprintf("p_%d_%d", de, vers)] = n
			moved["N"] += n
			moved["mean_step"] += n * float64(vers-de)
			switch {
			case vers > de:
				moved["share_up"] += n
			case vers < de:
				moved["share_down"] += n
			default:
				moved["share_stay"] += n
			}
		}
		for vers := range 5 {
			moved[fmt.Sprintf("p_%d_%d", de, vers)] /= row
		}
	}
	moved["net_up"] = moved["share_up"] - moved["share_down"]
	for _, stat := range []string{"share_up", "share_down", "share_stay", "net_up", "mean_step"} {
		moved[stat] /= moved["N"]
	}
	// Not used: Shorrocks's index, the sign test.
	unused := map[string]bool{"shorrocks_M": true, "shorrocks_M_nonempty_rows": true, "sign_test_p": true}
	for _, line := range read("01_transition_out.csv") {
		want, err := strconv.ParseFloat(line[2], 64)
		if stat := line[1]; !unused[stat] && (err != nil || math.Abs(moved[stat]-want) > 1e-9) {
			t.Errorf("%s: got %v, want %s", stat, moved[stat], line[2])
		}
	}
	// The same moves with the ends of the ladder merged, of the territory and of the programme.
	p.expect(`SELECT territoire_id, sum(nombre), sum(nombre) FILTER (de < vers) - sum(nombre) FILTER (de > vers) FROM core.transitions WHERE echelle = 'trois' GROUP BY ALL ORDER BY ALL`,
		"* 25 4", "alpha 25 4")
}

// number is the one number that a query returns.
func (p *place) number(query string) (n float64) {
	p.t.Helper()
	if err := p.db.QueryRowContext(p.t.Context(), query).Scan(&n); err != nil {
		p.t.Fatal(query, err)
	}
	return n
}

// A path is a stretch per level: how long it lasts, and whether it began by a rise, a fall or after a
// silence. A view lapses after twelve months.
func TestTrajectories(t *testing.T) {
	p := newPlace(t)
	p.state.Horizon = time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
	p.state.Territoires = []byte("territoire_id,nom,date_entree\nalpha,Alpha,2025-01-01\n")
	p.receive(
		p.book("alpha", "2025-01", "", map[string][]map[string]any{"acteurs": essActors(3), "relations": {
			view("mairie", "A1", 1, 2025, 1), view("A1", "mairie", 1, 2025, 3), view("A2", "mairie", 1, 2025, 2)}}),
		p.book("alpha", "2025-03", "", map[string][]map[string]any{"relations": {view("mairie", "A1", 3, 2025, 3)}}),
		p.book("alpha", "2025-06", "", map[string][]map[string]any{"relations": {view("mairie", "A1", 6, 2025, 2)}}),
		p.book("alpha", "2027-04", "", map[string][]map[string]any{"relations": {view("A2", "mairie", 4, 2027, 2)}}),
	)
	p.expect(`SELECT dyade, declarant, cote, rang, niveau, strftime(premier_mois, '%Y-%m'), strftime(dernier_mois, '%Y-%m'), mois, mouvement, en_cours
FROM core.trajectoires ORDER BY ALL`,
		"A1 – mairie A1 ess 1 3 2025-01 2025-12 12 debut false",
		"A1 – mairie mairie public 1 1 2025-01 2025-02 2 debut false",
		"A1 – mairie mairie public 2 3 2025-03 2025-05 3 hausse false",
		"A1 – mairie mairie public 3 2 2025-06 2026-05 12 baisse false",
		"A2 – mairie A2 ess 1 2 2025-01 2025-12 12 debut false",
		"A2 – mairie A2 ess 2 2 2027-04 2027-06 3 reprise true")
	// Of three associations one is described in May 2026, none in June, another in June 2027.
	p.expect(`SELECT strftime(periode, '%Y-%m'), attendus, connus FROM core.relies WHERE periode IN ('2025-12-01', '2026-05-01', '2026-06-01', '2027-06-01') ORDER BY ALL`,
		"2025-12 3 2", "2026-05 3 1", "2026-06 3 0", "2027-06 3 1")
}

// Received × expected: a month by the day of its first reception, and by what its current workbook holds.
func TestCompleteness(t *testing.T) {
	p := newPlace(t)
	p.state.Horizon = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	p.state.Territoires = []byte("territoire_id,nom,date_entree,date_sortie\nalpha,Alpha,2026-02-10,2026-05-20\n")
	april := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	early := p.book("alpha", "2026-01", "", map[string][]map[string]any{"acteurs": {actor("A", "un")}})
	empty := p.book("alpha", "2026-02", "", nil)
	ticked := p.filled(ingest.TemplateData{Territoire: "alpha", Periode: april, Nothing: map[string]bool{"dialogues": true}})
	again := p.book("alpha", "2026-02", "", map[string][]map[string]any{"acteurs": {actor("A", "un"), actor("B", "deux")}})
	p.receiveAt(time.Date(2026, 2, 20, 9, 0, 0, 0, time.UTC), early)
	p.receiveAt(time.Date(2026, 3, 10, 22, 30, 0, 0, time.UTC), empty) // the tenth, in Paris too
	p.build(early, empty)
	p.expect(`SELECT contenu FROM core.completude WHERE periode = '2026-02-01'`, "vide")
	p.receiveAt(time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC), ticked)
	p.receiveAt(time.Date(2026, 5, 13, 9, 0, 0, 0, time.UTC), again)
	p.build(ticked, again)
	p.expect(`SELECT strftime(periode, '%m'), attendu, etat, coalesce(retard, 0), coalesce(contenu, ''), coalesce(version, 0), coalesce(lignes, 0) FROM core.completude ORDER BY periode`,
		"01 false en_retard 10 rempli 1 1", "02 true a_l_heure 0 rempli 2 2", "03 true manquant 0  0 0", "04 true en_retard 2 rien 1 0",
		"05 true manquant 0  0 0", "06 false non_attendu 0  0 0")
}
