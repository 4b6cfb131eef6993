package sqltext

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func ints(numbers ...int64) []Arg {
	args := make([]Arg, len(numbers))
	for i, n := range numbers {
		args[i] = Arg{Kind: Int, Int: n}
	}
	return args
}

func named(name string, n int64) Arg { return Arg{Name: name, Kind: Int, Int: n} }

func TestBindPutsArgumentsIntoTheirPlaces(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		args []Arg
		want []string
	}{
		{"", nil, nil},
		{"-- nothing", nil, nil},
		{" SELECT 1; ", nil, []string{"SELECT 1"}},
		{"SELECT ?, ?", ints(1, 2), []string{"SELECT 1, 2"}},
		{"SELECT ?; SELECT 'a'; -- ?\n SELECT ?, ?", ints(1, 2, 3), []string{"SELECT 1", "SELECT 'a'", "SELECT 2, 3"}},
		{"SELECT $2, $1, $2", ints(1, 2), []string{"SELECT 2, 1, 2"}},
		{"SELECT $1; SELECT $2", ints(1, 2), []string{"SELECT 1", "SELECT 2"}},
		{"SELECT :b, :a, :b", []Arg{named("a", 1), named("b", 2)}, []string{"SELECT 2, 1, 2"}},
		{"SELECT :a; SELECT :A", []Arg{named("A", 1), named("a", 2)}, []string{"SELECT 2", "SELECT 1"}},
		{"SELECT '?', ? -- ?\n, /* ? */ \"?\", `?`, $$?$$, X'?'", ints(1), []string{"SELECT '?', 1 -- ?\n, /* ? */ \"?\", `?`, $$?$$, X'?'"}},
		{"SELECT '$1', $1, $a$ $1 $a$", ints(1), []string{"SELECT '$1', 1, $a$ $1 $a$"}},
		{"SELECT ':a', :a, x::INT, y[1:a]", []Arg{named("a", 1)}, []string{"SELECT ':a', 1, x::INT, y[1:a]"}},
		// A comment does not swallow what follows the statement.
		{"SELECT ? -- a\n; SELECT ?", ints(1, 2), []string{"SELECT 1", "SELECT 2"}},
		{"SELECT -- a\n?", ints(-1), []string{"SELECT -- a\n-1"}},
	}
	for _, tt := range tests {
		got, err := parse(t, tt.text).Bind(tt.args, BindOptions{})
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

func TestBindRefusesArgumentsThatDoNotFit(t *testing.T) {
	t.Parallel()
	secret := Arg{Kind: String, Text: "s3cret\xff"}
	tests := []struct {
		text string
		args []Arg
		says string
	}{
		{"SELECT 1", ints(1), "no placeholders for 1 argument"},
		{"SELECT '?'", ints(1, 2), "no placeholders for 2 arguments"},
		{"", ints(1), "no placeholders"},
		{"SELECT ?", nil, "placeholders for 1 argument, and there are 0"},
		{"SELECT ?, ?", ints(1), "placeholders for 2 arguments, and there are 1"},
		{"SELECT ?", ints(1, 2), "placeholders for 1 argument, and there are 2"},
		{"SELECT $2, $1", ints(1), "placeholders for 2 arguments, and there are 1"},
		{"SELECT $1, $1", ints(1, 2), "placeholders for 1 argument, and there are 2"},
		{"SELECT $3, $1", ints(1, 2, 3), "argument 2 is not used: the text has no $2, but $3"},
		{"SELECT $2147483647", ints(1), "placeholders for 2147483647 arguments"},
		{"SELECT ?", []Arg{named("a", 1)}, "the argument a has a name"},
		{"SELECT $1", []Arg{named("a", 1)}, "the argument a has a name"},
		{"SELECT :a", ints(1), "argument 1 has no name"},
		{"SELECT :a", nil, "no argument for :a"},
		{"SELECT :a, :b", []Arg{named("a", 1)}, "no argument for :b"},
		{"SELECT :a", []Arg{named("A", 1)}, "no argument for :a"},
		{"SELECT :a", []Arg{named("a", 1), named("b", 1)}, "argument :b is not used"},
		{"SELECT :a", []Arg{named("a", 1), named("a", 2)}, "duplicate argument :a"},
		{"SELECT ?, $1", ints(1), "styles"},
		{"SELECT ?, ?", []Arg{{}, secret}, "argument 2 (string, byte 10 of the text): the text is not valid UTF-8"},
		{"SELECT $2, $1", []Arg{{}, secret}, "argument 2 (string, byte 7 of the text)"},
		{"SELECT :a", []Arg{{Name: "a", Kind: String, Text: "s3cret\xff"}}, "argument :a (string, byte 7 of the text)"},
		{"INSERT INTO t VALUES (?)", []Arg{{Kind: Float, Float: math.NaN()}}, "natively"},
		{"INSERT INTO t VALUES (?)", []Arg{{Kind: Interval}}, "INTERVAL"},
		{"INSERT INTO t (a, B) VALUES (?, ?)", []Arg{{}, secret}, `argument 2 (string, column "B"): the text`},
		{"INSERT INTO t (a, B) VALUES (?, 1), (2, - 2), (?, 3)", []Arg{{}, secret}, `argument 2 (string, row 3 (index 2), column "a"): the text`},
		{"INSERT INTO t (a, B) VALUES ($1, 1), (2, $2 + 1), ($2, 3)", []Arg{{}, secret}, `argument 2 (string, byte`},
		{"INSERT INTO t VALUES (:a, 1), (2, now()), (3, :b)", []Arg{named("a", 1), {Name: "b", Kind: Interval}}, `argument :b (INTERVAL, row 3 (index 2), value 2 of 2): `},
		{"INSERT INTO t VALUES (?, 1), (2)", []Arg{secret}, `argument 1 (string, byte`},
		{"INSERT INTO t (a) VALUES (?), (?)", []Arg{{}, secret}, `argument 2 (string, row 2 (index 1), column "a"): the text`},
	}
	for _, tt := range tests {
		got, err := parse(t, tt.text).Bind(tt.args, BindOptions{})
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %q, %v; want an error with %q", tt.text, got, err, tt.says)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error shows the value: %v", tt.text, err)
		}
	}
}

