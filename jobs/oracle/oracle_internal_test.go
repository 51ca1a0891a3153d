package oracle

import (
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cairn/jobs/demo"
)

// The worlds below are small enough to be counted on one's fingers.

type values = map[string]any

func row(v values) demo.Row { return demo.Row{Values: v} }

func utc(text string) time.Time {
	for _, layout := range []string{"2006-01-02", "2006-01"} {
		if d, err := time.Parse(layout, text); err == nil {
			return d
		}
	}
	panic(text)
}

func sheet(table string, rows ...demo.Row) demo.Sheet { return demo.Sheet{Table: table, Rows: rows} }

// sent is a delivery that arrives on the tenth of the following month, at noon.
func sent(territoire, periode string, sheets ...demo.Sheet) demo.Delivery {
	m := utc(periode)
	return demo.Delivery{
		Territoire: territoire, Periode: m, Sheets: sheets,
		Received: m.AddDate(0, 1, 9).Add(12 * time.Hour),
	}
}

func world(deliveries ...demo.Delivery) *demo.World {
	w := &demo.World{Deliveries: deliveries}
	seen := map[string]bool{}
	for _, d := range deliveries {
		if !seen[d.Territoire] {
			seen[d.Territoire] = true
			w.Territories = append(w.Territories, demo.Territory{"territoire_id": d.Territoire, "date_entree": "2022-01-01"})
		}
	}
	return w
}

// months is a run of workbooks without rows, each with the sheets named.
func months(territoire, from string, n int, tables ...string) []demo.Delivery {
	var all []demo.Delivery
	for i := range n {
		var sheets []demo.Sheet
		for _, name := range tables {
			sheets = append(sheets, sheet(name))
		}
		all = append(all, sent(territoire, utc(from).AddDate(0, i, 0).Format("2006-01"), sheets...))
	}
	return all
}

func actor(id, group, family string) demo.Row {
	return row(values{"acteur_id": id, "nom": id, "groupe_pairs": group, "famille": family, "date_entree": utc("2020-01-01")})
}

func says(from, to, kind, day string) demo.Row {
	return row(values{"declarant": from, "partenaire": to, "dimension": "transversale",
		"type_relation": kind, "date_observation": utc(day)})
}

func engagement(id, who, form, begun string, more values) demo.Row {
	v := values{"engagement_id": id, "acteur_id": who, "forme": form, "date_debut": utc(begun)}
	for k, x := range more {
		v[k] = x
	}
	return row(v)
}

// expect compares a figure in words: valeur [bounds] effectif/population/manquants numerateur/denominateur statut.
func expect(t *testing.T, got map[Key]Figure, indicateur, territoire, periode, modalite, want string) {
	t.Helper()
	f, ok := got[Key{indicateur, territoire, periode, modalite}]
	if !ok {
		t.Errorf("%s %s %s %q: no figure, want %s", indicateur, territoire, periode, modalite, want)
		return
	}
	number := func(v *float64) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprintf("%.6g", *v)
	}
	is := fmt.Sprintf("%s [%s %s] %d/%d/%d %s/%s %s", number(f.Valeur), number(f.BorneBasse), number(f.BorneHaute),
		f.Effectif, f.Population, f.Manquants, number(f.Numerateur), number(f.Denominateur), f.Statut)
	if is != want {
		t.Errorf("%s %s %s %q:\n got %s\nwant %s", indicateur, territoire, periode, modalite, is, want)
	}
}

// fiveDyads: mairie m and five associations a1…a5, each pair seen from both sides.
func fiveDyads() []demo.Sheet {
	actors := []demo.Row{actor("m", "elus", "collectivite")}
	var views []demo.Row
	for i, kinds := range [][2]string{
		{"cooperation", "partenariat"}, // 4 3: yes, gap 1
		{"partenariat", "partenariat"}, // 3 3: yes, gap 0
		{"partenariat", "delegation"},  // 3 2: no, gap 1
		{"cooperation", "inexistante"}, // 4 0: no, gap 4
		{"cooperation", "cooperation"}, // 4 4: yes, gap 0
	} {
		a := fmt.Sprint("a", i+1)
		actors = append(actors, actor(a, "socio_economique", "association"))
		views = append(views, says("m", a, kinds[0], "2024-01-15"), says(a, "m", kinds[1], "2024-01-16"))
	}
	return []demo.Sheet{sheet("acteurs", actors...), sheet("relations", views...)}
}

