package jobs_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/ingest"
	"cairn/jobs"
)

// cairn runs a command that must end with one of the statuses.
func cairn(t *testing.T, status int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := jobs.Main(args, &stdout, &stderr); got != status {
		t.Fatalf("cairn %q: exit status %d, want %d\n%s%s", args, got, status, &stdout, &stderr)
	}
	return stdout.String()
}

// inflated is all that a workbook holds, part by part.
func inflated(t *testing.T, file string) string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var all strings.Builder
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return all.String()
}

// secretWorkspace has a territory's workbook, an actor's and a peer group's, each marked: MARQUE1 in
// the territory's, MARQUE2 in the actor's answers, MARQUE3 in the group's.
func secretWorkspace(t *testing.T) string {
	t.Helper()
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	ws := filepath.Join(t.TempDir(), "ws")
	cairn(t, 0, "init", ws)
	places := "territoire_id,nom,date_entree,courriel_referent\nvalbrune,Valbrune,2026-01-01,marque1@example.org\n"
	if err := os.WriteFile(filepath.Join(ws, "territoires.csv"), []byte(places), 0o644); err != nil {
		t.Fatal(err)
	}
	october := time.Date(2025, 10, 1, 0, 0, 0, 0, time.UTC)
	at := func(day int) time.Time { return october.AddDate(0, 0, day-1) }
	type row = map[string]any
	for name, d := range map[string]ingest.TemplateData{
		"territoire": {Referent: "MARQUE1", Rows: map[string][]map[string]any{
			"acteurs": {
				row{"acteur_id": "epicerie", "nom": "Épicerie solidaire", "groupe_pairs": "socio_economique", "famille": "association", "organisation": "MARQUE1", "siren": "732829320", "part_publique_capital": "nc", "date_entree": at(1)},
				row{"acteur_id": "mairie", "nom": "Mairie, élus", "groupe_pairs": "elus", "famille": "collectivite", "date_entree": at(1)},
				row{"acteur_id": "ancien", "nom": "Ancien MARQUE1", "groupe_pairs": "elus", "famille": "collectivite", "date_entree": at(-900), "date_sortie": at(-500)},
				row{"acteur_id": "parti", "nom": "Parti MARQUE1", "groupe_pairs": "elus", "famille": "collectivite", "date_entree": at(-900), "date_sortie": at(-100)},
			},
			"relations":   {row{"declarant": "mairie", "partenaire": "epicerie", "dimension": "verticale", "date_observation": at(3), "type_relation": "delegation", "confiance": "nsp"}},
			"projets":     {row{"projet_id": "P-MARQUE1", "intitule": "MARQUE1", "theme": "alimentation", "porteur": "epicerie", "portage": "partage", "statut": "en_cours", "date_debut": at(2), "intention_acteur": "MARQUE1"}},
			"freins":      {row{"frein_id": "F-MARQUE1", "exprime_par": "elus", "categorie": "mefiance", "date_identification": at(5), "statut": "identifie", "levier": "MARQUE1", "reconnu_par": []string{"elus", "agents"}}},
			"engagements": {row{"engagement_id": "E-MARQUE1", "acteur_id": "mairie", "forme": "financier", "intention": "MARQUE1", "date_debut": at(4)}},
			"effets":      {row{"effet_id": "X-MARQUE1", "projet_id": "P-MARQUE1", "date_constat": at(6), "domaine": "social", "description": "MARQUE1", "sens": "positif", "anticipe": true, "horizon": "court", "niveau_preuve": "observe"}},
		}},
		"mairie": {Emetteur: "mairie", Referent: "MARQUE2", Rows: map[string][]map[string]any{
			"relations": {row{"declarant": "mairie", "partenaire": "epicerie", "dimension": "transversale", "date_observation": at(7), "type_relation": "donneur_ordre", "confiance": int64(1)}},
			"principes": {row{"repondant": "MARQUE2", "groupe_pairs": "elus", "date_reponse": at(7), "axe": "P2.2", "note": int64(2)}},
		}},
		"agents": {Emetteur: "agents", Referent: "MARQUE3", Rows: map[string][]map[string]any{
			"principes": {row{"repondant": "MARQUE3", "groupe_pairs": "agents", "date_reponse": at(8), "axe": "P2.2", "note": int64(2)}},
		}},
	} {
		d.Territoire, d.Periode = "valbrune", october
		var buf bytes.Buffer
		if err := ingest.WriteTemplate(&buf, m, d); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(ws, "inbox", name+".xlsx"), buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if name != "territoire" && !strings.Contains(inflated(t, filepath.Join(ws, "inbox", name+".xlsx")), "MARQUE") {
			t.Fatal("the mark is nowhere: the search proves nothing")
		}
	}
	cairn(t, 0, "run", "--workspace", ws)
	return ws
}

