package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// sheet reads a worksheet. Nothing of one that cannot be read to its end is kept.
func (p *xlsParser) sheet(listed listedSheet) xlsSheet {
	s := xlsSheet{Name: listed.name, Hidden: listed.hidden, HiddenRows: map[uint16]bool{}}
	w := &xlsWorksheet{xlsParser: p, xlsSheet: &s}
	err := w.read(listed.at)
	if err == nil {
		err = w.sortCells()
	}
	if err != nil {
		s.Failure, s.Cells, s.HiddenRows = err.Error(), nil, nil
	}
	return s
}

// xlsWorksheet is a pass over the records of one sheet.
type xlsWorksheet struct {
	*xlsParser
	*xlsSheet
	awaited *xlsCell // the cell of a formula whose text is in a record to come
	started bool     // the table of cells was reached
	ended   bool     // then a record that does not stand in it; should it be a damaged cell, the table goes on
}

func (w *xlsWorksheet) read(at int) error {
	r := records{data: w.stream, at: at, left: &w.left}
	if _, err := r.next(); err != nil { // looked at when it was listed
		return err
	}
	depth := 0 // charts stand within the sheet
	for {
		rec, err := r.next()
		switch {
		case err != nil:
			return err
		case rec.id == recBOF:
			if _, kind, err := beginning(rec); err != nil || kind == worksheetSubstream || kind == globalSubstream {
				return errNoEnd
			}
			depth++
		case rec.id == recEOF && depth > 0:
			depth--
		case depth > 0:
		case rec.id == recEOF:
			if w.awaited != nil {
				return errNoFormulaText
			}
			if len(rec.body) > 0 {
				return errTooLong
			}
			return w.unlisted(r.at)
		default:
			if err := rec.known(); err != nil {
				return err
			}
			if err := w.record(rec); err != nil {
				return fmt.Errorf("record %#04x at byte %d: %w", rec.id, rec.at, err)
			}
		}
	}
}

var errNoFormulaText = errors.New("the text of a formula is missing")

// record takes what is of use.
func (w *xlsWorksheet) record(rec biffRecord) error {
	c := rec.cursor(w.codepage)
	switch rec.id {
	case recSST, recExtSST, recBoundSheet:
		return errors.New("it belongs to the workbook, not to a sheet")
	case recFilePass:
		return errProtected
	case recString:
		return w.formulaText(c)
	case recArray, recTable, recShrFmla, recEntExU2:
		return nil
	case recRow, recDBCell, recFormula, recMulRK, recMulBlank, recRString, recLabelSST, recBlank, recNumber, recLabel, recBoolErr, recRK:
		if w.ended {
			return errors.New("it is outside the table of cells")
		}
		w.started = true
	default:
		w.ended = w.ended || w.started && rec.id < recBOF
		return nil
	}
	switch {
	case rec.id == recRow:
		return w.rowRecord(c)
	case rec.id == recDBCell:
		return nil
	case w.awaited != nil:
		return errNoFormulaText
	}
	row := c.u16()
	cell := xlsCell{Row: uint16(row)}
	column := c.u16()
	if c.bad {
		return errTooShort
	}
	w.Row = row + 1
	if err := w.cellRecord(rec.id, &c, cell, column); err != nil {
		return fmt.Errorf("cell %s: %w", CellName(column, w.Row), err)
	}
	return nil
}

// rowRecord says whether a row is hidden.
func (w *xlsWorksheet) rowRecord(c cursor) error {
	row := c.u16()
	c.skip(10)
	if flags := c.u16(); flags&0x20 != 0 {
		w.HiddenRows[uint16(row)] = true
	}
	c.skip(2)
	return c.done()
}

// cellRecord reads a cell, or several on the same row, from the style on.
func (w *xlsWorksheet) cellRecord(id uint16, c *cursor, cell xlsCell, column int) error {
	switch id {
	case recMulRK:
		n := (c.length() - 2) / 6
		for i := range n {
			style := c.u16()
			if err := w.add(cell, column+i, style, Number, math.Float64bits(rk(c.u32()))); err != nil {
				return err
			}
		}
		return several(c, column, n)
	case recMulBlank:
		n := (c.length() - 2) / 2
		c.skip(2 * n)
		return several(c, column, n)
	}
	style := c.u16()
	kind, value, err := Empty, uint64(0), error(nil)
	switch id {
	case recFormula:
		return w.formula(c, cell, column, style)
	case recLabel, recRString, recLabelSST:
		kind, value, err = w.textRecord(id, c)
	case recNumber:
		kind, value = Number, math.Float64bits(c.float())
	case recRK:
		kind, value = Number, math.Float64bits(rk(c.u32()))
	case recBoolErr:
		value = uint64(c.u8())
		kind, err = boolOrFault(int(value), c.u8())
	}
	if err == nil {
		err = c.done()
	}
	if err != nil {
		return err
	}
	return w.add(cell, column, style, kind, value)
}

