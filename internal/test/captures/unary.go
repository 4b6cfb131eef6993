package captures

import "encoding/json"

// Unary is a call of another method: HealthCheck, PrometheusGateway, or a method that
// the server does not have. All were sent to the server of auth/; AuthDoGets lists its
// users.
type Unary struct {
	Source

	Method         string          `json:"method"`  // "/greptime.v1.HealthCheck/HealthCheck"
	Request        []byte          `json:"request"` // the protobuf message; may be empty
	RequestDecoded json.RawMessage `json:"request_decoded"`

	Response        []byte          `json:"response"`
	ResponseDecoded json.RawMessage `json:"response_decoded"`
	ResponseText    string          `json:"response_text"` // the body of a PromQL answer
	Status
}

// Unaries returns these calls, ordered by name.
func Unaries() []Unary { return load().unary }

// UnaryByName returns the call with the given name, such as "auth/health_check". It
// panics if there is none.
func UnaryByName(name string) Unary { return byName("unary", name, load().unary) }
