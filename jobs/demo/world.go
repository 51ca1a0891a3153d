// Package demo makes a fictional programme: ten pilot territories, their monthly workbooks over a
// few years, some of them faulty. A World is the truth behind the files: what a perfect reader
// would understand of each, so that the whole pipeline can be checked against a recomputation
// that never saw a workbook. Every name in it is invented.
package demo

import (
	"slices"
	"time"
)

// World is a whole fictional programme. The same seed and months give the same World, and Write
// the same bytes and modification times, on any day and machine.
type World struct {
	Seed        uint64
	Last        time.Time // the last month, as its first day, UTC
	Months      int
	Territories []Territory
	Deliveries  []Delivery // in the order of reception
}

// Keep leaves these territories alone, and what they send.
func (w *World) Keep(ids ...string) {
	w.Territories = slices.DeleteFunc(w.Territories, func(t Territory) bool { return !slices.Contains(ids, t["territoire_id"]) })
	w.Deliveries = slices.DeleteFunc(w.Deliveries, func(d Delivery) bool { return !slices.Contains(ids, d.Territoire) })
}

// Territory is a row of territoires.csv: the schema's field name → its text as written there.
type Territory map[string]string

// Delivery is one file that somebody drops into the inbox.
type Delivery struct {
	Path       string    // slash-separated, below inbox/
	Received   time.Time // the file's modification time
	Territoire string
	Periode    time.Time // first day of the month, UTC
	Emetteur   string    // an acteur_id or a peer group; empty: the territory itself
	Sheets     []Sheet   // those that the workbook holds and the reader should recognise
	Rejected   bool      // not a workbook, or of an unknown territory: nothing is taken from it
	Faults     []Fault   // what was injured on purpose, and where

	form form // how the file differs from an ordinary one; no part of the truth
}

// Sheet is what one sheet should be understood as.
type Sheet struct {
	Table   string
	Nothing bool // ticked « rien ce mois-ci »
	Rows    []Row
}

// Row is one data row. Values holds what is understood of it: string for texts and codes, int64,
// float64, bool, time.Time (a day, UTC midnight), []string for lists, NC and NSP for « non
// concerné » and « ne sait pas ». A field without a value is empty.
type Row struct {
	Values map[string]any
	Bad    map[string]string // cells that are filled but cannot be understood: the text as typed
	Aside  bool              // the row is set aside (a bad or empty required cell, a duplicate key, a broken required reference)
	Total  bool              // a total row, which is no data: always Aside

	typed map[string]string // cells that are understood but typed in an unusual way: the text in the file
}

// Absence tells two reasons for an empty optional cell apart.
type Absence string

// NC is « non concerné », NSP « ne sait pas ».
const (
	NC  Absence = "nc"
	NSP Absence = "nsp"
)

// Fault is one injury done to a workbook.
type Fault struct {
	Kind  string // a word for the tests: libelle_inconnu, ligne_total, texte_dans_nombre, …
	Table string
	Sheet string // the sheet's name in the file
	Cell  string // A1 reference; empty where the fault is not one cell's
	Rule  string // the code of the finding expected there; empty where none is (dates as text, merged titles)

	Severity string // how grave that finding is: rejet, erreur, question or note; empty where none is
}
