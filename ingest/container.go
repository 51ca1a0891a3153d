package ingest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
)

// The bounds of a zipped workbook, counted on what is really inflated: what the file declares is
// only compared afterwards.
const (
	maxEntries   = 2000
	maxInflated  = 512 << 20 // bytes of all parts together, each time one is read
	freeInflated = 8 << 20   // bytes before the ratio is looked at
	maxRatio     = 200       // inflated bytes for one compressed byte, all parts together
	maxSheets    = 256       // sheets of a workbook
	maxTexts     = 64 << 20  // bytes of texts that cells may give: shared ones count once, others each time
)

// Why a container is refused.
var (
	errBomb      = errors.New("the file expands beyond all measure")
	errDuplicate = errors.New("two parts of the file have the same name")
)

// container is a zip file, guarded: sizes, ratios, checksums and names.
type container struct {
	data          []byte
	parts         map[string]*zip.File // by folded name
	names         []string             // folded, in the file's order
	raw, inflated int64                // bytes read so far
	texts         textBudget
}

// textBudget counts the bytes of texts handed out, which whoever reads them may keep.
type textBudget int

func (t *textBudget) spend(n int) error {
	if *t += textBudget(n); *t > maxTexts {
		return errBomb
	}
	return nil
}

// openContainer lists the parts. Names are compared without case, with / as separator: a file in
// which two programs could each see another part is refused.
func openContainer(data []byte) (*container, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("%d parts: %w", len(z.File), errBomb)
	}
	c := &container{data: data, parts: map[string]*zip.File{}}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		name := partName(f.Name)
		if c.parts[name] != nil {
			return nil, fmt.Errorf("%s: %w", name, errDuplicate)
		}
		c.parts[name] = f
		c.names = append(c.names, name)
	}
	return c, nil
}

// partName is the name by which parts are compared.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/"))
}

// open starts inflating a part. What it yields is complete and sound only when it ends with io.EOF.
func (c *container) open(name string) (io.ReadCloser, error) {
	f := c.parts[partName(name)]
	if f == nil {
		return nil, fmt.Errorf("part %s is missing", name)
	}
	if f.Flags&1 != 0 {
		return nil, errProtected
	}
	start, err := f.DataOffset()
	if err != nil {
		return nil, err
	}
	if uint64(start) > uint64(len(c.data)) || f.CompressedSize64 > uint64(len(c.data))-uint64(start) {
		return nil, fmt.Errorf("part %s: %w", f.Name, io.ErrUnexpectedEOF)
	}
	p := &partReader{c: c, file: f, sum: crc32.NewIEEE()}
	p.raw.Reset(c.data[start : uint64(start)+f.CompressedSize64]) // of a bytes.Reader flate takes no byte too many
	switch f.Method {
	case zip.Store:
		p.r = &p.raw
	case zip.Deflate:
		p.inflater = inflaters.Get().(io.ReadCloser)
		if err := p.inflater.(flate.Resetter).Reset(&p.raw, nil); err != nil {
			return nil, err
		}
		p.r = p.inflater
	default:
		return nil, fmt.Errorf("part %s: compression method %d is unknown", name, f.Method)
	}
	return p, nil
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// partReader inflates one part and checks it on the way.
type partReader struct {
	c        *container
	file     *zip.File
	raw      bytes.Reader
	r        io.Reader
	inflater io.ReadCloser
	sum      hash.Hash32
	n        int64
}

func (p *partReader) Read(b []byte) (int, error) {
	left := p.raw.Len()
	n, err := p.r.Read(b)
	p.c.raw += int64(left - p.raw.Len())
	p.sum.Write(b[:n])
	p.n += int64(n)
	p.c.inflated += int64(n)
	if p.c.inflated > maxInflated || p.c.inflated > freeInflated && p.c.inflated > maxRatio*p.c.raw {
		return 0, errBomb
	}
	if err == io.EOF {
		if uint64(p.n) != p.file.UncompressedSize64 || p.sum.Sum32() != p.file.CRC32 {
			return 0, fmt.Errorf("part %s: its size or checksum is not the declared one", p.file.Name)
		}
		return n, io.EOF
	}
	if err != nil {
		return 0, fmt.Errorf("part %s: %w", p.file.Name, err)
	}
	return n, nil
}

func (p *partReader) Close() error {
	if p.inflater != nil {
		inflaters.Put(p.inflater)
		p.inflater = nil
	}
	return nil
}
