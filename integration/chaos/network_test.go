package chaos

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// toxic is a fault of the network, in toxiproxy's form.
type toxic struct {
	Type       string           `json:"type"`
	Stream     string           `json:"stream"`   // upstream or downstream
	Toxicity   float64          `json:"toxicity"` // the part of the connections that have it
	Attributes map[string]int64 `json:"attributes"`
}

// String returns the toxic in the form of the journal.
func (x toxic) String() string {
	return fmt.Sprintf("%s %v %s of %.0f%%", x.Type, x.Attributes, x.Stream, 100*x.Toxicity)
}

// drawToxic draws a fault of the network.
func drawToxic(r *rand.Rand) toxic {
	x := toxic{
		Stream:     []string{"upstream", "downstream"}[r.IntN(2)],
		Toxicity:   []float64{0.3, 0.7, 1}[r.IntN(3)],
		Attributes: map[string]int64{},
	}
	up := func(most int64) int64 { return r.Int64N(most + 1) }
	switch x.Type = []string{"latency", "bandwidth", "slow_close", "reset_peer", "limit_data", "slicer", "timeout"}[r.IntN(7)]; x.Type {
	case "latency":
		x.Attributes["latency"] = 1 + up(80)
		x.Attributes["jitter"] = up(x.Attributes["latency"] / 2)
	case "bandwidth":
		x.Attributes["rate"] = 1 + up(200) // KB/s
	case "slow_close":
		x.Attributes["delay"] = up(300)
	case "reset_peer":
		x.Attributes["timeout"] = up(300)
	case "limit_data":
		x.Attributes["bytes"] = 1 + up([]int64{100, 1000, 20_000}[r.IntN(3)])
	case "slicer":
		x.Attributes["average_size"] = 20 + up(500)
		x.Attributes["size_variation"] = up(19)
		x.Attributes["delay"] = up(1000) // µs
	case "timeout":
		x.Attributes["timeout"] = up(300)
	}
	return x
}

// proxy is the network before an endpoint. Its faults change only with the connections: they
// break, and new ones have the new faults. (toxiproxy may block for ever when it changes the
// faults of a connection whose other end is gone.)
type proxy struct {
	t        testing.TB
	addr     string
	upstream string
	api      *toxiproxy.ApiServer
	running  *toxiproxy.Proxy
}

// startProxy starts a network without faults. It stops at the end of the test.
func startProxy(t testing.TB, upstream string) *proxy {
	t.Helper()
	p := &proxy{t: t, upstream: upstream, api: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
	for _, host := range []string{wiretest.OwnHost(1) + ":0", "127.0.0.1:0"} { // not every system has the first
		if l, err := net.Listen("tcp", host); err == nil {
			p.addr = l.Addr().String()
			_ = l.Close()
			break
		}
	}
	p.connect()
	t.Cleanup(p.disconnect)
	return p
}

// disconnect breaks all connections and refuses new ones.
func (p *proxy) disconnect() {
	if p.running != nil {
		p.running.Stop()
		p.running = nil
	}
}

// connect accepts connections with the given faults, instead of those that there were.
func (p *proxy) connect(toxics ...toxic) {
	p.disconnect()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		running := toxiproxy.NewProxy(p.api, p.upstream, p.addr, p.upstream)
		for i, x := range toxics {
			text, err := json.Marshal(struct {
				toxic
				Name string `json:"name"`
			}{x, fmt.Sprint(i)})
			if err != nil {
				p.t.Fatal(err)
			}
			if _, err := running.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
				p.t.Fatalf("%v: %v", x, err)
			}
		}
		err := running.Start()
		if err == nil {
			p.running = running
			return
		}
		if time.Now().After(deadline) { // somebody else has taken the port meanwhile
			p.t.Fatal(err)
		}
	}
}
