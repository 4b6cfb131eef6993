package wiretest

import (
	"cmp"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// Mux answers a DoGet by its SQL text, so that one server replays many recordings. It
// answers HealthCheck with OK. It ends unknown requests with a status that says so. Set up
// a Mux before its server starts; its methods return the Mux.
type Mux struct {
	bySQL    map[string][]muxEntry
	byMethod map[string]Handler
}

type muxEntry struct {
	request captures.DoGetRequest
	handler Handler
}

// NewMux returns a Mux that replays the given recordings. PromQL is found by its query. If
// the same text was recorded with several databases or time zones, the recording that is
// closest to the client's request is used.
func NewMux(exchanges ...captures.DoGet) *Mux {
	m := &Mux{bySQL: map[string][]muxEntry{}, byMethod: map[string]Handler{}}
	m.Method(MethodHealthCheck, func(c *Call) error {
		if _, err := c.Recv(); err != nil {
			return err
		}
		return c.Send(nil)
	})
	for _, e := range exchanges {
		key := e.Request.SQL
		if e.Request.Prom != nil {
			key = e.Request.Prom.Query
		}
		m.bySQL[key] = append(m.bySQL[key], muxEntry{e.Request, Replay(e)})
	}
	return m
}

// SQL makes the handler answer the given SQL text, in preference to any recording of it.
func (m *Mux) SQL(text string, h Handler) *Mux {
	m.bySQL[text] = []muxEntry{{handler: h}}
	return m
}

// Method makes the handler answer a method other than DoGet.
func (m *Mux) Method(method string, h Handler) *Mux {
	m.byMethod[method] = h
	return m
}

// Handle implements Handler.
func (m *Mux) Handle(c *Call) error {
	if h, ok := m.byMethod[c.Method]; ok {
		return h(c)
	}
	if c.Method != MethodDoGet {
		return status.Errorf(codes.Unimplemented, "wiretest: no handler for method %s", c.Method)
	}
	req, err := c.Ticket()
	if err != nil {
		return err
	}
	key := req.GetQuery().GetSql()
	if prom := req.GetQuery().GetPromRangeQuery(); prom != nil {
		key = prom.GetQuery()
	}
	var best Handler
	bestScore := -1
	for _, e := range m.bySQL[key] {
		score := 0
		if cmp.Or(e.request.DB, "public") == cmp.Or(req.GetHeader().GetDbname(), "public") {
			score++
		}
		if cmp.Or(e.request.TimeZone, "UTC") == cmp.Or(req.GetHeader().GetTimezone(), "UTC") {
			score++
		}
		if score > bestScore {
			best, bestScore = e.handler, score
		}
	}
	if best == nil {
		return status.Errorf(codes.Internal, "wiretest: no handler for the request %.200q", key)
	}
	return best(c)
}
