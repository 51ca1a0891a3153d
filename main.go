// Cairn turns the monthly workbooks of pilot territories into long-term indicators.
package main

import (
	"os"

	"cairn/jobs"
)

func main() { os.Exit(jobs.Main(os.Args[1:], os.Stdout, os.Stderr)) }
