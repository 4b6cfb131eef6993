package greptime_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// allocated returns the bytes that f allocates. It counts those of the whole process, so tests
// that use it do not run in parallel.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// recordOf returns a record batch of one column, c.
func recordOf(column arrow.Array) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: column.DataType(), Nullable: true}}, nil)
	return array.NewRecordBatch(schema, []arrow.Array{column}, int64(column.Len()))
}

// arrayOf returns an array of a type that takes no bytes per value.
func arrayOf(dtype arrow.DataType, rows int, buffers []*memory.Buffer, children ...arrow.ArrayData) arrow.Array {
	return array.MakeFromData(array.NewData(dtype, rows, buffers, children, 0, 0))
}

// repeated returns a dictionary array whose rows all have the same text.
func repeated(text string, rows int) arrow.Array {
	values := array.NewStringBuilder(memory.DefaultAllocator)
	values.Append(text)
	dtype := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	indices := arrayOf(dtype.IndexType, rows, []*memory.Buffer{nil, memory.NewBufferBytes(make([]byte, rows))})
	return array.NewDictionaryArray(dtype, indices, values.NewArray())
}

// textViews returns views whose rows all have the same text.
func textViews(text string, rows int) arrow.Array {
	b := array.NewStringViewBuilder(memory.DefaultAllocator)
	b.Append(text)
	one := b.NewArray().Data()
	views := bytes.Repeat(one.Buffers()[1].Bytes()[:16], rows)
	return arrayOf(arrow.BinaryTypes.StringView, rows, []*memory.Buffer{nil, memory.NewBufferBytes(views), one.Buffers()[2]})
}

// flightOf returns the messages of a result, dictionaries included.
func flightOf(t testing.TB, record arrow.RecordBatch) []captures.Message {
	t.Helper()
	var p payloads
	w := ipc.NewWriterWithPayloadWriter(&p, ipc.WithSchema(record.Schema()), ipc.WithLZ4())
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		t.Fatal(err)
	}
	return append(p, wiretest.MetricsMessage())
}

// payloads collects the messages of an ipc.Writer.
type payloads []captures.Message

func (p *payloads) Start() error { return nil }
func (p *payloads) Close() error { return nil }

func (p *payloads) WritePayload(payload ipc.Payload) error {
	meta := payload.Meta()
	defer meta.Release()
	var body bytes.Buffer
	err := payload.SerializeBody(&body)
	*p = append(*p, captures.Message{Header: bytes.Clone(meta.Bytes()), Body: body.Bytes()})
	return err
}

type wideRow struct {
	Wide [1000]byte `greptime:"-"`
	C    *int64     `greptime:"c"`
}

