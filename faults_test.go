package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// pingError opens a pool, pings, and returns the error.
func pingError(t *testing.T, dsn string) error {
	t.Helper()
	db, err := sql.Open("greptime", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return db.PingContext(ctx)
}

func TestWrongPasswordIsSaidByPing(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("auth/doget_select_wrong_password")))
	err := pingError(t, strings.Replace(s.DSN(), "://", "://alice:wrong-secret@", 1))
	wantError(t, err, codes.Unauthenticated, "greptime: Username and password does not match, username: alice (UserPasswordMismatch 7002, "+s.Addr()+")")
	if !errors.Is(err, greptime.UserPasswordMismatch) {
		t.Errorf("error %v", err)
	}
	if strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("the password is in the error: %v", err)
	}
}

func TestPingOfAUserWhoMayOnlyWrite(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("auth/doget_select_write_only")))
	if err := pingError(t, s.DSN()); err != nil {
		t.Errorf("the credentials hold, but: %v", err)
	}
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	err := pingError(t, "greptime://no-such-host.invalid:4001/public?connect_timeout=5s")
	wantError(t, err, codes.Unavailable, "no-such-host.invalid:4001", "check the host's name")
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	const addr = "127.0.0.1:1" // a port that the system gives to nobody
	err := pingError(t, "greptime://"+addr)
	wantError(t, err, codes.Unavailable, addr, "connection refused", "check that GreptimeDB runs there")
}

func TestHostThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")),
		wiretest.Faults(func(int) wiretest.Plan { return wiretest.Plan{Do: wiretest.Mute} }))
	err := pingError(t, s.DSN("connect_timeout=300ms"))
	wantError(t, err, codes.Unavailable, s.Addr(), "connect_timeout")
}

// A call that begins while a connection is being made fails at gRPC's limit, which is as long
// as connect_timeout, before its own time is up.
func TestHostThatDoesNotAnswerTheOneBefore(t *testing.T) {
	t.Parallel()
	accepted := make(chan struct{})
	var once sync.Once
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")), wiretest.Faults(func(int) wiretest.Plan {
		once.Do(func() { close(accepted) })
		return wiretest.Plan{Do: wiretest.Mute}
	}))
	db := openServer(t, s, "connect_timeout=300ms")
	first := make(chan error, 1)
	go func() { first <- db.PingContext(t.Context()) }()
	<-accepted
	wantError(t, db.PingContext(t.Context()), codes.Unavailable, s.Addr(), "connect_timeout")
	wantError(t, <-first, codes.Unavailable, s.Addr(), "connect_timeout")
}

func TestConnectTimeoutIsHowLongACallWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")), wiretest.InMemory(),
			wiretest.Faults(func(int) wiretest.Plan { return wiretest.Plan{Do: wiretest.Mute} }))
		db := openInMemory(t, s, "connect_timeout=300ms")
		start := time.Now()
		errs := make(chan error, 1)
		go func() { errs <- db.PingContext(t.Context()) }()
		time.Sleep(100 * time.Millisecond)
		for _, err := range []error{db.PingContext(t.Context()), <-errs} {
			wantError(t, err, codes.Unavailable, s.Addr())
		}
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("gave up after %v, want 300ms", d)
		}
	})
}

func TestTLSAgainstPlaintext(t *testing.T) {
	t.Parallel()
	s := startPing(t)
	err := pingError(t, s.DSN("tls=on"))
	wantError(t, err, codes.Unavailable, s.Addr(), "first record does not look like a TLS handshake", "tls=off")
}

func TestPlaintextAgainstTLS(t *testing.T) {
	t.Parallel()
	ca := wiretest.NewCA(t)
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")), wiretest.TLS(ca.Server()))
	err := pingError(t, s.DSN())
	wantError(t, err, codes.Unavailable, s.Addr(), "tls=on")
}

