package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Archive keeps every received byte, once, under the SHA-256 of the content: sha256/ab/abcd….
// Files are read-only, and never replaced or removed unless they are to be forgotten.
type Archive struct{ Dir string }

// Put stores data and returns its digest in hexadecimal. An original that is there but damaged is written again.
func (a Archive) Put(data []byte) (string, error) {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	if _, err := a.Get(digest); err == nil {
		return digest, SyncDir(filepath.Dir(a.path(digest))) // whoever wrote it may have been stopped before its own sync
	}
	if err := WriteDurably(a.path(digest), data, 0o444); err != nil {
		return "", fmt.Errorf("archive %s: %w", digest, err)
	}
	return digest, nil
}

// sync makes durable the names of the archive's folders, which a process that was killed may have made and not synced.
func (a Archive) sync() error {
	for _, dir := range []string{filepath.Dir(a.Dir), a.Dir, filepath.Join(a.Dir, "sha256")} {
		if err := SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return fmt.Errorf("archive: %w", err)
		}
	}
	return nil
}

// Get reads an original back and checks that its bytes are still those of its digest.
func (a Archive) Get(digest string) ([]byte, error) {
	if len(digest) != 2*sha256.Size {
		return nil, fmt.Errorf("archive: %q is no digest", digest)
	}
	data, err := os.ReadFile(a.path(digest))
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("archive: %s is damaged: its bytes have another digest", a.path(digest))
	}
	return data, nil
}

// Destroy removes originals. What is not there is no error.
func (a Archive) Destroy(digests []string) error {
	for _, digest := range digests {
		if err := RemoveDurably(a.path(digest)); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
	}
	return nil
}

// Keep destroys all that is not named: also what a process that was stopped had put there, before a line said so.
func (a Archive) Keep(named map[string]bool) error {
	found, err := filepath.Glob(filepath.Join(a.Dir, "sha256", "*", "*"))
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	for _, path := range found {
		if !named[filepath.Base(path)] {
			if err := RemoveDurably(path); err != nil {
				return fmt.Errorf("archive: %w", err)
			}
		}
	}
	return nil
}

func (a Archive) path(digest string) string {
	return filepath.Join(a.Dir, "sha256", digest[:2], digest)
}
