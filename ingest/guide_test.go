package ingest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated pages again")

// The page of rules is made from the rules.
func TestPageOfRules(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Les règles\n\nCette page est faite d’après le programme : `go test ./ingest -run PageOfRules -update`.\n")
	for _, group := range []struct {
		severity Severity
		title    string
		says     string
	}{
		{Rejet, "Rejets", "Le classeur ne peut pas être pris. Il est conservé."},
		{Erreur, "Erreurs", "La cellule est laissée de côté ; si elle est obligatoire, sa ligne aussi. Le reste est pris."},
		{Question, "Questions", "La valeur est prise, mais elle étonne : à corriger, ou à expliquer."},
		{Note, "Notes", "Pour information."},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| Code | Ce qui est dit | Ce qu’il faut faire |\n|---|---|---|\n", group.title, group.says)
		for _, r := range Rules {
			if r.Severity == group.severity {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Code, r.Cause, r.Remedy)
			}
		}
	}
	page := strings.NewReplacer("{colonne}", "…", "{feuille}", "…", "{autre}", "", "{attendu}", "…").Replace(b.String())
	const file = "guide/regles.md"
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, file) != page {
		t.Errorf("%s is not what the rules say: run the test with -update", file)
	}
}
