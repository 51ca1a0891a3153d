package indicators_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// smallWorld gives every indicator a population in three territories; gamma is as alpha.
const smallWorld = `
territoire alpha 2024-01-15
territoire beta 2025-02-01
territoire gamma 2024-01-15
toujours acteurs nom=N date_entree=2020-01-01
toujours projets intitule=I theme=autre porteur=A1 portage=partage statut=en_cours date_debut=2024-01-01
toujours effets projet_id=P1 domaine=social description=D sens=positif anticipe=non horizon=court niveau_preuve=mesure
toujours relations dimension=transversale

== Un petit programme
Trois territoires, et de quoi nourrir chaque indicateur.

classeur alpha,beta,gamma 2024-07
  acteurs
    acteur_id  groupe_pairs      famille
    mairie     elus              collectivite
    A1..A3     socio_economique  association
  relations date_observation=2024-06-10
    declarant  partenaire  type_relation
    mairie     A1..A3      donneur_ordre
classeur alpha,beta,gamma 2025-05
  acteurs
    acteur_id  groupe_pairs      famille
    mairie     elus              collectivite
    A1..A3     socio_economique  association
    S1         socio_economique  scic
  projets
    projet_id
    P1..P2
  projets statut=abouti date_fin=2025-04-01
    projet_id
    P3
  projets autonomie_financiere_attendue=oui
    projet_id  autonomie_dite
    P4         oui
  celebrations intitule=I
    celebration_id  date        projet_id
    B1              2025-05-02  P3
  relations date_observation=2025-05-10
    declarant  partenaire  type_relation
    A1..A3     mairie      partenariat
    mairie     A1..A3      delegation
  dialogues type=agora statut=tenu
    dialogue_id  date        desaccords_exprimes  desaccords_travailles
    D1           2025-05-10  3                    2
    D2           2025-05-11  3                    nsp
  freins exprime_par=elus categorie=mefiance
    frein_id  date_identification  statut     date_fin
    F1        2024-03-01           leve       2024-06-09
    F2        2024-03-01           identifie  -
  attentes exprimee_par=elus envers=agents categorie=coherence
    attente_id  date_expression  statut      date_fin
    T1          2024-03-01       satisfaite  2024-06-09
    T2          2024-03-01       exprimee    -
  principes groupe_pairs=elus date_reponse=2025-05-10
    repondant  axe   note
    R1..R3     P2.1  4
    R1         A.1   -
  engagements
    engagement_id  acteur_id  envers  forme      date_debut
    G1             mairie     S1      financier  2023-01-01
    G2             A1         -       humain     2024-01-01
    G3             A2         -       humain     2025-01-10
  ressources provenance=privee
    ressource_id  projet_id  date        nature     montant_eur  heures
    X1            P1         2025-05-10  marche     1000         -
    X2            P2         2025-05-10  benevolat  -            10
  effets
    effet_id  date_constat
    E1..E2    2025-05-10
classeur beta 2025-06
  effets
    effet_id  date_constat  sens     retire
    E1        -             -        oui
    E3        2025-06-10    negatif  -
  relations
    declarant  partenaire  date_observation  type_relation
    S1         mairie      2025-06-10        cooperation
classeur alpha,gamma 2025-07

figures
  territoire  periode  modalite  valeur  borne_basse  borne_haute  effectif  population  manquants  numerateur  denominateur  statut
  alpha       2025-07  -         .       .            .            .         .           .          .           .             aucune
`

// TestQueries holds the catalogue's queries to what the package says of them.
func TestQueries(t *testing.T) {
	m := loadModel(t)
	file, err := parseCaseFile(m, "smallWorld", smallWorld)
	if err != nil {
		t.Fatal(err)
	}
	w, err := compute(m, ingest.Archive{Dir: t.TempDir()}, file.cases)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	catalogue, err := indicators.Catalogue(m)
	if err != nil {
		t.Fatal(err)
	}
	// Of alpha's four actors of the ESS, S1 is in nobody's view.
	if e, err := indicators.Explain(t.Context(), w, catalogue[1], "alpha", time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), ""); err != nil || e.Covered != (indicators.Covered{Known: 3, Expected: 4}) {
		t.Errorf("%s covers %+v (%v), want 3 of 4", catalogue[1].ID, e.Covered, err)
	}
	for _, ind := range catalogue {
		t.Run(ind.ID+" has the common columns and its estimator's inputs", func(t *testing.T) { checkColumns(t, w, ind) })
		t.Run(ind.ID+" filtered to a territory is what it has of it", func(t *testing.T) { checkFiltered(t, w, ind) })
		t.Run(ind.ID+" lists the rows that it counts", func(t *testing.T) { checkRows(t, w, ind) })
	}
}

