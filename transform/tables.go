package transform

import (
	"fmt"
	"io/fs"
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

// declarationsQuery is core.declarations: one row per data row of every version that was accepted, with
// its key, its day, the field that says it, and a hash of what it says, by which two declarations are compared. rappel is the
// last month in which a workbook must have a row of a registre again; NULL: every month.
func declarationsQuery(m *ingest.Model) string {
	var parts []string
	for _, name := range ingest.Tables {
		s := m.Schemas[name]
		day := "NULL::DATE"
		if s.DateField != "" {
			day = fmt.Sprintf("try_cast(r.%s AS DATE)", quote(s.DateField))
		}
		recall := "NULL::DATE"
		if s.Kind == ingest.Registre {
			recall = lastShown(s, "r.")
		}
		key := s.PrimaryKey
		if s.Kind == ingest.Releve {
			key = append(slices.Clone(key), s.DateField)
		}
		parts = append(parts, fmt.Sprintf(`SELECT s.soumission, s.territoire_id, s.periode, s.emetteur, s.courante, '%s' AS "table", '%s' AS genre, r._ligne AS ligne,
	concat_ws('%s', %s) AS cle, %s AS jour, '%s' AS champ_jour, %s AS rappel, r._ecartee AS ecartee, r.retire IS NOT DISTINCT FROM 'true' AS retire, hash(%s) AS contenu
FROM raw.%s r JOIN core.soumissions s ON s.original = r._original
WHERE s.version IS NOT NULL`, name, s.Kind, ingest.KeySeparator, quoteAll("r.", key), day, s.DateField, recall, quoteAll("r.", fieldNames(s)), quote(name)))
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

func fieldNames(s *ingest.Schema) []string {
	names := make([]string, len(s.Fields))
	for i := range s.Fields {
		names[i] = s.Fields[i].Name
	}
	return names
}

// revisionsQuery is core.revisions: one row per data row of the first submission of a month by the
// territory itself, with its filled cells and how many of them the current one says otherwise. A row that
// is gone says nothing: all its cells are revised. A cell that could not be read is revised by one that can.
func revisionsQuery(m *ingest.Model) string {
	var parts []string
	for _, name := range ingest.Tables {
		s := m.Schemas[name]
		key := s.PrimaryKey
		if s.Kind == ingest.Releve {
			key = append(slices.Clone(key), s.DateField)
		}
		var same, revised []string
		for _, k := range key {
			same = append(same, fmt.Sprintf("c.%[1]s IS NOT DISTINCT FROM a.%[1]s", quote(k)))
		}
		for _, f := range fieldNames(s) {
			if f == "retire" { // a withdrawn row is gone
				continue
			}
			revised = append(revised, fmt.Sprintf("CASE WHEN a.%[1]s IS NOT NULL THEN a.%[1]s IS DISTINCT FROM c.%[1]s ELSE coalesce(list_contains(x.champs, '%[2]s'), false) AND c.%[1]s IS NOT NULL END::INTEGER", quote(f), f))
		}
		parts = append(parts, fmt.Sprintf(`SELECT v.territoire_id, v.periode, '%[1]s' AS "table", v.premiere, a._ligne AS ligne, v.courante, c._ligne AS ligne_courante, a._remplies AS remplies,
	CASE WHEN v.premiere = v.courante THEN 0 WHEN c._ligne IS NULL OR c.retire IS NOT DISTINCT FROM 'true' AND a.retire IS DISTINCT FROM 'true' THEN a._remplies ELSE %[2]s END AS revisees
FROM versions v
JOIN raw.%[3]s a ON a._original = v.originale
LEFT JOIN (SELECT original, ligne, list(champ) AS champs FROM raw.constats WHERE "table" = '%[1]s' AND gravite = 'erreur' AND valeur <> '' GROUP BY ALL) x
	ON x.original = a._original AND x.ligne = a._ligne
LEFT JOIN (SELECT * FROM raw.%[3]s SEMI JOIN versions ON remplacante = _original
		QUALIFY row_number() OVER (PARTITION BY _original, %[4]s ORDER BY _ecartee, _ligne) = 1) c
	ON c._original = v.remplacante AND %[5]s
WHERE a._requises > 0`,
			name, strings.Join(revised, " + "), quote(name), quoteAll("", key), strings.Join(same, " AND ")))
	}
	// remplacante is NULL where the first version stands: a condition on the left side in the join itself would make it a loop.
	return `WITH versions AS (
	SELECT p.territoire_id, p.periode, p.soumission AS premiere, p.original AS originale, c.soumission AS courante,
		CASE WHEN p.soumission <> c.soumission THEN c.original END AS remplacante
	FROM core.soumissions p
	JOIN core.soumissions c ON c.territoire_id = p.territoire_id AND c.periode = p.periode AND c.emetteur = '' AND c.courante
	WHERE p.version = 1 AND p.emetteur = ''
)
` + strings.Join(parts, "\nUNION ALL\n")
}

// numbersQuery is core.nombres: every number of the current rows that reading has taken, those on a
// scale of five apart. sorte is what makes two rows of a table alike.
func numbersQuery(m *ingest.Model) string {
	var parts []string
	for _, name := range ingest.Tables {
		s := m.Schemas[name]
		alike := "''"
		if len(s.Alike) > 0 {
			alike = fmt.Sprintf("concat_ws('|', %s)", quoteAll("r.", s.Alike))
		}
		for i := range s.Fields {
			f := &s.Fields[i]
			if s.Kind == ingest.Releve || f.Type != "integer" && f.Type != "number" || f.Constraints.Maximum != nil && *f.Constraints.Maximum <= 5 {
				continue
			}
			column := "r." + quote(f.Name)
			parts = append(parts, fmt.Sprintf(`SELECT s.soumission, s.territoire_id, s.periode, '%s' AS "table", '%s' AS genre, r._ligne AS ligne, r.%s AS cle, %s AS sorte, '%s' AS champ,
	%s AS texte, CAST(%s AS DOUBLE) AS valeur
FROM raw.%s r JOIN core.soumissions s ON s.original = r._original
WHERE s.courante AND NOT r._ecartee AND r.retire IS DISTINCT FROM 'true' AND %s IS NOT NULL`,
				name, s.Kind, quote(s.PrimaryKey[0]), alike, f.Name, column, known(column), quote(name), known(column)))
		}
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

// checksQuery is core.controles: what each query of sql/checks shows, under its rule, the name of its file.
func checksQuery(files fs.FS) (string, error) {
	rules, err := checks(files)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, rule := range rules {
		query, err := readSQL(files, "sql/checks/"+rule+".sql")
		if err != nil {
			return "", err
		}
		parts = append(parts, fmt.Sprintf(`SELECT '%s' AS regle, soumission, "table"::VARCHAR AS "table", ligne, champ::VARCHAR AS champ, cle, valeur::VARCHAR AS valeur FROM (
%s)`, rule, query))
	}
	return strings.Join(parts, "\nUNION ALL\n"), nil
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
SELECT *, _periode AS _de, lead(_periode) OVER (PARTITION BY %s ORDER BY _periode) AS _a FROM (%s
UNION ALL BY NAME
SELECT territoire_id, cle AS %s, true AS retire, periode AS _periode FROM core.retraits WHERE "table" = '%s'))
WHERE retire IS DISTINCT FROM true`, key, typedQuery(s, "s.emetteur = ''"), quote(s.PrimaryKey[0]), s.Name)
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
SELECT * FROM (SELECT * REPLACE (CASE WHEN retire THEN last_day(_periode) ELSE %[2]s END AS %[2]s) FROM (%[3]s))
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
		// Each row is laid on its own months, and joined by equality: most rows hold for one month, and of a join by bounds
		// each is held against every month of its territory.
		return fmt.Sprintf(`SELECT m.* EXCLUDE (territoire_id), t.* EXCLUDE (_de, _a, _mois), %s
FROM (SELECT *, unnest(generate_series(_de, coalesce(_a - INTERVAL 1 DAY, (SELECT periode FROM ref.horizon)), INTERVAL 1 MONTH))::DATE AS _mois FROM %s) t
JOIN core.mois m ON m.territoire_id = t.territoire_id AND m.periode = t._mois`, source, table)
	default:
		return fmt.Sprintf(`SELECT m.* EXCLUDE (territoire_id), t.* EXCLUDE (_de, _a), %s
FROM core.mois m JOIN %s t ON t.territoire_id = m.territoire_id AND t._de BETWEEN m.debut_12m AND m.fin AND (t._a IS NULL OR m.fin < t._a)`, source, table)
	}
}
