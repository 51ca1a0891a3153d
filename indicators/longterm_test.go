package indicators_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// longWorld is twenty-seven months, nine quarters, of four territories:
//
//   - alpha sends every month, from the day of its entry. Each month one project more is carried together.
//   - beta sends the same and enters in the middle of February 2024; its workbook of May 2025 is missing.
//   - gamma enters late: eight months.
//   - delta sends nothing for a year: periods without figures lie in between.
//
// Of nine effects in a quarter, as many are measured as quarters have passed. Relations are observed once a year, those of another dimension half a
// year later.
func longWorld() string {
	var b strings.Builder
	b.WriteString(`
territoire alpha 2024-01-01
territoire beta 2024-02-15
territoire gamma 2025-08-10
territoire delta 2024-01-01
toujours acteurs nom=N date_entree=2020-01-01
toujours projets intitule=I theme=autre porteur=A1 statut=en_cours date_debut=2023-01-01 a_partir_des_habitants=oui
toujours effets projet_id=P01 domaine=social description=D sens=positif anticipe=non horizon=court
toujours relations type_relation=partenariat

== Vingt-sept mois
Une hausse, des constantes, des relevés annuels et des trimestres.
`)
	for k := range 27 {
		month := time.Date(2024, time.Month(1+k), 1, 0, 0, 0, 0, time.UTC)
		var senders []string
		for _, territory := range []struct {
			name  string
			sends bool
		}{
			{"alpha", true}, {"beta", k != 16}, {"gamma", k >= 19}, {"delta", k < 6 || k >= 18},
		} {
			if territory.sends {
				senders = append(senders, territory.name)
			}
		}
		fmt.Fprintf(&b, "\nclasseur %s %s\n", strings.Join(senders, ","), month.Format("2006-01"))
		if k == 0 || k == 19 { // gamma's first
			fmt.Fprint(&b, "  acteurs\n    acteur_id  groupe_pairs      famille\n    mairie     elus              collectivite\n    A1..A5     socio_economique  association\n")
		}
		fmt.Fprint(&b, "  projets\n    projet_id  portage\n")
		if k > 0 {
			fmt.Fprintf(&b, "    P01..P%02d  partage\n", k+1)
		} else {
			fmt.Fprint(&b, "    P01  partage\n")
		}
		if k < 25 {
			fmt.Fprintf(&b, "    P%02d..P27  delegue\n", k+2)
		} else if k == 25 {
			fmt.Fprint(&b, "    P27  delegue\n")
		}
		fmt.Fprintf(&b, "  effets date_constat=%s-10\n    effet_id  niveau_preuve\n", month.Format("2006-01"))
		for i := range 3 {
			proof := "observe"
			if 3*(k%3)+i < k/3 {
				proof = "mesure"
			}
			fmt.Fprintf(&b, "    E%d  %s\n", 3*k+i, proof)
		}
		if dimension := map[int]string{0: "transversale", 6: "horizontale"}[k%12]; dimension != "" {
			fmt.Fprintf(&b, "  relations dimension=%s date_observation=%s-20\n    declarant  partenaire\n    A1..A5     mairie\n", dimension, month.Format("2006-01"))
		}
	}
	b.WriteString(`
figures
  territoire  periode  modalite  valeur  borne_basse  borne_haute  effectif  population  manquants  numerateur  denominateur  statut
  alpha       2026-03  -         .       .            .            .         .           .          .           .             aucune
`)
	return b.String()
}

