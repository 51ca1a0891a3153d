package demo

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cairn/ingest"

	"github.com/xuri/excelize/v2"
)

// recipe is a way to injure one workbook. do looks for a suitable row, changes the sheet and the
// truth, and returns false (having changed nothing) when there is none.
type recipe struct {
	kind, table, rule string
	do                func(*wound) bool
}

// wound is a fault being done to a delivery.
type wound struct {
	delivery *Delivery
	sheet    *Sheet
	model    *ingest.Model
	place    *place
	month    month
	fault    *Fault
}

// recipes are the faults of real life, one workbook each.
var recipes = []recipe{
	{"libelle_inconnu", "acteurs", "code_inconnu", func(w *wound) bool { return w.spoil(rowOfAnyKind, "famille", "Assoc. culturelle", true) }},
	{"libelle_inconnu_facultatif", "relations", "code_inconnu", func(w *wound) bool { return w.spoil(filled("cadre"), "cadre", "Contrat de ville", false) }},
	{"ligne_total", "ressources", "ligne_total", addTotal},
	{"texte_dans_nombre", "dialogues", "nombre_illisible", func(w *wound) bool {
		return w.spoil(filled("participants_citoyens"), "participants_citoyens", "env. 30", false)
	}},
	{"titres_fusionnes", "dialogues", "", addTitles},
	{"feuille_renommee", "relations", "feuille_renommee", renameSheet},
	{"dates_en_texte", "engagements", "", typeDates},
	{"date_illisible", "engagements", "date_illisible", func(w *wound) bool { return w.spoil(filled("date_fin_prevue"), "date_fin_prevue", "mi-mars", false) }},
	{"date_illisible_requise", "effets", "date_illisible", func(w *wound) bool { return w.spoil(filled("date_constat"), "date_constat", "mi-mars", true) }},
	{"ligne_supprimee", "attentes", "", removeRow},
	{"cle_en_double", "engagements", "cle_en_double", repeatRow},
	{"reference_inconnue", "ressources", "reference_inconnue", func(w *wound) bool {
		return w.spoil(filled("projet_id"), "projet_id", w.place.prefix+"-P99", true)
	}},
	{"reference_inconnue_facultative", "freins", "reference_inconnue", func(w *wound) bool { return w.spoil(rowOfAnyKind, "dialogue_id", w.place.prefix+"-D9999", false) }},
	{"valeur_requise", "effets", "valeur_requise", func(w *wound) bool { return w.empty(filled("description"), "description", true) }},
	{"condition_non_remplie", "dialogues", "valeur_requise", func(w *wound) bool { return w.empty(filled("motif_non_tenue"), "motif_non_tenue", false) }},
	{"ordre_des_dates", "engagements", "ordre_des_dates", endBeforeStart},
	{"plus_grand_que", "dialogues", "plus_grand_que", moreThanAll},
	{"hors_bornes", "relations", "hors_bornes", func(w *wound) bool { return w.spoil(filled("confiance"), "confiance", "7", false) }},
	{"siren_invalide", "acteurs", "siren_invalide", wrongSiren},
	{"format_invalide", "acteurs", "format_invalide", func(w *wound) bool { return w.spoil(rowOfAnyKind, "acteur_id", w.place.prefix+" A01", true) }},
	{"meme_acteur", "relations", "meme_acteur", sameActor},
	{"absence_refusee", "effets", "absence_refusee", func(w *wound) bool { return w.spoil(filled("niveau_preuve"), "niveau_preuve", "nsp", true) }},
	{"colonnes_melangees", "projets", "", func(w *wound) bool { w.delivery.form.shuffled = map[string]bool{"projets": true}; return true }},
	{"nombre_en_texte", "ressources", "", typeAmount},
	{"feuille_absente", "effets", "feuille_absente", removeSheet},
}

// mustModel is the embedded model, without which the program itself is broken.
func mustModel() *ingest.Model {
	m, err := ingest.LoadModel()
	if err != nil {
		panic(fmt.Sprintf("demo: embedded schemas: %v", err))
	}
	return m
}

// injure does each recipe to a workbook of its own. A recipe that suits none is left out. No
// workbook of a territory's first two months is touched: earlier rows of each key are to stand.
func injure(w *World, places []*place) {
	m := mustModel()
	at := map[string]*place{}
	for _, p := range places {
		at[p.id] = p
	}
	c := newChance(w.Seed, "*", "fautes")
	for _, r := range recipes {
		for _, i := range c.Perm(len(w.Deliveries)) {
			d := &w.Deliveries[i]
			p := at[d.Territoire]
			if d.form.untouched || len(d.Faults) > 0 || monthOf(d.Periode) < p.start+2 {
				continue
			}
			fault := Fault{Kind: r.kind, Table: r.table, Sheet: ingest.SheetName(m.Schemas[r.table]), Rule: r.rule}
			wound := &wound{delivery: d, sheet: d.sheet(r.table), model: m, place: p, month: monthOf(d.Periode), fault: &fault}
			if r.do(wound) {
				d.Faults = append(d.Faults, fault)
				break
			}
		}
	}
}

