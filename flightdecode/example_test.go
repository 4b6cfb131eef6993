package flightdecode_test

import (
	"fmt"
	"io"
	"log"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// flightStream stands for a gRPC stream of DoGet.
type flightStream struct{ messages []captures.Message }

func (s *flightStream) Recv() (captures.Message, error) {
	if len(s.messages) == 0 {
		return captures.Message{}, io.EOF
	}
	m := s.messages[0]
	s.messages = s.messages[1:]
	return m, nil
}

func ExampleNewReader() {
	// The answer of a GreptimeDB 1.0.2 to
	// SELECT arrow_cast(host,'Dictionary(Int32,Utf8)') AS h, i32 FROM every_type ORDER BY ts
	stream := &flightStream{captures.DoGetByName("select_dictionary").Messages}

	r, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
		data, err := stream.Recv()
		if err != nil {
			return err // io.EOF after status OK
		}
		m.Header, m.AppMetadata, m.Body = data.Header, data.AppMetadata, data.Body
		return nil
	}, flightdecode.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Release()

	for r.Next() {
		batch := r.RecordBatch()
		hosts := batch.Column(0).(*array.Dictionary)
		numbers := batch.Column(1).(*array.Int32)
		for i := range int(batch.NumRows()) {
			fmt.Println(hosts.ValueStr(i), numbers.ValueStr(i))
		}
	}
	if err := r.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("complete:", r.EndedWithMetrics())
	// Output:
	// a -2147483648
	// b 2147483647
	// c (null)
	// d (null)
	// complete: true
}

func ExampleReader_AffectedRows() {
	// The answer to INSERT INTO readings VALUES (…),(…)
	stream := &flightStream{captures.DoGetByName("insert_two_rows").Messages}
	r, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
		data, err := stream.Recv()
		m.Header, m.AppMetadata, m.Body = data.Header, data.AppMetadata, data.Body
		return err
	}, flightdecode.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Release()

	for r.Next() { // no batches: to the end of the stream, and its status
	}
	if err := r.Err(); err != nil {
		log.Fatal(err)
	}
	rows, ok := r.AffectedRows()
	fmt.Println(rows, ok)
	// Output: 2 true
}
