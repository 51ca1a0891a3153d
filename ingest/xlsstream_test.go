package ingest

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// rec is a record of these fields: uint8, uint16, uint32, float64 and []byte.
func rec(id uint16, fields ...any) []byte {
	body := &bytes.Buffer{}
	for _, f := range fields {
		if err := binary.Write(body, binary.LittleEndian, f); err != nil {
			panic(err)
		}
	}
	head := binary.LittleEndian.AppendUint16(nil, id)
	return append(binary.LittleEndian.AppendUint16(head, uint16(body.Len())), body.Bytes()...)
}

// text8 is a text of BIFF8 without its length.
func text8(s string) []byte {
	b := []byte{1}
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// cellAt is the head of a cell's record: row and column from 0. The style follows.
func cellAt(row, column uint16) []byte {
	return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, row), column)
}

// rawSheet is a sheet of a stream in the making: the records between its beginning and its end.
type rawSheet struct {
	name    string
	kind    uint8
	records [][]byte
}

// stream8 is a workbook of BIFF8, with a general style and one of days.
func stream8(globals [][]byte, sheets ...rawSheet) []byte {
	return rawStream(0x0600, append([][]byte{
		rec(recXF, make([]byte, 20)), rec(recXF, uint16(0), uint16(14), make([]byte, 16)),
	}, globals...), sheets)
}

// stream5 is a workbook of BIFF5.
func stream5(globals [][]byte, sheets ...rawSheet) []byte {
	return rawStream(0x0500, append([][]byte{rec(recXF, make([]byte, 16))}, globals...), sheets)
}

func rawStream(version uint16, globals [][]byte, sheets []rawSheet) []byte {
	build := func(at []uint32) (stream []byte, starts []uint32) {
		stream = rec(recBOF, version, uint16(globalSubstream), make([]byte, 4))
		for i, s := range sheets {
			name := append([]byte{uint8(len(s.name)), 0}, s.name...)
			if version == 0x0500 {
				name = append([]byte{uint8(len(s.name))}, s.name...)
			}
			stream = append(stream, rec(recBoundSheet, at[i], uint8(0), s.kind, name)...)
		}
		stream = append(append(stream, bytes.Join(globals, nil)...), rec(recEOF)...)
		for _, s := range sheets {
			starts = append(starts, uint32(len(stream)))
			stream = append(stream, rec(recBOF, version, uint16(worksheetSubstream), make([]byte, 4))...)
			stream = append(append(stream, bytes.Join(s.records, nil)...), rec(recEOF)...)
		}
		return stream, starts
	}
	_, starts := build(make([]uint32, len(sheets)))
	stream, _ := build(starts)
	return stream
}

// olePart is a stream of a compound file.
type olePart struct {
	name string
	data []byte
}

// oleFile is a compound file: a header, the directory, the streams, and the table of sectors.
func oleFile(parts ...olePart) []byte {
	const size = 4096
	var sectors []byte
	var next []uint32 // the table of sectors
	chain := func(data []byte) (first uint32) {
		first = uint32(len(next))
		for at := 0; at < len(data); at += size {
			sectors = append(append(sectors, data[at:min(at+size, len(data))]...), make([]byte, max(0, at+size-len(data)))...)
			next = append(next, uint32(len(next)+1))
		}
		next[len(next)-1] = 0xFFFFFFFE
		return first
	}
	const none = 0xFFFFFFFF
	entry := func(name string, kind uint8, right, child, first uint32, length int) []byte {
		e := make([]byte, 128)
		for i, unit := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(e[2*i:], unit)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66], e[67] = kind, 1
		binary.LittleEndian.PutUint32(e[68:], none)
		binary.LittleEndian.PutUint32(e[72:], right)
		binary.LittleEndian.PutUint32(e[76:], child)
		binary.LittleEndian.PutUint32(e[116:], first)
		binary.LittleEndian.PutUint64(e[120:], uint64(length))
		return e
	}
	entries := []byte{}
	for i, p := range parts {
		first := uint32(0xFFFFFFFE)
		if len(p.data) > 0 {
			p.data = append(bytes.Clone(p.data), make([]byte, max(0, size-len(p.data)))...) // none in the small sectors
			first = chain(p.data)
		}
		right := uint32(i + 2)
		if i == len(parts)-1 {
			right = none
		}
		entries = append(entries, entry(p.name, 2, right, none, first, len(p.data))...)
	}
	directory := chain(append(entry("Root Entry", 5, none, 1, 0xFFFFFFFE, 0), entries...))
	header := make([]byte, size)
	copy(header, oleMagic)
	binary.LittleEndian.PutUint16(header[26:], 4)
	binary.LittleEndian.PutUint16(header[28:], 0xFFFE)
	binary.LittleEndian.PutUint16(header[30:], 12)
	binary.LittleEndian.PutUint16(header[32:], 6)
	binary.LittleEndian.PutUint32(header[48:], directory)
	binary.LittleEndian.PutUint32(header[56:], 4096)
	binary.LittleEndian.PutUint32(header[60:], 0xFFFFFFFE)
	binary.LittleEndian.PutUint32(header[68:], 0xFFFFFFFE)
	tables := (len(next) + 1022) / 1023 // they stand in the table themselves
	binary.LittleEndian.PutUint32(header[44:], uint32(tables))
	for i := range 109 {
		at := uint32(none)
		if i < tables {
			at = uint32(len(next))
			next = append(next, 0xFFFFFFFD)
		}
		binary.LittleEndian.PutUint32(header[76+4*i:], at)
	}
	for _, n := range next {
		sectors = binary.LittleEndian.AppendUint32(sectors, n)
	}
	sectors = append(sectors, bytes.Repeat([]byte{0xFF}, tables*size-4*len(next))...)
	return append(header, sectors...)
}
