package indicators_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// smallWorld gives every indicator a population in two territories, which differ.
const smallWorld = `
territoire alpha 2024-01-15
territoire beta 2025-02-01
toujours acteurs nom=N date_entree=2020-01-01
toujours projets intitule=I theme=autre porteur=A1 portage=partage statut=en_cours date_debut=2024-01-01
toujours effets projet_id=P1 domaine=social description=D sens=positif anticipe=non horizon=court niveau_preuve=mesure
toujours relations dimension=transversale

== Un petit programme
Deux territoires, et de quoi nourrir chaque indicateur.

classeur alpha,beta 2025-05
  acteurs
    acteur_id  groupe_pairs      famille
    mairie     elus              collectivite
    A1..A3     socio_economique  association
    S1         socio_economique  scic
  projets
    projet_id
    P1..P2
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
  principes groupe_pairs=elus date_reponse=2025-05-10
    repondant  axe   note
    R1..R3     P2.1  4
    R1         A.1   -
  engagements
    engagement_id  acteur_id  envers  forme      date_debut
    G1             mairie     S1      financier  2023-01-01
    G2             A1         -       humain     2024-01-01
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
classeur alpha 2025-07

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
	for _, ind := range catalogue {
		t.Run(ind.ID+" has the common columns and its estimator's inputs", func(t *testing.T) { checkColumns(t, w, ind) })
		t.Run(ind.ID+" filtered to a territory is what it has of it", func(t *testing.T) { checkFiltered(t, w, ind) })
		t.Run(ind.ID+" lists the rows that it counts", func(t *testing.T) { checkRows(t, w, ind) })
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

// checkRows compares the rows that Rows lists with those that Compute counted.
func checkRows(t *testing.T, w *transform.Warehouse, ind *indicators.Indicator) {
	total := "sum"
	if ind.Estimator.Spread { // each modalite shows the whole
		total = "max"
	}
	counted := rowsOf(t, w, `SELECT territoire_id, periode, `+total+`(population)::BIGINT, `+total+`(manquants)::BIGINT FROM indicateur.valeurs
WHERE indicateur = ? AND territoire_id <> ? GROUP BY ALL ORDER BY ALL`, ind.ID, indicators.Programme)
	if len(counted) != 6 { // two territories, May to July
		t.Errorf("%d territories and months, want 6", len(counted))
	}
	for _, c := range counted {
		territory, period := c[0].(string), c[1].(time.Time)
		members, err := ind.Rows(t.Context(), w, territory, period)
		if err != nil {
			t.Fatal(err)
		}
		var unknown int64
		for _, member := range members {
			if slices.ContainsFunc(member.Inputs, func(i indicators.Input) bool { return i.Value == nil }) {
				unknown++
			}
			if len(member.Sources) == 0 {
				t.Errorf("%s: %q rests on nothing", territory, member.Subject)
			}
		}
		if int64(len(members)) != c[2] || unknown != c[3] {
			t.Errorf("%s %s: %d rows listed, %d of them unknown; counted %v and %v", territory, period.Format("2006-01"), len(members), unknown, c[2], c[3])
		}
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