// TestRecordBatchesThatAreLongerThanMemory reads record batches that take few bytes in a
// message and would take up to terabytes as Go values.
func TestRecordBatchesThatAreLongerThanMemory(t *testing.T) {
	const rows = math.MaxInt32
	megabyte := strings.Repeat("x", 1<<20)
	noFields := arrayOf(arrow.StructOf(), rows, []*memory.Buffer{nil})
	noBytes := arrayOf(&arrow.FixedSizeBinaryType{}, 1<<27, []*memory.Buffer{nil, nil})
	list := func(dtype arrow.DataType, child arrow.Array, buffers ...*memory.Buffer) arrow.Array {
		return arrayOf(dtype, 1, append([]*memory.Buffer{nil}, buffers...), child.Data())
	}
	ends := memory.NewBufferBytes(arrow.GetBytes([]int32{0, rows}))
	for _, test := range []struct {
		name   string
		column arrow.Array
		scan   string // the error of Scan, or ""
		collected,
		eachRow string
	}{
		{"NULLs", array.NewNull(rows), "", "MiB of memory", ""},
		{"structs without fields", noFields, "", "MiB of memory", ""},
		{"binaries without bytes", noBytes, "", "MiB of memory", ""},
		{"a list of NULLs", list(arrow.ListOf(arrow.Null), array.NewNull(rows), ends), "QueryArrow", "QueryArrow", "QueryArrow"},
		{"a list of a fixed size", list(arrow.FixedSizeListOf(rows, arrow.Null), array.NewNull(rows)), "QueryArrow", "QueryArrow", "QueryArrow"},
		{"a dictionary's long value", repeated(megabyte, 1<<20), "", "MiB of memory", ""},
		{"views of a long value", textViews(megabyte, 1<<20), "", "MiB of memory", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			messages := flightOf(t, recordOf(test.column))
			db := openServer(t, wiretest.Start(t, wiretest.Flight(messages)))
			wantText := func(what string, err error, want string) {
				t.Helper()
				if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("%s: error %v, want %q", what, err, want)
				}
			}
			const query = "SELECT c FROM t"
			used := allocated(func() {
				result, err := db.Query(query)
				if err != nil {
					t.Fatal(err)
				}
				var v any
				for range 3 {
					if !result.Next() {
						break
					}
					if err = result.Scan(&v); err != nil {
						break
					}
				}
				wantText("Scan", errors.Join(err, result.Err(), result.Close()), test.scan)

				_, err = greptime.Collect[any](t.Context(), db, query)
				wantText("Collect[any]", err, test.collected)
				_, err = greptime.Collect[map[string]any](t.Context(), db, query)
				wantText("Collect[map]", err, test.collected)
				_, err = greptime.Collect[sql.NullString](t.Context(), db, query)
				wantText("Collect[NullString]", err, test.collected)
				n := 0
				for _, err = range greptime.Each[any](t.Context(), db, query) {
					if n++; err != nil || n == 3 {
						break
					}
				}
				wantText("Each", err, test.eachRow)
			})
			if used > 600<<20 {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}

	// Pointers and maps are small, what they lead to is not.
	db := openServer(t, wiretest.Start(t, wiretest.Flight(flightOf(t, recordOf(array.NewNull(100_000_000))))))
	used := allocated(func() {
		_, pointers := greptime.Collect[*wideRow](t.Context(), db, "SELECT c FROM t")
		_, maps := greptime.Collect[map[string]any](t.Context(), db, "SELECT c FROM t")
		for _, err := range []error{pointers, maps} {
			if err == nil || !strings.Contains(err.Error(), "MiB of memory") {
				t.Errorf("error %v", err)
			}
		}
	})
	if used > 64<<20 {
		t.Errorf("pointers and maps: %d MiB were allocated", used>>20)
	}
}

// TestMatrixOfLabelsThatAreLongerThanMemory reads rows that share a long label, which takes few
// bytes in a message.
func TestMatrixOfLabelsThatAreLongerThanMemory(t *testing.T) {
	const rows = 1 << 20
	host := repeated(strings.Repeat("x", 1<<20), rows)
	zeros := []*memory.Buffer{nil, memory.NewBufferBytes(make([]byte, 8*rows))}
	at, v := arrayOf(arrow.FixedWidthTypes.Timestamp_ms, rows, zeros), arrayOf(arrow.PrimitiveTypes.Float64, rows, zeros)
	schema := arrow.NewSchema([]arrow.Field{{Name: "host", Type: host.DataType()}, {Name: "ts", Type: at.DataType()}, {Name: "v", Type: v.DataType()}}, nil)
	messages := flightOf(t, array.NewRecordBatch(schema, []arrow.Array{host, at, v}, rows))
	db := openServer(t, wiretest.Start(t, wiretest.Flight(messages)))
	used := allocated(func() {
		err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
			rd, err := c.PromQL(t.Context(), greptime.PromInstant{Query: "up"})
			if err != nil {
				return err
			}
			defer rd.Release()
			_, err = greptime.Matrix(rd)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "MiB of memory") {
			t.Errorf("error %v", err)
		}
	})
	if used > 64<<20 {
		t.Errorf("%d MiB were allocated", used>>20)
	}
}

