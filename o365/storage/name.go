package storage

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxNameBytes     = 1024 // of a blob's name, Azure counts characters
	maxPartBytes     = 240  // a file's name has 255, and .NAME.meta is one as well
	maxMetadataBytes = 8 << 10

	minTerm, maxTerm = 15 * time.Second, 60 * time.Second // of Azure's leases
)

// hidden is the folder of what a store keeps for itself. No object's name begins
// like this.
const hidden = ".storage/"

// checkName refuses names that some store can't keep.
func checkName(name string) error {
	bad := func(why string) error {
		return &Error{What: fmt.Sprintf("the name %.200q %s", name, why), Do: "report this as a bug, unless the name is from your configuration"}
	}
	if len(name) > maxNameBytes {
		return bad(fmt.Sprintf("has %d bytes, more than %d", len(name), maxNameBytes))
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "":
			return bad("has an empty part")
		case part[0] == '.' || part[len(part)-1] == '.':
			return bad("has a part with a dot at its start or end")
		case len(part) > maxPartBytes:
			return bad(fmt.Sprintf("has a part of %d bytes, more than %d", len(part), maxPartBytes))
		case !utf8.ValidString(part) || strings.ContainsFunc(part, func(r rune) bool { return r == '\\' || !unicode.IsPrint(r) }):
			return bad("has a backslash or a character that can't be printed")
		}
	}
	return nil
}

// check refuses metadata that some store can't keep.
func (m Metadata) check() error {
	bytes := 0
	for name, value := range m {
		bytes += len(name) + len(value)
		for i, c := range []byte(name) {
			if !(c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '_')) {
				return badMetadata(name, "has a name of other characters than lower case letters, digits and underscores")
			}
		}
		if name == "" || name == uploadKey {
			return badMetadata(name, "has a name that is taken")
		}
		if value == "" || value != strings.TrimSpace(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return badMetadata(name, "has a value that is empty, begins or ends with a blank or is not ASCII")
		}
	}
	if bytes > maxMetadataBytes {
		return &Error{What: fmt.Sprintf("metadata has %d bytes, more than %d", bytes, maxMetadataBytes), Do: "report this as a bug"}
	}
	return nil
}

func badMetadata(name, why string) error {
	return &Error{What: fmt.Sprintf("metadata %.100q %s", name, why), Do: "report this as a bug"}
}

func checkTerm(term time.Duration) error {
	if term < minTerm || term > maxTerm {
		return &Error{What: fmt.Sprintf("a lease of %v is not between %v and %v", term, minTerm, maxTerm), Do: "report this as a bug"}
	}
	return nil
}

// uploadKey is the name of metadata by which a writer recognises its own object when
// the answer to a request was lost. Callers do not see it.
const uploadKey = "upload_id"
