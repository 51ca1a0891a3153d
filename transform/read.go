package transform

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"cairn/ingest"
)

// ErrNoSubmission is a workspace without any workbook that could be taken.
var ErrNoSubmission = errors.New("no workbook has been received yet")

// BuiltFrom tells of the state that the database was built from: its Key, Lines and Chain alone; none when it
// was never built.
func (w *Warehouse) BuiltFrom(ctx context.Context) (s State, err error) {
	var built int
	err = w.QueryRowContext(ctx, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'indicateur' AND table_name = 'valeurs'").Scan(&built)
	if err != nil || built == 0 {
		return s, err
	}
	err = w.QueryRowContext(ctx, `SELECT cle, lignes, chaine FROM ref.construction`).Scan(&s.Key, &s.Lines, &s.Chain)
	return s, err
}

// Horizon is the last month of the calendar.
func (w *Warehouse) Horizon(ctx context.Context) (period time.Time, err error) {
	err = w.QueryRowContext(ctx, `SELECT periode FROM ref.horizon`).Scan(&period)
	return period, err
}

// SubmittedMonths are the first month that a territory submitted, at which the calendar begins, and the last that anyone
// did; zero when there is none.
func (w *Warehouse) SubmittedMonths(ctx context.Context) (first, last time.Time, err error) {
	var from, to sql.NullTime
	err = w.QueryRowContext(ctx, "SELECT min(periode) FILTER (WHERE emetteur = ''), max(periode) FROM core.soumissions WHERE courante").Scan(&from, &to)
	return from.Time, to.Time, err
}

// FileFindings counts what waits in one file for a correction or an explanation.
type FileFindings struct {
	Reception int // its place among the receptions, from 1
	Territory string
	Period    sql.NullTime
	Counts    map[ingest.Severity]int
}

// OpenFindings lists the rejected files and current submissions with findings that wait.
func (w *Warehouse) OpenFindings(ctx context.Context) ([]FileFindings, error) {
	rows, err := w.QueryContext(ctx, `SELECT s.soumission, coalesce(s.territoire_id, ''), s.periode, c.gravite, count(*)
FROM core.constats c JOIN core.soumissions s ON s.soumission = c.soumission
WHERE (s.courante OR s.statut = 'rejetee') AND c.gravite <> 'note' AND c.etat = 'ouvert'
GROUP BY ALL ORDER BY ALL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []FileFindings
	for rows.Next() {
		var f FileFindings
		var severity ingest.Severity
		var n int
		if err := rows.Scan(&f.Reception, &f.Territory, &f.Period, &severity, &n); err != nil {
			return nil, err
		}
		if len(all) == 0 || all[len(all)-1].Reception != f.Reception {
			f.Counts = map[ingest.Severity]int{}
			all = append(all, f)
		}
		all[len(all)-1].Counts[severity] = n
	}
	return all, rows.Err()
}

// Findings lists what waits, finding by finding, in the order of reception. Each has its identity in ID.
func (w *Warehouse) Findings(ctx context.Context) ([]OpenFinding, error) {
	return w.findings(ctx, "(s.courante OR s.statut = 'rejetee') AND c.gravite <> 'note' AND c.etat = 'ouvert'")
}

// Finding is the last finding of that identity, if there is one.
func (w *Warehouse) Finding(ctx context.Context, id string) (OpenFinding, bool, error) {
	all, err := w.findings(ctx, "c.identite = ?", id)
	if err != nil || len(all) == 0 {
		return OpenFinding{}, false, err
	}
	return all[len(all)-1], true, nil
}

// OpenFinding is a finding, what it keeps from month to month, and whose it is.
type OpenFinding struct {
	ingest.Finding
	ID, Territory, Emitter string
	Period                 sql.NullTime
}

func (w *Warehouse) findings(ctx context.Context, which string, args ...any) ([]OpenFinding, error) {
	rows, err := w.QueryContext(ctx, `SELECT c.identite, coalesce(s.territoire_id, ''), coalesce(s.emetteur, ''), s.periode, c.gravite, coalesce(c.feuille, ''), c.ligne, coalesce(c.cellule, ''), c.regle, c.message
FROM core.constats c JOIN core.soumissions s ON s.soumission = c.soumission
WHERE `+which+` ORDER BY c.constat`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []OpenFinding
	for rows.Next() {
		var f OpenFinding
		if err := rows.Scan(&f.ID, &f.Territory, &f.Emitter, &f.Period, &f.Severity, &f.Sheet, &f.Line, &f.Cell, &f.Rule, &f.Message); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// EachFinding hands over every finding: the original that it is about, its table and line (0 when not about a row) and its identity.
func (w *Warehouse) EachFinding(ctx context.Context, each func(original, table string, line int, id string)) error {
	rows, err := w.QueryContext(ctx, `SELECT DISTINCT s.original, coalesce(c."table", ''), coalesce(c.ligne, 0), c.identite
FROM core.constats c JOIN core.soumissions s ON s.soumission = c.soumission`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var original, table, id string
		var line int
		if err := rows.Scan(&original, &table, &line, &id); err != nil {
			return err
		}
		each(original, table, line, id)
	}
	return rows.Err()
}

// Received is what came from a territory for a month: a row of core.completude.
type Received struct {
	Territory string
	Period    time.Time
	Expected  bool   // the territory was in the programme
	Version   int    // of the current workbook; 0 when none was received
	Late      int    // days after the due day of the first reception; 0 or less: on time
	Content   string // rempli, rien (nothing happened, it says) or vide; empty when none was received
	Decisions int    // on findings of the current workbook
}

// Coverage lists every territory of the programme × the twelve months to the horizon.
func (w *Warehouse) Coverage(ctx context.Context) ([]Received, error) {
	rows, err := w.QueryContext(ctx, `SELECT t.territoire_id, m.periode, coalesce(c.attendu, false), coalesce(c.version, 0), coalesce(c.retard, 0), coalesce(c.contenu, ''), coalesce(c.decisions, 0)
FROM ref.territoires t
CROSS JOIN (SELECT unnest(generate_series(periode - INTERVAL 11 MONTH, periode, INTERVAL 1 MONTH))::DATE AS periode FROM ref.horizon) m
LEFT JOIN core.completude c ON c.territoire_id = t.territoire_id AND c.periode = m.periode
ORDER BY ALL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Received
	for rows.Next() {
		var r Received
		if err := rows.Scan(&r.Territory, &r.Period, &r.Expected, &r.Version, &r.Late, &r.Content, &r.Decisions); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// Referent is the person whom a territory named to fill its workbooks. The address is for an envelope alone: it
// is in no release, log, journal line or error.
type Referent struct {
	Territory, Name string // the territory's identifier and its name
	Address         string // empty when none is known
}

// Referents lists the référent of every territory, in the order of the identifiers.
func (w *Warehouse) Referents(ctx context.Context) ([]Referent, error) {
	rows, err := w.QueryContext(ctx, `SELECT territoire_id, nom, coalesce(courriel_referent, '') FROM ref.territoires ORDER BY ALL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Referent
	for rows.Next() {
		var r Referent
		if err := rows.Scan(&r.Territory, &r.Name, &r.Address); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// Missing lists the territories of the programme from which no workbook of their own was taken for a month, which
// may be later than the horizon.
func (w *Warehouse) Missing(ctx context.Context, period time.Time) ([]string, error) {
	rows, err := w.QueryContext(ctx, `SELECT t.territoire_id
FROM ref.territoires t
WHERE date_trunc('month', t.date_entree) <= $1 AND (t.date_sortie IS NULL OR date_trunc('month', t.date_sortie) >= $1)
AND NOT EXISTS (SELECT 1 FROM core.soumissions s WHERE s.territoire_id = t.territoire_id AND s.periode = $1 AND s.emetteur = '' AND s.statut = 'acceptee')
ORDER BY ALL`, period)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var territory string
		if err := rows.Scan(&territory); err != nil {
			return nil, err
		}
		all = append(all, territory)
	}
	return all, rows.Err()
}
