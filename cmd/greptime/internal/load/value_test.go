package load

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

func mustType(t testing.TB, name string) Type {
	t.Helper()
	typ, err := ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// valueOf returns the value of a text in a column as text, or "error: " and the error.
func valueOf(t testing.TB, typ Type, times *timeParser, text string) string {
	t.Helper()
	parse, err := parserOf(typ, times)
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder(typ.Arrow, parse)
	b.appendNull()
	if err := b.append([]byte(text)); err != nil {
		if b.rows != 1 {
			t.Errorf("%s of %q: the builder has %d rows after an error", typ, text, b.rows)
		}
		return "error: " + err.Error()
	}
	a := b.array()
	defer a.Release()
	if typ.Arrow.ID() == arrow.BINARY {
		return hex.EncodeToString(a.(*array.Binary).Value(1))
	}
	return a.ValueStr(1)
}

func TestValuesOfText(t *testing.T) {
	t.Parallel()
	utc := &timeParser{zone: time.UTC, counts: arrow.Millisecond}
	time3 := Type{Arrow: &arrow.Time32Type{Unit: arrow.Millisecond}}
	for _, c := range []struct {
		typ        Type
		text, want string
	}{
		{typeBool, "true", "true"}, {typeBool, "F", "false"}, {typeBool, " 1 ", "true"}, {typeBool, "yes", "error: neither true nor false"}, {typeBool, "", "error: neither true nor false"},
		{mustType(t, "TINYINT"), "-128", "-128"}, {mustType(t, "TINYINT"), "128", "error: out of range"}, {mustType(t, "TINYINT"), "+7", "7"},
		{mustType(t, "SMALLINT"), "32767", "32767"}, {mustType(t, "INT"), "-2147483648", "-2147483648"}, {mustType(t, "INT"), "2147483648", "error: out of range"},
		{typeInt64, "270.0", "270"}, {typeInt64, "270.00", "270"}, {typeInt64, "270.5", "error: not an integer"}, {typeInt64, "0x10", "error: not an integer"}, {typeInt64, "1_000", "error: not an integer"}, {typeInt64, "1e3", "error: not an integer"}, {typeInt64, "100", "100"},
		{typeUint64, "18446744073709551615", "18446744073709551615"}, {typeUint64, "-1", "error: out of range"}, {typeUint64, "x", "error: not an integer"}, {typeUint64, "7.0", "7"},
		{mustType(t, "TINYINT UNSIGNED"), "256", "error: out of range"}, {typeUint64, "+7", "7"},
		{typeDouble, "1e300", "1e+300"}, {typeDouble, "NaN", "NaN"}, {typeDouble, "-Infinity", "-Inf"}, {typeDouble, "1e400", "error: out of range"}, {typeDouble, "1,5", "error: not a number"}, {typeDouble, "\t.5", "0.5"},
		{mustType(t, "FLOAT"), "0.1", "0.1"}, {mustType(t, "FLOAT"), "1e39", "error: out of range"},
		{typeString, " as it is ", " as it is "}, {typeString, "\xff", "error: not UTF-8; convert the file, for example with iconv -t UTF-8"},
		{mustType(t, "VARBINARY"), "0x00ff", "00ff"}, {mustType(t, "VARBINARY"), `\xAB`, "ab"}, {mustType(t, "VARBINARY"), "0x", ""}, {mustType(t, "VARBINARY"), "ab", "6162"}, {mustType(t, "VARBINARY"), "0xg0", "error: not pairs of hexadecimal digits behind 0x"},
		{typeJSON, `{"a":[1]}`, `{"a":[1]}`}, {typeJSON, `{a}`, "error: not JSON"}, {typeJSON, "\"\xff\"", "error: " + errUTF8.Error()},
		{mustType(t, "VECTOR(2)"), "[1,-0.5]", "0000803f000000bf"}, {mustType(t, "VECTOR(2)"), "[1]", "error: it has 1 numbers, not 2"}, {mustType(t, "VECTOR(2)"), "1", "error: not numbers in brackets, as in [1,2.5]"},
		{typeDate, "2024-02-29", "2024-02-29"}, {typeDate, "2023-02-29", "error: " + errDate.Error()}, {typeDate, "2024-02-29 00:00:00", "2024-02-29"}, {typeDate, "2024-02-29 00:00:01", "error: " + errDate.Error()}, {typeDate, "999999999-01-01", "error: out of range"},
		{time3, "12:34:56.789", "12:34:56.789"}, {time3, "12:34:56.7891", "error: finer than ms"}, {time3, "noon", "error: not a time of day, as in 15:04:05.999"},
		{mustType(t, "DECIMAL(5,2)"), "-999.99", "-999.99"}, {mustType(t, "DECIMAL(5,2)"), "1.230", "1.23"}, {mustType(t, "DECIMAL(5,2)"), "1.234", "error: it has more than 2 digits behind the point"},
		{mustType(t, "DECIMAL(5,2)"), "1000", "error: out of range"}, {mustType(t, "DECIMAL(5,2)"), "1e2", "100"}, {mustType(t, "DECIMAL(5,2)"), "-12.5E-1", "-1.25"}, {mustType(t, "DECIMAL(5,2)"), "1.23456e2", "error: it has more than 2 digits behind the point"}, {mustType(t, "DECIMAL(5,2)"), "1.2345e2", "123.45"}, {mustType(t, "DECIMAL(5,2)"), "1e9", "error: out of range"}, {mustType(t, "DECIMAL(5,2)"), "1." + strings.Repeat("0", 210) + "1e0", "error: it has more than 2 digits behind the point"},
		{mustType(t, "DECIMAL(5,2)"), "", "error: not a decimal number"}, {mustType(t, "DECIMAL(5,2)"), ".", "error: not a decimal number"}, {mustType(t, "DECIMAL(5,2)"), "1e", "error: not a decimal number"}, {mustType(t, "DECIMAL(5,2)"), "1.2.3", "error: not a decimal number"},
		{mustType(t, "DECIMAL(38,0)"), strings.Repeat("9", 38), strings.Repeat("9", 38)}, {mustType(t, "DECIMAL(38,0)"), "1" + strings.Repeat("0", 38), "error: out of range"}, {mustType(t, "DECIMAL(38,38)"), "0." + strings.Repeat("9", 38), "0." + strings.Repeat("9", 38)},
	} {
		if got := valueOf(t, c.typ, utc, c.text); got != c.want {
			t.Errorf("%s of %q: %s, want %s", c.typ, c.text, got, c.want)
		}
	}
}

func TestTimesOfText(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		zone    *time.Location
		formats []string
		typ     string
		text    string
		want    string
	}{
		{nil, nil, "TIMESTAMP(3)", "2024-01-01", "2024-01-01 00:00:00Z"},
		{nil, nil, "TIMESTAMP(3)", "2024-01-01 12:34", "2024-01-01 12:34:00Z"},
		{nil, nil, "TIMESTAMP(3)", "2024-01-01T12:34:56.789Z", "2024-01-01 12:34:56.789Z"},
		{nil, nil, "TIMESTAMP(3)", "2024-01-01t12:34:56,5", "2024-01-01 12:34:56.5Z"},
		{nil, nil, "TIMESTAMP(3)", "2024-01-01 12:34:56.7890000", "2024-01-01 12:34:56.789Z"},
		{nil, nil, "TIMESTAMP(3)", "2024-01-01 12:34:56.7891", "error: finer than the column's unit, TIMESTAMP(3)"},
		{nil, nil, "TIMESTAMP(9)", "2024-01-01T12:34:56.123456789+01:30", "2024-01-01 11:04:56.123456789Z"},
		{nil, nil, "TIMESTAMP(9)", "2024-01-01T12:34:56.1234567891", "error: " + errTime.Error()},
		{nil, nil, "TIMESTAMP(9)", "2262-04-12 00:00:00", "error: out of range"},
		{nil, nil, "TIMESTAMP(6)", "2024-01-01 12:00:00 +0800", "2024-01-01 04:00:00Z"},
		{nil, nil, "TIMESTAMP(0)", "0001-01-01 08:05:43+08:05:43", "0001-01-01 00:00:00Z"},
		{nil, nil, "TIMESTAMP(0)", "12345-06-07 00:00:00 UTC", "327416947200Z"}, // which Arrow does not write as a date,
		{nil, nil, "TIMESTAMP(0)", "1969-12-31 23:59:59-00:00", "1969-12-31 23:59:59Z"},
		{nil, nil, "TIMESTAMP(0)", "2024-13-01", "error: " + errTime.Error()},
		{nil, nil, "TIMESTAMP(0)", "2024-01-01 24:00:00", "error: " + errTime.Error()},
		{nil, nil, "TIMESTAMP(0)", "2024-01-01 12:00:60", "error: " + errTime.Error()},
		{nil, nil, "TIMESTAMP(0)", "2024-01-01 12:00:00 CET", "error: " + errTime.Error()},
		{nil, nil, "TIMESTAMP(0)", "01.02.2024", "error: " + errTime.Error()},
		{nil, nil, "TIMESTAMP(3)", "1700000000123", "2023-11-14 22:13:20.123Z"}, // counts of milliseconds here
		{nil, nil, "TIMESTAMP(0)", "1700000000123", "error: finer than the column's unit, TIMESTAMP(0)"},
		{berlin, nil, "TIMESTAMP(3)", "2024-07-01 12:00:00", "2024-07-01 10:00:00Z"},
		{berlin, nil, "TIMESTAMP(3)", "2024-07-01 12:00:00Z", "2024-07-01 12:00:00Z"},
		{berlin, nil, "TIMESTAMP(3)", "2024-03-31 02:30:00", "error: not a time in Europe/Berlin, where the clock was put forward"},
		{nil, []string{"unix"}, "TIMESTAMP(3)", "1700000000.5", "2023-11-14 22:13:20.5Z"},
		{nil, []string{"unix"}, "TIMESTAMP(3)", "-0.5", "1969-12-31 23:59:59.5Z"},
		{nil, []string{"unixms"}, "TIMESTAMP(6)", "9223372036854775.808", "error: out of range"},
		{nil, []string{"unixns"}, "TIMESTAMP(3)", "1700000000123000000", "2023-11-14 22:13:20.123Z"},
		{nil, []string{"unixns"}, "TIMESTAMP(3)", "1700000000123000001", "error: finer than the column's unit, TIMESTAMP(3)"},
		{nil, []string{"unix"}, "TIMESTAMP(9)", "9223372037", "error: out of range"},
		{nil, []string{"%d.%m.%Y %H:%M:%S.%f"}, "TIMESTAMP(6)", "01.02.2024 03:04:05.678901", "2024-02-01 03:04:05.678901Z"},
		{berlin, []string{"%d/%b/%Y:%T %z", "%F %R"}, "TIMESTAMP(0)", "10/Oct/2000:13:55:36 -0700", "2000-10-10 20:55:36Z"},
		{berlin, []string{"%d/%b/%Y:%T %z", "%F %R"}, "TIMESTAMP(0)", "2000-10-10 22:55", "2000-10-10 20:55:00Z"},
		{nil, []string{"02/01/2006 15:04"}, "TIMESTAMP(0)", "03/02/2024 05:06", "2024-02-03 05:06:00Z"},
		{nil, []string{"%F"}, "TIMESTAMP(0)", "yesterday", "error: " + errFormat.Error()},
		{berlin, []string{"%F %R"}, "TIMESTAMP(0)", "2024-03-31 02:30", "error: not a time in Europe/Berlin, where the clock was put forward"},
		{berlin, []string{"%F %R %z"}, "TIMESTAMP(0)", "2024-03-31 02:30 +0000", "2024-03-31 02:30:00Z"},
		{berlin, []string{"%F %R %Z"}, "TIMESTAMP(0)", "2024-07-01 12:00 CEST", "2024-07-01 10:00:00Z"},
		{nil, []string{"%F %R %Z"}, "TIMESTAMP(0)", "2024-07-01 12:00 UTC", "2024-07-01 12:00:00Z"},
		{berlin, []string{"%F %R %Z"}, "TIMESTAMP(0)", "2024-07-01 12:00 GMT", "2024-07-01 12:00:00Z"},
		{nil, []string{"%F %R %Z"}, "TIMESTAMP(0)", "2024-07-01 12:00 CEST", "error: " + errZone.Error()},
		{berlin, []string{"%F %R %Z"}, "TIMESTAMP(0)", "2024-07-01 12:00 PST", "error: " + errZone.Error()},
		{berlin, []string{"%F %R %z %Z"}, "TIMESTAMP(0)", "2024-07-01 12:00 -0800 PST", "2024-07-01 20:00:00Z"},
		{nil, []string{"%F at %H h %M"}, "TIMESTAMP(0)", "2024-07-01 at 12 h 30", "2024-07-01 12:30:00Z"},
		{nil, []string{"%d.%m.%Y"}, "DATE", "29.02.2024", "2024-02-29"},
		{nil, []string{"%d.%m.%Y %R"}, "DATE", "29.02.2024 00:00", "2024-02-29"},
		{nil, []string{"%d.%m.%Y %R"}, "DATE", "29.02.2024 12:30", "error: " + errClock.Error()},
	} {
		p := &timeParser{zone: c.zone, counts: arrow.Millisecond}
		if p.zone == nil {
			p.zone = time.UTC
		}
		for _, text := range c.formats {
			f, err := ParseTimeFormat(text)
			if err != nil {
				t.Fatal(err)
			}
			p.formats = append(p.formats, f...)
		}
		got := valueOf(t, mustType(t, c.typ), p, c.text)
		if got = strings.Replace(got, "T", " ", 1); strings.HasPrefix(c.want, "error") {
			got = valueOf(t, mustType(t, c.typ), p, c.text)
		} else if !strings.HasSuffix(got, "Z") && c.typ != "DATE" {
			got += "Z"
		}
		if got != c.want {
			t.Errorf("%v %v: %s of %q: %s, want %s", c.zone, c.formats, c.typ, c.text, got, c.want)
		}
	}
	for _, text := range []string{"", "%", "%Q", "noon", "%f", "%H%f", "%Y week 1", "%F 12:%M", "%H:%M PM", "Mon %d"} {
		if f, err := ParseTimeFormat(text); err == nil {
			t.Errorf("time format %q: %v, want an error", text, f)
		}
	}
}

