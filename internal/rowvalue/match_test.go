package rowvalue

import (
	"slices"
	"testing"
)

// given is the argument of an AppendColumns.
type given struct {
	name   string
	values Values
}

func (g given) read() (string, Values) { return g.name, g.values }

func TestColumnsAreMatchedByName(t *testing.T) {
	t.Parallel()
	table := []string{"host", "cpu", "ts"}
	index := func(name string) (int, bool) {
		at := slices.Index(table, name)
		return at, at >= 0
	}
	one, two := Slice[int]{1}, Slice[string]{"a", "b"}
	for _, tt := range []struct {
		given []given
		rows  int
		want  []Values
		err   string
	}{
		{given: []given{{"ts", two}, {"host", two}}, rows: 2, want: []Values{two, nil, two}},
		{given: []given{{"cpu", one}}, rows: 1, want: []Values{nil, one, nil}},
		{given: []given{{"cpu", Slice[int]{}}}, want: []Values{nil, Slice[int]{}, nil}},
		{err: "AppendColumns was called without columns"},
		{given: []given{{"CPU", one}}, err: `the table has no column "CPU"`},
		{given: []given{{"cpu", one}, {"cpu", one}}, err: `duplicate column "cpu"`},
		{given: []given{{"cpu", one}, {"host", two}}, err: `column "host" has 2 values, column "cpu" has 1`},
	} {
		got, rows, err := Match(tt.given, given.read, len(table), index)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%v: got error %v, want %s", tt.given, err, tt.err)
			}
			continue
		}
		if err != nil || rows != tt.rows || len(got) != len(tt.want) {
			t.Errorf("%v: got %v, %d rows, %v; want %v, %d rows", tt.given, got, rows, err, tt.want, tt.rows)
			continue
		}
		for i, want := range tt.want {
			if (got[i] == nil) != (want == nil) || want != nil && got[i].Len() != want.Len() {
				t.Errorf("%v, column %d: got %v, want %v", tt.given, i, got[i], want)
			}
		}
	}
}