func TestTLSByFilesOfTheDSN(t *testing.T) {
	t.Parallel()
	ca := wiretest.NewCA(t)
	other := wiretest.NewCA(t)
	caFile, certFile, keyFile := ca.Files()
	otherFile, _, _ := other.Files()
	answer := wiretest.Replay(captures.DoGetByName("select_constants"))
	oneWay := wiretest.Start(t, answer, wiretest.TLS(ca.Server()))
	mutual := wiretest.Start(t, answer, wiretest.TLS(ca.MutualServer()))
	named := wiretest.Start(t, answer, wiretest.TLS(ca.Server("greptime.example")))

	for name, dsn := range map[string]string{
		"authority":        oneWay.DSN("tls=on", "tls_ca="+caFile),
		"mutual":           mutual.DSN("tls=on", "tls_ca="+caFile, "tls_cert="+certFile, "tls_key="+keyFile),
		"other name":       named.DSN("tls=on", "tls_ca="+caFile, "tls_server_name=greptime.example"),
		"one way, unasked": oneWay.DSN("tls=on", "tls_ca="+caFile, "tls_cert="+certFile, "tls_key="+keyFile),
	} {
		if err := pingError(t, dsn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantError(t, pingError(t, oneWay.DSN("tls=on", "tls_ca="+otherFile)), codes.Unavailable, "unknown authority", "tls_ca")
	wantError(t, pingError(t, named.DSN("tls=on", "tls_ca="+caFile)), codes.Unavailable, "tls_server_name")
	if err := pingError(t, mutual.DSN("tls=on", "tls_ca="+caFile)); err == nil {
		t.Error("mutual TLS without a client certificate works")
	}
	if db, err := sql.Open("greptime", oneWay.DSN("tls=on", "tls_ca=/no/such/file.pem")); err == nil {
		db.Close()
		t.Error("a missing tls_ca is no error")
	} else if !strings.Contains(err.Error(), "tls_ca") {
		t.Errorf("error %v", err)
	}
}

func TestServerThatDiesInMidResult(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	reached := make(chan struct{})
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, func(c *wiretest.Call) error {
		if err := c.Flush(); err != nil {
			return err
		}
		close(reached)
		<-c.Context().Done()
		return c.Context().Err()
	})))
	db := openServer(t, s)
	rows, err := db.Query(exchange.Request.SQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	<-reached
	s.Stop()
	for rows.Next() {
	}
	wantError(t, rows.Err(), codes.Unavailable, s.Addr())
}

func TestServerThatComesBackIsUsedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startPing(t, wiretest.InMemory())
		db := openInMemory(t, s)
		if err := db.Ping(); err != nil {
			t.Fatal(err)
		}
		s.Stop()
		if err := db.Ping(); err == nil {
			t.Fatal("a server that is gone answers")
		}
		s.Restart()
		deadline := time.Now().Add(time.Minute)
		for db.Ping() != nil {
			if time.Now().After(deadline) {
				t.Fatalf("a minute after the server came back: %v", db.Ping())
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}

func TestWriteWithABrokenConnectionIsAmbiguous(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("insert_two_rows"), wiretest.Before(0, wiretest.Drop())))
	db := openServer(t, s)
	_, err := db.Exec("INSERT INTO t VALUES (1)")
	var e *greptime.Error
	if !errors.As(err, &e) || !e.Ambiguous || !strings.Contains(err.Error(), "outcome unknown") {
		t.Errorf("error %v", err)
	}
	if n := s.Calls(wiretest.MethodDoGet); n != 1 {
		t.Errorf("the write was sent %d times", n)
	}
	_, err = db.Query("SELECT 1")
	if !errors.As(err, &e) || e.Ambiguous {
		t.Errorf("a read: %v", err)
	}
}

// fail always fails a call as a server that is not ready does.
func failUnavailable(c *wiretest.Call) error {
	if _, err := c.TicketBytes(); err != nil {
		return err
	}
	return c.Fail(codes.Unavailable, "Region not ready", int(greptime.RegionNotReady))
}

