package column

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SetVector sets the numbers of a VECTOR of that length. NaN and infinities are allowed.
// nil is NULL.
func (c *Cell) SetVector(t Type, v []float32) error {
	switch {
	case v == nil:
		c.SetNull()
		return nil
	case t.Kind() != Vector:
		return refuse(t, v, "a vector fits VECTOR only")
	case len(v) != t.Dim():
		return refuse(t, v, wrongLength(t, len(v)))
	}
	c.form, c.vector = formVector, v
	return nil
}

func wrongLength(t Type, n int) string {
	return fmt.Sprintf("%d numbers, but the column takes %d", n, t.Dim())
}

// setVectorText sets the text of a vector: numbers in decimal digits, NaN, inf and -inf,
// separated by commas and enclosed in brackets.
func (c *Cell) setVectorText(t Type, text string) error {
	c.floats = c.floats[:0] // reused; a new slice would allocate for each value
	inner, opened := strings.CutPrefix(strings.TrimSpace(text), "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return refuse(t, text, reasonVector)
	}
	for part := range strings.SplitSeq(inner, ",") {
		f, reason := parseFloat32(strings.TrimSpace(part))
		if reason != "" {
			return refuse(t, text, reason)
		}
		c.floats = append(c.floats, f)
	}
	if len(c.floats) != t.Dim() {
		return refuse(t, text, wrongLength(t, len(c.floats)))
	}
	c.form, c.vector = formVector, c.floats
	return nil
}

// parseFloat32 reads a number of a vector.
func parseFloat32(text string) (f float32, reason string) {
	switch text {
	case "NaN":
		return float32(math.NaN()), ""
	case "inf":
		return float32(math.Inf(1)), ""
	case "-inf":
		return float32(math.Inf(-1)), ""
	}
	if strings.Trim(text, "0123456789+-.eE") != "" { // ParseFloat accepts more
		return 0, reasonVector
	}
	wide, err := strconv.ParseFloat(text, 32)
	switch {
	case math.IsInf(wide, 0):
		return 0, reasonVectorRange
	case err != nil:
		return 0, reasonVector
	}
	return float32(wide), ""
}

// IsVectorOutOfRange reports whether a text, as GreptimeDB reads it, is a vector except that a
// number is beyond the range of a float32.
func IsVectorOutOfRange(text string) bool {
	inner, opened := strings.CutPrefix(strings.TrimSpace(text), "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return false
	}
	isOut := false
	for part := range strings.SplitSeq(inner, ",") {
		part = strings.TrimSpace(part)
		switch _, reason := parseFloat32(part); {
		case reason == reasonVectorRange:
			isOut = true
		case reason != "" && !isSpecialFloat(part):
			return false
		}
	}
	return isOut
}

// isSpecialFloat reports whether GreptimeDB reads text as NaN or an infinity.
func isSpecialFloat(text string) bool {
	if text != "" && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	return strings.EqualFold(text, "inf") || strings.EqualFold(text, "infinity") || strings.EqualFold(text, "nan")
}
