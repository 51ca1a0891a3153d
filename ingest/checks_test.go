package ingest

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// A cellCase writes one cell of one otherwise valid row, well and badly.
type cellCase struct {
	rule  string
	table string
	field string
	good  any
	bad   any
	with  set  // the other cells of the row
	aside bool // the bad cell sets its row aside; else it alone is left out
}

var cellCases = []cellCase{
	// Required cells set the row aside.
	{"valeur_requise", "acteurs", "nom", "Épicerie", nil, nil, true},
	{"valeur_requise", "acteurs", "nom", "Épicerie", " \u00a0", nil, true},
	{"valeur_requise", "principes", "axe", "P2.2", nil, nil, true},
	{"absence_refusee", "acteurs", "famille", "scop", "n.c.", nil, true},
	{"absence_refusee", "acteurs", "date_entree", "01/03/2024", "ne sait pas", nil, true},
	{"cellule_en_erreur", "acteurs", "nom", "Épicerie", fault("#REF!"), nil, true},
	{"code_inconnu", "acteurs", "groupe_pairs", "ELUS", "les gens", nil, true},
	{"date_illisible", "acteurs", "date_entree", "1er mars 2024", "début 2024", nil, true},
	{"date_illisible", "acteurs", "date_entree", isoDay("2024-03-01"), 45352, nil, true},
	{"date_illisible", "acteurs", "date_entree", isoDay("2024-03-01T00:00:00"), clocked(0.5), nil, true},
	{"format_invalide", "acteurs", "acteur_id", "epicerie_2", "épicerie 2", nil, true},
	{"format_invalide", "acteurs", "acteur_id", "a234567890123456789B", "a234567890123456789Bc", nil, true},
	{"oui_non_illisible", "effets", "anticipe", true, "un peu", nil, true},
	{"meme_acteur", "relations", "partenaire", "VILLE-ELUS", "ville-elus", nil, true}, // case counts

	// In an optional field the cell alone is left out.
	{"cellule_en_erreur", "acteurs", "siren", "732829320", fault("#N/A"), nil, false},
	{"nombre_illisible", "ressources", "montant_eur", "1 234,56 €", "env. 30", nil, false},
	{"nombre_illisible", "ressources", "heures", "12,5", "12 %", nil, false},
	{"nombre_illisible", "dialogues", "participants_elus", "3", clocked(3.0 / 24), nil, false},
	{"formule_sans_valeur", "ressources", "montant_eur", 1500, formula("SUM(A1:A3)"), nil, false},
	{"nombre_illisible", "ressources", "heures", 2.5, percent(0.7654), nil, false},
	{"nombre_non_entier", "celebrations", "participants", "40,0", "41,5", nil, false},
	{"nombre_non_entier", "celebrations", "participants", 40, 41.5, nil, false},
	{"date_illisible", "acteurs", "date_sortie", "30/06/2026", "31/06/2026", nil, false},
	{"oui_non_illisible", "engagements", "reconnu", "x", "bientôt", nil, false},
	{"oui_non_illisible", "acteurs", "retire", "non", "bientôt", nil, false},
	{"code_inconnu", "acteurs", "secteur", "Agriculture et alimentation", "astronautique", nil, false},
	{"code_inconnu", "freins", "reconnu_par", "Élus ; État", "Élus, agents", nil, false},
	{"format_invalide", "acteurs", "siren", "732 829 320", "732-829-320", nil, false},
	{"format_invalide", "acteurs", "rna", "W2A1234567", "w751234567", nil, false},
	{"format_invalide", "acteurs", "code_commune", "2A004", 1234, nil, false},
	{"siren_invalide", "acteurs", "siren", "356000000", "732829321", nil, false},
	{"siren_invalide", "acteurs", "siren", 732829320, 732829321, nil, false},
	{"hors_bornes", "relations", "confiance", 5, 6, nil, false},
	{"hors_bornes", "relations", "confiance", "1", "0", nil, false},
	{"hors_bornes", "dialogues", "duree_heures", 0.25, 0, nil, false},
	{"hors_bornes", "celebrations", "participants", 0, "−7", nil, false},
	{"hors_bornes", "acteurs", "part_publique_capital", percent(1), percent(1.0625), nil, false},
	{"hors_bornes", "deliberation", "poids", "100,0", "100,5", nil, false},
	{"meme_acteur", "acteurs", "remplace_par", "epicerie-2", "epicerie", nil, false},
	{"ordre_des_dates", "acteurs", "date_sortie", utc(2024, 3, 1), utc(2024, 2, 29), nil, false},
	{"ordre_des_dates", "engagements", "date_fin_prevue", utc(2024, 9, 1), utc(2023, 9, 1), nil, false},
	{"ordre_des_dates", "freins", "date_fin", utc(2026, 3, 10), utc(2026, 3, 9), set{"statut": "leve"}, false},
	{"plus_grand_que", "dialogues", "desaccords_travailles", 10, 11, set{"desaccords_exprimes": "10"}, false},
	{"plus_grand_que", "dialogues", "decisions_partagees", 0, 3, set{"decisions_prises": 0}, false},

	// What another cell requires leaves the row in place.
	{"valeur_requise", "dialogues", "motif_non_tenue", "calendrier", nil, set{"statut": "reporte"}, false},
	{"valeur_requise", "freins", "date_fin", utc(2026, 11, 1), nil, set{"statut": "abandonne"}, false},
	{"valeur_requise", "engagements", "motif_fin", "desaccord", nil, set{"date_fin": utc(2026, 10, 31)}, false},
	{"valeur_requise", "ressources", "montant_eur", 0, nil, nil, false},
	{"valeur_requise", "ressources", "heures", 12, nil, set{"nature": "benevolat", "montant_eur": nil}, false},
	{"valeur_requise", "ressources", "heures", "nsp", nil, set{"nature": "benevolat"}, false},
}

