package ingest_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"cairn/ingest"
)

func TestEach(t *testing.T) {
	var sum atomic.Int64
	err := ingest.Each(100, func(i int) error {
		sum.Add(int64(i))
		switch i {
		case 7:
			return errors.New("seven")
		case 90:
			panic("ninety")
		}
		return nil
	})
	if sum.Load() != 4950 || err == nil || err.Error() != "seven" {
		t.Errorf("sum %d, error %v", sum.Load(), err)
	}
	err = ingest.Each(10, func(i int) error { panic(i) })
	if err == nil || err.Error() != "panic: 0" {
		t.Errorf("a panic became %v", err)
	}
	if err := ingest.Each(0, func(int) error { return errors.New("called") }); err != nil {
		t.Error(err)
	}
}
