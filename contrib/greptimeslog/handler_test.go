package greptimeslog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/insert"
)

// open opens a database of the test's own, on the server that GREPTIME_TEST_DSN names, or
// else on greptimetest.
func open(t testing.TB) *sql.DB {
	t.Helper()
	base := os.Getenv("GREPTIME_TEST_DSN")
	if base == "" {
		base = greptimetest.Start(t).DSN()
	}
	cfg, err := greptime.ParseDSN(base)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := greptime.Connect(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.NewReplacer("/", "_", "-", "_").Replace(strings.ToLower(t.Name()))
	cfg.Database = fmt.Sprintf("greptimeslog_%d_%s", os.Getpid(), name)
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+cfg.Database); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("greptime", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Close()
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+cfg.Database); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	return db
}

// newHandler returns a Handler for the table logs. The test fails if a record is lost.
func newHandler(t testing.TB, db *sql.DB, opts Options) *Handler {
	t.Helper()
	opts.Table = "logs"
	if opts.Fallback == nil {
		opts.Fallback = slog.NewTextHandler(t.Output(), nil)
	}
	h, err := New(db, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if s := h.Stats(); s.Dropped > 0 || s.Failed > 0 || s.Pending > 0 {
			t.Errorf("records were lost: %+v", s)
		}
	})
	return h
}

// logged is a row of the table.
type logged struct {
	ts             time.Time
	level, message string
	attributes     sql.Null[string]
}

// rows returns what is in the table, in the order in which it was logged.
func rows(t testing.TB, h *Handler, db *sql.DB) (all []logged) {
	t.Helper()
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := db.QueryContext(t.Context(), `SELECT ts, "level", message, attributes FROM logs ORDER BY ts`)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
		var l logged
		if err := r.Scan(&l.ts, &l.level, &l.message, &l.attributes); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// only returns the only row.
func only(t testing.TB, h *Handler, db *sql.DB) logged {
	t.Helper()
	all := rows(t, h, db)
	if len(all) != 1 {
		t.Fatalf("%d rows, want 1: %v", len(all), all)
	}
	return all[0]
}

func TestHandlerKeepsTheRulesOfSlog(t *testing.T) {
	db := open(t)
	var h *Handler
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		if strings.HasSuffix(t.Name(), "/zero-time") {
			t.Skip("every row has a time")
		}
		if _, err := db.ExecContext(t.Context(), "DROP TABLE IF EXISTS logs"); err != nil {
			t.Fatal(err)
		}
		h = newHandler(t, db, Options{})
		return h
	}, func(t *testing.T) map[string]any {
		row := only(t, h, db)
		result := map[string]any{}
		if row.attributes.Valid {
			if err := json.Unmarshal([]byte(row.attributes.V), &result); err != nil {
				t.Fatal(err)
			}
		}
		result[slog.TimeKey], result[slog.LevelKey], result[slog.MessageKey] = row.ts, row.level, row.message
		return result
	})
}

func TestRecordsWithoutATimeGetOne(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{})
	before := time.Now()
	if err := h.Handle(t.Context(), slog.Record{Message: "no time"}); err != nil {
		t.Fatal(err)
	}
	if row := only(t, h, db); row.ts.Before(before) || row.ts.After(time.Now()) {
		t.Errorf("time %v, want the present", row.ts)
	}
}

// point has methods that slog and encoding/json call.
type point struct{ x, y int }

func (p point) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("x", p.x), slog.Int("y", p.y))
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("no JSON") }

type panicsLogValue struct{}

func (panicsLogValue) LogValue() slog.Value { panic("no value") }

