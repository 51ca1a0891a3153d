package indicators

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"strconv"
	"time"

	"cairn/transform"
)

// Fingerprints tell what the rows of each territory bring to the figures of the programme, without saying it: where
// one is the same in two states of the database, whatever moved the programme's figure was not this territory. A
// territory has one also where its own figure is undefined or hidden. Two different states are taken for one once in
// four thousand million.
type Fingerprints map[FingerprintKey]uint32

// FingerprintKey names the rows of an indicator, a territory and a month; modalite is empty where the modalites share
// one population.
type FingerprintKey struct {
	Indicator, Territory string
	Month                string // 2026-10
	Modalite             string
}

type fingerprint struct {
	indicator string
	spot
	sum uint32
}

// taken reports whether the sets take the rows of a territory that is not outdated.
func (ind *Indicator) taken(absent int, whole bool) bool {
	return !ind.windowedSum() || absent <= maximumAbsent && whole
}

// fingerprints are those of the groups of rows of each territory that the programme takes.
func (ind *Indicator) fingerprints(spine []month, groups map[spot]aggregated) []fingerprint {
	if !ind.Programme {
		return nil
	}
	var all []fingerprint
	for _, s := range spine {
		if IsSet(s.territory) {
			continue
		}
		for _, modalite := range ind.populations() {
			key := spot{s.territory, s.period, modalite}
			if a, some := groups[key]; some && !s.outdated && ind.taken(a.absent, a.whole) {
				all = append(all, fingerprint{ind.ID, key, a.sum()})
			}
		}
	}
	return all
}

// sum is a checksum of all that the estimator is given.
func (a aggregated) sum() uint32 {
	hash := fnv.New32a()
	fmt.Fprintln(hash, a.population, a.known, a.counts)
	for _, value := range a.values {
		list, ok := value.([]any)
		if !ok {
			fmt.Fprintln(hash, value)
			continue
		}
		var unordered uint64 // a list has no order: what differs in it alone is the same
		for _, v := range list {
			element := fnv.New64a()
			if n, ok := v.(int64); ok { // of most lists
				element.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
			} else {
				fmt.Fprint(element, v)
			}
			unordered += element.Sum64()
		}
		fmt.Fprintln(hash, len(list), unordered)
	}
	return hash.Sum32()
}

func fingerprintRows(all []fingerprint) iter.Seq[[]driver.Value] {
	return func(yield func([]driver.Value) bool) {
		for _, p := range all {
			if !yield([]driver.Value{p.indicator, p.territory, p.period, p.modalite, p.sum}) {
				return
			}
		}
	}
}

// ReadFingerprints reads those of a computed database.
func ReadFingerprints(ctx context.Context, w *transform.Warehouse) (Fingerprints, error) {
	all := Fingerprints{}
	return all, eachFingerprint(ctx, w, func(k FingerprintKey, sum uint32) error {
		all[k] = sum
		return nil
	})
}

func eachFingerprint(ctx context.Context, w *transform.Warehouse, each func(FingerprintKey, uint32) error) error {
	rows, err := w.QueryContext(ctx, "SELECT indicateur, territoire_id, periode, modalite, empreinte FROM indicateur.empreintes ORDER BY ALL")
	if err != nil {
		return fmt.Errorf("read the fingerprints: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k FingerprintKey
		var period time.Time
		var sum uint32
		if err := rows.Scan(&k.Indicator, &k.Territory, &period, &k.Modalite, &sum); err != nil {
			return fmt.Errorf("read the fingerprints: %w", err)
		}
		k.Month = period.Format("2006-01")
		if err := each(k, sum); err != nil {
			return err
		}
	}
	return rows.Err()
}

// PackFingerprints writes those of a computed database as compressed CSV.
func PackFingerprints(ctx context.Context, w *transform.Warehouse) ([]byte, error) {
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	lines := csv.NewWriter(compressed)
	err := eachFingerprint(ctx, w, func(k FingerprintKey, sum uint32) error {
		return lines.Write([]string{k.Indicator, k.Territory, k.Month, k.Modalite, strconv.FormatUint(uint64(sum), 16)})
	})
	lines.Flush()
	err = errors.Join(err, lines.Error(), compressed.Close())
	return packed.Bytes(), err
}

// UnpackFingerprints reads what PackFingerprints wrote.
func UnpackFingerprints(packed []byte) (Fingerprints, error) {
	compressed, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the fingerprints: %w", err)
	}
	all := Fingerprints{}
	lines := csv.NewReader(compressed)
	lines.FieldsPerRecord = 5
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack the fingerprints: %w", err)
		}
		sum, err := strconv.ParseUint(line[4], 16, 32)
		if err != nil {
			return nil, fmt.Errorf("unpack the fingerprints: %w", err)
		}
		all[FingerprintKey{line[0], line[1], line[2], line[3]}] = uint32(sum)
	}
}
