// Cairn turns the monthly workbooks of pilot territories into long-term indicators.
package main

import (
	"os"

	"cairn/ingest"
	"cairn/jobs"
)

func main() {
	if ingest.RunXLSChild() {
		return
	}
	os.Exit(jobs.Main(os.Args[1:], os.Stdout, os.Stderr))
}