func TestAttributesBecomeJSON(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{Level: slog.LevelDebug})
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC)
	for i, test := range []struct {
		log  func(*slog.Logger)
		want string // "" for NULL
	}{
		{func(l *slog.Logger) { l.Info("") }, ``},
		{func(l *slog.Logger) {
			l.Info("", "s", "a\"'\\\n", "i", -1, "u", uint64(math.MaxUint64), "f", 1.5, "b", true, "n", nil)
		},
			`{"s":"a\"'\\\n","i":-1,"u":18446744073709551615,"f":1.5,"b":true,"n":null}`},
		{func(l *slog.Logger) { l.Info("", "d", 1500*time.Millisecond, "t", at) }, `{"d":1500000000,"t":"2024-05-06T07:08:09.123456789Z"}`},
		{func(l *slog.Logger) { l.Info("", "e", io.EOF, "nan", math.NaN(), "inf", math.Inf(-1)) }, `{"e":"EOF","nan":"NaN","inf":"-Inf"}`},
		{func(l *slog.Logger) {
			l.Info("", "list", []int{1, 2}, "m", map[string]any{"k": "v"}, "st", struct{ A int }{7})
		}, `{"list":[1,2],"m":{"k":"v"},"st":{"A":7}}`},
		{func(l *slog.Logger) { l.Info("", "bad", math.Inf, "p", panics{}) }, `{"p":"!PANIC: no JSON"}`},
		{func(l *slog.Logger) { l.Info("", "p", point{1, 2}) }, `{"p":{"x":1,"y":2}}`},
		{func(l *slog.Logger) { l.With("p", point{1, 2}).WithGroup("g").Info("", "q", point{3, 4}) }, `{"p":{"x":1,"y":2},"g":{"q":{"x":3,"y":4}}}`},
		// Equal keys: the last counts, and groups are merged.
		{func(l *slog.Logger) { l.With("k", 1).With("k", 2).Info("", "k", 3, "k", 4) }, `{"k":4}`},
		{func(l *slog.Logger) { l.Info("", slog.Group("g", "a", 1), slog.Group("g", "b", 2)) }, `{"g":{"a":1,"b":2}}`},
		{func(l *slog.Logger) { l.Info("", "g", 1, slog.Group("g", "b", 2)) }, `{"g":{"b":2}}`},
		{func(l *slog.Logger) { l.Info("", slog.Group("g", "b", 2), "g", 1) }, `{"g":1}`},
		// Names of columns.
		{func(l *slog.Logger) {
			l.Info("", "ts", 1, "level", 2, "message", 3, "attributes", 4, "msg", 5, "time", 6)
		},
			`{"ts":1,"level":2,"message":3,"attributes":4,"msg":5,"time":6}`},
		// Groups without attributes, and handlers that share a beginning.
		{func(l *slog.Logger) { l.WithGroup("g").WithGroup("h").Info("") }, ``},
		{func(l *slog.Logger) { l.With("g", 1).WithGroup("g").WithGroup("h").Info("") }, `{"g":1}`},
		{func(l *slog.Logger) { l.WithGroup("").With().Info("", slog.Group("e"), slog.Group("", "in", 1)) }, `{"in":1}`},
		{func(l *slog.Logger) {
			base := l.WithGroup("g").With("a", 1)
			base.With("b", 2)
			base.With("c", 3).Info("")
		}, `{"g":{"a":1,"c":3}}`},
		// Numbers that JSONB does not have.
		{func(l *slog.Logger) { l.Info("", "n", json.Number("1e999")) }, `{"text":"{\"n\":1e999}"}`},
	} {
		if _, err := db.ExecContext(t.Context(), "DROP TABLE IF EXISTS logs"); err != nil {
			t.Fatal(err)
		}
		test.log(slog.New(h))
		got := only(t, h, db).attributes
		if got.Valid != (test.want != "") {
			t.Errorf("%d: %v, want %s", i, got, test.want)
			continue
		}
		if test.want == "" {
			continue
		}
		var gotValue, wantValue map[string]any
		for _, read := range []struct {
			text  string
			value *map[string]any
		}{{got.V, &gotValue}, {test.want, &wantValue}} {
			d := json.NewDecoder(strings.NewReader(read.text))
			d.UseNumber()
			if err := d.Decode(read.value); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		delete(gotValue, "bad") // an address
		if !reflect.DeepEqual(gotValue, wantValue) {
			t.Errorf("%d: %s, want %s", i, got.V, test.want)
		}
	}
}

