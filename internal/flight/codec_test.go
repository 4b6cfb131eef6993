package flight

import (
	"bytes"
	"reflect"
	"testing"
	"unsafe"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/greptime-go/greptime/internal/bufpool"
)

// flightDataType describes the message as Flight.proto does, outside the global
// registry: the independent reading that the codec is held to.
var flightDataType = mustDescriptor(func() (protoreflect.MessageDescriptor, error) {
	field := func(name string, num int32, typ descriptorpb.FieldDescriptorProto_Type, label descriptorpb.FieldDescriptorProto_Label, typeName string) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &num, Type: &typ, Label: &label}
		if typeName != "" {
			f.TypeName = &typeName
		}
		return f
	}
	opt, rep := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	byt, str, i32, msg := descriptorpb.FieldDescriptorProto_TYPE_BYTES, descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_INT32, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	fd, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("flight_under_test.proto"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Descriptor"), Field: []*descriptorpb.FieldDescriptorProto{
				field("type", 1, i32, opt, ""), field("cmd", 2, byt, opt, ""), field("path", 3, str, rep, "")}},
			{Name: proto.String("FlightData"), Field: []*descriptorpb.FieldDescriptorProto{
				field("flight_descriptor", 1, msg, opt, ".Descriptor"), field("data_header", 2, byt, opt, ""),
				field("app_metadata", 3, byt, opt, ""), field("data_body", 1000, byt, opt, "")}},
		},
	}, nil)
	if err != nil {
		return nil, err
	}
	return fd.Messages().ByName("FlightData"), nil
})

func mustDescriptor(f func() (protoreflect.MessageDescriptor, error)) protoreflect.MessageDescriptor {
	d, err := f()
	if err != nil {
		panic(err)
	}
	return d
}

func reference(t testing.TB, wire []byte) (*FlightData, error) {
	t.Helper()
	m := dynamicpb.NewMessage(flightDataType)
	if err := proto.Unmarshal(wire, m); err != nil {
		return nil, err
	}
	fields := flightDataType.Fields()
	get := func(name protoreflect.Name) []byte { return m.Get(fields.ByName(name)).Bytes() }
	d := &FlightData{DataHeader: get("data_header"), AppMetadata: get("app_metadata"), DataBody: get("data_body")}
	if f := fields.ByName("flight_descriptor"); m.Has(f) {
		dm := m.Get(f).Message()
		df := dm.Descriptor().Fields()
		d.Descriptor = &Descriptor{Type: DescriptorType(dm.Get(df.ByName("type")).Int()), Cmd: dm.Get(df.ByName("cmd")).Bytes()}
		list := dm.Get(df.ByName("path")).List()
		for i := range list.Len() {
			d.Descriptor.Path = append(d.Descriptor.Path, list.Get(i).String())
		}
	}
	return d, nil
}

func same(a, b *FlightData) bool {
	if (a.Descriptor == nil) != (b.Descriptor == nil) {
		return false
	}
	if a.Descriptor != nil && (a.Descriptor.Type != b.Descriptor.Type || !bytes.Equal(a.Descriptor.Cmd, b.Descriptor.Cmd) || !reflect.DeepEqual(a.Descriptor.Path, b.Descriptor.Path)) {
		return false
	}
	return bytes.Equal(a.DataHeader, b.DataHeader) && bytes.Equal(a.AppMetadata, b.AppMetadata) && bytes.Equal(a.DataBody, b.DataBody)
}

// split scatters wire over buffers of the given size, as HTTP/2 frames would.
func split(wire []byte, size int) mem.BufferSlice {
	var s mem.BufferSlice
	for len(wire) > size {
		s, wire = append(s, mem.SliceBuffer(wire[:size])), wire[size:]
	}
	return append(s, mem.SliceBuffer(wire))
}

var samples = []*FlightData{
	{},
	{DataHeader: []byte("header")},
	{AppMetadata: []byte{10, 0}},
	{DataHeader: []byte("h"), AppMetadata: []byte("m"), DataBody: bytes.Repeat([]byte("body"), 1000)},
	{Descriptor: &Descriptor{Type: DescriptorPath, Path: []string{"table"}}, DataHeader: []byte("schema")},
	{Descriptor: &Descriptor{Type: DescriptorCmd, Cmd: []byte{0, 1, 2}}},
	{Descriptor: &Descriptor{}},
}

func TestFlightDataRoundTripsThroughAnIndependentReading(t *testing.T) {
	for i, want := range samples {
		bufs, err := Codec{}.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		wire := bufs.Materialize()
		ref, err := reference(t, wire)
		if err != nil || !same(ref, want) {
			t.Fatalf("sample %d: protobuf reads %+v (%v), want %+v", i, ref, err, want)
		}
		for _, size := range []int{1, 2, 7, 64, 1 << 20} {
			var got FlightData
			if err := (Codec{}).Unmarshal(split(wire, size), &got); err != nil || !same(&got, want) {
				t.Fatalf("sample %d in pieces of %d: %+v (%v), want %+v", i, size, got, err, want)
			}
		}
	}
}

func TestBodyIsAligned(t *testing.T) {
	bufs, _ := Codec{}.Marshal(&FlightData{DataHeader: []byte("xyz"), DataBody: make([]byte, 100)})
	var got FlightData
	if err := (Codec{}).Unmarshal(bufs, &got); err != nil {
		t.Fatal(err)
	}
	if addr := uintptr(unsafe.Pointer(unsafe.SliceData(got.DataBody))); addr%64 != 0 {
		t.Fatalf("body at %#x is not aligned to 64 bytes", addr)
	}
}