func TestReadsGoToTheNextEndpointAndWritesDoNot(t *testing.T) {
	t.Parallel()
	bad := wiretest.Start(t, failUnavailable)
	good := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")))
	dsn := fmt.Sprintf("greptime://%s,%s/public?balance=ordered", bad.Addr(), good.Addr())
	log := &logRecorder{}
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = newLogger(log)
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if err := db.Ping(); err != nil {
		t.Errorf("a read: %v", err)
	}
	if bad.Calls("") != 1 || good.Calls("") != 1 {
		t.Errorf("calls: %d and %d", bad.Calls(""), good.Calls(""))
	}
	if !strings.Contains(log.text(), "endpoint unavailable") {
		t.Errorf("log: %s", log.text())
	}
	_, err = db.Exec("INSERT INTO t VALUES (1)")
	if !errors.Is(err, greptime.RegionNotReady) {
		t.Errorf("a write: %v", err)
	}
	if bad.Calls("") != 2 || good.Calls("") != 1 {
		t.Errorf("a write went on: calls %d and %d", bad.Calls(""), good.Calls(""))
	}
}

func TestWriteGoesToTheNextEndpointIfItWasNotSent(t *testing.T) {
	t.Parallel()
	gone := startPing(t)
	addr := gone.Addr()
	gone.Stop()
	good := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("insert_two_rows")))
	db, err := sql.Open("greptime", fmt.Sprintf("greptime://%s,%s/public?balance=ordered", addr, good.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.Exec("INSERT INTO t VALUES (1)")
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 2 || good.Calls("") != 1 {
		t.Errorf("%d rows, %d calls", n, good.Calls(""))
	}
}

func TestEveryEndpointGoneIsSaidOfEach(t *testing.T) {
	t.Parallel()
	a, b := startPing(t), startPing(t)
	a.Stop()
	b.Stop()
	err := pingError(t, fmt.Sprintf("greptime://%s,%s", a.Addr(), b.Addr()))
	wantError(t, err, codes.Unavailable, a.Addr(), b.Addr())
}

func TestBalance(t *testing.T) {
	t.Parallel()
	for balance, check := range map[string]func(a, b int) bool{
		"ordered":     func(a, b int) bool { return a == 40 && b == 0 },
		"round_robin": func(a, b int) bool { return a == 20 && b == 20 },
		"random":      func(a, b int) bool { return a > 0 && b > 0 && a+b == 40 },
	} {
		a, b := startPing(t), startPing(t)
		db, err := sql.Open("greptime", fmt.Sprintf("greptime://%s,%s?balance=%s", a.Addr(), b.Addr(), balance))
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			if err := db.Ping(); err != nil {
				t.Fatal(err)
			}
		}
		db.Close()
		if !check(a.Calls(""), b.Calls("")) {
			t.Errorf("%s: %d and %d calls", balance, a.Calls(""), b.Calls(""))
		}
	}
}

