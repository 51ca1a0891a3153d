package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/jobs/demo"
	"cairn/transform"
)

type scaleCmd struct {
	Runs  int      `help:"Rounds of the histories of ten territories." default:"3"`
	Years []int    `help:"Years of ten territories." default:"1,3,10"`
	Small []int    `help:"Territories with a year of small workbooks." default:"100,1250"`
	Only  []string `help:"Parts to measure; rows, of 1,250 territories over ten years, takes eight minutes more." enum:"years,small,rows" default:"years,small"`
}

func (c *scaleCmd) Run(b *bench) error {
	parts := map[string]func(*bench) error{"years": c.histories, "small": c.territories, "rows": c.rows}
	for _, part := range c.Only {
		if err := parts[part](b); err != nil {
			return err
		}
	}
	return nil
}

// histories measures runs from nothing, with nothing new and with a new month of ten territories. Ratios are to
// the same run on the shortest history.
func (c *scaleCmd) histories(b *bench) error {
	names := []string{"from nothing", "nothing new", "a new month"}
	runs := map[string][][]usage{}
	for _, name := range names {
		runs[name] = make([][]usage, len(c.Years))
	}
	slowest := make([]time.Duration, len(c.Years))
	for _, years := range c.Years {
		if err := b.makeHistory(fmt.Sprint("years", years), 12*years); err != nil {
			return err
		}
	}
	for round := range c.Runs {
		for i, years := range c.Years {
			source := filepath.Join(b.dir, fmt.Sprint("years", years))
			workspace := filepath.Join(b.dir, "workspace")
			if err := copyTree(workspace, source); err != nil {
				return err
			}
			for _, name := range names {
				if name == "a new month" {
					if _, err := measure([]int{0}, "cp", "-a", source+".held/inbox/.", filepath.Join(workspace, "inbox")); err != nil {
						return err
					}
				}
				u, err := b.run(workspace)
				if err != nil {
					return fmt.Errorf("%s, %d years, round %d: %w", name, years, round, err)
				}
				runs[name][i] = append(runs[name][i], u)
			}
			took, err := slowestIndicator(filepath.Join(workspace, "cairn.duckdb"))
			if err != nil {
				return err
			}
			slowest[i] = max(slowest[i], took)
			if err := os.RemoveAll(workspace); err != nil {
				return err
			}
		}
	}
	fmt.Printf("\n%s\n", heading)
	for _, name := range names {
		for i, years := range c.Years {
			fmt.Println(line(fmt.Sprintf("%s, %d × 10 territories", name, years), runs[name][i], runs[name][0]))
		}
	}
	for i, years := range c.Years {
		fmt.Printf("\nThe slowest indicator, all its figures read from the database of %d × 10 territories: %.0f ms.\n", years, 1000*slowest[i].Seconds())
	}
	fmt.Println()
	return nil
}

// slowestIndicator is the longest time in which all figures of an indicator are read from a database.
func slowestIndicator(path string) (slowest time.Duration, err error) {
	db, err := transform.OpenReadOnly(path, "")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	model, err := ingest.LoadModel()
	if err != nil {
		return 0, err
	}
	catalogue, err := indicators.Catalogue(model)
	if err != nil {
		return 0, err
	}
	for _, ind := range catalogue {
		start, n := time.Now(), 0
		rows, err := db.Query("SELECT territoire_id, periode, modalite, valeur, borne_basse, borne_haute, effectif, statut FROM indicateur.valeurs WHERE indicateur = ?", ind.ID)
		if err != nil {
			return 0, err
		}
		for rows.Next() {
			n++
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return 0, err
		}
		if n == 0 {
			return 0, fmt.Errorf("%s has no figure", ind.ID)
		}
		slowest = max(slowest, time.Since(start))
	}
	return slowest, nil
}

// makeHistory makes a workspace of ten territories without their last month, which is put beside, below .held.
func (b *bench) makeHistory(name string, months int) error {
	dir := filepath.Join(b.dir, name)
	if _, err := measure([]int{0}, b.cairn, "init", dir); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	u, err := measure([]int{0}, self, "history", dir, strconv.Itoa(months))
	fmt.Printf("%s: %s", name, u.output)
	return err
}

// historyCmd is a process of its own, since the peak of a process is not less than that of the one that starts it.
type historyCmd struct {
	Dir    string `arg:""`
	Months int    `arg:""`
}

func (c *historyCmd) Run(*bench) error {
	world := demo.Generate(1, c.Months)
	last := slices.MaxFunc(world.Deliveries, func(a, b demo.Delivery) int { return a.Periode.Compare(b.Periode) }).Periode
	isLast := func(d demo.Delivery) bool { return d.Periode.Equal(last) && d.Emetteur == "" }
	held := *world
	held.Deliveries = slices.DeleteFunc(slices.Clone(world.Deliveries), func(d demo.Delivery) bool { return !isLast(d) })
	world.Deliveries = slices.DeleteFunc(world.Deliveries, isLast)
	fmt.Printf("%d workbooks, then %d of a new month\n", len(world.Deliveries), len(held.Deliveries))
	return errors.Join(world.Write(c.Dir), held.Write(c.Dir+".held"))
}
