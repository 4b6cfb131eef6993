package insert_test

import (
	"context"
	"log"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// A service whose goroutines have a row at a time.
func ExampleWriter() {
	ctx := context.Background()
	conn, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	w, err := insert.NewWriter(conn, insert.WriterOptions{
		// Rows with the same tags and time replace each other, so a request may be sent
		// again even if nobody knows what became of it.
		Retry: insert.Retry{AtLeastOnce: true},
		OnError: func(u insert.FailedRows) {
			log.Printf("%d rows of %s were not written (perhaps: %v): %v", u.Table.Len(), u.Table.Name(), u.Ambiguous, u.Err)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	schema, err := insert.NewSchema(
		insert.Tag("path", insert.String),
		insert.Field("seconds", insert.Float64),
		insert.Time("ts", insert.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	requests := w.Table("http_requests", schema)

	// In any number of goroutines:
	began := time.Now()
	if err := requests.Append(ctx, "/login", time.Since(began).Seconds(), began); err != nil {
		log.Print(err)
	}

	// At the end, what cannot be written within ten seconds comes back.
	closing, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := w.Close(closing); err != nil {
		log.Print(err)
	}
}
