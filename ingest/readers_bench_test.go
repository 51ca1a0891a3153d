package ingest_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/ingest"
	"cairn/jobs/demo"
)

// demoWorkbooks are 120 workbooks of a year.
func demoWorkbooks(b *testing.B) [][]byte {
	b.Helper()
	dir := b.TempDir()
	world := demo.Generate(1, 12)
	if err := world.Write(dir); err != nil {
		b.Fatal(err)
	}
	var books [][]byte
	for _, d := range world.Deliveries {
		data, err := os.ReadFile(filepath.Join(dir, "inbox", filepath.FromSlash(d.Path)))
		if err != nil {
			b.Fatal(err)
		}
		if bytes.HasPrefix(data, []byte("PK")) && len(books) < 120 {
			books = append(books, data)
		}
	}
	return books
}

// BenchmarkReaders reads the same workbooks in four ways in turn and divides their processor times: ours,
// excelize's streamed texts, excelize's typed cells, and inflating alone.
func BenchmarkReaders(b *testing.B) {
	books := demoWorkbooks(b)
	var ours, texts, typed, inflated time.Duration
	cells := 0
	for b.Loop() {
		ours += processorTime(b, func() { cells = readOurs(b, books) })
		texts += processorTime(b, func() { readExcelize(b, books, func(*excelize.File, string, int, int) {}) })
		typed += processorTime(b, func() {
			readExcelize(b, books, func(f *excelize.File, sheet string, column, row int) {
				name := ingest.CellName(column, row)
				if _, err := f.GetCellType(sheet, name); err != nil {
					b.Fatal(err)
				}
				if _, err := f.GetCellStyle(sheet, name); err != nil {
					b.Fatal(err)
				}
			})
		})
		inflated += processorTime(b, func() { inflate(b, books) })
	}
	b.ReportMetric(float64(cells)/(ours.Seconds()/float64(b.N)), "cells/s")
	b.ReportMetric(float64(texts)/float64(ours), "excelize/ours")
	b.ReportMetric(float64(typed)/float64(ours), "excelize-typed/ours")
	b.ReportMetric(float64(ours)/float64(inflated), "ours/inflate")
}

// processorTime is what work costs on all cores, the collection of its garbage included.
func processorTime(b *testing.B, work func()) time.Duration {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	work()
	runtime.GC()
	return used() - start
}

func readOurs(b *testing.B, books [][]byte) (cells int) {
	b.Helper()
	for _, data := range books {
		w, err := ingest.OpenWorkbook(data)
		if err != nil {
			b.Fatal(err)
		}
		for _, sheet := range w.Sheets {
			for row, err := range sheet.Rows {
				if err != nil {
					b.Fatal(err)
				}
				cells += len(row.Cells)
			}
		}
	}
	return cells
}

func readExcelize(b *testing.B, books [][]byte, cell func(f *excelize.File, sheet string, column, row int)) {
	b.Helper()
	for _, data := range books {
		f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
		if err != nil {
			b.Fatal(err)
		}
		for _, sheet := range f.GetSheetList() {
			rows, err := f.Rows(sheet)
			if err != nil {
				b.Fatal(err)
			}
			for number := 1; rows.Next(); number++ {
				texts, err := rows.Columns()
				if err != nil {
					b.Fatal(err)
				}
				for column, text := range texts {
					if text != "" {
						cell(f, sheet, column, number)
					}
				}
			}
		}
		f.Close()
	}
}

func inflate(b *testing.B, books [][]byte) {
	b.Helper()
	for _, data := range books {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range z.File {
			raw, err := f.OpenRaw()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, flate.NewReader(raw)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkBigSheet reads 200 000 rows of ten cells and reports the most memory that it held.
func BenchmarkBigSheet(b *testing.B) {
	const rows = 200_000
	data := bigSheet(b, rows)
	var peak uint64
	for b.Loop() {
		w, err := ingest.OpenWorkbook(data)
		if err != nil {
			b.Fatal(err)
		}
		read := 0
		for _, err := range w.Sheets[0].Rows {
			if err != nil {
				b.Fatal(err)
			}
			if read++; read%20_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
		if read != rows {
			b.Fatalf("%d rows", read)
		}
	}
	b.ReportMetric(float64(peak>>20), "peak-MB")
}

func bigSheet(b *testing.B, rows int) []byte {
	b.Helper()
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, text := range map[string]string{
		"_rels/.rels":                `<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
	} {
		w, err := z.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		io.WriteString(w, text)
	}
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		b.Fatal(err)
	}
	io.WriteString(w, `<worksheet><sheetData>`)
	var row strings.Builder
	for r := 1; r <= rows; r++ {
		row.Reset()
		fmt.Fprintf(&row, `<row r="%d">`, r)
		for c := range 10 {
			fmt.Fprintf(&row, `<c r="%s"><v>%d.%d</v></c>`, ingest.CellName(c, r), r*(c+1)*7919%100_003, c)
		}
		row.WriteString(`</row>`)
		io.WriteString(w, row.String())
	}
	io.WriteString(w, `</sheetData></worksheet>`)
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	return packed.Bytes()
}