func TestARecordIsNeverLostForItsValues(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{Level: slog.LevelDebug - 100})
	l := slog.New(h)
	l.Info("not UTF-8 \xff", "\xff", "\xff", "cycle", panicsLogValue{})
	l.Log(t.Context(), slog.LevelDebug-1, "level")
	r := slog.NewRecord(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), slog.LevelError+2, "far", 0)
	if err := h.Handle(t.Context(), r); err != nil {
		t.Error(err)
	}
	all := rows(t, h, db)
	if len(all) != 3 {
		t.Fatalf("%d rows, want 3", len(all))
	}
	for i, want := range []logged{{message: "not UTF-8 \uFFFD", level: "INFO"}, {message: "level", level: "DEBUG-1"}, {message: "far", level: "ERROR+2"}} {
		if got := all[i]; got.message != want.message || got.level != want.level {
			t.Errorf("row %d is %v, want %v", i, got, want)
		}
	}
	if got := all[2].attributes.V; got != `{"record_time":"9999-01-01T00:00:00Z"}` {
		t.Errorf("attributes %s", got)
	}
}

// encoding/json writes lists in each other that are too deep for it to read.
func TestDeepValuesAreText(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{Columns: []Column{{Column: insert.Field("extra", insert.JSON)}}})
	deep := any(1)
	for range 20_000 {
		deep = []any{deep}
	}
	slog.New(h).Info("", "deep", deep, "extra", deep, "other", 1)
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var attributes, extra string
	if err := db.QueryRowContext(t.Context(), "SELECT attributes, extra FROM logs").Scan(&attributes, &extra); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(deep)
	if attributes != fmt.Sprintf(`{"deep":%q,"other":1}`, want) || extra != strconv.Quote(want) {
		t.Errorf("attributes %.40s, extra %.40s, want both values as text, and the other attribute", attributes, extra)
	}
}

// A value that contains itself would occupy package fmt until the stack ends.
func TestValuesThatContainThemselves(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{Columns: []Column{{Column: insert.Field("text", insert.String)}, {Column: insert.Field("json", insert.JSON)}, {Column: insert.Field("number", insert.Int64)}}})
	cycle := map[string]any{"a": 1}
	cycle["self"] = []any{cycle}
	slog.New(h).Info("cycle", "text", cycle, "json", cycle, "number", cycle, "rest", &cycle)
	got := only(t, h, db)
	if n := strings.Count(got.attributes.V, "cycle"); n != 2 {
		t.Errorf("%s, want two texts about the cycle", got.attributes.V)
	}
	var text, json string
	if err := db.QueryRow("SELECT text, json FROM logs").Scan(&text, &json); err != nil || !strings.Contains(text, "cycle") || !strings.Contains(json, "cycle") {
		t.Errorf("%s, %s, %v, want texts about the cycle", text, json, err)
	}
}

