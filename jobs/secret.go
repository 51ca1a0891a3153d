package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secret is a text that no log, message or JSON shows.
type secret string

func (secret) String() string               { return "[secret]" }
func (secret) GoString() string             { return "[secret]" }
func (secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// secret reads a secret by its name: a credential that systemd passes, or else a file of the workspace that only its
// owner may read.
func (w *Workspace) secret(name string) (secret, error) {
	if name != filepath.Base(name) {
		return "", fmt.Errorf("secret %q: a name, not a path", name)
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir != "" {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return secret(strings.TrimSpace(string(data))), err
		}
	}
	path := w.path(name)
	info, err := os.Stat(path)
	if err != nil {
		return "", &hintError{fmt.Errorf("secret: %w", err), "write it into that file, for its owner alone: chmod 600 " + path}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", &hintError{fmt.Errorf("secret %s: others than its owner may read it (%v)", path, info.Mode().Perm()), "chmod 600 " + path}
	}
	data, err := os.ReadFile(path)
	return secret(strings.TrimSpace(string(data))), err
}
