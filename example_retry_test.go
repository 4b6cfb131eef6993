package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
)

// What failed for a reason that passes is tried again, unless it may have been executed.
func ExampleError_SafeToRetry() {
	db, err := sql.Open("greptime", "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	err = execWithRetry(context.Background(), db, "INSERT INTO sensors (host, ts, cpu) VALUES (?, ?, ?)", "a", time.Now(), 0.5)
	if err != nil {
		log.Print(err)
	}
}

// execWithRetry is in the README, too.
func execWithRetry(ctx context.Context, db *sql.DB, query string, args ...any) error {
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		_, err := db.ExecContext(ctx, query, args...)
		var e *greptime.Error
		if !errors.As(err, &e) || !e.SafeToRetry() || wait > 10*time.Second {
			return err // nil, or nothing to be done about it
		}
		passes := e.Retryable || e.GRPC == codes.Unavailable || e.Code == greptime.RateLimited
		if !passes {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}
