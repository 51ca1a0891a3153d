package ingest

import (
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestRedactLeavesWhatIsRead forgets names that are words of ours as well: the territory, titles, labels. What is read
// stays, of which territory and month too; a name goes also from a cell that could not be understood.
func TestRedactLeavesWhatIsRead(t *testing.T) {
	t.Parallel()
	b := blankBook(t)
	b.cover("referent", "Marie, de Lupin")
	b.cover("emetteur", "Élus")
	b.cover("rien_freins", "non, voir avec Lupin")
	b.add("acteurs", set{"acteur_id": "val", "nom": "Val-de-Lys", "organisation": "Lupin"})
	b.add("relations", set{"declarant": "voir Lupin", "date_observation": "lupin"})
	b.add("freins", set{"reconnu_par": "Élus ; Lupin", "levier": "Lupin a parlé"})
	for _, table := range []string{"relations", "projets", "dialogues"} {
		b.add(table, nil)
	}
	b.sheet("Notes de Lupin").rows, b.sheet("Notes de lupin").rows = [][]any{{"une"}}, [][]any{{"deux"}}
	b.sheet("Notes").rows = [][]any{{"Lupin", "sa ligne"}, {"avec Lupin"}}
	data := b.xlsx()
	words := []string{"Lupin", "Val-de-Lys", "Organisation", "Intention", "Territoire", "Partenaire", "Émetteur", "Référent", "Élus"}
	written, err := Redact(b.model, data, Redaction{Words: words})
	if err != nil {
		t.Fatal(err)
	}
	if Mentions(written, []string{"Lupin", "sa ligne"}) || !Mentions(written, []string{"avec"}) {
		t.Error("the name is in it still, or more has gone")
	}
	book, err := OpenWorkbook(written)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range book.Sheets {
		names = append(names, s.Name)
	}
	if !slices.Contains(names, "Notes de …") || !slices.Contains(names, "Notes de … (2)") {
		t.Errorf("the sheets are %q", names)
	}
	was, is := Parse(b.model, data), Parse(b.model, written)
	if is.Territoire != was.Territoire || !is.Periode.Equal(was.Periode) || is.Emetteur != was.Emetteur || is.Cover != was.Cover {
		t.Errorf("it is of another territory, month or sender: %+v, %+v", is, was)
	}
	for i := range was.Tables {
		was, is := was.Tables[i], is.Tables[i]
		for j := range was.Rows {
			for k, v := range was.Rows[j].Values {
				was.Rows[j].Values[k] = strings.NewReplacer("Lupin", redacted, "Val-de-Lys", redacted).Replace(v)
			}
		}
		if diff := gocmp.Diff(was.Rows, is.Rows); diff != "" || !slices.Equal(was.Columns, is.Columns) {
			t.Errorf("%s (-original +written):\n%s", was.Sheet, diff)
		}
	}
}

// An answer or a comment that is the name and nothing else goes too; identifiers, codes and titles that are called alike stay.
func TestRedactAnswers(t *testing.T) {
	t.Parallel()
	b := blankBook(t)
	for _, table := range []string{"relations", "projets", "dialogues", "freins"} {
		b.add(table, nil)
	}
	b.sheet("Retour").rows = [][]any{{"Référence", "Réponse", "Explication"}, {"3f09ab41c2", "Je confirme", "Lupin"}, {"3f09ab41c3", "Je confirme", "vu avec Lupin"}}
	data := b.xlsx()
	if Parse(b.model, data).Returned == "" {
		t.Fatal("the sheet is not known for a return")
	}
	written, err := Redact(b.model, data, Redaction{Words: []string{"Lupin", "Explication", "3f09ab41c2"}})
	if err != nil {
		t.Fatal(err)
	}
	book, err := OpenWorkbook(written)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, s := range book.Sheets {
		if s.Name != "Retour" {
			continue
		}
		for row, err := range s.Rows {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, []string{row.At(0).String(), row.At(2).String()})
		}
	}
	want := [][]string{{"Référence", "Explication"}, {"3f09ab41c2", redacted}, {"3f09ab41c3", "vu avec " + redacted}}
	if diff := gocmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}