func (c cellCase) String() string { return fmt.Sprintf("%s of %s.%s", c.rule, c.table, c.field) }

// read parses a workbook whose one row has that cell; the other sheets are empty.
func (c cellCase) read(t testing.TB, value any) (*Submission, int) {
	b := blankBook(t)
	for _, table := range Tables {
		if table != c.table {
			b.of(table).rows = nil
		}
	}
	row := set{c.field: value}
	for name, v := range c.with {
		row[name] = v
	}
	line := b.add(c.table, row)
	return b.parse(), line
}

func TestCells(t *testing.T) {
	for _, c := range cellCases {
		t.Run(c.String(), func(t *testing.T) {
			sub, _ := c.read(t, c.good)
			rows := sub.table(c.table)
			if len(sub.Findings) != 0 || len(rows.Rows) != 1 || rows.Rows[0].Aside || rows.value(0, c.field) == "" {
				t.Errorf("%v was not taken as it is: %v, %+v", c.good, sub.Findings, rows.Rows)
			}

			sub, line := c.read(t, c.bad)
			rows = sub.table(c.table)
			if len(sub.Findings) != 1 || len(rows.Rows) != 1 {
				t.Fatalf("%v: want one finding and one row, got %v, %+v", c.bad, sub.Findings, rows.Rows)
			}
			checkMessage(t, sub.Findings[0])
			got, want := sub.Findings[0], Finding{
				Table: c.table, Sheet: rows.Schema.Title, Line: line, Cell: CellName(rows.Schema.index(c.field), line),
				Field: c.field, Rule: c.rule, Severity: Erreur,
			}
			want.Key = got.Key
			want.Message, want.Value, want.Proposal = got.Message, got.Value, got.Proposal // TestProposals
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
			if c.bad != nil && c.rule != "formule_sans_valeur" && strings.TrimSpace(fmt.Sprint(c.bad)) != "" && got.Value == "" {
				t.Error("the finding has no value for the sender")
			}
			if row := rows.Rows[0]; row.Aside != c.aside || rows.value(0, c.field) != "" {
				t.Errorf("aside %v, want %v; %s is %q", row.Aside, c.aside, c.field, rows.value(0, c.field))
			}
			for i, f := range rows.Schema.Fields { // and nothing else is left out
				if filled := c.with[f.Name] != nil || validRows[c.table][f.Name] != nil && !overridden(c.with, f.Name); f.Name != c.field && filled != (rows.Rows[0].Values[i] != "") {
					t.Errorf("%s is %q", f.Name, rows.Rows[0].Values[i])
				}
			}
		})
	}
}

func overridden(with set, field string) bool { _, ok := with[field]; return ok }

// A bookCase changes a workbook that holds one valid actor and one valid relation.
type bookCase struct {
	name string
	rule string
	good func(b *book) // nothing is said
	bad  func(b *book)
	want []string // findings: rule, sheet, cell or line, field, value
	// of the table that the case is about: rows taken and set aside
	table        string
	taken, aside int
}

