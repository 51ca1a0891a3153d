package jobs_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/exports"
	"cairn/ingest"
	"cairn/jobs"
)

type rows = map[string][]map[string]any

func on(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// desk is a workspace, and the agent of a territory who writes to it.
type desk struct {
	t     *testing.T
	dir   string
	model *ingest.Model
	sent  int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, dir: filepath.Join(t.TempDir(), "espace"), model: m}
	d.cairn(0, "init", d.dir)
	if err := os.WriteFile(filepath.Join(d.dir, "territoires.csv"), []byte("territoire_id,nom,date_entree\nval-de-lys,Val-de-Lys,2026-01-01\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) cairn(exit int, args ...string) string {
	d.t.Helper()
	var out bytes.Buffer
	if got := jobs.Main(append(args, "--workspace", d.dir), &out, &out); got != exit {
		d.t.Fatalf("cairn %s: exit %d, want %d\n%s", strings.Join(args, " "), got, exit, out.String())
	}
	return out.String()
}

// send puts a file in the inbox, an hour after the one before.
func (d *desk) send(name string, data []byte) {
	d.t.Helper()
	d.sent++
	path := filepath.Join(d.dir, "inbox", name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		d.t.Fatal(err)
	}
	at := on(2026, 6, 1).Add(time.Duration(d.sent) * time.Hour)
	if err := os.Chtimes(path, at, at); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) workbook(month int, emetteur string, r rows) []byte {
	d.t.Helper()
	var b bytes.Buffer
	if err := ingest.WriteTemplate(&b, d.model, ingest.TemplateData{Territoire: "val-de-lys", Periode: on(2026, month, 1), Emetteur: emetteur, Rows: r}); err != nil {
		d.t.Fatal(err)
	}
	return b.Bytes()
}

// back opens the return of a month.
func (d *desk) back(name string) *excelize.File {
	d.t.Helper()
	f, err := excelize.OpenFile(filepath.Join(d.dir, "returns", "val-de-lys", name+"_retour.xlsx"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { f.Close() })
	return f
}

// asked is the list of a return: what to do, where, and the row on which to answer.
func asked(t *testing.T, f *excelize.File) (lines []string, at map[string]int) {
	t.Helper()
	all, err := f.GetRows("Retour")
	if err != nil {
		t.Fatal(err)
	}
	at = map[string]int{}
	for i, row := range all {
		if len(row) >= 5 && slices.Contains([]string{"À corriger", "À expliquer", "Pour information"}, row[1]) {
			place := row[2] + "!" + row[3]
			lines = append(lines, row[1]+" "+place)
			at[place] = i + 1
		}
	}
	return lines, at
}

func set(t *testing.T, f *excelize.File, sheet, cell string, value any) {
	t.Helper()
	if err := f.SetCellValue(sheet, cell, value); err != nil {
		t.Fatal(err)
	}
}

// throughLibreOffice saves a workbook as an agent who uses LibreOffice would, where it is installed.
func throughLibreOffice(t *testing.T, f *excelize.File, format string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "classeur.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("soffice"); err == nil {
		out := t.TempDir()
		cmd := exec.Command("soffice", "--headless", "-env:UserInstallation=file://"+t.TempDir(), "--convert-to", format, "--outdir", out, path)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("soffice: %v\n%s", err, said)
		}
		path = filepath.Join(out, "classeur."+format)
	} else {
		t.Log("LibreOffice is not installed: the workbook comes back as it was saved by excelize")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var (
	actors     = []map[string]any{{"acteur_id": "mairie", "nom": "La mairie", "groupe_pairs": "elus", "famille": "collectivite", "date_entree": on(2026, 1, 1)}}
	engagement = map[string]any{"engagement_id": "G1", "acteur_id": "mairie", "forme": "humain", "date_debut": on(2026, 1, 5), "date_fin_prevue": on(2026, 2, 28)}
)

func with(row map[string]any, changes ...any) map[string]any {
	changed := map[string]any{}
	for k, v := range row {
		changed[k] = v
	}
	for i := 0; i < len(changes); i += 2 {
		changed[changes[i].(string)] = changes[i+1]
	}
	return changed
}

// The whole dialogue: a workbook is sent, comes back with its faults marked, is mended here, explained
// there and left as it was elsewhere, saved by LibreOffice, and sent again.
func TestReturnComesBack(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	for _, format := range []string{"xlsx", "ods"} {
		t.Run(format, func(t *testing.T) {
			if format != "xlsx" && !thorough {
				t.Skip("make check")
			}
			d := newDesk(t)
			month := func(frein string) rows {
				return rows{"acteurs": actors, "engagements": {engagement, with(engagement, "engagement_id", "G2")},
					"freins": {{"frein_id": "F1", "exprime_par": "elus", "categorie": frein, "date_identification": on(2026, 1, 5), "statut": "identifie"}}}
			}
			d.send("mars.xlsx", d.workbook(3, "", month("méfience")))
			d.cairn(3, "run")
			f := d.back("2026-03")
			lines, at := asked(t, f)
			want := []string{"À corriger Freins!C2", "À expliquer Engagements!M2", "À expliquer Engagements!M3"}
			if !slices.Equal(lines, want) {
				t.Fatalf("the return lists %q, want %q", lines, want)
			}
			comments, err := f.GetComments("Freins")
			if err != nil || !slices.ContainsFunc(comments, func(c excelize.Comment) bool {
				return c.Cell == "C2" && strings.Contains(c.Text, "N° 1") && strings.Contains(c.Text, "Méfiance")
			}) {
				t.Errorf("notes of the sheet Freins: %v, %v", comments, err)
			}

			if format == "xlsx" { // a sheet that was renamed is known by its titles
				if err := f.SetSheetName("Retour", "Retour rempli"); err != nil {
					t.Fatal(err)
				}
			}
			set(t, f, "Freins", "C2", "Méfiance")
			set(t, f, f.GetSheetName(0), fmt.Sprintf("I%d", at["Engagements!M2"]), "La convention est reconduite de mois en mois.")
			d.send("mars corrigé."+format, throughLibreOffice(t, f, format))
			d.cairn(3, "run")
			f = d.back("2026-03")
			if lines, _ = asked(t, f); !slices.Equal(lines, []string{"À expliquer Engagements!M3"}) {
				t.Errorf("after mending one and explaining one, the return lists %q", lines)
			}
			if format == "ods" { // its return is the sheet « Retour » alone
			} else if comments, err := f.GetComments("Freins"); err != nil || slices.ContainsFunc(comments, func(c excelize.Comment) bool { return c.Cell == "C2" }) {
				t.Errorf("the mended cell still has a note: %v, %v", comments, err)
			}

			d.send("avril.xlsx", d.workbook(4, "", month("mefiance")))
			d.cairn(3, "run")
			if lines, _ = asked(t, d.back("2026-04")); !slices.Equal(lines, []string{"À expliquer Engagements!M3"}) {
				t.Errorf("the next month's return lists %q", lines)
			}
			if said := d.cairn(3, "check", filepath.Join(d.dir, "inbox", "avril.xlsx")); strings.Contains(said, "M2") || !strings.Contains(said, "M3") {
				t.Errorf("check says\n%s", said)
			}
		})
	}
}

// Every file has its receipt, the clean one and the unreadable one too, and a return that was lost is
// written again.
func TestEveryFileHasAReceipt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send("mars.xlsx", d.workbook(3, "", rows{"acteurs": actors}))
	d.send("lettre.xlsx", []byte("Bonjour, voici le classeur."))
	d.cairn(3, "run")
	all, err := d.back("2026-03").GetRows("Retour")
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(all); !strings.Contains(text, "Il n’y a rien à corriger ni à expliquer.") || !strings.Contains(text, "1 prise, 1 nouvelle, 0 modifiée") {
		t.Errorf("the receipt says %s", text)
	}
	refused, err := filepath.Glob(filepath.Join(d.dir, "returns", "refuses", "*_retour.xlsx"))
	if err != nil || len(refused) != 1 {
		t.Fatalf("returns of refused files: %q, %v", refused, err)
	}
	f, err := excelize.OpenFile(refused[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if rows, err := f.GetRows("Retour"); err != nil || !strings.Contains(fmt.Sprint(rows), "lettre.xlsx") {
		t.Errorf("of a refused file: %q, %v", rows, err)
	}
	if err := os.Remove(refused[0]); err != nil {
		t.Fatal(err)
	}
	d.cairn(3, "run")
	if _, err := os.Stat(refused[0]); err != nil {
		t.Error(err)
	}
}

// No return shows a sender what another has answered: the answers of the actor and of the peer group,
// and those of the territory, are searched in every part of each other's returns.
func TestReturnsGoToTheirSenderAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	answer := func(repondant string) map[string]any {
		return map[string]any{"repondant": repondant, "groupe_pairs": "elus", "date_reponse": on(2026, 3, 5), "axe": "pas un axe"}
	}
	d.send("mars.xlsx", d.workbook(3, "", rows{"acteurs": {with(actors[0], "nom", "CANARI-TERRITOIRE"), with(actors[0], "acteur_id", "a2", "famille", "fanfare")}}))
	d.send("élus.xlsx", d.workbook(3, "elus", rows{"principes": {answer("CANARI-ELUS")}}))
	d.send("mairie.xlsx", d.workbook(3, "mairie", rows{"principes": {answer("CANARI-MAIRIE")}}))
	d.cairn(3, "run")
	for name, own := range map[string]string{"2026-03": "CANARI-TERRITOIRE", "2026-03_elus": "CANARI-ELUS", "2026-03_mairie": "CANARI-MAIRIE"} {
		parts := unzipped(t, filepath.Join(d.dir, "returns", "val-de-lys", name+"_retour.xlsx"))
		for _, canary := range []string{"CANARI-TERRITOIRE", "CANARI-ELUS", "CANARI-MAIRIE"} {
			if strings.Contains(parts, canary) != (canary == own) {
				t.Errorf("%s in the return %s: %v", canary, name, canary != own)
			}
		}
	}
}

// unzipped is the content of every part of a workbook.
func unzipped(t *testing.T, path string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
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

// A workbook of others' making keeps what is not ours: its names, its notes, its other sheets.
func TestReturnKeepsTheWorkbook(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	f, err := ingest.NewTemplate(d.model, ingest.TemplateData{Territoire: "val-de-lys", Periode: on(2026, 3, 1), Rows: rows{"acteurs": {with(actors[0], "famille", "fanfare")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	name := excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: "Acteurs!$A$1:$C$9", Scope: "Acteurs"}
	if err := f.SetDefinedName(&name); err != nil {
		t.Fatal(err)
	}
	if err := f.AddComment("Acteurs", excelize.Comment{Cell: "F2", Author: "Marie", Text: "à vérifier avec Paul"}); err != nil {
		t.Fatal(err)
	}
	set(t, f, "Acteurs", "Z9", "pense-bête")
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	for turn := range 3 { // returned, sent again as it is, returned again
		data, err := exports.NewReturn(ingest.Parse(d.model, b.Bytes())).Encode(d.model, b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		back, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close()
		if sheets := back.GetSheetList(); sheets[0] != "Retour" || len(sheets) != 1+len(f.GetSheetList()) {
			t.Errorf("turn %d: sheets %q", turn, sheets)
		}
		if !slices.Contains(back.GetDefinedName(), name) {
			t.Errorf("turn %d: names %v", turn, back.GetDefinedName())
		}
		comments, err := back.GetComments("Acteurs")
		if err != nil {
			t.Fatal(err)
		}
		on := 0
		for _, c := range comments {
			if c.Cell == "F2" {
				on++
				if strings.Count(c.Text, "à vérifier avec Paul") != 1 || strings.Count(c.Text, "N° 1") != 1 {
					t.Errorf("turn %d: the note says %q", turn, c.Text)
				}
			}
		}
		if on != 1 {
			t.Errorf("turn %d: %d notes on the cell", turn, on)
		}
		if v, err := back.GetCellValue("Acteurs", "Z9"); v != "pense-bête" {
			t.Errorf("turn %d: Z9 is %q, %v", turn, v, err)
		}
		b = *bytes.NewBuffer(data)
	}
}

// What the association decides is journalled, shown, and takes effect with the next run.
func TestDecisions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send("mars.xlsx", d.workbook(3, "", rows{"acteurs": {actors[0], with(actors[0], "acteur_id", "a2", "famille", "fanfare")}, "engagements": {engagement}}))
	d.cairn(3, "run")
	references := map[string]string{} // rule → reference
	for line := range strings.Lines(d.cairn(3, "status", "--findings")) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[2] == "val-de-lys" {
			references[fields[4]] = fields[0]
		}
	}
	question, fault := references["engagement_echu"], references["code_inconnu"]
	if len(references) != 2 || question == "" || fault == "" {
		t.Fatalf("status lists %v", references)
	}
	d.cairn(1, "decide", "0000000000", "--waive", "--reason", "x")
	d.cairn(2, "decide", question, "--reason", "ni l’un ni l’autre")
	d.cairn(1, "decide", fault, "--accept", "--reason", "il n’y a rien à accepter")
	d.cairn(0, "decide", question, "--accept", "--reason", "reconduit de fait")
	d.cairn(0, "decide", fault, "--waive", "--reason", "acteur hors du programme")
	d.cairn(0, "run")
	if said := d.cairn(0, "status"); !strings.Contains(said, "decision accept on "+question) || !strings.Contains(said, "reconduit de fait") {
		t.Errorf("status says\n%s", said)
	}
	if lines, _ := asked(t, d.back("2026-03")); len(lines) != 0 {
		t.Errorf("the return still lists %q", lines)
	}

	d.send("avril.xlsx", d.workbook(4, "", rows{"acteurs": actors}))
	d.cairn(3, "run") // an engagement has disappeared
	d.cairn(1, "withdraw", "inbox/mai.xlsx", "--reason", "x")
	d.cairn(0, "withdraw", "inbox/avril.xlsx", "--reason", "classeur d’essai")
	d.cairn(0, "run")
	if _, err := os.Stat(filepath.Join(d.dir, "returns", "val-de-lys", "2026-04_retour.xlsx")); !os.IsNotExist(err) {
		t.Errorf("the return of a withdrawn workbook is still there: %v", err)
	}
	if said := d.cairn(0, "status"); !strings.Contains(said, "withdrawn inbox/avril.xlsx") {
		t.Errorf("status says\n%s", said)
	}
}

// An evaluator comments upon a figure in the evaluation workbook and drops it with the others: the comment
// stands beside the figure in the next release.
func TestComments(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send("mars.xlsx", d.workbook(3, "", rows{"acteurs": actors}))
	d.cairn(0, "run")
	evaluation := func(version int) *excelize.File {
		f, err := excelize.OpenFile(filepath.Join(d.dir, "outbox", "2026-03", fmt.Sprintf("v%d", version), "evaluateurs", "2026-03_val-de-lys_evaluation.xlsx"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	beside := func(f *excelize.File) string {
		all, err := f.GetRows("Indicateurs")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range all {
			if row[0] == "C02" {
				return row[len(row)-1]
			}
		}
		return "no C02"
	}
	f := evaluation(1)
	if got := beside(f); got != "aucun" {
		t.Errorf("before any comment: %q", got)
	}
	all, err := f.GetRows("Commentaires")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range all {
		if len(row) > 2 && row[2] == "C02" {
			set(t, f, "Commentaires", fmt.Sprintf("E%d", i+1), "Un seul acteur : rien à lire encore.")
		}
	}
	d.send("évaluation commentée.xlsx", throughLibreOffice(t, f, "xlsx"))
	d.cairn(0, "run")
	if got := beside(evaluation(2)); !strings.Contains(got, "mars") || !strings.Contains(got, "rien à lire encore.") {
		t.Errorf("beside the figure: %q", got)
	}
	if said := d.cairn(0, "check", filepath.Join(d.dir, "inbox", "évaluation commentée.xlsx")); !strings.Contains(said, "1 commentaire") {
		t.Errorf("check says\n%s", said)
	}
}
