package output

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// printed returns what a printer writes for rows of texts, of which "\x00" is NULL. A name
// that begins with # is a column of numbers.
func printed(t *testing.T, o Options, names []string, rows ...[]string) string {
	t.Helper()
	columns := make([]column, len(names))
	for i, name := range names {
		columns[i].name = strings.TrimPrefix(name, "#")
		if columns[i].name != name {
			columns[i].kind = number
		}
	}
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	p := newPrinter(w, o)
	if err := p.begin(columns); err != nil {
		t.Fatal(err)
	}
	cells := make([]cell, len(names))
	for _, row := range rows {
		for i, text := range row {
			cells[i] = cell{append(cells[i].text[:0], text...), text == "\x00"}
		}
		if err := p.row(cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.end(int64(len(rows))); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	return out.String()
}

func TestTableLayout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		o     Options
		names []string
		rows  [][]string
		want  string
	}{
		{"no rows", Options{}, []string{"a", "#b"}, nil, `
 a │ b
───┼───
(0 rows)
`},
		{"wide characters, combining marks, emoji", Options{}, []string{"城市", "x"}, [][]string{{"東京", "1"}, {"cafe\u0301", "2"}, {"👩‍👩‍👧", "3"}, {"🇩🇪", "4"}, {"ascii", "5"}}, "\n" +
			" 城市  │ x\n───────┼───\n 東京  │ 1\n cafe\u0301  │ 2\n 👩‍👩‍👧    │ 3\n 🇩🇪    │ 4\n ascii │ 5\n(5 rows)\n"},
		{"NULL is not an empty text", Options{}, []string{"a", "b"}, [][]string{{"\x00", ""}, {"", "\x00"}, {"NULL", ""}}, `
 a    │ b
──────┼──────
 NULL │
      │ NULL
 NULL │
(3 rows)
`},
		{"NULL as the user wants it", Options{Null: ptr("∅")}, []string{"a"}, [][]string{{"\x00"}}, `
 a
───
 ∅
(1 row)
`},
		{"lines within a value", Options{}, []string{"#n", "text"}, [][]string{{"1", "first\r\nsecond\n"}, {"22", "a\tb"}}, `
  n │ text
────┼────────
  1 │ first
    │ second
 22 │ a    b
(2 rows)
`},
		{"control characters cannot move the cursor", Options{}, []string{"a\x1b[2J"}, [][]string{{"\x1b[31mred\x07"}, {"\u202egnp"}, {"\u009b2J"}, {"bad \xff"}}, `
 a\x1b[2J
─────────────────
 \x1b[31mred\x07
 \u202egnp
 \x9b2J
 bad \xff
(4 rows)
`},
		{"wrapped to the terminal", Options{Width: 30}, []string{"#n", "text", "other"}, [][]string{{"1", "The quick brown fox jumps", "short"}, {"2", "東京大阪京都札幌", "x"}}, `
 n │ text             │ other
───┼──────────────────┼───────
 1 │ The quick brown  │ short
   │ fox jumps        │
 2 │ 東京大阪京都札幌 │ x
(2 rows)
`},
		{"too many columns for the terminal", Options{Width: 20}, []string{"#aaaaaaaaaa", "bbbbbbbbbbbb", "c"}, [][]string{{"1234567890", "abcdefghijkl", "x"}}, `
 aaaaaaaaaa │ bbbbbbbb │ c
            │ bbbb     │
────────────┼──────────┼───
 1234567890 │ abcdefgh │ x
            │ ijkl     │
(1 row)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.o.Format = Table
			if got := printed(t, c.o, c.names, c.rows...); got != c.want[1:] {
				t.Errorf("got\n%s\nwant\n%s", got, c.want[1:])
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// Colours change nothing else of a table.
func TestColours(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{Table, Vertical} {
		names, rows := []string{"a", "#b"}, [][]string{{"\x00", "1"}, {"東京", "\x00"}}
		plain := printed(t, Options{Format: format}, names, rows...)
		colored := printed(t, Options{Format: format, Color: true}, names, rows...)
		if ansi.Strip(colored) != plain {
			t.Errorf("%s: got\n%s\nwant\n%s", format, ansi.Strip(colored), plain)
		}
		if !strings.Contains(colored, faint+"NULL"+"\x1b[0m") {
			t.Errorf("%s: NULL has no colour: %q", format, colored)
		}
	}
}

// The widths come from the first rows. On a terminal, later values are wrapped in them; in a
// file, they move the rest of their line.
func TestValuesBehindTheSample(t *testing.T) {
	t.Parallel()
	rows := make([][]string, sampleRows+1)
	for i := range rows {
		rows[i] = []string{"ab", "x"}
	}
	rows[sampleRows] = []string{"abcd", "x"}
	for width, want := range map[int]string{
		0:  " ab │ x\n abcd │ x\n",
		80: " ab │ x\n ab │ x\n cd │\n",
	} {
		got := printed(t, Options{Format: Table, Width: width}, []string{"a", "b"}, rows...)
		if want += fmt.Sprintf("(%d rows)\n", len(rows)); !strings.HasSuffix(got, want) {
			t.Errorf("width %d: got %q at the end, want %q", width, got[len(got)-80:], want)
		}
	}
}

// Every line of a table that fits is as wide as the others, whatever is in it.
func TestTablesFitTheTerminal(t *testing.T) {
	t.Parallel()
	for width := 24; width < 120; width += 5 {
		got := printed(t, Options{Format: Table, Width: width}, []string{"#number", "text", "more text"},
			[]string{"1", strings.Repeat("東京 ", 30), strings.Repeat("x", 200)}, []string{"2", "a", ""})
		for line := range strings.Lines(got) {
			if n := ansi.StringWidth(strings.TrimSuffix(line, "\n")); n > width && width >= 36 {
				t.Errorf("width %d: a line of %d cells: %s", width, n, line)
			}
		}
	}
}

func TestVerticalLayout(t *testing.T) {
	t.Parallel()
	got := printed(t, Options{Format: Vertical, Width: 20}, []string{"名", "long name"}, []string{"東京大阪京都札幌", "a\nb"}, []string{"\x00", ""})
	want := `─[ row 1 ]──
名        │ 東京大阪
          │ 京都札幌
long name │ a
          │ b
─[ row 2 ]──
名        │ NULL
long name │
(2 rows)
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestVerticalNamesOfSeveralLines(t *testing.T) {
	t.Parallel()
	got := printed(t, Options{Format: Vertical}, []string{"a\nb", "longer\n名", "c"}, []string{"1", "2", "3"})
	want := `─[ row 1 ]──
a b       │ 1
longer 名 │ 2
c         │ 3
(1 row)
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