var bookCases = []bookCase{
	{
		name: "no cover", rule: "accueil_absent",
		good: func(b *book) { b.sheet("Accueil").name = " ACCUEIL" },
		bad:  func(b *book) { b.sheet("Accueil").name = "Couverture" },
		want: []string{"accueil_absent"},
	}, {
		name: "no territory", rule: "territoire_absent",
		good: func(b *book) { b.cover("territoire_id", " val-de-lys\u00a0") },
		bad:  func(b *book) { b.cover("territoire_id", " ") },
		want: []string{"territoire_absent Accueil B1 territoire_id"},
	}, {
		name: "no row for the territory", rule: "territoire_absent",
		bad:  func(b *book) { b.sheet("Accueil").rows[0] = nil },
		want: []string{"territoire_absent Accueil territoire_id"},
	}, {
		name: "an unreadable month", rule: "periode_illisible",
		good: func(b *book) { b.cover("periode", "Novembre 2026") },
		bad:  func(b *book) { b.cover("periode", "cet automne") },
		want: []string{"periode_illisible Accueil B2 periode «cet automne»"},
	}, {
		name: "an empty cover", rule: "periode_illisible",
		bad:  func(b *book) { b.sheet("Accueil").rows = nil },
		want: []string{"territoire_absent Accueil territoire_id", "periode_illisible Accueil periode"},
	}, {
		name: "a damaged sheet", rule: "feuille_illisible",
		good: func(b *book) { b.of("freins").damage = `<row r="9"><c r="A9"/></row>` },
		bad:  func(b *book) { b.of("freins").damage = `<row r="2000000"><c r="A2000000"><v>1</v></c></row>` },
		want: []string{"feuille_illisible Freins 1"},
	}, {
		name: "a sheet removed", rule: "feuille_absente",
		bad:   func(b *book) { b.remove("Relations") },
		want:  []string{"feuille_absente Relations"},
		table: "relations",
	}, {
		name: "a sheet renamed", rule: "feuille_renommee",
		good:  func(b *book) { b.of("relations").name = "RELATIONS " },
		bad:   func(b *book) { b.of("relations").name = "Nos liens" },
		want:  []string{"feuille_renommee Nos liens"},
		table: "relations", taken: 1,
	}, {
		name: "a sheet of one's own", rule: "feuille_inconnue",
		good: func(b *book) {
			b.sheet("Listes").rows = [][]any{{"Élus"}}
			b.sheet("Mode d’emploi").rows = [][]any{{"Lisez."}}
			b.sheet("Feuil1")
		},
		bad:  func(b *book) { b.sheet("Brouillon").rows = [][]any{{"rappeler la mairie"}} },
		want: []string{"feuille_inconnue Brouillon"},
	}, {
		name: "an émetteur beyond its sheets", rule: "feuille_hors_emetteur",
		good:  func(b *book) { b.cover("emetteur", "ville-elus"); b.of("acteurs").rows = b.of("acteurs").rows[:1] },
		bad:   func(b *book) { b.cover("emetteur", "ville-elus") },
		want:  []string{"feuille_hors_emetteur Acteurs"},
		table: "acteurs", aside: 1,
	}, {
		name: "titles gone", rule: "entete_absent",
		good:  func(b *book) { b.of("acteurs").rows = nil },
		bad:   func(b *book) { b.of("acteurs").rows = b.of("acteurs").rows[1:] },
		want:  []string{"entete_absent Acteurs"},
		table: "acteurs",
	}, {
		name: "a required column gone", rule: "colonne_absente",
		good: func(b *book) { b.of("acteurs").rows[0][6] = nil }, // siren
		bad: func(b *book) {
			b.of("acteurs").rows[0][1] = nil
			b.add("acteurs", set{"acteur_id": "a2", "famille": "astronautes"})
		},
		want:  []string{"colonne_absente Acteurs nom", "code_inconnu Acteurs F3 famille «astronautes»"},
		table: "acteurs", aside: 2,
	}, {
		name: "optional columns gone", rule: "colonnes_absentes",
		good: func(b *book) {
			b.cover("version_modele", TemplateVersion)
			b.of("dialogues").rows[0][9] = nil // no row, nothing lost
		},
		bad: func(b *book) {
			b.cover("version_modele", TemplateVersion)
			b.add("dialogues", set{"participants_elus": 6, "theme": "alimentation"})
			b.of("dialogues").rows[0][9], b.of("dialogues").rows[0][6] = "Nb él.", nil
			b.of("acteurs").rows[0][6] = "N° SIRENE" // asked about already
		},
		want: []string{"colonne_ressemblante Acteurs G1 siren", "colonne_inconnue Dialogues J1",
			"colonnes_absentes Dialogues T1 theme;participants_elus"},
		table: "dialogues", taken: 1,
	}, {
		name: "a column twice", rule: "colonne_en_double",
		bad: func(b *book) {
			b.of("acteurs").rows[0] = append(b.of("acteurs").rows[0], "NOM de l'acteur")
			b.of("acteurs").rows[1] = append(b.of("acteurs").rows[1], "Autre nom")
		},
		want:  []string{"colonne_en_double Acteurs P1"},
		table: "acteurs", taken: 1,
	}, {
		name: "a column of one's own", rule: "colonne_inconnue",
		bad: func(b *book) {
			b.of("acteurs").rows[0] = append(b.of("acteurs").rows[0], "Mes remarques")
			b.of("acteurs").rows = append(b.of("acteurs").rows, make([]any, 16))
			b.of("acteurs").rows[2][15] = "une remarque sans ligne"
		},
		want:  []string{"colonne_inconnue Acteurs P1"},
		table: "acteurs", taken: 1,
	}, {
		name: "total rows", rule: "ligne_total",
		good: func(b *book) { b.add("acteurs", set{"acteur_id": "totem"}) },
		bad: func(b *book) {
			b.of("acteurs").rows = append(b.of("acteurs").rows,
				[]any{"Total"}, []any{nil, "SOUS-TOTAL", nil, 3}, []any{"Totaux :"}, []any{"Total général", nil, nil, 12})
		},
		want:  []string{"ligne_total Acteurs A3", "ligne_total Acteurs B4", "ligne_total Acteurs A5", "ligne_total Acteurs A6"},
		table: "acteurs", taken: 1, aside: 4,
	}, {
		name: "a sheet twice", rule: "feuille_en_double",
		bad: func(b *book) {
			b.sheets = append(b.sheets, &bookSheet{name: "ACTEURS.", rows: slices.Clone(b.of("acteurs").rows)})
		},
		want:  []string{"feuille_en_double ACTEURS."},
		table: "acteurs", taken: 1,
	}, {
		name: "a hidden sheet is read", rule: "feuille_masquee",
		good:  func(b *book) { b.sheet("Listes").hidden = true },
		bad:   func(b *book) { b.of("acteurs").hidden = true },
		want:  []string{"feuille_masquee Acteurs"},
		table: "acteurs", taken: 1,
	}, {
		name: "hidden rows are read", rule: "lignes_masquees",
		good: func(b *book) { b.of("acteurs").masked = []int{1, 7} },
		bad: func(b *book) {
			b.add("acteurs", set{"acteur_id": "a2"})
			b.add("acteurs", set{"acteur_id": "a3"})
			b.of("acteurs").masked = []int{3, 4}
		},
		want:  []string{"lignes_masquees Acteurs 3"},
		table: "acteurs", taken: 3,
	}, {
		name: "macros", rule: "macros_ignorees",
		bad:   func(b *book) { b.parts = map[string]string{"xl/vbaProject.bin": ""} },
		want:  []string{"macros_ignorees"},
		table: "acteurs", taken: 1,
	}, {
		name: "links to other files", rule: "liaisons_ignorees",
		bad:   func(b *book) { b.parts = map[string]string{"xl/externalLinks/externalLink1.xml": "<externalLink/>"} },
		want:  []string{"liaisons_ignorees"},
		table: "acteurs", taken: 1,
	}, {
		name: "titles that people give", rule: "colonne_ressemblante",
		good: func(b *book) {
			b.of("acteurs").rows[0][0], b.of("acteurs").rows[0][1] = "ID acteur", "Raison sociale"
		},
		bad: func(b *book) {
			b.of("acteurs").rows[0][6] = "N° SIRENE"
			b.of("acteurs").rows[0][12] = "Date entrées"
		},
		want: []string{"colonne_ressemblante Acteurs G1 siren", "colonne_ressemblante Acteurs M1 date_entree",
			"colonne_absente Acteurs date_entree"},
		table: "acteurs", aside: 1,
	}, {
		name: "titles again at each printed page", rule: "entete_repete",
		bad: func(b *book) {
			b.of("acteurs").rows = append(b.of("acteurs").rows, nil, b.of("acteurs").rows[0])
			b.add("acteurs", set{"acteur_id": "a2"})
		},
		want:  []string{"entete_repete Acteurs 4"},
		table: "acteurs", taken: 2,
	}, {
		name: "another table below", rule: "second_tableau",
		bad: func(b *book) {
			b.of("acteurs").rows = append(b.of("acteurs").rows, nil,
				[]any{"Nom", "Identifiant", "Groupe", "Famille", "Date d’entrée", "SIREN", "RNA"},
				[]any{"Fournil", "fournil", "elus", "scop", utc(2024, 3, 1)})
		},
		want:  []string{"second_tableau Acteurs 4"},
		table: "acteurs", taken: 1, aside: 1,
	}, {
		name: "rows that are formatted and empty", rule: "ligne_total",
		bad: func(b *book) {
			for range 5000 {
				b.of("acteurs").rows = append(b.of("acteurs").rows, []any{styled{}, styled{}, styled{}})
			}
			b.of("acteurs").rows = append(b.of("acteurs").rows, []any{"Total", 1})
		},
		want:  []string{"ligne_total Acteurs A5003"},
		table: "acteurs", taken: 1, aside: 1,
	}, {
		name: "letters damaged on the way", rule: "lettres_abimees",
		good: func(b *book) { b.add("acteurs", set{"acteur_id": "a2", "nom": "Âge d’Or À Château-Thierry"}) },
		bad: func(b *book) {
			b.add("acteurs", set{"acteur_id": "a2", "nom": "L��picerie"})
			b.add("acteurs", set{"acteur_id": "a3", "nom": "La boutique soldÃ©e"})
		},
		want:  []string{"lettres_abimees Acteurs B3 nom «L��picerie»"},
		table: "acteurs", taken: 3,
	}, {
		name: "three digits after the point", rule: "milliers_ou_decimales",
		good: func(b *book) {
			b.add("ressources", set{"montant_eur": "1 234"})
			b.add("ressources", set{"ressource_id": "R2", "montant_eur": 1.234})
		},
		bad: func(b *book) {
			b.add("ressources", set{"montant_eur": "1.234 €"})
			b.add("ressources", set{"ressource_id": "R2", "montant_eur": "1,234"})
		},
		want:  []string{"milliers_ou_decimales Ressources F2 montant_eur «1.234 €»"},
		table: "ressources", taken: 2,
	}, {
		name: "cells merged over several rows", rule: "cellule_fusionnee",
		good: func(b *book) {
			b.add("ressources", nil)
			b.of("ressources").rows = append([][]any{{"Nos ressources"}}, b.of("ressources").rows...)
			b.of("ressources").merged = "A1:F1 K2:K9 J3:J9" // a title; where nothing is
		},
		bad: func(b *book) {
			b.add("ressources", set{"pluriannuel": "oui"})
			b.add("ressources", set{"ressource_id": "R2", "projet_id": nil})
			b.add("ressources", set{"ressource_id": "R3", "projet_id": nil})
			b.add("ressources", set{"ressource_id": "R4", "nature": nil})
			b.add("ressources", set{"ressource_id": "R5", "heures": nil})
			b.of("ressources").merged = "B2:B4 B3:B4 C5:D5 H2:I6" // twice B3: only in a file made to be slow
		},
		want: []string{"cellule_fusionnee Ressources B3 projet_id", "cellule_fusionnee Ressources B4 projet_id",
			"cellule_fusionnee Ressources D5 nature", "cellule_fusionnee Ressources H6 pluriannuel"},
		table: "ressources", taken: 2, aside: 3,
	}, {
		name: "years of two digits", rule: "annee_a_deux_chiffres",
		bad: func(b *book) {
			b.add("dialogues", set{"date": "15/03/26"})
			b.add("dialogues", set{"dialogue_id": "D2", "date": "16/03/26"})
		},
		want:  []string{"annee_a_deux_chiffres Dialogues B2 date «15/03/26»"},
		table: "dialogues", taken: 2,
	}, {
		name: "American dates", rule: "jour_ou_mois",
		good: func(b *book) { b.add("dialogues", set{"date": "05/06/2026"}) },
		bad: func(b *book) {
			b.add("dialogues", set{"dialogue_id": "D1", "date": "05/06/2026"}) // in June or in May?
			b.add("dialogues", set{"dialogue_id": "D2", "date": "03/25/2026"})
			b.add("dialogues", set{"dialogue_id": "D3", "date": "07/07/2026"})
			b.add("dialogues", set{"dialogue_id": "D4", "date": utc(2026, 5, 6)})
		},
		want:  []string{"date_illisible Dialogues B3 date «03/25/2026»", "jour_ou_mois Dialogues B2 date «05/06/2026»"},
		table: "dialogues", taken: 2, aside: 2,
	}, {
		name: "weights that do not make a hundred", rule: "poids_total",
		good: func(b *book) {
			b.add("deliberation", set{"poids": "33,33"})
			b.add("deliberation", set{"poids": "33,33", "dimension": "engagement"})
			b.add("deliberation", set{"poids": "33,34", "dimension": "valeur_sociale"})
			b.add("deliberation", set{"poids": "nsp", "date_deliberation": utc(2026, 11, 9)})
		},
		bad: func(b *book) {
			b.add("deliberation", set{"poids": 40})
			b.add("deliberation", set{"poids": 50, "dimension": "engagement"})
			b.add("deliberation", set{"poids": 100, "date_deliberation": utc(2026, 11, 9)})
		},
		want:  []string{"poids_total Délibération B2 poids «40»", "poids_total Délibération B3 poids «50»"},
		table: "deliberation", taken: 1, aside: 2,
	}, {
		name: "a day after the month", rule: "date_apres_le_mois",
		good: func(b *book) { b.add("dialogues", set{"date": utc(2026, 11, 30)}) },
		bad: func(b *book) {
			b.add("dialogues", set{"date": utc(2026, 12, 1)})
			b.add("relations", set{"date_observation": utc(2062, 11, 12)})
		},
		want:  []string{"date_apres_le_mois Relations D3 date_observation «2062-11-12»", "date_apres_le_mois Dialogues B2 date «2026-12-01»"},
		table: "dialogues", taken: 1,
	}, {
		name: "a key twice", rule: "cle_en_double",
		good:  func(b *book) { b.add("acteurs", set{"acteur_id": "EPICERIE"}) },
		bad:   func(b *book) { b.add("acteurs", set{"acteur_id": " epicerie ", "nom": "Autre"}) },
		want:  []string{"cle_en_double Acteurs A3 acteur_id «epicerie»"},
		table: "acteurs", taken: 1, aside: 1,
	}, {
		name: "a key thrice", rule: "cle_en_double",
		bad: func(b *book) {
			b.add("acteurs", nil)
			b.add("acteurs", nil)
		},
		want:  []string{"cle_en_double Acteurs A3 acteur_id «epicerie»", "cle_en_double Acteurs A4 acteur_id «epicerie»"},
		table: "acteurs", taken: 1, aside: 2,
	}, {
		name: "a relevé's key holds its date", rule: "cle_en_double",
		good: func(b *book) { b.add("relations", set{"date_observation": utc(2026, 11, 13)}) },
		bad: func(b *book) {
			b.add("relations", set{"type_relation": "cooperation", "date_observation": "12/11/2026"})
		},
		want:  []string{"cle_en_double Relations A3 declarant «ville-elus»"},
		table: "relations", taken: 1, aside: 1,
	}, {
		name: "another's declaration", rule: "declarant_etranger",
		good: func(b *book) { onlyRelations(b, "ville-elus") },
		bad: func(b *book) {
			onlyRelations(b, "ville-elus")
			b.add("relations", set{"declarant": "maison", "type_relation": nil, "retire": "oui"})
		},
		want:  []string{"declarant_etranger Relations A3 declarant «maison»"},
		table: "relations", taken: 1, aside: 1,
	}, {
		name: "another group's answer", rule: "groupe_etranger",
		good: func(b *book) { onlyRelations(b, "Agents"); b.add("principes", nil) },
		bad: func(b *book) {
			onlyRelations(b, "AGENTS")
			b.add("principes", nil)
			b.add("principes", set{"axe": "P2.3", "groupe_pairs": "État"})
			b.add("principes", set{"axe": "P2.4", "groupe_pairs": "État", "retire": "oui"}) // nor withdraws it
		},
		want:  []string{"groupe_etranger Principes B3 groupe_pairs «État»", "groupe_etranger Principes B4 groupe_pairs «État»"},
		table: "principes", taken: 1, aside: 2,
	}, {
		name: "required by another cell, in a column that is gone", rule: "valeur_requise",
		good: func(b *book) { b.add("dialogues", nil); b.of("dialogues").rows[0][4] = nil },
		bad: func(b *book) {
			b.add("dialogues", set{"statut": "annule"})
			b.of("dialogues").rows[0][4] = nil
		},
		want:  []string{"valeur_requise Dialogues 2 motif_non_tenue"},
		table: "dialogues", taken: 1,
	},
}

