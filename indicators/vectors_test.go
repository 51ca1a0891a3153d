package indicators

import (
	"database/sql"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// The files in testdata/vectors are published or hand-made cases: NN_topic_in.csv holds inputs by case_id,
// NN_topic_out.csv what must come of them, an empty expectation meaning undefined.

// row is one line of a vector file by column name.
type row map[string]string

// estimates gives for one case, by name of stat, what this package makes of it.
type estimates map[string]sql.Null[float64]

// eachVector compares every expected stat of a topic with what estimate makes of the case's inputs.
// A stat is either estimated or named in unused, those that no indicator of the catalogue needs (yet).
func eachVector(t *testing.T, topic string, estimate func(*testing.T, []row) estimates, unused ...string) {
	t.Helper()
	inputs := make(map[string][]row)
	for _, in := range readVectors(t, topic+"_in.csv") {
		inputs[in["case_id"]] = append(inputs[in["case_id"]], in)
	}
	compareVectors(t, topic, func(t *testing.T, id string) estimates {
		if len(inputs[id]) == 0 && id != "empty" {
			t.Fatal("no inputs for this case")
		}
		return estimate(t, inputs[id])
	}, unused...)
}

func compareVectors(t *testing.T, topic string, estimate func(t *testing.T, id string) estimates, unused ...string) {
	t.Helper()
	for _, out := range readVectors(t, topic+"_out.csv") {
		if slices.Contains(unused, out["stat"]) {
			continue
		}
		t.Run(out["case_id"]+"/"+out["stat"], func(t *testing.T) {
			got, known := estimate(t, out["case_id"])[out["stat"]]
			if !known {
				t.Fatal("neither estimated nor named as unused")
			}
			want := undefined
			if out["expected"] != "" {
				want = defined(out.number(t, "expected"))
			}
			tolerance := max(out.number(t, "abs_tol"), 1e-9*math.Abs(want.V))
			checkWithin(t, out["stat"], got, want, tolerance)
		})
	}
}

func readVectors(t *testing.T, name string) []row {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	if len(lines) < 2 {
		t.Fatalf("read %s: no cases", name)
	}
	var rows []row
	for _, line := range lines[1:] {
		fields := make(row)
		for column, field := range line {
			fields[lines[0][column]] = field
		}
		rows = append(rows, fields)
	}
	return rows
}

func (r row) number(t *testing.T, column string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(r[column], 64)
	if err != nil {
		t.Fatalf("column %s: %v", column, err)
	}
	return value
}

func (r row) integer(t *testing.T, column string) int {
	t.Helper()
	value, err := strconv.Atoi(r[column])
	if err != nil {
		t.Fatalf("column %s: %v", column, err)
	}
	return value
}

func text(value sql.Null[float64]) string {
	if !value.Valid {
		return "undefined"
	}
	return strconv.FormatFloat(value.V, 'g', -1, 64)
}