// several checks the end of a record of n cells: their last column.
func several(c *cursor, column, n int) error {
	if last := c.u16(); n < 1 || last != column+n-1 {
		return errors.New("its last column is not where its cells end")
	}
	return c.done()
}

func boolOrFault(value, isFault int) (CellKind, error) {
	switch {
	case isFault == 0 && value <= 1:
		return Bool, nil
	case isFault == 1 && faultNames[value] != "":
		return Fault, nil
	}
	return Empty, fmt.Errorf("%d is no boolean and no error value", value)
}

// textRecord reads a text, shared or the cell's own; an empty one is no cell.
func (w *xlsWorksheet) textRecord(id uint16, c *cursor) (CellKind, uint64, error) {
	index := 0
	if id == recLabelSST {
		if index = c.u32(); index >= w.shared {
			return Empty, 0, fmt.Errorf("shared text %d is unknown", index)
		}
	} else {
		text, err := c.text(2)
		if err != nil {
			return Empty, 0, err
		}
		switch {
		case id == recRString && w.codepage != nil:
			c.skip(2 * c.u8())
		case id == recRString:
			c.skip(4 * c.u16())
		}
		if index, err = w.addText(text); err != nil {
			return Empty, 0, err
		}
	}
	if w.book.Texts[index] == "" {
		return Empty, 0, nil
	}
	return Text, uint64(index), nil
}

// formula takes the value that a formula had when the file was saved. Its expression is passed over.
func (w *xlsWorksheet) formula(c *cursor, cell xlsCell, column, style int) error {
	if len(c.more) > 0 && c.length() < 2000 {
		return errTooLong // only a long expression is continued
	}
	cell.Formula = true
	value := c.uint(8)
	c.skip(6)
	expression := c.bytes(c.u16())
	switch {
	case c.bad:
		return errTooShort
	case c.length() > 0 && !bytes.ContainsAny(expression, constantTokens):
		return errTooLong
	}
	if value>>48 != 0xFFFF {
		return w.add(cell, column, style, Number, value)
	}
	content := int(value >> 16 & 0xFF)
	switch kind := value & 0xFF; kind {
	case 0:
		if err := w.check(&cell, column, style); err != nil {
			return err
		}
		w.awaited = &cell
		return nil
	case 1, 2:
		k, err := boolOrFault(content, int(kind-1))
		if err != nil {
			return err
		}
		return w.add(cell, column, style, k, uint64(content))
	case 3:
		return w.add(cell, column, style, Empty, 0)
	default:
		return fmt.Errorf("a formula's value of kind %d", kind)
	}
}

// constantTokens are the parts of an expression whose content stands after it: names, arrays, areas.
const constantTokens = "\x18\x20\x40\x60\x26\x46\x66"

// formulaText reads the text that the formula before gave.
func (w *xlsWorksheet) formulaText(c cursor) error {
	if w.awaited == nil {
		return errors.New("a text without its formula")
	}
	cell := *w.awaited
	w.awaited = nil
	text, err := c.text(2)
	if err == nil {
		err = c.done()
	}
	if err != nil || text == "" {
		return err
	}
	index, err := w.addText(text)
	if err != nil {
		return err
	}
	cell.Kind, cell.Value = Text, uint64(index)
	return w.keep(cell)
}

// check gives the cell its column and format.
func (w *xlsWorksheet) check(cell *xlsCell, column, style int) error {
	if column > math.MaxUint8 {
		return errors.New("it is beyond the last column")
	}
	if style >= len(w.formats) {
		return fmt.Errorf("style %d is unknown", style)
	}
	cell.Column, cell.Format = uint8(column), w.formats[style]
	return nil
}

// add keeps a cell unless it is empty.
func (w *xlsWorksheet) add(cell xlsCell, column, style int, kind CellKind, value uint64) error {
	if err := w.check(&cell, column, style); err != nil {
		return err
	}
	if n := xlsNumber(value); kind == Number && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return errors.New("it holds no number")
	}
	if kind == Empty {
		return nil
	}
	cell.Kind, cell.Value = kind, value
	return w.keep(cell)
}

func (w *xlsWorksheet) keep(cell xlsCell) error {
	if w.cells++; w.cells > maxXLSCells {
		return errBomb
	}
	w.Cells = append(w.Cells, cell)
	return nil
}

// sortCells puts the cells in order, of which there must be one in each place.
func (w *xlsWorksheet) sortCells() error {
	order := func(a, b xlsCell) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column))
	}
	if !slices.IsSortedFunc(w.Cells, order) {
		slices.SortFunc(w.Cells, order)
	}
	for i := 1; i < len(w.Cells); i++ {
		if c := w.Cells[i]; order(w.Cells[i-1], c) == 0 {
			w.Row = int(c.Row) + 1
			return fmt.Errorf("cell %s stands twice", CellName(int(c.Column), w.Row))
		}
	}
	return nil
}

// xlsNumber is a number from its bits.
func xlsNumber(value uint64) float64 { return math.Float64frombits(value) }