// onlyRelations makes the workbook that of an émetteur.
func onlyRelations(b *book, emitter string) {
	b.cover("emetteur", emitter)
	for _, table := range Tables {
		if !slices.Contains(EmitterTables, table) {
			b.remove(b.model.Schemas[table].Title)
		}
	}
}

func (c bookCase) read(t testing.TB, change func(*book)) *Submission {
	b := blankBook(t)
	b.add("acteurs", nil)
	b.add("relations", nil)
	if change != nil {
		change(b)
	}
	return b.parse()
}

// said is a finding in one line.
func said(f Finding) string {
	place := cmp.Or(f.Cell, strings.TrimPrefix(fmt.Sprint(f.Line), "0"))
	value := ""
	if f.Value != "" {
		value = "«" + f.Value + "»"
	}
	return strings.Join(strings.Fields(strings.Join([]string{f.Rule, f.Sheet, place, f.Field, value}, " ")), " ")
}

func TestWorkbooks(t *testing.T) {
	for _, c := range bookCases {
		t.Run(c.name, func(t *testing.T) {
			if c.good != nil {
				if sub := c.read(t, c.good); sub.Rejected || len(sub.Findings) != 0 {
					t.Errorf("the good workbook: %v", sub.Findings)
				}
			}
			sub := c.read(t, c.bad)
			var got []string
			for _, f := range sub.Findings {
				got = append(got, said(f))
				checkMessage(t, f)
				if want := RuleNamed(f.Rule).Severity; f.Severity != want {
					t.Errorf("%s is of severity %s, want %s", f.Rule, f.Severity, want)
				}
			}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if rejected := RuleNamed(c.rule).Severity == Rejet; sub.Rejected != rejected || rejected && sub.Tables != nil {
				t.Errorf("rejected %v with %d tables", sub.Rejected, len(sub.Tables))
			}
			if c.table == "" {
				return
			}
			if read, taken, aside := sub.table(c.table).Counts(); read != taken+aside || taken != c.taken || aside != c.aside {
				t.Errorf("%s: %d read, %d taken, %d aside; want %d and %d", c.table, read, taken, aside, c.taken, c.aside)
			}
		})
	}
}

