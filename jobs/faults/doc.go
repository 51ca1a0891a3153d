// Package faults is the fault matrix: the whole program, stopped, cut off, denied the disk and given damaged or
// hostile bytes, in a small workspace of two territories. It has tests only, under the build tag faults: « make faults ».
//
// A trial hurts a run, mends what hurt it, runs again and then holds the workspace to what the program promises:
//
//   - every submission that was acknowledged has its original, its line of the journal and its rows, although its
//     sender deleted it;
//   - nothing is counted twice, and the database is the one of a run that nobody hurt, row for row;
//   - the published releases are those of that run, byte for byte, each whole, and there is no other;
//   - what stands right after the fault, before anything is mended, is whole too;
//   - one more run changes nothing.
//
// The matrix is a list of rows (matrix_test.go); a row makes its trials. TestPlanted leaves a step of the protocol out
// and wants the matrix to notice. Power cuts, full disks and read-only file systems need root and loop devices;
// where there are none the row is skipped, loudly.
package faults