// TestLongTerm follows each kind of indicator through the whole pipeline.
func TestLongTerm(t *testing.T) {
	m := loadModel(t)
	file, err := parseCaseFile(m, "longWorld", longWorld())
	if err != nil {
		t.Fatal(err)
	}
	w, err := compute(m, ingest.Archive{Dir: t.TempDir()}, file.cases, transform.Set{ID: "*trois", Territories: []string{"alpha", "beta", "delta"}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()

	type want struct {
		indicator, territory, modalite string
		n                              int64
		first, last, word              string
	}
	for _, c := range []want{
		// A register: its months. 1/27, 2/27, 3/27 … 27/27.
		{"C20", "alpha", "", 27, "2024-01", "2026-03", "hausse"},
		{"C20", "beta", "", 26, "2024-02", "2026-03", "hausse"},
		{"C20", "gamma", "", 8, "2025-08", "2026-03", "trop_tot"}, // eight values, eight months
		{"C20", "delta", "", 17, "2024-01", "2026-03", "hausse"},  // July and August 2024 still hold
		{"V14", "alpha", "", 27, "2024-01", "2026-03", "non_detectable"},
		// Of the programme, the months with three territories or more.
		{"C20", "*", "", 17, "2024-01", "2026-03", "hausse"},
		{"C20", "*trois", "", 17, "2024-01", "2026-03", "hausse"},
		// Events: quarters; « wholly after the entry » leaves beta's first out.
		{"V04", "alpha", "", 9, "2024-03", "2026-03", "hausse"},
		{"V04", "beta", "", 8, "2024-06", "2026-03", "hausse"},
		{"V04", "delta", "", 5, "2024-03", "2026-03", "trop_tot"}, // four quarters end outdated
		{"V04", "gamma", "", 2, "2025-12", "2026-03", "trop_tot"},
		{"V01", "alpha", "positif", 9, "2024-03", "2026-03", "non_detectable"},
		{"V01", "beta", "positif", 7, "2024-06", "2026-03", "trop_tot"}, // a sum of a quarter that lacks a month is none
		// A relevé: the months with a new observation, though each month has a figure.
		{"C01", "alpha", "3", 3, "2024-01", "2026-01", "trop_tot"},
		{"C01", "alpha", "0", 3, "2024-01", "2026-01", "trop_tot"},
		{"C01", "beta", "3", 2, "2025-01", "2026-01", "trop_tot"},
		{"C01", "*", "3", 2, "2024-01", "2026-01", "trop_tot"}, // of a set too; in January 2025 delta is outdated, and two are too few
		{"C01", "*trois", "3", 2, "2024-01", "2026-01", "trop_tot"},
		{"C21", "alpha", "transversale", 3, "2024-01", "2026-01", "trop_tot"},
		{"C21", "alpha", "horizontale", 2, "2024-07", "2025-07", "trop_tot"}, // each dimension has its own
		// Durations, and the data themselves.
		{"C14", "alpha", "", 0, "", "", "non_testee"},
		{"Q01", "alpha", "", 27, "2024-01", "2026-03", "non_testee"},
	} {
		rows := rowsOf(t, w, `SELECT n, coalesce(strftime(premier, '%Y-%m'), ''), coalesce(strftime(dernier, '%Y-%m'), ''), mot, p IS NOT NULL, p_ajuste IS NOT NULL, pente_par_an IS NOT NULL
FROM indicateur.tendances WHERE indicateur = ? AND territoire_id = ? AND modalite = ?`, c.indicator, c.territory, c.modalite)
		if len(rows) != 1 {
			t.Errorf("%s %s %q: %d rows", c.indicator, c.territory, c.modalite, len(rows))
			continue
		}
		got := want{c.indicator, c.territory, c.modalite, rows[0][0].(int64), rows[0][1].(string), rows[0][2].(string), rows[0][3].(string)}
		if got != c {
			t.Errorf("got %+v, want %+v", got, c)
		}
		tested := c.word != "trop_tot" && c.word != "non_testee"
		if rows[0][4] != tested || rows[0][5] != tested || rows[0][6] != tested {
			t.Errorf("%s %s: p, p_ajuste and pente_par_an are there: %v, want %v", c.indicator, c.territory, rows[0][4:], tested)
		}
	}
	months := rowsOf(t, w, `SELECT count(*) FROM indicateur.valeurs WHERE indicateur = 'C01' AND territoire_id = 'alpha' AND modalite = '3' AND statut = 'ok'`)
	if months[0][0] != int64(27) {
		t.Errorf("C01 has %v figures: the relevé is not carried forward", months[0][0])
	}

	numbers := rowsOf(t, w, `SELECT reference, ecart, pente_par_an FROM indicateur.tendances WHERE indicateur = 'C20' AND territoire_id = 'alpha'`)[0]
	for i, want := range []float64{2. / 27, 25. / 27, 12. / 27} {
		if got := numbers[i].(float64); math.Abs(got-want) > 1e-9 {
			t.Errorf("C20 of alpha: number %d is %v, want %v", i, got, want)
		}
	}
	// Beta's slope in quarters: one ninth more in three months; without May 2025, one quarter has six effects.
	if slope := rowsOf(t, w, `SELECT pente_par_an FROM indicateur.tendances WHERE indicateur = 'V04' AND territoire_id = 'alpha'`)[0][0].(float64); math.Abs(slope-4./9) > 1e-9 {
		t.Errorf("V04 of alpha: slope %v, want %v", slope, 4./9)
	}
	checkAdjusted(t, w)
	checkEveryPlace(t, m, w)
}

// checkAdjusted makes the adjusted p again, by the definition, from those of the release.
func checkAdjusted(t *testing.T, w *transform.Warehouse) {
	t.Helper()
	wrong := rowsOf(t, w, `WITH tests AS (
	SELECT *, left(indicateur, 1) || CASE WHEN territoire_id LIKE '*_%' THEN territoire_id ELSE '' END AS groupe
	FROM indicateur.tendances WHERE p IS NOT NULL
),
rangs AS (
	SELECT *, p * count(*) OVER (PARTITION BY groupe) / count(*) OVER (PARTITION BY groupe ORDER BY p) AS brut FROM tests
)
SELECT r.indicateur, r.territoire_id, r.p, r.p_ajuste, least(1, min(s.brut)) AS attendu, r.mot
FROM rangs r JOIN rangs s ON s.groupe = r.groupe AND s.p >= r.p
GROUP BY ALL
HAVING abs(r.p_ajuste - attendu) > 1e-12 OR (r.mot IN ('hausse', 'baisse')) <> (r.p_ajuste < 0.1)`)
	for _, row := range wrong {
		t.Errorf("adjusted p: %v", row)
	}
}

// checkEveryPlace wants a row for each figure of the horizon, and no other.
func checkEveryPlace(t *testing.T, m *ingest.Model, w *transform.Warehouse) {
	t.Helper()
	difference := rowsOf(t, w, `SELECT coalesce(v.indicateur, t.indicateur), coalesce(v.territoire_id, t.territoire_id), coalesce(v.modalite, t.modalite)
FROM (SELECT * FROM indicateur.valeurs WHERE periode = (SELECT periode FROM ref.horizon)) v
FULL JOIN indicateur.tendances t USING (indicateur, territoire_id, modalite)
WHERE v.indicateur IS NULL OR t.indicateur IS NULL`)
	if len(difference) > 0 {
		t.Errorf("figures and tendencies differ: %v", difference)
	}
	words := []string{}
	for _, code := range m.CodeLists["mot_tendance"] {
		words = append(words, code.Value)
	}
	for _, row := range rowsOf(t, w, `SELECT DISTINCT mot FROM indicateur.tendances`) {
		if !slices.Contains(words, row[0].(string)) {
			t.Errorf("the word %v is not in the code list", row[0])
		}
	}
	for _, word := range []indicators.Word{indicators.Rising, indicators.Falling, indicators.NotDetectable, indicators.TooEarly, indicators.NotTested} {
		if !slices.Contains(words, string(word)) {
			t.Errorf("the code list has no %s", word)
		}
	}
}
