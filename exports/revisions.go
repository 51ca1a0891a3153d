package exports

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"cairn/indicators"
	"cairn/transform"
)

// Revisions are what has become, in a release, of the figures that were published before it.
type Revisions struct {
	Period     time.Time // of the release that they are compared with; zero when there is none
	Version    int
	Rows       []Revision // by figure
	Statistics []RevisionStatistic
}

// since is the release that the figures are compared with, as 2026-10 v1.
func (r *Revisions) since() string {
	return fmt.Sprintf("%s v%d", r.Period.Format("2006-01"), r.Version)
}

// Revision is a figure that was published and is no longer the same.
type Revision struct {
	FigureKey
	Before, After Figure
	Causes        []Cause // what changed it, in the order in which it came
}

// CauseKind is a code of the list cause_revision.
type CauseKind string

// The kinds of causes.
const (
	LateFile      CauseKind = "fichier_tardif"
	CorrectedCell CauseKind = "cellule_corrigee"
	OtherMonth    CauseKind = "autre_mois"
	Withdrawal    CauseKind = "retrait"
	Decision      CauseKind = "decision"
	Reference     CauseKind = "reference"
	Definition    CauseKind = "definition"
	Computation   CauseKind = "calcul"
	Secrecy       CauseKind = "secret"
	Erasure       CauseKind = "effacement"
	several       CauseKind = "plusieurs"
	unexplained   CauseKind = "inexpliquee"
)

// Cause is one thing that changed a figure. Fields that a kind does not use are empty.
type Cause struct {
	Kind      CauseKind
	Territory string    // whose workbook or finding it is
	Emitter   bool      // the workbook is one of those who answer for themselves
	Period    time.Time // of the workbook
	Version   int       // of the workbook
	Day       time.Time // on which it was received or decided
	Places    []string  // the corrected cells, as « Dialogues!D2 »
	What      string    // the name of a reference file, the finding, the versions of the program
}

// words says the cause in French.
func (c Cause) words() string {
	book := func() string {
		text := "classeur"
		if c.Emitter {
			text = "classeur d’un acteur qui répond lui-même,"
		}
		return text + " " + ofMonth(c.Period)
	}
	switch c.Kind {
	case LateFile, OtherMonth:
		return fmt.Sprintf("%s, reçu le %s", book(), dayName(c.Day))
	case CorrectedCell:
		places := strings.Join(c.Places, ", ")
		if places == "" {
			places = "aucune cellule de ces feuilles"
		}
		return fmt.Sprintf("%s, version %d reçue le %s : %s", book(), c.Version, dayName(c.Day), places)
	case Withdrawal:
		return fmt.Sprintf("%s, retiré le %s", book(), dayName(c.Day))
	case Decision:
		return fmt.Sprintf("décision du %s sur le constat %s", dayName(c.Day), c.What)
	case Reference:
		return fmt.Sprintf("%s, version du %s", c.What, dayName(c.Day))
	case Erasure:
		return "données effacées le " + dayName(c.Day)
	case Definition:
		return "la définition de l’indicateur a changé"
	case Computation:
		return "le programme de calcul a changé : " + c.What
	}
	return "le chiffre est caché, ou ne l’est plus, pour en protéger d’autres"
}

// cause is the code of what changed the figure.
func (r *Revision) cause() CauseKind {
	switch len(r.Causes) {
	case 0:
		return unexplained
	case 1:
		return r.Causes[0].Kind
	}
	return several
}

