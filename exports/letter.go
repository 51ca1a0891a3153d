package exports

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"
)

// LetterKind says what a letter brings, and to whom.
type LetterKind string

// The kinds of letters. Each has its text in letters/.
const (
	LetterEvaluation LetterKind = "evaluation"  // an evaluator: the workbooks of territories
	LetterComparison LetterKind = "comparaison" // the association: the workbook of all territories
	LetterImpact     LetterKind = "impact"      // a funder: the impact summary
	LetterReturn     LetterKind = "retour"      // a référent: what became of a workbook
	LetterReminder   LetterKind = "rappel"      // a référent: a workbook that was not received
)

// Letter is what the text of an e-mail is made from. Fields that its kind does not use are empty.
type Letter struct {
	Kind               LetterKind
	Programme, Contact string
	Territory          string    // its name
	Funder             string    // its name; empty for the whole programme
	Period             time.Time // the month that it is about; zero for a return whose month is not known
	Version            int       // of the release
	Due, Today         time.Time // of a reminder: the last day, and the day of the letter
	Rejected           bool      // of a return: the file could not be taken
	Corrections        int       // of a return: errors that wait
	Questions          int       // of a return: questions that wait
	Attached           []string  // names of the files
	TooLarge           []string  // names of files that are kept at the recipient's disposal
}

//go:embed letters
var letterFiles embed.FS

var letterTexts = template.Must(template.New("").Funcs(template.FuncMap{
	"mois": monthName, "dumois": ofMonth, "jour": dayName, "nombre": counted,
}).ParseFS(letterFiles, "letters/*.txt"))

// Text is the subject and the text of the letter, in French with its no-break spaces. The letter's Kind is one of
// those above.
func (l *Letter) Text() (subject, text string, err error) {
	var b strings.Builder
	for _, part := range []string{string(l.Kind), "fin"} {
		if err := letterTexts.ExecuteTemplate(&b, part+".txt", l); err != nil {
			return "", "", fmt.Errorf("letter %s: %w", l.Kind, err)
		}
	}
	subject, text, _ = strings.Cut(typo(b.String()), "\n")
	return subject, strings.TrimLeft(text, "\n"), nil
}