// TestTemplateShowsNobodyElsesAnswers looks for marks in every byte of the workbooks made for each
// sender.
func TestTemplateShowsNobodyElsesAnswers(t *testing.T) {
	t.Parallel()
	ws := secretWorkspace(t)
	out := t.TempDir() + "/"
	for _, c := range []struct {
		args      []string
		has, lack []string
	}{
		{args: nil, has: []string{"P-MARQUE1", "F-MARQUE1", "E-MARQUE1", "Parti MARQUE1", "732829320"}, lack: []string{"MARQUE2", "MARQUE3", "Ancien", "X-MARQUE1", "marque1@"}},
		{args: []string{"--emetteur", "epicerie"}, has: []string{"Mairie, élus", "Épicerie solidaire"}, lack: []string{"MARQUE", "marque1", "732829320"}},
		{args: []string{"--emetteur", "mairie"}, has: []string{"Épicerie solidaire"}, lack: []string{"MARQUE", "marque1", "732829320"}},
		{args: []string{"--emetteur", "agents"}, has: []string{"Épicerie solidaire"}, lack: []string{"MARQUE", "marque1", "732829320"}},
	} {
		file := strings.TrimSpace(cairn(t, 0, append([]string{"template", "--workspace", ws, "--territory", "valbrune", "--out", out}, c.args...)...))
		all := inflated(t, file)
		for _, text := range c.has {
			if !strings.Contains(all, text) {
				t.Errorf("%s lacks %s", filepath.Base(file), text)
			}
		}
		for _, text := range c.lack {
			if strings.Contains(all, text) {
				t.Errorf("%s holds %s", filepath.Base(file), text)
			}
		}
	}
}

// TestTemplateKeepsRegisters sends a pre-filled workbook back as it is: what it says is what was
// known, « nc » too.
func TestTemplateKeepsRegisters(t *testing.T) {
	t.Parallel()
	ws := secretWorkspace(t)
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	read := func(file string) map[string]string { // table, key and field → value
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cells := map[string]string{}
		for _, table := range ingest.Parse(m, data).Tables {
			for _, row := range table.Rows {
				for i, value := range row.Values {
					if table.Schema.Kind == ingest.Registre && value != "" {
						cells[table.Schema.Name+" "+row.Values[0]+" "+table.Schema.Fields[i].Name] = value
					}
				}
			}
		}
		return cells
	}
	sent := read(filepath.Join(ws, "inbox", "territoire.xlsx"))
	made := read(strings.TrimSpace(cairn(t, 0, "template", "--workspace", ws, "--territory", "valbrune", "--out", t.TempDir()+"/")))
	for cell, value := range sent {
		if got := made[cell]; got != value && !strings.HasPrefix(cell, "acteurs ancien ") {
			t.Errorf("%s is %q, want %q", cell, got, value)
		}
	}
	if len(made) == 0 || made["acteurs epicerie part_publique_capital"] != "nc" {
		t.Errorf("%d cells", len(made))
	}
	for cell := range made {
		if sent[cell] == "" {
			t.Errorf("%s came from nowhere", cell)
		}
	}
}
