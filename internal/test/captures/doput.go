package captures

// DoPut is an exchange of FlightService.DoPut: the messages of the client, and the acks
// in order. An ack may arrive before or after later batches are sent; only the order of
// the acks is fixed.
type DoPut struct {
	Source

	CallMetadata map[string]string `json:"call_metadata"` // sent as it is
	Setup        []string          `json:"setup"`         // SQL that ran before
	// InStep reports that the client waited for each ack before it sent the next
	// batch. Otherwise it sent everything at once, while reading.
	InStep bool      `json:"in_step"`
	Sent   []Message `json:"sent"`

	Results []PutResult `json:"results"`
	Status

	After []After `json:"after"`
}

// PutResult is an ack. The server sends the first one, with request_id 0, before it
// has read anything.
type PutResult struct {
	AppMetadata     []byte `json:"app_metadata"` // JSON
	AppMetadataText string `json:"app_metadata_text"`
}

// DoPuts returns the exchanges of doput/, ordered by name.
func DoPuts() []DoPut { return load().doPuts }

// AuthDoPuts returns the exchanges of DoPut with the server of auth/. AuthDoGets lists
// its users.
func AuthDoPuts() []DoPut { return load().authPuts }

// DoPutByName returns the exchange with the given name, such as "three_batches" or
// "auth/doput_ok". It panics if there is none.
func DoPutByName(name string) DoPut {
	return byName("DoPut", name, load().doPuts, load().authPuts)
}
