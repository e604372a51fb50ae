// Package record turns content of the Office 365 Management Activity API into Fluent
// Bit events. A piece of content (a blob, in the words of Microsoft) is a JSON array of
// audit records (learn.microsoft.com/office/office-365-management-api). It is read as
// a stream, one record at a time, so that memory depends on the largest record and not
// on the blob.
//
// decoder.go has the [Decoder]. transcode.go turns the JSON of a record into MessagePack,
// in one pass over its bytes: containers there, strings in string.go and scan.go, numbers
// in number.go, the bytes that are written in msgpack.go, and what is wrong with a record
// in fault.go. event_header.go and time.go make the event's first bytes, dedup_key.go the
// key. repair.go repairs damage, large.go replaces records that are too large.
//
// # Event
//
// Each record becomes one event in Fluent Bit's first form, which every version
// reads: [ext type 0 (u32 seconds, u32 nanoseconds, big endian), map].
//
// The event time is the record's CreationTime: RFC 3339, also with a space for
// the T, and UTC when it has no zone. Where there is none, or one that an event
// cannot hold, Options.Now gives the time and Record.TimeMissing is set.
//
// # Values
//
// The map holds the record as it came: all fields in their order, with their
// names, names that come twice included.
//
//   - null, true, false, strings, arrays and objects become the same in
//     MessagePack. Escapes in strings are decoded, nothing else is touched.
//   - A number written as an integer becomes an integer if int64 or uint64 holds
//     it. -0 becomes the float64 -0, since no integer is.
//   - A number written with a fraction or an exponent becomes a float64 if that,
//     written with as many digits, is the same number: 26.0, -1.0, 1e9, 0.1,
//     0.30000000000000004. It stays a float64 where it could be an integer.
//   - Any other number becomes a string of its own text, counted in
//     Record.NumberTexts: 18446744073709551616, 1e400, 3.141592653589793238.
//   - Fluent Bit reads at most 32 containers inside each other, of which the
//     event and its map are two; one more, and it drops that event and all behind
//     it. An object or array beyond becomes a string of its own JSON text,
//     counted in Record.Stringified.
//
// Fluent Bit's own JSON formatter (flb_msgpack_to_json) is less exact: it prints
// 16 digits of a float64, and of fields with the same name the last.
//
// # Damage
//
// The array is cut by brackets and quotes before a record is inspected, so a bad
// record does not affect the others: it is reported as Malformed. That goes for syntax
// errors, and for elements that are no objects or missing between two commas. Only an
// odd quote or several missing brackets make the records behind them part of the bad
// one.
//
// A blob that is not one array is read all the same: several arrays, records one a
// line, byte order marks before any of them. Positions and offsets go through all of
// it. What is none of these, and an object without Id and CreationTime that stands
// outside of any array, is Malformed too, and marked as Loose; but a blob with
// nothing else is no blob (elements.ErrNotArray).
//
// Three faults inside strings are repaired instead and counted in
// Record.Repaired: bytes that are not UTF-8 and halves of surrogate pairs become
// U+FFFD each, raw control characters are taken as they are.
//
// # Records that are too large
//
// A record over Options.MaxSize is never held. A small record stands for it, which
// has the fields of the common schema that were found among its first 32 KB, if
// their values are strings or numbers of at most 1 KB, and behind them the field
// o365_record_too_large: an object with bytes (of its JSON text), content_id,
// index (position in the blob, from 0), offset (of its first byte in the blob) and
// sha256 (of its JSON text). Record.TooLarge is set.
//
// # Key
//
// The key of a record has 16 bytes, which are the same in every process: the first 8
// identify the record, the last 8 its content. The former are a hash of
// Options.Scope and of the first top-level field named exactly Id: of its 16
// bytes if that is a GUID, in any case and with or without braces, else of its
// text. Without an Id, or with the empty GUID, they are a hash of Options.Scope
// and of all of the record. The latter are a hash of the record's JSON text as
// it stands in the blob: white space inside it counts.
//
// The hash is XXH64: with it decoding takes 17 % longer, with SHA-256 94 %. Records
// without an Id get both.
package record