// TestTerritoriesAreInterchangeable gives the territories each other's identifiers: the figures follow them
// and those of the programme stay, as do those of a set of the same three territories.
func TestTerritoriesAreInterchangeable(t *testing.T) {
	m := loadModel(t)
	computed := func(text string) map[string]string {
		file, err := parseCaseFile(m, "smallWorld", text)
		if err != nil {
			t.Fatal(err)
		}
		w, err := compute(m, ingest.Archive{Dir: t.TempDir()}, file.cases, transform.Set{ID: "*trois", Territories: []string{"gamma", "alpha", "beta"}})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		figures := map[string]string{}
		for _, row := range rowsOf(t, w, `SELECT territoire_id, indicateur, periode, modalite, valeurs::VARCHAR FROM indicateur.valeurs valeurs ORDER BY ALL`) {
			figure := row[4].(string)
			figures[fmt.Sprint(row[:4]...)] = figure[strings.Index(figure, "'periode'"):] // from there on, without whose it is
		}
		return figures
	}
	figures := computed(smallWorld)
	known := 0
	for key, figure := range figures {
		if rest, programme := strings.CutPrefix(key, "*trois"); programme {
			if strings.Contains(figure, "'statut': ok") {
				known++
			}
			if figures["*"+rest] != figure {
				t.Errorf("%s: the set has %s, the programme %s", rest, figure, figures["*"+rest])
			}
		}
	}
	if known < 50 {
		t.Errorf("only %d figures of the programme have a value", known)
	}
	turn := strings.NewReplacer("alpha", "beta", "beta", "gamma", "gamma", "alpha")
	turned := computed(turn.Replace(smallWorld))
	if len(turned) != len(figures) {
		t.Errorf("%d figures, then %d", len(figures), len(turned))
	}
	for key, figure := range figures {
		if again := turned[turn.Replace(key)]; again != figure {
			t.Errorf("%s: %s became %s under another name", key, figure, again)
		}
	}
}

// commonColumns are those that every query has, with their types; the dates depend on the window.
var commonColumns = map[string]string{
	"territoire_id": "VARCHAR", "modalite": "VARCHAR", "sujet": "VARCHAR",
	"source": `STRUCT("table" VARCHAR, soumission INTEGER, ligne INTEGER)[]`,
}

func checkColumns(t *testing.T, w *transform.Warehouse, ind *indicators.Indicator) {
	want := maps.Clone(commonColumns)
	if ind.Window == "" {
		want["periode"] = "DATE"
	} else {
		want["date"], want["retrait"] = "DATE", "DATE"
	}
	for _, name := range ind.Estimator.Inputs {
		want[name] = ""
	}
	if ind.Secret == "enquete" && ind.Count != "sujets" {
		want["repondants"] = "VARCHAR[]"
	}
	for name, typ := range describe(t, w, ind.SQL) {
		if expected, known := want[name]; !known {
			t.Errorf("column %s is of no use", name)
		} else if expected != "" && typ != expected {
			t.Errorf("column %s is %s, want %s", name, typ, expected)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("no column %s", name)
	}
}

func checkFiltered(t *testing.T, w *transform.Warehouse, ind *indicators.Indicator) {
	all := rowsOf(t, w, `SELECT territoire_id, * FROM (`+ind.SQL+`) ORDER BY ALL`)
	for _, territory := range []string{"alpha", "beta"} {
		var want [][]any
		for _, row := range all {
			if row[0] == territory {
				want = append(want, row)
			}
		}
		got := rowsOf(t, w, `SELECT territoire_id, * FROM (`+ind.SQL+`) WHERE territoire_id = ? ORDER BY ALL`, territory)
		if len(got) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", territory, got, want)
		}
	}
}

// checkRows makes each figure again from the rows that Explain lists.
func checkRows(t *testing.T, w *transform.Warehouse, ind *indicators.Indicator) {
	figures := rowsOf(t, w, `SELECT territoire_id, periode, modalite, manquants FROM indicateur.valeurs WHERE indicateur = ? AND periode >= DATE '2025-06-01' ORDER BY ALL`, ind.ID)
	want := 6 // three territories, June and July
	if ind.Programme {
		want += 2
	}
	if want *= len(ind.ModaliteCodes()); len(figures) != want {
		t.Errorf("%d figures, want %d", len(figures), want)
	}
	listed := 0
	for _, f := range figures {
		e, err := indicators.Explain(t.Context(), w, ind, f[0].(string), f[1].(time.Time), f[2].(string))
		if err != nil {
			t.Fatal(err)
		}
		again, err := e.Recompute(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		if again != e.Figure {
			t.Errorf("%v: from its rows %+v, published %+v", f[:3], again, e.Figure)
		}
		used := map[indicators.Source]bool{}
		for _, m := range e.Members {
			listed++
			if len(m.Sources) == 0 {
				t.Errorf("%v: %q rests on nothing", f[:3], m.Subject)
			}
			for _, s := range m.Sources {
				used[s] = true
			}
		}
		for _, o := range e.Outside {
			if used[o.Source] {
				t.Errorf("%v: %+v is within and without", f[:3], o.Source)
			}
		}
	}
	if listed == 0 {
		t.Error("no row is listed anywhere")
	}
}

// describe tells a query's columns and their types without running it.
func describe(t *testing.T, w *transform.Warehouse, query string) map[string]string {
	t.Helper()
	columns := map[string]string{}
	for _, row := range rowsOf(t, w, "SELECT column_name, column_type FROM (DESCRIBE "+query+")") {
		columns[row[0].(string)] = row[1].(string)
	}
	return columns
}

func rowsOf(t *testing.T, w *transform.Warehouse, query string, args ...any) [][]any {
	t.Helper()
	rows, err := w.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(fmt.Errorf("%w\n%s", err, query))
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]any
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		all = append(all, values)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
