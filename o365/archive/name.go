package archive

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Format is how the content of an object is written, without its compression.
type Format string

// The formats.
const (
	JSON   Format = "json"   // as the service served it: an array of records
	NDJSON Format = "ndjson" // one record a line
)

// unknown is the value of a partition that readers of partitioned folders take for
// NULL (Hive's, which Spark, DuckDB and Athena follow).
const unknown = "__HIVE_DEFAULT_PARTITION__"

// Name returns the name of the object that holds a content:
// tenant=T/content_type=C/date=YYYY-MM-DD/hour=HH/CONTENTID.json.gz, by when the content
// became available (UTC). number is 1 but for further versions of a content, which have
// it behind the id: CONTENTID.2.json.gz.
func Name(tenant string, i source.Item, f Format, number int) string {
	date, hour := unknown, unknown
	if !i.Created.IsZero() {
		date, hour = i.Created.UTC().Format(time.DateOnly), i.Created.UTC().Format("15")
	}
	version := ""
	if number > 1 {
		version = "." + strconv.Itoa(number)
	}
	return fmt.Sprintf("tenant=%s/content_type=%s/date=%s/hour=%s/%s%s.%s.gz", tenant, i.ContentType, date, hour, escape(i.ID), version, f)
}

// longestID is how many bytes of a file's name an id may take: file systems allow 255
// in all.
const longestID = 200

// shortened is what escape makes of an id that is longer.
var shortened = regexp.MustCompile(`^[^~.]{120}~[0-9a-f]{32}$`)

// escape writes a content id as a part of a name. Letters, digits and "$", "_" and "-"
// stay. A dot becomes %2E, so that the first one ends the id; a leading "_" becomes %5F,
// since readers of partitioned folders skip such files. An id that gets too long by that
// ends in a hash of it.
func escape(id string) string {
	if shortened.MatchString(id) {
		return id
	}
	var b strings.Builder
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '$', c == '-', c == '_' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	escaped := b.String()
	if len(escaped) > longestID {
		sum := sha256.Sum256([]byte(id))
		escaped = fmt.Sprintf("%s~%x", escaped[:120], sum[:16])
	}
	return escaped
}

// Object is what a name says about the object.
type Object struct {
	Tenant      string
	ContentType string
	Hour        time.Time // in which the content became available, UTC; zero if unknown
	ID          string    // of the content, shortened if it is very long
	Number      int       // of its version, from 1
	Format      Format
}

// Parse is the reverse of Name. ok is false for a name that Name never returns.
func Parse(name string) (o Object, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 5 {
		return o, false
	}
	var date, hour string
	for i, part := range []struct {
		key   string
		value *string
	}{{"tenant", &o.Tenant}, {"content_type", &o.ContentType}, {"date", &date}, {"hour", &hour}} {
		key, value, found := strings.Cut(parts[i], "=")
		if !found || key != part.key || value == "" {
			return o, false
		}
		*part.value = value
	}
	file := strings.Split(parts[4], ".")
	if len(file) != 3 && len(file) != 4 || file[len(file)-1] != "gz" {
		return o, false
	}
	o.Format, o.Number = Format(file[len(file)-2]), 1
	if o.Format != JSON && o.Format != NDJSON {
		return o, false
	}
	var err error
	if o.ID, err = url.PathUnescape(file[0]); shortened.MatchString(file[0]) {
		o.ID = file[0]
	} else if err != nil {
		return o, false
	}
	if len(file) == 4 {
		if o.Number, err = strconv.Atoi(file[1]); err != nil {
			return o, false
		}
	}
	if date != unknown {
		if o.Hour, err = time.Parse(time.DateOnly+" 15", date+" "+hour); err != nil {
			return o, false
		}
	}
	return o, name == Name(o.Tenant, source.Item{ContentType: o.ContentType, ID: o.ID, Created: o.Hour}, o.Format, o.Number)
}