// detail says in French what changed the figure. A cause of another territory, for the programme, is named with it.
func (r *Revision) detail() string {
	var parts []string
	for _, c := range r.Causes {
		text := c.words()
		if c.Territory != "" && c.Territory != r.Territory {
			text = c.Territory + " : " + text
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return typo("aucune des causes connues ne l’explique")
	}
	return typo(strings.Join(parts, " ; "))
}

// RevisionStatistic says how provisional the first figures of an indicator are.
type RevisionStatistic struct {
	Indicator          string
	Figures, Revised   int
	Mean, MedianChange sql.Null[float64] // of what has a value in both: now minus first, and its size
}

// NewRevisionStatistics compares the first publication of figures with what they are now.
func NewRevisionStatistics(first, now map[FigureKey]Figure) []RevisionStatistic {
	of := map[string]*RevisionStatistic{}
	changes := map[string][]float64{}
	for _, k := range slices.SortedFunc(maps.Keys(first), FigureKey.Compare) {
		s := of[k.Indicator]
		if s == nil {
			s = &RevisionStatistic{Indicator: k.Indicator}
			of[k.Indicator] = s
		}
		was, is := first[k], now[k]
		s.Figures++
		if is.Revises(was) {
			s.Revised++
		}
		if was.Value.Valid && is.Value.Valid {
			changes[k.Indicator] = append(changes[k.Indicator], is.Value.V-was.Value.V)
		}
	}
	var all []RevisionStatistic
	for _, id := range slices.Sorted(maps.Keys(of)) {
		s := of[id]
		if n := len(changes[id]); n > 0 {
			sum := 0.0
			sizes := make([]float64, n)
			for i, c := range changes[id] {
				sum += c
				sizes[i] = math.Abs(c)
			}
			slices.Sort(sizes)
			s.Mean = sql.Null[float64]{V: sum / float64(n), Valid: true}
			s.MedianChange = sql.Null[float64]{V: (sizes[(n-1)/2] + sizes[n/2]) / 2, Valid: true}
		}
		all = append(all, *s)
	}
	return all
}

// revisionResources are those of ownResources that are read from the database of openRevisions.
var revisionResources = []string{"revisions", "revisions_par_indicateur"}

// openRevisions makes a database of the revisions alone, which can write below dir.
func openRevisions(ctx context.Context, r *Revisions, dir string) (*transform.Warehouse, error) {
	w, err := transform.Open("", dir)
	if err != nil {
		return nil, err
	}
	value := func(x sql.Null[float64]) driver.Value {
		if !x.Valid {
			return nil
		}
		return x.V
	}
	text := func(s string) driver.Value {
		if s == "" {
			return nil
		}
		return s
	}
	var revisions, statistics [][]driver.Value
	for i := range r.Rows {
		v := &r.Rows[i]
		revisions = append(revisions, []driver.Value{v.Indicator, v.Territory, v.Month, v.Modalite, r.since(),
			value(v.Before.Value), v.Before.Statut, value(v.After.Value), text(v.After.Statut), string(v.cause()), v.detail()})
	}
	for _, s := range r.Statistics {
		statistics = append(statistics, []driver.Value{s.Indicator, int64(s.Figures), int64(s.Revised), float64(s.Revised) / float64(s.Figures), value(s.Mean), value(s.MedianChange)})
	}
	tables := []struct {
		name, columns string
		rows          [][]driver.Value
	}{
		{"revisions", `indicateur VARCHAR, territoire_id VARCHAR, periode VARCHAR, modalite VARCHAR, depuis VARCHAR,
			valeur_avant DOUBLE, statut_avant VARCHAR, valeur_apres DOUBLE, statut_apres VARCHAR, cause VARCHAR, detail VARCHAR`, revisions},
		{"revisions_par_indicateur", "indicateur VARCHAR, chiffres BIGINT, revises BIGINT, part_revisee DOUBLE, revision_moyenne DOUBLE, revision_absolue_mediane DOUBLE", statistics},
	}
	err = w.Update(ctx, func(tx *transform.Tx) error {
		if err := tx.Exec("CREATE SCHEMA publication"); err != nil {
			return err
		}
		for _, t := range tables {
			if err := tx.Exec(fmt.Sprintf("CREATE TABLE publication.%s (%s)", t.name, t.columns)); err != nil {
				return err
			}
			if err := tx.Append("publication", t.name, slices.Values(t.rows)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Counts counts the revisions by their cause.
func (r *Revisions) Counts() map[CauseKind]int {
	counts := map[CauseKind]int{}
	for i := range r.Rows {
		counts[r.Rows[i].cause()]++
	}
	return counts
}

// fillHistory is « Historique »: the territory's figures, and the programme's, that are no longer those that were published.
func fillHistory(_ context.Context, p *place, _ []record, s *sheet) error {
	all := &p.release.Revisions
	s.columns = []column{{"Mois", 16, monthFormat}, {"Code", 8, codeFormat}, {"Indicateur", 36, textFormat}, {"Pour", 14, textFormat}, {"Modalité", 22, textFormat},
		{"Ancienne valeur", 14, symbolFormat}, {"Nouvelle valeur", 14, symbolFormat}, {"Cause", 30, besideFormat}, {"Détail", 70, textFormat}}
	s.filtered = true
	own := Revisions{Period: all.Period, Version: all.Version}
	for _, v := range all.Rows {
		if v.Territory == p.territory || v.Territory == transform.Programme {
			own.Rows = append(own.Rows, v)
		}
	}
	switch {
	case !p.release.Erased.IsZero() && all.Period.IsZero():
		s.sentences = []string{"Cette feuille contient un tableau, des chiffres publiés qui ont changé. " + p.release.ErasedText() + " Le tableau n’a pas de ligne."}
		return nil
	case all.Period.IsZero():
		s.sentences = []string{"Cette feuille contient un tableau, des chiffres publiés qui ont changé. Première publication : aucun chiffre n’avait encore été publié, et le tableau n’a pas de ligne."}
		return nil
	case len(own.Rows) == 0:
		s.sentences = []string{fmt.Sprintf("Cette feuille contient un tableau, des chiffres publiés qui ont changé. Aucun n’a changé depuis la publication %s, version %d : le tableau n’a pas de ligne.", ofMonth(all.Period), all.Version)}
		return nil
	}
	var causes []string
	counts := own.Counts()
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		causes = append(causes, fmt.Sprintf("%s : %d", p.model.Label("cause_revision", string(kind)), counts[kind]))
	}
	s.sentences = []string{
		fmt.Sprintf("Cette feuille contient un tableau : les chiffres du territoire et du programme qui ont changé depuis la publication %s, version %d.", ofMonth(all.Period), all.Version),
		fmt.Sprintf("Nombre de révisions par cause. %s.", strings.Join(causes, " ; ")),
		"Une révision n’est pas une faute : elle dit ce qui a été appris depuis. La cellule nommée est celle du classeur corrigé.",
	}
	for i := range own.Rows {
		v := &own.Rows[i]
		month, err := time.Parse("2006-01", v.Month)
		if err != nil {
			return fmt.Errorf("revision of %v: %w", v.FigureKey, err)
		}
		at := slices.IndexFunc(p.catalogue, func(ind *indicators.Indicator) bool { return ind.ID == v.Indicator })
		if at < 0 {
			continue // no longer in the catalogue: the open data have it
		}
		ind := p.catalogue[at]
		cell := func(f Figure) any {
			if !f.Value.Valid {
				return symbolOf(f.Statut)
			}
			return formatted{f.Value.V, unitFormats[ind.Unit]}
		}
		whose := p.name
		if v.Territory == transform.Programme {
			whose = "Programme"
		}
		modalite := "ensemble"
		if v.Modalite != "" {
			modalite = p.model.Label(ind.Modalites, v.Modalite)
		}
		s.rows = append(s.rows, []any{month, v.Indicator, ind.Name, whose, modalite, cell(v.Before), cell(v.After), p.model.Label("cause_revision", string(v.cause())), v.detail()})
	}
	return nil
}
