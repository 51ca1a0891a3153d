package ingest

import (
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// The same two actors, however the sheet is laid out.
func TestHeaderIsFound(t *testing.T) {
	two := func(b *book) { b.add("acteurs", nil); b.add("acteurs", set{"acteur_id": "a2", "secteur": "culture"}) }
	mapTitles := func(b *book, change func(title, name string) string) {
		s := b.model.Schemas["acteurs"]
		for i, f := range s.Fields {
			b.of("acteurs").rows[0][i] = change(f.Title, f.Name)
		}
	}
	above := func(b *book, rows ...[]any) { b.of("acteurs").rows = append(rows, b.of("acteurs").rows...) }
	tests := map[string]func(b *book){
		"as in the template": func(*book) {},
		"technical names":    func(b *book) { mapTitles(b, func(_, name string) string { return name }) },
		"technical names in capitals": func(b *book) {
			mapTitles(b, func(_, name string) string { return strings.ToUpper(name) })
		},
		"upper case without accents": func(b *book) {
			mapTitles(b, func(title, _ string) string { return strings.ToUpper(strings.ReplaceAll(Fold(title), "_", " ")) })
		},
		"spaces, line breaks and stars": func(b *book) {
			mapTitles(b, func(title, _ string) string { return " " + strings.ReplaceAll(title, " ", "\u00a0\n") + " *" })
		},
		"columns reversed": func(b *book) {
			for _, row := range b.of("acteurs").rows {
				slices.Reverse(row)
			}
		},
		"an empty column first": func(b *book) {
			for i, row := range b.of("acteurs").rows {
				b.of("acteurs").rows[i] = append([]any{nil}, row...)
			}
		},
		"titles above, merged": func(b *book) {
			above(b, []any{"Acteurs du territoire"}, nil, []any{nil, "Identité", nil, nil, nil, nil, "Numéros"}, []any{"Nom de l’acteur : voir l’annexe"})
		},
		"one title in a sentence above": func(b *book) { above(b, []any{"SIREN"}) },
		"on the last row where it is looked for": func(b *book) {
			above(b, make([][]any, maxHeaderRow-1)...)
		},
		"a blank row in the middle": func(b *book) {
			b.of("acteurs").rows = slices.Insert(b.of("acteurs").rows, 2, nil, []any{"", " \u00a0"}, make([]any, 20))
		},
		"total rows between and below": func(b *book) {
			b.of("acteurs").rows = slices.Insert(b.of("acteurs").rows, 2, []any{"Sous-total", nil, 1})
			b.of("acteurs").rows = append(b.of("acteurs").rows, []any{nil, "TOTAL GÉNÉRAL", nil, 2})
		},
		"remarks in a column without a title": func(b *book) {
			b.of("acteurs").rows[1] = append(b.of("acteurs").rows[1], "voir Paul")
			b.of("acteurs").rows = append(b.of("acteurs").rows, append(make([]any, 17), "voir aussi Jeanne"))
		},
		"sheet by its technical name":  func(b *book) { b.of("acteurs").name = "acteurs" },
		"sheet in capitals":            func(b *book) { b.of("acteurs").name = " ACTEURS" },
		"sheet renamed":                func(b *book) { b.of("acteurs").name = "Nos acteurs" },
		"sheet renamed, titles lower":  func(b *book) { above(b, []any{"Liste"}, nil); b.of("acteurs").name = "Feuil2" },
		"sheets in another order":      func(b *book) { slices.Reverse(b.sheets) },
		"an optional column left away": func(b *book) { b.of("acteurs").rows[0][6] = nil },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			b := blankBook(t)
			two(b)
			change(b)
			sub := b.parse()
			for _, f := range sub.Findings {
				if f.Severity == Rejet || f.Severity == Erreur {
					t.Errorf("finding: %+v", f)
				}
			}
			var got []string
			for i, r := range sub.table("acteurs").Rows {
				if !r.Aside {
					rows := sub.table("acteurs")
					got = append(got, rows.value(i, "acteur_id")+" "+rows.value(i, "date_entree")+" "+rows.value(i, "secteur"))
				}
			}
			if diff := gocmp.Diff([]string{"epicerie 2024-03-01 ", "a2 2024-03-01 culture"}, got); diff != "" {
				t.Errorf("actors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeaderTooFarDown(t *testing.T) {
	b := blankBook(t)
	b.add("acteurs", nil)
	b.of("acteurs").rows = append(make([][]any, maxHeaderRow), b.of("acteurs").rows...)
	if sub := b.parse(); len(sub.Findings) != 1 || sub.Findings[0].Rule != "entete_absent" {
		t.Errorf("findings: %v", sub.Findings)
	}
}

// Which row a finding points at stays true below other rows.
func TestLineIsThatOfTheSheet(t *testing.T) {
	b := blankBook(t)
	b.add("acteurs", nil)
	b.add("acteurs", set{"acteur_id": "a2", "secteur": "astronautique"})
	b.of("acteurs").rows = slices.Insert(b.of("acteurs").rows, 2, nil, nil)
	b.of("acteurs").rows = append([][]any{{"Acteurs"}, nil}, b.of("acteurs").rows...)
	sub := b.parse()
	if len(sub.Findings) != 1 || sub.Findings[0].Line != 7 || sub.Findings[0].Cell != "I7" {
		t.Errorf("findings: %+v", sub.Findings)
	}
	if rows := sub.table("acteurs").Rows; rows[0].Line != 4 || rows[1].Line != 7 {
		t.Errorf("lines %d and %d", rows[0].Line, rows[1].Line)
	}
}

// Renamed sheets are taken only when there is one way to understand them.
func TestRecognition(t *testing.T) {
	// A sheet that names all required columns of both celebrations and reperes.
	const both = "celebration_id repere_id date type intitule"
	titles := func(names string) [][]any {
		row := []any{}
		for _, name := range strings.Fields(names) {
			row = append(row, name)
		}
		return [][]any{row}
	}
	tests := []struct {
		name   string
		change func(b *book)
		want   []string
	}{
		{"another name", func(b *book) { b.of("reperes").name = "Frise" }, []string{"feuille_renommee Frise"}},
		{"the table is there under its own name", func(b *book) { b.sheet("Frise").rows = titles("repere_id date type intitule") }, []string{"feuille_inconnue Frise"}},
		{"titles in part", func(b *book) {
			b.remove("Repères")
			b.sheet("Frise").rows = titles("repere_id date type")
		}, []string{"feuille_inconnue Frise", "feuille_absente Repères"}},
		{"two candidate tables", func(b *book) {
			b.remove("Repères")
			b.remove("Célébrations")
			b.sheet("Frise").rows = titles(both)
		}, []string{"feuille_inconnue Frise", "feuille_absente Célébrations", "feuille_absente Repères"}},
		{"one candidate table, the other being there", func(b *book) {
			b.remove("Repères")
			b.sheet("Frise").rows = titles(both)
		}, []string{"feuille_renommee Frise", "colonne_inconnue Frise A1"}},
		{"two candidate sheets", func(b *book) {
			b.remove("Repères")
			b.sheet("Frise").rows = titles("repere_id date type intitule")
			b.sheet("Frise (2)").rows = titles("repere_id date type intitule")
		}, []string{"feuille_inconnue Frise", "feuille_inconnue Frise (2)", "feuille_absente Repères"}},
		{"a sheet of two tables, and one of a single table, in either order", func(b *book) {
			b.remove("Repères")
			b.remove("Célébrations")
			b.sheet("Fêtes").rows = titles("celebration_id date intitule")
			b.sheet("Frise").rows = titles(both)
		}, []string{"feuille_renommee Fêtes", "feuille_inconnue Frise", "feuille_absente Repères"}},
		{"the same, reversed", func(b *book) {
			b.remove("Repères")
			b.remove("Célébrations")
			b.sheet("Frise").rows = titles(both)
			b.sheet("Fêtes").rows = titles("celebration_id date intitule")
		}, []string{"feuille_inconnue Frise", "feuille_renommee Fêtes", "feuille_absente Repères"}},
		{"a list of codes is no table", func(b *book) {
			b.remove("Repères")
			b.sheet("Listes").rows = titles("repere_id date type intitule")
		}, []string{"feuille_absente Repères"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := blankBook(t)
			test.change(b)
			var got []string
			for _, f := range b.parse().Findings {
				got = append(got, said(f))
			}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// A sheet absent, empty or of titles alone are not the same.
func TestSheetAbsentEmptyOrBlank(t *testing.T) {
	b := blankBook(t)
	b.remove("Acteurs")
	b.of("dialogues").rows = nil
	b.cover("rien_freins", "x")
	sub := b.parse()
	for table, want := range map[string]string{"acteurs": "", "dialogues": "Dialogues", "freins": "Freins"} {
		if got := sub.table(table).Sheet; got != want {
			t.Errorf("%s is read from %q, want %q", table, got, want)
		}
		if rows := sub.table(table).Rows; len(rows) != 0 {
			t.Errorf("%s has rows: %v", table, rows)
		}
		if got := sub.table(table).Nothing; got != (table == "freins") {
			t.Errorf("%s: nothing this month is %v", table, got)
		}
	}
	if len(sub.Tables) != len(Tables) {
		t.Errorf("%d tables", len(sub.Tables))
	}
}

// The cover's labels are found on any row, by title or technical name.
func TestAccueilOnAnyRow(t *testing.T) {
	tests := map[string][][]any{
		"as in the template": {{"Identifiant du territoire", "val-de-lys"}, {"Mois du classeur", "2026-11"}, {"Émetteur", "epicerie"}, {"Version du modèle", "3"}, {"Rien ce mois-ci : Freins", "oui"}},
		"technical names":    {{"territoire_id", "val-de-lys"}, {"PERIODE", "2026-11"}, {"emetteur", "epicerie"}, {"version_modele", 3}, {"rien_freins", true}},
		"on other rows": {
			{"Classeur de suivi"}, nil, {nil, "Bienvenue"}, {"Rien ce mois-ci – FREINS", 1}, {"version du modele :", "3"}, nil,
			{"Une note", "val-des-bois"}, {" ÉMETTEUR ", " epicerie "}, {"mois du classeur", "11/2026", "ne pas changer"}, {"IDENTIFIANT DU TERRITOIRE", "\u00a0val-de-lys"},
		},
	}
	for name, rows := range tests {
		t.Run(name, func(t *testing.T) {
			b := blankBook(t)
			b.sheet("Accueil").rows = rows
			sub := b.parse()
			if sub.Rejected || sub.Territoire != "val-de-lys" || sub.Periode != utc(2026, 11, 1) || sub.Emetteur != "epicerie" || sub.Version != "3" || !sub.table("freins").Nothing {
				t.Errorf("%+v", sub)
			}
		})
	}
}

func TestPeriodForms(t *testing.T) {
	for _, value := range []any{"2026-11", "2026/11", "11/2026", "novembre 2026", "Nov. 2026", "NOVEMBRE\u00a02026", "30/11/2026", utc(2026, 11, 1), utc(2026, 11, 30), isoDay("2026-11-15T00:00:00")} {
		b := blankBook(t)
		b.cover("periode", value)
		if sub := b.parse(); sub.Rejected || sub.Periode != utc(2026, 11, 1) {
			t.Errorf("%v is %v: %v", value, sub.Periode, sub.Findings)
		}
	}
	for _, value := range []any{nil, "", "2026", "novembre", "2026-13", "11/26", "nc", 46327, true, 11.2026, fault("#VALUE!"), clocked(0.3), isoDay("2400-11-01")} {
		b := blankBook(t)
		b.cover("periode", value)
		if sub := b.parse(); !sub.Rejected || len(sub.Findings) != 1 || sub.Findings[0].Rule != "periode_illisible" {
			t.Errorf("%v is %v: %v", value, sub.Periode, sub.Findings)
		}
	}
}

// An old Macintosh's workbook counts its days from 1904.
func TestEpoch1904(t *testing.T) {
	b := blankBook(t)
	b.epoch1904 = true
	b.add("acteurs", nil) // written as a serial of the other epoch: four years and a day later
	if got := b.parse().table("acteurs").value(0, "date_entree"); got != "2028-03-02" {
		t.Errorf("entered on %s", got)
	}
}

// What an émetteur's workbook may hold.
func TestEmitterBounds(t *testing.T) {
	relation := func(own set) func(*book) { return func(b *book) { b.add("relations", own) } }
	answer := func(own set) func(*book) { return func(b *book) { b.add("principes", own) } }
	tests := []struct {
		name    string
		emitter any
		row     func(*book)
		table   string
		want    string // the émetteur as read
		aside   bool
	}{
		{"the territory declares for anyone", nil, relation(nil), "relations", "", false},
		{"and answers for any group", "\u00a0", answer(nil), "principes", "", false},
		{"an actor declares its own", "ville-elus", relation(nil), "relations", "ville-elus", false},
		{"not another's", "epicerie", relation(nil), "relations", "epicerie", true},
		{"an identifier has its case", "Ville-Elus", relation(nil), "relations", "Ville-Elus", true},
		{"an actor's respondents are of any group", "ville-elus", answer(nil), "principes", "ville-elus", false},
		{"a group by its code", "agents", answer(nil), "principes", "agents", false},
		{"a group by its label", "Acteurs Socio-Économiques", answer(set{"groupe_pairs": "socio_economique"}), "principes", "socio_economique", false},
		{"a group answers for itself", "etat", answer(nil), "principes", "etat", true},
		{"a group may hold any declarant", "elus", relation(nil), "relations", "elus", false},
		{"no other table, from an actor", "epicerie", func(b *book) { b.add("projets", nil) }, "projets", "epicerie", true},
		{"nor from a group", "elus", func(b *book) { b.add("deliberation", nil) }, "deliberation", "elus", true},
		{"a number is an identifier", 12, relation(set{"declarant": "12"}), "relations", "12", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := blankBook(t)
			b.cover("emetteur", test.emitter)
			test.row(b)
			sub := b.parse()
			rows := sub.table(test.table).Rows
			if sub.Rejected || sub.Emetteur != test.want || len(rows) != 1 || rows[0].Aside != test.aside {
				t.Errorf("émetteur %q, rows %+v, findings %v", sub.Emetteur, rows, sub.Findings)
			}
			if (len(sub.Findings) > 0) != test.aside {
				t.Errorf("findings: %v", sub.Findings)
			}
		})
	}
}
