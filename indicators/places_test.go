package indicators_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// peersWorld is five territories with the same figures: a share of projets that are carried together (C20) or came
// from the inhabitants (V14), of engagements that are recognised (E12), and of actors who stay (E07). In
// July alpha has moved: C20 from 2 to 6 of 10, E12 from 1 to 2 of 5, V14 from 5 to 4 of 10.
var peersWorld = func() string {
	var b strings.Builder
	b.WriteString(`
toujours acteurs nom=N date_entree=2020-01-01 groupe_pairs=socio_economique famille=association
toujours projets intitule=I theme=autre porteur=A1 statut=en_cours date_debut=2024-01-01
toujours engagements forme=humain date_debut=2025-01-05
toujours freins exprime_par=elus date_identification=2025-01-10
toujours deliberation date_deliberation=2025-06-10

== Cinq territoires
Les mêmes chiffres pour tous, d'autres valeurs pour chacun.

`)
	shares := func(shared, inhabitants, recognised int) {
		b.WriteString("  projets\n    projet_id  portage  a_partir_des_habitants\n")
		for i := 1; i <= 10; i++ {
			fmt.Fprintf(&b, "    P%d  %s  %s\n", i, map[bool]string{true: "partage", false: "acteurs_seuls"}[i <= shared], yes(i <= inhabitants))
		}
		b.WriteString("  engagements\n    engagement_id  acteur_id  reconnu\n")
		for i := 1; i <= 5; i++ {
			fmt.Fprintf(&b, "    G%d  A%d  %s\n", i, i, yes(i <= recognised))
		}
	}
	for i, id := range []string{"alpha", "beta", "gamma", "delta", "epsilon"} {
		fmt.Fprintf(&b, "territoire %s 2025-01-15\n", id)
		fmt.Fprintf(&b, "classeur %s 2025-01\n  acteurs\n    acteur_id\n    A1..A5\n", id)
		shares(2+i, 5, 1)
		fmt.Fprintf(&b, "classeur %s 2025-02..2025-06\nclasseur %s 2025-07\n", id, id)
		switch id {
		case "alpha":
			shares(6, 4, 2)
			b.WriteString("  deliberation\n    dimension  poids\n    cooperation  20\n    engagement  20\n    valeur_sociale  60\n")
			b.WriteString("  freins categorie=mefiance\n    frein_id  statut  date_fin\n    F1  identifie  -\n    F2  leve  2025-07-20\n    F3  leve  2025-07-20\n")
		case "beta":
			b.WriteString("  deliberation\n    dimension  poids\n    cooperation  0\n    engagement  10\n    valeur_sociale  90\n")
			b.WriteString("  freins categorie=mefiance\n    frein_id  statut  date_fin\n    F1  leve  2025-03-10\n    F2  abandonne  2025-03-10\n")
		case "gamma": // the last moved one: back in two of three
			shares(3, 4, 1)
			b.WriteString("  freins\n    frein_id  categorie  statut  date_fin  date_identification\n    F1  surcharge  leve  2025-03-10  2025-01-10\n    F2  mefiance  en_travail  -  2025-03-10\n    F3  calendrier  identifie  -  2025-01-10\n")
		}
	}
	b.WriteString("\nfigures\n  territoire  periode  modalite  valeur  borne_basse  borne_haute  effectif  population  manquants  numerateur  denominateur  statut\n  alpha       2025-07  -         .       .            .            .         .           .          .           .             aucune\n")
	return b.String()
}()

func yes(v bool) string { return map[bool]string{true: "oui", false: "non"}[v] }

