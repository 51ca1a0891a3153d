package jobs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/transform"
)

// verify verifies a folder, in the workspace or elsewhere.
func (p *replay) verify(dir, workspace string) (said string, err error) {
	p.out.Reset()
	elsewhere := *p.env
	elsewhere.workspace = workspace
	err = (&verifyCmd{Release: dir}).Run(&elsewhere)
	return strings.ReplaceAll(p.out.String(), "\u00a0", " "), err
}

// A release as it was published is identical; of one that was tampered with, each file, figure and cell is named.
func TestVerify(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("makes releases again: make check")
	}
	world, source := newSource(t, 3, 6, "arlenthe", "valbrune")
	p := newReplay(t, world, source)
	end := time.Date(2026, 11, 27, 0, 0, 0, 0, transform.Paris)
	p.receive(end)
	p.run(end, &runCmd{})
	dir := filepath.Join(p.env.workspace, "outbox", "2026-10", "v1")
	if said, err := p.verify(dir, p.env.workspace); err != nil || !strings.HasSuffix(said, "identique\n") || !strings.Contains(said, "recalculé depuis l’espace de travail") {
		t.Fatalf("%v\n%s", err, said)
	}

	copied := filepath.Join(t.TempDir(), "v1")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	book := filepath.Join(copied, "evaluateurs", "2026-10_arlenthe_evaluation.xlsx")
	f, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellValue("Fiches", "B6", "un autre nom"); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveAs(book); err != nil {
		t.Fatal(err)
	}
	tamperTable(t, filepath.Join(copied, "donnees", "indicateurs.parquet"), "valeur", "0.123", "indicateur = 'E08' AND territoire_id = 'arlenthe' AND periode = '2026-10'")
	tamperTable(t, filepath.Join(copied, "donnees", "dialogues.parquet"), "statut", "'annule'", "dialogue_id = (SELECT min(dialogue_id) FROM lues WHERE statut = 'tenu')")
	if err := os.Remove(filepath.Join(copied, "comparaison", "2026-10_comparaison.xlsx")); err != nil {
		t.Fatal(err)
	}
	definition := filepath.Join(copied, "methode", "indicateurs", "catalogue", "C02_relations_partenariales.sql")
	data, err := os.ReadFile(definition)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(definition, bytes.Replace(data, []byte("niveau_ess >= 3"), []byte("niveau_ess >= 2"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied, "note.txt"), []byte("en plus"), 0o644); err != nil {
		t.Fatal(err)
	}

	said, err := p.verify(copied, p.env.workspace)
	if err == nil {
		t.Fatalf("identique:\n%s", said)
	}
	for _, want := range []string{
		`evaluateurs/2026-10_arlenthe_evaluation.xlsx : Fiches!B6 contient "un autre nom", refait "`,
		"donnees/indicateurs.parquet : E08, arlenthe, 2026-10 : valeur vaut 0.123, refait ",
		"donnees/dialogues.parquet : arlenthe, ",
		"statut vaut annule, refait tenu",
		"comparaison/2026-10_comparaison.xlsx : il manque",
		"methode : ce n’est pas la méthode que dit le manifeste",
		"methode/indicateurs/catalogue/C02_relations_partenariales.sql : refait, il a d’autres octets : la définition de C02 a changé",
		"note.txt : il est en trop : refaite, la publication ne l’a pas",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %q:\n%s", want, said)
		}
	}
	if n := strings.Count(said, "evaluation.xlsx"); n != 1 {
		t.Errorf("%d differences of workbooks, one was planted:\n%s", n, said)
	}

	// Elsewhere, the digests name the files, and the CSV twins the figures.
	said, err = p.verify(copied, t.TempDir())
	if err == nil || !strings.Contains(said, "non recalculables ici (hors de tout espace de travail)") {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, want := range []string{
		"evaluateurs/2026-10_arlenthe_evaluation.xlsx : ses octets ne sont pas ceux du manifeste",
		"donnees/indicateurs.parquet : E08, arlenthe, 2026-10 : valeur vaut 0.123, dans le CSV jumeau ",
		"comparaison/2026-10_comparaison.xlsx : il manque",
		"note.txt : il est en trop : le manifeste ne l’a pas",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %q:\n%s", want, said)
		}
	}

	// A manifest that was made to agree is not the one that the journal knows.
	manifest := filepath.Join(dir, "manifest.json")
	if data, err = os.ReadFile(manifest); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err = p.verify(dir, p.env.workspace); err == nil || !strings.Contains(said, "manifest.json : ce n’est pas celui que le journal dit avoir été publié") {
		t.Errorf("%v\n%s", err, said)
	}
}

// tamperTable changes a value of a Parquet file.
func tamperTable(t *testing.T, file, column, value, where string) {
	t.Helper()
	w, err := transform.Open("", filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Exec("CREATE TABLE lues AS SELECT * FROM read_parquet('" + file + "')"); err != nil {
		t.Fatal(err)
	}
	done, err := w.Exec("UPDATE lues SET " + column + " = " + value + " WHERE " + where)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("%d rows of %s were changed: %v", n, file, err)
	}
	if _, err := w.Exec("COPY lues TO '" + file + "' (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
}