// Who renames a column is told which titles are missing, and who uses an older template is asked for none of a later one.
func TestMissingTitlesAreNamed(t *testing.T) {
	renamed := func(version any) []Finding {
		b := blankBook(t)
		b.cover("version_modele", version)
		b.add("dialogues", nil)
		b.of("dialogues").rows[0][9], b.of("dialogues").rows[0][10] = "Nb él.", nil
		return b.parse().Findings
	}
	findings := renamed(2)
	if len(findings) != 2 {
		t.Fatalf("findings: %v", findings)
	}
	for _, f := range findings {
		checkMessage(t, f)
		if !strings.Contains(f.Message, "«\u00a0Participants\u00a0: élus\u00a0», «\u00a0Participants\u00a0: agents\u00a0»") {
			t.Errorf("%s names other titles: %s", f.Rule, f.Message)
		}
	}
	for _, version := range []any{nil, "1"} {
		if findings := renamed(version); len(findings) != 1 || findings[0].Rule != "colonne_inconnue" || strings.Contains(findings[0].Message, "manque") {
			t.Errorf("template %v: %v", version, findings)
		}
	}
}

// The columns of version 2 of the template.
func TestTemplateVersionIsThatOfItsColumns(t *testing.T) {
	var names []string
	for _, table := range Tables {
		for _, f := range model(t).Schemas[table].Fields {
			names = append(names, table+"."+f.Name)
		}
	}
	if sum := fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(names, " ")))); TemplateVersion != "2" || sum != "1a5c0b9f9ed0d6cf962d0b8efa138615" {
		t.Errorf("the columns are others, %s: TemplateVersion goes up, or who has the old template is asked for them", sum)
	}
}

