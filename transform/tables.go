package transform

import (
	"fmt"
	"slices"
	"strings"

	"cairn/ingest"
)

// The statements of this file are made from the schemas, so that a field is described once.

// quote makes an SQL identifier; names come from our own schemas only.
func quote(name string) string { return `"` + name + `"` }

func quoteAll(prefix string, names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = prefix + quote(n)
	}
	return strings.Join(quoted, ", ")
}

// rawTable is raw.<table>: the row's file and line, what reading counted, and all fields as text.
func rawTable(s *ingest.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE raw.%s (_original VARCHAR, _ligne INTEGER, _ecartee BOOLEAN, _requises INTEGER, _presentes INTEGER, _remplies INTEGER", quote(s.Name))
	for _, f := range s.Fields {
		fmt.Fprintf(&b, ", %s VARCHAR", quote(f.Name))
	}
	b.WriteString(")")
	return b.String()
}

// SQLType is the type of a field in core.
func SQLType(f *ingest.Field) string {
	switch f.Type {
	case "integer":
		return "BIGINT"
	case "number":
		return "DECIMAL(18,4)"
	case "boolean":
		return "BOOLEAN"
	case "date":
		return "DATE"
	default:
		return "VARCHAR"
	}
}

// known is the text of a raw field when it is a value, not « nc » or « nsp ».
func known(column string) string {
	return fmt.Sprintf("CASE WHEN %s NOT IN ('%s', '%s') THEN %s END", column, ingest.NotConcerned, ingest.DoesNotKnow, column)
}

// referencesTo lists the tables whose key others refer to.
func referencesTo(m *ingest.Model) []string {
	var targets []string
	for _, name := range ingest.Tables {
		for _, fk := range m.Schemas[name].ForeignKeys {
			if t := fk.Reference.Resource; !slices.Contains(targets, t) {
				targets = append(targets, t)
			}
		}
	}
	slices.Sort(targets)
	return targets
}

// keysQuery is core.cles: every key of a table that others refer to, set aside or not, and the
// first month that has it.
func keysQuery(m *ingest.Model) string {
	var parts []string
	for _, name := range referencesTo(m) {
		key := quote(m.Schemas[name].PrimaryKey[0])
		parts = append(parts, fmt.Sprintf(`SELECT s.territoire_id, '%s' AS "table", r.%s AS cle, min(s.periode) AS depuis
FROM raw.%s r JOIN core.soumissions s ON s.original = r._original
WHERE s.courante AND s.emetteur = '' AND r.%s IS NOT NULL GROUP BY ALL`, name, key, quote(name), key))
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

// referencesQuery is core.renvois: every reference of a row that reading has taken.
func referencesQuery(m *ingest.Model) string {
	var parts []string
	for _, name := range ingest.Tables {
		for _, fk := range m.Schemas[name].ForeignKeys {
			f := m.Schemas[name].Field(fk.Fields[0])
			parts = append(parts, fmt.Sprintf(`SELECT s.soumission, s.territoire_id, s.periode, '%s' AS "table", r._ligne AS ligne, '%s' AS champ, %t AS requis, '%s' AS cible, %s AS valeur
FROM raw.%s r JOIN core.soumissions s ON s.original = r._original
WHERE s.courante AND NOT r._ecartee AND r.retire IS DISTINCT FROM 'true' AND valeur IS NOT NULL`,
				name, f.Name, f.Constraints.Required, fk.Reference.Resource, known("r."+quote(f.Name)), quote(name)))
		}
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

// linesQuery is core.lignes: one row per data row of the current submissions, with its cells counted.
func linesQuery() string {
	var parts []string
	for _, name := range ingest.Tables {
		parts = append(parts, fmt.Sprintf(`SELECT s.soumission, s.territoire_id, s.periode, s.emetteur, '%s' AS "table", r._ligne AS ligne,
	r._requises AS requises, r._presentes AS presentes, r._remplies AS remplies, r._ecartee OR x.ligne IS NOT NULL AS ecartee
FROM raw.%s r JOIN core.soumissions s ON s.original = r._original
LEFT JOIN (SELECT DISTINCT soumission, ligne FROM core.renvois_rompus WHERE "table" = '%s' AND requis) x ON x.soumission = s.soumission AND x.ligne = r._ligne
WHERE s.courante`, name, quote(name), name))
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

// coreQuery is core.<table>: the typed rows of the current submissions and the time for which each holds.
//
//	registre: _de, _a are months: the row holds from the month _de to before the month _a
//	flux:     one row per identifier, the last declared; retrait is the month from which it is withdrawn
//	relevé:   _de, _a are days: the observation is the latest from the day _de to before the day _a
//
// A row set aside, or withdrawn, is no row; a withdrawal ends the row before it.
func coreQuery(s *ingest.Schema) string {
	key := "territoire_id, " + quoteAll("", s.PrimaryKey)
	switch s.Kind {
	case ingest.Registre:
		return fmt.Sprintf(`SELECT * EXCLUDE (retire) FROM (
SELECT *, _periode AS _de, lead(_periode) OVER (PARTITION BY %s ORDER BY _periode) AS _a FROM (%s))
WHERE retire IS DISTINCT FROM true`, key, typedQuery(s, "s.emetteur = ''"))
	case ingest.Flux:
		return fmt.Sprintf(`SELECT * EXCLUDE (retire, _retraits), list_min(list_filter(_retraits, m -> m > _periode)) AS retrait FROM (
SELECT *, list(_periode) FILTER (retire) OVER (PARTITION BY %[2]s) AS _retraits FROM (%[1]s))
WHERE retire IS DISTINCT FROM true
QUALIFY row_number() OVER (PARTITION BY %[2]s ORDER BY _periode DESC) = 1`, typedQuery(s, "s.emetteur = ''"), key)
	default:
		date := quote(s.DateField)
		// At one date: a withdrawal last, then the higher month, then whoever speaks for himself, then the later reception.
		return fmt.Sprintf(`SELECT * EXCLUDE (retire) FROM (
SELECT *, %[2]s AS _de, lead(%[2]s) OVER (PARTITION BY %[1]s ORDER BY %[2]s) AS _a FROM (
SELECT * REPLACE (CASE WHEN retire THEN last_day(_periode) ELSE %[2]s END AS %[2]s) FROM (%[3]s)
QUALIFY row_number() OVER (PARTITION BY %[1]s, %[2]s ORDER BY retire IS NOT DISTINCT FROM true DESC, _periode DESC, _emetteur <> '' DESC, _soumission DESC) = 1))
WHERE retire IS DISTINCT FROM true`, key, date, typedQuery(s, "true"))
	}
}

// typedQuery casts the raw rows that stand: reading took them and no required reference is broken;
// an optional reference that is broken is unknown.
func typedQuery(s *ingest.Schema, which string) string {
	var columns, joins strings.Builder
	where := "s.courante AND NOT r._ecartee AND " + which
	broken := map[string]string{}
	for i, fk := range s.ForeignKeys {
		f := s.Field(fk.Fields[0])
		alias := fmt.Sprintf("x%d", i)
		broken[f.Name] = alias
		fmt.Fprintf(&joins, "\nLEFT JOIN core.renvois_rompus %[1]s ON %[1]s.soumission = s.soumission AND %[1]s.\"table\" = '%[2]s' AND %[1]s.ligne = r._ligne AND %[1]s.champ = '%[3]s'", alias, s.Name, f.Name)
		if f.Constraints.Required {
			where += " AND " + alias + ".ligne IS NULL"
		}
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		value := known("r." + quote(f.Name))
		if alias := broken[f.Name]; alias != "" && !f.Constraints.Required {
			value = fmt.Sprintf("CASE WHEN %s.ligne IS NULL THEN %s END", alias, value)
		}
		fmt.Fprintf(&columns, ", CAST(%s AS %s) AS %s", value, SQLType(f), quote(f.Name))
	}
	return fmt.Sprintf(`SELECT s.territoire_id%s, s.soumission AS _soumission, r._ligne, s.periode AS _periode, s.emetteur AS _emetteur
FROM raw.%s r JOIN core.soumissions s ON s.original = r._original%s
WHERE %s`, columns.String(), quote(s.Name), joins.String(), where)
}

// stateView is etat.<table>: registre and relevé as they stand at each month of their territory's
// calendar (with the calendar's columns), flux as they are; source names the row's place.
func stateView(s *ingest.Schema) string {
	source := fmt.Sprintf(`[{'table': '%s', 'soumission': t._soumission, 'ligne': t._ligne}] AS source`, s.Name)
	table := "core." + quote(s.Name)
	switch s.Kind {
	case ingest.Flux:
		return fmt.Sprintf(`SELECT t.*, %s FROM %s t`, source, table)
	case ingest.Registre:
		return fmt.Sprintf(`SELECT m.* EXCLUDE (territoire_id), t.* EXCLUDE (_de, _a), %s
FROM core.mois m JOIN %s t ON t.territoire_id = m.territoire_id AND t._de <= m.periode AND (t._a IS NULL OR m.periode < t._a)`, source, table)
	default:
		return fmt.Sprintf(`SELECT m.* EXCLUDE (territoire_id), t.* EXCLUDE (_de, _a), %s
FROM core.mois m JOIN %s t ON t.territoire_id = m.territoire_id AND t._de BETWEEN m.debut_12m AND m.fin AND (t._a IS NULL OR m.fin < t._a)`, source, table)
	}
}
