package insert_test

import (
	"errors"
	"testing"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

func TestWriteErrorCountsTheRows(t *testing.T) {
	t.Parallel()
	rows := func(n int) *insert.Table {
		table := insert.NewTable("metrics", insert.Field("v", insert.Int64), insert.Time("ts", insert.Second))
		for i := range n {
			if err := table.Append(int64(i), int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		return table
	}
	refused, lost := errors.New("refused"), errors.New("lost")
	for _, tt := range []struct {
		failed []insert.FailedRows
		want   string
	}{
		{nil, "greptime: insert: 0 rows were not acknowledged"},
		{[]insert.FailedRows{{Table: rows(2), Err: refused}}, `greptime: insert: 2 rows were not acknowledged; of table "metrics": refused`},
		{
			[]insert.FailedRows{{Table: rows(2), Err: refused}, {Table: rows(3), Err: lost, Ambiguous: true}},
			`greptime: insert: 5 rows were not acknowledged (3 of them may have been written); of table "metrics": refused`,
		},
	} {
		err := &insert.WriteError{Failed: tt.failed}
		if err.Error() != tt.want {
			t.Errorf("got  %s\nwant %s", err, tt.want)
		}
		for _, f := range tt.failed {
			if !errors.Is(err, f.Err) {
				t.Errorf("%v does not wrap %v", err, f.Err)
			}
		}
	}
}

// Who asks a WriteError whether the call may be made again asks about all rows.
func TestWriteErrorIsAmbiguousIfAnyRowsAre(t *testing.T) {
	t.Parallel()
	refused, lost := &greptime.Error{Message: "refused"}, &greptime.Error{Message: "lost", Ambiguous: true}
	err := &insert.WriteError{Failed: []insert.FailedRows{{Err: refused}, {Err: lost, Ambiguous: true}, {Err: refused}}}
	var e *greptime.Error
	if !errors.As(err, &e) || e.SafeToRetry() {
		t.Errorf("errors.As finds %v, want the ambiguous error", e)
	}
}
