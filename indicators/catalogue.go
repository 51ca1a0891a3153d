// Package indicators computes long-term indicators. An indicator is rows + an estimator.
//
//   - catalogue/<id>_<name>.sql is a header of « -- key: value » comments and one bare SELECT that
//     returns the population, one row per member: territoire_id; periode, or date for events, which
//     are laid on the twelve months that end with each period; modalite; sujet, what a person would
//     count; the estimator's inputs, NULL when unknown; source, the workbook rows it rests on.
//   - an estimator turns the rows of a territory, period and modalite into a Figure: a value, its
//     interval, n and a statut. It is written once, as an SQL fragment that aggregates the rows and a
//     Go function that finishes.
//   - the spine is every territory × month × modalite that must have a figure, so that zero, absent
//     and undefined differ. The programme as a whole is the territory « * ».
//   - territories stand beside each other only with what chance can explain: a Comparison, a
//     Deliberation and the pairs of freins are made from the figures and core, at the last month.
package indicators

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/ingest"
)

//go:embed catalogue sql hypotheses.json
var catalogueFiles embed.FS

// Indicator is one file of the catalogue.
type Indicator struct {
	ID   string // C02: the file name up to the underscore; the letter is the family
	File string

	Name       string // nom: French, as printed
	Unit       string // unite: a code of the list unite
	Direction  string // sens: a code of the list sens_indicateur
	Floor      int    // plancher: the least effectif that may show a value
	Count      string // effectif: what the floor applies to, see effectifs
	Estimator  Estimator
	Interval   string  // intervalle: a name of intervals
	Modalites  string  // modalites: a code list; empty: a scalar
	Categories string  // nomenclature: the code list that the estimator's categories come from
	Horizon    float64 // horizon: days, for survival
	Window     string  // fenetre: 12m for events; empty for states
	Sheet      string  // feuille: the sheet that must have been received
	Programme  bool    // programme: whether « * » has rows
	Secret     string  // secret: why a published figure may be hidden, enquete or argent; empty: never for itself
	Break      Break   // rupture: where the definition or a nomenclature changed; most have none
	Coverage   string  // couverture: a table of core that tells of how many the rows speak; a code of the list couverture

	Definition, Counts, Limits, Source string // definition, compte, limites, source: French sentences

	SQL string // the bare SELECT

	Dated string // of a relevé, the field that dates its observations; empty: the sheet is none

	modalites, categories []string
}

// Family is the first letter of the code: a code of the list famille_indicateur.
func (ind *Indicator) Family() string { return ind.ID[:1] }

// RestsOnAnswers reports whether the indicator rests on what people answered, of whom none may be recognised.
func (ind *Indicator) RestsOnAnswers() bool { return ind.Secret == secretSurvey }

// ModaliteCodes lists the indicator's modalites; one empty code for a scalar.
func (ind *Indicator) ModaliteCodes() []string { return ind.modalites }

// Break is a month from which an indicator's figures may no longer be compared with those before.
type Break struct {
	Month  time.Time // its first day, UTC; zero: no break
	Reason string
}

// readBreak takes « 2026-09 raison… ».
func readBreak(text string) (b Break, ok bool) {
	month, reason, _ := strings.Cut(text, " ")
	var err error
	b.Month, err = time.Parse("2006-01", month)
	b.Reason = strings.TrimSpace(reason)
	return b, err == nil && b.Reason != ""
}

// String is as the header has it; empty where there is none.
func (b Break) String() string {
	if b.Month.IsZero() {
		return ""
	}
	return b.Month.Format("2006-01") + " " + b.Reason
}

// HeaderError is a defect of a catalogue file's header.
type HeaderError struct {
	File string
	Line int
	Key  string
	Hint string
}

func (e *HeaderError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Key, e.Hint)
}

// headerKeys is the closed set of keys; true for those that every indicator must have.
var headerKeys = map[string]bool{
	"nom": true, "unite": true, "sens": true, "plancher": true, "effectif": true, "estimateur": true, "intervalle": true,
	"feuille": true, "definition": true, "compte": true, "limites": true, "source": true,
	"modalites": false, "nomenclature": false, "horizon": false, "fenetre": false, "programme": false, "couverture": false, "secret": false, "rupture": false,
}

// Catalogue reads every indicator, in the order of their codes.
func Catalogue(m *ingest.Model) ([]*Indicator, error) {
	return readCatalogue(m, catalogueFiles, "catalogue")
}

// ReadCatalogue reads a catalogue that is laid out as Method has it, such as that of a release, by its own descriptions.
func ReadCatalogue(m *ingest.Model, files fs.FS) ([]*Indicator, error) {
	return readCatalogue(m, files, "catalogue")
}

func readCatalogue(m *ingest.Model, files fs.FS, dir string) ([]*Indicator, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	var all []*Indicator
	seen := map[string]string{}
	for _, e := range entries {
		data, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		ind, err := parseIndicator(m, e.Name(), string(data))
		if err != nil {
			return nil, err
		}
		if other := seen[ind.ID]; other != "" {
			return nil, &HeaderError{ind.File, 1, ind.ID, "the code is already that of " + other}
		}
		seen[ind.ID] = ind.File
		all = append(all, ind)
	}
	return all, nil
}

var fileName = regexp.MustCompile(`^[A-Z]\d\d_\w+\.sql$`)

