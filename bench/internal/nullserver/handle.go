package nullserver

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	flatbuffers "github.com/google/flatbuffers/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
)

// handle is every call.
func handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	switch method {
	case rawgrpc.Handle:
		return handleRequests(stream, false)
	case rawgrpc.HandleRequests:
		return handleRequests(stream, true)
	case rawgrpc.DoGet:
		return doGet(stream)
	case rawgrpc.DoPut:
		return doPut(stream)
	case rawgrpc.GetFlightInfo:
		return getFlightInfo(stream)
	}
	return status.Errorf(codes.Unimplemented, "the null server has no %s", method)
}

// handleRequests is Handle, and HandleRequests if there are many requests.
func handleRequests(stream grpc.ServerStream, many bool) error {
	total := 0
	count := rawgrpc.Receiver(func(data mem.BufferSlice) error {
		b := data.MaterializeToBuffer(mem.DefaultBufferPool())
		defer b.Free()
		n, err := insertedRows(b.ReadOnlyData())
		total += n
		work(int64(n))
		return err
	})
	for {
		err := stream.RecvMsg(count)
		if err == io.EOF && many {
			break
		} else if err != nil {
			return err
		}
		if !many {
			break
		}
	}
	return stream.SendMsg(affectedResponse(total))
}

// affectedResponse is a GreptimeResponse with affected rows and a header that says
// success.
func affectedResponse(rows int) rawgrpc.Message {
	affected := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(rows))
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	b = protowire.AppendBytes(b, []byte{1<<3 | 2, 0}) // ResponseHeader{Status{}}
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	return protowire.AppendBytes(b, affected)
}

// insertedRows counts the rows of a GreptimeRequest{RowInsertRequests}.
func insertedRows(request []byte) (n int, err error) {
	err = eachField(request, func(num protowire.Number, inserts []byte) error {
		if num != 6 {
			return nil
		}
		return eachField(inserts, func(_ protowire.Number, insert []byte) error {
			return eachField(insert, func(num protowire.Number, rows []byte) error {
				if num != 2 {
					return nil
				}
				return eachField(rows, func(num protowire.Number, _ []byte) error {
					if num == 2 {
						n++
					}
					return nil
				})
			})
		})
	})
	return n, err
}

// eachField calls f for the fields of a message, with their content if they are
// length-delimited.
func eachField(b []byte, f func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var value []byte
		if typ == protowire.BytesType {
			value, n = protowire.ConsumeBytes(b)
		} else {
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := f(num, value); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// doPut answers every message: the first with an empty answer, as GreptimeDB does,
// and each record batch with an ack.
func doPut(stream grpc.ServerStream) error {
	var header []byte // of a message: everything before its body, or some of it
	receive := rawgrpc.Receiver(func(data mem.BufferSlice) error {
		header = append(header[:0], make([]byte, min(data.Len(), 8<<10))...)
		r := data.Reader()
		defer r.Close()
		_, err := io.ReadFull(r, header)
		return err
	})
	for first := true; ; first = false {
		err := stream.RecvMsg(receive)
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		answer := rawgrpc.Message(nil)
		if !first {
			if answer, err = ack(header); err != nil {
				return err
			}
		}
		if err := stream.SendMsg(answer); err != nil {
			return err
		}
	}
}

// Fields of FlightData.
const (
	dataHeader  protowire.Number = 2
	appMetadata protowire.Number = 3
	dataBody    protowire.Number = 1000
)

// ack is a PutResult for a FlightData with a record batch, of which the fields before
// the body are enough.
func ack(data []byte) (rawgrpc.Message, error) {
	rows, id := int64(-1), []byte("0")
	for len(data) > 0 {
		num, typ, n := protowire.ConsumeTag(data)
		if n < 0 || typ != protowire.BytesType {
			return nil, status.Error(codes.InvalidArgument, "the null server expects a FlightData")
		}
		if num == dataBody {
			break
		}
		value, m := protowire.ConsumeBytes(data[n:])
		if m < 0 {
			return nil, protowire.ParseError(m)
		}
		switch num {
		case dataHeader:
			rows = batchRows(value)
		case appMetadata: // {"request_id":7}
			id = bytes.Trim(value, `{}":request_id `)
		}
		data = data[n+m:]
	}
	if rows < 0 {
		return nil, status.Error(codes.InvalidArgument, "the null server expects record batches")
	}
	work(rows)
	text := fmt.Appendf(nil, `{"request_id":%s,"affected_rows":%d,"elapsed_secs":0.000001}`, id, rows)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), text), nil
}

// batchRows is the length in an Arrow IPC message with a record batch; -1 if it has
// none.
func batchRows(header []byte) int64 {
	if len(header) < 8 {
		return -1
	}
	m := flatbuffers.Table{Bytes: header, Pos: flatbuffers.UOffsetT(binary.LittleEndian.Uint32(header))}
	const typeSlot, headerSlot, recordBatch, lengthSlot = 6, 8, 3, 4
	o := m.Offset(typeSlot)
	if o == 0 || m.GetByte(m.Pos+flatbuffers.UOffsetT(o)) != recordBatch {
		return -1
	}
	var batch flatbuffers.Table
	m.Union(&batch, flatbuffers.UOffsetT(m.Offset(headerSlot)))
	o = batch.Offset(lengthSlot)
	if o == 0 {
		return 0
	}
	return batch.GetInt64(batch.Pos + flatbuffers.UOffsetT(o))
}
