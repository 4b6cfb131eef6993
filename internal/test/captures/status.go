package captures

import (
	"strconv"

	"google.golang.org/grpc/codes"
)

// Status is the end of an RPC as grpc-go reported it.
type Status struct {
	Code        codes.Code `json:"grpc_code"`
	CodeName    string     `json:"grpc_code_name"` // "OK", "InvalidArgument" …
	GRPCMessage string     `json:"grpc_message"`
	// Header and Trailer are the response's metadata without "date". After a
	// trailers-only answer grpc-go reports everything in Trailer.
	Header  map[string][]string `json:"header"`
	Trailer map[string][]string `json:"trailer"`
}

// ErrorCode returns GreptimeDB's own status code, which the server sends as
// x-greptime-err-code, and whether it was sent.
func (s Status) ErrorCode() (int, bool) {
	v := s.Trailer["x-greptime-err-code"]
	if len(v) == 0 {
		return 0, false
	}
	n, err := strconv.Atoi(v[0])
	return n, err == nil
}