func TestNotAWorkbook(t *testing.T) {
	m := model(t)
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("territoire;periode\n"), "a zip of nothing": []byte("PK\x05\x06" + strings.Repeat("\x00", 18)),
		"an old or a protected workbook": []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)),
		"half a workbook":                blankBook(t).xlsx()[:2000],
		"a text with a stray quote":      []byte("a;b;c\n1;2;3\n4;5;6\n7;\"8\"9;0\n"),
	} {
		sub := Parse(m, data)
		if !sub.Rejected || len(sub.Findings) != 1 || sub.Findings[0].Rule != "fichier_illisible" {
			t.Errorf("%s: %+v", name, sub)
			continue
		}
		checkMessage(t, sub.Findings[0])
	}
}

// Every rule that reading applies has a bad fixture.
func TestEveryRuleHasABadFixture(t *testing.T) {
	shown := map[string]bool{
		"fichier_illisible": true,                                                 // TestNotAWorkbook
		"fichier_protege":   true, "fichier_binaire": true, "fichier_piege": true, // TestHostileFiles
	}
	for _, rule := range HistoryRules { // transform's
		shown[rule] = true
	}
	for _, c := range cellCases {
		shown[c.rule] = true
	}
	for _, c := range bookCases {
		shown[c.rule] = true
	}
	for _, r := range Rules {
		if !shown[r.Code] {
			t.Errorf("rule %s has no bad fixture", r.Code)
		}
		delete(shown, r.Code)
	}
	for code := range shown {
		t.Errorf("%s is no rule", code)
	}
}

