package scan

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// kindFiller returns the filler for a type by its kind, as database/sql converts into it, or
// nil if no value of the column can ever be read so. Beyond that it reads named strings and bytes
// from columns in which package insert stores them.
func (s *source) kindFiller(rt reflect.Type) Filler {
	named := rt.PkgPath() != "" && rt != reflect.TypeFor[sql.RawBytes]()
	switch rt.Kind() {
	case reflect.Int:
		return signed[int](s, rt)
	case reflect.Int8:
		return signed[int8](s, rt)
	case reflect.Int16:
		return signed[int16](s, rt)
	case reflect.Int32:
		return signed[int32](s, rt)
	case reflect.Int64:
		return signed[int64](s, rt)
	case reflect.Uint:
		return unsigned[uint](s, rt)
	case reflect.Uint8:
		return unsigned[uint8](s, rt)
	case reflect.Uint16:
		return unsigned[uint16](s, rt)
	case reflect.Uint32:
		return unsigned[uint32](s, rt)
	case reflect.Uint64:
		return unsigned[uint64](s, rt)
	case reflect.Float32:
		if get := s.float(32); get != nil {
			return each(s, func(i int) (float32, error) {
				v, err := get(i)
				return float32(v), err
			})
		}
	case reflect.Float64:
		if get := s.float(64); get != nil {
			return each(s, get)
		}
	case reflect.Bool:
		if get := s.bool(); get != nil && !named {
			return each(s, get)
		}
	case reflect.String:
		if !named || s.isText() || s.isBytes() || s.is("TIMESTAMP") || s.is("DATE") {
			return s.strings()
		}
	case reflect.Slice:
		isRaw := rt == reflect.TypeFor[json.RawMessage]()
		if rt.Elem().Kind() == reflect.Uint8 && (!named || s.isBytes() || s.is("STRING") || s.is("VECTOR") && !isRaw) {
			return leavingNulls(each(s, s.bytes))
		}
	}
	return nil
}

// number is a column of integers or floats.
type number interface {
	signed(i int) (int64, error)
	unsigned(i int) (uint64, error)
	float(i int) float64
	isFloat() bool
	appendNumber(dst []byte, i int) []byte
}

// signed returns the filler for a signed integer, or nil.
func signed[D int | int8 | int16 | int32 | int64](s *source, rt reflect.Type) Filler {
	get := s.signed(rt)
	if get == nil {
		return nil
	}
	return each(s, func(i int) (D, error) {
		v, err := get(i)
		if err == nil && int64(D(v)) != v {
			return 0, outOfRange(strconv.FormatInt(v, 10), rt)
		}
		return D(v), err
	})
}

// unsigned returns the filler for an unsigned integer, or nil.
func unsigned[D uint | uint8 | uint16 | uint32 | uint64](s *source, rt reflect.Type) Filler {
	get := s.unsigned(rt)
	if get == nil {
		return nil
	}
	return each(s, func(i int) (D, error) {
		v, err := get(i)
		if err == nil && uint64(D(v)) != v {
			return 0, outOfRange(strconv.FormatUint(v, 10), rt)
		}
		return D(v), err
	})
}

func outOfRange(text string, rt reflect.Type) error {
	return fmt.Errorf("%s is out of the range of %v", text, rt)
}

// errRange is the error of a number that no integer holds.
var errRange = errors.New("out of range")

// signed returns the function that reads values as integers, or nil. Beyond what database/sql
// converts, it reads booleans, the epoch of timestamps in their unit, and floats and decimals
// that are whole, because package insert stores integers in such columns.
func (s *source) signed(rt reflect.Type) func(i int) (int64, error) {
	switch c := s.column.(type) {
	case number:
		return func(i int) (int64, error) {
			v, err := c.signed(i)
			if err != nil {
				err = s.refuseInteger(i, rt, err)
			}
			return v, err
		}
	case *boolColumn:
		return func(i int) (int64, error) {
			if c.arr.Value(i) {
				return 1, nil
			}
			return 0, nil
		}
	case *timestampColumn:
		return func(i int) (int64, error) { return int64(c.arr.Value(i)), nil }
	case *durationColumn:
		return c.nanoseconds
	}
	if !s.isParsed() {
		return nil
	}
	return func(i int) (int64, error) {
		text, err := s.parsed(i)
		if err != nil {
			return 0, err
		}
		v, err := strconv.ParseInt(s.whole(text), 10, 64)
		if err != nil {
			err = refuseText(text, rt, err)
		}
		return v, err
	}
}