func TestFieldsThatComeAgainDoNotOverwriteOthers(t *testing.T) {
	var wire []byte
	for i := range 3 {
		fill := func(c byte, n int) []byte { return bytes.Repeat([]byte{c + byte(i)}, n*(3-i)) }
		wire = appendBytesField(wire, fieldDataBody, fill('a', 2000))
		wire = appendBytesField(wire, fieldDataHeader, fill('h', 100))
		wire = appendBytesField(wire, fieldAppMetadata, fill('m', 50))
	}
	var got FlightData
	if err := (Codec{}).Unmarshal(split(wire, 64), &got); err != nil {
		t.Fatal(err)
	}
	if want, err := reference(t, wire); err != nil || !same(&got, want) {
		t.Fatalf("read %+v, protobuf %+v (%v)", got, want, err)
	}
}

func TestMemoryOfMessages(t *testing.T) {
	before := bufpool.Live()
	small, large := &FlightData{DataBody: make([]byte, 100)}, &FlightData{DataHeader: make([]byte, 100), DataBody: make([]byte, 30_000)}
	for _, m := range []*FlightData{small, large} {
		bufs, _ := Codec{}.Marshal(m)
		wire := bufs.Materialize()
		var got FlightData
		if err := (Codec{}).Unmarshal(split(wire, 64), &got); err != nil || (got.Memory != nil) != (m == large) {
			t.Fatalf("%d bytes: memory %v, %v", len(wire), got.Memory, err)
		}
		if got.Memory != nil {
			got.Memory.Release()
		}
		if err := (Codec{}).Unmarshal(split(append(wire, 0x0f), 64), &got); err == nil || got.Memory != nil {
			t.Fatalf("a malformed message has memory %v, %v", got.Memory, err)
		}
	}
	if got := bufpool.Live(); got != before {
		t.Errorf("%d pieces of memory are in use, %d before", got, before)
	}
}

func TestMalformedMessagesAreErrors(t *testing.T) {
	for name, wire := range map[string][]byte{
		"length beyond the end":    {0x12, 0x05, 'a'},
		"cut in a tag":             {0x80},
		"cut in a length":          {0x12, 0x80},
		"varint of eleven bytes":   bytes.Repeat([]byte{0xff}, 11),
		"field number zero":        {0x02, 0x00},
		"end group without start":  {0x0c},
		"group without end":        {0x0b, 0x10, 0x01},
		"invalid wire type":        {0x0f},
		"cut in fixed64":           {0x09, 1, 2, 3},
		"descriptor with bad type": {0x0a, 0x02, 0x08, 0x80},
	} {
		var d FlightData
		if err := (Codec{}).Unmarshal(split(wire, 1), &d); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTicketAndPutResult(t *testing.T) {
	for _, payload := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte{7}, 300)} {
		bufs, err := Codec{}.Marshal(&Ticket{Ticket: payload})
		if err != nil {
			t.Fatal(err)
		}
		var ticket Ticket
		if err := (Codec{}).Unmarshal(bufs, &ticket); err != nil || !bytes.Equal(ticket.Ticket, payload) {
			t.Fatalf("ticket %x, %v; want %x", ticket.Ticket, err, payload)
		}
		bufs, err = Codec{}.Marshal(&PutResult{AppMetadata: payload})
		if err != nil {
			t.Fatal(err)
		}
		var result PutResult
		if err := (Codec{}).Unmarshal(bufs, &result); err != nil || !bytes.Equal(result.AppMetadata, payload) {
			t.Fatalf("put result %x, %v; want %x", result.AppMetadata, err, payload)
		}
	}
}

func TestOtherMessagesGoToProtobuf(t *testing.T) {
	in := &descriptorpb.FileDescriptorProto{Name: proto.String("n")}
	bufs, err := Codec{}.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out descriptorpb.FileDescriptorProto
	if err := (Codec{}).Unmarshal(bufs, &out); err != nil || !proto.Equal(in, &out) {
		t.Fatalf("%v %v", &out, err)
	}
	if _, err := (Codec{}).Marshal("text"); err == nil {
		t.Fatal("a string was encoded")
	}
}

func FuzzFlightData(f *testing.F) {
	for _, s := range samples {
		bufs, _ := Codec{}.Marshal(s)
		f.Add(bufs.Materialize(), uint8(3))
	}
	f.Add(protowire.AppendVarint(protowire.AppendTag(nil, 7, protowire.VarintType), 1), uint8(1))
	f.Add([]byte{0x0b, 0x10, 0x01, 0x0c, 0x12, 0x01, 'h'}, uint8(1))
	f.Fuzz(func(t *testing.T, wire []byte, size uint8) {
		var got FlightData
		err := Codec{}.Unmarshal(split(wire, int(size)+1), &got)
		ref, refErr := reference(t, wire)
		if refErr != nil {
			return // protobuf also refuses what we skip unread, such as text that is not UTF-8
		}
		if err != nil {
			t.Fatalf("refused (%v) what protobuf reads as %+v", err, ref)
		}
		// Protobuf merges a repeated descriptor; GreptimeDB sends and reads one.
		if got.Descriptor != nil && !bytes.Equal(got.DataHeader, ref.DataHeader) || got.Descriptor == nil && !same(&got, ref) {
			t.Fatalf("read %+v, protobuf %+v", got, ref)
		}
	})
}