// What counts as required, filled and understood (Q01, Q05).
func TestRowCounts(t *testing.T) {
	tests := []struct {
		name                      string
		table                     string
		row                       set
		required, present, filled int
		aside                     bool
	}{
		{"required cells alone", "acteurs", nil, 5, 5, 5, false},
		{"and an optional one", "acteurs", set{"secteur": "culture"}, 5, 5, 6, false},
		{"a bad optional cell is filled", "acteurs", set{"secteur": "astronautique"}, 5, 5, 6, false},
		{"« nc » is filled", "acteurs", set{"secteur": "nc"}, 5, 5, 6, false},
		{"a blank is not", "acteurs", set{"secteur": "\u202f"}, 5, 5, 5, false},
		{"a required cell empty", "acteurs", set{"nom": nil}, 5, 4, 4, true},
		{"a required cell not understood is present", "acteurs", set{"famille": "astronautes"}, 5, 5, 5, true},
		{"« nsp » in a required cell is present", "acteurs", set{"famille": "nsp"}, 5, 5, 5, true},
		{"a conditional cell is not counted as required", "dialogues", set{"statut": "annule"}, 4, 4, 4, false},
		{"a withdrawn row needs its key", "acteurs", set{"nom": nil, "groupe_pairs": nil, "famille": nil, "date_entree": nil, "retire": "oui"}, 1, 1, 2, false},
		{"a withdrawn row with its cells", "acteurs", set{"retire": true}, 1, 1, 6, false},
		{"a withdrawn row whose other cells are bad", "acteurs", set{"famille": "astronautes", "retire": 1}, 1, 1, 6, false},
		{"a withdrawn row without its key", "acteurs", set{"acteur_id": nil, "retire": "oui"}, 1, 0, 5, true},
		{"a withdrawn observation needs no date", "relations", set{"date_observation": nil, "type_relation": nil, "retire": "x"}, 3, 3, 4, false},
		{"nor a withdrawn dialogue its reason", "dialogues", set{"statut": "annule", "retire": "oui"}, 1, 1, 5, false},
		{"« non » withdraws nothing", "acteurs", set{"nom": nil, "retire": "non"}, 5, 4, 5, true},
		{"a total row counts for nothing", "acteurs", set{"acteur_id": "Total"}, 0, 0, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := blankBook(t)
			b.add(test.table, test.row)
			rows := b.parse().table(test.table).Rows
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			r := rows[0]
			if r.Required != test.required || r.Present != test.present || r.Filled != test.filled || r.Aside != test.aside {
				t.Errorf("required %d, present %d, filled %d, aside %v; want %d, %d, %d, %v",
					r.Required, r.Present, r.Filled, r.Aside, test.required, test.present, test.filled, test.aside)
			}
		})
	}
}

// Empty, zero, « nc » and « nsp » are four things.
func TestAbsencesAreKeptApart(t *testing.T) {
	b := blankBook(t)
	for i, value := range []any{nil, 0, "Non concerné", "NSP"} {
		b.add("celebrations", set{"celebration_id": fmt.Sprint("C", i), "participants": value})
	}
	sub := b.parse()
	rows := sub.table("celebrations")
	for i, want := range []string{"", "0", NotConcerned, DoesNotKnow} {
		if got := rows.value(i, "participants"); got != want {
			t.Errorf("row %d: %q, want %q", i, got, want)
		}
	}
	if len(sub.Findings) != 0 {
		t.Errorf("findings: %v", sub.Findings)
	}
}

// A row set aside holds no key: the first valid row stands.
func TestFirstValidRowOfAKeyStands(t *testing.T) {
	b := blankBook(t)
	b.add("acteurs", set{"nom": nil})
	b.add("acteurs", set{"nom": "Deux"})
	b.add("acteurs", set{"nom": "Trois"})
	rows := b.parse().table("acteurs").Rows
	if got := []bool{rows[0].Aside, rows[1].Aside, rows[2].Aside}; !slices.Equal(got, []bool{true, false, true}) {
		t.Errorf("set aside: %v", got)
	}
}

