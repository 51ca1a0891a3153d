//go:build race

package ingest

const raceEnabled = true // the race detector slows everything: no time is asserted
