package captures

import "encoding/json"

// The methods of the recorded Handle exchanges.
const (
	MethodHandle         = "/greptime.v1.GreptimeDatabase/Handle"
	MethodHandleRequests = "/greptime.v1.GreptimeDatabase/HandleRequests"
)

// Handle is an exchange of GreptimeDatabase.Handle or HandleRequests. HandleRequests
// accepts a stream of requests and answers once.
type Handle struct {
	Source

	Method   string            `json:"method"`   // MethodHandle or MethodHandleRequests
	Hints    map[string]string `json:"hints"`    // sent as x-greptime-hints: k=v,k2=v2
	Metadata map[string]string `json:"metadata"` // sent as it is
	Setup    []string          `json:"setup"`    // SQL that ran before
	Requests []Request         `json:"requests"` // one, or all of the stream

	Response        []byte          `json:"response"` // GreptimeResponse; empty after an error
	ResponseDecoded json.RawMessage `json:"response_decoded"`
	Status

	After []After `json:"after"`
}

// Handles returns the exchanges of handle/, ordered by name.
func Handles() []Handle { return load().handles }

// AuthHandles returns the exchanges of Handle and HandleRequests with the server
// of auth/. AuthDoGets lists its users.
func AuthHandles() []Handle { return load().authHs }

// HandleByName returns the exchange with the given name, such as "auto_create" or
// "auth/handle_insert_ok". It panics if there is none.
func HandleByName(name string) Handle {
	return byName("Handle", name, load().handles, load().authHs)
}
