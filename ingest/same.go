package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// SameSheets tells whether a workbook that was made of another is read as that one is: it has all of its sheets but
// one, in their order, each with the same rows, and one more. An error says where it is not.
func SameSheets(a *Workbook, made []byte, without, with string) error {
	b, err := OpenWorkbook(made)
	if err != nil {
		return err
	}
	names := func(all []Sheet, but string) []Sheet {
		return slices.DeleteFunc(slices.Clone(all), func(s Sheet) bool { return but != "" && s.Name == but })
	}
	was, is := names(a.Sheets, without), names(b.Sheets, with)
	if len(b.Sheets) != len(is)+1 || len(is) != len(was) || a.Epoch1904 != b.Epoch1904 {
		return errors.New("it has other sheets")
	}
	for i := range was {
		if was[i].Name != is[i].Name || was[i].Hidden != is[i].Hidden {
			return fmt.Errorf("sheet %s is not where it was", was[i].Name)
		}
		if was[i].unchanged(&is[i]) {
			continue
		}
		if err := sameRows(was[i].Rows, is[i].Rows); err != nil {
			return fmt.Errorf("sheet %s: %w", was[i].Name, err)
		}
	}
	return nil
}

// unchanged reports whether two sheets are the same bytes and what these refer to is the same.
func (s *Sheet) unchanged(other *Sheet) bool {
	a, b := s.file, other.file
	if a == nil || b == nil || !slices.Equal(a.strings, b.strings) || len(a.formats) > len(b.formats) || !slices.Equal(a.formats, b.formats[:len(a.formats)]) {
		return false
	}
	was, is := a.container.compressed(s.part), b.container.compressed(other.part)
	return was != nil && bytes.Equal(was, is)
}

// compressed are the bytes of a part as the file holds them; nil: there is none.
func (c *container) compressed(name string) []byte {
	f := c.parts[partName(name)]
	if f == nil {
		return nil
	}
	start, err := f.DataOffset()
	if err != nil || uint64(start) > uint64(len(c.data)) || f.CompressedSize64 > uint64(len(c.data))-uint64(start) {
		return nil
	}
	return c.data[start : uint64(start)+f.CompressedSize64]
}

func sameRows(was, is iter.Seq2[Row, error]) error {
	next, stop := iter.Pull2(is)
	defer stop()
	for row, err := range was {
		if err != nil {
			return err
		}
		other, err, some := next()
		if err != nil {
			return err
		}
		if !some || row.Number != other.Number || row.Hidden != other.Hidden || !slices.Equal(row.Cells, other.Cells) {
			return fmt.Errorf("row %d is not as it was", row.Number)
		}
	}
	if row, err, some := next(); some {
		return errors.Join(err, fmt.Errorf("row %d is added", row.Number))
	}
	return nil
}