// A script may be bound by many goroutines, and what they get is theirs.
func TestBindIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s := parse(t, "SELECT :a; INSERT INTO t VALUES (:b, :a)")
	done := make(chan string)
	for i := range 8 {
		go func() {
			var wrong string
			for range 200 {
				texts, err := s.Bind([]Arg{named("a", int64(i)), named("b", int64(-i))}, BindOptions{})
				want := fmt.Sprintf("[SELECT %d INSERT INTO t VALUES (%d, %d)]", i, -i, i)
				if got := fmt.Sprint(texts); err != nil || got != want {
					wrong = fmt.Sprintf("%s, %v; want %s", got, err, want)
				}
			}
			done <- wrong
		}()
	}
	for range 8 {
		if wrong := <-done; wrong != "" {
			t.Error(wrong)
		}
	}
}

// batchInsert is an INSERT of many rows, as an ORM writes it, and its arguments.
func batchInsert(rows int) (string, []Arg) {
	var text strings.Builder
	text.WriteString("INSERT INTO sensor_data (host, region, ts, cpu, memory, disk, net, load, ok, note) VALUES ")
	var args []Arg
	for i := range rows {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
		args = append(args,
			Arg{Kind: String, Text: fmt.Sprintf("host-%d", i%50)}, Arg{Kind: String, Text: "eu-west-1"},
			Arg{Kind: Time, Time: time.UnixMilli(1704067200000 + int64(i))},
			Arg{Kind: Float, Float: float64(i) / 7}, Arg{Kind: Float, Float: 42.5}, Arg{Kind: Float, Float: 1e-9},
			Arg{Kind: Int, Int: int64(i) * 1000}, Arg{Kind: Float, Float: float64(i)}, Arg{Kind: Bool, Int: 1}, Arg{})
	}
	return text.String(), args
}

func TestBatchInsertIsReadBack(t *testing.T) {
	t.Parallel()
	text, args := batchInsert(1000)
	s := parse(t, text)
	if v := s.Statements[0].Values; v.Rows != 1000 || v.Width != 10 || s.NumInput() != 10_000 {
		t.Fatalf("%d rows of %d, %d arguments", v.Rows, v.Width, s.NumInput())
	}
	texts, err := s.Bind(args, BindOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bound := parse(t, texts[0]).Statements[0].Values
	if bound.Rows != 1000 || bound.Width != 10 || !bound.literal {
		t.Fatalf("%d rows of %d, literal path %v", bound.Rows, bound.Width, bound.literal)
	}
	for i, item := range bound.Items {
		tokens, err := Lex(texts[0][item.Start:item.End])
		if err != nil {
			t.Fatal(err)
		}
		if err := readBack(texts[0][item.Start:item.End], tokens, &args[i], inValues); err != nil {
			t.Errorf("value %d: %v", i, err)
		}
	}
}

func TestAllocationsOfParseAndBind(t *testing.T) {
	text, args := batchInsert(100)
	s := parse(t, text)
	for name, test := range map[string]struct {
		run  func()
		most float64
	}{
		"Parse": {func() { parse(t, text) }, 30}, // it returns some, and the race detector empties pools
		"Bind": {func() {
			if _, err := s.Bind(args, BindOptions{}); err != nil {
				t.Error(err)
			}
		}, 10},
	} {
		if got := testing.AllocsPerRun(20, test.run); got > test.most {
			t.Errorf("%s of 100 rows of 10 values: %v allocations, at most %v", name, got, test.most)
		}
	}
}

func BenchmarkLex(b *testing.B) {
	text, _ := batchInsert(100)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Lex(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	insert, _ := batchInsert(100)
	for name, text := range map[string]string{
		"select":     "SELECT host, avg(cpu) FROM sensor_data WHERE ts >= ? AND ts < ? AND host = ? GROUP BY host",
		"insert_100": insert,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBind(b *testing.B) {
	text, args := batchInsert(100)
	s := parse(b, text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Bind(args, BindOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
