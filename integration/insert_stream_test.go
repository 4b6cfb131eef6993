package integration

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

func TestInsertStream(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	openStream := func(o insert.Options) *insert.Stream {
		t.Helper()
		var stream *insert.Stream
		if err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
			var err error
			stream, err = o.NewStream(t.Context(), conn)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stream.Close)
		return stream
	}
	stream := openStream(insert.Options{AppendMode: true})
	var sends sync.WaitGroup
	for worker := range 4 {
		sends.Go(func() {
			one, two := readings("streamed"), readings("streamed_too")
			for i := range 25 {
				one.Reset()
				two.Reset()
				if err := errors.Join(one.Append(fmt.Sprint(worker), i, i), two.Append(nil, worker, 1), two.Append(nil, worker, 1), stream.Send(t.Context(), one, two)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sends.Wait()
	if n, err := stream.CloseAndRecv(t.Context()); err != nil || n != 300 {
		t.Errorf("%d rows, %v", n, err)
	}
	wantRows(t, db, "SELECT count(*), sum(temperature) FROM streamed", "100 1200")
	wantRows(t, db, "SELECT count(*) FROM streamed_too", "200")
	if err := stream.Send(t.Context(), readings("streamed")); !errors.Is(err, insert.ErrStreamEnded) {
		t.Errorf("after the end: %v", err)
	}

	// Deletes are carried out between the inserts where they were sent.
	changing := openStream(insert.Options{})
	rows := addReading(t, addReading(t, readings("streamed_keys"), "kept", 1, 1), "gone", 2, 1)
	again := addReading(t, readings("streamed_keys"), "again", 3, 1)
	err := errors.Join(
		changing.Send(t.Context(), rows, again),
		changing.Delete(t.Context(), addReading(t, readings("streamed_keys"), "gone", nil, 1), again),
		changing.Send(t.Context(), again))
	if n, end := changing.CloseAndRecv(t.Context()); err != nil || end != nil || n != 6 {
		t.Errorf("%d rows, %v, %v", n, err, end)
	}
	wantRows(t, db, "SELECT device FROM streamed_keys ORDER BY device", "again", "kept")

	// The request that fails ends the stream; those before it stay.
	failing := openStream(insert.Options{})
	bad := insert.NewTable("streamed", insert.Field("temperature", insert.Int8), insert.Time("ts", insert.Millisecond))
	if err := bad.Append(1, 1); err != nil {
		t.Fatal(err)
	}
	if err := failing.Send(t.Context(), addReading(t, readings("streamed"), "before", 1, 1)); err != nil {
		t.Fatal(err)
	}
	after := addReading(t, readings("streamed"), "after", 1, 1)
	err = failing.Send(t.Context(), bad)
	for range 3 {
		if err == nil {
			err = failing.Send(t.Context(), after)
		}
	}
	if err == nil {
		_, err = failing.CloseAndRecv(t.Context())
	}
	wantAmbiguous(t, err, greptime.InvalidArguments, "column temperature expect type") // what was sent before stays
	var e *insert.StreamError
	if !errors.As(err, &e) || e.Requests < 1 {
		t.Errorf("error %#v", err)
	}
	if again := failing.Send(t.Context(), after); again != err {
		t.Errorf("then: %v", again)
	}
	if _, again := failing.CloseAndRecv(t.Context()); again != err {
		t.Errorf("then: %v", again)
	}
	wantRows(t, db, "SELECT device FROM streamed WHERE device IN ('before', 'after')", "before")

	strict := openStream(insert.Options{ExistingOnly: true})
	err = strict.Send(t.Context(), addReading(t, readings("streamed_never"), "a", 1, 1))
	if err == nil {
		_, err = strict.CloseAndRecv(t.Context())
	}
	wantCode(t, err, greptime.InvalidArguments, "`auto_create_table` hint is disabled")
	if n, err := openStream(insert.Options{}).CloseAndRecv(t.Context()); n != 0 || err != nil {
		t.Errorf("nothing sent: %d, %v", n, err)
	}
}
