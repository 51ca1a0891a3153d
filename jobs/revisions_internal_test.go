package jobs

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"cairn/exports"
	"cairn/ingest"
	"cairn/jobs/demo"
	"cairn/transform"
)

// oldDefinition is E06 before its definition was changed.
var oldDefinition = []string{"indicators/catalogue/E06_engagements_pluriannuels.sql", "WHERE forme = 'financier' AND ", "WHERE "}

// olderProgram builds cairn as it was with another definition.
func olderProgram(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(root, oldDefinition[0])
	data, err := os.ReadFile(file)
	if err != nil || bytes.Count(data, []byte(oldDefinition[1])) != 1 {
		t.Fatalf("%s has no longer %q: %v", file, oldDefinition[1], err)
	}
	data = bytes.Replace(data, []byte(oldDefinition[1]), []byte(oldDefinition[2]), 1)
	changed, overlay := filepath.Join(dir, "E06.sql"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{changed: data, overlay: replace} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "cairn")
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", program, "cairn").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// injected is something that happens to a workspace after a release.
type injected struct {
	name  string
	kind  exports.CauseKind
	whose string // the territory that it concerns
	do    func(p *replay)
	place string // of a corrected cell
}

// computed are the figures of a workspace after its files were taken, as they would be published.
func (p *replay) computed(day time.Time) map[exports.FigureKey]exports.Figure {
	p.t.Helper()
	p.env.now = func() time.Time { return day }
	w, err := OpenWorkspace(p.env.workspace)
	if err != nil {
		p.t.Fatal(err)
	}
	r := &run{env: p.env, workspace: w}
	if _, err := r.gather(); err != nil {
		p.t.Fatal(err)
	}
	db, err := r.current()
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	figures, err := exports.Figures(p.t.Context(), db, true)
	if err != nil {
		p.t.Fatal(err)
	}
	return figures
}

// correct sends a workbook again with one cell changed.
func (p *replay) correct(path, sheet, cell, text string, at time.Time) {
	p.t.Helper()
	f, err := excelize.OpenFile(filepath.Join(p.source, "inbox", filepath.FromSlash(path)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	if old, err := f.GetCellValue(sheet, cell); err != nil || old == text || old == "" {
		p.t.Fatalf("%s, %s!%s holds %q: %v", path, sheet, cell, old, err)
	}
	if err := f.SetCellValue(sheet, cell, text); err != nil {
		p.t.Fatal(err)
	}
	file := filepath.Join(p.env.workspace, "inbox", "corrigé "+filepath.Base(path))
	if err := f.SaveAs(file); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Chtimes(file, at, at); err != nil {
		p.t.Fatal(err)
	}
}

// Every published figure that changes is listed once, with its true cause: a late file, a corrected cell with its address,
// the decision to withdraw a workbook, a changed definition, or several of them; a decision that changes nothing is no cause. What is true is found by
// letting each happen alone.
func TestRevisions(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("builds an older program: make check")
	}
	world, source := newSource(t, 3, 6, "arlenthe", "brevigny", "valbrune")
	program := olderProgram(t)
	day := time.Now().Truncate(time.Second)
	book := func(territory, month string) string {
		for _, d := range slices.Backward(world.Deliveries) {
			if d.Territoire == territory && d.Periode.Format("2006-01") == month && d.Emetteur == "" && !d.Rejected {
				return d.Path
			}
		}
		t.Fatalf("%s has no workbook of %s", territory, month)
		return ""
	}
	late, alsoLate := book("valbrune", "2026-09"), book("arlenthe", "2026-09")
	begin := func() *replay {
		p := newReplay(t, world, source)
		p.receive(day)
		for _, path := range []string{late, alsoLate} {
			if err := os.Remove(filepath.Join(p.env.workspace, "inbox", filepath.FromSlash(path))); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	base := begin()
	before := base.computed(day)
	things := []injected{
		{"late", exports.LateFile, "valbrune", func(p *replay) { p.drop(late, late, day) }, ""},
		{"other late", exports.LateFile, "arlenthe", func(p *replay) { p.drop(alsoLate, alsoLate, day) }, ""},
		{"correction", exports.CorrectedCell, "valbrune", func(p *replay) {
			p.correct(book("valbrune", "2026-10"), "Dialogues", "D2", "Annulé", day.Add(time.Hour))
		}, "Dialogues!D2"},
		{"other correction", exports.CorrectedCell, "arlenthe", func(p *replay) {
			p.correct(book("arlenthe", "2026-08"), "Dialogues", "D2", "Reporté", day.Add(2*time.Hour))
		}, "Dialogues!D2"},
		{"withdrawal", exports.Withdrawal, "brevigny", func(p *replay) { p.withdraw(day, book("brevigny", "2026-08")) }, ""},
	}
	moves := map[string]map[exports.FigureKey]bool{} // by what happens alone
	for _, x := range things {
		p := begin()
		x.do(p)
		after := p.computed(day.Add(3 * time.Hour))
		moves[x.name] = map[exports.FigureKey]bool{}
		for k, was := range before {
			if after[k] != was {
				moves[x.name][k] = true
			}
		}
		if len(moves[x.name]) == 0 {
			t.Errorf("%s changes no figure: it shows nothing", x.name)
		}
	}

	lived := begin()
	out, err := exec.Command(program, "run", "--workspace", lived.env.workspace).CombinedOutput()
	if !strings.Contains(string(out), "published: release 2026-10 v1") {
		t.Fatalf("%v\n%s", err, out)
	}
	first := lived.figures("2026-10", 1)
	for k, was := range first {
		if before[k] != was {
			if moves["definition"] == nil {
				moves["definition"] = map[exports.FigureKey]bool{}
			}
			moves["definition"][k] = true
		}
	}
	if len(moves["definition"]) == 0 {
		t.Fatal("the other definition changes no figure: it shows nothing")
	}
	t.Run("since a release of an older program", func(t *testing.T) {
		lived.revise(t, day, first, things, append(slices.Clone(things), injected{"definition", exports.Definition, "", nil, ""}), moves)
	})
	t.Run("since a release of the same program", func(t *testing.T) {
		lived := begin()
		lived.run(day, &runCmd{})
		lived.revise(t, day, lived.figures("2026-10", 1), things, things, moves)
	})
}

// revise lets things happen after a first release, and holds the revisions of the next one to what each moves alone.
func (p *replay) revise(t *testing.T, day time.Time, first map[exports.FigureKey]exports.Figure, things, all []injected, moves map[string]map[exports.FigureKey]bool) {
	p.decide(day.AddDate(0, 0, -1)) // changes no figure: it is the cause of none
	for _, x := range things {
		x.do(p)
	}
	p.run(day.AddDate(0, 0, 1), &runCmd{})
	last := p.figures("2026-10", 2)
	whose := map[exports.FigureKey][]string{} // of the programme's figures, the territories that move them
	want := map[exports.FigureKey]string{}
	places := map[exports.FigureKey][]string{}
	for k, was := range first {
		if is := last[k]; is.Value == was.Value && is.Statut == was.Statut {
			continue
		}
		var causes []string
		for _, x := range all {
			if moves[x.name][k] {
				causes = append(causes, string(x.kind))
				if k.Territory == transform.Programme && x.whose != "" {
					whose[k] = append(whose[k], x.whose)
				}
				if x.place != "" {
					places[k] = append(places[k], x.place)
				}
			}
		}
		switch len(causes) {
		case 0:
			t.Errorf("%v changes, and nothing that happens alone changes it", k)
		case 1:
			want[k] = causes[0]
		default:
			want[k] = "plusieurs"
		}
	}
	got := map[exports.FigureKey]string{}
	for _, row := range p.table("2026-10", 2, "revisions") {
		k := exports.FigureKey{Indicator: row["indicateur"], Territory: row["territoire_id"], Month: row["periode"], Modalite: row["modalite"]}
		if _, twice := got[k]; twice {
			t.Errorf("%v is listed twice", k)
		}
		got[k] = row["cause"]
		if k.Territory == transform.Programme {
			for _, territory := range []string{"arlenthe", "brevigny", "valbrune"} {
				if strings.Contains(row["detail"], territory) != slices.Contains(whose[k], territory) {
					t.Errorf("%v was moved by %v: %q", k, whose[k], row["detail"])
				}
			}
		}
		for _, place := range places[k] {
			if !strings.Contains(row["detail"], place) {
				t.Errorf("%v: %q names no %s", k, row["detail"], place)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("revisions, −wanted +listed:\n%s", diff)
	}
	kinds := map[string]int{}
	for _, cause := range got {
		kinds[cause]++
	}
	for _, x := range all {
		if kinds[string(x.kind)] == 0 {
			t.Errorf("no revision by %s alone: %v", x.kind, kinds)
		}
	}
	revised := 0
	for _, row := range p.table("2026-10", 2, "revisions_par_indicateur") {
		n := map[string]int{}
		for k := range got {
			n[k.Indicator]++
		}
		if row["revises"] != "" && row["revises"] != strconv.Itoa(n[row["indicateur"]]) {
			t.Errorf("%s: %s figures revised, the list has %d", row["indicateur"], row["revises"], n[row["indicateur"]])
		}
		revised++
	}
	if revised < 50 {
		t.Errorf("statistics of %d indicators", revised)
	}
}

// withdraw has a workbook that was received withdrawn.
func (p *replay) withdraw(day time.Time, path string) {
	p.t.Helper()
	if _, err := os.Stat(filepath.Join(p.env.workspace, journalFile)); err != nil {
		p.computed(day)
	}
	p.run(day.AddDate(0, 0, -1), &withdrawCmd{Submission: path, Reason: "envoyé par erreur"})
}

// figures are those of a release, as it published them.
func (p *replay) figures(period string, version int) map[exports.FigureKey]exports.Figure {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.env.workspace, "outbox", period, "v"+strconv.Itoa(version), exports.FiguresFile))
	if err != nil {
		p.t.Fatal(err)
	}
	figures, err := exports.ReadFigures(p.t.Context(), data)
	if err != nil {
		p.t.Fatal(err)
	}
	return maps.Clone(figures)
}

// table is a CSV file of a release, row by row.
func (p *replay) table(period string, version int, name string) (rows []map[string]string) {
	p.t.Helper()
	f, err := os.Open(filepath.Join(p.env.workspace, "outbox", period, "v"+strconv.Itoa(version), "donnees", name+".csv"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// A territory that is added, to the register and to a funder's, is in no earlier state: neither what is revised since the
// release before nor what was known before it is asked for its figures then.
func TestTerritoryAdded(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("publishes twice: make check")
	}
	world, source := newSource(t, 3, 6, "arlenthe", "brevigny", "valbrune")
	p := newReplay(t, world, source)
	day := time.Now().Truncate(time.Second)
	register, err := os.ReadFile(filepath.Join(source, "territoires.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var without []string
	for line := range strings.Lines(string(register)) {
		if !strings.HasPrefix(line, "valbrune,") {
			without = append(without, line)
		}
	}
	p.write("territoires.csv", []byte(strings.Join(without, "")))
	late := func(d demo.Delivery) bool {
		return d.Territoire == "arlenthe" && d.Periode.Format("2006-01") == "2026-09"
	}
	for _, d := range world.Deliveries {
		if d.Territoire != "valbrune" && !late(d) {
			p.drop(d.Path, d.Path, day)
		}
	}
	p.run(day, &runCmd{})
	p.write("territoires.csv", register)
	p.write("cairn.toml", []byte("programme = \"Programme fictif\"\ncontact = \"demo@cairn.example\"\n[[financeurs]]\nid = \"fondation-x\"\nnom = \"Fondation X\"\nterritoires = [\"arlenthe\", \"valbrune\"]\n"))
	for _, d := range world.Deliveries {
		if d.Territoire == "valbrune" || late(d) {
			p.drop(d.Path, d.Path, day.Add(time.Hour))
		}
	}
	if printed := p.run(day.AddDate(0, 0, 1), &runCmd{}); !strings.Contains(printed, "published figures revised since") {
		t.Errorf("nothing is revised: it shows nothing\n%s", printed)
	}
	if _, said := p.reissued(day.AddDate(0, 0, 1), day); !strings.Contains(said, "as known on "+day.Format(time.DateOnly)) {
		t.Errorf("the day before: %s", said)
	}
}

// What a release tells of the figures that were first published otherwise is what reading every release before it tells;
// it is silent where releases were not published one after the other.
func TestFirstPublished(t *testing.T) {
	t.Parallel()
	if testing.Short() || !thorough {
		t.Skip("publishes many releases: make check")
	}
	world, source := newSource(t, 3, 5, "arlenthe", "valbrune")
	p := newReplay(t, world, source)
	at := func(day string) time.Time {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, day := range []string{"2026-08-20", "2026-09-20", "2026-10-20"} {
		p.receive(at(day))
		p.run(at(day), &runCmd{})
	}
	var corrected string
	for _, d := range world.Deliveries {
		if d.Territoire == "arlenthe" && d.Periode.Format("2006-01") == "2026-07" && d.Emetteur == "" && !d.Rejected {
			corrected = d.Path
		}
	}
	p.correct(corrected, "Dialogues", "D2", "Reporté", at("2026-10-21"))
	p.run(at("2026-10-21"), &runCmd{})
	p.run(at("2026-10-22"), &runCmd{Period: "2026-08"})
	p.receive(at("2026-11-20"))
	p.run(at("2026-11-20"), &runCmd{})

	w, err := OpenWorkspace(p.env.workspace)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{env: p.env, workspace: w}
	if r.journal, err = w.journal(); err != nil {
		t.Fatal(err)
	}
	var tell []string
	revised := 0
	for line, e := range r.journal.Entries() {
		if e.Type != ingest.EntryRelease {
			continue
		}
		tell = append(tell, fmt.Sprintf("%s v%d %t", e.Period, e.Version, e.First != ""))
		if e.First == "" {
			continue
		}
		v := &revising{run: r, line: line, release: e}
		if v.was, err = r.published(e); err != nil {
			t.Fatal(err)
		}
		told, err := v.firstPublished()
		if err != nil {
			t.Fatal(err)
		}
		v.release.First = ""
		read, err := v.firstPublished()
		if err != nil || len(read) == 0 || len(told) != len(read) {
			t.Fatalf("%s v%d tells %d figures, all before it %d: %v", e.Period, e.Version, len(told), len(read), err)
		}
		for k, want := range read {
			if got := told[k]; got.Value != want.Value || got.Statut != want.Statut {
				t.Errorf("%s v%d tells %v as %v, first published was %v", e.Period, e.Version, k, got, want)
			}
			if is := v.was[k]; is.Value != want.Value || is.Statut != want.Statut {
				revised++
			}
		}
	}
	if diff := cmp.Diff([]string{"2026-07 v1 true", "2026-08 v1 true", "2026-09 v1 true", "2026-09 v2 true", "2026-08 v2 false", "2026-10 v1 false"}, tell); diff != "" {
		t.Error(diff)
	}
	if revised == 0 {
		t.Error("no figure was first published otherwise: it shows nothing")
	}
}
