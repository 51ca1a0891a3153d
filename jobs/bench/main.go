// Bench measures whole runs of the cairn binary on generated histories, each in a process of its own: its
// processor time, wall time, peak memory and what it read.
//
//	bench peers   ten territories × 12 months, in turn with scripts of other tools that do the bare means of the same job
//	bench scale   1, 3 and 10 years of ten territories, and a year of 100 and 1,250 with workbooks of 300 cells
//	bench postgres   the SQL files, as they stand, given to a PostgreSQL server that holds the same tables
//
// Runs to be compared are made in turn, so that what else the machine does hurts them alike; a ratio is the median
// of the ratios of processor time of the rounds, with the least and the largest.
package main

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// scripts are the peers, each with what it needs to be installed.
//
//go:embed peers
var scripts embed.FS

type peer struct {
	name, script string
	command      []string // before the script
	probe        []string // fails when something is not installed
}

var peers = []peer{
	{"pandas, openpyxl, xlsxwriter", "pandas_openpyxl.py", []string{"python3"}, []string{"python3", "-c", "import pandas, openpyxl, xlsxwriter"}},
	{"readxl, dplyr, openxlsx", "readxl_dplyr.R", []string{"Rscript"}, []string{"Rscript", "-e", "library(readxl); library(dplyr); library(openxlsx)"}},
	{"SheetJS, @duckdb/node-api", "sheetjs_duckdb.js", []string{"node"}, []string{"node", "-e", "require('xlsx'); require('@duckdb/node-api')"}},
}

type cli struct {
	Cairn string   `help:"The binary to measure." default:"./cairn"`
	Peers peersCmd `cmd:"" help:"Beside scripts of other tools. PYTHON3, RSCRIPT and NODE name other interpreters."`
	Scale scaleCmd `cmd:"" help:"On longer histories and more territories."`

	Postgres postgresCmd `cmd:"" help:"How many of the SQL files run unchanged on PostgreSQL."`
	History  historyCmd  `cmd:"" hidden:""`
	Rows     rowsCmd     `cmd:"" hidden:""`
}

func main() {
	var c cli
	ctx := kong.Parse(&c)
	dir, err := os.MkdirTemp("", "cairn-bench-")
	ctx.FatalIfErrorf(err)
	binary, err := filepath.Abs(c.Cairn)
	if err == nil {
		err = ctx.Run(&bench{binary, dir})
	}
	ctx.FatalIfErrorf(errors.Join(err, os.RemoveAll(dir)))
}

type bench struct{ cairn, dir string }

// run is a run of the binary in a workspace: findings that remain are no failure.
func (b *bench) run(workspace string) (usage, error) {
	return measure([]int{0, 3}, b.cairn, "run", "--workspace", workspace)
}

type peersCmd struct {
	Runs   int `help:"Rounds." default:"3"`
	Months int `help:"Months of ten territories." default:"12"`
}

func (c *peersCmd) Run(b *bench) error {
	source := filepath.Join(b.dir, "source")
	if _, err := measure([]int{0}, b.cairn, "demo", source, "--months", fmt.Sprint(c.Months)); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(b.dir, "scripts"), scripts); err != nil {
		return err
	}
	fmt.Printf("%d territory months, whole job\n\n", 10*c.Months)
	var installed []peer
	for _, p := range peers {
		if name := os.Getenv(strings.ToUpper(p.command[0])); name != "" {
			p.command[0], p.probe[0] = name, name
		}
		if _, err := measure([]int{0}, p.probe[0], p.probe[1:]...); err != nil {
			fmt.Printf("%s: skipped, not installed\n", p.name)
			continue
		}
		installed = append(installed, p)
	}
	own := make([]usage, c.Runs)
	theirs := make([][]usage, len(installed))
	for round := range c.Runs {
		workspace := filepath.Join(b.dir, fmt.Sprint("workspace", round))
		if err := copyTree(workspace, source); err != nil {
			return err
		}
		var err error
		if own[round], err = b.run(workspace); err != nil {
			return err
		}
		for i, p := range installed {
			args := append(slices.Clone(p.command[1:]), filepath.Join(b.dir, "scripts", "peers", p.script), filepath.Join(source, "inbox"), filepath.Join(b.dir, "out", p.script))
			u, err := measure([]int{0}, p.command[0], args...)
			if err != nil {
				return err
			}
			theirs[i] = append(theirs[i], u)
		}
	}
	fmt.Println(heading)
	fmt.Println(line("cairn", own, own))
	for i, p := range installed {
		fmt.Println(line(p.name, theirs[i], own))
	}
	return nil
}

// copyTree copies a workspace with the times of its files, by which the inbox knows them.
func copyTree(to, from string) error {
	_, err := measure([]int{0}, "cp", "-a", from, to)
	return err
}
