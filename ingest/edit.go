package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Edited is a workbook of which excelize changes some parts. It is given those alone: the others stay as the file holds
// them, compressed, and are not read.
type Edited struct {
	*excelize.File
	parts map[string]*zip.File // of the file, by their names as excelize has them
	left  map[string]bool      // those of which excelize has but the names
}

// What excelize has for a part that is left.
const (
	emptySheet   = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>`
	emptyStrings = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>`
	stringsPart  = "xl/sharedStrings.xml"
)

// Edit opens a sound .xlsx again for excelize. Of the sheets that are left, and of all texts that sheets share, it sees
// nothing: what is added says its texts in its own cells. When leave is nil it sees everything.
func (w *Workbook) Edit(leave func(*Sheet) bool) (*Edited, error) {
	if len(w.Sheets) == 0 || w.Sheets[0].file == nil {
		return nil, errors.New("no .xlsx with sheets")
	}
	c := w.Sheets[0].file.container
	empty, needed := map[string]string{}, map[string]bool{}
	for i := range w.Sheets {
		if s := &w.Sheets[i]; leave != nil && leave(s) {
			empty[partName(s.part)] = emptySheet
		} else {
			needed[partName(s.part)] = true // two sheets may name the same part
		}
	}
	names, err := c.noteNames(w.Sheets)
	if err != nil {
		return nil, err
	}
	referring := map[string]string{} // parts that name those, and the sheet of which they do
	if names != nil {
		referring[partName(contentTypes)] = ""
		for _, s := range w.Sheets {
			referring[partName(relationsPart(s.part))] = s.part
		}
	}
	e := &Edited{parts: map[string]*zip.File{}, left: map[string]bool{}}
	var given bytes.Buffer
	out := zip.NewWriter(&given)
	for _, name := range c.names {
		file := c.parts[name]
		known := cmp.Or(names[name], strings.ReplaceAll(file.Name, `\`, "/")) // as excelize reads it
		e.parts[known] = file
		text := empty[name]
		if leave != nil && known == stringsPart {
			text = emptyStrings
		}
		sheet, refers := referring[name]
		switch {
		case refers:
			var data []byte
			if data, err = c.renamed(name, sheet, names); err == nil {
				err = writeStored(out, known, string(data))
			}
		case text == "" || needed[name]:
			err = copyRaw(out, &zip.FileHeader{Name: known, Method: file.Method}, file)
		default:
			e.left[known] = true
			err = writeStored(out, known, text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	e.File, err = excelize.OpenReader(&given, excelize.Options{UnzipSizeLimit: maxInflated, UnzipXMLSizeLimit: maxInflated})
	return e, err
}

func writeStored(out *zip.Writer, name, text string) error {
	w, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// Head is what stands in the part of an .xlsx sheet before its rows; all of it where there are none.
func (s *Sheet) Head() ([]byte, error) {
	if s.file == nil {
		return nil, errors.New("no sheet of an .xlsx")
	}
	r, err := s.file.container.open(s.part)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var head []byte
	for {
		seen := max(0, len(head)-len(sheetDataStart))
		head = append(head, make([]byte, 4096)...)
		n, err := io.ReadFull(r, head[len(head)-4096:])
		head = head[:len(head)-4096+n]
		if at := bytes.Index(head[seen:], []byte(sheetDataStart)); at >= 0 {
			return head[:seen+at], nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return head, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

const sheetDataStart = "<sheetData"

// Save writes the workbook as the package's Save does; the parts that are as they were are copied as the file has them.
func (e *Edited) Save(w io.Writer, mend func(name string, data []byte) ([]byte, error)) error {
	parts, err := partsOf(e.File, func(name string, data []byte) ([]byte, error) {
		if e.left[name] || mend == nil {
			return data, nil
		}
		return mend(name, data)
	})
	if err != nil {
		return err
	}
	for name := range e.left {
		if !slices.ContainsFunc(parts, func(p *piece) bool { return p.name == name }) {
			return fmt.Errorf("%s is left and has another name now", name)
		}
	}
	return pack(w, parts, func(p *piece) *zip.File {
		if file := e.parts[p.name]; file != nil && (e.left[p.name] || p.is(file)) {
			return file
		}
		return nil
	})
}