func TestDyads(t *testing.T) {
	sheets := fiveDyads()
	sheets[0].Rows = append(sheets[0].Rows,
		actor("x", "socio_economique", "entreprise_hors_ess"), // not of the ESS
		actor("b", "socio_economique", "scic"))
	aside := says("m", "a1", "inexistante", "2024-01-31")
	aside.Aside = true
	sheets[1].Rows = append(sheets[1].Rows,
		says("m", "x", "cooperation", "2024-01-15"), says("x", "m", "cooperation", "2024-01-15"),
		says("m", "b", "donneur_ordre", "2024-01-15"), // one side only: a view, no dyad of both
		says("a1", "a2", "cooperation", "2024-01-15"), // two of the ESS
		says("m", "a2", "inexistante", "2023-12-01"),  // older than the one that stands
		aside)
	got := Compute(world(sent("t", "2024-01", sheets...)), utc("2024-05"))

	// 3 of 5, Wilson by hand: (0.6+0.38415 ± 1.95996·√(0.048+0.038415)) / 1.76829
	expect(t, got, "C02", "t", "2024-01", "", "0.6 [0.230724 0.882379] 5/5/0 3/5 ok")
	expect(t, got, "C04", "t", "2024-01", "", "1.2 [- -] 5/5/0 -/- ok")
	// eleven views: 0: a4; 1: m→b; 2: a3; 3: a1, a2 and m of a2, a3; 4: m of a1, a4, a5 and a5
	for level, n := range []int{1, 1, 1, 4, 4} {
		f := got[Key{"C01", "t", "2024-01", fmt.Sprint(level)}]
		if f.Numerateur == nil || *f.Numerateur != float64(n) || f.Effectif != 11 || f.Statut != "ok" {
			t.Errorf("C01 level %d: %+v", level, f)
		}
	}
	expect(t, got, "C02", "t", "2024-03", "", "0.6 [0.230724 0.882379] 5/5/0 3/5 ok")
	expect(t, got, "C02", "t", "2024-04", "", "- [- -] 5/5/0 -/- perime")
	expect(t, got, "C02", "*", "2024-01", "", "- [- -] 5/5/0 3/5 effectif_insuffisant")
	expect(t, got, "C02", "*", "2024-04", "", "- [- -] 0/0/0 -/- perime")
	expect(t, got, "C13", "t", "2024-01", "", "- [- -] 0/0/0 -/- donnees_absentes")
	if _, ok := got[Key{"C02", "t", "2023-12", ""}]; ok {
		t.Error("a figure before the first month")
	}
}

func TestProgrammeNeedsThreeTerritories(t *testing.T) {
	var deliveries []demo.Delivery
	for _, id := range []string{"t", "u", "v"} {
		deliveries = append(deliveries, sent(id, "2024-01", fiveDyads()...))
	}
	late := sent("v", "2024-01")
	expect(t, Compute(world(deliveries[:2]...), utc("2024-01")), "C02", "*", "2024-01", "",
		"- [- -] 10/10/0 6/10 effectif_insuffisant")
	expect(t, Compute(world(deliveries...), utc("2024-01")), "C02", "*", "2024-01", "",
		"0.6 [0.357468 0.801755] 15/15/0 9/15 ok")
	// what is gone from the last version is gone
	expect(t, Compute(world(append(deliveries, late)...), utc("2024-01")), "C02", "*", "2024-01", "",
		"- [- -] 10/10/0 6/10 effectif_insuffisant")
	refused := late
	refused.Rejected = true
	expect(t, Compute(world(append(deliveries, refused)...), utc("2024-01")), "C02", "*", "2024-01", "",
		"0.6 [0.357468 0.801755] 15/15/0 9/15 ok")
	if _, ok := Compute(world(deliveries...), utc("2024-01"))[Key{"Q01", "*", "2024-01", ""}]; ok {
		t.Error("a quality figure for the programme")
	}
}

