package exports

import (
	"strings"
	"testing"

	"cairn/indicators"
)

// plain writes the spaces of French typography as ordinary ones, so that the cases below can be read.
func plainSpaces(text string) string {
	return strings.NewReplacer(noBreak, " ", thinNoBreak, " ").Replace(text)
}

func TestSentences(t *testing.T) {
	share := record{"indicateur": "C02", "nom": "Relations partenariales", "unite": "part", "sens": "hausse", "statut_code": "ok", "valeur": 0.56, "borne_basse": 0.35, "borne_haute": 0.75,
		"numerateur": 14.0, "denominateur": 25.0, "effectif": int64(25), "reference": 0.31, "ecart_bas": 0.02, "ecart_haut": 0.46, "mot": "hausse"}
	with := func(changes record) record {
		r := record{}
		for k, v := range share {
			r[k] = v
		}
		for k, v := range changes {
			r[k] = v
		}
		return r
	}
	for _, c := range []struct {
		why  string
		r    record
		want string
	}{
		{"all that can be said", share,
			"C02 Relations partenariales : 56 % (de 35 % à 75 %), 14 sur 25 ; au-dessus de la référence (31 %), écart assuré ; en hausse depuis les débuts (sens favorable)."},
		{"the interval of the change holds none: no distance is said", with(record{"reference": 0.45, "ecart_bas": -0.18, "ecart_haut": 0.38, "mot": "non_detectable"}),
			"C02 Relations partenariales : 56 % (de 35 % à 75 %), 14 sur 25 ; référence : 45 %, pas d’écart assuré ; aucune évolution ne se distingue du hasard."},
		{"below", with(record{"reference": 0.9, "ecart_bas": -0.6, "ecart_haut": -0.1, "mot": "baisse"}),
			"C02 Relations partenariales : 56 % (de 35 % à 75 %), 14 sur 25 ; au-dessous de la référence (90 %), écart assuré ; en baisse depuis les débuts (sens défavorable)."},
		{"too early", with(record{"reference": nil, "mot": "trop_tot"}),
			"C02 Relations partenariales : 56 % (de 35 % à 75 %), 14 sur 25 ; pas encore de référence ; trop tôt pour dire une évolution."},
		{"a census has no interval, and is not ± 0", with(record{"valeur": 0.5, "numerateur": 6.0, "denominateur": 12.0, "borne_basse": 0.5, "borne_haute": 0.5, "ecart_bas": nil, "ecart_haut": nil, "mot": "non_testee"}),
			"C02 Relations partenariales : 50 %, 6 sur N = 12, recensement ; référence : 31 %, écart : +19 points."},
		{"one that describes is neither good nor bad", with(record{"sens": "descriptif"}),
			"C02 Relations partenariales : 56 % (de 35 % à 75 %), 14 sur 25 ; au-dessus de la référence (31 %), écart assuré ; en hausse depuis les débuts."},
		{"under the floor", with(record{"valeur": nil, "borne_basse": nil, "borne_haute": nil, "statut_code": "effectif_insuffisant", "numerateur": 3.0, "denominateur": 4.0}),
			"C02 Relations partenariales : 3 sur 4, trop peu pour une valeur."},
		{"secret", record{"indicateur": "C06", "nom": "Confiance", "unite": "part", "statut_code": "secret_primaire"},
			"C06 Confiance : valeur tenue secrète."},
		{"missing", record{"indicateur": "E02", "nom": "Fidélité", "unite": "part", "statut_code": "donnees_absentes"},
			"E02 Fidélité : non disponible, aucune donnée n’a été transmise."},
		{"no interval, a modalite, falling is wished for", record{"indicateur": "C04", "nom": "Écart de perception", "modalite": "Ensemble", "unite": "niveaux", "sens": "baisse", "statut_code": "ok", "valeur": 0.5, "reference": 0.8, "mot": "baisse"},
			"C04 Écart de perception, ensemble : 0,5 ; référence : 0,8, écart : −0,3 ; en baisse depuis les débuts (sens favorable)."},
		{"no distance", record{"indicateur": "E03", "nom": "Durée", "unite": "mois", "statut_code": "ok", "valeur": 12.0, "reference": 12.01, "mot": "non_testee"},
			"E03 Durée : 12 mois ; référence : 12 mois, sans écart."},
	} {
		got := figureOf(c.r).sentence()
		if plainSpaces(got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.why, plainSpaces(got), c.want)
		}
		if strings.Contains(got, " :") || strings.Contains(got, " ;") || strings.Contains(got, " %") || strings.Contains(got, "± ") {
			t.Errorf("%s: a line may break at %q", c.why, got)
		}
	}
}

// No sentence is stronger than the word of the trend: of all words and senses, only a rise or a fall is said to be
// one, and only it is favourable or not.
func TestSentencesAreNoStrongerThanTheirTrend(t *testing.T) {
	for _, word := range []indicators.Word{indicators.Rising, indicators.Falling, indicators.NotDetectable, indicators.TooEarly, indicators.NotTested} {
		for _, sense := range []string{"hausse", "baisse", "descriptif"} {
			text := figure{word: word, sense: sense}.movement()
			moved := word == indicators.Rising || word == indicators.Falling
			if said := strings.Contains(text, "en hausse") || strings.Contains(text, "en baisse"); said != moved {
				t.Errorf("%s: %q", word, text)
			}
			if judged := strings.Contains(text, "favorable"); judged != (moved && sense != "descriptif") {
				t.Errorf("%s %s: %q", word, sense, text)
			}
			if strings.Contains(text, "stable") {
				t.Errorf("%s: %q", word, text)
			}
		}
	}
}

func TestCountedAndQuantities(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{counted(0, "aucun frein", "frein", "freins"), "aucun frein"},
		{counted(1, "aucune attente", "attente", "attentes"), "1 attente"},
		{counted(2, "aucun frein", "frein", "freins"), "2 freins"},
		{counted(12000, "", "heure", "heures"), "12 000 heures"},
		{enumerate(nil), ""},
		{enumerate([]string{"élus"}), "élus"},
		{enumerate([]string{"élus", "agents", "État"}), "élus, agents et État"},
		{inLetters(8), "huit"},
		{charts(1), "un graphique"}, {charts(2), "deux graphiques"},
		{inLetters(1200), "1 200"},
		{quantity("part", 0.295), "30 %"},
		{quantity("mois", 3.49), "3,5 mois"},
		{quantity("note", 3.44), "3,4 sur 5"},
		{quantity("euros", 1234.6), "1 235 €"},
		{quantity("heures", 1.5), "1,5 heure"},
		{quantity("heures", 2), "2 heures"},
		{quantity("personnes", 1), "1 personne"},
		{quantity("indice", -0.456), "−0,46"},
	} {
		if plainSpaces(c.got) != c.want {
			t.Errorf("%q, want %q", plainSpaces(c.got), c.want)
		}
	}
}
