package transform

import (
	"cmp"
	"context"
	"database/sql/driver"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"cairn/ingest"
)

// DefaultParameters is parametres.csv when the workspace has none.
//
//go:embed reference/parametres.csv
var DefaultParameters []byte

//go:embed sql reference
var sqlFiles embed.FS

// State is all that the database is a function of, beside the framework.
type State struct {
	Receptions  []ingest.Entry    // in the order of the journal
	Withdrawn   map[int]bool      // receptions withdrawn, by their place from 1
	Decisions   []ingest.Entry    // the last on each finding
	Territoires []byte            // territoires.csv
	Parametres  []byte            // parametres.csv
	References  map[string]string // the two files' digests, by name
	Sets        []Set             // of territories whose figures are asked for, beside the programme's
	Released    []Publication     // what was published before
	Key         string            // identifies all of this; BuiltFrom tells it
	Lines       int               // of the journal, from which this was read
	Chain       string            // of the last of them
	Horizon     time.Time         // the last month of the calendar, as its first day, UTC; zero: the latest submitted
}

// Programme is the set of all territories.
const Programme = "*"

// Set is some of the territories, taken together as the programme is: those of a funder, say.
type Set struct {
	ID          string // begins with the Programme's mark: « *fondation-x »
	Territories []string
}

// Publication is a release that was published.
type Publication struct {
	Period  time.Time // the first day of its month, UTC
	Secrets []Secret  // figures that it hid for the sake of others
}

// Secret names a figure.
type Secret struct {
	Indicator, Territory string
	Period               time.Time
	Modalite             string
}

// The tables of core, in the order in which they are begun where nothing keeps them waiting: each is one bare SELECT in
// sql/core, or made from the schemas. coreFindings are all that Preview needs, each after those that it reads; the typed
// tables of ingest.Tables come between the calendar and the states.
var (
	coreFindings = []string{
		"soumissions", "declarations", "nombres", "renvois", "precedentes", "cles", "controles", "renvois_rompus", "reponses", "commentaires",
		"constats", "lignes",
	}
	coreCalendar = []string{horizon, "mois", "recues", "retraits"}
	coreStates   = []string{
		"identites", "vues", "engages", "mouvements", "transitions", "feuilles", "revisions", "completude", "fenetres", "trimestres", "trajectoires", "dyades", "relies", "bilans",
	}
)

// horizon is the one month at which the calendar ends: ref.horizon.
const horizon = "horizon"

// Build rebuilds ref, core and etat. Each table is committed before those that rest on it are made, since the engine
// plans its joins by the sizes of the tables that are committed: in one transaction they took ten times as long. A
// build that stopped on the way has no figures, by which BuiltFrom knows it, and is started afresh.
func (w *Warehouse) Build(ctx context.Context, m *ingest.Model, s State) error {
	if err := w.Update(ctx, func(tx *Tx) error { return buildReference(tx, m, s) }); err != nil {
		return err
	}
	var steps []step
	for _, name := range slices.Concat(coreFindings, coreCalendar, ingest.Tables, coreStates) {
		next, err := w.step(m, name)
		if err != nil {
			return err
		}
		steps = append(steps, next)
	}
	w.write.Lock()
	defer w.write.Unlock()
	return sideBySide(steps, func(next step) error {
		if next.name == horizon {
			return w.buildHorizon(ctx, s)
		}
		for _, statement := range next.statements {
			if _, err := w.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("build core.%s: %w", next.name, err)
			}
		}
		return w.assertGrain(ctx, m, next.name)
	})
}

// step makes a table of core, and its view of etat where it has one.
type step struct {
	name       string
	statements []string
	reads      map[string]bool // names of steps
}

// made are the tables that a query reads and that a build makes on its way.
var made = regexp.MustCompile(`\b(?:core|etat|ref)\."?([a-z0-9_]+)\b`)

func (w *Warehouse) step(m *ingest.Model, name string) (next step, err error) {
	if name == horizon {
		return step{name: name, reads: map[string]bool{"soumissions": true}}, nil
	}
	table, err := createTable(w.files(), m, name)
	if err != nil {
		return next, err
	}
	next = step{name: name, statements: []string{table}, reads: map[string]bool{}}
	if name == "bilans" {
		next.reads["controles"] = true // it does not: those two take much memory, and are not made at once
	}
	if slices.Contains(ingest.Tables, name) {
		next.statements = append(next.statements, fmt.Sprintf("CREATE VIEW etat.%s AS\n%s", quote(name), stateView(m.Schemas[name])))
	}
	for _, statement := range next.statements {
		for _, match := range made.FindAllStringSubmatch(statement, -1) {
			if match[1] != name {
				next.reads[match[1]] = true
			}
		}
	}
	return next, nil
}

