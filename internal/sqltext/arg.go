package sqltext

import "time"

// ArgKind determines which fields of an Arg are used.
type ArgKind uint8

const (
	Null     ArgKind = iota
	Bool             // Int: 0 is FALSE
	Int              // Int
	Uint             // Uint
	Float            // Float, and Float32 if it was a float32
	String           // Text
	Bytes            // Bytes
	Time             // Time, an instant
	Date             // Time: its day in its own Location
	JSON             // Text, JSON that the caller has checked
	Vector           // Vector
	Decimal          // Text: digits, maybe with a point and a sign
	Interval         // Months, Days, Nanos
)

var argKindNames = []string{
	Null: "NULL", Bool: "BOOLEAN", Int: "integer", Uint: "unsigned integer", Float: "float", String: "string",
	Bytes: "binary", Time: "timestamp", Date: "DATE", JSON: "JSON", Vector: "VECTOR", Decimal: "DECIMAL",
	Interval: "INTERVAL",
}

// String returns the name of the kind in SQL terms.
func (k ArgKind) String() string { return nameOf(argKindNames, uint8(k)) }

// Arg is an argument. The zero Arg is NULL.
type Arg struct {
	Name    string // for :name
	Kind    ArgKind
	Text    string
	Bytes   []byte
	Int     int64
	Uint    uint64
	Float   float64
	Float32 bool
	Time    time.Time
	Vector  []float32
	Months  int32
	Days    int32
	Nanos   int64
}
