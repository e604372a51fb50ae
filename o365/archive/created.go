package archive

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// Created returns when the content of an object became available, by the object's
// metadata. ok is false if that is not known.
func Created(m storage.Metadata) (at time.Time, ok bool) {
	at, err := time.Parse(time.RFC3339Nano, m[metaCreated])
	return at.UTC(), err == nil
}