// TestAnswersWithoutAnEnd has servers that go on for ever: each call ends with its context, and
// holds no more memory after many messages than after a few.
func TestAnswersWithoutAnEnd(t *testing.T) {
	skipUnderRace(t)
	const messages = 12_000
	text := repeated("x", 1)
	dictionary := flightOf(t, recordOf(text))
	number := array.NewInt64Builder(memory.DefaultAllocator)
	number.Append(1)
	one := flightOf(t, recordOf(number.NewArray()))
	none := flightOf(t, recordOf(array.NewInt64Builder(memory.DefaultAllocator).NewArray()))
	described := func() []captures.Message {
		messages, err := wiretest.DescribeMessages([]catalog.Column{{Name: "c", Type: column.Of(column.Int64)}})
		if err != nil {
			t.Fatal(err)
		}
		return messages
	}()
	const query = "SELECT c FROM t"
	calls := map[string]func(context.Context, *sql.DB) error{
		"Query": func(ctx context.Context, db *sql.DB) error {
			rows, err := db.QueryContext(ctx, query)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		},
		"Exec": func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, "DELETE FROM t")
			return err
		},
		"Ping": func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
		"USE":  func(ctx context.Context, db *sql.DB) error { _, err := db.ExecContext(ctx, "USE other"); return err },
		"Each": func(ctx context.Context, db *sql.DB) error {
			for _, err := range greptime.Each[any](ctx, db, query) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"insert": func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, manyRows("INSERT INTO t (c) VALUES ", "(1)", 16))
			return err
		},
		"Collect": func(ctx context.Context, db *sql.DB) error {
			_, err := greptime.Collect[any](ctx, db, query)
			return err
		},
	}
	for _, test := range []struct {
		name         string
		first, again []captures.Message
		calls        []string
	}{
		{"metrics", one[:1], one[2:], []string{"Query", "Exec", "Ping", "USE", "Each", "insert", "Collect"}},
		{"batches without rows", none[:1], none[1:2], []string{"Query", "Exec", "Ping", "USE", "Each", "insert", "Collect"}},
		{"batches of one row", one[:1], one[1:2], []string{"Query", "Exec", "Ping", "Each", "insert"}},
		{"dictionaries", dictionary[:1], dictionary[1:2], []string{"Query", "Exec", "Collect"}},
		{"columns of a table", described[:1], described[1:], []string{"Query", "Ping", "USE", "insert"}},
	} {
		for _, call := range test.calls {
			t.Run(test.name+", "+call, func(t *testing.T) {
				heap := func() uint64 {
					runtime.GC()
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					return m.HeapAlloc
				}
				for attempt := 1; ; attempt++ {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var before, after uint64
					s := wiretest.Start(t, func(c *wiretest.Call) error {
						if err := c.SendFlight(test.first...); err != nil {
							return err
						}
						for n := 0; ; n++ {
							switch n {
							case messages / 10:
								before = heap()
							case messages:
								after = heap()
								cancel()
							}
							if err := c.SendFlight(test.again...); err != nil {
								return err
							}
						}
					})
					err := calls[call](ctx, openServer(t, s))
					if err == nil {
						t.Error("no error")
					}
					if ctx.Err() != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("error %v", err)
					}
					s.WaitFor("the call to end", func() bool { return s.OpenStreams() == 0 })
					// What is on its way fills the window of a stream, and sometimes takes more memory.
					if after <= before+10<<20 {
						break
					}
					if attempt == 3 {
						t.Fatalf("the heap grew by %d MiB with %d messages", (after-before)>>20, messages)
					}
				}
			})
		}
	}
}

