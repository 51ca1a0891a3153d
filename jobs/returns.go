package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"cairn/exports"
	"cairn/ingest"
	"cairn/transform"
)

// The returns of a workspace are a projection: returns/.index.json tells of each what it was made from,
// and one that is missing or would say something else is written again.
const returnIndex = ".index.json"

// returnsMade is what stands in the folder of returns.
type returnsMade struct {
	Built   string            // the key of the database that they were last brought up to
	Digests map[string]string // of each, by its path: returnDigest
}

// whole reports whether each return is still where it was put.
func (made *returnsMade) whole(dir string) bool {
	for path := range made.Digests {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			return false
		}
	}
	return true
}

// writeReturns brings the folder of returns up to the database.
func (r *run) writeReturns(db *transform.Warehouse) error {
	dir := r.workspace.path("returns")
	var index returnsMade
	data, err := os.ReadFile(filepath.Join(dir, returnIndex))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if json.Unmarshal(data, &index) != nil {
			index = returnsMade{} // all are written again
		}
	}
	built, err := db.BuiltFrom(r.ctx)
	if err != nil || built.Key == index.Built && index.whole(dir) {
		return err
	}
	all, err := exports.Returns(r.ctx, db)
	if err != nil {
		return err
	}
	names := map[string]string{} // by original
	for _, e := range r.state.Receptions {
		names[e.Original] = path.Base(e.Path)
	}
	var stale []*exports.Return
	kept := map[string]string{}
	for _, ret := range all {
		if ret.Rejected {
			ret.File = names[ret.Original]
		}
		name, digest := ret.Path(), returnDigest(ret)
		kept[name] = digest
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil || index.Digests[name] != digest {
			stale = append(stale, ret)
		}
	}
	index.Built = "" // whoever comes after a run that was stopped knows which are not to be trusted
	if index.Digests == nil {
		index.Digests = map[string]string{}
	}
	for _, ret := range stale {
		index.Digests[ret.Path()] = ""
	}
	if err := index.write(dir); err != nil {
		return err
	}
	if err := r.encodeReturns(db, dir, stale); err != nil {
		return err
	}
	for path := range index.Digests {
		if kept[path] == "" { // a submission that was withdrawn, or a month corrected on the cover
			if err := ingest.RemoveDurably(filepath.Join(dir, path)); err != nil {
				return err
			}
		}
	}
	if len(stale) > 0 {
		fmt.Fprintf(r.stdout, "returns: %d written in %s\n", len(stale), dir)
	}
	return (&returnsMade{built.Key, kept}).write(dir)
}

func (made *returnsMade) write(dir string) error {
	encoded, err := json.MarshalIndent(made, "", " ")
	if err != nil {
		return err
	}
	return ingest.WriteDurably(filepath.Join(dir, returnIndex), encoded, 0o644)
}

// returnDigest identifies what a return says but for the month's figures, which later files may move: they are
// read when it is written.
func returnDigest(r *exports.Return) string {
	hash := sha256.New()
	json.NewEncoder(hash).Encode(r)
	fmt.Fprint(hash, Version)
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// atOnce is of how many returns the figures are read together; those of twice as many are in memory.
const atOnce = 100

// encodeReturns makes returns, month after month, on every core; while some are made the figures of the next are read.
func (r *run) encodeReturns(db *transform.Warehouse, dir string, all []*exports.Return) error {
	bar := r.progress("writing returns")
	defer bar.end()
	slices.SortStableFunc(all, func(a, b *exports.Return) int { return a.Periode.Compare(b.Periode) })
	done := 0
	var report sync.Mutex
	chunks := slices.Collect(slices.Chunk(all, atOnce))
	read := func(i int) error {
		if i == len(chunks) {
			return nil
		}
		return exports.ReadReturnFigures(r.ctx, db, chunks[i])
	}
	if err := read(0); err != nil {
		return err
	}
	for i, some := range chunks {
		err := ingest.Together(
			func() error { return read(i + 1) },
			func() error {
				return ingest.EachWritten(len(some), func(i int) error {
					err := r.encodeReturn(dir, some[i])
					some[i].Figures = nil
					report.Lock()
					defer report.Unlock()
					done++
					bar.set(done, len(all))
					return err
				})
			},
		)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) encodeReturn(dir string, ret *exports.Return) error {
	original, err := r.workspace.archive().Get(ret.Original)
	if err != nil {
		return err
	}
	data, err := ret.Encode(r.model, original)
	if err != nil {
		return fmt.Errorf("return %s: %w", ret.Path(), err)
	}
	return ingest.WriteDurably(filepath.Join(dir, ret.Path()), data, 0o644)
}
