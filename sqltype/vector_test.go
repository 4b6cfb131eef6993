package sqltype

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestVector(t *testing.T) {
	t.Parallel()
	tests := []struct {
		vector Vector
		text   string
	}{
		{Vector{}, "[]"},
		{Vector{1, 2, 3}, "[1,2,3]"}, // as vec_to_string of GreptimeDB 1.0.2 writes it
		{Vector{1.5, -2, 0}, "[1.5,-2,0]"},
		{Vector{0.1, 1.0 / 3, float32(math.Copysign(0, -1))}, "[0.1,0.33333334,-0]"},
		{Vector{math.MaxFloat32, -math.MaxFloat32}, "[340282350000000000000000000000000000000,-340282350000000000000000000000000000000]"},
		{Vector{math.SmallestNonzeroFloat32}, "[0.000000000000000000000000000000000000000000001]"},
		{Vector{16777216}, "[16777216]"},
	}
	for _, test := range tests {
		checkText(t, test.vector, test.text)
	}
}

func TestVectorHasNaNAndInfinities(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	v, err := ParseVector("[NaN,inf,-inf]")
	if err != nil || len(v) != 3 || v[0] == v[0] || v[1] != inf || v[2] != -inf {
		t.Errorf("got %v, error %v", v, err)
	}
	if got := v.String(); got != "[NaN,inf,-inf]" {
		t.Errorf("text is %s", got)
	}
	if data, err := json.Marshal(v); err == nil {
		t.Errorf("JSON is %s, want an error", data)
	}
}

func TestParseVectorRoundsAndTakesSpaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Vector{
		" [ 1 , 2.5e3,-3E-7 ] ":         {1, 2500, -3e-7},
		"[ ]":                           {},
		"[0.1000000001,16777217,1e-60]": {0.1, 16777216, 0},
	} {
		if got, err := ParseVector(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, error %v; want %v", text, got, err, want)
		}
	}
}

func TestParseVectorRefusesOtherText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "is not a vector",
		"1,2":                               "is not a vector",
		"[":                                 "is not a vector",
		"[1":                                "is not a vector",
		"1]":                                "is not a vector",
		"{1}":                               "is not a vector",
		"[,]":                               "number 1",
		"[1,]":                              "number 2",
		"[1,,2]":                            "number 2",
		"[[1]]":                             "number 1",
		"[a]":                               "number 1",
		"[1;2]":                             "number 1",
		"[0x1p-2]":                          "number 1",
		"[1_0]":                             "number 1",
		"[1,1e39]":                          "number 2",
		"[" + strings.Repeat("x", 99):       "is not a vector",
		"[" + strings.Repeat("x", 99) + "]": "…",
	} {
		checkTextRefused(t, Vector{7}, text, want)
	}
}

func TestVectorInJSONIsAnArray(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(map[string]Vector{"nil": nil, "v": {1, 0.1}})
	if err != nil || string(data) != `{"nil":null,"v":[1,0.1]}` {
		t.Errorf("JSON is %s, error %v", data, err)
	}
	var v Vector
	if err := json.Unmarshal([]byte("[1, 0.1]"), &v); err != nil || !reflect.DeepEqual(v, Vector{1, 0.1}) {
		t.Errorf("from JSON: %v, error %v", v, err)
	}
}

func TestNilVectorIsNULLAsAnArgument(t *testing.T) {
	t.Parallel()
	if got, err := Vector(nil).Value(); err != nil || got != nil {
		t.Errorf("argument is %#v, error %v", got, err)
	}
}

func TestScanGivesAVectorOfItsOwn(t *testing.T) {
	t.Parallel()
	var v Vector
	if err := v.Scan("[1,2]"); err != nil {
		t.Fatal(err)
	}
	first := v
	if err := v.Scan("[3,4]"); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, Vector{1, 2}) {
		t.Errorf("the vector scanned before became %v", first)
	}
}

func FuzzParseVector(f *testing.F) {
	for _, text := range []string{"[1,2.5,-3e-7]", "[]", "[NaN,inf,-inf]", " [ 1 ] ", "[0x1p-2]", "[infinity,+nan]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseVector(text)
		if err != nil {
			return
		}
		again, err := ParseVector(v.String())
		if err != nil || again.String() != v.String() || len(again) != len(v) {
			t.Errorf("%q is %v, which is read as %v, error %v", text, v, again, err)
		}
		for i := range min(len(v), len(again)) {
			if v[i] == v[i] && math.Float32bits(v[i]) != math.Float32bits(again[i]) {
				t.Errorf("%q: number %d is %v, then %v", text, i, v[i], again[i])
			}
		}
	})
}
