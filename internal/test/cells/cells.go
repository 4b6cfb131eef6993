// Package cells has columns as GreptimeDB sends them, recorded and at the limits of their
// types, and destinations for their values: for tests that a value is read the same on every
// way.
package cells

import (
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// EachRecorded calls use for every column of every recorded batch. The array is valid until
// use returns.
func EachRecorded(t *testing.T, use func(name string, f arrow.Field, arr arrow.Array)) {
	t.Helper()
	for _, exchange := range captures.DoGets() {
		if len(exchange.Messages) < 2 {
			continue
		}
		next := 0
		rd, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
			if next == len(exchange.Messages) {
				return io.EOF
			}
			r := exchange.Messages[next]
			next++
			*m = flightdecode.Message{Header: r.Header, AppMetadata: r.AppMetadata, Body: r.Body}
			return nil
		}, flightdecode.Options{})
		if err != nil {
			t.Fatalf("%s: %v", exchange.Name, err)
		}
		for rd.Next() {
			batch := rd.RecordBatch()
			for i, f := range rd.Schema().Fields() {
				use(exchange.Name+", "+f.Name, f, batch.Column(i))
			}
		}
		if err := rd.Err(); err != nil {
			t.Fatalf("%s: %v", exchange.Name, err)
		}
		rd.Release()
	}
}

// EachLimit calls use for every column of Limits.
func EachLimit(t *testing.T, use func(name string, f arrow.Field, arr arrow.Array)) {
	t.Helper()
	for _, arr := range Limits() {
		use(fmt.Sprint(arr.DataType()), arrow.Field{Name: "limits", Type: arr.DataType(), Nullable: true}, arr)
	}
}
