package calltrace_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/calltrace"
)

func TestLogWritesARecordOfEachCall(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 2047) + "é" // the cut falls into the last rune
	for name, tt := range map[string]struct {
		call    calltrace.Call
		outcome calltrace.Outcome
		want    string
	}{
		"statement": {
			calltrace.Call{Kind: calltrace.Statement, Database: "public", Text: "SELECT ?", Args: 1},
			calltrace.Outcome{Endpoint: "a:4001", Duration: time.Second, Rows: 2, Bytes: 3, Attempts: 1},
			`level=INFO msg="greptime: statement" database=public text="SELECT ?" args=1 endpoint=a:4001 duration=1s rows=2 bytes=3`,
		},
		"failed insert into a table": {
			calltrace.Call{Kind: calltrace.Insert, Tables: []string{"m"}, Rows: 5},
			calltrace.Outcome{Attempts: 2, Native: true, Err: errors.New("no")},
			`level=WARN msg="greptime: insert" table=m rows_sent=5 duration=0s rows=0 attempts=2 native=true error=no`,
		},
		"several tables": {
			calltrace.Call{Kind: calltrace.Delete, Tables: []string{"m", "n"}},
			calltrace.Outcome{},
			`level=INFO msg="greptime: delete" tables="[m n]" duration=0s rows=0`,
		},
		"long text": {
			calltrace.Call{Kind: calltrace.Statement, Text: long},
			calltrace.Outcome{},
			`level=INFO msg="greptime: statement" text=` + long[:2047] + `… duration=0s rows=0`,
		},
		"long error": {
			calltrace.Call{Kind: calltrace.Statement},
			calltrace.Outcome{Err: errors.New(long)},
			`level=WARN msg="greptime: statement" duration=0s rows=0 error=` + long[:2047] + `…`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}}))
			tracer := calltrace.Log(logger)
			ctx := tracer.Start(t.Context(), tt.call)
			if out.Len() != 0 {
				t.Errorf("Start wrote %s", out.String())
			}
			tracer.End(ctx, tt.call, tt.outcome)
			if got := strings.TrimSuffix(out.String(), "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