// computed makes the database of a world, its territories alike by their milieu and avancement.
func computed(t *testing.T, world string) *transform.Warehouse {
	t.Helper()
	m := loadModel(t)
	file, err := parseCaseFile(m, "peersWorld", world)
	if err != nil {
		t.Fatal(err)
	}
	w, err := compute(m, ingest.Archive{Dir: t.TempDir()}, file.cases, transform.Set{ID: "*rien", Territories: []string{"alpha"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	for _, change := range []string{
		`UPDATE ref.territoires SET milieu = CASE WHEN territoire_id IN ('delta', 'epsilon') THEN 'urbain' ELSE 'rural' END`,
		`UPDATE ref.territoires SET avancement = 'debutant' WHERE territoire_id <> 'epsilon'`,
	} {
		if _, err := w.Exec(change); err != nil {
			t.Fatal(err)
		}
	}
	if err := indicators.Compute(t.Context(), w, m, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// told are the rows of a query, each as Go prints it.
func told(t *testing.T, w *transform.Warehouse, query string) []string {
	t.Helper()
	var lines []string
	for _, row := range rowsOf(t, w, query) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintln(row...)))
	}
	return lines
}

func expect(t *testing.T, w *transform.Warehouse, query string, want ...string) {
	t.Helper()
	if got := told(t, w, query); !slices.Equal(got, want) {
		t.Errorf("%s\ngot  %q\nwant %q", query, got, want)
	}
}

func TestPlaces(t *testing.T) {
	w := computed(t, peersWorld)
	t.Run("comparaisons", func(t *testing.T) { checkComparisons(t, w) })
	t.Run("deliberations", func(t *testing.T) { checkDeliberations(t, w) })
	t.Run("pairs", func(t *testing.T) { checkPairs(t, w) })
}

// C20 is 6, 3, 3, 5 and 6 of 10: among all p0 = 23/50; among the three rural 12/30.
func checkComparisons(t *testing.T, w *transform.Warehouse) {
	columns := []string{"indicateur", "periode", "modalite", "territoire_id", "valeur", "effectif", "ensemble",
		"entonnoir_95_bas", "entonnoir_95_haut", "entonnoir_998_bas", "entonnoir_998_haut", "surdispersion", "region_de", "region_a"}
	if got := told(t, w, `SELECT column_name FROM duckdb_columns() WHERE schema_name = 'indicateur' AND table_name = 'comparaisons' ORDER BY column_index`); !slices.Equal(got, columns) {
		t.Errorf("columns %v", got)
	}
	expect(t, w, `SELECT DISTINCT indicateur FROM indicateur.comparaisons ORDER BY ALL`, "C20", "E07", "E12", "V14")
	// The binomial probabilities of 10 answers added up, with 23/50, 12/30 and 17/40. φ is far under 1 and widens nothing.
	expect(t, w, `SELECT ensemble, territoire_id, valeur, effectif, entonnoir_998_bas, entonnoir_95_bas, entonnoir_95_haut, entonnoir_998_haut, surdispersion < 1, region_de, region_a
FROM indicateur.comparaisons WHERE indicateur = 'C20'`,
		"avancement:debutant alpha 0.6 10 0 0.1 0.7 0.9 <nil> 1 4",
		"avancement:debutant beta 0.3 10 0 0.1 0.7 0.9 <nil> 1 4",
		"avancement:debutant delta 0.5 10 0 0.1 0.7 0.9 <nil> 1 4",
		"avancement:debutant gamma 0.3 10 0 0.1 0.7 0.9 <nil> 1 4",
		"milieu:rural alpha 0.6 10 0 0.1 0.7 0.9 <nil> 1 3",
		"milieu:rural beta 0.3 10 0 0.1 0.7 0.9 <nil> 1 3",
		"milieu:rural gamma 0.3 10 0 0.1 0.7 0.9 <nil> 1 3",
		"tous alpha 0.6 10 0 0.2 0.8 0.9 true 1 5",
		"tous beta 0.3 10 0 0.2 0.8 0.9 true 1 5",
		"tous delta 0.5 10 0 0.2 0.8 0.9 true 1 5",
		"tous epsilon 0.6 10 0 0.2 0.8 0.9 true 1 5",
		"tous gamma 0.3 10 0 0.2 0.8 0.9 true 1 5")
	// E07 is 1 everywhere: no limits, no overdispersion, and nobody before anybody.
	expect(t, w, `SELECT DISTINCT valeur, entonnoir_95_bas, entonnoir_998_haut, surdispersion, region_de FROM indicateur.comparaisons WHERE indicateur = 'E07'`,
		"1 <nil> <nil> <nil> 1")
	expect(t, w, `SELECT DISTINCT strftime(periode, '%Y-%m') FROM indicateur.comparaisons`, "2025-07")
}

func checkDeliberations(t *testing.T, w *transform.Warehouse) {
	// alpha: 0.4, (0.2 + 0)/2 and −0.1; all weights but a corner of 0.1/0.5 · 0.1/0.2.
	// With beta's weights 0.1·0.1 − 0.9·0.1 is negative, with its own 0.08 + 0.02 − 0.06 positive.
	expect(t, w, `SELECT territoire_id, strftime(periode, '%Y-%m'), round(delta_cooperation, 9), chiffres_cooperation, round(delta_engagement, 9), chiffres_engagement,
	round(delta_valeur_sociale, 9), chiffres_valeur_sociale, round(part_positive, 9), poids_propres, renversent, statut FROM indicateur.deliberations`,
		"alpha 2025-07 0.4 1 0.1 2 -0.1 1 0.9 true [beta] ok",
		"beta 2025-07 0 1 0 2 0 1 <nil> <nil> <nil> non_defini",
		"delta 2025-07 0 1 0 2 0 1 <nil> <nil> <nil> non_defini",
		"epsilon 2025-07 0 1 0 2 0 1 <nil> <nil> <nil> non_defini",
		"gamma 2025-07 -0.1 1 0 2 -0.1 1 0 <nil> <nil> ok")
}

func checkPairs(t *testing.T, w *transform.Warehouse) {
	// gamma's F2 is too young, its F3 is of a kind that nobody has lifted; alpha is not its own peer.
	expect(t, w, `SELECT territoire_id, frein_id, categorie, ouvert_jours, territoire_pair, frein_pair, strftime(date_levee, '%Y-%m-%d'), duree_jours, levier FROM indicateur.pairs`,
		"alpha F1 mefiance 202 beta F1 2025-03-10 59 <nil>")
}

// Whose the values are changes no table's order: the same territories come in the same places whatever they have.
func TestOrderIsNotByValue(t *testing.T) {
	turn := strings.NewReplacer("alpha", "epsilon", "epsilon", "beta", "beta", "delta", "delta", "gamma", "gamma", "alpha")
	first, turned := computed(t, peersWorld), computed(t, turn.Replace(peersWorld))
	for table, key := range map[string]string{
		"catalogue": "indicateur", "valeurs": "indicateur, territoire_id, periode, modalite", "comparaisons": "indicateur, periode, modalite, ensemble, territoire_id",
		"deliberations": "territoire_id", "hypotheses": "hypothese, indicateur",
	} {
		query := fmt.Sprintf("SELECT %s FROM indicateur.%s", key, table)
		a, b := told(t, first, query), told(t, turned, query)
		if len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("%s: %d rows, then %d, or in another order", table, len(a), len(b))
		}
	}
	for _, w := range []*transform.Warehouse{first, turned} {
		lines := told(t, w, "SELECT territoire_id, frein_id, territoire_pair, frein_pair FROM indicateur.pairs")
		if !slices.IsSorted(lines) {
			t.Errorf("pairs come as %q", lines)
		}
	}
}

// A frein that has been lifted elsewhere is told with all who have lifted it, in alphabetical order.
func TestPairs(t *testing.T) {
	const world = `
toujours freins exprime_par=elus categorie=silos

== Qui a levé des silos
alpha et delta les ont encore, beta et gamma les ont levés.

territoire alpha 2024-01-01
territoire beta 2024-01-01
territoire delta 2024-01-01
territoire gamma 2024-01-01
classeur alpha 2025-07
  freins
    frein_id  date_identification  statut     date_fin    levier
    F1        2025-01-29           identifie  -           -  # 183 days
    F2        2025-01-30           identifie  -           -  # 182 days
    F3        2024-01-30           abandonne  2025-01-30  -
classeur beta 2025-07
  freins
    frein_id  date_identification  statut     date_fin    levier
    F9        2024-01-01           leve       2025-07-31  Réunion
    F8        2024-01-01           leve       2024-01-01  -
classeur gamma 2025-02  # outdated: it asks nobody, and can still tell
  freins
    frein_id  date_identification  statut     date_fin    levier
    F1        2024-01-01           leve       2024-02-01  Visite
    F2        2024-01-01           identifie  -           -
classeur delta 2025-07
  freins
    frein_id  date_identification  statut     date_fin    levier
    F1        2024-07-31           en_travail -           -

figures
  territoire  periode  modalite  valeur  borne_basse  borne_haute  effectif  population  manquants  numerateur  denominateur  statut
  alpha       2025-07  -         .       .            .            .         .           .          .           .             aucune
`
	expect(t, computed(t, world), `SELECT territoire_id, frein_id, ouvert_jours, territoire_pair, frein_pair, duree_jours, levier FROM indicateur.pairs`,
		"alpha F1 183 beta F8 0 <nil>", "alpha F1 183 beta F9 577 Réunion", "alpha F1 183 gamma F1 31 Visite",
		"delta F1 365 beta F8 0 <nil>", "delta F1 365 beta F9 577 Réunion", "delta F1 365 gamma F1 31 Visite")
}

// Each hypothesis has figures of the catalogue, and is told with its statement.
func TestHypotheses(t *testing.T) {
	catalogue, err := indicators.Catalogue(loadModel(t))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, ind := range catalogue {
		known[ind.ID] = true
	}
	hypotheses, err := indicators.Hypotheses(catalogue)
	if err != nil || len(hypotheses) != 3 {
		t.Fatalf("%d hypotheses: %v", len(hypotheses), err)
	}
	for _, h := range hypotheses {
		for _, e := range h.Figures {
			if !known[e.Indicator] {
				t.Errorf("hypothesis %d: no indicator %s", h.Number, e.Indicator)
			}
			for _, text := range []string{h.Statement, e.Says, e.SaysNot} {
				if !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "'\"") {
					t.Errorf("hypothesis %d, %s: %q is no French sentence", h.Number, e.Indicator, text)
				}
			}
		}
	}
	if _, err := indicators.Hypotheses(catalogue[1:]); err == nil || !strings.Contains(err.Error(), `no indicator "C01"`) {
		t.Errorf("without C01: %v", err)
	}
}
