// Package jobs runs the pipeline: it alone knows the configuration, the clock and the recipients.
//
// A run collects what is new in the inbox, loads and rebuilds the database, computes the
// indicators and publishes a release for one period. It is a function of the archive and the
// journal: repeating it changes nothing.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // the programme's days are those of Paris, on any machine

	"github.com/alecthomas/kong"

	"cairn/ingest"
)

// Version is the program's version: part of what a release is a function of.
const Version = "0.1.0"

// Exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3 // done, findings remain
)

type cli struct {
	Workspace string           `help:"Workspace folder." default:"." placeholder:"DIR" short:"w"`
	Verbose   bool             `help:"Log each step on standard error." short:"v"`
	Version   kong.VersionFlag `help:"Print the version and exit."`

	Init     initCmd     `cmd:"" help:"Make a workspace."`
	Demo     demoCmd     `cmd:"" help:"Make a workspace with ten fictional pilot territories and their monthly workbooks, some faulty."`
	Run      runCmd      `cmd:"" help:"Collect, build, compute and publish one period."`
	Check    checkCmd    `cmd:"" help:"Validate workbooks, touching nothing: say what would be said to the sender."`
	Template templateCmd `cmd:"" help:"Write monthly workbooks to be filled in, blank or with the registers as last known."`
	Status   statusCmd   `cmd:"" help:"Show expected and received workbooks, findings and releases."`
	Explain  explainCmd  `cmd:"" help:"Go from a figure to the cells that it rests on, or from a cell to the figures that it moves."`
	Decide   decideCmd   `cmd:"" help:"Decide upon a finding: accept what the workbook says, or drop the finding."`
	Withdraw withdrawCmd `cmd:"" help:"Withdraw a workbook that was received: the version before it stands again."`
	Forget   forgetCmd   `cmd:"" help:"Destroy what a submission, an émetteur or a respondent gave, or what is past its time, and make the releases that rest on it again."`
	Serve    serveCmd    `cmd:"" help:"Look again and again: collect, publish, remind and deliver by the calendar of cairn.toml."`
	Send     sendCmd     `cmd:"" help:"Deliver reports, returns and reminders to those whom cairn.toml names."`
	Rebuild  rebuildCmd  `cmd:"" help:"Make the database again from the archive and the journal alone, and prove it equal to the one that stands."`
	Verify   verifyCmd   `cmd:"" help:"Show that a release is what was published, and what its workbooks give again; or what differs, and why."`
	Rehearse rehearseCmd `cmd:"" help:"Compute the whole history by the method of a release and by today's, and write what changes: before, after, declared or not."`
	Backup   backupCmd   `cmd:"" help:"Copy the archive, the journal, the releases and the configuration to a folder, and read the copy back."`
	Restore  restoreCmd  `cmd:"" help:"Make a workspace from a backup that is whole."`
}

// gcPercent lets the heap grow to three times what lives in it, which is a few dozen megabytes, before it is swept: in
// a run the sweeping is a tenth of the work otherwise. The heap of a thousand territories is swept more often, above
// softLimit.
const (
	gcPercent = 200
	softLimit = 512 << 20
)

// env is what a command needs of the world.
type env struct {
	ctx       context.Context
	stdout    io.Writer
	stderr    io.Writer
	now       func() time.Time
	workspace string
	findings  bool // set by a command: done, but findings remain
}

const description = `Cairn turns the monthly workbooks of pilot territories into long-term indicators.

Exit status: 0 done, 1 failed, 2 usage, 3 done but findings remain.`

// Main runs the command line and returns the exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	var c cli
	usage := -1
	parser, err := kong.New(&c, kong.Name("cairn"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Vars{"version": Version}, kong.Exit(func(code int) { usage = code }))
	if err != nil {
		fmt.Fprintf(stderr, "cairn: error: %v\n", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if usage == 0 { // --help or --version
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(stderr, "cairn: error: %v\ncairn: hint: see cairn --help\n", err)
		return exitUsage
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelInfo
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{ctx: ctx, stdout: printable{stdout}, stderr: stderr, now: time.Now, workspace: c.Workspace}
	if err := command.Run(e); err != nil {
		fmt.Fprintf(stderr, "cairn: error: %s\n", harmless(err.Error()))
		var h *hintError
		if errors.As(err, &h) {
			fmt.Fprintf(stderr, "cairn: hint: %s\n", h.hint)
		}
		return exitFailed
	}
	ingest.Failpoint("command.done") // what it said it did must hold from here on
	if e.findings {
		return exitFindings
	}
	return exitDone
}

type initCmd struct {
	Dir string `arg:"" optional:"" default:"." help:"Folder to make the workspace in: absent or empty."`
}

func (c *initCmd) Run(e *env) error {
	if err := initWorkspace(c.Dir, "Programme pilote", ""); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	fmt.Fprintf(e.stdout, "workspace made in %s\nnext: fill territoires.csv, drop workbooks into inbox/, then: cairn run\n", c.Dir)
	return nil
}
