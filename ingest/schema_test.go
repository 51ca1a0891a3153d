package ingest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func model(t *testing.T) *Model {
	t.Helper()
	m, err := LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// eachField visits every field, the loader's `retire` included, in a stable order.
func eachField(m *Model, visit func(s *Schema, f *Field, name string)) {
	for _, table := range slices.Sorted(maps.Keys(m.Schemas)) {
		s := m.Schemas[table]
		for i := range s.Fields {
			visit(s, &s.Fields[i], table+"."+s.Fields[i].Name)
		}
	}
}

func TestLoadModelHasEveryTable(t *testing.T) {
	m := model(t)
	want := append([]string{"accueil", "retour", "commentaires", "territoires", "parametres"}, Tables...)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(m.Schemas))); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	titles := map[string]string{}
	for _, name := range want {
		s := m.Schemas[name]
		if s.Title == "" || len([]rune(s.Title)) > 31 || strings.ContainsAny(s.Title, `[]:*?/\`) {
			t.Errorf("%s: title %q cannot name a sheet", name, s.Title)
		}
		if other, taken := titles[Fold(s.Title)]; taken {
			t.Errorf("%s: title %q is that of %s", name, s.Title, other)
		}
		titles[Fold(s.Title)] = name
		if s.Description == "" {
			t.Errorf("%s: no description", name)
		}
	}
}

// The keys, kinds, dating fields and diffusion of the reference framework.
func TestTablesAreThoseOfTheFramework(t *testing.T) {
	m := model(t)
	want := map[string]string{
		"acteurs":      "registre publique acteur_id -",
		"relations":    "releve evaluateurs declarant,partenaire,dimension date_observation",
		"dialogues":    "flux publique dialogue_id date",
		"freins":       "registre publique frein_id -",
		"attentes":     "registre publique attente_id -",
		"principes":    "releve jamais repondant,axe date_reponse",
		"engagements":  "registre evaluateurs engagement_id -",
		"projets":      "registre publique projet_id -",
		"ressources":   "flux publique ressource_id date",
		"effets":       "flux publique effet_id date_constat",
		"celebrations": "flux publique celebration_id date",
		"reperes":      "flux publique repere_id date",
		"deliberation": "releve evaluateurs dimension date_deliberation",
		"territoires":  "reference publique territoire_id -",
		"parametres":   "reference publique nom,valide_du -",
		"accueil":      "accueil evaluateurs  -",
		"retour":       "retour evaluateurs reference -",
		"commentaires": "retour evaluateurs territoire_id,periode,indicateur -",
	}
	got := map[string]string{}
	for name, s := range m.Schemas {
		date := s.DateField
		if date == "" {
			date = "-"
		}
		got[name] = strings.Join([]string{string(s.Kind), string(s.Diffusion), strings.Join(s.PrimaryKey, ","), date}, " ")
		keys := slices.Clone(s.PrimaryKey)
		if s.DateField != "" {
			keys = append(keys, s.DateField)
			if f := s.Field(s.DateField); f != nil && f.Type != "date" {
				t.Errorf("%s: dateField %s is a %s", name, s.DateField, f.Type)
			}
		}
		for _, k := range keys {
			if !s.Field(k).Constraints.Required {
				t.Errorf("%s.%s is a key or dates the row, and is not required", name, k)
			}
		}
		_, monthly := slices.BinarySearch(slices.Sorted(slices.Values(Tables)), name)
		if (s.Field("retire") != nil) != monthly {
			t.Errorf("%s: retire belongs to the monthly tables alone", name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

// The `*` of the reference framework.
func TestRequiredFields(t *testing.T) {
	want := map[string]string{
		"accueil":      "territoire_id periode",
		"retour":       "reference",
		"commentaires": "territoire_id periode indicateur",
		"territoires":  "territoire_id nom date_entree",
		"parametres":   "nom valeur valide_du",
		"acteurs":      "acteur_id nom groupe_pairs famille date_entree",
		"relations":    "declarant partenaire dimension date_observation type_relation",
		"dialogues":    "dialogue_id date type statut",
		"freins":       "frein_id exprime_par categorie date_identification statut",
		"attentes":     "attente_id exprimee_par envers categorie date_expression statut",
		"principes":    "repondant groupe_pairs date_reponse axe",
		"engagements":  "engagement_id acteur_id forme date_debut",
		"projets":      "projet_id intitule theme porteur portage statut date_debut",
		"ressources":   "ressource_id projet_id date nature provenance",
		"effets":       "effet_id projet_id date_constat domaine description sens anticipe horizon niveau_preuve",
		"celebrations": "celebration_id date intitule",
		"reperes":      "repere_id date type intitule",
		"deliberation": "dimension date_deliberation",
	}
	got := map[string]string{}
	eachField(model(t), func(s *Schema, f *Field, _ string) {
		if f.Constraints.Required {
			got[s.Name] = strings.TrimSpace(got[s.Name] + " " + f.Name)
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("required fields (-want +got):\n%s", diff)
	}
}

func TestAccueilTicksEveryTable(t *testing.T) {
	m := model(t)
	for _, table := range Tables {
		f := m.Schemas["accueil"].Field("rien_" + table)
		if f == nil || f.Type != "boolean" {
			t.Errorf("accueil: no boolean rien_%s", table)
			continue
		}
		if want := "Rien ce mois-ci\u00a0: " + m.Schemas[table].Title; f.Title != want {
			t.Errorf("accueil.rien_%s: title %q, want %q", table, f.Title, want)
		}
	}
}

func TestUnknownPropertyIsRefused(t *testing.T) {
	good := `{"name":"x","fields":[{"name":"a","constraints":{"required":true}}],"primaryKey":["a"]}`
	if err := decodeStrictBytes("good", []byte(good), &Schema{}); err != nil {
		t.Errorf("a good schema is refused: %v", err)
	}
	for name, bad := range map[string]string{
		"of the schema":      `{"name":"x","primarykeys":["a"]}`,
		"of a field":         `{"name":"x","fields":[{"name":"a","codeList2":"b"}]}`,
		"of the constraints": `{"name":"x","fields":[{"name":"a","constraints":{"enum":["b"]}}]}`,
		"of a condition":     `{"name":"x","fields":[{"name":"a","requiredWhen":{"field":"b","equals":"c"}}]}`,
		"after the value":    good + good,
	} {
		if err := decodeStrictBytes(name, []byte(bad), &Schema{}); err == nil {
			t.Errorf("a property %s is accepted", name)
		}
	}
}

// A header is looked up by name or title: none may stand for two fields.
func TestAmbiguousHeaderIsRefused(t *testing.T) {
	field := func(name, title string) Field {
		return Field{Name: name, Title: title, Description: "d", Type: "string"}
	}
	for name, fields := range map[string][]Field{
		"same title":            {field("a", "Titre"), field("b", "titré")},
		"title is a later name": {field("a", "Date"), field("date", "Jour")},
		"title is a past name":  {field("date", "Jour"), field("a", "Date")},
		"same name":             {field("a", "Un"), field("a", "Deux")},
	} {
		if err := (&Model{}).check(&Schema{Name: "x", Kind: Reference, Fields: fields}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (&Model{}).check(&Schema{Name: "x", Kind: Reference, Fields: []Field{field("date", "Date")}}); err != nil {
		t.Errorf("a title may be its own field's name: %v", err)
	}
}

func TestFieldTitlesFoldDistinct(t *testing.T) {
	owner := map[string]string{}
	eachField(model(t), func(s *Schema, f *Field, name string) {
		for _, header := range []string{f.Name, f.Title} {
			key := s.Name + " " + Fold(header)
			if Fold(header) == "" {
				t.Errorf("%s: header %q folds to nothing", name, header)
			}
			if other, taken := owner[key]; taken && other != name {
				t.Errorf("%s: header %q is that of %s", name, header, other)
			}
			owner[key] = name
		}
	})
}

// indicatorLists serve the indicators and reports, not a field of a workbook.
var indicatorLists = []string{
	"niveaux", "famille_axe", "note", "poles", "benevolat", "perimetre_scic", "perimetre_lieu",
	"famille_indicateur", "statut_indicateur", "unite", "sens_indicateur",
	"couverture", "mot_tendance", "cause_revision",
}

func TestEveryCodeListIsUsed(t *testing.T) {
	m := model(t)
	used := slices.Clone(indicatorLists)
	eachField(m, func(_ *Schema, f *Field, _ string) {
		if f.CodeList != "" {
			used = append(used, f.CodeList)
		}
	})
	slices.Sort(used)
	if diff := cmp.Diff(slices.Compact(used), slices.Sorted(maps.Keys(m.CodeLists))); diff != "" {
		t.Errorf("lists (-used +present):\n%s", diff)
	}
}

func TestCodesAndLabelsFoldDistinct(t *testing.T) {
	for list, codes := range model(t).CodeLists {
		if len(codes) == 0 {
			t.Errorf("%s is empty", list)
		}
		owner := map[string]string{}
		for _, c := range codes {
			for _, word := range []string{c.Value, c.Label} {
				if other, taken := owner[Fold(word)]; taken && other != c.Value {
					t.Errorf("%s: %q stands for %s and for %s", list, word, other, c.Value)
				}
				if word == "" || Fold(word) == "nc" || Fold(word) == "nsp" {
					t.Errorf("%s: %q is not a code or label", list, word)
				}
				owner[Fold(word)] = c.Value
			}
		}
	}
}

func TestGroupsOfCodes(t *testing.T) {
	m := model(t)
	for i, c := range m.CodeLists["type_relation"] {
		n := m.CodeLists["niveaux"][i]
		if c.Group != n.Value || c.Label != n.Label {
			t.Errorf("type_relation %s: %s %q, ladder %s %q", c.Value, c.Group, c.Label, n.Value, n.Label)
		}
	}
	count := map[string]int{}
	for _, c := range m.CodeLists["axe"] {
		count[c.Group]++
		if family, _, _ := strings.Cut(c.Value, "."); family != c.Group {
			t.Errorf("axe %s: group %s", c.Value, c.Group)
		}
	}
	if diff := cmp.Diff(map[string]int{"P0": 4, "P1": 7, "P2": 10, "P3": 8, "P4": 8, "A": 4}, count); diff != "" {
		t.Errorf("axes by family (-want +got):\n%s", diff)
	}
	if families := m.Values("famille_axe"); len(families) != len(count) {
		t.Errorf("famille_axe: %v", families)
	}
	var ess []string
	for _, c := range m.CodeLists["famille"] {
		if c.Group == "ess" {
			ess = append(ess, c.Value)
		}
	}
	want := []string{"association", "cooperative", "scic", "scop", "mutuelle", "fondation", "societe_commerciale_ess"}
	if diff := cmp.Diff(want, ess); diff != "" {
		t.Errorf("ESS (-want +got):\n%s", diff)
	}
}

func TestFieldsAreCoherent(t *testing.T) {
	m := model(t)
	eachField(m, func(s *Schema, f *Field, name string) {
		if f.CodeList != "" && f.Type != "string" && f.Type != "list" {
			t.Errorf("%s: a code of type %s", name, f.Type)
		}
		if (f.Type == "list") != (f.Delimiter != "") || f.Type == "list" && f.CodeList == "" {
			t.Errorf("%s: type %s, delimiter %q, codelist %q", name, f.Type, f.Delimiter, f.CodeList)
		}
		for _, other := range []struct {
			name, kinds string
		}{{f.NotBefore, "date"}, {f.NotAbove, "integer number"}, {f.DifferentFrom, "string"}} {
			if other.name == "" {
				continue
			}
			if o := s.Field(other.name); o.Type != f.Type || !strings.Contains(other.kinds, f.Type) {
				t.Errorf("%s: a %s against %s, a %s", name, f.Type, o.Name, o.Type)
			}
		}
		codes := func(field string, values []string) {
			for _, v := range values {
				if !slices.Contains(m.Values(s.Field(field).CodeList), v) {
					t.Errorf("%s: %s has no code %q", name, field, v)
				}
			}
		}
		if c := f.RequiredWhen; c != nil {
			n := 0
			for _, given := range []bool{c.In != nil, c.NotIn != nil, c.Filled} {
				if given {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: requiredWhen says %d things", name, n)
			}
			codes(c.Field, append(slices.Clone(c.In), c.NotIn...))
		}
		for field, values := range f.DiffusionSauf {
			codes(field, values)
		}
		if f.Example != "" && f.CodeList != "" && f.Type == "string" && !slices.Contains(m.Values(f.CodeList), f.Example) {
			t.Errorf("%s: example %q is not a code", name, f.Example)
		}
	})
}

// printable are the only free texts that a release may print (the reference framework says which).
var printable = []string{
	"celebrations.intitule", "effets.description", "freins.levier", "projets.intitule", "reperes.intitule",
}

// plainStrings are the strings of published tables that are no code, have no pattern and are no
// printable text, yet are published: identifiers, references, names of organisations and places.
var plainStrings = []string{
	"acteurs.nom", "acteurs.organisation", "acteurs.remplace_par",
	"attentes.attente_id", "attentes.dialogue_id",
	"celebrations.celebration_id", "celebrations.projet_id",
	"dialogues.dialogue_id",
	"effets.effet_id", "effets.projet_id",
	"freins.dialogue_id", "freins.frein_id",
	"parametres.nom", "parametres.source",
	"projets.porteur", "projets.projet_id",
	"reperes.repere_id",
	"ressources.projet_id", "ressources.ressource_id",
	"territoires.code_officiel", "territoires.nom", "territoires.region",
}

func TestPublishedTexts(t *testing.T) {
	var printed, plain []string
	eachField(model(t), func(s *Schema, f *Field, name string) {
		published := s.Diffusion == Publique && s.DiffusionOf(f) == Publique
		if f.Printable {
			printed = append(printed, name)
			if !published || f.Type != "string" || f.CodeList != "" {
				t.Errorf("%s: not a published free text", name)
			}
			if !strings.HasSuffix(f.Description, " Peut être publié\u00a0: ne citez personne.") {
				t.Errorf("%s: the description does not warn: %q", name, f.Description)
			}
		} else if published && f.Type == "string" && f.CodeList == "" && f.Constraints.Pattern == "" {
			plain = append(plain, name)
		}
	})
	slices.Sort(printed)
	slices.Sort(plain)
	if diff := cmp.Diff(printable, printed); diff != "" {
		t.Errorf("printable texts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(plainStrings, plain); diff != "" {
		t.Errorf("published strings (-want +got):\n%s", diff)
	}
}

func TestNarrowerDiffusion(t *testing.T) {
	m := model(t)
	order := []Diffusion{Publique, Evaluateurs, Jamais}
	var never, but []string
	eachField(m, func(s *Schema, f *Field, name string) {
		if d := slices.Index(order, m.Schemas[s.Name].DiffusionOf(f)); d < slices.Index(order, s.Diffusion) || d < 0 {
			t.Errorf("%s: diffusion %q in a table of %q", name, f.Diffusion, s.Diffusion)
		}
		if f.Diffusion == Jamais {
			never = append(never, name)
		}
		if f.DiffusionSauf != nil {
			but = append(but, name)
		}
	})
	want := []string{
		"accueil.referent", "effets.unite", "engagements.intention",
		"projets.intention_collectivite", "projets.intention_acteur",
		"relations.confiance", "relations.clarte_intention", "relations.contraintes_prises_en_charge",
		"territoires.courriel_referent",
	}
	if diff := cmp.Diff(want, never); diff != "" {
		t.Errorf("fields that never leave (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"acteurs.siren", "acteurs.rna"}, but); diff != "" {
		t.Errorf("fields with an exception (-want +got):\n%s", diff)
	}
}

func TestForeignKeys(t *testing.T) {
	m := model(t)
	var got []string
	for _, table := range Tables {
		s := m.Schemas[table]
		for _, fk := range s.ForeignKeys {
			field, target := s.Field(fk.Fields[0]), m.Schemas[fk.Reference.Resource]
			key := target.Field(fk.Reference.Fields[0])
			if field.Type != key.Type {
				t.Errorf("%s.%s: a %s refers to a %s", table, field.Name, field.Type, key.Type)
			}
			if target.Kind != Registre && target.Kind != Flux {
				t.Errorf("%s.%s: refers to a %s", table, field.Name, target.Kind)
			}
			got = append(got, table+"."+field.Name+" → "+target.Name+"."+key.Name)
		}
	}
	want := []string{
		"acteurs.remplace_par → acteurs.acteur_id",
		"relations.declarant → acteurs.acteur_id",
		"relations.partenaire → acteurs.acteur_id",
		"freins.dialogue_id → dialogues.dialogue_id",
		"attentes.dialogue_id → dialogues.dialogue_id",
		"engagements.acteur_id → acteurs.acteur_id",
		"engagements.envers → acteurs.acteur_id",
		"engagements.projet_id → projets.projet_id",
		"projets.porteur → acteurs.acteur_id",
		"ressources.projet_id → projets.projet_id",
		"effets.projet_id → projets.projet_id",
		"celebrations.projet_id → projets.projet_id",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("foreign keys (-want +got):\n%s", diff)
	}
}

// Descriptions are read by people: French typography, and no straight apostrophe.
func TestTypography(t *testing.T) {
	m := model(t)
	check := func(where, text string) {
		for _, bad := range []string{"'", "« ", " »", " :", " ;", " ?", " !", "  "} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q in %q", where, bad, text)
			}
		}
	}
	eachField(m, func(_ *Schema, f *Field, name string) {
		check(name, f.Title)
		check(name, f.Description)
		if !strings.HasSuffix(f.Description, ".") {
			t.Errorf("%s: %q is no sentence", name, f.Description)
		}
	})
	for name, s := range m.Schemas {
		check(name, s.Description)
	}
	for list, codes := range m.CodeLists {
		for _, c := range codes {
			check(list+"."+c.Value, c.Label)
		}
	}
}
