package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

const contentTypes = "[Content_Types].xml"

// zipEpoch is the earliest time that a zip entry can carry.
var zipEpoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Repack writes a workbook again so that the same content always has the same bytes: excelize
// writes the parts and the content types in an order that changes from run to run. The content
// types come first and the relations next, as readers expect; then the parts by name.
func Repack(w io.Writer, xlsx []byte) error {
	in, err := zip.NewReader(bytes.NewReader(xlsx), int64(len(xlsx)))
	if err != nil {
		return fmt.Errorf("repack workbook: %w", err)
	}
	files := slices.SortedFunc(slices.Values(in.File), func(a, b *zip.File) int {
		return cmp.Or(cmp.Compare(partRank(a.Name), partRank(b.Name)), strings.Compare(a.Name, b.Name))
	})
	out := zip.NewWriter(w)
	for _, file := range files {
		if err := repackPart(out, file); err != nil {
			return fmt.Errorf("repack %s: %w", file.Name, err)
		}
	}
	return out.Close()
}

func partRank(name string) int {
	switch name {
	case contentTypes:
		return 0
	case "_rels/.rels":
		return 1
	}
	return 2
}

func repackPart(out *zip.Writer, file *zip.File) error {
	r, err := file.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if file.Name == contentTypes {
		data = sortContentTypes(data)
	}
	part, err := out.CreateHeader(&zip.FileHeader{Name: file.Name, Method: zip.Deflate, Modified: zipEpoch})
	if err != nil {
		return err
	}
	_, err = part.Write(data)
	return err
}

// typeElement is one entry of [Content_Types].xml, as excelize writes it.
var typeElement = regexp.MustCompile(`<(Default|Override)\b[^>]*?(/>|></(Default|Override)>)`)

// sortContentTypes sorts the entries, the <Default> before the <Override>.
func sortContentTypes(data []byte) []byte {
	at := typeElement.FindAllIndex(data, -1)
	if len(at) == 0 {
		return data
	}
	elements := make([]string, len(at))
	for i, span := range at {
		elements[i] = string(data[span[0]:span[1]])
	}
	slices.Sort(elements)
	first, last := at[0][0], at[len(at)-1][1]
	return slices.Concat(data[:first], []byte(strings.Join(elements, "")), data[last:])
}

// storeZip is an excelize zip writer that does not compress: Repack does, once.
type storeZip struct{ *zip.Writer }

func (z storeZip) Create(name string) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
}

func (z storeZip) AddFS(fsys fs.FS) error { return z.Writer.AddFS(fsys) }
