package jsonb

import (
	"encoding/binary"
	"slices"
)

// AppendBinary appends the JSONB of a JSON text, byte for byte the same that GreptimeDB
// 1.0.2 makes of it. Names are sorted, and the last value of a repeated name wins.
// Integers that fit 64 bits remain integers, larger ones become floats, -0 becomes 0, and
// -0.0 is kept.
//
// The text must be JSON according to RFC 8259, in UTF-8. According to its source, the
// server's own reader also accepts control characters in strings, \u{0041}, form feeds
// between values, and numbers beyond a float64, which it makes infinite. These are errors
// here.
//
// The error is an *Error. With an error, dst is returned unchanged.
func AppendBinary(dst, text []byte) ([]byte, error) {
	p, err := parse(text)
	if err != nil {
		return dst, err
	}
	defer p.release()
	root := &p.nodes[0]
	if root.entry == entryContainer {
		return p.appendPayload(slices.Grow(dst, int(root.size)), 0), nil
	}
	dst = slices.Grow(dst, 8+int(root.size))
	dst = binary.BigEndian.AppendUint32(dst, typeScalar)
	dst = p.appendEntry(dst, 0)
	return p.appendPayload(dst, 0), nil
}

func (p *parser) appendEntry(dst []byte, i uint32) []byte {
	n := &p.nodes[i]
	return binary.BigEndian.AppendUint32(dst, n.entry|n.size)
}

func (p *parser) appendPayload(dst []byte, i uint32) []byte {
	n := &p.nodes[i]
	switch n.entry {
	case entryString:
		return append(dst, p.text(i)...)
	case entryNumber:
		return appendNumber(dst, n)
	case entryContainer:
		if n.object {
			return p.appendObject(dst, i)
		}
		return p.appendArray(dst, i)
	}
	return dst // null, true and false have no payload
}

func (p *parser) appendArray(dst []byte, array uint32) []byte {
	n := &p.nodes[array]
	dst = binary.BigEndian.AppendUint32(dst, typeArray|n.count)
	for i := array + 1; i < n.next; i = p.nodes[i].next {
		dst = p.appendEntry(dst, i)
	}
	for i := array + 1; i < n.next; i = p.nodes[i].next {
		dst = p.appendPayload(dst, i)
	}
	return dst
}

func (p *parser) appendObject(dst []byte, object uint32) []byte {
	names := p.membersOf(&p.nodes[object])
	dst = binary.BigEndian.AppendUint32(dst, typeObject|uint32(len(names)))
	for _, name := range names {
		dst = p.appendEntry(dst, name)
	}
	for _, name := range names {
		dst = p.appendEntry(dst, name+1)
	}
	for _, name := range names {
		dst = p.appendPayload(dst, name)
	}
	for _, name := range names {
		dst = p.appendPayload(dst, name+1)
	}
	return dst
}

func appendNumber(dst []byte, n *node) []byte {
	dst = append(dst, n.number)
	switch n.size - 1 {
	case 1:
		dst = append(dst, byte(n.bits))
	case 2:
		dst = binary.BigEndian.AppendUint16(dst, uint16(n.bits))
	case 4:
		dst = binary.BigEndian.AppendUint32(dst, uint32(n.bits))
	case 8:
		dst = binary.BigEndian.AppendUint64(dst, n.bits)
	}
	return dst
}
