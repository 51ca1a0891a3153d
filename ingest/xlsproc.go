package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// A legacy workbook is a format of pointers, read through a library that we did not write: it is read
// in a child process, which may take only so much memory and time. The child is this same program,
// told by a variable of its environment. It gets nothing else: no argument, no other variable, no file.
const (
	xlsChildMarker = "CAIRN_XLS_CHILD"
	xlsTimeout     = 10 * time.Second // by the clock
	xlsSeconds     = 8                // of processor
	xlsHeap        = 200 << 20        // bytes at which the collector works hard
	xlsMemory      = 512 << 20        // bytes above what the program takes when it starts
	xlsAnswerBytes = 256 << 20
)

// xlsChildReady is set once RunXLSChild was called: only then does this program know how to be the child.
var xlsChildReady atomic.Bool

// RunXLSChild must be the first thing that main and TestMain do. It returns true when this process
// is the child: the work is done and the process must end. In a program that does not call it,
// legacy workbooks are read in the same process.
func RunXLSChild() bool {
	if os.Getenv(xlsChildMarker) == "" {
		xlsChildReady.Store(true)
		return false
	}
	// The parent takes what is no complete answer for a failure, and tells it by the exit status.
	if err := xlsChild(os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
	return true
}

// xlsAnswer is what the child found: a workbook, or why it is refused.
type xlsAnswer struct {
	Book    *xlsBook
	Failure string
	Refusal int // index in xlsRefusals from 1; 0: none of them
}

// xlsRefusals are the errors that keep their identity between processes.
var xlsRefusals = []error{errNotWorkbook, errProtected, errBomb, errDuplicate}

// xlsRefused is an error of the child's.
type xlsRefused struct {
	text string
	is   error
}

func (e *xlsRefused) Error() string { return e.text }
func (e *xlsRefused) Unwrap() error { return e.is }

func xlsChild(in io.Reader, out io.Writer) error {
	if err := limitProcess(); err != nil {
		return err
	}
	debug.SetMemoryLimit(xlsHeap)
	data, err := io.ReadAll(io.LimitReader(in, maxXLSBytes+1))
	if err != nil {
		return err
	}
	var answer xlsAnswer
	answer.Book, err = parseXLS(data)
	if err != nil {
		answer = xlsAnswer{Failure: err.Error()}
		for i, refusal := range xlsRefusals {
			if errors.Is(err, refusal) {
				answer.Refusal = i + 1
			}
		}
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	if err := gob.NewEncoder(buffered).Encode(answer); err != nil {
		return err
	}
	return buffered.Flush()
}

// readXLSIsolated reads a legacy workbook in a child process when this program can be one.
func readXLSIsolated(data []byte) (*Workbook, error) {
	if !xlsChildReady.Load() {
		return readXLS(data)
	}
	if len(data) > maxXLSBytes {
		return nil, errBomb
	}
	answer, err := askXLSChild(data, xlsTimeout)
	switch {
	case err != nil:
		return nil, fmt.Errorf("legacy workbook: %w", err)
	case answer.Book != nil:
		return answer.Book.workbook()
	case answer.Refusal > 0 && answer.Refusal <= len(xlsRefusals):
		return nil, &xlsRefused{answer.Failure, xlsRefusals[answer.Refusal-1]}
	default:
		return nil, errors.New(answer.Failure)
	}
}

// askXLSChild runs the child; env is for tests.
func askXLSChild(data []byte, timeout time.Duration, env ...string) (*xlsAnswer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	out := boundedBuffer{left: xlsAnswerBytes}
	c := exec.CommandContext(ctx, program)
	c.Env = append(env, xlsChildMarker+"=1", "GOMAXPROCS=2", "GOTRACEBACK=none")
	c.Stdin, c.Stdout = bytes.NewReader(data), &out
	c.WaitDelay = time.Second
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("not read within %s", timeout)
		}
		return nil, err
	}
	answer := &xlsAnswer{}
	if err := gob.NewDecoder(&out.kept).Decode(answer); err != nil {
		return nil, fmt.Errorf("the answer of the reading process: %w", err)
	}
	return answer, nil
}

// xlsCells go from process to process as so many bytes each.
type xlsCells []xlsCell

const xlsCellBytes = 14

// GobEncode writes the cells one after the other.
func (cells xlsCells) GobEncode() ([]byte, error) {
	b := make([]byte, 0, len(cells)*xlsCellBytes)
	for _, c := range cells {
		formula := byte(0)
		if c.Formula {
			formula = 1
		}
		b = binary.LittleEndian.AppendUint64(b, c.Value)
		b = binary.LittleEndian.AppendUint16(b, c.Row)
		b = append(b, c.Column, byte(c.Kind), byte(c.Format), formula)
	}
	return b, nil
}

// GobDecode reads what GobEncode wrote.
func (cells *xlsCells) GobDecode(b []byte) error {
	if len(b)%xlsCellBytes != 0 {
		return errTooShort
	}
	*cells = make(xlsCells, 0, len(b)/xlsCellBytes)
	for ; len(b) > 0; b = b[xlsCellBytes:] {
		*cells = append(*cells, xlsCell{
			Value: binary.LittleEndian.Uint64(b), Row: binary.LittleEndian.Uint16(b[8:]),
			Column: b[10], Kind: CellKind(b[11]), Format: Format(b[12]), Formula: b[13] == 1,
		})
	}
	return nil
}

// boundedBuffer keeps so many bytes and then fails.
type boundedBuffer struct {
	kept bytes.Buffer
	left int
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBomb
	}
	return b.kept.Write(p)
}
