// Package flight has the messages of Arrow Flight's DoGet and DoPut and the
// gRPC codec that carries them.
//
// They are written by hand because the generated package registers
// Flight.proto in protobuf's process-wide registry, where a second copy (of
// arrow/go v17, which other GreptimeDB and InfluxDB clients link) makes the
// program panic at start. Nothing here registers anything: [Codec] is forced
// per call or per server.
package flight

import "github.com/apache/arrow-go/v18/arrow/memory"

// Full method names of the two calls that GreptimeDB implements; every other
// Flight method answers Unimplemented.
const (
	ServiceName = "arrow.flight.protocol.FlightService"
	MethodDoGet = "/" + ServiceName + "/DoGet"
	MethodDoPut = "/" + ServiceName + "/DoPut"
)

// DescriptorType says how a Descriptor names its data set.
type DescriptorType int32

// Descriptor types of Flight.proto.
const (
	DescriptorUnknown DescriptorType = 0
	DescriptorPath    DescriptorType = 1
	DescriptorCmd     DescriptorType = 2
)

// Descriptor is a FlightDescriptor. GreptimeDB takes a path of one element, the
// table's name, on the first message of a DoPut.
type Descriptor struct {
	Type DescriptorType
	Cmd  []byte
	Path []string
}

// FlightData is one message of a DoGet answer or a DoPut request.
//
// After Unmarshal the slices share nothing with gRPC's buffers, and DataBody starts
// at a 64-byte boundary, so that Arrow arrays can be laid over it.
type FlightData struct {
	Descriptor  *Descriptor
	DataHeader  []byte // an Arrow IPC Message flatbuffer, without length prefix
	AppMetadata []byte
	DataBody    []byte

	// Memory is what the slices lie in after Unmarshal, DataBody at its beginning.
	// Who releases it must not use them any more; who does not leaves them to the
	// garbage collector. Nil if the message is a small one.
	Memory *memory.Buffer
}

// Ticket is the request of DoGet: for GreptimeDB the bytes of a GreptimeRequest.
type Ticket struct {
	Ticket []byte
}

// PutResult is an answer of DoPut: for GreptimeDB a JSON text with request_id,
// affected_rows and elapsed_secs.
type PutResult struct {
	AppMetadata []byte
}
