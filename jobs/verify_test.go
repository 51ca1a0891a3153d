package jobs_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cairn/jobs"
	"cairn/transform"
)

// verifyElsewhere verifies a release where there is no workspace.
func verifyElsewhere(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out, problems bytes.Buffer
	status = jobs.Main(append([]string{"verify", "--workspace", t.TempDir()}, args...), &out, &problems)
	return status, strings.ReplaceAll(out.String()+problems.String(), "\u00a0", " ")
}

// A release and each dossier of it verify where there is nothing else, folder and zip alike; a dossier has what is its
// funder's and no other's, and always the same bytes.
func TestVerifyElsewhere(t *testing.T) {
	t.Parallel()
	r := small(t)
	dir := t.TempDir()
	status, said := verifyElsewhere(t, r.release, "--dossier", dir)
	if status != 0 || !strings.Contains(said, "\nidentique\n") || !strings.Contains(said, "recalculés depuis les tables publiées, au mois 2026-10 : 28, ") ||
		!strings.Contains(said, "non recalculables ici (hors de tout espace de travail) : 27 indicateurs") || !strings.Contains(said, "  C02, C04, C07 : core.dyades\n") {
		t.Fatalf("%d\n%s", status, said)
	}
	again := t.TempDir()
	verifyElsewhere(t, r.release, "--dossier", again)
	for _, whose := range []string{"programme", "fondation"} {
		name := "2026-10_v1_" + whose + "_dossier.zip"
		if status, said := verifyElsewhere(t, filepath.Join(dir, name)); status != 0 || !strings.HasSuffix(said, "identique\n") {
			t.Errorf("%s: %d\n%s", name, status, said)
		}
		var data [2][]byte
		for i, dir := range []string{dir, again} {
			var err error
			if data[i], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(data[0], data[1]) {
			t.Errorf("%s has other bytes when it is made again", name)
		}
		z, err := zip.NewReader(bytes.NewReader(data[0]), int64(len(data[0])))
		if err != nil {
			t.Fatal(err)
		}
		impacts := 0
		for _, f := range z.File {
			_, file, _ := strings.Cut(f.Name, "/")
			part, _, _ := strings.Cut(file, "/")
			switch {
			case part == "financeurs":
				impacts++
				if own := strings.Contains(file, "fondation"); own != (whose == "fondation") {
					t.Errorf("%s holds %s", name, file)
				}
			case part == "evaluateurs", part == "comparaison":
				t.Errorf("%s holds %s", name, file)
			}
		}
		if impacts != 2 {
			t.Errorf("%s holds %d files of financeurs/", name, impacts)
		}
	}
}

// Where cairn.toml cannot be read, the release is not compared with the journal: that is said, and it is not « identique ».
func TestVerifyTellsABrokenConfiguration(t *testing.T) {
	t.Parallel()
	r := small(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cairn.toml"), []byte("programe = \"Une faute de frappe\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	if status := jobs.Main([]string{"verify", "--workspace", dir, r.release}, &out, &problems); status != 1 ||
		!strings.Contains(problems.String(), `unknown key "programe"`) || strings.Contains(out.String(), "identique") {
		t.Errorf("%d\n%s%s", status, &out, &problems)
	}
}

// What was tampered with is named by its file and its figure, also where the manifest was made to agree.
func TestTamperedReleasesAreNamed(t *testing.T) {
	t.Parallel()
	if !thorough {
		t.Skip("verifies many releases: make check")
	}
	r := small(t)
	const figures, definition = "donnees/indicateurs.parquet", "methode/indicateurs/catalogue/E08_dialogues_tenus.sql"
	const e08 = "indicateur = 'E08' AND territoire_id = 'valbrune' AND periode = '2026-10'"
	for name, c := range map[string]struct {
		change func(dir string)
		naive  []string // told when the manifest is as it was
		forged []string // … and when it was made to agree
	}{
		"a cell": {
			func(dir string) {
				changeBook(t, filepath.Join(dir, "evaluateurs", "2026-10_castelmauve_evaluation.xlsx"), "Indicateurs")
			},
			[]string{"evaluateurs/2026-10_castelmauve_evaluation.xlsx : ses octets ne sont pas ceux du manifeste", "evaluateurs/2026-10_castelmauve_evaluation.xlsx : Indicateurs!", ", castelmauve, "},
			[]string{"evaluateurs/2026-10_castelmauve_evaluation.xlsx : Indicateurs!", ", castelmauve, ", "les données ouvertes disent"},
		},
		"a value of the Parquet file": {
			func(dir string) { changeTable(t, dir, "indicateurs", "valeur = 0.123", e08, false) },
			[]string{figures + " : ses octets ne sont pas ceux du manifeste", figures + " : E08, valbrune, 2026-10 : valeur vaut 0.123, dans le CSV jumeau "},
			[]string{figures + " : E08, valbrune, 2026-10 : valeur vaut 0.123, dans le CSV jumeau "},
		},
		"a figure wherever the open data say it": {
			func(dir string) { changeTable(t, dir, "indicateurs", "valeur = 0.123", e08, true) },
			[]string{figures + " : E08, valbrune, 2026-10 : valeur vaut 0.123, recalculé depuis les tables publiées 0."},
			[]string{figures + " : E08, valbrune, 2026-10 : valeur vaut 0.123, recalculé depuis les tables publiées 0.",
				"evaluateurs/2026-10_valbrune_evaluation.xlsx : Indicateurs!", "E08, valbrune, 2026-10 : la cellule contient "},
		},
		"a row that a figure rests on": {
			func(dir string) {
				changeTable(t, dir, "dialogues", "statut = 'annule'", "dialogue_id = (SELECT max(dialogue_id) FROM lues WHERE statut = 'tenu' AND territoire_id = 'valbrune') AND territoire_id = 'valbrune'", true)
			},
			[]string{"donnees/dialogues.csv : ses octets ne sont pas ceux du manifeste"},
			[]string{figures + " : E08, valbrune, 2026-10 : valeur vaut ", "recalculé depuis les tables publiées "},
		},
		"a missing file": {
			func(dir string) {
				if err := os.Remove(filepath.Join(dir, "comparaison", "2026-10_comparaison.xlsx")); err != nil {
					t.Fatal(err)
				}
			},
			[]string{"comparaison/2026-10_comparaison.xlsx : il manque"},
			[]string{"comparaison/2026-10_comparaison.xlsx : il manque"},
		},
		"a definition": {
			func(dir string) {
				changeText(t, filepath.Join(dir, definition), "statut = 'tenu'", "statut <> 'annule'")
			},
			[]string{definition + " : ses octets ne sont pas ceux du manifeste : la définition de E08 a changé", "methode : ce n’est pas la méthode que dit le manifeste"},
			[]string{figures + " : E08, ", "recalculé depuis les tables publiées "},
		},
		"a definition that reads what it may not": {
			func(dir string) {
				changeText(t, filepath.Join(dir, definition), "FROM etat.dialogues", "FROM read_csv('/etc/passwd')")
			},
			[]string{definition + " : ses octets ne sont pas ceux du manifeste"},
			[]string{definition + " : E08 : sa requête échoue : "},
		},
		"a file more": {
			func(dir string) {
				if err := os.Symlink("/etc/hostname", filepath.Join(dir, "note.txt")); err != nil {
					t.Fatal(err)
				}
			},
			[]string{"note.txt : il est en trop : le manifeste ne l’a pas"},
			[]string{"note.txt : il est en trop : le manifeste ne l’a pas"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "v1")
			if err := os.CopyFS(dir, os.DirFS(r.release)); err != nil {
				t.Fatal(err)
			}
			c.change(dir)
			for _, want := range [][]string{c.naive, c.forged} {
				status, said := verifyElsewhere(t, dir)
				if status != 1 {
					t.Errorf("exit status %d", status)
				}
				for _, w := range want {
					if !strings.Contains(said, w) {
						t.Errorf("nothing says %q:\n%s", w, said)
					}
				}
				forge(t, dir)
			}
		})
	}
}

// A zip that is no release of ours is refused before anything of it is used.
func TestHostileZips(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]zip.FileHeader{
		"is no path below a folder": {{Name: "../manifest.json"}},
		"is there twice":            {{Name: "manifest.json"}, {Name: "Manifest.json"}},
		"is no path below":          {{Name: `a\manifest.json`}},
		"manifest.json":             {{Name: "autre.txt"}},
	} {
		file := filepath.Join(t.TempDir(), "dossier.zip")
		var packed bytes.Buffer
		z := zip.NewWriter(&packed)
		for _, h := range entries {
			if _, err := z.CreateHeader(&h); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if status, said := verifyElsewhere(t, file); status != 1 || !strings.Contains(said, name) {
			t.Errorf("%s: %d\n%s", name, status, said)
		}
	}
}

func changeBook(t *testing.T, file, sheet string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		data, err = tamper(data, sheet, "", bump)
	}
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func changeText(t *testing.T, file, old, new string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s has no %q: %v", file, old, err)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte(old), []byte(new), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// changeTable changes one row of a table's Parquet file, and of its CSV twin if asked.
func changeTable(t *testing.T, dir, table, set, where string, twin bool) {
	t.Helper()
	file := filepath.Join(dir, "donnees", table)
	w, err := transform.Open("", filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Exec("CREATE TABLE lues AS SELECT * FROM read_parquet('" + file + ".parquet')"); err != nil {
		t.Fatal(err)
	}
	done, err := w.Exec("UPDATE lues SET " + set + " WHERE " + where)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("%d rows of %s were changed: %v", n, table, err)
	}
	if _, err := w.Exec("COPY lues TO '" + file + ".parquet' (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
	if !twin {
		return
	}
	if _, err := w.Exec("COPY lues TO '" + file + ".csv' (FORMAT csv, HEADER true, DELIMITER ',')"); err != nil {
		t.Fatal(err)
	}
}

// forge makes the manifest, the digest of the method and datapackage.json agree with the files that are there.
func forge(t *testing.T, dir string) {
	t.Helper()
	digest := func(file string) (string, int) {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			return "", 0
		}
		return fmt.Sprintf("%x", sha256.Sum256(data)), len(data)
	}
	edit := func(file string, change func(map[string]any)) {
		file = filepath.Join(dir, filepath.FromSlash(file))
		data, err := os.ReadFile(file)
		var all map[string]any
		if err == nil {
			err = json.Unmarshal(data, &all)
		}
		if err != nil {
			t.Fatal(err)
		}
		change(all)
		if data, err = json.Marshal(all); err == nil {
			err = os.WriteFile(file, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	edit("donnees/datapackage.json", func(all map[string]any) {
		for _, r := range all["resources"].([]any) {
			resource := r.(map[string]any)
			sum, n := digest("donnees/" + resource["path"].(string))
			resource["hash"], resource["bytes"] = "sha256:"+sum, n
		}
	})
	method := sha256.New()
	edit("methode/methode.json", func(all map[string]any) { fmt.Fprintln(method, all["lecteur"]) })
	for _, part := range []string{"lecture", "construction", "indicateurs", "publication"} {
		files := os.DirFS(filepath.Join(dir, "methode"))
		err := fs.WalkDir(files, part, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(files, name)
			fmt.Fprintf(method, "%s %d\n%s", name, len(data), data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	edit("manifest.json", func(all map[string]any) {
		all["methode"] = fmt.Sprintf("%x", method.Sum(nil))
		for _, f := range all["fichiers"].([]any) {
			entry := f.(map[string]any)
			if sum, n := digest(entry["chemin"].(string)); sum != "" {
				entry["sha256"], entry["octets"] = sum, n
			}
		}
	})
}
