package jobs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cairn/ingest"
	"cairn/transform"
)

// canary is a text that is in one field of one table alone.
func canary(table, field string) string {
	return strings.ToUpper(fmt.Sprintf("CAN%.3s%.9s", table, strings.ReplaceAll(field, "_", "")))
}

// otherFields are what a text of its own cannot be: identifiers of another form.
var otherFields = map[string]string{"siren": "552081317", "rna": "W987654321", "code_commune": "59009"}

// canaryRow fills every field of a table: texts with canaries, or with those of the row that they refer to.
func canaryRow(m *ingest.Model, s *ingest.Schema, planted map[string]*ingest.Field) map[string]any {
	row := map[string]any{}
	for i := range s.Fields {
		f := &s.Fields[i]
		switch {
		case f.Name == "retire" || f.Name == "remplace_par" || f.Name == "statut" || strings.HasPrefix(f.Name, "date_sortie"):
		case f.CodeList != "" && f.Type == "list":
			row[f.Name] = []string{m.Values(f.CodeList)[0]}
		case f.CodeList != "":
			row[f.Name] = m.Values(f.CodeList)[0]
		case f.Type == "date":
			row[f.Name] = on(2026, 3, 10)
		case f.Type == "boolean":
			row[f.Name] = true
		case f.Type == "integer":
			row[f.Name] = int64(2)
		case f.Type == "number":
			row[f.Name] = 2.0
		case f.Type == "string":
			row[f.Name] = canary(s.Name, f.Name)
			if other := otherFields[f.Name]; other != "" {
				row[f.Name] = other
			}
			for _, fk := range s.ForeignKeys {
				if fk.Fields[0] == f.Name {
					target := m.Schemas[fk.Reference.Resource]
					row[f.Name] = canary(target.Name, target.PrimaryKey[0])
				}
			}
			if row[f.Name] == canary(s.Name, f.Name) || otherFields[f.Name] != "" {
				planted[row[f.Name].(string)] = f
			}
		}
	}
	return row
}

// TestCanaries plants a text in every field of every table, and in a bad cell, an answer and the referent's
// address, and looks for them in all that leaves: where the schema lets a field go it must be found, so that
// the search is seen to work, and nowhere else.
func TestCanaries(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	d := newDesk(t)
	reference := "territoire_id,nom,date_entree,courriel_referent\nval-de-lys,Val-de-Lys,2026-01-01,canreferent@secret.example\n"
	if err := os.WriteFile(filepath.Join(d.dir, "territoires.csv"), []byte(reference), 0o644); err != nil {
		t.Fatal(err)
	}
	planted, where := map[string]*ingest.Field{}, map[string]*ingest.Schema{}
	filled := rows{}
	for _, name := range ingest.Tables {
		s := d.model.Schemas[name]
		row := canaryRow(d.model, s, planted)
		for text, f := range planted {
			if where[text] == nil && s.Field(f.Name) == f {
				where[text] = s
			}
		}
		if code := s.Field("statut"); code != nil {
			row["statut"] = d.model.Values(code.CodeList)[len(d.model.Values(code.CodeList))-1]
		}
		filled[name] = []map[string]any{row}
	}
	collective := filled["acteurs"][0] // whose siren and rna are nobody's business
	collective["famille"], collective["groupe_pairs"] = "collectif_citoyen", "socio_economique"
	hall := with(collective, "acteur_id", "MAIRIE", "nom", "Mairie", "groupe_pairs", "elus", "famille", "collectivite")
	for _, field := range []string{"siren", "rna", "organisation", "part_publique_capital"} {
		delete(hall, field)
	}
	delete(collective, "part_publique_capital")
	filled["acteurs"] = append(filled["acteurs"], hall)
	filled["relations"][0]["partenaire"] = "MAIRIE"
	filled["projets"][0]["statut"], filled["projets"][0]["date_fin"] = "en_cours", nil
	filled["relations"] = append(filled["relations"], with(filled["relations"][0], "dimension", "verticale", "cadre", "CANVALEUR"))
	d.send("mars.xlsx", d.workbook(3, "", filled))
	printed := d.cairn(3, "run")
	printed += d.cairn(3, "status") + d.cairn(3, "status", "--findings")

	texts := map[string]string{}
	for text := range planted {
		texts[text] = text
	}
	for _, secret := range []string{"CANVALEUR", "canreferent"} {
		texts[secret] = secret
	}
	outputs := map[string]string{"messages": printed} // by audience
	release := filepath.Join(d.dir, "outbox", "2026-03", "v1")
	err := filepath.WalkDir(release, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		audience := strings.Split(strings.TrimPrefix(path, release+string(filepath.Separator)), string(filepath.Separator))[0]
		content := ""
		switch filepath.Ext(path) {
		case ".xlsx":
			content = unzipped(t, path)
		case ".parquet":
			content = parquetText(t, path)
		default:
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(data)
		}
		outputs[audience] += content
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	team := []ingest.Diffusion{ingest.Publique, ingest.Evaluateurs}
	allowed := map[string][]ingest.Diffusion{"donnees": {ingest.Publique}, "evaluateurs": team, "comparaison": team, "financeurs": {ingest.Publique}}
	mayBeIn := func(text, audience string) bool {
		f := planted[text]
		if f != nil && audience == "financeurs" && !f.Printable { // of the territories' own words
			return false
		}
		return f != nil && slices.Contains(allowed[audience], where[text].DiffusionOf(f)) && (otherFields[f.Name] == "" || f.Name == "code_commune")
	}
	leaks := func(outputs map[string]string) (found []string) {
		for text := range texts {
			for audience, content := range outputs {
				if strings.Contains(content, text) && !mayBeIn(text, audience) {
					found = append(found, text+" is in "+audience)
				}
			}
		}
		return found
	}
	for _, leak := range leaks(outputs) {
		t.Error(leak)
	}
	hidden := 0
	for text := range texts {
		switch {
		case !mayBeIn(text, "donnees"):
			hidden++
			if len(leaks(map[string]string{"donnees": outputs["donnees"] + text})) == 0 {
				t.Errorf("%s could leak unseen", text)
			}
		case !strings.Contains(outputs["donnees"], text):
			t.Errorf("%s may be published and is not: it was not planted", text)
		}
	}
	if hidden < 8 {
		t.Errorf("only %d texts are to be hidden", hidden)
	}
	for _, part := range []string{"donnees", "evaluateurs", "comparaison", "financeurs", "manifest.json"} {
		if outputs[part] == "" {
			t.Errorf("nothing of %s was searched", part)
		}
	}
}

// parquetText is every row of a file as the database reads it.
func parquetText(t *testing.T, path string) string {
	t.Helper()
	w, err := transform.Open("", filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	rows, err := w.Query("SELECT t::VARCHAR FROM read_parquet('" + path + "') t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			t.Fatal(err)
		}
		all.WriteString(row + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}