func TestRelations(t *testing.T) {
	late := func(periode, emetteur string, rows ...demo.Row) demo.Delivery {
		d := sent("t", periode, sheet("relations", rows...))
		d.Emetteur = emetteur
		return d
	}
	level := func(w *demo.World, periode string) string {
		got := Compute(w, utc("2025-02"))
		var found []string
		for _, l := range levels {
			if f := got[Key{"C01", "t", periode, l}]; f.Numerateur != nil && *f.Numerateur > 0 {
				found = append(found, fmt.Sprintf("%s×%g", l, *f.Numerateur))
			}
		}
		return strings.Join(found, " ")
	}
	actors := sheet("acteurs", actor("m", "agents", "collectivite"), actor("a", "socio_economique", "scop"),
		actor("b", "socio_economique", "scop"))
	renamed := actor("a", "socio_economique", "scop")
	renamed.Values["remplace_par"] = "b"
	gone := says("m", "a", "inexistante", "2024-01-02")
	gone.Values = values{"declarant": "m", "partenaire": "a", "dimension": "transversale", "retire": true}
	first := sent("t", "2024-01", actors, sheet("relations", says("m", "a", "delegation", "2024-01-10")))
	for _, c := range []struct {
		name, periode, want string
		more                []demo.Delivery
	}{
		{"one view", "2024-01", "2×1", nil},
		{"stands twelve months", "2024-12", "2×1", months("t", "2024-10", 1)},
		{"no longer", "2025-01", "", months("t", "2024-11", 1)},
		{"newer day", "2024-01", "4×1", []demo.Delivery{late("2024-01", "m", says("m", "a", "cooperation", "2024-01-11"))}},
		{"older day", "2024-01", "2×1", []demo.Delivery{late("2024-01", "m", says("m", "a", "cooperation", "2024-01-09"))}},
		{"same day, the émetteur's own", "2024-01", "4×1", []demo.Delivery{late("2024-01", "m", says("m", "a", "cooperation", "2024-01-10"))}},
		{"same day, the higher month", "2024-01", "4×1", []demo.Delivery{
			late("2024-01", "m", says("m", "a", "donneur_ordre", "2024-01-10")), late("2024-02", "", says("m", "a", "cooperation", "2024-01-10"))}},
		{"not yet withdrawn", "2024-01", "2×1", []demo.Delivery{late("2024-02", "", gone)}},
		{"withdrawn", "2024-02", "", []demo.Delivery{late("2024-02", "", gone)}},
		{"observed again", "2024-03", "3×1", []demo.Delivery{late("2024-02", "", gone), late("2024-03", "", says("m", "a", "partenariat", "2024-03-01"))}},
		{"not after a withdrawal", "2024-03", "", []demo.Delivery{late("2024-02", "", gone), late("2024-03", "", says("m", "a", "partenariat", "2024-02-29"))}},
		{"before the merger", "2024-01", "2×1", []demo.Delivery{
			sent("t", "2024-02", sheet("acteurs", renamed), sheet("relations", says("m", "b", "cooperation", "2024-02-10")))}},
		{"merged histories", "2024-02", "4×1", []demo.Delivery{
			sent("t", "2024-02", sheet("acteurs", renamed), sheet("relations", says("m", "b", "cooperation", "2024-02-10")))}},
		{"a pair become one", "2024-02", "2×1", []demo.Delivery{
			sent("t", "2024-02", sheet("acteurs", renamed), sheet("relations", says("a", "b", "cooperation", "2024-02-10")))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world(append([]demo.Delivery{first}, c.more...)...)
			// under the floor numerateur is told all the same, unless nothing is there
			if got := level(w, c.periode); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	want := map[Key]Figure{
		{"C02", "t", "2024-01", ""}: {Valeur: is(0.5), Effectif: 6, Statut: "ok"},
		{"C02", "t", "2024-02", ""}: {Statut: "perime"},
		{"C04", "t", "2024-01", ""}: {Valeur: is(1), Statut: "ok"},
	}
	got := map[Key]Figure{
		{"C02", "t", "2024-01", ""}: {Valeur: is(0.5 + 1e-12), Effectif: 7, Statut: "ok"},
		{"C04", "t", "2024-01", ""}: {Valeur: is(math.NaN()), BorneBasse: is(0), Statut: "ok"},
		{"E01", "t", "2024-01", ""}: {Statut: "ok"},
	}
	differences := strings.Join(Diff(want, got, 1e-9), "\n")
	if differences != `C02 t 2024-01 "": effectif: want 6, got 7
C02 t 2024-02 "": missing
C04 t 2024-01 "": borne_basse: want NULL, got 0
C04 t 2024-01 "": valeur: want 1, got NaN
E01 t 2024-01 "": not expected` {
		t.Error(differences)
	}
	if d := Diff(want, want, 1e-9); d != nil {
		t.Error(d)
	}
}

// The oracle proves the pipeline only as long as it shares nothing with it.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		for _, forbidden := range []string{"cairn/transform", "cairn/indicators", "cairn/exports", "cairn/jobs"} {
			if path == forbidden || strings.HasPrefix(path, forbidden+"/") &&
				path != "cairn/jobs/demo" && path != "cairn/jobs/oracle" {
				t.Errorf("imports %s", path)
			}
		}
	}
}
