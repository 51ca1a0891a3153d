package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cairn/exports"
	"cairn/ingest"
	"cairn/transform"
)

// What makes letters due.
const (
	occasionRelease  = "release"  // a release: evaluators and the association
	occasionImpact   = "impact"   // the impact summary of a release: funders
	occasionReturns  = "returns"  // workbooks that were received lately: their référents
	occasionReminder = "reminder" // workbooks that were not received: the référents of the others
)

// occasion is what makes letters due.
type occasion struct {
	what   string
	period time.Time // the month; not of returns
	due    time.Time // of a reminder: the last day to send the workbook of the month
	step   int       // of a reminder: days from the last day; each step is a letter of its own
}

// returnDays is for how long after its reception a return is still worth a letter: a service that starts late, or
// an address that is added, does not send the returns of years.
const returnDays = 31

// owed are the letters of an occasion, delivered or not, in a fixed order.
func (d *delivery) owed(o occasion) ([]*letter, error) {
	switch o.what {
	case occasionRelease:
		return d.releaseLetters(o)
	case occasionImpact:
		return d.impactLetters(o)
	case occasionReturns:
		return d.returnLetters()
	case occasionReminder:
		return d.reminderLetters(o)
	}
	return nil, fmt.Errorf("no such occasion: %q", o.what)
}

// publication is the newest release of a month, whole, as it stands in the outbox.
type publication struct {
	dir         string
	period      time.Time
	version     int
	territories []string // those of the programme, by identifier
}

// publication finds the release that stands for a month. One that is missing or damaged is an error.
func (d *delivery) publication(period time.Time) (*publication, error) {
	r := run{env: d.env, workspace: d.workspace, journal: d.journal}
	last := r.newest(period)
	month := period.Format("2006-01")
	if last.Version == 0 {
		return nil, &hintError{fmt.Errorf("nothing has been published for %s", month), "publish it first: cairn run --period " + month}
	}
	p := &publication{dir: r.releaseDir(month, last.Version), period: period, version: last.Version}
	if manifestDigest(p.dir) != last.Manifest {
		return nil, &hintError{fmt.Errorf("release %s v%d is not as it was published", month, last.Version), "make it again: cairn run --period " + month}
	}
	referents, err := d.db.Referents(d.ctx)
	for _, r := range referents {
		p.territories = append(p.territories, r.Territory)
	}
	return p, err
}

func (p *publication) label() string {
	return fmt.Sprintf("%s_v%d", p.period.Format("2006-01"), p.version)
}

// files are those of a folder of the release with these names, as far as they are there.
func (p *publication) files(folder string, names ...string) []attachment {
	var all []attachment
	for _, name := range names {
		name = p.period.Format("2006-01") + "_" + name
		path := filepath.Join(p.dir, folder, name)
		if _, err := os.Stat(path); err == nil {
			all = append(all, attachment{name, path})
		}
	}
	return all
}

func (p *publication) workbooks(territory string) []attachment {
	return p.files("evaluateurs", territory+"_evaluation.xlsx")
}
func (p *publication) comparison() []attachment { return p.files("comparaison", "comparaison.xlsx") }

// impact is a funder's summary, or the programme's ("" as id): the page, printed where there is a Chromium, and its annex.
func (d *delivery) impact(p *publication, funder string) ([]attachment, error) {
	name := "impact"
	if funder != "" {
		name = funder + "_impact"
	}
	files := p.files("financeurs", name+".html", name+".xlsx")
	if len(files) == 0 {
		return nil, nil
	}
	title := fmt.Sprintf("%s_%s.pdf", p.period.Format("2006-01"), name)
	pdf := d.workspace.path(filepath.Join(lettersDir, p.period.Format("2006-01"), fmt.Sprintf("v%d", p.version), title))
	if about, err := os.Stat(pdf); !d.preview && (err != nil || about.Size() == 0) {
		if err := exports.PrintPDF(d.ctx, files[0].path, pdf); err != nil { // the page is the report: it goes without
			if !errors.Is(err, exports.ErrNoChromium) {
				slog.Warn("the impact summary goes without its PDF", "error", err)
			}
			return files, nil
		}
	}
	return append([]attachment{{title, pdf}}, files...), nil
}

func (d *delivery) releaseLetters(o occasion) ([]*letter, error) {
	p, err := d.publication(o.period)
	if err != nil {
		return nil, err
	}
	var all []*letter
	for _, r := range d.workspace.Config.Recipients {
		switch r.Role {
		case roleEvaluator:
			var files []attachment
			for _, territory := range p.territories {
				if len(r.Territories) == 0 || slices.Contains(r.Territories, territory) {
					files = append(files, p.workbooks(territory)...)
				}
			}
			if len(files) > 0 { // of a territory that has sent nothing yet there is no workbook
				all = append(all, d.released(p, r, exports.Letter{Kind: exports.LetterEvaluation}, files))
			}
		case roleAssociation:
			all = append(all, d.released(p, r, exports.Letter{Kind: exports.LetterComparison}, p.comparison()))
		}
	}
	return all, nil
}

