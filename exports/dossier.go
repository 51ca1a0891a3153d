package exports

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
)

// Dossiers lists the sets of territories for which a release has something to give to a funder: « * » first.
func Dossiers(files fs.FS) ([]string, error) {
	m, _, err := readManifest(files)
	if err != nil {
		return nil, err
	}
	var sets []string
	for _, f := range m.Fichiers {
		if set, impact := impactOf(f.Chemin); impact && !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	slices.Sort(sets)
	return sets, nil
}

func readManifest(files fs.FS) (m manifestJSON, digest string, err error) {
	data, err := readAll(files, manifestFile, maxManifest)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return m, "", fmt.Errorf("read the manifest: %w", err)
	}
	return m, sha256Hex(data), nil
}

// impactOf is the set of territories whose impact summary a file is.
func impactOf(file string) (set string, impact bool) {
	dir, name := path.Split(file)
	parts := strings.Split(strings.TrimSuffix(name, path.Ext(name)), "_") // month, maybe the funder, « impact »
	switch {
	case dir != impactDir+"/" || parts[len(parts)-1] != "impact":
		return "", false
	case len(parts) == 3:
		return indicators.Programme + parts[1], true
	}
	return indicators.Programme, len(parts) == 2
}

// DossierName is the name of a dossier's file, without « .zip »: that of the folder in it.
func DossierName(period string, version int, set string) string {
	whose := strings.TrimPrefix(set, indicators.Programme)
	if whose == "" {
		whose = "programme"
	}
	return fmt.Sprintf("%s_v%d_%s_dossier", period, version, whose)
}

// WriteDossier writes what a release has for the funder of a set of territories, as one zip: its impact summary, the open
// data, the method, and a manifest of its own, which names that of the release. Nothing that is for others is in it. The
// same release gives the same bytes.
func WriteDossier(files fs.FS, set string, to io.Writer) error {
	m, digest, err := readManifest(files)
	if err != nil {
		return err
	}
	m.Dossier, m.Publication = set, digest
	chosen := map[string][]byte{"LISEZMOI.txt": []byte(typo(dossierReadme))}
	for _, f := range m.Fichiers {
		whose, impact := impactOf(f.Chemin)
		if !(impact && whose == set) && !strings.HasPrefix(f.Chemin, dataDir+"/") && !strings.HasPrefix(f.Chemin, MethodDir+"/") {
			continue
		}
		data, err := readAll(files, f.Chemin, maxReleaseBytes)
		if err != nil {
			return fmt.Errorf("write a dossier: %w", err)
		}
		if sha256Hex(data) != f.SHA256 {
			return fmt.Errorf("write a dossier: %s is not as it was published", f.Chemin)
		}
		chosen[f.Chemin] = data
	}
	m.Fichiers = nil
	for name, data := range chosen {
		m.Fichiers = append(m.Fichiers, fileJSON{name, int64(len(data)), sha256Hex(data)})
	}
	slices.SortFunc(m.Fichiers, func(a, b fileJSON) int { return strings.Compare(a.Chemin, b.Chemin) })
	if !slices.ContainsFunc(m.Fichiers, func(f fileJSON) bool { _, impact := impactOf(f.Chemin); return impact }) {
		return fmt.Errorf("write a dossier: the release has no impact summary of %q", set)
	}
	manifest, err := encodeJSON(m)
	if err != nil {
		return err
	}
	z := zip.NewWriter(to)
	top := DossierName(m.Periode, m.Version, set)
	write := func(name string, data []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: path.Join(top, name), Method: zip.Deflate, Modified: packedAt})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}
	if err := write(manifestFile, manifest); err != nil {
		return err
	}
	for _, f := range m.Fichiers {
		if err := write(f.Chemin, chosen[f.Chemin]); err != nil {
			return err
		}
	}
	return z.Close()
}

// packedAt is when every file of a dossier is said to be from: no clock makes two of them differ.
var packedAt = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

const dossierReadme = `Ce dossier contient ce qu’une publication a pour un financeur.

financeurs/    la synthèse d’impact, à lire ou à imprimer (.html), et ses chiffres en classeur (.xlsx)
donnees/       les données ouvertes, en Parquet et en CSV ; commencez par LISEZMOI.md
methode/       les définitions, les requêtes et les paramètres qui ont donné ces chiffres
manifest.json  l’empreinte SHA-256 de chaque fichier, et celle de la publication dont le dossier est tiré

Pour le vérifier, sur n’importe quelle machine et sans rien demander à personne :

    cairn verify (ce dossier, ou le .zip)

La commande dit « identique », ou nomme chaque fichier et chaque chiffre qui diffère ; elle dit aussi ce qu’elle a recalculé et ce qu’elle ne peut pas recalculer ici.
Comparez l’empreinte du manifeste qu’elle affiche à celle que vous donne l’émetteur : c’est elle qui dit que le dossier entier est le sien.
`
