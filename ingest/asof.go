package ingest

import "time"

// AsOf is the journal as it was known just before an instant: the receptions received and all else written by
// then. The first version of a reference file has always been known: it says what the programme is, not what
// was learnt of it on the day on which it was first read. What has been forgotten since is not known on any day.
// The journal is to be read, no line can be added.
func (j *Journal) AsOf(instant time.Time) *Journal {
	known := &Journal{}
	named := map[string]bool{}
	for i, e := range j.entries {
		at := e.At
		switch e.Type {
		case EntryReception:
			at = e.ReceivedAt // a file that lay in the inbox had been received
		case EntryReference:
			if !named[e.Path] {
				at = time.Time{}
			}
			named[e.Path] = true
		}
		if at.Before(instant) {
			known.entries, known.chains = append(known.entries, e), append(known.chains, j.chains[i])
		} else if e.Type == EntryForget {
			known.later = append(known.later, e)
		}
	}
	return known
}
