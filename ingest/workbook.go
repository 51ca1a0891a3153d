package ingest

import (
	"bytes"
	"errors"
)

// Why a file is refused before any of its cells is read.
var (
	errNotWorkbook    = errors.New("not a workbook")
	errProtected      = errors.New("protected by a password")
	errBinaryWorkbook = errors.New("a binary workbook (.xlsb)")
)

// OpenWorkbook recognises a file by its bytes, whatever its name, and opens it. An error here or
// from a sheet's rows means that nothing of the file can be trusted.
func OpenWorkbook(data []byte) (*Workbook, error) {
	if bytes.HasPrefix(data, oleMagic) {
		return readXLSIsolated(data)
	}
	if !bytes.HasPrefix(data, []byte("PK")) {
		if bytes.Contains(data[:min(len(data), 2000)], []byte("urn:oasis:names:tc:opendocument")) {
			return readFlatODS(data)
		}
		return readCSVFile(data)
	}
	c, err := openContainer(data)
	if err != nil {
		return nil, err
	}
	switch {
	case c.parts[odsContent] != nil:
		return readODS(c)
	case c.parts[contentTypesPart] != nil || c.parts["_rels/.rels"] != nil || c.parts["xl/workbook.xml"] != nil:
		return readXLSX(c)
	default:
		return readCSVArchive(c)
	}
}

const contentTypesPart = "[content_types].xml"

// refusal is the rule that says in French why a file is refused.
func refusal(err error) string {
	switch {
	case errors.Is(err, errProtected):
		return "fichier_protege"
	case errors.Is(err, errBinaryWorkbook):
		return "fichier_binaire"
	case errors.Is(err, errBomb), errors.Is(err, errDoctype), errors.Is(err, errDuplicate):
		return "fichier_piege"
	default:
		return "fichier_illisible"
	}
}