// unsigned does what signed does for unsigned integers.
func (s *source) unsigned(rt reflect.Type) func(i int) (uint64, error) {
	if c, ok := s.column.(number); ok {
		return func(i int) (uint64, error) {
			v, err := c.unsigned(i)
			if err != nil {
				err = s.refuseInteger(i, rt, err)
			}
			return v, err
		}
	}
	if s.isParsed() {
		return func(i int) (uint64, error) {
			text, err := s.parsed(i)
			if err != nil {
				return 0, err
			}
			v, err := strconv.ParseUint(s.whole(text), 10, 64)
			if err != nil {
				err = refuseText(text, rt, err)
			}
			return v, err
		}
	}
	get := s.signed(rt)
	if get == nil {
		return nil
	}
	return func(i int) (uint64, error) {
		v, err := get(i)
		if err == nil && v < 0 {
			err = outOfRange(strconv.FormatInt(v, 10), rt)
		}
		return uint64(v), err
	}
}

// whole returns the text of a decimal without a fraction of zeros.
func (s *source) whole(text string) string {
	if s.is("DECIMAL") {
		if number, fraction, ok := strings.Cut(text, "."); ok && strings.Trim(fraction, "0") == "" {
			return number
		}
	}
	return text
}

func (s *source) refuseInteger(i int, rt reflect.Type, err error) error {
	text, _ := s.appendText(nil, i)
	if errors.Is(err, errRange) {
		return outOfRange(string(text), rt)
	}
	return refuseText(string(text), rt, err)
}

// refuseText returns the error of a value whose text cannot be parsed as rt.
func refuseText(text string, rt reflect.Type, err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return outOfRange(strings.Clone(text), rt)
	}
	const most = 100
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Errorf("%q cannot be read as %v", text, rt)
}

// float returns the function that reads values as floats of so many bits, or nil.
func (s *source) float(bits int) func(i int) (float64, error) {
	rt := reflect.TypeFor[float64]()
	if bits == 32 {
		rt = reflect.TypeFor[float32]()
	}
	parse := func(text string) (float64, error) {
		v, err := strconv.ParseFloat(text, bits)
		if err != nil {
			err = refuseText(text, rt, err)
		}
		return v, err
	}
	switch c := s.column.(type) {
	case number:
		return func(i int) (float64, error) {
			v := c.float(i)
			if bits == 32 && float64(float32(v)) != v && v == v {
				// As database/sql does it: by the shortest text, which may round
				// otherwise, and may be out of range. An integer would be rounded twice.
				return parse(string(c.appendNumber(nil, i)))
			}
			return v, nil
		}
	case *durationColumn:
		return func(i int) (float64, error) {
			n, err := c.nanoseconds(i)
			if bits == 32 {
				return float64(float32(n)), err
			}
			return float64(n), err
		}
	}
	if !s.isParsed() {
		return nil
	}
	return func(i int) (float64, error) {
		text, err := s.parsed(i)
		if err != nil {
			return 0, err
		}
		return parse(text)
	}
}

// bool returns the function that reads values as booleans, or nil.
func (s *source) bool() func(i int) (bool, error) {
	rt := reflect.TypeFor[bool]()
	zeroOrOne := func(v int64, err error) (bool, error) {
		if err != nil || v != 0 && v != 1 {
			return false, refuseText(strconv.FormatInt(v, 10), rt, nil)
		}
		return v == 1, nil
	}
	switch c := s.column.(type) {
	case number:
		if c.isFloat() {
			return nil
		}
		return func(i int) (bool, error) { return zeroOrOne(c.signed(i)) }
	case *durationColumn:
		return func(i int) (bool, error) { return zeroOrOne(c.nanoseconds(i)) }
	}
	if !s.isParsed() {
		return nil
	}
	return func(i int) (bool, error) {
		text, err := s.parsed(i)
		if err != nil {
			return false, err
		}
		v, err := strconv.ParseBool(text)
		if err != nil {
			err = refuseText(text, rt, err)
		}
		return v, err
	}
}

// rat returns the value of a DECIMAL.
func (s *source) rat(i int) (*big.Rat, error) {
	text := s.column.(*decimalColumn).decimal(i)
	v, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, refuseText(text, ratType, nil)
	}
	return v, nil
}
