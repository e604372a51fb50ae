package activity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	maxURI = 8 << 10 // bytes
	maxID  = 200     // characters
	// timeLayout is the longest of the three forms that the API documents, UTC.
	timeLayout = "2006-01-02T15:04:05"
)

// parseEntry reads an entry of a listing. Its error names what is wrong, and holds
// nothing of the entry but its ID.
func parseEntry(contentType string, raw []byte) (source.Item, error) {
	var e struct{ ContentID, ContentURI, ContentCreated, ContentExpiration any }
	if raw[0] != '{' || json.Unmarshal(raw, &e) != nil {
		return source.Item{}, errors.New("an entry is not a JSON object")
	}
	id, _ := e.ContentID.(string)
	uri, _ := e.ContentURI.(string)
	created, _ := e.ContentCreated.(string)
	expires, _ := e.ContentExpiration.(string)
	switch {
	case id == "":
		return source.Item{}, errors.New("an entry has no contentId")
	case uri == "":
		return source.Item{}, fmt.Errorf("the entry %s has no contentUri", shortID(id))
	case len(uri) > maxURI:
		return source.Item{}, fmt.Errorf("the entry %s has a contentUri of %d bytes", shortID(id), len(uri))
	}
	return source.Item{ContentType: contentType, ID: shortID(id), URI: uri, Created: parseTime(created), Expires: parseTime(expires)}, nil
}

// shortID returns an item's ID for a contentId: the contentId itself, or a hash behind
// its first characters if it has more than maxID characters, spaces, or characters
// that are not printable.
func shortID(id string) string {
	shown := func(r rune) bool { return r != utf8.RuneError && r != ' ' && unicode.IsPrint(r) }
	hidden := func(r rune) bool { return !shown(r) }
	if utf8.RuneCountInString(id) <= maxID && strings.IndexFunc(id, hidden) < 0 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	digest := "~" + hex.EncodeToString(sum[:16])
	var short strings.Builder
	n := 0
	for _, r := range id {
		if n == maxID-len(digest) {
			break
		}
		if shown(r) {
			short.WriteRune(r)
			n++
		}
	}
	return short.String() + digest
}

// parseTime reads the API's times: RFC 3339, or the same without a zone. A
// time that cannot be read, or with a year that is not plausible, is zero.
func parseTime(s string) time.Time {
	if len(s) > len(time.RFC3339Nano)+10 {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(timeLayout, s)
	}
	if t = t.UTC(); err != nil || t.Year() < 1900 || t.Year() > 9000 {
		return time.Time{}
	}
	return t
}
