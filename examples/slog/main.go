// Slog writes a service's log records as rows of a table, by the handler in
// contrib/greptimeslog, and queries them.
//
//	go run ./examples/slog
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/contrib/greptimeslog"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/insert"
)

const about = `
Writes the log records of a web service as rows of a table, and queries them.`

func main() { demo.Main(about, "greptime_slog", run) }

func run(ctx context.Context, own *demo.Database) (err error) {
	db, err := own.Pool()
	if err != nil {
		return err
	}
	defer db.Close()
	h, err := greptimeslog.New(db, greptimeslog.Options{
		Table: "logs",
		// These attributes are columns; the others go into one JSON column.
		Columns: []greptimeslog.Column{
			{Column: insert.Tag("service", insert.String)},
			{Attr: "request.path", Column: insert.Field("path", insert.String)},
			{Column: insert.Field("status", insert.Int32)},
		},
		Writer: insert.WriterOptions{Options: insert.Options{TTL: "30d"}},
	})
	if err != nil {
		return err
	}
	serve(slog.New(h).With("service", "shop"))

	// Close writes what is left.
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := h.Close(closing); err != nil {
		return err
	}
	stats := h.Stats()
	fmt.Printf("%d records written, %d dropped\n", stats.Written, stats.Dropped)
	return show(ctx, db)
}

// serve answers some requests and logs each.
func serve(logger *slog.Logger) {
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		if r.URL.Path == "/cart" {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		level := slog.LevelInfo
		if status >= 500 {
			level = slog.LevelError
		}
		logger.Log(r.Context(), level, "answered", slog.Group("request", "path", r.URL.Path, "method", r.Method),
			"status", status, "client", r.RemoteAddr)
	})
	for i := range 300 {
		path := "/"
		if i%10 == 0 {
			path = "/cart"
		}
		service.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
}

// answers is a row of the result that show prints.
type answers struct {
	Path  string `greptime:"path"`
	Level string `greptime:"level"`
	Count int    `greptime:"answers"`
}

// show counts the records, and reads the attributes of one. level is a keyword, so it is
// quoted.
func show(ctx context.Context, db *sql.DB) error {
	list, err := greptime.Collect[answers](ctx, db, `
		SELECT path, "level", count(*) AS answers FROM logs
		WHERE service = ? AND status >= ? GROUP BY path, "level" ORDER BY answers DESC`, "shop", 200)
	if err != nil {
		return err
	}
	for _, a := range list {
		fmt.Printf("%-5s %-5s %d answers\n", a.Path, a.Level, a.Count)
	}
	method, err := greptime.One[string](ctx, db, `SELECT json_get_string(attributes, 'request.method') FROM logs LIMIT 1`)
	if err != nil {
		return err
	}
	fmt.Println("The method of one, from the JSON:", method)
	return nil
}
