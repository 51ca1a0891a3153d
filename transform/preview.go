package transform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"cairn/ingest"
)

// errRollback ends a transaction that must leave no trace.
var errRollback = errors.New("preview")

// Preview says what would be found if a file were received now: the findings of its own reading and
// those that need the other workbooks. Rows that the latter set aside are marked in sub. Nothing is
// kept: all is rolled back.
func (w *Warehouse) Preview(ctx context.Context, m *ingest.Model, s State, original string, sub *ingest.Submission, now time.Time) error {
	s.Receptions = append(slices.Clone(s.Receptions), ingest.Entry{Original: original, ReceivedAt: now})
	err := w.Update(ctx, func(tx *Tx) error {
		present, err := tx.count("SELECT count(*) FROM raw.originaux WHERE original = ?", original)
		if err != nil {
			return err
		}
		if present == 0 {
			if err := appendRaw(tx, m, []parsed{{original, sub}}); err != nil {
				return err
			}
		}
		if err := buildReference(tx, m, s); err != nil {
			return err
		}
		if err := buildTables(tx, m, coreFindings); err != nil {
			return err
		}
		if sub.Findings, err = findingsOf(tx, original); err != nil {
			return err
		}
		if err := markAside(tx, original, sub); err != nil {
			return err
		}
		return errRollback
	})
	if errors.Is(err, errRollback) {
		return nil
	}
	return err
}

// findingsOf reads the findings of the last reception of an original that is not a duplicate.
func findingsOf(tx *Tx, original string) ([]ingest.Finding, error) {
	rows, err := tx.conn.QueryContext(tx.ctx, `SELECT coalesce("table", ''), coalesce(feuille, ''), ligne, coalesce(cellule, ''), coalesce(champ, ''), regle, gravite, message, coalesce(cle, ''), coalesce(valeur, ''), coalesce(proposition, '')
FROM core.constats
WHERE soumission = (SELECT max(soumission) FROM core.soumissions WHERE original = ? AND statut NOT IN ('doublon', 'retiree')) AND etat = 'ouvert'
ORDER BY constat`, original)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	return scanFindings(rows)
}

func scanFindings(rows *sql.Rows) ([]ingest.Finding, error) {
	defer rows.Close()
	var findings []ingest.Finding
	for rows.Next() {
		var f ingest.Finding
		if err := rows.Scan(&f.Table, &f.Sheet, &f.Line, &f.Cell, &f.Field, &f.Rule, &f.Severity, &f.Message, &f.Key, &f.Value, &f.Proposal); err != nil {
			return nil, err
		}
		findings = append(findings, f)
	}
	return findings, rows.Err()
}

func markAside(tx *Tx, original string, sub *ingest.Submission) error {
	rows, err := tx.conn.QueryContext(tx.ctx, `SELECT l."table", l.ligne FROM core.lignes l JOIN core.soumissions s ON s.soumission = l.soumission
WHERE s.original = ? AND l.ecartee`, original)
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var line int
		if err := rows.Scan(&table, &line); err != nil {
			return err
		}
		for i := range sub.Tables {
			t := &sub.Tables[i]
			if t.Schema.Name != table {
				continue
			}
			if j := slices.IndexFunc(t.Rows, func(r ingest.DataRow) bool { return r.Line == line }); j >= 0 {
				t.Rows[j].Aside = true
			}
		}
	}
	return rows.Err()
}
