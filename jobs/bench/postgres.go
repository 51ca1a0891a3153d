package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"cairn/transform"
)

type postgresCmd struct {
	Months int    `help:"Months of ten territories whose tables are copied." default:"12"`
	SQL    string `help:"Root of the sources, with their SQL files." default:"." type:"existingdir"`
	Bin    string `help:"Folder of initdb, postgres and psql; the newest that Debian has installed if empty."`
}

// sqlFolders hold the files that are tried: each is one SELECT.
var sqlFolders = []string{"indicators/catalogue", "indicators/sql", "transform/sql/core", "transform/sql/checks"}

// Run copies every table of a built database into a PostgreSQL server that it starts, on a socket in a folder of its own,
// and gives it each SQL file as it stands. A file runs unchanged when it runs and returns as many rows as from DuckDB.
func (c *postgresCmd) Run(b *bench) error {
	workspace := filepath.Join(b.dir, "workspace")
	if _, err := measure([]int{0}, b.cairn, "demo", workspace, "--months", fmt.Sprint(c.Months)); err != nil {
		return err
	}
	if _, err := b.run(workspace); err != nil {
		return err
	}
	db, err := transform.OpenReadOnly(filepath.Join(workspace, "cairn.duckdb"), "")
	if err != nil {
		return err
	}
	defer db.Close()
	server, err := startPostgres(filepath.Join(b.dir, "postgres"), c.Bin)
	if err != nil {
		return err
	}
	defer server.stop()
	if err := server.copyTables(db); err != nil {
		return err
	}
	version, err := server.run("SHOW server_version")
	if err != nil {
		return err
	}
	fmt.Printf("PostgreSQL %s\n\n| files | of | run unchanged |\n|---|---:|---:|\n", strings.TrimSpace(version))
	var refused []refusal
	total, same := 0, 0
	for _, folder := range sqlFolders {
		files, err := filepath.Glob(filepath.Join(c.SQL, folder, "*.sql"))
		if err != nil || len(files) == 0 {
			return errors.Join(err, fmt.Errorf("no SQL file in %s: --sql", filepath.Join(c.SQL, folder)))
		}
		ran := 0
		for _, file := range files {
			query, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			why, err := server.try(db, string(query))
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if why == "" {
				ran++
			} else {
				refused = append(refused, refusal{file, string(query), why})
			}
		}
		fmt.Printf("| %s | %d | %d |\n", folder, len(files), ran)
		total, same = total+len(files), same+ran
	}
	fmt.Printf("| together | %d | %d (%.0f %%) |\n\n", total, same, 100*float64(same)/float64(total))
	for _, r := range refused {
		fmt.Printf("%s: %s\n", filepath.Base(r.file), r.why)
	}
	fmt.Println("\n| construct | refused files that have it | such as |\n|---|---:|---|")
	for _, construct := range constructs {
		var having []string
		for _, r := range refused {
			if construct.pattern.MatchString(r.query) {
				having = append(having, strings.TrimSuffix(filepath.Base(r.file), ".sql"))
			}
		}
		if len(having) > 0 {
			fmt.Printf("| %s | %d | %s |\n", construct.name, len(having), having[0])
		}
	}
	return nil
}

// refusal is a file that does not run as it stands, and the first reason that the server gives.
type refusal struct{ file, query, why string }

// constructs are those of DuckDB's SQL for which files are refused; the server's own reason is the first of a file.
var constructs = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"`GROUP BY ALL`, `ORDER BY ALL`", regexp.MustCompile(`(GROUP|ORDER) BY ALL`)},
	{"`FILTER (…)` without `WHERE`", regexp.MustCompile(`FILTER \((?:[^W]|W[^H])`)},
	{"`INTERVAL 1 MONTH`, its number unquoted", regexp.MustCompile(`INTERVAL [0-9(]`)},
	{"`date_diff`", regexp.MustCompile(`\bdate_diff\(`)},
	{"`strftime`, `last_day`, `month(…)`", regexp.MustCompile(`\b(strftime|last_day|month|year)\(`)},
	{"lists: `[…]`, `list`, `flatten`, `list_…`", regexp.MustCompile(`(?m)^[^-].*\[|\b(list|flatten|list_[a-z]+)\(`)},
	{"`max_by`, `arg_max`, `any_value`, `first`", regexp.MustCompile(`\b(max_by|min_by|arg_max|arg_min|any_value|first)\(`)},
	{"`QUALIFY`", regexp.MustCompile(`QUALIFY`)},
	{"`SELECT * EXCLUDE`, `REPLACE`", regexp.MustCompile(`(EXCLUDE|REPLACE) ?\(`)},
	{"`ASOF`, `ANTI`, `SEMI JOIN`", regexp.MustCompile(`(ASOF|ANTI|SEMI)`)},
}

// postgres is a server that this process has started.
type postgres struct {
	bin, dir string
	process  *exec.Cmd
}

