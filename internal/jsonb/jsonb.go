// Package jsonb converts between JSON text and JSONB, the binary form in which
// GreptimeDB stores a JSON column and sends it over Arrow. It is the format of the Rust
// crate jsonb 0.4. Results carry it in Binary columns whose field has the metadata
// greptime:type = Json; DoPut expects it in such columns.
//
// A round trip preserves every 64-bit integer, signed or unsigned, every float64 exactly,
// strings byte by byte, and whether a number is an integer or a float (100 differs from
// 100.0). It does not preserve white space, the order of an object's members, repeated
// members of the same name (the last one wins), or the way a number was written.
//
// Neither direction panics for any input, takes more than linear time apart from
// sorting the members of objects, or nests deeper than [MaxDepth].
//
// # Layout
//
// Everything is big endian. A value begins with a header of 32 bits: three bits
// for scalar, object or array, and the number of members, 0 for a scalar. Then come
// the entries, 32 bits each: four bits for the type, then the length of the payload. A
// scalar has one entry, an array one for each element, an object one for each name
// followed by one for each value. Then come the payloads in the same order. The payload of
// a nested array or object is a value with its own header. A number's payload is a byte for
// its kind and, unless it is 0, NaN or infinite, an integer of 1, 2, 4 or 8 bytes or a
// float64. The names of an object are sorted bytewise and unique. Names and strings are
// UTF-8.
package jsonb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is the greatest depth of nested arrays and objects, the same as that of
// encoding/json. According to its source, the server's reader has no limit.
const MaxDepth = 10_000

// Header of a value.
const (
	typeScalar = 0x20000000
	typeObject = 0x40000000
	typeArray  = 0x80000000
	typeMask   = 0xE0000000
	countMask  = 0x1FFFFFFF
)

// Entry of a member.
const (
	entryNull      = 0x00000000
	entryString    = 0x10000000
	entryNumber    = 0x20000000
	entryFalse     = 0x30000000
	entryTrue      = 0x40000000
	entryContainer = 0x50000000
	entryMask      = 0xF0000000
	lengthMask     = 0x0FFFFFFF
)

// First byte of a number.
const (
	numberZero        = 0x00
	numberNaN         = 0x10
	numberInfinity    = 0x20
	numberNegInfinity = 0x30
	numberInt         = 0x40
	numberUint        = 0x50
	numberFloat       = 0x60
)

// Kind is the form of a value stored in a JSON column.
type Kind uint8

const (
	// Unknown is neither JSON text nor JSONB. GreptimeDB stores any bytes that a
	// DoPut sends.
	Unknown Kind = iota
	// Text is JSON text. An INSERT stores it in the column if one of its values is not
	// a literal, and a DoPut stores it if it sends it.
	Text
	// Binary is JSONB.
	Binary
)

func (k Kind) String() string {
	switch k {
	case Text:
		return "JSON text"
	case Binary:
		return "JSONB"
	}
	return "neither JSON text nor JSONB"
}

// KindOf returns the form of a value according to its first bytes. The rest may still be
// invalid.
func KindOf(b []byte) Kind {
	if len(b) == 0 {
		return Unknown
	}
	switch c := b[0]; {
	case c == ' ':
		// A space, or the header of a scalar, whose other bytes are zero.
		if bytes.HasPrefix(b[1:], []byte{0, 0, 0}) {
			return Binary
		}
		return Text
	case c == '{' || c == '[' || c == '"' || c == '-' || c == 't' || c == 'f' || c == 'n',
		'0' <= c && c <= '9',
		c == '\t' || c == '\n' || c == '\r':
		return Text
	case c&0xE0 == typeObject>>24, c&0xE0 == typeArray>>24:
		// From 2^24 members on, the count reaches into the first byte. More than 2^28
		// members would be necessary to make it a '['.
		return Binary
	}
	return Unknown
}

// AppendStored appends the JSON text of a value in a JSON column. It checks stored JSON
// text and appends it unchanged, including white space. It converts JSONB with AppendText.
func AppendStored(dst, stored []byte) ([]byte, error) {
	switch KindOf(stored) {
	case Text:
		if err := valid(stored); err != nil {
			return dst, err
		}
		return append(dst, stored...), nil
	case Binary:
		return AppendText(dst, stored)
	}
	if len(stored) == 0 {
		return dst, &Error{Kind: Unknown, Reason: "the value is empty"}
	}
	return dst, &Error{Kind: Unknown, Reason: fmt.Sprintf("the value begins with 0x%02x", stored[0])}
}

// valid returns an error unless the text is a JSON value in UTF-8. It allocates memory only
// for the error.
func valid(text []byte) error {
	if json.Valid(text) && utf8.Valid(text) {
		return nil
	}
	p, err := parse(text)
	if err == nil {
		p.release()
	}
	return err
}

// Error describes why a value cannot be converted.
type Error struct {
	Kind   Kind   // the form that was read: Text, Binary, or Unknown if it is neither
	Offset int    // the position of the first invalid byte
	Reason string // "expected a value, found ']'"
}

// Error returns a text with the form, the offset and the reason.
func (e *Error) Error() string {
	if e.Kind == Unknown {
		return fmt.Sprintf("jsonb: %s: %s", e.Kind, e.Reason)
	}
	return fmt.Sprintf("jsonb: invalid %s at offset %d: %s", e.Kind, e.Offset, e.Reason)
}
