package ingest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func sampleTemplate() TemplateData {
	return TemplateData{
		Territoire: "valbrune", Periode: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Referent: "Référent",
		Nothing: map[string]bool{"reperes": true},
		Rows: map[string][]map[string]any{
			"freins": {{
				"frein_id": "VAL-F0001", "exprime_par": "elus", "categorie": "peur_de_l_echec",
				"reconnu_par": []string{"elus", "socio_economique"}, "intensite": int64(4),
				"date_identification": time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC), "statut": "nc", "retire": true,
			}},
			"ressources": {{"ressource_id": "VAL-R0001", "montant_eur": 0.29 * 100}},
		},
	}
}

func TestTemplateSameDataSameBytes(t *testing.T) {
	m, err := LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	var first bytes.Buffer
	for i := range 20 {
		var buf bytes.Buffer
		if err := WriteTemplate(&buf, m, sampleTemplate()); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = buf
		} else if !bytes.Equal(first.Bytes(), buf.Bytes()) {
			t.Fatal("the same data gave other bytes")
		}
	}
}

// TestTemplateReadBack reads the sheets with excelize, the second opinion.
func TestTemplateReadBack(t *testing.T) {
	m, err := LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := WriteTemplate(&buf, m, sampleTemplate()); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheets := f.GetSheetList()
	if len(sheets) != len(Tables)+3 || sheets[0] != CoverSheet || sheets[1] != GuideSheet || sheets[len(sheets)-1] != ListsSheet {
		t.Errorf("sheets are %q", sheets)
	}
	rows, err := f.GetRows(SheetName(m.Schemas["freins"]))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"VAL-F0001", "Élus", "Peur de l’échec", "Élus ; Acteurs socio-économiques", "", "4", "05/10/2026", "nc", "", "", "oui"}
	if len(rows) != 2 || !slices.Equal(rows[1], want) {
		t.Errorf("freins: %q, want %q", rows, want)
	}
	if v, _ := f.GetCellValue(SheetName(m.Schemas["ressources"]), "F2", excelize.Options{RawCellValue: true}); v != "29" {
		t.Errorf("29 € is written %s", v)
	}
	cover, err := f.GetRows(CoverSheet)
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string][]string{
		"territoire_id": {"Identifiant du territoire\u00a0*", "valbrune"},
		"periode":       {"Mois du classeur\u00a0*", "2026-10"},
		"rien_reperes":  {"Rien ce mois-ci\u00a0: Repères", "oui"},
	} {
		if !slices.ContainsFunc(cover, func(row []string) bool { return len(row) > 1 && slices.Equal(row[:2], want) }) {
			t.Errorf("%q is not on the cover %q", want, cover)
		}
		if v, _ := f.GetCellValue(CoverSheet, CoverCell(m, field)); v != want[1] {
			t.Errorf("cell %s of the cover is %q, want %q", CoverCell(m, field), v, want[1])
		}
	}
	props, err := f.GetCustomProps()
	if err != nil || len(props) != 1 || props[0].Name != TemplateProperty || props[0].Value != TemplateVersion {
		t.Errorf("custom properties %v, %v", props, err)
	}
	validations, err := f.GetDataValidations(SheetName(m.Schemas["freins"]))
	if err != nil || len(validations) != 7 { // exprime_par, categorie, intensite, statut, two dates, retire
		t.Errorf("%d validations, %v", len(validations), err)
	}
}

func TestEmitterTemplateHoldsItsTwoTables(t *testing.T) {
	m, err := LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	d := sampleTemplate()
	d.Emetteur = "elus"
	f, err := NewTemplate(m, d)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); !slices.Equal(got, []string{CoverSheet, GuideSheet, "Relations", "Principes", ListsSheet}) {
		t.Errorf("sheets are %q", got)
	}
}

func BenchmarkTemplate(b *testing.B) {
	m, err := LoadModel()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := WriteTemplate(&bytes.Buffer{}, m, sampleTemplate()); err != nil {
			b.Fatal(err)
		}
	}
}
