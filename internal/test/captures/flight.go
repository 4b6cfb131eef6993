package captures

import "encoding/json"

// Message is one FlightData.
type Message struct {
	Kind        string `json:"kind"`         // by the header: "Schema", "DictionaryBatch", "RecordBatch" or "NONE"
	Header      []byte `json:"header"`       // data_header: the Message flatbuffer
	Body        []byte `json:"body"`         // data_body
	AppMetadata []byte `json:"app_metadata"` // of answers, a protobuf FlightMetadata; of DoPut requests, JSON
	// AppMetadataText is the readable content of AppMetadata: {"value":2} for
	// affected rows, the JSON text of metrics and of DoPut's metadata.
	AppMetadataText string `json:"app_metadata_text"`
	// Descriptor is set in the messages that a client sent with one.
	Descriptor *Descriptor `json:"descriptor"`
}

// Descriptor is a FlightDescriptor. Its path names the table of a DoPut.
type Descriptor struct {
	Type string   `json:"type"` // "PATH" or "CMD"
	Path []string `json:"path"`
	Cmd  []byte   `json:"cmd"`
}

// Field is an Arrow field as arrow-go 18.8 reads it from the schema.
type Field struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"` // arrow-go's text for the type, "timestamp[ms]"
	Nullable bool              `json:"nullable"`
	Metadata map[string]string `json:"metadata"`
}

// Request is a GreptimeRequest: its bytes, and the same as protobuf JSON.
type Request struct {
	Bytes   []byte          `json:"bytes"`
	Decoded json.RawMessage `json:"decoded"`
}

// After is a statement that ran after the exchange, to show what the server had stored.
type After struct {
	SQL    string     `json:"sql"`
	Fields []Field    `json:"fields"`
	Rows   [][]string `json:"rows"`  // as text, in the same form as DoGet.ArrowGoRows
	Error  string     `json:"error"` // set if the statement failed
}
