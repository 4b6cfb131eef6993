package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
)

// numbered returns a CSV file of so many rows, each with its number as v and as its time.
func numbered(t testing.TB, rows int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("ts,v,pad\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,%d,%s\n", 1_700_000_000_000+i, i, strings.Repeat("x", 60))
	}
	return writeFile(t, "numbered.csv", b.String())
}

const createNumbered = "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT, pad STRING)"

// after returns a Progress that calls f once, when so many rows are acknowledged.
func after(rows int64, f func()) func(Progress) {
	var once sync.Once
	return func(p Progress) {
		if p.Rows >= rows {
			once.Do(f)
		}
	}
}

// checkStored checks that the table has every row that is acknowledged, and no row that is
// neither acknowledged nor unknown.
func checkStored(t *testing.T, conn *greptime.Conn, r *Report, rows int64) {
	t.Helper()
	stored := Rows{}
	for _, line := range strings.Fields(query(t, conn, "SELECT v FROM t ORDER BY v")) {
		v, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		stored.add(v, v+1)
	}
	for row := range rows {
		switch {
		case r.done.contains(row) && !stored.contains(row):
			t.Fatalf("row %d is said to be written, and is not there", row+1)
		case !r.done.contains(row) && !r.unknown.contains(row) && stored.contains(row):
			t.Fatalf("row %d is there, and nothing was said of it", row+1)
		}
	}
}

func TestServerThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	const rows = 60_000
	path := numbered(t, rows)
	for _, atLeastOnce := range []bool{false, true} {
		s, conn := connect(t)
		exec(t, conn, createNumbered)
		opts := Options{Streams: 2, AtLeastOnce: atLeastOnce, RetryFor: time.Minute}
		opts.Progress = after(1, func() {
			s.Inject(greptimetest.Fault{Method: "DoPut", Requests: 2, Drop: true})
			s.Refuse()
			time.AfterFunc(300*time.Millisecond, s.ClearFaults)
		})
		r, err := imported(t.Context(), conn, "t", opts, path)
		if r == nil {
			t.Fatal(err)
		}
		t.Logf("at least once %v: %s, %v", atLeastOnce, counts(r), err)
		if atLeastOnce && (err != nil || r.Acknowledged != rows) {
			t.Errorf("at least once: %s, %v", counts(r), err)
		}
		if r.Acknowledged+r.Unknown != rows || (err == nil) != (r.Unknown == 0) {
			t.Errorf("%s, %v; want every row acknowledged or unknown, and an error if some are unknown", counts(r), err)
		}
		checkStored(t, conn, r, rows)
		// The report says how to go on.
		opts.Skip, opts.Progress = mustParseRows(t, r.Skip()), nil
		if r, err := imported(t.Context(), conn, "t", opts, path); err != nil || r.Acknowledged+r.Skipped != rows {
			t.Errorf("going on: %s, %v", counts(r), err)
		}
		if got := query(t, conn, "SELECT count(*), sum(v) FROM t"); got != fmt.Sprintf("%d|%d", rows, rows*(rows-1)/2) {
			t.Errorf("in the end the table has %s", got)
		}
	}
}

func TestServerThatStaysAway(t *testing.T) {
	t.Parallel()
	const rows = 60_000
	path := numbered(t, rows)
	s, conn := connect(t)
	exec(t, conn, createNumbered)
	opts := Options{RetryFor: 200 * time.Millisecond, Progress: after(1, s.Refuse)}
	r, err := imported(t.Context(), conn, "t", opts, path)
	if err == nil || r.Acknowledged == 0 || r.Acknowledged == rows {
		t.Fatalf("%+v, %v; want an error in the middle", r, err)
	}
	var text strings.Builder
	r.Print(&text, &opts, err)
	if want := "run the same command with --skip " + r.Skip(); !strings.Contains(text.String(), want) {
		t.Errorf("the report is\n%s\nwant %s", &text, want)
	}
	s.ClearFaults()
	conn = dial(t, s)
	checkStored(t, conn, r, rows)
	opts = Options{Skip: mustParseRows(t, r.Skip())}
	if r, err := imported(t.Context(), conn, "t", opts, path); err != nil || r.Acknowledged+r.Skipped != rows {
		t.Errorf("going on: %+v, %v", r, err)
	}
	if got := query(t, conn, "SELECT count(*) FROM t"); got != strconv.Itoa(rows) {
		t.Errorf("in the end the table has %s rows", got)
	}
}

func TestInterruptedImportSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	const rows = 60_000
	path := numbered(t, rows)
	_, conn := connect(t)
	exec(t, conn, createNumbered+" WITH (append_mode = 'true')")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := imported(ctx, conn, "t", Options{Progress: after(1, cancel)}, path)
	if !errors.Is(err, context.Canceled) || r.Acknowledged == 0 || r.Acknowledged == rows || r.Unknown > 0 {
		t.Fatalf("%+v, %v; want an interrupted import whose batches were waited for", r, err)
	}
	checkStored(t, conn, r, rows)
	mustImport(t, conn, "t", Options{Skip: mustParseRows(t, r.Skip())}, path)
	if got := query(t, conn, "SELECT count(*), sum(v) FROM t"); got != fmt.Sprintf("%d|%d", rows, rows*(rows-1)/2) {
		t.Errorf("in the end the table, in append mode, has %s", got)
	}
}

func TestBadRows(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	const text = "ts,v,pad\n0,1,a\n\n1,x,b\n2,2,c\n3,3\n4,4,\"d\n5,5,e\"\n6,,f\nno time,7,g\n,8,h\n7,9,\"i\"j\n8,300000000000000000000,k\n9,9.0,l\n10,9.5,m\n"
	path := writeFile(t, "bad.csv", text)
	exec(t, conn, createNumbered)

	r, err := imported(t.Context(), conn, "t", Options{}, path)
	var bad *BadRow
	if !errors.As(err, &bad) || err.Error() != path+`, row 2 (line 4), column "v": "x" cannot be BIGINT: not an integer` || r.Skip() == "" || r.done.Prefix() != 1 {
		t.Errorf("without a file of errors: %v, %+v", err, r)
	}

	exec(t, conn, "TRUNCATE TABLE t")
	errorsFile := filepath.Join(t.TempDir(), "errors.csv")
	r, err = imported(t.Context(), conn, "t", Options{Errors: errorsFile}, path)
	if got, want := counts(r), "read 12 skipped 0 acknowledged 5 refused 7 unknown 0 not written 0"; err != nil || got != want || r.Skip() != "12" {
		t.Errorf("with a file of errors: %s, skip %s, %v; want %s", got, r.Skip(), err, want)
	}
	got, err := os.ReadFile(errorsFile)
	want := `file,row,line,column,reason,text
PATH,2,4,v,"""x"" cannot be BIGINT: not an integer","1,x,b"
PATH,4,6,,"it has 2 fields, and there are 3 columns","3,3"
PATH,7,10,ts,"""no time"" cannot be TIMESTAMP(3): not a time, as in 2006-01-02T15:04:05.999Z; --time-format reads other forms","no time,7,g"
PATH,8,11,ts,"NULL, and the column is NOT NULL",",8,h"
PATH,9,12,,field 3: text follows the closing quote; double the quotes within a field,"7,9,""i""j"
PATH,10,13,v,"""300000000000000000000"" cannot be BIGINT: out of range","8,300000000000000000000,k"
PATH,12,15,v,"""9.5"" cannot be BIGINT: not an integer","10,9.5,m"
`
	if want = strings.ReplaceAll(want, "PATH", path); err != nil || string(got) != want {
		t.Errorf("the file of errors is\n%s\nwant\n%s\n%v", got, want, err)
	}
	if got, want := query(t, conn, "SELECT v, pad FROM t ORDER BY ts"), "1|a\n2|c\n4|d\n5,5,e\nNULL|f\n9|l"; got != want {
		t.Errorf("the table has\n%s\nwant\n%s", got, want)
	}

	for most, want := range map[int64]string{6: "more than 6 rows cannot be imported; --max-errors allows more", 7: "<nil>"} {
		_, err = imported(t.Context(), conn, "t", Options{Errors: filepath.Join(t.TempDir(), "errors.csv"), MaxErrors: most}, path)
		if fmt.Sprint(err) != want {
			t.Errorf("--max-errors %d: %v, want %s", most, err, want)
		}
		if _, err = imported(t.Context(), conn, "t", Options{MaxErrors: most}, path); (err == nil) != (most == 7) {
			t.Errorf("--max-errors %d without a file: %v", most, err)
		}
	}
}

