package exports

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
	"cairn/ingest"
)

// address is where a submission's workbook holds a table.
type address struct{ sheet, first, last string }

type addressKey struct {
	submission int
	table      string
}

// fillProof lists each row behind each indicator of the month, with the cells that it comes from.
func fillProof(_ context.Context, p *place, _ []record, s *sheet) error {
	s.filtered = true
	s.columns = []column{{"Code", 9, codeFormat}, {"Modalité", 22, textFormat}, {"Sujet", 30, textFormat}, {"Entrées", 42, textFormat},
		{"Classeur", 32, textFormat}, {"Cellules", 34, textFormat}}
	var hidden []string
	for _, ind := range p.catalogue {
		if p.answers[ind.ID] {
			hidden = append(hidden, ind.ID)
		}
		for _, m := range p.members[ind.ID] {
			if p.restsOnClosedTable(m) {
				if !slices.Contains(hidden, ind.ID) {
					hidden = append(hidden, ind.ID)
				}
				continue
			}
			s.rows = append(s.rows, p.proofRow(ind, m))
		}
	}
	s.sentences = []string{
		"Cette feuille contient un tableau : les lignes qui entrent dans chaque indicateur du mois, et les cellules des classeurs reçus dont elles viennent.",
	}
	if len(hidden) > 0 {
		s.sentences = append(s.sentences, "Des lignes ne sont pas listées, pour que personne ne soit reconnu : celles qui reposent sur les réponses aux principes ou sur les notes des relations ("+
			strings.Join(hidden, ", ")+").")
	}
	if len(s.rows) == 0 {
		s.sentences = append(s.sentences, "Aucune ligne ce mois-ci : le tableau est vide.")
	}
	return nil
}

func (p *place) proofRow(ind *indicators.Indicator, m indicators.Member) []any {
	var inputs, books, cells []string
	for _, input := range m.Inputs {
		value := inWords(input.Value)
		if code, ok := input.Value.(string); ok && ind.Categories != "" {
			value = p.model.Label(ind.Categories, code)
		}
		inputs = append(inputs, input.Name+" = "+value)
	}
	if len(inputs) == 0 {
		inputs = []string{"compte dans sa modalité"}
	}
	for _, source := range m.Sources {
		book, cell := p.place(source)
		books, cells = append(books, book), append(cells, cell)
	}
	if len(slices.Compact(slices.Clone(books))) == 1 {
		books = books[:1] // one workbook, said once
	}
	modalite := "ensemble"
	switch {
	case m.Modalite != "":
		modalite = p.model.Label(ind.Modalites, m.Modalite)
	case ind.Modalites != "":
		modalite = "aucune" // a row that was looked at and is of none
	}
	return []any{ind.ID, modalite, m.Subject, strings.Join(inputs, ", "), strings.Join(books, "\n"), strings.Join(cells, "\n")}
}

// plainSheetName is a sheet's name that a reference may hold without quotes.
var plainSheetName = regexp.MustCompile(`^\pL[\pL\d_]*$`)

// place is a source in words: the workbook, then the cells.
func (p *place) place(source indicators.Source) (book, cells string) {
	book, known := p.books[source.Submission]
	if !known {
		return "aucun classeur reçu", "[nd]"
	}
	a, known := p.addresses[addressKey{source.Submission, source.Table}]
	if !known || source.Line == 0 {
		return book, "classeur entier"
	}
	sheet := a.sheet
	if !plainSheetName.MatchString(sheet) {
		sheet = "'" + strings.ReplaceAll(sheet, "'", "''") + "'"
	}
	return book, fmt.Sprintf("%s!%s%d:%s%d", sheet, a.first, source.Line, a.last, source.Line)
}

// bookName is « octobre 2026, version 1 », and who sent it when it was not the territory.
func bookName(period time.Time, version int64, emitter string) string {
	name := fmt.Sprintf("%s, version %d", monthName(period), version)
	if emitter != "" {
		name += ", émetteur " + emitter
	}
	return name
}

func (p *place) restsOnClosedTable(m indicators.Member) bool {
	return slices.ContainsFunc(m.Sources, func(s indicators.Source) bool {
		schema := p.model.Schemas[s.Table]
		return schema != nil && schema.Diffusion == ingest.Jamais
	})
}