// TestAnswersToOtherRequests answers each call of the driver, its own queries included, with
// every recorded answer to something else: none panics, and each ends.
func TestAnswersToOtherRequests(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	type row struct {
		Host string    `greptime:"host,tag"`
		TS   time.Time `greptime:"ts,time"`
	}
	onConn := func(f func(*greptime.Conn) error) func(*sql.DB) error {
		return func(db *sql.DB) error { return greptime.Raw(t.Context(), db, f) }
	}
	exec := func(query string) func(*sql.DB) error {
		return func(db *sql.DB) error { _, err := db.ExecContext(t.Context(), query); return err }
	}
	calls := map[string]func(*sql.DB) error{
		"Ping":   func(db *sql.DB) error { return db.PingContext(t.Context()) },
		"USE":    exec("USE other"),
		"DELETE": exec("DELETE FROM t"),
		"INSERT": exec(manyRows("INSERT INTO t (c) VALUES ", "(1.5)", 16)),
		"version": onConn(func(c *greptime.Conn) error {
			_, err := c.ServerVersion(t.Context())
			return err
		}),
		"Collect[any]": func(db *sql.DB) error {
			_, err := greptime.Collect[any](t.Context(), db, "SELECT 1")
			return err
		},
		"Collect[map]": func(db *sql.DB) error {
			_, err := greptime.Collect[map[string]any](t.Context(), db, "SELECT 1")
			return err
		},
		"Collect[struct]": func(db *sql.DB) error {
			_, err := greptime.Collect[struct{ C *string }](t.Context(), db, "SELECT 1", greptime.AllowExtraColumns(), greptime.AllowMissingColumns())
			return err
		},
		"PromQL": onConn(func(c *greptime.Conn) error {
			rd, err := c.PromQL(t.Context(), greptime.PromRange{Query: "up", Start: time.Unix(0, 0), End: time.Unix(9, 0), Step: time.Second})
			if err != nil {
				return err
			}
			defer rd.Release()
			_, err = greptime.Matrix(rd)
			return err
		}),
		"insert": func(db *sql.DB) error {
			_, err := insert.WriteStructs(t.Context(), db, "t", []row{{"a", time.UnixMilli(1)}})
			return err
		},
		"bulk": func(db *sql.DB) error {
			w, err := bulk.NewWriter(t.Context(), db, "t", bulk.Options{})
			if err != nil {
				return err
			}
			_, err = w.Close(t.Context())
			return err
		},
	}
	for _, version := range captures.Versions() {
		for _, answer := range captures.Of(version, captures.DoGets()) {
			s := wiretest.Start(t, func(c *wiretest.Call) error {
				return c.SendFlight(answer.Messages...)
			})
			db := openServer(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			for name, call := range calls {
				ended := make(chan error, 1)
				go func() { ended <- call(db) }()
				select {
				case <-ended:
				case <-ctx.Done():
					t.Errorf("%s does not end when it is answered as %s", name, answer.Request.SQL)
				}
			}
			cancel()
			db.Close()
			s.Stop()
		}
	}
}

// TestDescriptionWithoutAnEnd answers DESC TABLE, from which the driver reads the columns of a
// table, with more columns than the table has, and goes on: the driver stops reading.
func TestDescriptionWithoutAnEnd(t *testing.T) {
	t.Parallel()
	described, err := wiretest.DescribeMessages([]catalog.Column{{Name: "c", Type: column.Of(column.Int64)}})
	if err != nil {
		t.Fatal(err)
	}
	table := flightOf(t, recordOf(array.NewInt64Builder(memory.DefaultAllocator).NewArray()))
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		text, err := c.SQL()
		if err != nil {
			return err
		}
		switch {
		case strings.HasPrefix(text, "SELECT"):
			return c.SendFlight(table...)
		case strings.HasPrefix(text, "DESC"):
			err := c.SendFlight(described[0])
			for err == nil {
				err = c.SendFlight(described[1])
			}
			return err
		}
		return c.SendFlight(wiretest.AffectedMessage(16))
	})
	db := openServer(t, s)
	if _, err := db.Exec(manyRows("INSERT INTO t (c) VALUES ", "(1.5)", 16)); err != nil {
		t.Logf("the INSERT: %v", err)
	}
	s.WaitFor("the calls to end", func() bool { return s.OpenStreams() == 0 })
}

