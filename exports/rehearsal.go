package exports

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
	"cairn/ingest"
)

// KeptMethod is a method that was archived, ready to compute with.
type KeptMethod struct {
	Model     *ingest.Model
	SQL       fs.FS // as transform.Method
	Catalogue []*indicators.Indicator
	Code      string            // the program that it was part of
	parts     map[string]string // folder → digest
	files     map[string]string // path → digest
}

// OpenMethod opens a MethodArchive. A program whose readers, tables or estimators have changed too much cannot use it, and says so.
func OpenMethod(data []byte) (*KeptMethod, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("open the method: %w", err)
	}
	about, err := ReadMethod(data)
	if err != nil {
		return nil, err
	}
	k := &KeptMethod{Code: about.Code}
	reading, err := subFS(z, "lecture")
	if err == nil {
		k.Model, err = ingest.ReadModel(reading)
	}
	if err == nil {
		k.SQL, err = subFS(z, "construction")
	}
	var kept fs.FS
	if err == nil {
		kept, err = subFS(z, "indicateurs")
	}
	if err == nil {
		k.Catalogue, err = indicators.ReadCatalogue(k.Model, kept)
	}
	if err == nil {
		err = k.sum(z)
	}
	if err != nil {
		return nil, fmt.Errorf("this program cannot compute by the method of %s: %w", about.Code, err)
	}
	return k, nil
}

func (k *KeptMethod) sum(files fs.FS) error {
	k.files, k.parts = map[string]string{}, map[string]string{}
	for _, part := range methodParts() {
		hash := sha256.New()
		err := fs.WalkDir(files, part.name, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(files, name)
			k.files[name] = sha256Hex(data)
			fmt.Fprintf(hash, "%s %s\n", name, k.files[name])
			return err
		})
		if err != nil {
			return err
		}
		k.parts[part.name] = hex.EncodeToString(hash.Sum(nil))
	}
	return nil
}

// SameCore reports whether two methods make the same core of the same originals: only the catalogues may differ.
func (k *KeptMethod) SameCore(other *KeptMethod) bool {
	return k.parts["lecture"] == other.parts["lecture"] && k.parts["construction"] == other.parts["construction"]
}

// Rehearsal is the whole history by two methods, side by side, as it would be published by each.
type Rehearsal struct {
	From          string // the release that the method before is of: 2026-10 v1
	Before, After string // programs
	Figures       int    // in either
	Rows          []Rehearsed
	Indicators    []RehearsedIndicator // that change, or declare that they do
	Files         []string             // of the method, that differ
	model         *ingest.Model
}

// Rehearsed is a figure that differs. Statut is empty where there is no such figure.
type Rehearsed struct {
	FigureKey
	Before, After Figure
	Declared      bool // by a break that the method before did not have, from its month on
	name, unit    string
	modalites     string
}

// RehearsedIndicator is what a change of method does to an indicator.
type RehearsedIndicator struct {
	ID, Name   string
	Figures    int               // in either method
	Changed    int               // of them
	Undeclared int               // of these, before the month of the break, or without any
	Median     sql.Null[float64] // of the absolute changes of values, where both methods have one
	Break      string            // the break that today's catalogue declares and the method before did not
	State      string            // in French: ajouté, retiré, or empty
}

// Verdict says in French whether what changes and what is declared agree.
func (i *RehearsedIndicator) Verdict() string {
	switch {
	case i.State != "":
		return "indicateur " + i.State
	case i.Break != "" && i.Changed == 0:
		return "rupture déclarée, aucun chiffre ne change"
	case i.Undeclared == 0:
		return "déclaré"
	case i.Break == "":
		return "non déclaré"
	}
	return "en partie déclaré : des chiffres changent avant le mois de la rupture"
}

// Agrees reports whether the declaration says what happens: neither a change that is not declared, nor a break that changes nothing.
func (i *RehearsedIndicator) Agrees() bool {
	return i.State != "" || i.Undeclared == 0 && (i.Break == "" || i.Changed > 0)
}

