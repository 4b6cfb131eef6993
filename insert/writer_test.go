package insert_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestWriterFlushes(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, test := range []struct {
		name string
		opts insert.WriterOptions
		rows int64
		due  time.Duration // after the last row
	}{
		{"by rows", insert.WriterOptions{FlushRows: 10, FlushInterval: hour}, 10, 0},
		{"by bytes", insert.WriterOptions{FlushBytes: 300, FlushInterval: hour}, 30, 0},
		{"by interval", insert.WriterOptions{FlushInterval: hour}, 3, hour},
		{"with the options' defaults, by rows", insert.WriterOptions{}, 1000, 0},
		{"with the options' defaults, by interval", insert.WriterOptions{}, 3, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startStore(t, nil, wiretest.InMemory())
				w := bufferedInMemory(t, s, test.opts)
				appendNumbers(t, w.Table("r", meters), 0, test.rows)
				if test.due > 0 {
					time.Sleep(test.due - time.Millisecond)
					synctest.Wait()
					if n := len(s.numbers()); n != 0 {
						t.Errorf("%d rows stored before they are due, want none", n)
					}
					time.Sleep(time.Millisecond)
				}
				synctest.Wait()
				if n := len(s.numbers()); n == 0 {
					t.Error("no row stored when they are due, want some")
				}
				if err := w.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := s.numbers(); !slices.Equal(got, count(0, test.rows)) {
					t.Fatalf("stored %v, want 0 to %d", got, test.rows-1)
				}
				if got, want := w.Stats(), (insert.WriterStats{Acknowledged: test.rows}); got != want {
					t.Errorf("stats after Close: got %+v, want %+v", got, want)
				}
			})
		})
	}
}

func TestWriterKeepsRowsUntilTheyAreDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startStore(t, nil, wiretest.InMemory())
		w := bufferedInMemory(t, s, insert.WriterOptions{FlushRows: 10, FlushInterval: time.Hour})
		appendNumbers(t, w.Table("r", meters), 0, 9)
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if n := s.Calls(""); n != 0 {
			t.Fatalf("%d calls before the rows were due, want none", n)
		}
		if got := w.Stats(); got.Pending != 9 || got.PendingBytes == 0 {
			t.Errorf("stats: %+v, want 9 rows pending", got)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.numbers(); !slices.Equal(got, count(0, 9)) {
			t.Fatalf("after Flush, stored %v, want 0 to 8", got)
		}
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWriterGathersWhileARequestIsUnderWay(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var once sync.Once
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return false, wiretest.Block(release)(c)
	})
	t.Cleanup(func() { once.Do(func() { close(release) }) })
	w := buffered(t, s.DSN(), insert.WriterOptions{FlushRows: 10})
	table := w.Table("r", meters)
	appendNumbers(t, table, 0, 10)
	s.WaitFor("the first request", func() bool { return s.Calls("") == 1 })
	appendNumbers(t, table, 10, 500)
	once.Do(func() { close(release) })
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.stored(); len(got) != 2 || len(got[0]) != 10 || len(got[1]) != 490 {
		t.Fatalf("%d requests, want 10 rows, then 490", len(got))
	}
}

func TestWriterTakesTablesWholeAndStructs(t *testing.T) {
	t.Parallel()
	type row struct {
		Device string    `greptime:"device,tag"`
		N      int64     `greptime:"n"`
		At     time.Time `greptime:"ts,time"`
	}
	schema, err := insert.SchemaOf[row]()
	if err != nil {
		t.Fatal(err)
	}
	s := startStore(t, nil)
	w := buffered(t, s.DSN(), insert.WriterOptions{})
	if err := insert.AppendStructsTo(t.Context(), w.Table("r", schema), row{"a", 0, time.UnixMilli(0)}, row{"a", 1, time.UnixMilli(1)}); err != nil {
		t.Fatal(err)
	}
	// The same table with columns in another order: rows stay in their order.
	other := insert.NewTable("r", insert.Time("ts", insert.Millisecond), insert.Field("n", insert.Int64), insert.Tag("device", insert.String))
	for n := range int64(2) {
		if err := other.Append(time.UnixMilli(n), n+2, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	other.Reset() // it has been copied
	if err := other.Append(time.UnixMilli(4), 100, "a"); err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 4, 5)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
		t.Fatalf("stored %v, want 0 to 4", got)
	}
}

func TestWriterSendsHintsAndDatabase(t *testing.T) {
	t.Parallel()
	var server requests
	s := wiretest.Start(t, server.accept)
	w := buffered(t, s.DSN(), insert.WriterOptions{Options: insert.Options{AppendMode: true}})
	appendNumbers(t, w.Table("r", meters), 0, 1)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if got := server.meta[0]["x-greptime-hints"]; !slices.Equal(got, []string{"append_mode=true"}) {
		t.Errorf("hints %q, want append_mode=true", got)
	}
	if got := server.list[0].GetHeader().GetDbname(); got != "public" {
		t.Errorf("database %q, want public", got)
	}
}
