package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// report says what is, or would be, destroyed, and what is out of reach.
func (f *forgetting) report() error {
	p := func(format string, args ...any) { fmt.Fprintf(f.out, format+"\n", args...) }
	if f.command.DryRun {
		p("Essai à blanc\u00a0: rien n’est touché. Les fichiers de inbox/ qui ne sont pas encore reçus ne sont pas comptés.")
	}
	p("Classeurs détruits\u00a0: %d", len(f.destroyed))
	for _, o := range f.byPath(maps.Keys(f.destroyed)) {
		p("  inbox/%s", f.paths[o])
	}
	p("Classeurs réécrits sans ces données\u00a0: %d", len(f.written))
	for _, o := range f.byPath(maps.Keys(f.written)) {
		p("  inbox/%s%s", f.paths[o], f.counted(o))
	}
	months := f.reissued()
	p("Publications détruites et refaites\u00a0: %s", cmp.Or(strings.Join(months, ", "), "aucune"))
	p("Lignes du journal privées de leurs mots\u00a0: %d", len(f.silenced()))
	if len(f.words) > 0 {
		p("Noms cherchés\u00a0: «\u00a0%s\u00a0»", strings.Join(f.words, "\u00a0», «\u00a0"))
	}
	p("Détruits aussi\u00a0: les mêmes fichiers dans inbox/, les brouillons de courriels/, les bases écartées de quarantaine/, outbox/a-date/")
	copies, err := f.delivered(months)
	if err != nil {
		return err
	}
	p("Copies déjà remises, hors d’atteinte, à faire détruire\u00a0: %d", len(copies))
	for _, c := range copies {
		p("  %s", c)
	}
	p("À faire par vous\u00a0: refaire chaque sauvegarde (cairn backup dans le même dossier y détruit la même chose) et détruire les autres,")
	p("instantanés de disque compris\u00a0; demander à qui a rempli les classeurs d’effacer aussi ses copies, sans quoi le prochain envoi les rapporte.")
	return nil
}

func (f *forgetting) byPath(originals iter.Seq[string]) []string {
	return slices.SortedFunc(originals, func(a, b string) int {
		return strings.Compare(f.paths[a]+"\n"+a, f.paths[b]+"\n"+b)
	})
}

// counted says how many rows of each table go.
func (f *forgetting) counted(original string) string {
	var parts []string
	for _, table := range ingest.Tables {
		if n := len(f.redactions[original].Rows[table]); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", f.model.Schemas[table].Title, plural(n, "ligne", "lignes")))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "\u00a0: " + strings.Join(parts, ", ")
}

// delivered are the copies that have left: letters, by the journal, and the files of the shared folder.
func (f *forgetting) delivered(months []string) ([]string, error) {
	var all []string
	touched := f.touched()
	territories := map[string]bool{}
	for o := range touched {
		territories[f.subs[o].Territoire] = true
	}
	outcome := map[string]string{outcomeIntended: "peut-être parti", outcomeDrafted: "brouillon, peut-être envoyé", outcomeSent: "envoyé"}
	last := map[string]ingest.Entry{}
	for _, e := range f.journal.Entries() {
		if e.Type == ingest.EntryDelivery && (touched[e.Original] || e.Original == "" && e.Version > 0 && slices.Contains(months, e.Period)) {
			last[e.Letter] = e
		}
	}
	for _, e := range last {
		if outcome[e.Outcome] != "" {
			about := e.Period
			if e.Version > 0 {
				about += fmt.Sprintf(" v%d", e.Version)
			}
			all = append(all, fmt.Sprintf("courriel à %s, %s, %s, le %s", e.Recipient, about, outcome[e.Outcome], e.At.In(transform.Paris).Format(time.DateOnly)))
		}
	}
	root := f.workspace.Config.Drop.Dir
	if root == "" {
		slices.Sort(all)
		return all, nil
	}
	if !filepath.IsAbs(root) {
		root = f.workspace.path(root)
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		parts := strings.Split(filepath.ToSlash(rel), "/")
		holds := parts[0] == "territoires" && len(parts) > 1 && territories[parts[1]]
		for _, month := range months {
			holds = holds || slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(part, month+"_v") })
		}
		if holds {
			all = append(all, path)
		}
		return err
	})
	slices.Sort(all)
	if errors.Is(err, fs.ErrNotExist) {
		all, err = append(all, "le dossier partagé "+root+", qui n’est pas monté"), nil
	}
	return all, err
}