// NewRehearsal compares the figures of two methods.
func NewRehearsal(from string, before, after *KeptMethod, was, is map[FigureKey]Figure) *Rehearsal {
	r := &Rehearsal{From: from, Before: before.Code, After: after.Code, model: after.Model}
	byID := func(all []*indicators.Indicator) map[string]*indicators.Indicator {
		found := map[string]*indicators.Indicator{}
		for _, ind := range all {
			found[ind.ID] = ind
		}
		return found
	}
	old, new := byID(before.Catalogue), byID(after.Catalogue)
	about := map[string]*RehearsedIndicator{}
	of := map[string]*indicators.Indicator{}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		about[id], of[id] = &RehearsedIndicator{ID: id, Name: old[id].Name, State: "retiré"}, old[id]
	}
	for id, ind := range new {
		i := &RehearsedIndicator{ID: id, Name: ind.Name, State: "ajouté"}
		if was := old[id]; was != nil {
			i.State = ""
			if ind.Break != was.Break {
				i.Break = ind.Break.String()
			}
		}
		about[id], of[id] = i, ind
	}
	changes := map[string][]float64{}
	all := maps.Clone(was)
	maps.Copy(all, is)
	r.Figures = len(all)
	for _, k := range slices.SortedFunc(maps.Keys(all), FigureKey.Compare) {
		i := about[k.Indicator]
		i.Figures++
		if was[k] == is[k] {
			continue
		}
		ind := of[k.Indicator]
		row := Rehearsed{FigureKey: k, Before: was[k], After: is[k], name: ind.Name, unit: ind.Unit, modalites: ind.Modalites,
			Declared: i.State != "" || i.Break != "" && k.Month >= ind.Break.Month.Format("2006-01")}
		i.Changed++
		if !row.Declared {
			i.Undeclared++
		}
		if row.Before.Value.Valid && row.After.Value.Valid {
			changes[k.Indicator] = append(changes[k.Indicator], math.Abs(row.After.Value.V-row.Before.Value.V))
		}
		r.Rows = append(r.Rows, row)
	}
	for _, id := range slices.Sorted(maps.Keys(about)) {
		i := about[id]
		if i.Changed == 0 && i.Break == "" && i.State == "" {
			continue
		}
		if sizes := changes[id]; len(sizes) > 0 {
			slices.Sort(sizes)
			n := len(sizes)
			i.Median = sql.Null[float64]{V: (sizes[(n-1)/2] + sizes[n/2]) / 2, Valid: true}
		}
		r.Indicators = append(r.Indicators, *i)
	}
	for _, name := range slices.Sorted(maps.Keys(joined(before.files, after.files))) {
		switch {
		case before.files[name] == "":
			r.Files = append(r.Files, name+" : ajouté")
		case after.files[name] == "":
			r.Files = append(r.Files, name+" : retiré")
		case before.files[name] != after.files[name]:
			r.Files = append(r.Files, name+" : modifié")
		}
	}
	return r
}