func parseIndicator(m *ingest.Model, file, text string) (*Indicator, error) {
	id, _, _ := strings.Cut(file, "_")
	ind := &Indicator{ID: id, File: file, Programme: true}
	fail := func(line int, key, hint string) error { return &HeaderError{file, line, key, hint} }
	if !fileName.MatchString(file) || !slices.Contains(m.Values("famille_indicateur"), id[:1]) {
		return nil, fail(1, file, "the file's name must be <letter of the family><two digits>_<name>.sql")
	}
	values, lines := map[string]string{}, map[string]int{}
	rest, number := text, 0
	for strings.HasPrefix(rest, "--") {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		number++
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "-- "), ": ")
		if _, known := headerKeys[key]; !known || !ok {
			return nil, fail(number, key, "unknown key; the header is lines of « -- key: value »")
		}
		if lines[key] > 0 {
			return nil, fail(number, key, "given twice")
		}
		values[key], lines[key] = strings.TrimSpace(value), number
	}
	for key, required := range headerKeys {
		if required && values[key] == "" {
			return nil, fail(number, key, "missing")
		}
	}
	ind.SQL = strings.TrimSpace(rest)
	if ind.SQL == "" || strings.Contains(ind.SQL, ";") {
		return nil, fail(number+1, "SELECT", "one bare SELECT, without a semicolon, must follow the header")
	}
	// A key that is needed and not there is told at the header's last line.
	return ind, ind.fill(m, values, func(key, hint string) error { return fail(cmp.Or(lines[key], number), key, hint) })
}

// fill checks and takes the header's values.
func (ind *Indicator) fill(m *ingest.Model, v map[string]string, fail func(key, hint string) error) error {
	ind.Name, ind.Unit, ind.Direction, ind.Count, ind.Interval = v["nom"], v["unite"], v["sens"], v["effectif"], v["intervalle"]
	ind.Modalites, ind.Categories, ind.Window, ind.Sheet = v["modalites"], v["nomenclature"], v["fenetre"], v["feuille"]
	ind.Definition, ind.Counts, ind.Limits, ind.Source = v["definition"], v["compte"], v["limites"], v["source"]
	ind.Programme, ind.Coverage = v["programme"] != "non", v["couverture"]
	ind.Secret = v["secret"]

	i := slices.IndexFunc(Estimators, func(e Estimator) bool { return e.Name == v["estimateur"] })
	if i < 0 {
		return fail("estimateur", "no such estimator")
	}
	ind.Estimator = Estimators[i]
	var err error
	if ind.Floor, err = strconv.Atoi(v["plancher"]); err != nil {
		return fail("plancher", "not a number")
	}
	if v["horizon"] != "" {
		if ind.Horizon, err = strconv.ParseFloat(v["horizon"], 64); err != nil {
			return fail("horizon", "not a number of days")
		}
	}
	if v["rupture"] != "" {
		var ok bool
		if ind.Break, ok = readBreak(v["rupture"]); !ok {
			return fail("rupture", "must be a month and a reason: 2026-09 la nomenclature a changé")
		}
	}
	ind.modalites = []string{""}
	if ind.Modalites != "" {
		ind.modalites = m.Values(ind.Modalites)
	}
	ind.categories = m.Values(ind.Categories)
	schema, sheet := m.Schemas[ind.Sheet]
	if sheet && schema.Kind == ingest.Releve {
		ind.Dated = schema.DateField
	}
	_, count := effectifs[ind.Count]
	switch {
	case !slices.Contains(m.Values("unite"), ind.Unit):
		return fail("unite", "not in the code list unite")
	case !slices.Contains(m.Values("sens_indicateur"), ind.Direction):
		return fail("sens", "not in the code list sens_indicateur")
	case !count:
		return fail("effectif", "must be one of "+strings.Join(slices.Sorted(maps.Keys(effectifs)), ", "))
	case effectifInputs[ind.Count] != "" && !slices.Contains(ind.Estimator.Inputs, effectifInputs[ind.Count]):
		return fail("effectif", "the estimator has no input "+effectifInputs[ind.Count])
	case !slices.Contains(intervals, ind.Interval):
		return fail("intervalle", "must be one of "+strings.Join(intervals, ", "))
	case len(ind.modalites) == 0:
		return fail("modalites", "no such code list")
	case ind.Estimator.Categories != (len(ind.categories) > 0):
		return fail("nomenclature", "needed by, and only by, the estimators of categories")
	case ind.Estimator.Horizon != (ind.Horizon > 0):
		return fail("horizon", "needed by, and only by, the estimators at a horizon")
	case ind.Window != "" && ind.Window != "12m":
		return fail("fenetre", "must be 12m")
	case v["programme"] != "" && v["programme"] != "non":
		return fail("programme", "must be non, or left out")
	case !slices.Contains([]string{"", secretSurvey, secretMoney}, ind.Secret):
		return fail("secret", "must be "+secretSurvey+" or "+secretMoney)
	case ind.Coverage != "" && !slices.Contains(m.Values("couverture"), ind.Coverage):
		return fail("couverture", "not in the code list couverture")
	case !sheet:
		return fail("feuille", "no such table")
	}
	return nil
}

// Method is the catalogue, the hypotheses and the pairs as files: others may give other tables.
func Method() fs.FS { return catalogueFiles }