func TestChosenAttributesAreColumns(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{AddSource: true, Columns: []Column{
		{Column: insert.Tag("service", insert.String)},
		{Attr: "request.status", Column: insert.Field("status", insert.Int32)},
		{Attr: "level", Column: insert.Field("attr_level", insert.String)},
		{Attr: "took", Column: insert.Field("took", insert.Int64)},
		{Attr: "extra", Column: insert.Field("extra", insert.JSON)},
	}})
	l := slog.New(h).With("service", "api")
	l.Info("one", slog.Group("request", "status", 200, "path", "/"), "level", 7, "took", time.Second, "extra", []string{"a"})
	l.WithGroup("request").Info("two", "status", 404) // service was added before the group
	l.Info("three", slog.Group("request", "status", "OK"), "took", "long")
	l.Info("four", "service", errors.New("changed"), "status", 1)
	l.With("request", 7).Info("five", slog.Group("request", "status", 500)) // the group leaves nothing in the JSON
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := db.QueryContext(t.Context(), `SELECT message, service, status, attr_level, took, extra, attributes, source FROM logs ORDER BY ts`)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []string
	for r.Next() {
		var message, source string
		var service, status, level, took, extra, attributes sql.NullString
		if err := r.Scan(&message, &service, &status, &level, &took, &extra, &attributes, &source); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(source, "handler_test.go:") {
			t.Errorf("source is %s", source)
		}
		got = append(got, strings.Join([]string{message, service.String, status.String, level.String, took.String, extra.String, attributes.String}, "|"))
	}
	want := []string{
		`one|api|200|7|1000000000|["a"]|{"request":{"path":"/"}}`,
		`two|api|404||||`,
		`three|api|||||{"request":{"status":"OK"},"took":"long"}`, // they do not fit
		`four|changed|||||{"status":1}`,
		`five|api|500||||{"request":7}`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Records of the same time are all kept, because the table is in append mode.
func TestRecordsOfTheSameTimeAreKept(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{})
	at := time.Now()
	for range 10 {
		if err := h.Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, "same", 0)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(rows(t, h, db)); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
}

func TestLevelsDecideWhatIsWritten(t *testing.T) {
	t.Parallel()
	db := open(t)
	var level slog.LevelVar
	h := newHandler(t, db, Options{Level: &level})
	l := slog.New(h)
	l.Debug("no")
	level.Set(slog.LevelDebug)
	l.Debug("yes")
	if row := only(t, h, db); row.message != "yes" {
		t.Errorf("%v", row)
	}
	if newHandler(t, db, Options{}).Enabled(t.Context(), slog.LevelDebug) {
		t.Error("DEBUG is written by default")
	}
}

func TestHandlersAreForManyGoroutines(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{})
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			l := slog.New(h).With("n", n).WithGroup("g")
			for i := range 50 {
				l.Info("m", "i", i)
			}
		})
	}
	group.Wait()
	if n := len(rows(t, h, db)); n != 1000 {
		t.Errorf("%d rows, want 1000", n)
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	db := open(t)
	for _, test := range []struct {
		opts Options
		want string
	}{
		{Options{}, "set Options.Table"},
		{Options{Table: "t", Wait: -1}, "must not be negative"},
		{Options{Table: "t", Columns: []Column{{Column: insert.Tag("level", insert.String)}}}, `column "level"`},
		{Options{Table: "t", Columns: []Column{{Attr: "a", Column: insert.Tag("ts", insert.String)}}}, `column "ts"`},
		{Options{Table: "t", AddSource: true, Columns: []Column{{Column: insert.Tag("source", insert.String)}}}, `column "source"`},
		{Options{Table: "t", Columns: []Column{{Attr: "a", Column: insert.Tag("x", insert.String)}, {Attr: "b", Column: insert.Tag("x", insert.String)}}}, `column "x"`},
		{Options{Table: "t", Columns: []Column{{Attr: "a", Column: insert.Tag("x", insert.String)}, {Attr: "a", Column: insert.Tag("y", insert.String)}}}, `attribute "a" has two columns`},
		{Options{Table: "t", Columns: []Column{{Column: insert.Time("at", insert.Second)}}}, "is a time index"},
		{Options{Table: "t", Columns: []Column{{}}}, "greptimeslog: "},
		{Options{Table: "t", Writer: insert.WriterOptions{FlushRows: -1}}, "greptimeslog: "},
	} {
		if h, err := New(db, test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, %v, want an error with %q", test.opts, h, err, test.want)
		}
	}
}

func BenchmarkHandle(b *testing.B) {
	db, err := sql.Open("greptime", "greptime://127.0.0.1:1")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	h, err := New(db, Options{Table: "logs", Fallback: slog.DiscardHandler, Writer: insert.WriterOptions{MaxBytes: 1 << 40}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	defer h.Close(ctx)
	l := slog.New(h).With("service", "api")
	b.ReportAllocs()
	for b.Loop() {
		l.Info("request", "method", "GET", "status", 200, "took", time.Second)
	}
}
