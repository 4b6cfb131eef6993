package load

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
)

// guess is what the values of a text column in a sample have in common.
type guess struct {
	values, nulls int64

	notBool, notInt, notUint, notFloat, notDate, notTime, notJSON bool

	unit    arrow.TimeUnit // the finest of the times
	odd     string         // the first text that is not a time, shortened
	counts  countRange     // of the integers
	markers map[string]int64
}

// markers are texts that often stand for NULL.
var usualMarkers = []string{"NA", "N/A", "NULL", "null", `\N`, "None", "nan", "NaN", "-"}

// see takes note of a value that is not NULL.
func (g *guess) see(f field, times *timeParser) {
	g.values++
	text := bytes.TrimSpace(f.text)
	for _, m := range usualMarkers {
		if string(text) == m && !f.quoted {
			if g.markers == nil {
				g.markers = map[string]int64{}
			}
			g.markers[m]++
			return
		}
	}
	s := view(text)
	if !g.notBool && len(s) != 4 && len(s) != 5 || !isTrueFalse(s) {
		g.notBool = true
	}
	g.seeNumber(text)
	if !g.notDate {
		_, _, _, rest, ok := parseDay(text)
		g.notDate = !ok || len(rest) > 0
		if len(times.formats) > 0 {
			g.notDate = true
		}
	}
	if !g.notTime {
		g.seeTime(text, times)
	}
	if !g.notJSON && (f.raw == nil || f.raw[0] != '{' && f.raw[0] != '[' || !json.Valid(f.raw)) {
		g.notJSON = true
	}
}

func isTrueFalse(s string) bool {
	switch s {
	case "true", "false", "TRUE", "FALSE", "True", "False":
		return true
	}
	return false
}

// seeNumber notes whether a text is a number. One with a leading zero, such as a postal code,
// is not, and one too long for a DOUBLE is no DOUBLE.
func (g *guess) seeNumber(text []byte) {
	digits := bytes.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] != '.' && digits[1] != 'e' && digits[1] != 'E' || len(digits) > 0 && text[0] == '+' {
		g.notInt, g.notUint, g.notFloat = true, true, true
		return
	}
	s := view(text)
	if !g.notInt || !g.notUint {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			g.notInt = true
		} else {
			g.counts.see(v)
		}
		if _, err := strconv.ParseUint(s, 10, 64); err != nil {
			g.notUint = true
		}
	}
	if !g.notFloat {
		v, err := strconv.ParseFloat(s, 64)
		g.notFloat = err != nil || len(digits) == 0 || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') || bytes.ContainsAny(digits, "xXpP_") || losesDigits(v, digits)
	}
}

// losesDigits reports whether v, the number of a text without its sign, has other digits before
// the point than the text. Programs write a large number exactly, or as the shortest digits that
// identify it, padded with zeros; both are v.
func losesDigits(v float64, text []byte) bool {
	whole, _, _ := bytes.Cut(text, []byte("."))
	if len(whole) <= 15 || bytes.ContainsAny(text, "eE") {
		return false
	}
	v = math.Trunc(math.Abs(v))
	var b [32]byte
	return !bytes.Equal(strconv.AppendFloat(b[:0], v, 'f', 0, 64), whole) && !bytes.Equal(strconv.AppendFloat(b[:0], v, 'f', -1, 64), whole)
}

// seeTime notes whether a text is a time, and its unit.
func (g *guess) seeTime(text []byte, times *timeParser) {
	if len(times.formats) == 0 && isCount(text) {
		g.notTime, g.odd = true, fmt.Sprintf("%.50q", text)
		return
	}
	for unit := arrow.Second; unit <= arrow.Nanosecond; unit++ {
		if _, err := times.timestamp(text, unit); err == nil {
			g.unit = max(g.unit, unit)
			return
		}
	}
	g.notTime, g.odd = true, fmt.Sprintf("%.50q", text)
}

// merge adds what was seen in another file.
func (g *guess) merge(o *guess) {
	g.values += o.values
	g.nulls += o.nulls
	if o.values == 0 {
		return
	}
	g.notBool = g.notBool || o.notBool
	g.notInt = g.notInt || o.notInt
	g.notUint = g.notUint || o.notUint
	g.notFloat = g.notFloat || o.notFloat
	g.notDate = g.notDate || o.notDate
	g.notTime = g.notTime || o.notTime
	g.odd = cmp.Or(g.odd, o.odd)
	g.notJSON = g.notJSON || o.notJSON
	g.unit = max(g.unit, o.unit)
	g.counts.merge(o.counts)
	for m, n := range o.markers {
		if g.markers == nil {
			g.markers = map[string]int64{}
		}
		g.markers[m] += n
	}
}

// seen returns the number of values that say something about the type.
func (g *guess) seen() int64 {
	n := g.values
	for _, m := range g.markers {
		n -= m
	}
	return n
}

// typ returns the type of the column. The text that stands for NULL if --null says so is
// the marker, "" if there is none; the type is STRING then.
func (g *guess) typ() (t Type, marker string) {
	t = g.withoutMarkers()
	if len(g.markers) == 0 || t.Arrow.ID() == arrow.STRING {
		return t, ""
	}
	for _, m := range usualMarkers {
		if g.markers[m] > 0 {
			marker = m
			break
		}
	}
	// A number that is not a number is one.
	if t.Arrow.ID() == arrow.FLOAT64 && len(g.markers) == 1 && (marker == "nan" || marker == "NaN") {
		return t, ""
	}
	return typeString, marker
}

func (g *guess) withoutMarkers() Type {
	switch {
	case g.seen() == 0:
		return typeString
	case !g.notBool:
		return typeBool
	case !g.notInt:
		return typeInt64
	case !g.notUint:
		return typeUint64
	case !g.notFloat:
		return typeDouble
	case !g.notDate:
		return typeDate
	case !g.notTime:
		return timestampOf(max(g.unit, arrow.Millisecond))
	case !g.notJSON:
		return typeJSON
	}
	return typeString
}

// countRange is the range of the absolute values of integers.
type countRange struct {
	seen      bool
	low, high int64
}

func (c *countRange) see(v int64) {
	if v < 0 {
		if v = -v; v < 0 {
			v = math.MaxInt64
		}
	}
	if !c.seen {
		c.seen, c.low, c.high = true, v, v
		return
	}
	c.low, c.high = min(c.low, v), max(c.high, v)
}

func (c *countRange) merge(o countRange) {
	if o.seen {
		c.see(o.low)
		c.see(o.high)
	}
}

// unit returns the unit in which the integers are times between 1973 and 5138. It reports
// false if there is none.
func (c *countRange) unit() (arrow.TimeUnit, bool) {
	from := int64(1e8)
	for unit := arrow.Second; c.seen && unit <= arrow.Nanosecond; unit++ {
		if from <= c.low && (unit == arrow.Nanosecond || c.high < from*1000) {
			return unit, true
		}
		from *= 1000
	}
	return arrow.Second, false
}