func TestHundredMegabyteBatch(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	const values, size = 10, 10 << 20
	schema := arrow.NewSchema([]arrow.Field{{Name: "text", Type: arrow.BinaryTypes.LargeString}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	noise := make([]byte, size) // hardly compressible, so that the message really is large
	for i, x := 0, uint32(1); i < size; i++ {
		x = x*1664525 + 1013904223
		noise[i] = ' ' + byte(x>>24)%95
	}
	for range values {
		builder.Field(0).(*array.LargeStringBuilder).Append(string(noise))
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	s := wiretest.Start(t, wiretest.Flight(resultMessages(t, schema, batch)))
	rows, err := openServer(t, s).Query("SELECT text FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		if text != string(noise) {
			t.Fatalf("row %d has %d other bytes", n, len(text))
		}
		n++
	}
	if err := rows.Err(); err != nil || n != values {
		t.Errorf("%d rows, %v", n, err)
	}

	err = readAll(t.Context(), openServer(t, s, "max_message_size=1MiB"), &captures.DoGet{Request: captures.DoGetRequest{SQL: "SELECT text FROM t"}})
	wantError(t, err, codes.ResourceExhausted, "larger than max", "raise max_message_size")
}

func TestThousandColumns(t *testing.T) {
	t.Parallel()
	fields := make([]arrow.Field, 1000)
	for i := range fields {
		fields[i] = arrow.Field{Name: fmt.Sprintf("c%d", i), Type: arrow.PrimitiveTypes.Int64, Nullable: i%2 == 1}
	}
	schema := arrow.NewSchema(fields, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	for i := range fields {
		column := builder.Field(i).(*array.Int64Builder)
		column.Append(int64(i))
		if i%2 == 1 {
			column.AppendNull()
		} else {
			column.Append(-int64(i))
		}
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	rows, err := openServer(t, wiretest.Start(t, wiretest.Flight(resultMessages(t, schema, batch)))).Query("SELECT *")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all, err := scanAll(rows, len(fields))
	if err != nil || len(all) != 2 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for i := range fields {
		second := any(-int64(i))
		if i%2 == 1 {
			second = nil
		}
		if all[0][i] != int64(i) || all[1][i] != second {
			t.Errorf("column %d: %v, %v", i, all[0][i], all[1][i])
		}
	}
}

func TestZeroColumns(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("use_database") // as the server answers USE
	rows, err := openServer(t, wiretest.Start(t, wiretest.Replay(exchange))).Query("SHOW NOTHING")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if columns, err := rows.Columns(); err != nil || len(columns) != 0 {
		t.Errorf("columns %v, %v", columns, err)
	}
	if rows.Next() {
		t.Error("a row without columns")
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

func TestMessagesThatAreNoResult(t *testing.T) {
	t.Parallel()
	good := captures.DoGetByName("select_constants").Messages
	for name, messages := range map[string][]captures.Message{
		"nothing":             {},
		"batch before schema": good[1:],
		"two schemas":         {good[0], good[0]},
		"empty header":        {{Kind: "Schema"}},
		"garbage":             {{Kind: "Schema", Header: []byte("this is no flatbuffer at all")}},
		"cut body":            {good[0], {Kind: "RecordBatch", Header: good[1].Header, Body: good[1].Body[:len(good[1].Body)/2]}, good[2]},
	} {
		s := wiretest.Start(t, wiretest.Flight(messages))
		err := readAll(t.Context(), openServer(t, s), &captures.DoGet{Request: captures.DoGetRequest{SQL: "SELECT 1"}})
		var e *greptime.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A connection whose other end has gone without a word is noticed by the pings of
// the keep-alive, which gRPC sends every ten seconds at most.
func TestKeepAliveNoticesADeadConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(exchange), wiretest.InMemory(), wiretest.Faults(func(int) wiretest.Plan {
			return wiretest.Plan{Do: wiretest.Stall, At: 2_000}
		}))
		start := time.Now()
		err := readAll(t.Context(), openInMemory(t, s, "keepalive=10s"), &exchange)
		wantError(t, err, codes.Unavailable, s.Addr())
		if d := time.Since(start); d < 10*time.Second || d > 40*time.Second {
			t.Errorf("noticed after %v, want it between 10 s and 40 s", d)
		}
	})
}

// TestNoRowsAfterClose: database/sql does not ask for any, but the driver's rows are
// there for wrappers and for users of Conn, too.
func TestNoRowsAfterClose(t *testing.T) {
	db := openServer(t, startRows(t, 3))
	err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
		rows, err := c.QueryContext(t.Context(), "SELECT ts, host, cpu, mem, n FROM metrics", nil)
		if err != nil {
			return err
		}
		dest := make([]driver.Value, 5)
		if err := rows.Next(dest); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if err := rows.Next(dest); err == nil {
			t.Errorf("a row after Close: %v", dest)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
