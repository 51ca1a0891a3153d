package exports

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// The bounds of a release that comes from elsewhere.
const (
	maxReleaseFiles = 20_000
	maxReleaseBytes = 2 << 30 // of all files together, once inflated
	maxManifest     = 64 << 20
)

// OpenRelease opens a release that may come from anybody: its folder, or a zip of it such as a dossier. Nothing is
// unpacked on the disk, and nothing outside of the folder is followed.
func OpenRelease(file string) (files fs.FS, done func() error, err error) {
	about, err := os.Stat(file)
	if err != nil {
		return nil, nil, fmt.Errorf("open release: %w", err)
	}
	if about.IsDir() {
		root, err := os.OpenRoot(file)
		if err != nil {
			return nil, nil, fmt.Errorf("open release: %w", err)
		}
		return plainFS{root.FS()}, root.Close, nil
	}
	if !about.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("open release: %s is neither a folder nor a file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, fmt.Errorf("open release: %w", err)
	}
	if files, err = OpenZip(f, about.Size()); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open release: %s: %w", file, err), f.Close())
	}
	return files, f.Close, nil
}

// plainFS opens plain files and folders alone, and looks first: to open a named pipe waits for who writes into it.
type plainFS struct{ fs.FS }

func (f plainFS) Open(name string) (fs.File, error) {
	about, err := fs.Stat(f.FS, name)
	if err == nil && !about.Mode().IsRegular() && !about.IsDir() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("it is no plain file")}
	}
	if err != nil {
		return nil, err
	}
	return f.FS.Open(name)
}

// OpenZip opens a zipped release, in the zip's root or in its only folder. What the zip says of sizes is held to by its
// reader; what it says of names is held to here: every name is a plain path of a plain file, and no two are alike
// where upper and lower case are.
func OpenZip(from io.ReaderAt, size int64) (fs.FS, error) {
	z, err := zip.NewReader(from, size)
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxReleaseFiles {
		return nil, fmt.Errorf("%d files are too many", len(z.File))
	}
	seen := map[string]bool{}
	var total uint64
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		folded := strings.ToLower(name)
		total += f.UncompressedSize64
		switch {
		case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
			return nil, fmt.Errorf("%q is no path below a folder", f.Name)
		case seen[folded]:
			return nil, fmt.Errorf("%q is there twice", f.Name)
		case !f.Mode().IsRegular() && !f.Mode().IsDir(), f.Flags&1 != 0:
			return nil, fmt.Errorf("%q is no plain file", f.Name)
		case f.UncompressedSize64 > maxReleaseBytes || total > maxReleaseBytes:
			return nil, errors.New("it would expand beyond all measure")
		}
		seen[folded] = true
	}
	if _, err := fs.Stat(z, manifestFile); err == nil {
		return z, nil
	}
	top, err := fs.ReadDir(z, ".")
	if err != nil {
		return nil, err
	}
	if len(top) != 1 || !top[0].IsDir() {
		return z, nil // without a manifest: who reads it says so
	}
	return fs.Sub(z, top[0].Name())
}

// readAll reads a file of a release up to a size.
func readAll(files fs.FS, name string, limit int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !about.Mode().IsRegular() || about.Size() > limit {
		return nil, fmt.Errorf("%s: no plain file of at most %d bytes", name, limit)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return data, err
}

// subFS is a folder of a release.
func subFS(files fs.FS, dir ...string) (fs.FS, error) { return fs.Sub(files, path.Join(dir...)) }
