package jobs

import (
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on standard error when that is a terminal, and nothing otherwise.
type progress struct{ bar *progressbar.ProgressBar }

func (e *env) progress(what string) *progress {
	if f, ok := e.stderr.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions(-1, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(e.stderr),
		progressbar.OptionClearOnFinish(), progressbar.OptionShowCount())}
}

func (p *progress) set(done, total int) {
	if p.bar != nil {
		p.bar.ChangeMax(total)
		p.bar.Set(done)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
