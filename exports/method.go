package exports

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// methodFile says which program and method a release was made with.
const methodFile = "methode.json"

type methodJSON struct {
	Code    string `json:"code"`
	Methode string `json:"methode"` // digest of the files beside it
	Lecteur string `json:"lecteur"` // version of the readers of workbooks
}

const methodReadme = `Ce dossier dit comment les chiffres de cette publication ont été calculés.

lecture/      les tables du classeur mensuel : champs, listes de codes, contraintes, diffusion (Table Schema)
construction/ les requêtes qui passent des classeurs aux tables, et les contrôles entre classeurs
indicateurs/  un fichier par indicateur : sa définition, ce qu’il compte, ses limites, sa requête
publication/  les requêtes et les descriptions des fichiers publiés
parametres.csv, methode.json : les paramètres en vigueur, la version du programme et l’empreinte de la méthode
`

// methodPart is a folder of methode/.
type methodPart struct {
	name  string
	files fs.FS
}

func methodParts() []methodPart {
	return []methodPart{
		{"lecture", ingest.Method()}, {"construction", transform.Method()}, {"indicateurs", indicators.Method()}, {"publication", files},
	}
}

// eachMethodFile hands over every file of the method in one order, by its path below methode/.
func eachMethodFile(each func(name string, data []byte) error) error {
	for _, part := range methodParts() {
		err := fs.WalkDir(part.files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(part.files, name)
			if err != nil {
				return err
			}
			return each(path.Join(part.name, name), data)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// MethodDigest identifies all that turns the same originals into these figures and files.
func MethodDigest() string {
	hash := sha256.New()
	fmt.Fprintln(hash, ingest.ReaderVersion)
	eachMethodFile(func(name string, data []byte) error { // embedded: cannot fail
		_, err := fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil))
}

// writeMethod writes methode/.
func writeMethod(r Release, dir string) error {
	write := func(name string, data []byte) error {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, data, 0o644)
	}
	if err := eachMethodFile(write); err != nil {
		return err
	}
	version, err := encodeJSON(methodJSON{r.Code, MethodDigest(), ingest.ReaderVersion})
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{methodFile: version, "parametres.csv": r.Parameters, "LISEZMOI.txt": []byte(methodReadme)} {
		if err := write(name, data); err != nil {
			return err
		}
	}
	return nil
}

// MethodArchive is methode/ but for the parameters, as a zip: the same method gives the same bytes.
func MethodArchive(code string) ([]byte, error) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	add := func(name string, data []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}
	version, err := encodeJSON(methodJSON{code, MethodDigest(), ingest.ReaderVersion})
	if err == nil {
		err = add(methodFile, version)
	}
	if err == nil {
		err = eachMethodFile(add)
	}
	err = errors.Join(err, z.Close())
	return packed.Bytes(), err
}

// Method is a method that was kept: the version of the program, and the definitions of the indicators by their codes.
type Method struct {
	Code        string
	Definitions map[string]string
}

// ReadMethod reads a MethodArchive.
func ReadMethod(data []byte) (m Method, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return m, fmt.Errorf("read the method: %w", err)
	}
	m.Definitions = map[string]string{}
	for _, f := range z.File {
		text, err := fs.ReadFile(z, f.Name)
		if err != nil {
			return m, fmt.Errorf("read the method: %w", err)
		}
		var version methodJSON
		if f.Name == methodFile {
			if err := json.Unmarshal(text, &version); err != nil {
				return m, fmt.Errorf("read the method: %s: %w", f.Name, err)
			}
			m.Code = version.Code
		}
		if dir, name := path.Split(f.Name); dir == "indicateurs/catalogue/" {
			id, _, _ := strings.Cut(name, "_")
			m.Definitions[id] = string(text)
		}
	}
	return m, nil
}
