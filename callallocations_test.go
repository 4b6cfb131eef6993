package greptime_test

import (
	"io"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// bareCodec sends and receives bytes as they are: what gRPC alone allocates.
type bareCodec struct{}

func (bareCodec) Name() string { return "proto" }

func (bareCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (bareCodec) Unmarshal(mem.BufferSlice, any) error { return nil }

func dialBare(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	const window = 4 << 20 // as large as the driver's: otherwise gRPC measures with pings
	cc, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bareCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

// oneServer answers every query with one row of one integer, and every insert with one
// affected row.
func oneServer(t *testing.T) *wiretest.Server {
	schema := arrow.NewSchema([]arrow.Field{{Name: "Int64(1)", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).Append(1)
	batch := b.NewRecordBatch()
	defer batch.Release()
	var messages [][]byte
	for _, m := range resultMessages(t, schema, batch) {
		messages = append(messages, wiretest.EncodeFlightData(m))
	}
	return wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.Recv(); err != nil {
			return err
		}
		if c.Method == wiretest.MethodHandle {
			return c.Respond(1)
		}
		for _, m := range messages {
			if err := c.Send(m); err != nil {
				return err
			}
		}
		return nil
	})
}

// A call takes few allocations beyond those of gRPC, which take most: its stream, its
// contexts and frames. Both sides of the call run in this process, and so the same call by
// gRPC alone is measured beside it.
func TestAllocationsOfACall(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools")
	}
	s := oneServer(t)
	cc := dialBare(t, s.Addr())
	allocations := func(f func() error) float64 {
		least := math.Inf(1)
		for range 3 { // a collection empties pools
			least = min(least, testing.AllocsPerRun(200, func() {
				if err := f(); err != nil {
					t.Fatal(err)
				}
			}))
		}
		return least
	}
	message := []byte{10, 0}
	query := allocations(func() error {
		stream, err := cc.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, wiretest.MethodDoGet)
		if err == nil {
			err = stream.SendMsg(&message)
		}
		for err == nil {
			err = stream.RecvMsg(nil)
		}
		if err == io.EOF {
			return nil
		}
		return err
	})
	unary := allocations(func() error { return cc.Invoke(t.Context(), wiretest.MethodHandle, &message, nil) })

	db := openServer(t, s)
	conn, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	table := insert.NewTable("t", insert.Time("ts", insert.Millisecond), insert.Field("v", insert.Float64))
	for _, test := range []struct {
		name       string
		bare, most float64
		run        func() error
	}{
		{"SELECT 1", query, 54, func() error {
			var one int64
			return db.QueryRowContext(t.Context(), "SELECT 1").Scan(&one)
		}},
		{"QueryArrow", query, 40, func() error {
			rd, err := conn.QueryArrow(t.Context(), "SELECT 1")
			if err != nil {
				return err
			}
			defer rd.Release()
			for rd.Next() {
			}
			return rd.Err()
		}},
		{"One", query, 48, func() error {
			_, err := greptime.One[int64](t.Context(), conn, "SELECT 1")
			return err
		}},
		{"Exec", query, 41, func() error {
			_, err := conn.Exec(t.Context(), "DELETE FROM t")
			return err
		}},
		{"insert of a row", unary, 13, func() error {
			table.Reset()
			if err := table.Append(time.UnixMilli(1), 1.5); err != nil {
				return err
			}
			_, err := insert.Write(t.Context(), conn, table)
			return err
		}},
	} {
		if got := allocations(test.run) - test.bare; got > test.most {
			t.Errorf("%s: %v allocations beyond the %v of a bare call, want %v at most", test.name, got, test.bare, test.most)
		}
	}
}