func (d *Delivery) sheet(table string) *Sheet {
	for i := range d.Sheets {
		if d.Sheets[i].Table == table {
			return &d.Sheets[i]
		}
	}
	return nil
}

// filled suits rows that say something in a field.
func filled(field string) func(values) bool {
	return func(v values) bool {
		_, absent := v[field].(Absence)
		return v[field] != nil && !absent
	}
}

func rowOfAnyKind(values) bool { return true }

// find is the first suitable row that is not being retired; nil if there is none.
func (w *wound) find(suits func(values) bool) *Row {
	for i := range w.sheet.Rows {
		row := &w.sheet.Rows[i]
		if row.Values["retire"] == nil && suits(row.Values) {
			return row
		}
	}
	return nil
}

// spoil has a cell of the first suitable row say something that cannot be understood.
func (w *wound) spoil(suits func(values) bool, field, text string, aside bool) bool {
	row := w.find(suits)
	if row == nil {
		return false
	}
	delete(row.Values, field)
	row.Bad = map[string]string{field: text}
	row.Aside = aside
	w.mark(row, field)
	return true
}

// empty empties a cell of the first suitable row.
func (w *wound) empty(suits func(values) bool, field string, aside bool) bool {
	row := w.find(suits)
	if row == nil {
		return false
	}
	delete(row.Values, field)
	row.Aside = aside
	w.mark(row, field)
	return true
}

// mark notes which cell is injured.
func (w *wound) mark(row *Row, field string) {
	line := 2
	for i := range w.sheet.Rows {
		if &w.sheet.Rows[i] == row {
			line += i
		}
	}
	for i, f := range w.model.Schemas[w.sheet.Table].Fields {
		if f.Name == field {
			w.fault.Cell, _ = excelize.CoordinatesToCellName(i+1, line) // small positive numbers
		}
	}
}

// addTotal puts a total row under the amounts.
func addTotal(w *wound) bool {
	total, known := 0.0, 0
	for _, row := range w.sheet.Rows {
		if amount, ok := row.Values["montant_eur"].(float64); ok {
			total += amount * 100
			known++
		}
	}
	if known < 2 {
		return false
	}
	w.sheet.Rows = append(w.sheet.Rows, Row{
		Values: values{"ressource_id": "TOTAL", "montant_eur": float64(int64(total+0.5)) / 100}, Aside: true, Total: true,
	})
	w.mark(&w.sheet.Rows[len(w.sheet.Rows)-1], "ressource_id")
	return true
}

// addTitles puts two merged lines above the header.
func addTitles(w *wound) bool {
	if len(w.sheet.Rows) == 0 {
		return false
	}
	w.delivery.form.titles = map[string][]string{w.sheet.Table: {
		"Classeur de suivi de " + w.place.nom, "Mois de " + w.month.french() + " : relevé des temps de dialogue",
	}}
	return true
}

// renameSheet gives the sheet of relations the name of its month.
func renameSheet(w *wound) bool {
	if len(w.sheet.Rows) == 0 {
		return false
	}
	name := "Relations (" + w.month.short() + ".)"
	w.delivery.form.names = map[string]string{w.sheet.Table: name}
	w.fault.Sheet = name
	return true
}

// removeSheet deletes a sheet: its table is not received for that month.
func removeSheet(w *wound) bool {
	w.delivery.form.removed = map[string]bool{w.sheet.Table: true}
	var kept []Sheet
	for _, sheet := range w.delivery.Sheets {
		if sheet.Table != w.sheet.Table {
			kept = append(kept, sheet)
		}
	}
	w.delivery.Sheets = kept
	return true
}

// typeDates has every date of the sheet typed as text, jj/mm/aaaa: it is understood.
func typeDates(w *wound) bool {
	for i := range w.sheet.Rows {
		row := &w.sheet.Rows[i]
		row.typed = map[string]string{}
		for field, value := range row.Values {
			if day, ok := value.(time.Time); ok {
				row.typed[field] = day.Format("02/01/2006")
			}
		}
	}
	return len(w.sheet.Rows) > 0
}