// sideBySide does steps on every core, each as soon as those that it reads are done. After an error none is begun.
func sideBySide(steps []step, do func(step) error) error {
	var failed error
	running := 0
	var one sync.Mutex
	turn := sync.NewCond(&one)
	waiting, open := slices.Clone(steps), map[string]bool{} // open: not done
	for _, s := range steps {
		open[s.name] = true
	}
	ready := func(s step) bool {
		for name := range s.reads {
			if open[name] {
				return false
			}
		}
		return true
	}
	err := ingest.Each(runtime.GOMAXPROCS(0), func(int) error {
		one.Lock()
		defer one.Unlock()
		for failed == nil && len(waiting) > 0 {
			i := slices.IndexFunc(waiting, ready)
			switch {
			case i < 0 && running == 0:
				failed = fmt.Errorf("%s reads what is not made before it", waiting[0].name)
				continue
			case i < 0:
				turn.Wait()
				continue
			}
			next := waiting[i]
			waiting = slices.Delete(waiting, i, i+1)
			running++
			one.Unlock()
			err := ingest.Guard(func() error { return do(next) })
			one.Lock()
			running--
			delete(open, next.name)
			failed = cmp.Or(failed, err)
			turn.Broadcast()
		}
		return nil
	})
	return cmp.Or(err, failed)
}

func createTable(files fs.FS, m *ingest.Model, name string) (string, error) {
	query, err := tableQuery(files, m, name)
	return fmt.Sprintf("CREATE TABLE core.%s AS\n%s", quote(name), query), err
}

// buildHorizon makes ref.horizon.
func (w *Warehouse) buildHorizon(ctx context.Context, s State) error {
	var asked any
	if !s.Horizon.IsZero() {
		asked = s.Horizon
	}
	if _, err := w.ExecContext(ctx, "CREATE TABLE ref.horizon AS SELECT coalesce(CAST(? AS DATE), max(periode)) AS periode FROM core.soumissions WHERE courante", asked); err != nil {
		return fmt.Errorf("build ref.horizon: %w", err)
	}
	var known int
	err := w.QueryRowContext(ctx, "SELECT count(periode) FROM ref.horizon").Scan(&known)
	if err == nil && known == 0 {
		err = ErrNoSubmission
	}
	return err
}

// buildTables makes tables of core one after another in a transaction.
func buildTables(tx *Tx, m *ingest.Model, names []string) error {
	for _, name := range names {
		statement, err := createTable(tx.sql, m, name)
		if err != nil {
			return err
		}
		if err := tx.Exec(statement); err != nil {
			return fmt.Errorf("build core.%s: %w", name, err)
		}
	}
	return nil
}

func tableQuery(files fs.FS, m *ingest.Model, name string) (string, error) {
	if slices.Contains(ingest.Tables, name) {
		return coreQuery(m.Schemas[name]), nil
	}
	switch name {
	case "cles":
		return keysQuery(m), nil
	case "renvois":
		return referencesQuery(m), nil
	case "lignes":
		return linesQuery(), nil
	case "declarations":
		return declarationsQuery(m), nil
	case "revisions":
		return revisionsQuery(m), nil
	case "nombres":
		return numbersQuery(m), nil
	case "controles":
		return checksQuery(files)
	case "renvois_rompus":
		return readSQL(files, "sql/core/renvois_rompus.sql")
	default:
		return readSQL(files, "sql/core/"+name+".sql")
	}
}

// checks are the rules that look at the other workbooks, one query each.
func checks(files fs.FS) ([]string, error) {
	var rules []string
	all, err := fs.ReadDir(files, "sql/checks")
	for _, f := range all {
		rules = append(rules, strings.TrimSuffix(f.Name(), ".sql"))
	}
	return rules, err
}

func readSQL(files fs.FS, name string) (string, error) {
	data, err := fs.ReadFile(files, name)
	return string(data), err
}

// Method is the SQL and the default parameters that a database is built with, as files.
func Method() fs.FS { return sqlFiles }

// Paris is where the programme's days begin and end.
var Paris = func() *time.Location {
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err) // time/tzdata is linked in
	}
	return l
}()

