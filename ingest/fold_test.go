package ingest

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"Identifiant de l’acteur":      "identifiant_de_l_acteur",
		"IDENTIFIANT DE L'ACTEUR":      "identifiant_de_l_acteur",
		"  Émetteur : ":                "emetteur",
		"E\u0301metteur":               "emetteur",
		"Délai\u00a0— médian\n(mois)":  "delai_median_mois",
		"Œuvre commune, cœur, Lætitia": "oeuvre_commune_coeur_laetitia",
		"ÇA, où ? NOËL":                "ca_ou_noel",
		"P2.10":                        "p2_10",
		"p2__10":                       "p2_10",
		"_a_":                          "a",
		"participants_elus":            "participants_elus",
		"Part publique (%)":            "part_publique",
		"ﬁn de l’année":                "fin_de_l_annee",
		"№ ℡":                          "no_tel", // their decompositions are in capitals
		"Ǽ":                            "ae",
		"…/—":                          "",
		"a\u200bb":                     "a_b",
		"d\xf8f\xf7ۀ":                  "d_f_ە",
		"bad \xff byte":                "bad_byte",
	} {
		if got := Fold(text); got != want {
			t.Errorf("Fold(%q) = %q, want %q", text, got, want)
		}
	}
}

var foldedShape = regexp.MustCompile(`^([^_\s\p{Lu}]+(_[^_\s\p{Lu}]+)*)?$`)

// A fold is its own fold, whatever the text; and the two Unicode writings of one text fold alike.
func TestFoldIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		folded := Fold(s)
		if again := Fold(folded); again != folded {
			t.Fatalf("Fold(%q) = %q, folded again %q", s, folded, again)
		}
		if !foldedShape.MatchString(folded) {
			t.Fatalf("Fold(%q) = %q", s, folded)
		}
		if a, b := Fold(norm.NFC.String(s)), Fold(norm.NFD.String(s)); a != b {
			t.Fatalf("%q folds as %q composed and %q decomposed", s, a, b)
		}
	})
}

// What is looked up is what decomposing gives, character by character and in texts.
func TestFoldKnown(t *testing.T) {
	decomposed := func(s string) string { return foldDecomposed(strings.ToLower(ligatures.Replace(norm.NFKD.String(s)))) }
	for r := range rune(len(known)) {
		for _, text := range []string{string(r), "a" + string(r) + "b", string(r) + "1"} {
			if got, ok := foldKnown(text); !ok || got != decomposed(text) {
				t.Errorf("foldKnown(%q) = %q, %t, want %q", text, got, ok, decomposed(text))
			}
		}
	}
	letters := rapid.OneOf(rapid.RuneFrom([]rune{'’', '\u202f', '\u00a0', '½', 'œ'}), rapid.Map(rapid.IntRange(0, len(known)-1), func(i int) rune { return rune(i) }))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(letters).Draw(t, "text")
		if got, ok := foldKnown(text); !ok || got != decomposed(text) {
			t.Fatalf("foldKnown(%q) = %q, %t, want %q", text, got, ok, decomposed(text))
		}
	})
}
