package indicators

import (
	"bytes"
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"cairn/transform"
)

//go:embed hypotheses.json
var hypothesesFile []byte

// pairsQuery lists, for each frein that stays open, those of its categorie that others have lifted.
//
//go:embed sql/pairs.sql
var pairsQuery string

// Hypothesis is one of the three of the research paper, with the figures that speak to it. Figures can
// put a hypothesis to the test of a conversation; they cannot prove it.
type Hypothesis struct {
	Number    int        `json:"hypothese"`
	Statement string     `json:"enonce"` // French, as printed
	Figures   []Evidence `json:"chiffres"`
}

// Evidence is what an indicator says of a hypothesis, and what it does not. Both are French sentences.
type Evidence struct {
	Indicator string `json:"indicateur"`
	Says      string `json:"ce_que_dit"`
	SaysNot   string `json:"ce_que_ne_dit_pas"`
}

// Hypotheses reads the three hypotheses. Each of their figures must be of the catalogue.
func Hypotheses(catalogue []*Indicator) ([]Hypothesis, error) {
	return readHypotheses(catalogue, hypothesesFile)
}

func readHypotheses(catalogue []*Indicator, data []byte) ([]Hypothesis, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var all []Hypothesis
	if err := decoder.Decode(&all); err != nil {
		return nil, fmt.Errorf("read hypotheses.json: %w", err)
	}
	for i, h := range all {
		if h.Number != i+1 || h.Statement == "" || len(h.Figures) == 0 {
			return nil, fmt.Errorf("hypotheses.json: hypothesis %d: want its number, a statement and figures", i+1)
		}
		seen := map[string]bool{}
		for _, e := range h.Figures {
			switch {
			case !slices.ContainsFunc(catalogue, func(ind *Indicator) bool { return ind.ID == e.Indicator }):
				return nil, fmt.Errorf("hypotheses.json: hypothesis %d: no indicator %q in the catalogue", h.Number, e.Indicator)
			case seen[e.Indicator]:
				return nil, fmt.Errorf("hypotheses.json: hypothesis %d: %s is given twice", h.Number, e.Indicator)
			case e.Says == "" || e.SaysNot == "":
				return nil, fmt.Errorf("hypotheses.json: hypothesis %d: %s must have what it says and what it does not", h.Number, e.Indicator)
			}
			seen[e.Indicator] = true
		}
	}
	return all, nil
}

func storeHypotheses(tx *transform.Tx, hypotheses []Hypothesis) error {
	return storeTable(tx, "hypotheses", "hypothese INTEGER, enonce VARCHAR, indicateur VARCHAR, ce_que_dit VARCHAR, ce_que_ne_dit_pas VARCHAR",
		func(yield func([]driver.Value) bool) {
			for _, h := range hypotheses {
				for _, e := range h.Figures {
					if !yield([]driver.Value{int32(h.Number), h.Statement, e.Indicator, e.Says, e.SaysNot}) {
						return
					}
				}
			}
		})
}

func storePairs(tx *transform.Tx) error {
	if err := tx.Exec("CREATE TABLE indicateur.pairs AS\n" + pairsQuery); err != nil {
		return fmt.Errorf("make indicateur.pairs: %w", err)
	}
	return nil
}
