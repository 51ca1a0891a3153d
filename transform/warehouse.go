// Package transform turns submissions into the database's tables.
//
//   - raw: what each original file says, all text, parsed once; ref: reference tables and receptions.
//   - core: typed rows with the months or days for which they hold, one row per thing and version.
//   - etat: views of core as it stands at each month of each territory's calendar, and the flux with
//     their dates. Indicators read only etat, core and ref.
//
// raw only grows. Everything else is rebuilt by plain SQL, as a pure function of
// (archive, journal, framework): the database holds no fact of its own and may be deleted.
package transform

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
)

// Warehouse is an open database. One process owns the file.
type Warehouse struct {
	*sql.DB
	Key   Key   // of the pseudonyms; what was loaded under another one is loaded again
	SQL   fs.FS // the queries that Build makes the tables by, laid out as Method has them; nil: this program's
	write sync.Mutex
}

// Open opens or makes the database at path ("" for one in memory). Files can be written below
// exportDir and nowhere else; nothing can be loaded from outside.
//
// A query runs on one core: most are short, and sharing them out costs more than it saves. Queries that do not rest
// on each other run side by side instead. So no figure depends on the number of cores either. Most tables have few
// rows: blocks are small, and no symbol table is sought for their texts, which took longer than to write them.
func Open(path, exportDir string) (*Warehouse, error) {
	return open(path, path+"?threads=1&default_block_size=16384", exportDir, "SET allowed_configs = ['"+strings.Join(flushing, "', '")+"']")
}

// flushing are the settings by which the engine gives memory back as soon as it is free: see thrifty.
var flushing = []string{"allocator_flush_threshold", "allocator_bulk_deallocation_flush_threshold"}

// thrifty lets the engine keep little of what a query has taken for the next one. A tenth of the processor time of a short
// history would go into it; of a long one it takes a fifth off the peak.
func (w *Warehouse) thrifty(ctx context.Context) error {
	for _, name := range flushing {
		if _, err := w.ExecContext(ctx, "SET "+name+" = '2MB'"); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// OpenReadOnly opens a database that nothing can change. Several processes may have it open.
func OpenReadOnly(path, exportDir string) (*Warehouse, error) {
	return open(path, path+"?threads=1&access_mode=READ_ONLY", exportDir)
}

// OpenSandbox opens a database in memory for queries that others wrote: nothing can be read or written outside of it, its
// memory is bounded and nothing is spilled to a disk. How long they take is the context's to bound.
func OpenSandbox() (*Warehouse, error) {
	return open("", "", "", "SET memory_limit = '1GB'", "SET threads = 2", "SET temp_directory = ''")
}

func open(path, dsn, exportDir string, settings ...string) (*Warehouse, error) {
	connector, err := duckdb.NewConnector(dsn, nil)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db := sql.OpenDB(engine{connector})
	settings = append(settings,
		"SET autoload_known_extensions = false",
		"SET autoinstall_known_extensions = false",
		"SET TimeZone = 'UTC'",
		"SET preserve_insertion_order = true",
		"SET disabled_compression_methods = 'fsst,dict_fsst'",
	)
	if exportDir != "" {
		settings = append(settings, "SET allowed_directories = ['"+strings.ReplaceAll(exportDir, "'", "''")+"']")
	}
	settings = append(settings, "SET enable_external_access = false", "SET lock_configuration = true")
	if err := configure(db, settings); err != nil {
		db.Close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return &Warehouse{DB: db}, nil
}

// engine connects to the database: see connection.
type engine struct{ *duckdb.Connector }

func (e engine) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := e.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return connection{c.(*duckdb.Conn)}, nil
}

// connection gives a statement up by interrupting it, and in no other way. The driver would also look between planning
// and running it whether it is still wanted, and then leave its transaction open, with what it was to create: the next
// build failed on that, and closing the connection read freed memory.
type connection struct{ *duckdb.Conn }

// interruption is a context that ends without saying so beforehand.
type interruption struct{ context.Context }

func (interruption) Err() error { return nil }

func (c connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return uncut(ctx, query, args, c.Conn.ExecContext)
}

func (c connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return uncut(ctx, query, args, c.Conn.QueryContext)
}

func uncut[T any](ctx context.Context, query string, args []driver.NamedValue, do func(context.Context, string, []driver.NamedValue) (T, error)) (result T, err error) {
	if err := ctx.Err(); err != nil {
		return result, err
	}
	if result, err = do(interruption{ctx}, query, args); err != nil {
		err = errors.Join(ctx.Err(), err)
	}
	return result, err
}

var configuring sync.Mutex

// configure makes the settings, but where this process has the same file open already: the engine shares it then, and
// its configuration is locked.
func configure(db *sql.DB, settings []string) error {
	configuring.Lock()
	defer configuring.Unlock()
	var locked bool
	if err := db.QueryRow("SELECT current_setting('lock_configuration')").Scan(&locked); err != nil || locked {
		return err
	}
	for _, s := range settings {
		if _, err := db.Exec(s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// files are the queries that the tables are made by.
func (w *Warehouse) files() fs.FS {
	if w.SQL != nil {
		return w.SQL
	}
	return sqlFiles
}

// Tx is one write transaction on its own connection.
type Tx struct {
	ctx  context.Context
	conn *sql.Conn
	key  Key
	sql  fs.FS
}

// Update runs f in one transaction, alone: all of what it writes is seen at once, or nothing.
func (w *Warehouse) Update(ctx context.Context, f func(*Tx) error) (err error) {
	w.write.Lock()
	defer w.write.Unlock()
	conn, err := w.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx := &Tx{ctx, conn, w.Key, w.files()}
	if err := tx.Exec("BEGIN"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Exec("COMMIT")
}

// Exec runs a statement with bound values.
func (tx *Tx) Exec(query string, args ...any) error {
	if _, err := tx.conn.ExecContext(tx.ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", firstLine(query), err)
	}
	return nil
}

// count runs a query that returns one number.
func (tx *Tx) count(query string, args ...any) (n int, err error) {
	if err := tx.conn.QueryRowContext(tx.ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", firstLine(query), err)
	}
	return n, nil
}

// Append adds rows to a table through the driver's appender, which rolls back with the transaction.
func (tx *Tx) Append(schema, table string, rows iter.Seq[[]driver.Value]) error {
	return tx.conn.Raw(func(c any) (err error) {
		appender, err := duckdb.NewAppenderFromConn(c.(connection).Conn, schema, table)
		if err != nil {
			return fmt.Errorf("append to %s.%s: %w", schema, table, err)
		}
		defer func() {
			if closeErr := appender.Close(); err == nil && closeErr != nil {
				err = fmt.Errorf("append to %s.%s: %w", schema, table, closeErr)
			}
		}()
		for row := range rows {
			if err := appender.AppendRow(row...); err != nil {
				return fmt.Errorf("append to %s.%s: %w", schema, table, err)
			}
		}
		return nil
	})
}

func firstLine(query string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(query), "\n")
	if len(line) > 80 {
		line = line[:80] + "…"
	}
	return line
}
