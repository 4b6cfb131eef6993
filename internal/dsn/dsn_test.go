package dsn

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseSplitsADSN(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want DSN
	}{
		{"greptime://h", DSN{Endpoints: []string{"h:4001"}}},
		{"greptime://h?", DSN{Endpoints: []string{"h:4001"}}},
		{"greptime://a%40:p%3A:@[::1]:1,unix:%2Fs/d%2Fb?k=v%26&x", DSN{
			User: "a@", Password: "p::", Endpoints: []string{"[::1]:1", "unix:/s"}, Database: "d/b", Params: "k=v%26&x",
		}},
	} {
		if got, err := Parse(test.text); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s is %+v, error %v; want %+v", test.text, got, err, test.want)
		}
	}
}

func TestRedactedHidesThePassword(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"greptime://a:hunter2@h:1/db?k=v", "greptime://a:***@h:1/db?k=v"},
		{"greptime://a@h:1/db", "greptime://a@h:1/db"},
		{"greptime://h:1/db", "greptime://h:1/db"},
	} {
		d, err := Parse(test.text)
		if err != nil {
			t.Fatalf("%s: %v", test.text, err)
		}
		if got := d.Redacted(); got != test.want {
			t.Errorf("%s is shown as %s, want %s", test.text, got, test.want)
		}
	}
}

func TestEachParamReadsKeysInTheirOrder(t *testing.T) {
	t.Parallel()
	params := AppendParam(AppendParam("", "b", "x y&z=%"), "a", "/:,")
	if want := "b=x%20y%26z=%25&a=/:,"; params != want {
		t.Errorf("params are %s, want %s", params, want)
	}
	var got []string
	err := EachParam(params, []string{"a", "b", "c"}, func(key, value string) error {
		got = append(got, key, value)
		return nil
	})
	if want := []string{"b", "x y&z=%", "a", "/:,"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%s is read as %q, error %v; want %q", params, got, err, want)
	}
	failure := errors.New("does not suit")
	if err := EachParam("a=1", []string{"a"}, func(string, string) error { return failure }); !errors.Is(err, failure) || err.Error() != "a: does not suit" {
		t.Errorf("the error of a value is %v, want it after its key", err)
	}
}

func TestErrorsSayWhatToWriteInstead(t *testing.T) {
	t.Parallel()
	parse := func(text string) error {
		_, err := Parse(text)
		return err
	}
	params := func(text string) error {
		return EachParam(text, []string{"timezone", "timeout"}, func(string, string) error { return nil })
	}
	for _, test := range []struct {
		read       func(string) error
		text, want string
	}{
		{parse, "h:1", "does not start with greptime://"},
		{parse, "mysql://h", "the scheme is mysql; it must be greptime"},
		{parse, "greptime://a@b@h", "write @ as %40"},
		{parse, "greptime://h/d b", "write @ as %40"},
		{parse, "greptime://%:p@h", "write @ as %40"},
		{parse, "greptime://a:%@h", "write @ as %40"},
		{parse, "greptime://%zz", "write @ as %40"},
		{parse, "greptime://h/%", "write @ as %40"},
		{parse, "greptime://:p@h", "there is no user before the @"},
		{parse, "greptime://h,", "endpoint 2 is empty"},
		{parse, "greptime://h/a/b", "there is a second / in the database"},
		{params, "=1", "a key is missing"},
		{params, "timezon=1", "did you mean timezone?"},
		{params, "password=1", "known keys are timezone, timeout"},
		{params, strings.Repeat("k", 65), "more than 64 bytes"},
		{params, "timeout=1&timeout=1", "duplicate key timeout"},
		{params, "timeout", "key timeout has no value"},
		{params, "timeout=%", "timeout: a % is not followed by two hexadecimal digits"},
	} {
		if err := test.read(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, want one with %q", test.text, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"greptime://localhost", "greptime://a:p%40@h1:1,[::1]:2,[fe80::1%25eth0]/db?k=v", "greptime://unix:%2Frun%2Fs/a%2Fb", "mysql://h",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "greptime: DSN") {
				t.Errorf("error %q does not say that it is about a DSN", err)
			}
			return
		}
		if again, err := Parse(d.Text()); err != nil || !reflect.DeepEqual(again, d) {
			t.Errorf("%q is %+v, written as %s and read as %+v, error %v", text, d, d.Text(), again, err)
		}
		d.Password = "Hunter2Hunter2"
		if strings.Contains(d.Redacted(), "Hunter2") {
			t.Errorf("the password is shown: %s", d.Redacted())
		}
	})
}
