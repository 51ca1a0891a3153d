package jobs

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"cairn/ingest"
)

// try is what was tried in vain.
type try struct {
	failures int
	after    time.Time // not again before
	waits    bool      // it did not fail: it has nothing to rest on yet
}

// attempt does one thing within a time, unless it failed too lately. It reports whether that has not failed.
func (s *service) attempt(name string, limit time.Duration, do func(context.Context) error) bool {
	last := s.tries[name]
	if s.now().Before(last.after) {
		return false
	}
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	err := ingest.Guard(func() error { return do(ctx) })
	job, _, _ := strings.Cut(name, " ")
	if err == nil {
		delete(s.tries, name)
		s.state.finished(job, runDone, s.now())
		return true
	}
	if s.ctx.Err() != nil { // it was stopped, and is done again at the next start
		slog.Info("stopped", "job", name)
		return true
	}
	if errors.Is(err, errWaits) {
		if !last.waits {
			slog.Info(err.Error(), "job", name)
		}
		s.tries[name] = try{waits: true}
		return true
	}
	s.state.finished(job, runFailed, s.now())
	if last.failures++; !passing(err) {
		last.failures = tryMost
	}
	last.after = s.now().Add(pause(last.failures))
	s.tries[name] = last
	slog.Error("failed", "job", name, "error", err, "hint", hintOf(err), "again", last.after.UTC().Format(time.RFC3339))
	return false
}

// tryMost is the number of tries after which the longest pause is kept; what will not pass by itself begins there.
const tryMost = 7

// pause is how long to wait after so many failures: a minute, doubled up to an hour, and up to a fifth more, so that what failed
// together does not come back together.
func pause(failures int) time.Duration {
	wait := min(time.Minute<<(min(failures, tryMost)-1), time.Hour)
	return wait + time.Duration(rand.Int64N(int64(wait)/5))
}

// errWaits is what a run ends with that has nothing to rest on yet.
var errWaits = errors.New("waits for a first workbook of its month")

// passing reports whether a failure may go away by itself: a lock, a disk, a network, a time that was too short. Letters
// may always leave later: what keeps them is in the configuration, a folder or a server, on which no figure rests.
func passing(err error) bool {
	var (
		held        *heldError
		room        *roomError
		undelivered *undeliveredError
		system      syscall.Errno
		network     net.Error
		engine      *duckdb.Error
	)
	if errors.As(err, &undelivered) {
		return true
	}
	if errors.As(err, &engine) {
		return engine.Type == duckdb.ErrorTypeIO || engine.Type == duckdb.ErrorTypeOutOfMemory || engine.Type == duckdb.ErrorTypeInterrupt
	}
	return errors.As(err, &held) || errors.As(err, &room) || errors.As(err, &system) || errors.As(err, &network) ||
		errors.Is(err, context.DeadlineExceeded)
}

func hintOf(err error) string {
	var h *hintError
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// undeliveredError is what kept letters from leaving.
type undeliveredError struct{ error }

func (e *undeliveredError) Unwrap() error { return e.error }
