package jobs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing that a file says, nor its name, is a command to the terminal of who checks it.
func TestPrintable(t *testing.T) {
	t.Parallel()
	const command = "\x1b]0;pwn\a\x1b[2J\u009b31m\u202eneir\r"
	var out bytes.Buffer
	if n, err := fmt.Fprintf(printable{&out}, "« %s »\n\tÀ corriger", command); err != nil || n != len("« »\n\tÀ corriger")+1+len(command) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if got, want := out.String(), "« �]0;pwn��[2J�31m�neir� »\n\tÀ corriger"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	name := filepath.Join(t.TempDir(), "a\x1b[2J.csv")
	if err := os.WriteFile(name, []byte("a;\x1b[31m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{name, name + "x"} {
		out.Reset()
		Main([]string{"check", file}, &out, &out)
		if said := out.String(); said == "" || strings.Contains(said, "\x1b") {
			t.Errorf("cairn check says %q", said)
		}
	}
}