// buildReference starts afresh, with the reference tables alone.
func buildReference(tx *Tx, m *ingest.Model, s State) error {
	for _, schema := range []string{"indicateur", "etat", "core", "ref"} { // figures of another build are dropped too
		if err := tx.Exec("DROP SCHEMA IF EXISTS " + schema + " CASCADE"); err != nil {
			return err
		}
	}
	for _, schema := range []string{"ref", "core", "etat"} {
		if err := tx.Exec("CREATE SCHEMA " + schema); err != nil {
			return err
		}
	}
	if err := appendReference(tx, m, "territoires", s.Territoires); err != nil {
		return err
	}
	if err := appendReference(tx, m, "parametres", s.Parametres); err != nil {
		return err
	}
	tables := []struct {
		name, columns string
		rows          [][]driver.Value
	}{
		{"receptions", "reception INTEGER, original VARCHAR, recue_le TIMESTAMP, jour DATE, retiree BOOLEAN, inchangee BOOLEAN", receptionRows(s)},
		{"construction", "cle VARCHAR, lignes INTEGER, chaine VARCHAR", [][]driver.Value{{s.Key, int32(s.Lines), s.Chain}}},
		{"codes", "liste VARCHAR, rang INTEGER, code VARCHAR, libelle VARCHAR, groupe VARCHAR", codeRows(m)},
		{"decisions", "identite VARCHAR, decision VARCHAR, motif VARCHAR", decisionRows(s)},
		{"tables", `"table" VARCHAR, titre VARCHAR, genre VARCHAR`, tableRows(m)},
		{"champs", `"table" VARCHAR, rang INTEGER, champ VARCHAR, titre VARCHAR`, fieldRows(m)},
		{"ensembles", "ensemble VARCHAR, territoire_id VARCHAR", setRows(s)},
		{"publications", "publication INTEGER, periode DATE", publicationRows(s)},
		{"secrets", "publication INTEGER, indicateur VARCHAR, territoire_id VARCHAR, mois DATE, modalite VARCHAR", secretRows(s)},
		{"regles", "regle VARCHAR, gravite VARCHAR, message VARCHAR", ruleRows()},
	}
	for _, t := range tables {
		if err := tx.Exec(fmt.Sprintf("CREATE TABLE ref.%s (%s)", t.name, t.columns)); err != nil {
			return err
		}
		if err := tx.Append("ref", t.name, slices.Values(t.rows)); err != nil {
			return err
		}
	}
	if err := tx.Exec("INSERT INTO ref.ensembles SELECT ?, territoire_id FROM ref.territoires", Programme); err != nil {
		return err
	}
	for _, set := range s.Sets {
		for _, territory := range set.Territories {
			known, err := tx.count("SELECT count(*) FROM ref.territoires WHERE territoire_id = ?", territory)
			if err != nil {
				return err
			}
			if known == 0 {
				return fmt.Errorf("the set %s names %q, which territoires.csv has not", set.ID, territory)
			}
		}
	}
	return nil
}

func publicationRows(s State) [][]driver.Value {
	var rows [][]driver.Value
	for i, p := range s.Released {
		rows = append(rows, []driver.Value{int32(i + 1), p.Period})
	}
	return rows
}

func secretRows(s State) [][]driver.Value {
	var rows [][]driver.Value
	for i, p := range s.Released {
		for _, secret := range p.Secrets {
			rows = append(rows, []driver.Value{int32(i + 1), secret.Indicator, secret.Territory, secret.Period, secret.Modalite})
		}
	}
	return rows
}

func setRows(s State) [][]driver.Value {
	var rows [][]driver.Value
	for _, set := range s.Sets {
		for _, territory := range set.Territories {
			rows = append(rows, []driver.Value{set.ID, territory})
		}
	}
	return rows
}

// receptionRows are the receptions in their order. One is inchangee (unchanged) when its file lay in its place already, as it is: a time
// that was touched, or a copy that is put back, sends nothing, unless that was withdrawn.
func receptionRows(s State) [][]driver.Value {
	var rows [][]driver.Value
	last := map[string]int{} // by path
	for i, e := range s.Receptions {
		before, again := last[e.Path]
		unchanged := again && e.Path != "" && s.Receptions[before].Original == e.Original && !s.Withdrawn[before+1]
		last[e.Path] = i
		y, mo, d := e.ReceivedAt.In(Paris).Date()
		rows = append(rows, []driver.Value{int32(i + 1), e.Original, e.ReceivedAt.UTC(), time.Date(y, mo, d, 0, 0, 0, 0, time.UTC), s.Withdrawn[i+1], unchanged})
	}
	return rows
}

