package exports

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// What is no plain file in a folder that comes from anybody is not opened: a named pipe would be waited for without end.
func TestOpenReleaseOpensPlainFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "file"), []byte("plain"), 0o644), os.Mkdir(filepath.Join(dir, "folder"), 0o755),
		syscall.Mkfifo(filepath.Join(dir, "folder", "pipe"), 0o644), os.Symlink("folder/pipe", filepath.Join(dir, "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	files, done, err := OpenRelease(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if data, err := fs.ReadFile(files, "file"); err != nil || string(data) != "plain" {
		t.Errorf("file: %q, %v", data, err)
	}
	if all, err := fs.ReadDir(files, "folder"); err != nil || len(all) != 1 {
		t.Errorf("folder: %v, %v", all, err)
	}
	for _, name := range []string{"folder/pipe", "link"} {
		read := make(chan error, 1)
		go func() {
			_, err := fs.ReadFile(files, name)
			read <- err
		}()
		select {
		case err := <-read:
			if err == nil {
				t.Errorf("%s was read", name)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s is waited for", name)
		}
	}
}
