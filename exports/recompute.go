package exports

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// Recomputation is what came of computing the indicators of a release's month again from its open data.
type Recomputation struct {
	Indicators []string          // computed again, by their codes
	Figures    int               // of them, compared with what is published
	Secret     int               // of them, not published
	Not        map[string]string // code → the tables that it reads and that are not published
}

// recomputeTime is for how long the queries of a release may run.
const recomputeTime = 2 * time.Minute

// recompute computes again what rests on published rows alone, by the catalogue and the calendar of the release, in a
// database that nothing goes into or out of. The estimators are this program's.
func recompute(ctx context.Context, method fs.FS, m *ingest.Model, month time.Time, tables map[string]tableRead) (r Recomputation, found []Difference) {
	r.Not = map[string]string{}
	ctx, cancel := context.WithTimeout(ctx, recomputeTime)
	defer cancel()
	fail := func(file string, err error) (Recomputation, []Difference) {
		return r, append(found, Difference{file, typo("le recalcul est impossible : " + err.Error())})
	}
	building, err := subFS(method, "construction")
	if err != nil {
		return fail(MethodDir+"/construction", err)
	}
	kept, err := subFS(method, "indicateurs")
	if err != nil {
		return fail(MethodDir+"/indicateurs", err)
	}
	catalogue, err := indicators.ReadCatalogue(m, kept)
	if err != nil {
		return fail(MethodDir+"/indicateurs", err)
	}
	published := map[string]map[FigureKey]publishedFigure{} // by indicator
	for _, row := range tables["indicateurs"].rowsOf() {
		key, figure := newPublishedFigure(row)
		if published[key.Indicator] == nil {
			published[key.Indicator] = map[FigureKey]publishedFigure{}
		}
		if key.Month == month.Format("2006-01") {
			published[key.Indicator][key] = figure
		}
	}
	w, err := transform.OpenSandbox()
	if err != nil {
		return fail(MethodDir, err)
	}
	defer w.Close()
	w.SQL = building
	core, err := publishedCore(method, month, tables, catalogue, published)
	if err != nil {
		return fail(dataDir, err)
	}
	if err := w.BuildPublished(ctx, m, core); err != nil {
		return fail(MethodDir+"/construction", err)
	}
	there := map[string]bool{"core.mois": true, "core.fenetres": true, "core.soumissions": true, "ref.territoires": true, "ref.parametres": true, "ref.horizon": true}
	for name := range core.Tables {
		there["etat."+name] = slices.Contains(ingest.Tables, name)
	}
	for _, ind := range catalogue {
		file := MethodDir + "/indicateurs/catalogue/" + ind.File
		reads, err := w.TablesRead(ctx, ind.SQL)
		if err != nil {
			found = append(found, Difference{file, typo(ind.ID + " : " + err.Error())})
			continue
		}
		missing := slices.DeleteFunc(reads, func(t string) bool { return there[t] })
		if len(missing) > 0 {
			r.Not[ind.ID] = strings.Join(missing, ", ")
			continue
		}
		figures, err := ind.Recompute(ctx, w, month)
		if err != nil {
			found = append(found, Difference{file, typo(ind.ID + " : sa requête échoue : " + err.Error())})
			continue
		}
		r.Indicators = append(r.Indicators, ind.ID)
		found = append(found, r.compare(figures, published[ind.ID])...)
	}
	return r, found
}

