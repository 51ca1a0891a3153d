package exports

import (
	"strings"
	"testing"
	"time"
)

func TestLetterText(t *testing.T) {
	october := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		letter  Letter
		subject string
		says    []string
		silent  []string
	}{
		{
			Letter{Kind: LetterEvaluation, Period: october, Version: 2, Attached: []string{"2026-10_valbrune_evaluation.xlsx"}},
			"Pilotes : classeurs de l’évaluation, octobre 2026 (version 2)",
			[]string{"les classeurs de l’évaluation d’octobre 2026, version 2.", "Pièces jointes :\n- 2026-10_valbrune_evaluation.xlsx\n"}, []string{"volumineux"},
		},
		{
			Letter{Kind: LetterComparison, Period: october, Version: 1, TooLarge: []string{"2026-10_comparaison.xlsx"}},
			"Pilotes : comparaison des territoires pilotes, octobre 2026 (version 1)",
			[]string{"Trop volumineux pour un courriel, tenus à votre disposition :\n- 2026-10_comparaison.xlsx\n"}, []string{"Pièces jointes"},
		},
		{
			Letter{Kind: LetterImpact, Period: october, Funder: "Fondation X"},
			"Pilotes : synthèse d’impact, octobre 2026, Fondation X", []string{"des territoires que vous soutenez :"}, []string{"du programme"},
		},
		{Letter{Kind: LetterImpact, Period: october}, "Pilotes : synthèse d’impact, octobre 2026", []string{"d’octobre 2026 du programme : deux pages"}, []string{"soutenez"}},
		{
			Letter{Kind: LetterReturn, Territory: "Valbrune", Period: october, Corrections: 1, Questions: 2},
			"Votre classeur d’octobre 2026 : bien reçu", []string{"Il reste 1 cellule à corriger et 2 questions."}, []string{"Rien n’est à corriger"},
		},
		{Letter{Kind: LetterReturn, Territory: "Valbrune", Period: october, Questions: 1}, "Votre classeur d’octobre 2026 : bien reçu", []string{"Il reste 1 question."}, []string{"corriger et"}},
		{Letter{Kind: LetterReturn, Territory: "Valbrune", Period: october}, "Votre classeur d’octobre 2026 : bien reçu", []string{"Rien n’est à corriger."}, []string{"Il reste"}},
		{Letter{Kind: LetterReturn, Territory: "Valbrune", Rejected: true}, "Votre classeur n’a pas pu être pris", []string{"n’a pas pu être lu. La feuille « Retour »"}, []string{"Merci :"}},
		{
			Letter{Kind: LetterReminder, Territory: "Valbrune", Period: october, Due: day(10), Today: day(10)},
			"Le classeur d’octobre 2026 de Valbrune est attendu pour le 10 novembre 2026", []string{"« rien ce mois-ci »"}, []string{"était attendu"},
		},
		{
			Letter{Kind: LetterReminder, Territory: "Valbrune", Period: october, Due: day(1), Today: day(2)},
			"Le classeur d’octobre 2026 de Valbrune n’est pas encore arrivé", []string{"était attendu pour le 1er novembre 2026 et ne nous est pas parvenu."}, nil,
		},
	} {
		c.letter.Programme, c.letter.Contact = "Pilotes", "suivi@pilotes.example"
		subject, text, err := c.letter.Text()
		if plain := plainSpaces(subject); err != nil || plain != c.subject {
			t.Errorf("subject %q, %v, want %q", plain, err, c.subject)
		}
		plain := plainSpaces(text)
		for _, part := range append(c.says, "Bonjour,\n\n", "Bien à vous,\nPilotes\nsuivi@pilotes.example\n") {
			if !strings.Contains(plain, part) {
				t.Errorf("%s: no %q in\n%s", c.subject, part, plain)
			}
		}
		for _, part := range append(c.silent, "{{", "<no value>", "\n\n\n", "%!") {
			if strings.Contains(plain, part) {
				t.Errorf("%s: %q in\n%s", c.subject, part, plain)
			}
		}
	}
	if _, _, err := (&Letter{Kind: "autre"}).Text(); err == nil {
		t.Error("a letter without a text was written")
	}
}
