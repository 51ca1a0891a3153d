package transform

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestSideBySide does each step after those that it reads, and none after an error.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	chain := func(reads ...string) (steps []step) { // "a<b": a reads b
		for _, r := range reads {
			name, read, _ := strings.Cut(r, "<")
			steps = append(steps, step{name: name, reads: map[string]bool{read: read != "", "not a step": true}})
		}
		return steps
	}
	run := func(steps []step, fails string) (order []string, err error) {
		var one sync.Mutex
		err = sideBySide(steps, func(s step) error {
			one.Lock()
			defer one.Unlock()
			order = append(order, s.name)
			if s.name == fails {
				return errors.New("cannot make " + fails)
			}
			return nil
		})
		return order, err
	}
	steps := chain("a", "b<a", "c", "d<b", "e<a", "f<d")
	for range 100 {
		order, err := run(steps, "")
		if err != nil || len(order) != len(steps) {
			t.Fatalf("%v, %v", order, err)
		}
		for _, s := range steps {
			for read := range s.reads {
				if slices.Index(order, read) > slices.Index(order, s.name) {
					t.Fatalf("%v: %s before %s", order, s.name, read)
				}
			}
		}
		order, err = run(steps, "b")
		if err == nil || err.Error() != "cannot make b" || slices.Contains(order, "d") || slices.Contains(order, "f") {
			t.Fatalf("%v, %v", order, err)
		}
	}
	if order, err := run(chain("a<b", "b<a"), ""); err == nil || len(order) > 0 {
		t.Errorf("%v, %v", order, err)
	}
}
