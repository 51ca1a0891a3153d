// Package ingest receives files and understands them: no SQL, no database.
//
// # Terms
//
// A reception is a file that was seen in the inbox: its bytes are in the archive, a line of the
// journal says when. A submission is what one file says: whose it is (territory, month, émetteur), its rows,
// and findings. A finding is what is to be said to the sender about a file, a sheet, a row or a cell:
// data, never an error. An error is the machine's: a disk that is full, an archive that is damaged.
//
// A workbook is what a reader yields, whatever the format: sheets, each a sequence of rows, each the
// cells that hold something, with their address, their kind and the class of their number format.
// There are four readers: Office Open XML (.xlsx, .xlsm), OpenDocument (.ods, .fods), the older binary
// Excel (.xls), and texts with separators (.csv in a zip or in a folder, one per table). The bytes
// decide which one reads a file; its name decides nothing.
//
// # Guarantees
//
// Reading is all or nothing: a sheet is read to its very end, or reading ends with an error that
// names the sheet and the row. A part that is cut short, has another size or checksum than declared,
// is no well-formed XML, refers to a text or a style that is not there, or holds rows or cells out of
// order is an error; it never shortens what is read. The same bytes always give the same submission.
// Parse never panics on them and never fails: an unreadable file is a rejected submission.
//
// A formula's value is the one saved with the file; nothing is computed, run or fetched: no formula,
// macro, link or external entity.
//
// # Limits
//
// Each is counted on what is really read, not on what a file declares: 2 000 parts, 256 sheets, 512 MB
// inflated in all, 200 inflated bytes for one compressed byte once 8 MB are past, 64 MB of texts, no
// two parts of one name, no document type declaration, 64 elements within each other, 4 MB for one
// text, the rows and columns of a sheet of Excel, 4 million cells of a sheet once its repetitions are
// written out, 32 MB of .csv, 200 000 rows of a table. Sheets of xlsx and ods are read through a window: memory does not grow with them. An .xls is
// read whole, in a child process with bounded memory and time.
//
// # Values
//
// A cell is read as its field's type, in the ways in which French people write it, to one canonical
// text. Nothing is guessed in silence: what cannot be read is a finding and the cell is left out; in a
// required field, the row is set aside. « nc » and « ne sait pas » stay apart from empty and from zero.
package ingest
