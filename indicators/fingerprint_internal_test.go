package indicators

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/transform"
)

// A fingerprint differs where anything differs that the estimator is given, and not where only the order of a list does.
func TestFingerprintSum(t *testing.T) {
	base := func() aggregated {
		return aggregated{group: group{population: 4, known: 3, effectif: 2}, counts: []int{2, 5}, whole: true, values: []any{int64(3), 0.5, nil, []any{int64(7), int64(9), int64(7)}}}
	}
	sum := base().sum()
	reordered := base()
	reordered.values[3] = []any{int64(9), int64(7), int64(7)}
	if reordered.sum() != sum {
		t.Error("the order of a list changes it")
	}
	changes := map[string]func(*aggregated){
		"population":        func(a *aggregated) { a.population++ },
		"known":             func(a *aggregated) { a.known++ },
		"a side":            func(a *aggregated) { a.counts[1]++ },
		"a count":           func(a *aggregated) { a.values[0] = int64(4) },
		"a sum":             func(a *aggregated) { a.values[1] = 0.25 },
		"a value":           func(a *aggregated) { a.values[2] = int64(0) },
		"an element":        func(a *aggregated) { a.values[3] = []any{int64(7), int64(8), int64(7)} },
		"a double":          func(a *aggregated) { a.values[3] = []any{int64(7), int64(9)} },
		"the other double":  func(a *aggregated) { a.values[3] = []any{int64(7), int64(9), int64(9)} },
		"texts in the list": func(a *aggregated) { a.values[3] = []any{"7", "9", "7"} },
	}
	for what, change := range changes {
		a := base()
		change(&a)
		if a.sum() == sum {
			t.Errorf("%s changes nothing", what)
		}
	}
}

func TestPackedFingerprints(t *testing.T) {
	w, err := transform.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	october := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	err = w.Update(t.Context(), func(tx *transform.Tx) error {
		if err := createTables(tx, nil); err != nil {
			return err
		}
		return (&computed{prints: []fingerprint{{"C02", spot{"arlenthe", october, ""}, 0xffffffff}, {"V01", spot{"valbrune", october, "positif"}, 1}}}).store(tx, october)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Fingerprints{{"C02", "arlenthe", "2026-10", ""}: 0xffffffff, {"V01", "valbrune", "2026-10", "positif"}: 1}
	read, err := ReadFingerprints(t.Context(), w)
	if diff := cmp.Diff(want, read); diff != "" || err != nil {
		t.Errorf("read: %v\n%s", err, diff)
	}
	packed, err := PackFingerprints(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := UnpackFingerprints(packed)
	if diff := cmp.Diff(want, unpacked); diff != "" || err != nil {
		t.Errorf("unpacked: %v\n%s", err, diff)
	}
	if _, err := UnpackFingerprints(packed[:len(packed)-1]); err == nil {
		t.Error("a part is taken for the whole")
	}
}
