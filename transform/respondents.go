package transform

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"cairn/ingest"
)

// Key turns the names by which people answered into others. It is kept outside of the database: without
// it, who has the database cannot find a name again by trying names.
type Key []byte

// fingerprint tells two keys apart without telling the key.
func (k Key) fingerprint() string {
	sum := sha256.Sum256(append([]byte("cairn, which key: "), k...))
	return hex.EncodeToString(sum[:8])
}

// pseudonym is what a name becomes (HMAC-SHA-256, 64 bits); the same name in two territories becomes two.
func (k Key) pseudonym(territory, name string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(territory + "\x1f" + name))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// values are a row's values with pseudonyms for names.
func (k Key) values(s *ingest.Schema, territory string, values []string) []string {
	renamed := values
	for i := range s.Fields {
		if s.Fields[i].Pseudonym && values[i] != "" {
			if &renamed[0] == &values[0] {
				renamed = append([]string(nil), values...)
			}
			renamed[i] = k.pseudonym(territory, values[i])
		}
	}
	return renamed
}

// finding is a finding with a pseudonym for the name that its key begins with, and without the name if it
// is about one.
func (k Key) finding(s *ingest.Schema, territory string, f ingest.Finding) ingest.Finding {
	if s == nil {
		return f
	}
	if field := s.Field(f.Field); field != nil && field.Pseudonym {
		f.Value, f.Proposal = "", ""
	}
	if first := s.Field(s.PrimaryKey[0]); first.Pseudonym && f.Key != "" {
		parts := strings.Split(f.Key, ingest.KeySeparator)
		others := len(s.PrimaryKey) - 1
		if s.Kind == ingest.Releve {
			others++ // the date
		}
		name := max(len(parts)-others, 1) // a name may hold the separator
		f.Key = strings.Join(append([]string{k.pseudonym(territory, strings.Join(parts[:name], ingest.KeySeparator))}, parts[name:]...), ingest.KeySeparator)
	}
	return f
}