// publishedCore gathers what the open data say of core.
func publishedCore(method fs.FS, month time.Time, tables map[string]tableRead, catalogue []*indicators.Indicator, published map[string]map[FigureKey]publishedFigure) (core transform.Published, err error) {
	core = transform.Published{Horizon: month, Tables: map[string]transform.Values{}, Unreceived: map[string][]string{}}
	if core.Parameters, err = readAll(method, "parametres.csv", maxManifest); err != nil {
		return core, err
	}
	for _, name := range slices.Concat([]string{"territoires", "soumissions"}, ingest.Tables) {
		t, there := tables[name]
		if !there {
			if name == "territoires" || name == "soumissions" {
				return core, fmt.Errorf("la table %s manque", name)
			}
			continue
		}
		values := transform.Values{Columns: t.columns}
		for _, row := range t.rows {
			line := make([]any, len(row))
			for i, v := range row {
				if v != nil {
					line[i] = fmt.Sprint(v)
				}
			}
			values.Rows = append(values.Rows, line)
		}
		core.Tables[name] = values
	}
	for _, ind := range catalogue {
		if !ind.Summed() {
			continue
		}
		for key, f := range published[ind.ID] {
			if f.statut == string(indicators.NoData) && f.numbers["population"] != nil && *f.numbers["population"] > 0 && !slices.Contains(core.Unreceived[ind.Sheet], key.Territory) {
				core.Unreceived[ind.Sheet] = append(core.Unreceived[ind.Sheet], key.Territory)
			}
		}
	}
	return core, nil
}

// publishedFigure is a row of indicateurs.
type publishedFigure struct {
	statut  string
	numbers map[string]*float64
}

var figureNumbers = []string{"valeur", "borne_basse", "borne_haute", "effectif", "population", "manquants", "numerateur", "denominateur"}

func newPublishedFigure(row map[string]any) (FigureKey, publishedFigure) {
	text := func(name string) string { s, _ := row[name].(string); return s }
	f := publishedFigure{text("statut"), map[string]*float64{}}
	for _, name := range figureNumbers {
		if x, known := row[name].(float64); known {
			f.numbers[name] = &x
		}
	}
	return FigureKey{text("indicateur"), text("territoire_id"), text("periode"), text("modalite")}, f
}

// compare compares an indicator's figures with those that were published, both ways.
func (r *Recomputation) compare(figures []indicators.Figure, published map[FigureKey]publishedFigure) []Difference {
	d := &differences{file: FiguresFile}
	left := maps.Clone(published)
	for _, f := range figures {
		key := FigureKey{f.Indicator, f.Territory, f.Period.Format("2006-01"), f.Modalite}
		name := rowName([]string{"i", "t", "m", "o"}, []string{"i", "t", "m", "o"}, []any{key.Indicator, key.Territory, key.Month, key.Modalite})
		want, known := published[key]
		delete(left, key)
		switch {
		case !known:
			d.add("%s : recalculé depuis les tables publiées, ce chiffre existe ; il n’est pas publié", name)
			continue
		case strings.HasPrefix(want.statut, "secret"):
			r.Secret++
			continue
		}
		r.Figures++
		effectif, population, missing := float64(f.Effectif), float64(f.Population), float64(f.Missing)
		is := map[string]*float64{"valeur": pointer(f.Value), "borne_basse": pointer(f.Interval.Low), "borne_haute": pointer(f.Interval.High),
			"effectif": &effectif, "population": &population, "manquants": &missing, "numerateur": pointer(f.Numerator), "denominateur": pointer(f.Denominator)}
		if string(f.Statut) != want.statut {
			d.add("%s : le statut publié est « %s », recalculé depuis les tables publiées « %s »", name, want.statut, f.Statut)
		}
		for _, column := range figureNumbers {
			if !sameNumber(is[column], want.numbers[column]) {
				d.add("%s : %s vaut %s, recalculé depuis les tables publiées %s", name, column, number64(want.numbers[column]), number64(is[column]))
			}
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(left), FigureKey.Compare) {
		d.add("%s, %s, %s %s : publié, il n’existe pas quand on recalcule depuis les tables publiées", key.Indicator, key.Territory, key.Month, key.Modalite)
	}
	return d.found()
}

// sameNumber allows for the last digits, which another program may round otherwise.
func sameNumber(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return math.Abs(*a-*b) <= 1e-9*max(math.Abs(*a), math.Abs(*b))
}

func number64(x *float64) string {
	if x == nil {
		return "rien"
	}
	return fmt.Sprint(*x)
}
