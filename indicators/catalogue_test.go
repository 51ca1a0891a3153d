package indicators

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cairn/ingest"
)

// goodHeader has no defect: each case below makes one.
const goodHeader = `-- nom: Solidité des constats
-- unite: part
-- sens: hausse
-- plancher: 5
-- effectif: lignes
-- estimateur: part
-- intervalle: wilson
-- fenetre: 12m
-- feuille: effets
-- definition: Une part.
-- compte: Un effet.
-- limites: Aucune.
-- source: Personne.
SELECT 1
`

// TestHeaderDefectsAreRefused shows each defect beside what its author is told.
func TestHeaderDefectsAreRefused(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	const file = "V04_solidite.sql"
	tests := []struct {
		name      string
		file      string // V04_solidite.sql if empty
		old, new  string // replaced in goodHeader
		line      int
		key, hint string
	}{
		{name: "unknown key", old: "-- unite: part", new: "-- unité: part",
			line: 2, key: "unité", hint: "unknown key; the header is lines of « -- key: value »"},
		{name: "not key and value", old: "-- sens: hausse", new: "-- voir la note",
			line: 3, key: "voir la note", hint: "unknown key; the header is lines of « -- key: value »"},
		{name: "given twice", old: "-- sens: hausse", new: "-- sens: hausse\n-- sens: baisse",
			line: 4, key: "sens", hint: "given twice"},
		{name: "missing key", old: "-- limites: Aucune.\n", new: "",
			line: 12, key: "limites", hint: "missing"},
		{name: "empty value", old: "-- limites: Aucune.", new: "-- limites:  ",
			line: 13, key: "limites", hint: "missing"},
		{name: "semicolon", old: "SELECT 1", new: "SELECT 1;",
			line: 14, key: "SELECT", hint: "one bare SELECT, without a semicolon, must follow the header"},
		{name: "no query", old: "SELECT 1\n", new: "",
			line: 14, key: "SELECT", hint: "one bare SELECT, without a semicolon, must follow the header"},
		{name: "unknown estimator", old: "estimateur: part", new: "estimateur: sagesse",
			line: 6, key: "estimateur", hint: "no such estimator"},
		{name: "floor in letters", old: "plancher: 5", new: "plancher: cinq",
			line: 4, key: "plancher", hint: "not a number"},
		{name: "unknown unit", old: "unite: part", new: "unite: pourcent",
			line: 2, key: "unite", hint: "not in the code list unite"},
		{name: "unknown direction", old: "sens: hausse", new: "sens: neutre",
			line: 3, key: "sens", hint: "not in the code list sens_indicateur"},
		{name: "unknown way to count", old: "effectif: lignes", new: "effectif: personnes",
			line: 5, key: "effectif", hint: "must be one of denominateur, evenements, lignes, moindre_cote, parts, population, sujets"},
		{name: "way to count of another estimator", old: "effectif: lignes", new: "effectif: parts",
			line: 5, key: "effectif", hint: "the estimator has no input parts"},
		{name: "unknown interval", old: "intervalle: wilson", new: "intervalle: wald",
			line: 7, key: "intervalle", hint: "must be one of aucun, wilson, wilson_recensement, loglog, brookmeyer_crowley, normal"},
		{name: "unknown code list", old: "-- fenetre: 12m", new: "-- modalites: couleurs",
			line: 8, key: "modalites", hint: "no such code list"},
		{name: "missing nomenclature", old: "estimateur: part", new: "estimateur: accord",
			line: 13, key: "nomenclature", hint: "needed by, and only by, the estimators of categories"},
		{name: "needless nomenclature", old: "-- fenetre: 12m", new: "-- nomenclature: note",
			line: 8, key: "nomenclature", hint: "needed by, and only by, the estimators of categories"},
		{name: "missing horizon", old: "estimateur: part", new: "estimateur: survie",
			line: 13, key: "horizon", hint: "needed by, and only by, the estimators at a horizon"},
		{name: "needless horizon", old: "-- fenetre: 12m", new: "-- horizon: 365.25",
			line: 8, key: "horizon", hint: "needed by, and only by, the estimators at a horizon"},
		{name: "horizon in words", old: "-- fenetre: 12m", new: "-- horizon: un an",
			line: 8, key: "horizon", hint: "not a number of days"},
		{name: "other window", old: "fenetre: 12m", new: "fenetre: 24m",
			line: 8, key: "fenetre", hint: "must be 12m"},
		{name: "unknown sheet", old: "feuille: effets", new: "feuille: effet",
			line: 9, key: "feuille", hint: "no such table"},
		{name: "programme other than non", old: "-- fenetre: 12m", new: "-- programme: Non",
			line: 8, key: "programme", hint: "must be non, or left out"},
		{name: "break without a month", old: "-- fenetre: 12m", new: "-- rupture: septembre 2026, la nomenclature a changé",
			line: 8, key: "rupture", hint: "must be a month and a reason: 2026-09 la nomenclature a changé"},
		{name: "break in a month that is none", old: "-- fenetre: 12m", new: "-- rupture: 2026-13 la nomenclature a changé",
			line: 8, key: "rupture", hint: "must be a month and a reason: 2026-09 la nomenclature a changé"},
		{name: "break without a reason", old: "-- fenetre: 12m", new: "-- rupture: 2026-09",
			line: 8, key: "rupture", hint: "must be a month and a reason: 2026-09 la nomenclature a changé"},
		{name: "unknown family", file: "X04_solidite.sql",
			line: 1, key: "X04_solidite.sql", hint: "the file's name must be <letter of the family><two digits>_<name>.sql"},
		{name: "no number", file: "Vxx_solidite.sql",
			line: 1, key: "Vxx_solidite.sql", hint: "the file's name must be <letter of the family><two digits>_<name>.sql"},
		{name: "no name", file: "V04.sql",
			line: 1, key: "V04.sql", hint: "the file's name must be <letter of the family><two digits>_<name>.sql"},
		{name: "not a query", file: "V04_notes.txt",
			line: 1, key: "V04_notes.txt", hint: "the file's name must be <letter of the family><two digits>_<name>.sql"},
		{name: "two files of one code", file: "V04_solidite_bis.sql",
			line: 1, key: "V04", hint: "the code is already that of V04_solidite.sql"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name, text := file, goodHeader
			if test.old != "" && !strings.Contains(goodHeader, test.old) {
				t.Fatalf("the header has no %q to replace", test.old)
			}
			text = strings.Replace(text, test.old, test.new, 1)
			files := fstest.MapFS{}
			if test.file != "" {
				name = test.file
				files["catalogue/"+file] = &fstest.MapFile{Data: []byte(goodHeader)}
			}
			files["catalogue/"+name] = &fstest.MapFile{Data: []byte(text)}
			_, err := readCatalogue(m, files, "catalogue")
			want := HeaderError{File: name, Line: test.line, Key: test.key, Hint: test.hint}
			if got, ok := errors.AsType[*HeaderError](err); !ok || *got != want {
				t.Errorf("got %v, want %v", err, &want)
			}
		})
	}
}

func TestBreakIsTaken(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	text := "-- rupture: 2026-09 la nomenclature a changé\n" + goodHeader
	catalogue, err := readCatalogue(m, fstest.MapFS{"catalogue/V04_solidite.sql": {Data: []byte(text)}}, "catalogue")
	if err != nil {
		t.Fatal(err)
	}
	if b := catalogue[0].Break; !b.Month.Equal(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)) || b.Reason != "la nomenclature a changé" || b.String() != "2026-09 la nomenclature a changé" {
		t.Errorf("read as %+v", b)
	}
}

func TestGoodHeaderIsTaken(t *testing.T) {
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := readCatalogue(m, fstest.MapFS{"catalogue/V04_solidite.sql": {Data: []byte(goodHeader)}}, "catalogue")
	if err != nil {
		t.Fatal(err)
	}
	ind := catalogue[0]
	if ind.ID != "V04" || ind.Family() != "V" || ind.Floor != 5 || ind.Estimator.Name != "part" || ind.SQL != "SELECT 1" || !ind.Programme {
		t.Errorf("read as %+v", ind)
	}
	if got := ind.ModaliteCodes(); len(got) != 1 || got[0] != "" {
		t.Errorf("modalites %q, want one empty code", got)
	}
}
