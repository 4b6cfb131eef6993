// Package flight has the messages of Arrow Flight's DoGet and DoPut and the
// gRPC codec that carries them.
//
// They are written by hand because the generated package registers
// Flight.proto in protobuf's process-wide registry. A second copy there (of
// arrow/go v17, which other GreptimeDB and InfluxDB clients link) makes the
// program panic at start. This package registers nothing: [Codec] is set
// explicitly for each call or server.
package flight

import "github.com/apache/arrow-go/v18/arrow/memory"

// Full method names of the two calls that GreptimeDB implements. It answers
// Unimplemented to every other Flight method.
const (
	ServiceName = "arrow.flight.protocol.FlightService"
	MethodDoGet = "/" + ServiceName + "/DoGet"
	MethodDoPut = "/" + ServiceName + "/DoPut"
)

// DescriptorType is the way in which a Descriptor names its data set.
type DescriptorType int32

// Descriptor types of Flight.proto.
const (
	DescriptorUnknown DescriptorType = 0
	DescriptorPath    DescriptorType = 1
	DescriptorCmd     DescriptorType = 2
)

// Descriptor is a FlightDescriptor. GreptimeDB expects a path of one element, the
// table's name, on the first message of a DoPut.
type Descriptor struct {
	Type DescriptorType
	Cmd  []byte
	Path []string
}

// FlightData is one message of a DoGet answer or a DoPut request.
//
// After Unmarshal the slices share nothing with gRPC's buffers. DataBody starts at a
// 64-byte boundary, so that Arrow arrays can be laid over it.
type FlightData struct {
	Descriptor  *Descriptor
	DataHeader  []byte // an Arrow IPC Message flatbuffer, without length prefix
	AppMetadata []byte
	DataBody    []byte

	// Memory holds the slices after Unmarshal, and starts with DataBody. Do not use
	// the slices after you release it. If you do not release it, the garbage
	// collector frees it. It is nil for small messages.
	Memory *memory.Buffer
}

// Ticket is the request of DoGet. For GreptimeDB it holds the bytes of a
// GreptimeRequest.
type Ticket struct {
	Ticket []byte
}

// PutResult is an answer of DoPut. For GreptimeDB it holds a JSON text with request_id,
// affected_rows and elapsed_secs.
type PutResult struct {
	AppMetadata []byte
}
