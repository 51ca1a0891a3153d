package ingest

import (
	"cmp"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Each calls do for 0 to n-1 on every core, and returns the first error in that order. A panic is the error of its call.
func Each(n int, do func(i int) error) error { return each(runtime.GOMAXPROCS(0), n, do) }

// Together calls some functions side by side, and is else as Each is.
func Together(do ...func() error) error {
	return Each(len(do), func(i int) error { return do[i]() })
}

// EachWritten is Each where a call ends by waiting for a disk: there are more of them at once than cores.
func EachWritten(n int, do func(i int) error) error { return each(2*runtime.GOMAXPROCS(0), n, do) }

func each(workers, n int, do func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = Guard(func() error { return do(i) })
			}
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// Guard calls do; a panic in it, whose stack is logged, is its error. In a goroutine it keeps a fault of ours from ending
// a process that is to run for years.
func Guard(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
			slog.Error("panic", "cause", r, "stack", string(debug.Stack()))
		}
	}()
	return do()
}
