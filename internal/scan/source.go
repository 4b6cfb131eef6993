package scan

import (
	"fmt"
	"strconv"
	"time"
	"unsafe"

	"github.com/greptime-go/greptime/sqltype"
)

// source is a column as fillers read it: through its dictionary, if it has one.
type source struct {
	column     Column            // of the dictionary's values, if there is one
	dictionary *dictionaryColumn // or nil
	info       *Info
	text       []byte // memory for the text of a value
}

func sourceOf(c Column) *source {
	s := &source{column: c, info: c.Info()}
	if d, ok := c.(*dictionaryColumn); ok {
		s.column, s.dictionary = d.Column, d
	}
	return s
}

func (s *source) is(sqlType string) bool { return s.info.SQLType == sqlType }

// at returns the index of the value of row i. ok is false for NULL.
func (s *source) at(i int) (index int, ok bool) {
	if s.dictionary != nil {
		if s.dictionary.arr.IsNull(i) {
			return 0, false
		}
		i = s.dictionary.arr.GetValueIndex(i)
	}
	arr := s.column.current()
	return i, arr != nil && arr.IsValid(i)
}

func (s *source) isNull(i int) bool {
	_, ok := s.at(i)
	return !ok
}

// isText reports whether database/sql gets the values as text.
func (s *source) isText() bool {
	switch s.column.(type) {
	case *stringColumn, *decimalColumn, *timeOfDayColumn, *intervalColumn, *vectorColumn:
		return true
	}
	return false
}

// isBytes reports whether database/sql gets the values as bytes.
func (s *source) isBytes() bool {
	switch s.column.(type) {
	case *binaryColumn, *jsonColumn, *nestedColumn:
		return true
	}
	return false
}

// isParsed reports whether the text of a value may be that of a number or a bool.
func (s *source) isParsed() bool {
	switch s.column.(type) {
	case *stringColumn, *decimalColumn, *binaryColumn, *jsonColumn:
		return true
	}
	return false
}

// strings returns the filler for strings.
func (s *source) strings() Filler {
	if c, ok := s.column.(*stringColumn); ok {
		return each(s, func(i int) (string, error) { return c.text.string(i), nil })
	}
	return each(s, func(i int) (string, error) {
		text, err := s.appendText(s.text[:0], i)
		s.text = text
		return string(text), err
	})
}

// bytes returns a value as bytes, which belong to the caller.
func (s *source) bytes(i int) ([]byte, error) { return s.appendText([]byte{}, i) }

// parsed returns the text of a value, which is valid until the next call.
func (s *source) parsed(i int) (string, error) {
	switch c := s.column.(type) {
	case *stringColumn:
		return c.arr.Value(i), nil
	case *binaryColumn:
		b := c.arr.Value(i)
		return unsafe.String(unsafe.SliceData(b), len(b)), nil
	}
	text, err := s.appendText(s.text[:0], i)
	s.text = text
	return unsafe.String(unsafe.SliceData(text), len(text)), err
}

// appendText appends the text of a value as database/sql writes it.
func (s *source) appendText(dst []byte, i int) ([]byte, error) {
	switch c := s.column.(type) {
	case *stringColumn:
		return append(dst, c.arr.Value(i)...), nil
	case *binaryColumn:
		return append(dst, c.arr.Value(i)...), nil
	case *jsonColumn:
		text, err := c.text(i)
		return append(dst, text...), err
	case *nestedColumn:
		return c.appendJSON(dst, i)
	case *vectorColumn:
		v, err := c.vector(i)
		return append(dst, v.String()...), err
	case *decimalColumn:
		return append(dst, c.decimal(i)...), nil
	case *timestampColumn:
		return Instant(int64(c.arr.Value(i)), c.unit).In(c.loc).AppendFormat(dst, time.RFC3339Nano), nil
	case *dateColumn:
		return sqltype.DateFromEpochDays(int32(c.arr.Value(i))).Time(time.UTC).AppendFormat(dst, time.RFC3339Nano), nil
	case *timeOfDayColumn:
		t, err := c.at(i)
		return append(dst, t.String()...), err
	case *durationColumn:
		n, err := c.nanoseconds(i)
		return strconv.AppendInt(dst, n, 10), err
	case *intervalColumn:
		return append(dst, interval(c.arr, i).String()...), nil
	case *boolColumn:
		return strconv.AppendBool(dst, c.arr.Value(i)), nil
	case number:
		return c.appendNumber(dst, i), nil
	}
	return dst, fmt.Errorf("a %s has no text", s.info.SQLType)
}
