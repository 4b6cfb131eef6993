package captures

import (
	"bytes"
	"encoding/json"
)

// DoGet is an exchange of FlightService.DoGet: one ticket, and all messages of the
// answer.
type DoGet struct {
	Source

	Request DoGetRequest `json:"request"`
	Ticket  []byte       `json:"ticket"` // Ticket.ticket, a GreptimeRequest

	Messages []Message `json:"messages"`
	Status

	// Fields, batches and rows as arrow-go 18.8 read them from the messages: the
	// schema, the number of rows of each batch, and the first 12 rows as text (timestamps
	// as the raw integer, binary as base64, decimals lossy, long texts cut).
	Fields         []Field           `json:"fields"`
	SchemaMetadata map[string]string `json:"schema_metadata"`
	RowsPerBatch   []int             `json:"rows_per_batch"`
	ArrowGoRows    [][]string        `json:"arrow_go_rows"`

	// HTTPAnswer is the answer of the HTTP SQL API of the same server to the same
	// text: an independent reading of the values. It is nil where it was not asked.
	HTTPAnswer json.RawMessage `json:"http_answer"`
}

// DoGetRequest is the source of a ticket. It uses exactly one of SQL, Prom and
// GreptimeRequest; see HasSQL.
type DoGetRequest struct {
	Name            string            `json:"name"`
	Note            string            `json:"note"`
	SQL             string            `json:"sql"`
	Prom            *Prom             `json:"prom"`
	GreptimeRequest json.RawMessage   `json:"request"` // as protobuf JSON
	DB              string            `json:"db"`      // header.dbname; "" stands for "public" unless Catalog or Schema is set
	Catalog         string            `json:"catalog"`
	Schema          string            `json:"schema"`
	TimeZone        string            `json:"timezone"` // header.timezone
	Hints           map[string]string `json:"hints"`    // sent as x-greptime-hints: k=v,k2=v2
	NoHTTP          bool              `json:"no_http"`  // not asked over HTTP
}

// HasSQL reports whether the ticket carried SQL text, which may be empty.
func (r *DoGetRequest) HasSQL() bool { return r.Prom == nil && r.GreptimeRequest == nil }

// Prom is a PromRangeQuery.
type Prom struct {
	Query    string `json:"query"`
	Start    string `json:"start"`
	End      string `json:"end"`
	Step     string `json:"step"`
	Lookback string `json:"lookback"`
}

// DoGets returns the exchanges of doget/, with a server that has no users, ordered by
// name.
func DoGets() []DoGet { return load().doGets }

// AuthDoGets returns the exchanges of DoGet with the server of auth/, which knows
// the users alice (password secret), bob (readonly, may only read) and carol
// (writeonly, may only write).
func AuthDoGets() []DoGet { return load().authGets }

// DoGetByName returns the exchange with the given name, such as "json_shapes" or
// "auth/doget_select_ok". It panics if there is none.
func DoGetByName(name string) DoGet {
	return byName("DoGet", name, load().doGets, load().authGets)
}

// HTTPRows returns the rows of the HTTP answer, with numbers as json.Number. It returns
// false if HTTP was not asked or answered without rows. README.md lists the types that
// HTTP formats in its own way.
func (d *DoGet) HTTPRows() ([][]any, bool) {
	var answer struct {
		Output []struct {
			Records *struct {
				Rows [][]any `json:"rows"`
			} `json:"records"`
		} `json:"output"`
	}
	dec := json.NewDecoder(bytes.NewReader(d.HTTPAnswer))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil || len(answer.Output) != 1 || answer.Output[0].Records == nil {
		return nil, false
	}
	return answer.Output[0].Records.Rows, true
}
