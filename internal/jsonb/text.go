package jsonb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendText appends the value in JSONB as compact JSON text. Members of objects appear in
// their stored order. Floats have the shortest digits that preserve their value, and a
// fraction or an exponent, so that they remain floats. NaN and the infinities, which JSON
// cannot express, become null, as in GreptimeDB's HTTP API.
//
// The error is an *Error. With an error, dst is returned unchanged.
func AppendText(dst, jsonb []byte) ([]byte, error) {
	w := textWriter{src: jsonb, out: dst}
	if err := w.value(0, len(jsonb), 0); err != nil {
		return dst, err
	}
	return w.out, nil
}

// textWriter writes the text of src. Positions are offsets in src. A range is checked to
// lie inside src before it is passed on.
type textWriter struct {
	src []byte
	out []byte
}

func (w *textWriter) errorf(at int, format string, args ...any) error {
	return &Error{Kind: Binary, Offset: at, Reason: fmt.Sprintf(format, args...)}
}

func (w *textWriter) word(at int) uint32 { return binary.BigEndian.Uint32(w.src[at:]) }

// value writes the value in src[at:end]: a header and everything that belongs to it.
func (w *textWriter) value(at, end, depth int) error {
	if depth > MaxDepth {
		return w.errorf(at, "nested deeper than %d", MaxDepth)
	}
	if end-at < 4 {
		return w.errorf(at, "the header of a value takes 4 bytes, there are %d", end-at)
	}
	header := w.word(at)
	count := int(header & countMask)
	switch header & typeMask {
	case typeScalar:
		return w.scalar(at, end, depth, count)
	case typeArray:
		return w.array(at, end, depth, count)
	case typeObject:
		return w.object(at, end, depth, count)
	}
	return w.errorf(at, "0x%08x is no header of a value", header)
}

func (w *textWriter) scalar(at, end, depth, count int) error {
	if depth > 0 || count > 0 {
		return w.errorf(at, "a scalar's header inside a value")
	}
	payload, err := w.payloads(at, end, 1)
	if err != nil {
		return err
	}
	if w.word(at+4)&entryMask == entryContainer {
		return w.errorf(at+4, "a scalar cannot be an array or object")
	}
	return w.last(at+4, payload, end, depth)
}

