package ingest

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// Difficult files of others' making, where a workspace has them: none is ours, so each must be
// refused or read in good time, the same way twice.
func TestCorpus(t *testing.T) {
	const corpus = "../../shared/corpus"
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("no corpus of difficult files here")
	}
	m := model(t)
	for _, name := range files(t, corpus) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := []byte(read(t, filepath.Join(corpus, name)))
			start := time.Now()
			sub := Parse(m, data)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			checkSubmission(t, m, sub)
			if len(data) < 50_000 && !reflect.DeepEqual(sub, Parse(m, data)) {
				t.Error("read twice, understood twice")
			}
			if !sub.Rejected {
				t.Errorf("taken as the workbook of %q", sub.Territoire)
			}
		})
	}
}
