package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

const contentTypes = "[Content_Types].xml"

// zipEpoch is the earliest time that a zip entry can carry.
var zipEpoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Save writes a workbook so that the same content always has the same bytes: excelize writes the parts and
// the content types in an order that changes from run to run. The content types come first and the
// relations next, as readers expect; then the parts by name. mend, unless nil, gives each part its last form.
func Save(w io.Writer, f *excelize.File, mend func(name string, data []byte) ([]byte, error)) error {
	parts, err := partsOf(f, mend)
	if err != nil {
		return err
	}
	return pack(w, parts, nil)
}

// partsOf are the parts that excelize makes. The theme, which it would write again from what it read, is left as it is.
func partsOf(f *excelize.File, mend func(name string, data []byte) ([]byte, error)) ([]*piece, error) {
	f.Theme = nil
	z := &partsZip{}
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return z })
	if err := f.Write(io.Discard); err != nil {
		return nil, fmt.Errorf("write workbook: %w", err)
	}
	for _, p := range z.parts {
		if mend == nil {
			break
		}
		var err error
		if p.data, err = mend(p.name, p.data); err != nil {
			return nil, fmt.Errorf("mend %s: %w", p.name, err)
		}
	}
	return z.parts, nil
}

// piece is a file within a workbook.
type piece struct {
	name string
	data []byte
}

// pack writes the parts in their order and sets no time. Those that original, unless nil, finds in a file are copied
// from there, compressed.
func pack(w io.Writer, parts []*piece, original func(*piece) *zip.File) error {
	slices.SortFunc(parts, func(a, b *piece) int {
		return cmp.Or(cmp.Compare(partRank(a.name), partRank(b.name)), strings.Compare(a.name, b.name))
	})
	out := zip.NewWriter(w)
	out.RegisterCompressor(zip.Deflate, compressor)
	for _, p := range parts {
		if err := p.write(out, original); err != nil {
			return fmt.Errorf("pack %s: %w", p.name, err)
		}
	}
	return out.Close()
}

func (p *piece) write(out *zip.Writer, original func(*piece) *zip.File) error {
	header := &zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: zipEpoch}
	if p.name == contentTypes {
		p.data = sortContentTypes(p.data)
	}
	switch {
	case original == nil && p.unchanging(): // what differs from an original is of that one alone
		return p.writeKept(out, header)
	case original != nil:
		if file := original(p); file != nil {
			header.Method = file.Method
			return copyRaw(out, header, file)
		}
	}
	w, err := out.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = w.Write(p.data)
	return err
}

// is reports whether a file of a zip holds the part. That has been read and checked: a part of its size and checksum
// is either that one, or one that its sender has made to look so, for himself.
func (p *piece) is(file *zip.File) bool {
	return file.UncompressedSize64 == uint64(len(p.data)) && file.CRC32 == crc32.ChecksumIEEE(p.data)
}

func copyRaw(out *zip.Writer, header *zip.FileHeader, from *zip.File) error {
	header.CRC32, header.UncompressedSize64, header.CompressedSize64 = from.CRC32, from.UncompressedSize64, from.CompressedSize64
	r, err := from.OpenRaw()
	if err != nil {
		return err
	}
	w, err := out.CreateRaw(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

// unchanging reports whether a part is mostly the same in each workbook of a kind: its compressed
// form is kept.
func (p *piece) unchanging() bool {
	return strings.HasPrefix(p.name, "xl/comments") || strings.HasPrefix(p.name, "xl/drawings/vmlDrawing") || strings.HasPrefix(p.name, "xl/theme/") || p.name == "xl/styles.xml"
}

// deflated are parts that were compressed before, by the digest of what they hold.
var deflated sync.Map

type deflatedPart struct {
	data []byte
	crc  uint32
}

func (p *piece) writeKept(out *zip.Writer, header *zip.FileHeader) error {
	digest := sha256.Sum256(p.data)
	found, ok := deflated.Load(digest)
	if !ok {
		var buf bytes.Buffer
		c, err := compressor(&buf)
		if err != nil {
			return err
		}
		if _, err := c.Write(p.data); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
		found = deflatedPart{buf.Bytes(), crc32.ChecksumIEEE(p.data)}
		deflated.Store(digest, found)
	}
	kept := found.(deflatedPart)
	header.CRC32, header.UncompressedSize64, header.CompressedSize64 = kept.crc, uint64(len(p.data)), uint64(len(kept.data))
	w, err := out.CreateRaw(header)
	if err != nil {
		return err
	}
	_, err = w.Write(kept.data)
	return err
}

// compressors are kept: a new one costs as much as compressing a small workbook.
var compressors = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // the level is right: it cannot fail
	return w
}}

// compressor deflates a part twice as fast as the standard library.
func compressor(w io.Writer) (io.WriteCloser, error) {
	c := compressors.Get().(*flate.Writer)
	c.Reset(w)
	return &pooledCompressor{c}, nil
}

type pooledCompressor struct{ *flate.Writer }

func (c *pooledCompressor) Close() error {
	err := c.Writer.Close()
	compressors.Put(c.Writer)
	c.Writer = nil
	return err
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

// sortContentTypes sorts the entries, the <Default> before the <Override>, as excelize writes them:
// each an element with its end tag.
func sortContentTypes(data []byte) []byte {
	first := bytes.Index(data, []byte("<Default"))
	if override := bytes.Index(data, []byte("<Override")); first < 0 || override >= 0 && override < first {
		first = override
	}
	last := bytes.LastIndex(data, []byte("</Types>"))
	if first < 0 || last < first {
		return data
	}
	elements := splitBefore(string(data[first:last]), "<Default", "<Override")
	slices.Sort(elements)
	return slices.Concat(data[:first], []byte(strings.Join(elements, "")), data[last:])
}

// splitBefore cuts a text where one of two words begins.
func splitBefore(text, a, b string) []string {
	var parts []string
	start := 0
	for i := 1; i < len(text); i++ {
		if text[i] == '<' && (strings.HasPrefix(text[i:], a) || strings.HasPrefix(text[i:], b)) {
			parts = append(parts, text[start:i])
			start = i
		}
	}
	return append(parts, text[start:])
}

// partsZip is an excelize zip writer that only keeps the parts, for pack to write.
type partsZip struct{ parts []*piece }

func (z *partsZip) Create(name string) (io.Writer, error) {
	z.parts = append(z.parts, &piece{name: name})
	return z.parts[len(z.parts)-1], nil
}

func (p *piece) Write(data []byte) (int, error) {
	p.data = append(p.data, data...)
	return len(data), nil
}

func (z *partsZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

func (z *partsZip) Close() error { return nil }