func (w *textWriter) array(at, end, depth, count int) error {
	payload, err := w.payloads(at, end, count)
	if err != nil {
		return err
	}
	w.out = append(w.out, '[')
	for i := range count {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if payload, err = w.member(at+4+4*i, payload, end, depth); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return w.ended(payload, end)
}

func (w *textWriter) object(at, end, depth, count int) error {
	name, err := w.payloads(at, end, 2*count)
	if err != nil {
		return err
	}
	// The values' payloads follow the last name's.
	payload := name
	for i := range count {
		entry := w.word(at + 4 + 4*i)
		if entry&entryMask != entryString {
			return w.errorf(at+4+4*i, "the name of an object's member is not a string")
		}
		if payload += int(entry & lengthMask); payload > end {
			return w.errorf(at+4+4*i, "a payload beyond the end of the value")
		}
	}
	w.out = append(w.out, '{')
	for i := range count {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if name, err = w.member(at+4+4*i, name, end, depth); err != nil {
			return err
		}
		w.out = append(w.out, ':')
		if payload, err = w.member(at+4+4*(count+i), payload, end, depth); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return w.ended(payload, end)
}

// payloads returns the position of the payloads, which follow the given number of entries.
func (w *textWriter) payloads(at, end, entries int) (int, error) {
	if (end-at-4)/4 < entries {
		return 0, w.errorf(at, "%d entries in a value of %d bytes", entries, end-at)
	}
	return at + 4 + 4*entries, nil
}

// last writes the only member of a value.
func (w *textWriter) last(entryAt, payload, end, depth int) error {
	payload, err := w.member(entryAt, payload, end, depth)
	if err != nil {
		return err
	}
	return w.ended(payload, end)
}

func (w *textWriter) ended(payload, end int) error {
	if payload != end {
		return w.errorf(payload, "%d bytes behind the value", end-payload)
	}
	return nil
}

// member writes the member with the given entry and payload, and returns the position of
// the next payload.
func (w *textWriter) member(entryAt, payload, end, depth int) (int, error) {
	entry := w.word(entryAt)
	length := int(entry & lengthMask)
	if length > end-payload {
		return 0, w.errorf(entryAt, "a payload beyond the end of the value")
	}
	next := payload + length
	switch entry & entryMask {
	case entryString:
		return next, w.string(payload, next)
	case entryNumber:
		return next, w.number(payload, next)
	case entryContainer:
		return next, w.value(payload, next, depth+1)
	}
	if length > 0 {
		return 0, w.errorf(entryAt, "a payload where there is none")
	}
	switch entry & entryMask {
	case entryNull:
		w.out = append(w.out, "null"...)
	case entryFalse:
		w.out = append(w.out, "false"...)
	case entryTrue:
		w.out = append(w.out, "true"...)
	default:
		return 0, w.errorf(entryAt, "0x%08x is no entry of a member", entry)
	}
	return next, nil
}

func (w *textWriter) string(at, end int) error {
	s := w.src[at:end]
	if !utf8.Valid(s) {
		return w.errorf(at, "a string that is not UTF-8")
	}
	w.out = append(w.out, '"')
	done := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		w.out = append(w.out, s[done:i]...)
		done = i + 1
		switch c {
		case '"', '\\':
			w.out = append(w.out, '\\', c)
		case '\b':
			w.out = append(w.out, `\b`...)
		case '\f':
			w.out = append(w.out, `\f`...)
		case '\n':
			w.out = append(w.out, `\n`...)
		case '\r':
			w.out = append(w.out, `\r`...)
		case '\t':
			w.out = append(w.out, `\t`...)
		default:
			const hex = "0123456789abcdef"
			w.out = append(w.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	w.out = append(append(w.out, s[done:]...), '"')
	return nil
}

func (w *textWriter) number(at, end int) error {
	if at == end {
		return w.errorf(at, "a number without a payload")
	}
	kind, digits := w.src[at], w.src[at+1:end]
	switch kind {
	case numberZero, numberNaN, numberInfinity, numberNegInfinity:
		if len(digits) > 0 {
			return w.errorf(at, "a number of kind 0x%02x with %d bytes", kind, len(digits))
		}
		if kind == numberZero {
			w.out = append(w.out, '0')
		} else {
			w.out = append(w.out, "null"...)
		}
		return nil
	case numberFloat:
		if len(digits) != 8 {
			break
		}
		w.out = appendFloat(w.out, math.Float64frombits(binary.BigEndian.Uint64(digits)))
		return nil
	case numberInt:
		switch len(digits) {
		case 1:
			w.out = strconv.AppendInt(w.out, int64(int8(digits[0])), 10)
			return nil
		case 2:
			w.out = strconv.AppendInt(w.out, int64(int16(binary.BigEndian.Uint16(digits))), 10)
			return nil
		case 4:
			w.out = strconv.AppendInt(w.out, int64(int32(binary.BigEndian.Uint32(digits))), 10)
			return nil
		case 8:
			w.out = strconv.AppendInt(w.out, int64(binary.BigEndian.Uint64(digits)), 10)
			return nil
		}
	case numberUint:
		switch len(digits) {
		case 1:
			w.out = strconv.AppendUint(w.out, uint64(digits[0]), 10)
			return nil
		case 2:
			w.out = strconv.AppendUint(w.out, uint64(binary.BigEndian.Uint16(digits)), 10)
			return nil
		case 4:
			w.out = strconv.AppendUint(w.out, uint64(binary.BigEndian.Uint32(digits)), 10)
			return nil
		case 8:
			w.out = strconv.AppendUint(w.out, binary.BigEndian.Uint64(digits), 10)
			return nil
		}
	}
	return w.errorf(at, "a number of kind 0x%02x with %d bytes", kind, len(digits))
}

// appendFloat appends a float so that it is read as the same float again, and not as an
// integer. It uses the forms of GreptimeDB's json_to_string: 100.0, 0.00001, 1e-6, 1e16.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	start := len(dst)
	if a := math.Abs(f); a == 0 || a >= 1e-5 && a < 1e16 {
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// strconv writes at least two digits and a sign: 1e+16, 1e-06.
	e := start
	for dst[e] != 'e' {
		e++
	}
	digits := e + 2
	for digits < len(dst)-1 && dst[digits] == '0' {
		digits++
	}
	tail := e + 1
	if dst[tail] == '-' {
		tail++
	}
	return append(dst[:tail], dst[digits:]...)
}
