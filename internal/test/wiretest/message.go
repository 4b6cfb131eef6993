package wiretest

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// Field numbers of Flight.proto.
const (
	ticketTicket = 1

	flightDescriptor  = 1
	flightDataHeader  = 2
	flightAppMetadata = 3
	flightDataBody    = 1000

	descriptorType = 1
	descriptorCmd  = 2
	descriptorPath = 3

	putResultAppMetadata = 1
)

var descriptorTypes = []string{"UNKNOWN", "PATH", "CMD"}

// EncodeFlightData returns the FlightData message for m. It omits empty bytes fields, as
// GreptimeDB does.
func EncodeFlightData(m captures.Message) []byte {
	var b []byte
	if m.Descriptor != nil {
		b = protowire.AppendTag(b, flightDescriptor, protowire.BytesType)
		b = protowire.AppendBytes(b, encodeDescriptor(m.Descriptor))
	}
	b = appendBytes(b, flightDataHeader, m.Header)
	b = appendBytes(b, flightAppMetadata, m.AppMetadata)
	return appendBytes(b, flightDataBody, m.Body)
}

// DecodeFlightData reads a FlightData message. It sets all fields of m except Kind and
// AppMetadataText.
func DecodeFlightData(b []byte) (m captures.Message, err error) {
	err = eachField(b, func(num protowire.Number, v []byte, _ uint64) error {
		switch num {
		case flightDescriptor:
			m.Descriptor = &captures.Descriptor{}
			return decodeDescriptor(v, m.Descriptor)
		case flightDataHeader:
			m.Header = v
		case flightAppMetadata:
			m.AppMetadata = v
		case flightDataBody:
			m.Body = v
		}
		return nil
	})
	if err != nil {
		return captures.Message{}, fmt.Errorf("wiretest: FlightData: %w", err)
	}
	return m, nil
}

// EncodeTicket returns a Ticket message with the bytes of a GreptimeRequest.
func EncodeTicket(request []byte) []byte { return appendBytes(nil, ticketTicket, request) }

// DecodeTicket returns the contents of a Ticket message.
func DecodeTicket(b []byte) ([]byte, error) { return onlyBytes("Ticket", b, ticketTicket) }

// EncodePutResult returns a PutResult message with the given metadata.
func EncodePutResult(appMetadata []byte) []byte {
	return appendBytes(nil, putResultAppMetadata, appMetadata)
}

// DecodePutResult returns the metadata in a PutResult message.
func DecodePutResult(b []byte) ([]byte, error) {
	return onlyBytes("PutResult", b, putResultAppMetadata)
}

func encodeDescriptor(d *captures.Descriptor) []byte {
	var b []byte
	for i, name := range descriptorTypes {
		if i > 0 && name == d.Type {
			b = protowire.AppendTag(b, descriptorType, protowire.VarintType)
			b = protowire.AppendVarint(b, uint64(i))
		}
	}
	b = appendBytes(b, descriptorCmd, d.Cmd)
	for _, p := range d.Path {
		b = protowire.AppendTag(b, descriptorPath, protowire.BytesType)
		b = protowire.AppendString(b, p)
	}
	return b
}

func decodeDescriptor(b []byte, d *captures.Descriptor) error {
	d.Type = descriptorTypes[0]
	return eachField(b, func(num protowire.Number, v []byte, n uint64) error {
		switch num {
		case descriptorType:
			if n >= uint64(len(descriptorTypes)) {
				return fmt.Errorf("descriptor type %d", n)
			}
			d.Type = descriptorTypes[n]
		case descriptorCmd:
			d.Cmd = v
		case descriptorPath:
			d.Path = append(d.Path, string(v))
		}
		return nil
	})
}

func onlyBytes(message string, b []byte, field protowire.Number) (value []byte, err error) {
	err = eachField(b, func(num protowire.Number, v []byte, _ uint64) error {
		if num == field {
			value = v
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("wiretest: %s: %w", message, err)
	}
	return value, nil
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return protowire.AppendBytes(b, v)
}

// eachField calls visit with the bytes or the number of each field of a message.
func eachField(b []byte, visit func(num protowire.Number, v []byte, n uint64) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var v []byte
		var u uint64
		switch typ {
		case protowire.BytesType:
			v, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			u, n = protowire.ConsumeVarint(b)
		default:
			return errors.New("a field is neither bytes nor a varint")
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := visit(num, v, u); err != nil {
			return err
		}
	}
	return nil
}