// typeAmount has an amount typed as French text, « 1 234,56 » with a no-break space: it is understood.
func typeAmount(w *wound) bool {
	row := w.find(func(v values) bool { amount, ok := v["montant_eur"].(float64); return ok && amount >= 1000 })
	if row == nil {
		return false
	}
	whole, cents, _ := strings.Cut(strconv.FormatFloat(row.Values["montant_eur"].(float64), 'f', 2, 64), ".")
	cut := len(whole) - 3
	for ; cut > 0; cut -= 3 {
		whole = whole[:cut] + "\u00a0" + whole[cut:]
	}
	row.typed = map[string]string{"montant_eur": whole + "," + cents}
	w.mark(row, "montant_eur")
	return true
}

// removeRow deletes a row that every workbook so far has held: it stands as last seen.
func removeRow(w *wound) bool {
	for i, l := range w.place.lives[w.sheet.Table] {
		if l.born() <= w.place.start && i < len(w.sheet.Rows) && w.sheet.Rows[i].Values["retire"] == nil {
			w.sheet.Rows = append(w.sheet.Rows[:i:i], w.sheet.Rows[i+1:]...)
			return true
		}
	}
	return false
}

// repeatRow gives a second row the identifier of the first.
func repeatRow(w *wound) bool {
	first := w.find(rowOfAnyKind)
	if first == nil {
		return false
	}
	copied := copySheets([]Sheet{{Rows: []Row{*first}}})[0].Rows[0]
	copied.Values["personnes"], copied.Aside = int64(99), true
	w.sheet.Rows = append(w.sheet.Rows, copied)
	w.mark(&w.sheet.Rows[len(w.sheet.Rows)-1], "engagement_id")
	return true
}

func endBeforeStart(w *wound) bool {
	row := w.find(filled("date_fin"))
	if row == nil {
		return false
	}
	wrong := row.Values["date_debut"].(time.Time).AddDate(0, 0, -40)
	return w.spoil(filled("date_fin"), "date_fin", wrong.Format(time.DateOnly), false)
}

func moreThanAll(w *wound) bool {
	suits := func(v values) bool {
		_, ok := v["desaccords_exprimes"].(int64)
		return ok && filled("desaccords_travailles")(v)
	}
	row := w.find(suits)
	if row == nil {
		return false
	}
	text := strconv.FormatInt(row.Values["desaccords_exprimes"].(int64)+3, 10)
	return w.spoil(suits, "desaccords_travailles", text, false)
}

func wrongSiren(w *wound) bool {
	row := w.find(filled("siren"))
	if row == nil {
		return false
	}
	siren := row.Values["siren"].(string)
	last := (siren[8]-'0'+1)%10 + '0'
	return w.spoil(filled("siren"), "siren", siren[:8]+string(last), false)
}

func sameActor(w *wound) bool {
	row := w.find(filled("confiance"))
	if row == nil {
		return false
	}
	return w.spoil(filled("confiance"), "partenaire", row.Values["declarant"].(string), true)
}

// rejected are three files from which nothing is to be taken.
func rejected(w *World, places []*place) []Delivery {
	c, m := newChance(w.Seed, "*", "rejets"), mustModel()
	month := lastMonth - 1
	notes := Delivery{
		Path: places[1].folder() + "Classeur.xlsx", Received: arrival(c, month, 3, 14), Rejected: true,
		form:   form{text: "Bonjour,\n\nvoici nos notes du mois, le classeur suivra.\n"},
		Faults: []Fault{{Kind: "pas_un_classeur", Rule: "fichier_illisible"}},
	}
	stranger := Delivery{
		Path: "divers/Classeur de suivi - Vallombre-les-Prés.xlsx", Received: arrival(c, month, 3, 14), Rejected: true,
		Territoire: "vallombre-les-pres", Periode: month.first(),
		Faults: []Fault{{Kind: "territoire_inconnu", Sheet: ingest.CoverSheet, Cell: ingest.CoverCell(m, "territoire_id"), Rule: "territoire_inconnu"}},
	}
	all := []Delivery{notes, stranger}
	for _, d := range w.Deliveries {
		if d.Territoire == "vernoise" && monthOf(d.Periode) == month && d.Emetteur == "" {
			early := Delivery{
				Path: strings.TrimSuffix(d.Path, ".xlsx") + " brouillon.xlsx", Received: d.Received.AddDate(0, 0, -1), Rejected: true,
				Territoire: d.Territoire, form: form{month: "bientôt", rejected: copySheets(d.Sheets)},
				Faults: []Fault{{Kind: "mois_illisible", Sheet: ingest.CoverSheet, Cell: ingest.CoverCell(m, "periode"), Rule: "periode_illisible"}},
			}
			all = append(all, early)
		}
	}
	return all
}