func decisionRows(s State) [][]driver.Value {
	var rows [][]driver.Value
	for _, e := range s.Decisions {
		rows = append(rows, []driver.Value{e.Finding, e.Decision, e.Reason})
	}
	return rows
}

func codeRows(m *ingest.Model) [][]driver.Value {
	var rows [][]driver.Value
	for list, codes := range m.CodeLists {
		for i, c := range codes {
			rows = append(rows, []driver.Value{list, int32(i), c.Value, c.Label, orNull(c.Group)})
		}
	}
	slices.SortFunc(rows, func(a, b []driver.Value) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return rows
}

func tableRows(m *ingest.Model) [][]driver.Value {
	var rows [][]driver.Value
	for _, name := range ingest.Tables {
		rows = append(rows, []driver.Value{name, m.Schemas[name].Title, string(m.Schemas[name].Kind)})
	}
	return rows
}

func fieldRows(m *ingest.Model) [][]driver.Value {
	var rows [][]driver.Value
	for _, name := range ingest.Tables {
		for i, f := range m.Schemas[name].Fields {
			rows = append(rows, []driver.Value{name, int32(i), f.Name, f.Title})
		}
	}
	return rows
}

func ruleRows() [][]driver.Value {
	var rows [][]driver.Value
	for _, r := range ingest.Rules {
		rows = append(rows, []driver.Value{r.Code, string(r.Severity), r.Cause + " " + r.Remedy})
	}
	return rows
}

// appendReference makes ref.<name> from the association's CSV file.
func appendReference(tx *Tx, m *ingest.Model, name string, data []byte) error {
	schema := m.Schemas[name]
	rows, err := ingest.ParseCSV(m, schema, data)
	if err != nil {
		return fmt.Errorf("%s.csv: %w", name, err)
	}
	var columns, casts []string
	for i := range schema.Fields {
		f := &schema.Fields[i]
		columns = append(columns, quote(f.Name)+" "+SQLType(f))
		casts = append(casts, "CAST(? AS "+SQLType(f)+")")
	}
	if err := tx.Exec(fmt.Sprintf("CREATE TABLE ref.%s (%s)", name, strings.Join(columns, ", "))); err != nil {
		return err
	}
	insert := fmt.Sprintf("INSERT INTO ref.%s VALUES (%s)", name, strings.Join(casts, ", "))
	for _, row := range rows {
		var values []any
		for i := range schema.Fields {
			values = append(values, orNull(row[schema.Fields[i].Name]))
		}
		if err := tx.Exec(insert, values...); err != nil {
			return fmt.Errorf("%s.csv: %w", name, err)
		}
	}
	return nil
}

// grains are the columns by which no two rows of a table of core are alike, beside those of the typed tables.
var grains = map[string]string{
	"mois": "territoire_id, periode", "trimestres": `territoire_id, periode, "table"`, "identites": "territoire_id, periode, acteur_id", "dyades": "territoire_id, periode, dyade",
	"vues": "territoire_id, periode, declarant, partenaire, dimension", "mouvements": "territoire_id, periode, declarant, partenaire, dimension",
	"transitions": "territoire_id, periode, echelle, de, vers", "completude": "territoire_id, periode", "soumissions": "soumission",
}

// assertGrain refuses a table in which two rows stand for one thing. The database has no unique
// index, so uniqueness is shown before anybody sees it.
func (w *Warehouse) assertGrain(ctx context.Context, m *ingest.Model, name string) error {
	grain := grains[name]
	if s := m.Schemas[name]; slices.Contains(ingest.Tables, name) {
		grain = "territoire_id, " + quoteAll("", s.PrimaryKey)
		if s.Kind != ingest.Flux {
			grain += ", _de"
		}
	}
	if grain == "" {
		return nil
	}
	var doubles int
	query := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM core.%s GROUP BY %s HAVING count(*) > 1)", quote(name), grain)
	if err := w.QueryRowContext(ctx, query).Scan(&doubles); err != nil {
		return fmt.Errorf("core.%s: %w", name, err)
	}
	if doubles > 0 {
		return fmt.Errorf("core.%s: %d keys (%s) have more than one row: a bug of the build", name, doubles, grain)
	}
	return nil
}
