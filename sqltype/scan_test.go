package sqltype

import (
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// checkText checks that text, scanning, JSON and arguments of other drivers all carry the value.
func checkText[T valueType, P interface {
	*T
	sql.Scanner
	encoding.TextUnmarshaler
}](t *testing.T, value T, text string) {
	t.Helper()
	if got := value.String(); got != text {
		t.Errorf("%#v as text is %q, want %q", value, got, text)
	}
	if got, err := value.MarshalText(); err != nil || string(got) != text {
		t.Errorf("MarshalText of %q gives %q, error %v", text, got, err)
	}
	if got, err := value.Value(); err != nil || got != driver.Value(text) {
		t.Errorf("Value of %q gives %#v, error %v", text, got, err)
	}
	read := func(how string, into func(P) error) {
		t.Helper()
		var got T
		if err := into(&got); err != nil || !reflect.DeepEqual(got, value) {
			t.Errorf("%s of %q gives %#v, error %v; want %#v", how, text, got, err, value)
		}
	}
	read("UnmarshalText", func(dst P) error { return dst.UnmarshalText([]byte(text)) })
	read("Scan of a string", func(dst P) error { return dst.Scan(text) })
	read("Scan of bytes", func(dst P) error { return dst.Scan([]byte(text)) })
	read("JSON", func(dst P) error {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return json.Unmarshal(data, dst)
	})
	read("sql.Null", func(dst P) error {
		var null sql.Null[T]
		err := null.Scan(text)
		*dst = null.V
		return err
	})
}

// checkTextRefused checks that every way to read text refuses it and leaves the destination alone.
func checkTextRefused[T any, P interface {
	*T
	sql.Scanner
	encoding.TextUnmarshaler
}](t *testing.T, before T, text, want string) {
	t.Helper()
	for how, err := range map[string]func(P) error{
		"UnmarshalText": func(dst P) error { return dst.UnmarshalText([]byte(text)) },
		"Scan":          func(dst P) error { return dst.Scan(text) },
	} {
		got := before
		if err := err(&got); err == nil || !strings.HasPrefix(err.Error(), "greptime: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s of %q gives %#v, error %v; want an error with %q", how, text, got, err, want)
		}
		if !reflect.DeepEqual(got, before) {
			t.Errorf("%s of %q failed and changed %#v to %#v", how, text, before, got)
		}
	}
}

func TestScanOfNULLNamesWhatTakesIt(t *testing.T) {
	t.Parallel()
	for name, dst := range map[string]sql.Scanner{
		"greptime.Date":      new(Date),
		"greptime.TimeOfDay": new(TimeOfDay),
		"greptime.Decimal":   new(Decimal),
		"greptime.Interval":  new(Interval),
		"greptime.Vector":    new(Vector),
	} {
		if err := dst.Scan(nil); err == nil || !strings.Contains(err.Error(), "sql.Null["+name+"]") {
			t.Errorf("scanning NULL into a %s: %v", name, err)
		}
		if err := dst.Scan(true); err == nil || !strings.Contains(err.Error(), "a bool does not fit a "+name) {
			t.Errorf("scanning a bool into a %s: %v", name, err)
		}
	}
	var date sql.Null[Date]
	if err := date.Scan(nil); err != nil || date.Valid {
		t.Errorf("scanning NULL into a sql.Null[Date] gives %v, error %v", date, err)
	}
}

func TestDateAndTimeOfDayScanFromTimes(t *testing.T) {
	t.Parallel()
	moment := time.Date(2024, 2, 29, 23, 59, 58, 7, time.FixedZone("", -11*3600))
	var date Date
	if err := date.Scan(moment); err != nil || date != (Date{2024, 2, 29}) {
		t.Errorf("date is %v, error %v", date, err)
	}
	var clock TimeOfDay
	if err := clock.Scan(moment); err != nil || clock.String() != "23:59:58.000000007" {
		t.Errorf("time of day is %v, error %v", clock, err)
	}
}