// A bad cell that another is compared with is reported once, and compares with nothing.
func TestBadCellIsReportedOnce(t *testing.T) {
	b := blankBook(t)
	b.add("engagements", set{"date_debut": "jadis", "date_fin": utc(2020, 1, 1), "motif_fin": "desaccord"})
	b.add("dialogues", set{"desaccords_exprimes": "plusieurs", "desaccords_travailles": 3})
	b.add("dialogues", set{"dialogue_id": "D2", "desaccords_exprimes": "nsp", "desaccords_travailles": 3})
	b.add("freins", set{"statut": "fini"})
	var got []string
	for _, f := range b.parse().Findings {
		got = append(got, said(f))
	}
	want := []string{
		"nombre_illisible Dialogues O2 desaccords_exprimes «plusieurs»",
		"code_inconnu Freins H2 statut «fini»",
		"date_illisible Engagements K2 date_debut «jadis»",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// The end that an order of dates leaves out requires no reason.
func TestCellLeftOutRequiresNothing(t *testing.T) {
	b := blankBook(t)
	b.add("engagements", set{"date_fin": utc(2020, 1, 1)})
	sub := b.parse()
	if len(sub.Findings) != 1 || sub.Findings[0].Rule != "ordre_des_dates" {
		t.Errorf("findings: %v", sub.Findings)
	}
}

// checkMessage holds a message to what every one owes its reader. It may be shown to others than
// the sender: it never quotes the cell.
func checkMessage(t *testing.T, f Finding) {
	t.Helper()
	if len(f.Value) > 1 && strings.Contains(f.Message, f.Value) { // a bound may be 0, and so may the cell
		t.Errorf("%s quotes %q: %s", f.Rule, f.Value, f.Message)
	}
	if strings.ContainsAny(f.Message, "{}") {
		t.Errorf("%s has an unfilled place: %s", f.Rule, f.Message)
	}
	if strings.Contains(f.Message, "«\u00a0\u00a0»") || strings.Contains(f.Message, " .") || strings.Contains(f.Message, "..") {
		t.Errorf("%s has an empty place: %s", f.Rule, f.Message)
	}
	checkTypography(t, f.Rule, f.Message)
}

func TestRulesAreWellWritten(t *testing.T) {
	seen := map[string]bool{}
	place := regexp.MustCompile(`\{[^}]*\}`)
	for _, r := range Rules {
		if seen[r.Code] {
			t.Errorf("rule %s is there twice", r.Code)
		}
		seen[r.Code] = true
		if Fold(r.Code) != r.Code {
			t.Errorf("%q is no code", r.Code)
		}
		if !slices.Contains([]Severity{Rejet, Erreur, Question, Note}, r.Severity) {
			t.Errorf("%s has severity %q", r.Code, r.Severity)
		}
		for _, sentence := range []string{r.Cause, r.Remedy} {
			checkTypography(t, r.Code, sentence)
			if sentence == "" || !strings.HasSuffix(sentence, ".") && sentence != "{attendu}" {
				t.Errorf("%s: %q is no sentence", r.Code, sentence)
			}
			for _, p := range place.FindAllString(sentence, -1) {
				if !slices.Contains([]string{"{colonne}", "{attendu}", "{feuille}", "{autre}"}, p) {
					t.Errorf("%s: nothing fills %s", r.Code, p)
				}
			}
		}
	}
}

// checkTypography holds a French sentence to its rules: a no-break space before : ; ! ? and within
// guillemets, the typographic apostrophe, no double space.
func checkTypography(t *testing.T, where, text string) {
	t.Helper()
	if strings.Contains(text, "'") || strings.Contains(text, "  ") || strings.Contains(text, "...") {
		t.Errorf("%s: typography of %q", where, text)
	}
	runes := []rune(text)
	unbroken := func(i int) bool {
		return i >= 0 && i < len(runes) && (runes[i] == '\u00a0' || runes[i] == '\u202f')
	}
	for i, r := range runes {
		bad := false
		switch r {
		case ':', ';', '!', '?', '»':
			bad = !unbroken(i - 1)
		case '«':
			bad = !unbroken(i + 1)
		}
		if bad {
			t.Errorf("%s: no no-break space at %q in %q", where, r, text)
		}
	}
}

func TestParseCSV(t *testing.T) {
	m := model(t)
	s := m.Schemas["territoires"]
	rows, err := ParseCSV(m, s, []byte("\ufeffIdentifiant du territoire;NOM;Échelon;Date d’entrée dans le programme;population\nval-de-lys;\"Val; de Lys\";Commune;15/01/2024;1 700\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0]["nom"] != "Val; de Lys" || rows[0]["date_entree"] != "2024-01-15" || rows[0]["population"] != "1700" || rows[0]["echelon"] != "commune" {
		t.Errorf("rows: %v", rows)
	}
	if rows, err := ParseCSV(m, s, CSVHeader(s)); err != nil || len(rows) != 0 {
		t.Errorf("the empty table: %v, %v", rows, err)
	}
	const header = "territoire_id,nom,date_entree,courriel_referent\n"
	for want, data := range map[string]string{
		"no header row":          "",
		"the header must":        "territoire_id,nom\n",
		"wrong number of fields": header + "a1,Nom,2024-01-15\n",
		"line 3, date_entree \"hier\": «\u00a0Date d’entrée dans le programme\u00a0» attend une date":                                header + "a1,Nom,2024-01-15,\na2,Nom,hier,x@exemple.fr\n",
		"line 2, date_entree: «\u00a0Date d’entrée dans le programme\u00a0» attend une date":                                         header + "a1,Nom,x@exemple.fr,2024-01-15\n",
		"line 2, date_entree: «\u00a0Date d’entrée dans le programme\u00a0» est obligatoire":                                         header + "a1,Nom,,x@exemple.fr\n",
		"line 2, courriel_referent: À partir de cette cellule, des lettres":                                                          header + "a1,Nom,2024-01-15,JosÃ©\n",
		"line 3, territoire_id \"a1\": Une ligne plus haut porte déjà le même identifiant":                                           header + "a1,Nom,2024-01-15,\na1,Nom,2024-01-15,x@exemple.fr\n",
		"line 2, territoire_id \"A1\": «\u00a0Identifiant du territoire\u00a0» n’a pas la forme attendue. Code court":                header + "A1,Nom,2024-01-15,x@exemple.fr\n",
		"line 2, population \"-5\": «\u00a0Population\u00a0» est en dehors de ce qui est possible. Écrivez une valeur d’au moins 1.": "territoire_id,nom,date_entree,population\na1,Nom,2024-01-15,-5\n",
		"not in UTF-8": header + "a1,P\xe9tr,2024-01-15,x@exemple.fr\n",
	} {
		_, err := ParseCSV(m, s, []byte(data))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "exemple.fr") {
			t.Errorf("the error tells an address: %v", err)
		}
	}
}
