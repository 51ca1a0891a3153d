package ingest

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// office converts files with LibreOffice as set up on a French computer.
type office struct{ binary, profile string }

// frenchProfile makes LibreOffice write 12,5 and 01/09/2026.
const frenchProfile = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>fr-FR</value></prop></item></oor:items>
`

func newOffice(t *testing.T) office {
	t.Helper()
	binary, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed: how it saves the template stays unproved here")
	}
	profile := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(profile, "user"), 0o755))
	must(t, os.WriteFile(filepath.Join(profile, "user", "registrymodifications.xcu"), []byte(frenchProfile), 0o644))
	return office{binary, profile}
}

// convert writes a file in another format into a new folder, which it returns.
func (o office) convert(t *testing.T, file, format string) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command(o.binary, "-env:UserInstallation=file://"+o.profile, "--headless", "--convert-to", format, "--outdir", dir, file).CombinedOutput()
	if err != nil {
		t.Fatalf("soffice: %v\n%s", err, out)
	}
	return dir
}

// TestTemplateThroughLibreOffice fills every field, has LibreOffice save the workbook in each
// format that a territory may send back, and reads the same.
func TestTemplateThroughLibreOffice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	t.Parallel()
	o, m := newOffice(t), model(t)
	xlsx := filepath.Join(t.TempDir(), "classeur.xlsx")
	var buf bytes.Buffer
	must(t, WriteTemplate(&buf, m, fullTemplate(m)))
	must(t, os.WriteFile(xlsx, buf.Bytes(), 0o644))

	ods := filepath.Join(o.convert(t, xlsx, "ods"), "classeur.ods")
	again := filepath.Join(o.convert(t, ods, "xlsx"), "classeur.xlsx")
	for _, file := range []string{ods, again} {
		data, err := os.ReadFile(file)
		must(t, err)
		sub := Parse(m, data)
		if sub.Version != TemplateVersion {
			t.Errorf("%s: version %q", filepath.Ext(file), sub.Version)
		}
		sameAsFull(t, m, sub)
	}

	// One .csv per sheet, with semicolons and in UTF-8; their names are cut down to the sheets'.
	const french = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1036,false,true,false,false,false,-1"
	dir := o.convert(t, xlsx, french)
	entries, err := os.ReadDir(dir)
	must(t, err)
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		must(t, err)
		w, err := z.Create(strings.TrimPrefix(entry.Name(), "classeur-"))
		must(t, err)
		_, err = w.Write(data)
		must(t, err)
	}
	must(t, z.Close())
	if len(entries) != len(Tables)+3 {
		t.Errorf("%d sheets in .csv", len(entries))
	}
	sameAsFull(t, m, Parse(m, zipped.Bytes()))
}