func TestFileOfErrorsIsKeptOnlyIfThereAreSome(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, createNumbered)
	name := filepath.Join(t.TempDir(), "errors.csv")
	mustImport(t, conn, "t", Options{Errors: name}, numbered(t, 10))
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of errors without any: %v", err)
	}
	bad := writeFile(t, "bad.csv", "ts,v,pad\nx,1,a\n")
	for range 2 { // the second import continues the file
		mustImport(t, conn, "t", Options{Errors: name}, bad)
	}
	text, err := os.ReadFile(name)
	if err != nil || strings.Count(string(text), "\n") != 3 {
		t.Errorf("%q, %v; want a header and two rows", text, err)
	}
	if _, err := imported(t.Context(), conn, "t", Options{Errors: filepath.Join(name, "below")}, bad); err == nil || !strings.Contains(err.Error(), "--errors") {
		t.Errorf("a file of errors that cannot be: %v", err)
	}
}

// A file that was there before is neither removed nor added to, unless it is one of errors.
func TestFileOfErrorsIsNoOtherFile(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, createNumbered)
	good, bad := writeFile(t, "good.csv", "ts,v,pad\n0,1,a\n"), writeFile(t, "bad.csv", "ts,v,pad\nx,1,a\n")
	for _, file := range []string{good, bad} {
		for _, text := range []string{"short\n", "a text that is longer than the header of a file of errors\n", "file,row,line,column,reason"} {
			name := writeFile(t, "mine.csv", text)
			_, err := imported(t.Context(), conn, "t", Options{Errors: name}, file)
			if got, readErr := os.ReadFile(name); err == nil || !strings.Contains(err.Error(), "mine.csv exists, and is not a file of errors") || readErr != nil || string(got) != text {
				t.Errorf("%.10q: %v; the file has %q, %v", text, err, got, readErr)
			}
		}
	}
	if _, err := imported(t.Context(), conn, "t", Options{Errors: bad}, bad); err == nil {
		t.Error("the file that is imported is that of the errors")
	}
	empty := writeFile(t, "empty.csv", "")
	mustImport(t, conn, "t", Options{Errors: empty}, good)
	if got, err := os.ReadFile(empty); err != nil || len(got) > 0 {
		t.Errorf("an empty file: %q, %v", got, err)
	}
	mustImport(t, conn, "t", Options{Errors: empty}, bad)
	if got, err := os.ReadFile(empty); err != nil || !strings.HasPrefix(string(got), "file,row,line,column,reason,text\n") {
		t.Errorf("an empty file: %q, %v", got, err)
	}
}

// Rows that need not be sent are not said to be written, or not to be.
func TestReportOfSkippedRows(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, createNumbered)
	text, err := os.ReadFile(numbered(t, 60_000))
	if err != nil {
		t.Fatal(err)
	}
	path := writeFile(t, "bad.csv", strings.Replace(string(text), "\n1700000000000,", "\nx,", 1))
	opts := Options{Skip: mustParseRows(t, "2-60000")}
	r, err := imported(t.Context(), conn, "t", opts, path)
	if err == nil || r.Skipped != r.Read-1 {
		t.Errorf("%s, %v; want all rows skipped but for the first", counts(r), err)
	}
	for _, c := range []struct {
		report Report
		want   string
	}{
		{Report{}, "Nothing is written.\n"},
		{Report{done: mustParseRows(t, "3")}, "The first 3 rows need not be sent again.\nTo go on, run the same command with --skip 3: it sends all other rows.\n"},
		{Report{done: mustParseRows(t, "3,5-7,9-9")}, "The first 3 rows need not be sent again.\nOf the others, 4 rows need not be sent again: 5-7, 9-9.\nTo go on, run the same command with --skip 3,5-7,9-9: it sends all other rows.\n"},
		{Report{done: mustParseRows(t, "2-2"), unknown: mustParseRows(t, "4-5"), Unknown: 2}, "The first row is not known to be written.\nOf the others, 1 row need not be sent again: 2-2.\nOf 2 rows it is not known: 4-5.\nTo go on, run the same command with --skip 2-2: it sends all other rows.\nRows that are sent twice replace themselves, but in a table in append mode they are there twice.\n"},
	} {
		var out strings.Builder
		c.report.printNext(&out)
		if out.String() != c.want {
			t.Errorf("got\n%s\nwant\n%s", &out, c.want)
		}
	}
}