// TestSchemaOfManyColumns reads a result whose columns nobody would count.
func TestSchemaOfManyColumns(t *testing.T) {
	const columns = 60_000
	fields := make([]arrow.Field, columns)
	arrays := make([]arrow.Array, columns)
	null := array.NewNull(1)
	for i := range fields {
		fields[i] = arrow.Field{Name: fmt.Sprint("c", i), Type: arrow.Null, Nullable: true}
		arrays[i] = null
	}
	record := array.NewRecordBatch(arrow.NewSchema(fields, nil), arrays, 1)
	db := openServer(t, wiretest.Start(t, wiretest.Flight(resultMessages(t, record.Schema(), record))))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	used := allocated(func() {
		rows, err := db.QueryContext(ctx, "SELECT * FROM t")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if names, err := rows.Columns(); err != nil || len(names) != columns || !rows.Next() {
			t.Errorf("%d columns, errors %v, %v", len(names), err, rows.Err())
		}
		list, err := greptime.Collect[map[string]any](ctx, db, "SELECT * FROM t")
		if err != nil || len(list) != 1 || len(list[0]) != columns {
			t.Errorf("%d rows, error %v", len(list), err)
		}
	})
	if used > 300<<20 {
		t.Errorf("%d MiB were allocated", used>>20)
	}

	long := captures.Message{Header: make([]byte, 17<<20)}
	db = openServer(t, wiretest.Start(t, wiretest.Flight([]captures.Message{long})))
	_, err := db.Query("SELECT * FROM t")
	wantError(t, err, codes.Internal, "exceeds the limit of 16777216 bytes", "select fewer columns")
}

// TestLongErrorsOfTheServer ends calls with texts that are as long as HTTP/2 lets them be, and
// longer.
func TestLongErrorsOfTheServer(t *testing.T) {
	skipUnderRace(t)
	type row struct {
		Host string    `greptime:"host,tag"`
		TS   time.Time `greptime:"ts,time"`
	}
	calls := map[string]func(*sql.DB) error{
		"statement": func(db *sql.DB) error { _, err := db.Exec("DELETE FROM t"); return err },
		"insert": func(db *sql.DB) error {
			_, err := insert.WriteStructs(t.Context(), db, "t", []row{{"a", time.UnixMilli(1)}, {"b", time.UnixMilli(1)}})
			return err
		},
		"stream": func(db *sql.DB) error {
			stream, err := insert.NewStream(t.Context(), db)
			if err != nil {
				return err
			}
			defer stream.Close()
			table := insert.NewTable("t", insert.Time("ts", insert.Millisecond))
			if err := table.Append(time.UnixMilli(1)); err != nil {
				return err
			}
			if err := stream.Send(t.Context(), table); err != nil {
				return err
			}
			_, err = stream.CloseAndRecv(t.Context())
			return err
		},
	}
	for size, kept := range map[int]bool{1 << 20: true, 17 << 20: false} {
		for name, call := range calls {
			s := wiretest.Start(t, func(c *wiretest.Call) error { return c.Fail(codes.Internal, strings.Repeat("x", size), 1003) })
			db := openServer(t, s)
			used := allocated(func() {
				err := call(db)
				var e *greptime.Error
				switch {
				case !errors.As(err, &e):
					t.Errorf("%s, %d bytes: error %.300v", name, size, err)
				case kept && (e.Code != greptime.Internal || len(e.Message) != size):
					t.Errorf("%s, %d bytes: code %v, %d bytes", name, size, e.Code, len(e.Message))
				case !kept && (!e.Ambiguous || len(err.Error()) > 1<<20):
					t.Errorf("%s, %d bytes: ambiguous %v, %d bytes, %.300v", name, size, e.Ambiguous, len(err.Error()), err)
				}
			})
			if used > 512<<20 {
				t.Errorf("%s, %d bytes: %d MiB were allocated", name, size, used>>20)
			}
		}
	}
}

// TestCountsThatNoStatementHas has servers that count more rows than there can be.
func TestCountsThatNoStatementHas(t *testing.T) {
	t.Parallel()
	for _, count := range []uint64{1<<48 + 1, 1 << 63, math.MaxUint64} {
		m := wiretest.AffectedMessage(0)
		value := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), count)
		m.AppMetadata = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), value)
		db := openServer(t, wiretest.Start(t, wiretest.Flight([]captures.Message{m})))
		_, err := db.Exec("DELETE FROM t")
		var e *greptime.Error
		if !errors.As(err, &e) || !e.Ambiguous || !strings.Contains(err.Error(), fmt.Sprint(count)) {
			t.Errorf("%d: error %v", count, err)
		}
	}
}