// startPostgres makes a cluster in a folder and starts its server, that nothing but the folder's socket reaches. The server
// refuses to be root: root starts it as nobody.
func startPostgres(dir, bin string) (*postgres, error) {
	if bin == "" {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
		if len(found) == 0 {
			return nil, errors.New("no PostgreSQL server is installed, or --bin says where")
		}
		bin = found[len(found)-1]
	}
	s := &postgres{bin: bin, dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return nil, err
		}
	}
	if out, err := s.command("initdb", "-D", filepath.Join(dir, "data"), "-U", "cairn", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.process = s.command("postgres", "-D", filepath.Join(dir, "data"), "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "logging_collector=off")
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	var err error
	for range 300 {
		if _, err = s.run("SELECT 1"); err == nil {
			return s, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("the server does not answer: %w", err)
}

const nobody = 65534

func (s *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

func (s *postgres) stop() {
	s.process.Process.Signal(syscall.SIGINT)
	s.process.Wait()
}

// run gives psql statements and returns what it prints; an error is the first line of what it says.
func (s *postgres) run(statements string) (string, error) {
	cmd := s.command("psql", "-h", s.dir, "-U", "cairn", "-d", "postgres", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-")
	cmd.Stdin = strings.NewReader(statements)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		_, why, found := strings.Cut(said.String(), "ERROR:")
		if !found {
			why = said.String()
		}
		why, _, _ = strings.Cut(strings.TrimSpace(why), "\n")
		return "", fmt.Errorf("%s", why)
	}
	return string(out), nil
}

// postgresTypes are the types that are written otherwise there.
var postgresTypes = map[string]string{
	"VARCHAR": "text", "DOUBLE": "double precision", "UBIGINT": "numeric(20)", "VARCHAR[]": "text[]",
	`STRUCT("table" VARCHAR, soumission INTEGER, ligne INTEGER)[]`: "public.source[]",
}

// copyTables makes every table and view of the database a table of the server.
func (s *postgres) copyTables(db *transform.Warehouse) error {
	rows, err := db.Query(`SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns ORDER BY table_schema, table_name, ordinal_position`)
	if err != nil {
		return err
	}
	defer rows.Close()
	type table struct{ name, columns, values string }
	var tables []*table
	var schemas []string
	for rows.Next() {
		var schema, name, column, kind string
		if err := rows.Scan(&schema, &name, &column, &kind); err != nil {
			return err
		}
		if full := fmt.Sprintf("%s.%q", schema, name); len(tables) == 0 || tables[len(tables)-1].name != full {
			tables = append(tables, &table{name: full})
		}
		if !slices.Contains(schemas, schema) {
			schemas = append(schemas, schema)
		}
		value := fmt.Sprintf("CAST(%q AS VARCHAR)", column)
		switch {
		case kind == "VARCHAR[]":
			value = fmt.Sprintf("'{' || array_to_string(%q, ',') || '}'", column)
		case strings.HasPrefix(kind, "STRUCT"):
			value = fmt.Sprintf(`'{' || array_to_string(list_transform(%q, lambda s: '"(' || s."table" || ',' || s.soumission || ',' || s.ligne || ')"'), ',') || '}'`, column)
		}
		if other := postgresTypes[kind]; other != "" {
			kind = other
		}
		t := tables[len(tables)-1]
		if t.columns != "" {
			t.columns, t.values = t.columns+", ", t.values+", "
		}
		t.columns += fmt.Sprintf("%q %s", column, kind)
		t.values += value
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if _, err := s.run(`CREATE TYPE public.source AS ("table" text, soumission integer, ligne integer); CREATE SCHEMA ` + strings.Join(schemas, "; CREATE SCHEMA ")); err != nil {
		return err
	}
	for _, t := range tables {
		var script strings.Builder
		fmt.Fprintf(&script, "CREATE TABLE %s (%s);\nCOPY %[1]s FROM stdin;\n", t.name, t.columns)
		if err := copyRows(&script, db, t.values, t.name); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		fmt.Fprintf(&script, "\\.\nANALYZE %s;\n", t.name)
		if _, err := s.run(script.String()); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

var copyEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func copyRows(w *strings.Builder, db *transform.Warehouse, values, table string) error {
	rows, err := db.Query("SELECT " + values + " FROM " + table)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	texts, into := make([]*string, len(names)), make([]any, len(names))
	for i := range texts {
		into[i] = &texts[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, text := range texts {
			if i > 0 {
				w.WriteByte('\t')
			}
			if text == nil {
				w.WriteString(`\N`)
			} else {
				w.WriteString(copyEscapes.Replace(*text))
			}
		}
		w.WriteByte('\n')
	}
	return rows.Err()
}

// try returns why a query does not run as it stands, or an empty text.
func (s *postgres) try(db *transform.Warehouse, query string) (why string, err error) {
	var want int
	if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM (\n"+query+"\n)").Scan(&want); err != nil {
		return "", fmt.Errorf("in DuckDB: %w", err)
	}
	out, err := s.run("SET statement_timeout = '60s';\nCREATE TEMP TABLE resultat AS\n" + query + "\n;\nSELECT count(*) FROM resultat;\n")
	if err != nil {
		return err.Error(), nil
	}
	if got := strings.TrimSpace(out); got != fmt.Sprint(want) {
		return fmt.Sprintf("%s rows, DuckDB gives %d", got, want), nil
	}
	return "", nil
}
