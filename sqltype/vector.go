package sqltype

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Vector is a value of a VECTOR(n) column, which has n numbers. As an argument, the nil Vector is
// NULL.
type Vector []float32

// ParseVector parses numbers in brackets, as in [1,2.5,-3e-7]. It accepts NaN, inf and -inf, and
// spaces around numbers. It rounds decimal digits to the nearest float32; a number beyond the largest
// float32 is an error.
func ParseVector(text string) (Vector, error) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed {
		return nil, fmt.Errorf("greptime: %s is not a vector; write it like [1,2.5,-3]", quoteShort(text))
	}
	if strings.TrimSpace(inner) == "" {
		return Vector{}, nil
	}
	vector := make(Vector, 0, strings.Count(inner, ",")+1)
	for number := range strings.SplitSeq(inner, ",") {
		number = strings.TrimSpace(number)
		f, err := strconv.ParseFloat(number, 32)
		// ParseFloat also accepts hexadecimal digits and underscores, which are Go's.
		if err != nil || strings.ContainsAny(number, "xX_") {
			return nil, fmt.Errorf("greptime: number %d of a vector is %s, which is not a float32", len(vector)+1, quoteShort(number))
		}
		vector = append(vector, float32(f))
	}
	return vector, nil
}

// quoteShort quotes text for an error message. It cuts off the end of a long text.
func quoteShort(text string) string {
	const longest = 40
	if len(text) <= longest {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:longest]) + "…"
}

// String returns v as GreptimeDB's vec_to_string does: [1,2.5,-3]. Each number has the shortest
// digits that represent it exactly, never with an exponent, or is NaN, inf or -inf.
func (v Vector) String() string { return string(v.appendTo(nil)) }

func (v Vector) appendTo(dst []byte) []byte {
	dst = append(dst, '[')
	for i, f := range v {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case math.IsInf(float64(f), 1):
			dst = append(dst, "inf"...)
		case math.IsInf(float64(f), -1):
			dst = append(dst, "-inf"...)
		default:
			dst = strconv.AppendFloat(dst, float64(f), 'f', -1, 32)
		}
	}
	return append(dst, ']')
}

// Scan reads a VECTOR column, or the text of vec_to_string. It sets v to a new slice.
func (v *Vector) Scan(src any) error { return scanText(v, src, "greptime.Vector", ParseVector) }

// Value returns the text of v, or nil if v is nil.
func (v Vector) Value() (driver.Value, error) {
	if v == nil {
		return nil, nil
	}
	return v.String(), nil
}

// MarshalText returns the text of v.
func (v Vector) MarshalText() ([]byte, error) { return v.appendTo(nil), nil }

// UnmarshalText parses text as ParseVector does.
func (v *Vector) UnmarshalText(text []byte) error { return unmarshalText(v, text, ParseVector) }

// MarshalJSON returns an array of numbers, or null for a nil Vector. It returns an error for
// NaN and infinities, which JSON does not have.
func (v Vector) MarshalJSON() ([]byte, error) { return json.Marshal([]float32(v)) }

// UnmarshalJSON reads an array of numbers, or null.
func (v *Vector) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*[]float32)(v)) }
