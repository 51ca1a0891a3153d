package jobs

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/BurntSushi/toml"

	"cairn/ingest"
)

// Config is cairn.toml. Its keys are strict: an unknown one is an error.
type Config struct {
	Programme string `toml:"programme"` // printed on every report
	Contact   string `toml:"contact"`   // whom a reader may ask
	Licence   string `toml:"licence"`   // of the published data
}

const defaultConfig = `# cairn.toml: the workspace's configuration.

# Printed on the cover of every report.
programme = "%s"

# Whom a reader may write to. Printed too.
contact = "%s"

# Licence of the published data, by its name at https://opendefinition.org/licenses/api/.
licence = "etalab-2.0"
`

// Workspace is a folder that cairn works in.
//
//	cairn.toml  territoires.csv  [parametres.csv]  inbox/     made and filled by people
//	archive/  journal.jsonl                                   the truth: what was received and done
//	cairn.duckdb  outbox/<period>/v<N>/                       computed: may be deleted
type Workspace struct {
	Dir    string
	Config Config
}

// OpenWorkspace reads the configuration of a workspace.
func OpenWorkspace(dir string) (*Workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Dir: dir}
	path := w.path("cairn.toml")
	meta, err := toml.DecodeFile(path, &w.Config)
	if os.IsNotExist(err) {
		return nil, &hintError{fmt.Errorf("%s is not a workspace: it has no cairn.toml", dir), "make one with: cairn init " + dir}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("%s: unknown key %q", path, unknown[0].String())
	}
	return w, nil
}

func (w *Workspace) path(name string) string { return filepath.Join(w.Dir, name) }
func (w *Workspace) archive() ingest.Archive { return ingest.Archive{Dir: w.path("archive")} }
func (w *Workspace) journal() (*ingest.Journal, error) {
	return ingest.OpenJournal(w.path("journal.jsonl"))
}

// initWorkspace makes a workspace in an absent or empty folder.
func initWorkspace(dir, programme, contact string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	if err := ingest.MkdirDurably(filepath.Join(dir, "inbox")); err != nil {
		return err
	}
	model, err := ingest.LoadModel()
	if err != nil {
		return err
	}
	if err := ingest.WriteDurably(filepath.Join(dir, "cairn.toml"), fmt.Appendf(nil, defaultConfig, programme, contact), 0o644); err != nil {
		return err
	}
	return ingest.WriteDurably(filepath.Join(dir, "territoires.csv"), ingest.CSVHeader(model.Schemas["territoires"]), 0o644)
}

// hintError is an error with what to do about it.
type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }
