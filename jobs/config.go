package jobs

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"cairn/exports"
	"cairn/ingest"
	"cairn/transform"
)

// Config is cairn.toml. Its keys are strict: an unknown one is an error.
type Config struct {
	Programme string `toml:"programme"` // printed on every report
	Contact   string `toml:"contact"`   // whom a reader may ask
	Licence   string `toml:"licence"`   // of the published data

	Funders []Funder `toml:"financeurs"`

	// What follows changes no byte of a release: it is no part of what a release is a function of.
	Recipients []Recipient `toml:"destinataires" json:"-"`
	Mail       Mail        `toml:"courriel" json:"-"`
	Drop       Drop        `toml:"depot" json:"-"`
	Calendar   Calendar    `toml:"calendrier" json:"-"`
	Retention  Retention   `toml:"conservation" json:"-"`
}

// Funder is one who supports some of the territories, and sees their figures taken together.
type Funder struct {
	ID          string   `toml:"id"`
	Name        string   `toml:"nom"`
	Territories []string `toml:"territoires"`
	// Labels are the funder's own words for indicators of its summary, by code.
	Labels map[string]string `toml:"libelles"`
}

var funderID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,39}$`)

// validate refuses what the types of the keys let through.
func (c *Config) validate() error {
	seen := map[string]bool{}
	for i, f := range c.Funders {
		repeated := slices.Compact(slices.Sorted(slices.Values(f.Territories)))
		switch {
		case !funderID.MatchString(f.ID):
			return fmt.Errorf("financeurs, number %d: id %q is not 2 to 40 lower-case letters, digits and hyphens", i+1, f.ID)
		case f.ID == "programme":
			return errors.New("financeurs: the id \"programme\" is that of the dossier and the shared folder of the whole programme: take another")
		case seen[f.ID]:
			return fmt.Errorf("financeurs: two have the id %q", f.ID)
		case f.Name == "", len(f.Territories) == 0:
			return fmt.Errorf("financeurs, %s: nom and territoires are needed", f.ID)
		case len(repeated) < len(f.Territories):
			return fmt.Errorf("financeurs, %s: a territory is named twice", f.ID)
		}
		for _, code := range slices.Sorted(maps.Keys(f.Labels)) {
			if known := exports.ImpactIndicators(); !slices.Contains(known, code) {
				return fmt.Errorf("financeurs, %s: libelles: %q is no indicator of the impact summary: these are %s", f.ID, code, strings.Join(known, ", "))
			}
		}
		seen[f.ID] = true
	}
	return cmp.Or(c.Mail.validate(), c.validateRecipients(), c.Calendar.validate(), c.Retention.validate())
}

// funder is the name of the funder whose set of territories that is, or empty.
func (c *Config) funder(set string) string {
	for _, f := range c.Funders {
		if set == transform.Programme+f.ID {
			return f.Name
		}
	}
	return ""
}

// funders are those whose territories a release takes together.
func (c *Config) funders() []exports.Funder {
	var all []exports.Funder
	for _, f := range c.Funders {
		all = append(all, exports.Funder{ID: f.ID, Name: f.Name, Labels: f.Labels})
	}
	return all
}

// sets are the sets of territories whose figures the configuration asks for.
func (c *Config) sets() []transform.Set {
	var sets []transform.Set
	for _, f := range c.Funders {
		sets = append(sets, transform.Set{ID: transform.Programme + f.ID, Territories: f.Territories})
	}
	return sets
}

const defaultConfig = `# cairn.toml: the workspace's configuration.

# Printed on the cover of every report.
programme = "%s"

# Whom a reader may write to. Printed too.
contact = "%s"

# Licence of the published data, by its name at https://opendefinition.org/licenses/api/.
licence = "etalab-2.0"

# A funder's own territories: their figures taken together, under the name « *<id> », and an impact summary.
# [[financeurs]]
# id = "fondation-x"
# nom = "Fondation X"
# territoires = ["arlenthe", "brevigny", "corvaillac"]
# libelles = { C02 = "Partenariats de confiance" }   # its own words, beside ours in its impact summary

# Who gets what, each one e-mail with his files and no others. Roles: evaluateur, association, financeur.
# [[destinataires]]
# role = "evaluateur"
# courriel = "evaluation@example.org"
# territoires = ["arlenthe", "brevigny"]   # without it: all
# [[destinataires]]
# role = "financeur"
# courriel = "suivi@fondation-x.example"
# financeur = "fondation-x"                # without it: the summary of the whole programme

# [courriel]
# expediteur = "cairn@example.org"
# referents = true                 # returns and reminders to the référents of territoires.csv
# envoyer = false                  # true: sent; false: drafts to open in a mail program, in courriels/
# serveur = "smtp.example.org:587" # STARTTLS is required
# utilisateur = "cairn@example.org"
# mot_de_passe = "smtp"            # the name of a secret: a systemd credential, or a file of this folder with mode 0600
# pieces_max_mo = 10               # of all that a letter brings: what is more is named in it, not attached

# When « cairn serve » publishes, in the time of Paris; what is written here is what is meant without it.
# [calendrier]
# provisoire = 12        # day of the following month: a provisional release, to evaluators and the association
# definitif = 20         # … and the final one
# heure = "06:00"
# synthese = [6, 12]     # months whose final release also brings the impact summary to the funders
# rappels = [-3, 1, 7]   # days from the 10th, the last day to send a workbook: a reminder to who has not
# rattrapage = 3         # months back in which what was missed is caught up
# temoin = ""            # an address that is called after each look without failure, so that silence is noticed

# For how long the answers of respondents (sheet « Principes ») are kept: « cairn forget --retention » destroys those that are older.
# [conservation]
# reponses_mois = 36     # months after the day of the answer, 12 at least; without it: for good

# A folder that others share with a sync client, such as Nextcloud's: evaluateurs/, association/, financeurs/, territoires/.
# [depot]
# dossier = "/srv/partage/cairn"
`

// Workspace is a folder that cairn works in.
//
//	cairn.toml  territoires.csv  [parametres.csv]  inbox/     made and filled by people
//	archive/  journal.jsonl                                   the truth: what was received and done
//	pseudonymes.cle                                           renames respondents in the database; for nobody's eyes
//	.cairn.lock  .cairn.serve.lock                            who writes at the moment; which service looks after it
//	cairn.duckdb  cairn.duckdb.sha256  returns/               computed: may be deleted
//	outbox/<period>/v<N>/                                     computed: the last version of a month may be deleted
//	outbox/a-date/                                            releases as known on earlier days: may be deleted
//	quarantaine/                                              the last databases that were found damaged
//	.scratch-…/                                               copies of the database that somebody works with
//	courriels/                                                drafts of letters, and the PDFs that go with them
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
	w := &Workspace{Dir: dir, Config: Config{Calendar: defaultCalendar}}
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
	if err := w.Config.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func (w *Workspace) path(name string) string { return filepath.Join(w.Dir, name) }

// belowInbox is what the journal calls a file that somebody names: by where it lies or lay, or by its path below inbox/.
func (w *Workspace) belowInbox(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		if rel, err := filepath.Rel(w.path("inbox"), abs); err == nil && filepath.IsLocal(rel) {
			file = rel
		}
	}
	return strings.TrimPrefix(filepath.ToSlash(file), "inbox/")
}

func (w *Workspace) archive() ingest.Archive { return ingest.Archive{Dir: w.path("archive")} }
func (w *Workspace) journal() (*ingest.Journal, error) {
	return ingest.OpenJournal(w.path(journalFile))
}

// pseudonymKey reads the key by which respondents are renamed, and makes it the first time. A lost key
// does no harm: the database is made again under the new one, and no figure changes.
func (w *Workspace) pseudonymKey() (transform.Key, error) {
	path := w.path("pseudonymes.cle")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key) // never fails
		data = []byte(hex.EncodeToString(key) + "\n")
		err = ingest.WriteDurably(path, data, 0o600)
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(key) < 32 {
		return nil, &hintError{fmt.Errorf("%s is not a key of 32 bytes in hexadecimal", path), "delete it: another is made, and no figure changes"}
	}
	return key, nil
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
