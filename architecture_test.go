package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// stages are the folders of the walk, in order. A stage may import any earlier one, never a later.
var stages = []string{"ingest", "transform", "indicators", "exports", "jobs"}

// TestImportsPointUpstream fails when a stage imports a later one, when a package stands outside
// the stages, or when the independent recomputation could borrow from what it checks.
func TestImportsPointUpstream(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := map[int]bool{}
	for {
		var p struct {
			ImportPath    string
			Imports, Deps []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "cairn" {
			continue
		}
		own := stage(p.ImportPath)
		if own < 0 {
			t.Errorf("%s is outside the stages %v", p.ImportPath, stages)
			continue
		}
		seen[own] = true
		for _, imported := range p.Imports {
			if s := stage(imported); s > own {
				t.Errorf("%s imports %s, a later stage", p.ImportPath, imported)
			}
		}
		for _, dep := range p.Deps {
			if p.ImportPath == "cairn/jobs/oracle" && stage(dep) >= 1 && stage(dep) < len(stages)-1 {
				t.Errorf("the oracle depends on %s, which it is to check", dep)
			}
		}
	}
	if len(seen) != len(stages) {
		t.Errorf("found the stages %v, want all of %v", seen, stages)
	}
}

// stage is the index of a package's stage, or −1 when it is none of ours.
func stage(path string) int {
	rest, ours := strings.CutPrefix(path, "cairn/")
	if !ours {
		return -1
	}
	folder, _, _ := strings.Cut(rest, "/")
	return slices.Index(stages, folder)
}