// Days are those of package time.
func TestDaysSince1970(t *testing.T) {
	t.Parallel()
	for day := int64(-800_000); day < 800_000; day += 13 {
		at := time.Unix(day*86400, 0).UTC()
		if got := daysOf(at.Year(), int(at.Month()), at.Day()); got != day {
			t.Fatalf("daysOf(%s) = %d, want %d", at.Format(time.DateOnly), got, day)
		}
	}
}

func TestDecimalsAreExact(t *testing.T) {
	t.Parallel()
	r := new(big.Int)
	for i := range 200 {
		text := fmt.Sprintf("%d.%0*d", i*i*i, i%20+1, i)
		got, err := parseDecimal([]byte(text), 38, 20)
		want, ok := new(big.Rat).SetString(text)
		scaled := new(big.Rat).Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil)))
		if !ok || err != nil || !scaled.IsInt() || r.Set(got.BigInt()).Cmp(scaled.Num()) != 0 {
			t.Errorf("%s: %s, %v; want %s", text, got.BigInt(), err, scaled)
		}
	}
}

func TestTypesAndTheirNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "TINYINT UNSIGNED", "SMALLINT UNSIGNED", "INT UNSIGNED", "BIGINT UNSIGNED",
		"FLOAT", "DOUBLE", "STRING", "VARBINARY", "DATE", "JSON", "TIMESTAMP(0)", "TIMESTAMP(3)", "TIMESTAMP(6)", "TIMESTAMP(9)", "DECIMAL(38, 10)", "VECTOR(3)"} {
		if got := mustType(t, name).String(); got != name {
			t.Errorf("%s is called %s", name, got)
		}
	}
	for _, name := range []string{"", "NOTHING", "TIME(3)", "INTERVAL"} {
		if typ, err := ParseType(name); err == nil {
			t.Errorf("%s: %s, want an error", name, typ)
		}
	}
}

func TestBuilderTakesValuesBack(t *testing.T) {
	t.Parallel()
	parse := func(typ Type) *builder {
		p, err := parserOf(typ, &timeParser{zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		return newBuilder(typ.Arrow, p)
	}
	for _, typ := range []Type{typeInt64, typeString, typeBool} {
		b := parse(typ)
		add := func(text string) {
			if text == "" {
				b.appendNull()
			} else if err := b.append([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			add("1")
			add("")
		}
		b.truncate(11)
		add("")
		add("0")
		a := b.array()
		if a.Len() != 13 || a.NullN() != 6 || !a.IsNull(9) || a.IsNull(10) || !a.IsNull(11) || a.IsNull(12) || a.ValueStr(12) == a.ValueStr(10) {
			t.Errorf("%s: %v", typ, a)
		}
		a.Release()
		b.truncate(0)
		if a := b.array(); a.Len() != 0 || a.NullN() != 0 {
			t.Errorf("%s: an empty builder has %v", typ, a)
		}
	}
}
