package oracle

import (
	"fmt"
	"testing"

	"cairn/jobs/demo"
)

// The five dyads of fiveDyads, with scores: m trusts a1 to a5 with 5 4 3 – 2, each of them trusts m
// with 4.
func scoredDyads() []demo.Sheet {
	sheets := fiveDyads()
	for i, r := range sheets[1].Rows {
		a := i / 2
		if i%2 == 0 {
			r.Values["confiance"] = []any{int64(5), int64(4), int64(3), nil, int64(2)}[a]
			r.Values["clarte_intention"] = int64(4)
		} else {
			r.Values["confiance"] = int64(4)
			r.Values["clarte_intention"] = []any{int64(4), int64(4), int64(3), int64(5), demo.NSP}[a]
		}
	}
	return sheets
}

func TestScoresOfRelations(t *testing.T) {
	got := Compute(world(sent("t", "2024-01", scoredDyads()...)), utc("2024-01"))
	// 7 of 9 known views, by 6 declarants: Wilson of 7/9 with n = 6
	expect(t, got, "C06", "t", "2024-01", "", "0.777778 [0.387889 0.950815] 6/10/1 7/9 ok")
	expect(t, got, "C07", "t", "2024-01", "", "- [- -] 4/5/1 3/4 effectif_insuffisant")
	expect(t, got, "C08", "t", "2024-01", "", "- [- -] 0/10/10 0/0 effectif_insuffisant")
	expect(t, got, "C21", "t", "2024-01", "transversale", "0.8 [0.490162 0.943318] 10/10/0 8/10 ok")
	expect(t, got, "C21", "t", "2024-01", "verticale", "- [- -] 0/0/0 -/- donnees_absentes")
	// nine views of level 1 and above, all between elus and socio_economique
	expect(t, got, "C09", "t", "2024-01", "", "1 [- -] 9/9/0 -/- ok")
	// eight links, six of them both ways: r = 3/4, d = 8/30
	expect(t, got, "C05", "t", "2024-01", "", "0.659091 [- -] 6/6/0 -/- ok")
	if _, any := got[Key{"C05", "*", "2024-01", ""}]; any {
		t.Error("a network of the whole programme")
	}
}

func TestNetwork(t *testing.T) {
	sheets := scoredDyads()
	add := func(rows ...demo.Row) { sheets[1].Rows = append(sheets[1].Rows, rows...) }
	services := actor("s", "agents", "collectivite")
	services.Values["organisation"] = "body"
	sheets[0].Rows[0].Values["organisation"] = "body"
	gone := actor("x", "socio_economique", "scop")
	gone.Values["date_sortie"] = utc("2024-01-31")
	old := actor("o", "socio_economique", "association")
	old.Values["remplace_par"] = "a4"
	sheets[0].Rows = append(sheets[0].Rows, services, gone, old)
	add(says("a1", "a2", "delegation", "2024-01-15"), // within one group
		says("m", "s", "cooperation", "2024-01-15"), // two sides of one body
		says("m", "x", "cooperation", "2024-01-15"), // gone on the last day
		says("x", "m", "cooperation", "2024-01-15"),
		says("o", "m", "cooperation", "2024-01-20")) // a4's, under its old name
	internal := says("m", "a1", "cooperation", "2024-01-15")
	internal.Values["dimension"] = "horizontale" // the same link again
	add(internal)
	got := Compute(world(sent("t", "2024-01", sheets...)), utc("2024-01"))
	// seven actors, s says nothing; nine links, m–a1, a2, a5 and now a4 both ways: r = 8/9, d = 9/42
	expect(t, got, "C05", "t", "2024-01", "", fmt.Sprintf("%.6g [- -] 7/7/1 -/- ok", (8./9-9./42)/(1-9./42)))
	// twelve views between bodies, one of them within a group
	expect(t, got, "C09", "t", "2024-01", "", fmt.Sprintf("%.6g [- -] 12/12/0 -/- ok", (11.-1)/12))

	// three more who say nothing: six of ten have spoken, under seven in ten
	sheets[0].Rows = append(sheets[0].Rows, actor("p", "etat", "service_etat"), actor("q", "etat", "service_etat"), actor("r", "etat", "service_etat"))
	got = Compute(world(sent("t", "2024-01", sheets...)), utc("2024-01"))
	expect(t, got, "C05", "t", "2024-01", "", "- [- -] 10/10/4 -/- effectif_insuffisant")
}

// Ten views a year apart. m sees a1 lower, a3 higher; a4 and a3 see m higher. a5 is b by now.
func TestMobility(t *testing.T) {
	before, now := fiveDyads(), fiveDyads()
	for i, kind := range map[int]string{0: "partenariat", 4: "cooperation", 5: "partenariat", 7: "donneur_ordre"} {
		now[1].Rows[i].Values["type_relation"] = kind
	}
	for _, r := range now[1].Rows {
		r.Values["date_observation"] = utc("2025-01-20")
		for _, end := range []string{"declarant", "partenaire"} {
			if r.Values[end] == "a5" {
				r.Values[end] = "b"
			}
		}
	}
	now[0].Rows[5].Values["remplace_par"] = "b"
	now[0].Rows = append(now[0].Rows, actor("b", "socio_economique", "association"), actor("c", "socio_economique", "association"))
	now[1].Rows = append(now[1].Rows, says("m", "c", "cooperation", "2025-01-20")) // not seen a year before
	w := world(append(append([]demo.Delivery{sent("t", "2024-01", before...)}, months("t", "2024-02", 11)...), sent("t", "2025-01", now...))...)
	got := Compute(w, utc("2025-02"))
	expect(t, got, "C03", "t", "2025-01", "", "0.2 [- -] 10/10/0 -/- ok")
	expect(t, got, "C03", "t", "2024-12", "", "- [- -] 0/0/0 -/- donnees_absentes")
	expect(t, got, "C03", "t", "2025-02", "", "0.2 [- -] 10/10/0 -/- ok") // in February 2024 those of January stood

	// two earlier views under one name: the later one stands, whose level was 2
	before[0].Rows = append(before[0].Rows, actor("b", "socio_economique", "association"))
	before[1].Rows = append(before[1].Rows, says("m", "b", "delegation", "2024-01-25"))
	w.Deliveries[0].Sheets = before
	got = Compute(w, utc("2025-01"))
	expect(t, got, "C03", "t", "2025-01", "", "0.3 [- -] 10/10/0 -/- ok")
}