func (d *delivery) impactLetters(o occasion) ([]*letter, error) {
	p, err := d.publication(o.period)
	if err != nil {
		return nil, err
	}
	var all []*letter
	for _, r := range d.workspace.Config.Recipients {
		if r.Role != roleFunder {
			continue
		}
		files, err := d.impact(p, r.Funder)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 { // named in cairn.toml since
			return nil, &hintError{fmt.Errorf("release %s v%d has no impact summary of %s", p.period.Format("2006-01"), p.version, r.Funder),
				"publish it with one: cairn run --period " + p.period.Format("2006-01")}
		}
		all = append(all, d.released(p, r, exports.Letter{Kind: exports.LetterImpact, Funder: d.workspace.Config.funder("*" + r.Funder)}, files))
	}
	return all, nil
}

// released is a letter about a release: another version is another letter.
func (d *delivery) released(p *publication, r Recipient, text exports.Letter, files []attachment) *letter {
	text.Period, text.Version = p.period, p.version
	l := d.letter(r.Address, r.Address, text, files)
	l.version = p.version
	l.identify(p.label())
	return l
}

// letter makes a letter, its files attached as far as there is room.
func (d *delivery) letter(recipient, address string, text exports.Letter, files []attachment) *letter {
	l := &letter{recipient: recipient, address: address, text: text}
	l.text.Programme, l.text.Contact = d.workspace.Config.Programme, d.workspace.Config.Contact
	limit := d.workspace.Config.Mail.MaxMB
	if limit == 0 {
		limit = attachmentMB
	}
	room := int64(limit) * 1e6
	for _, f := range files {
		if info, err := os.Stat(f.path); err == nil {
			if room -= info.Size(); room < 0 {
				l.text.TooLarge = append(l.text.TooLarge, f.name)
				room += info.Size()
				continue
			}
		}
		l.attached, l.text.Attached = append(l.attached, f), append(l.text.Attached, f.name)
	}
	return l
}

// referents are those who are written to, by territory: none unless the configuration says so.
func (d *delivery) referents(ctx context.Context) (map[string]*letter, error) {
	to := map[string]*letter{}
	if !d.workspace.Config.Mail.Referents {
		return to, nil
	}
	all, err := d.db.Referents(ctx)
	for _, r := range all {
		if r.Address != "" {
			to[r.Territory] = d.letter("référent "+r.Territory, r.Address, exports.Letter{Territory: r.Name}, nil)
		}
	}
	return to, err
}

// returns are those of a territory's own workbooks that were received lately. What an émetteur was told is his alone.
func (d *delivery) returns() ([]*exports.Return, error) {
	all, err := exports.Returns(d.ctx, d.db)
	since := d.now().AddDate(0, 0, -returnDays)
	return slices.DeleteFunc(all, func(r *exports.Return) bool {
		return r.Emetteur != "" || r.Name == "" || r.Received.Before(since)
	}), err
}

func (d *delivery) returnLetters() ([]*letter, error) {
	to, err := d.referents(d.ctx)
	if err != nil || len(to) == 0 {
		return nil, err
	}
	returns, err := d.returns()
	if err != nil {
		return nil, err
	}
	var all []*letter
	for _, r := range returns {
		referent := to[r.Territoire]
		if referent == nil {
			continue
		}
		l := d.letter(referent.recipient, referent.address, exports.Letter{
			Kind: exports.LetterReturn, Territory: r.Name, Period: r.Periode, Rejected: r.Rejected, Corrections: r.Count(ingest.Erreur), Questions: r.Count(ingest.Question),
		}, []attachment{d.returnFile(r)})
		l.original = r.Original
		l.identify(r.Original)
		all = append(all, l)
	}
	return all, nil
}

func (d *delivery) reminderLetters(o occasion) ([]*letter, error) {
	to, err := d.referents(d.ctx)
	if err != nil || len(to) == 0 {
		return nil, err
	}
	missing, err := d.db.Missing(d.ctx, o.period)
	if err != nil {
		return nil, err
	}
	var all []*letter
	for _, territory := range missing {
		l := to[territory]
		if l == nil {
			continue
		}
		l.text.Kind, l.text.Period, l.text.Due, l.text.Today = exports.LetterReminder, o.period, o.due, today(d.now())
		l.identify(fmt.Sprintf("%s %+d", o.period.Format("2006-01"), o.step))
		all = append(all, l)
	}
	return all, nil
}

// today is the date of a moment in Paris, at midnight UTC.
func today(t time.Time) time.Time {
	year, month, date := t.In(transform.Paris).Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}