func joined(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// what says in French what of a figure differs.
func (v *Rehearsed) what() string {
	switch {
	case v.Before.Statut == "":
		return "chiffre nouveau"
	case v.After.Statut == "":
		return "chiffre disparu"
	case v.Before.Statut != v.After.Statut:
		return "statut"
	case v.Before.Value != v.After.Value:
		return "valeur"
	}
	return "intervalle ou effectif"
}

// Workbook makes the workbook « avant et après ».
func (r *Rehearsal) Workbook(release Release) ([]byte, error) {
	title := fmt.Sprintf("Répétition d’un changement de méthode : %s face à aujourd’hui", r.From)
	b := &workbook{title: typo(title), author: release.Programme, made: release.Period}
	cover := sheet{name: "Couverture", columns: []column{{"Rubrique", 20, textFormat}, {"Contenu", 100, textFormat}}, sentences: []string{
		"Cette feuille contient un tableau : ce qui a été comparé, et ce qui en ressort.",
		"Les mêmes originaux, les mêmes décisions et les mêmes paramètres, calculés deux fois. Rien n’est publié ni changé. Les chiffres sont ceux qui sortiraient de l’équipe : un chiffre secret le reste.",
	}}
	counts := map[string]int{}
	for _, i := range r.Indicators {
		counts[i.Verdict()]++
	}
	add := func(what, content string) { cover.rows = append(cover.rows, []any{what, typo(content)}) }
	add("Programme", release.Programme)
	add("Avant", fmt.Sprintf("la méthode de la publication %s, du programme %s", r.From, r.Before))
	add("Après", fmt.Sprintf("la méthode d’aujourd’hui, du programme %s", r.After))
	add("Limite", "Les requêtes, les définitions et les schémas de l’ancienne méthode sont rejoués ; la lecture des classeurs et les estimateurs sont ceux du programme d’aujourd’hui.")
	add("Historique", "jusqu’au mois "+ofMonth(release.Period))
	add("Chiffres comparés", frenchNumber(float64(r.Figures), 0))
	add("Chiffres qui changent", frenchNumber(float64(len(r.Rows)), 0))
	for _, verdict := range slices.Sorted(maps.Keys(counts)) {
		add("Indicateurs", fmt.Sprintf("%s : %d", verdict, counts[verdict]))
	}
	contents := sheet{name: "Sommaire", sentences: []string{"Cette feuille contient un tableau. Chaque nom de feuille est un lien."},
		columns: []column{{"Feuille", 24, linkFormat}, {"Contenu", 96, textFormat}}}
	b.sheets = []sheet{cover, contents, r.summarySheet(), r.figuresSheet(), r.methodSheet()}
	for i := range b.sheets {
		s := &b.sheets[i]
		s.title = typo(map[string]string{"Couverture": title}[s.name])
		if s.title == "" {
			s.title = typo(s.name + " : répétition, " + r.From + " face à aujourd’hui")
		}
		for j := range s.sentences {
			s.sentences[j] = typo(s.sentences[j])
		}
		holds := strings.TrimPrefix(s.sentences[0], typo("Cette feuille contient un tableau : "))
		if s.name == contents.name {
			holds = "Cette liste."
		}
		b.sheets[1].rows = append(b.sheets[1].rows, []any{link{s.name, s.name}, holds})
	}
	return b.encode()
}

func (r *Rehearsal) summarySheet() sheet {
	s := sheet{name: "Indicateurs", filtered: true, frozen: 2,
		columns: []column{{"Code", 8, codeFormat}, {"Indicateur", 40, textFormat}, {"Chiffres", 11, integerFormat}, {"Qui changent", 11, integerFormat}, {"Non déclarés", 11, integerFormat},
			{"Changement médian", 14, twoDecimals}, {"Rupture déclarée", 40, besideFormat}, {"Conclusion", 34, besideFormat}},
		sentences: []string{"Cette feuille contient un tableau : les indicateurs dont un chiffre change, ou qui déclarent une rupture que l’ancienne méthode n’avait pas.",
			"Le changement médian est celui des valeurs, sans leur signe et pour une part en points, là où les deux méthodes en ont une ; [so] : il n’y en a pas. Une rupture vaut pour son mois et les suivants : ce qui change avant elle n’est pas déclaré."}}
	for _, i := range r.Indicators {
		var median any = "[so]"
		if unit := r.unitOf(i.ID); i.Median.Valid && unit == "part" {
			median = formatted{100 * i.Median.V, oneDecimal}
		} else if i.Median.Valid {
			median = formatted{i.Median.V, unitFormats[unit]}
		}
		declared := i.Break
		if declared == "" {
			declared = "aucune"
		}
		s.rows = append(s.rows, []any{i.ID, typo(i.Name), int64(i.Figures), int64(i.Changed), int64(i.Undeclared), median, typo(declared), typo(i.Verdict())})
	}
	if len(s.rows) == 0 {
		s.sentences = []string{"Cette feuille contient un tableau : les indicateurs qui changent. Aucun ne change, et le tableau n’a pas de ligne."}
	}
	return s
}

func (r *Rehearsal) unitOf(id string) string {
	for i := range r.Rows {
		if r.Rows[i].Indicator == id {
			return r.Rows[i].unit
		}
	}
	return ""
}

func (r *Rehearsal) figuresSheet() sheet {
	s := sheet{name: "Avant et après", filtered: true, frozen: 1,
		columns: []column{{"Code", 8, codeFormat}, {"Indicateur", 34, textFormat}, {"Territoire", 20, textFormat}, {"Modalité", 20, textFormat}, {"Mois", 16, monthFormat}, {"Avant", 13, twoDecimals},
			{"Après", 13, twoDecimals}, {"Différence", 13, signedTwo}, {"Ce qui change", 22, besideFormat}, {"Rupture déclarée", 12, textFormat}},
		sentences: []string{"Cette feuille contient un tableau : chaque chiffre qui change, avec les deux méthodes. La différence de deux parts est en points.",
			"[nd] non disponible, [ns] effectif insuffisant, [so] sans objet ou absent de cette méthode, [s] secret."}}
	for i := range r.Rows {
		v := &r.Rows[i]
		cell := func(f Figure) any {
			if !f.Value.Valid {
				return symbolOf(f.Statut)
			}
			return formatted{f.Value.V, unitFormats[v.unit]}
		}
		gap := sql.Null[float64]{V: v.After.Value.V - v.Before.Value.V, Valid: v.Before.Value.Valid && v.After.Value.Valid}
		territory, modalite, declared := v.Territory, "ensemble", "non"
		if territory == indicators.Programme {
			territory = "programme"
		}
		if v.Modalite != "" {
			modalite = r.model.Label(v.modalites, v.Modalite)
		}
		if v.Declared {
			declared = "oui"
		}
		month, err := time.Parse("2006-01", v.Month)
		if err != nil {
			continue // a month of the calendar: cannot be
		}
		s.rows = append(s.rows, []any{v.Indicator, typo(v.name), territory, typo(modalite), month, cell(v.Before), cell(v.After), differenceCell(v.unit, gap), v.what(), declared})
	}
	if len(s.rows) == 0 {
		s.sentences = []string{"Cette feuille contient un tableau : les chiffres qui changent. Aucun ne change, et le tableau n’a pas de ligne."}
	}
	return s
}

func (r *Rehearsal) methodSheet() sheet {
	s := sheet{name: "Méthode", columns: []column{{"Partie", 20, textFormat}, {"Fichier", 70, textFormat}, {"Ce qui change", 20, textFormat}},
		sentences: []string{"Cette feuille contient un tableau : les fichiers de la méthode qui diffèrent.",
			"lecture : les champs et les listes ; construction : des classeurs aux tables ; indicateurs : les définitions ; publication : les fichiers publiés, qui ne changent aucun chiffre."}}
	for _, f := range r.Files {
		name, what, _ := strings.Cut(f, " : ")
		part, _, _ := strings.Cut(name, "/")
		s.rows = append(s.rows, []any{part, path.Clean(strings.TrimPrefix(name, part+"/")), what})
	}
	if len(s.rows) == 0 {
		s.sentences = []string{"Cette feuille contient un tableau : les fichiers de la méthode qui diffèrent. Aucun ne diffère, et le tableau n’a pas de ligne."}
	}
	return s
}
