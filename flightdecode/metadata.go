package flightdecode

import (
	"encoding/binary"
	"errors"
)

// flightMetadata is GreptimeDB's protobuf message of that name, the app_metadata of
// NONE messages: AffectedRows{value} in field 1, Metrics{metrics} in field 2. Up to
// version 1.1 only one of them is set; in later versions flow extensions send both.
type flightMetadata struct {
	affectedRows    uint64
	hasAffectedRows bool
	metrics         []byte // JSON; part of the message it was read from
	hasMetrics      bool
}

// Field numbers of FlightMetadata and of the two messages in it.
const (
	fieldAffectedRows = 1
	fieldMetrics      = 2
	fieldValue        = 1 // AffectedRows.value, Metrics.metrics
)

// Wire types of protobuf.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

var errMetadata = errors.New("app_metadata is not a FlightMetadata: malformed protobuf")

// readFlightMetadata decodes app_metadata. It skips unknown fields.
func readFlightMetadata(b []byte) (m flightMetadata, err error) {
	for len(b) > 0 {
		var f protoField
		if f, b, err = nextField(b); err != nil {
			return flightMetadata{}, err
		}
		if f.wire != wireBytes {
			continue
		}
		switch f.number {
		case fieldAffectedRows:
			m.hasAffectedRows = true
			err = eachValue(f.bytes, wireVarint, func(v protoField) { m.affectedRows = v.varint })
		case fieldMetrics:
			m.hasMetrics = true
			err = eachValue(f.bytes, wireBytes, func(v protoField) { m.metrics = v.bytes })
		}
		if err != nil {
			return flightMetadata{}, err
		}
	}
	return m, nil
}

// eachValue calls use for every field 1 in b that has the given wire type.
func eachValue(b []byte, wire uint64, use func(protoField)) error {
	for len(b) > 0 {
		f, rest, err := nextField(b)
		if err != nil {
			return err
		}
		if f.number == fieldValue && f.wire == wire {
			use(f)
		}
		b = rest
	}
	return nil
}

type protoField struct {
	number, wire uint64
	varint       uint64
	bytes        []byte
}

// nextField splits the first field off b.
func nextField(b []byte) (f protoField, rest []byte, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 {
		return f, nil, errMetadata
	}
	b = b[n:]
	f.number, f.wire = tag>>3, tag&7
	size := uint64(0)
	switch f.wire {
	case wireVarint:
		if f.varint, n = binary.Uvarint(b); n <= 0 {
			return f, nil, errMetadata
		}
		return f, b[n:], nil
	case wireBytes:
		if size, n = binary.Uvarint(b); n <= 0 {
			return f, nil, errMetadata
		}
		b = b[n:]
	case wireFixed64:
		size = 8
	case wireFixed32:
		size = 4
	default: // groups, which GreptimeDB does not use
		return f, nil, errMetadata
	}
	if size > uint64(len(b)) {
		return f, nil, errMetadata
	}
	f.bytes = b[:size]
	return f, b[size:], nil
}