// slowConn is a connection on which a byte arrives each second, from the moment on that slow is
// true.
type slowConn struct {
	net.Conn
	slow *atomic.Bool
}

func (c slowConn) Read(b []byte) (int, error) {
	if c.slow.Load() && len(b) > 1 {
		time.Sleep(time.Second)
		b = b[:1]
	}
	return c.Conn.Read(b)
}

// TestBytesThatTrickle has a server that sends a byte each second, from the first one on or
// after the first batch: each call ends with its deadline, or before.
func TestBytesThatTrickle(t *testing.T) {
	t.Parallel()
	const deadline = 20 * time.Second
	scan := captures.DoGetByName("batches_scan_file")
	for name, call := range map[string]func(context.Context, *sql.DB, func()) error{
		"Query": func(ctx context.Context, db *sql.DB, begin func()) error {
			rows, err := db.QueryContext(ctx, scan.Request.SQL)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				begin()
			}
			return rows.Err()
		},
		"Each": func(ctx context.Context, db *sql.DB, begin func()) error {
			for _, err := range greptime.Each[map[string]any](ctx, db, scan.Request.SQL) {
				if begin(); err != nil {
					return err
				}
			}
			return nil
		},
		"Collect": func(ctx context.Context, db *sql.DB, begin func()) error {
			begin()
			_, err := greptime.Collect[map[string]any](ctx, db, scan.Request.SQL)
			return err
		},
		"Exec": func(ctx context.Context, db *sql.DB, begin func()) error {
			begin()
			_, err := db.ExecContext(ctx, "DELETE FROM t")
			return err
		},
	} {
		for _, atOnce := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				s := wiretest.Start(t, wiretest.Replay(scan, wiretest.Before(2, wiretest.Delay(time.Second)), wiretest.Before(3, wiretest.Delay(time.Second))), wiretest.InMemory())
				cfg, err := greptime.ParseDSN(s.DSN("keepalive=0"))
				if err != nil {
					t.Fatal(err)
				}
				var slow atomic.Bool
				slow.Store(atOnce)
				cfg.Dialer = func(ctx context.Context, addr string) (net.Conn, error) {
					conn, err := s.Dial(ctx, addr)
					return slowConn{conn, &slow}, err
				}
				db := openConfig(t, cfg)
				if !atOnce {
					if err := db.Ping(); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				start := time.Now()
				err = call(ctx, db, func() { slow.Store(true) })
				if took := time.Since(start); err == nil || took > deadline {
					t.Errorf("%s, at once %v: %v, after %v", name, atOnce, err, took)
				}
				db.Close()
				time.Sleep(2 * time.Second) // until the last Read has returned
			})
		}
	}
}

// TestCompressedMessagesAreLimitedByTheirContent has messages that are short on the wire and
// longer than max_message_size.
func TestCompressedMessagesAreLimitedByTheirContent(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"gzip", "zstd"} {
		bomb := captures.Message{Header: []byte{1}, Body: make([]byte, 16<<20)}
		s := wiretest.Start(t, wiretest.Flight([]captures.Message{bomb}), wiretest.Compress("gzip", "zstd"))
		_, err := openServer(t, s, "accept_compression="+encoding, "max_message_size=1MiB").Query("SELECT 1")
		wantError(t, err, codes.ResourceExhausted, "larger than max", "raise max_message_size")
		var sent int64
		for _, traffic := range s.Traffic() {
			sent += traffic.ResponseBytes
		}
		if sent > 1<<20 {
			t.Errorf("%s: the server sent %d bytes, and was to compress them", encoding, sent)
		}
	}
}

// skipUnderRace leaves out a test that reads much on one goroutine.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if race.Enabled {
		t.Skip("takes half a minute under the race detector")
	}
}
