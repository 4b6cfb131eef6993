package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// weather changes servers and networks.
type weather struct {
	*run
	rand *rand.Rand
}

// blow lets something happen every now and then, for one to three seconds.
func (w *weather) blow() {
	events := []func(i int){w.changeNetwork, w.changeNetwork, w.clearNetwork, w.clearNetwork, w.clearNetwork, w.cutNetwork, w.restart, w.drain, w.breakConnections, w.changeAnswers, w.changeAnswers}
	w.changeAnswers(0)
	for rest := time.Duration(1000+w.rand.IntN(2000)) * time.Millisecond; rest > 0; {
		pause := time.Duration(10+w.rand.IntN(200)) * time.Millisecond
		time.Sleep(pause)
		rest -= pause
		events[w.rand.IntN(len(events))](w.rand.IntN(endpoints))
	}
}

// calm ends all faults.
func (w *weather) calm() {
	w.server.SetFaults(0)
	for i, p := range w.proxy {
		w.server.Endpoint(i).Restart()
		p.connect()
	}
}

// note counts an event, and writes it into the journal.
func (w *weather) note(kind string, i int, detail string) {
	w.model.Note("endpoint %d: %s %s", i, kind, detail)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count.events[kind]++
}

func (w *weather) changeNetwork(i int) {
	toxics := []toxic{drawToxic(w.rand)}
	if w.rand.IntN(2) == 0 {
		toxics = append(toxics, drawToxic(w.rand))
	}
	for _, x := range toxics {
		w.note("network "+x.Type, i, x.String())
	}
	w.proxy[i].connect(toxics...)
}

func (w *weather) clearNetwork(i int) {
	w.note("network clear", i, "")
	w.proxy[i].connect()
}

// cutNetwork makes an endpoint unreachable for a while.
func (w *weather) cutNetwork(i int) {
	down := time.Duration(w.rand.IntN(300)) * time.Millisecond
	w.note("network cut", i, fmt.Sprint("for ", down))
	w.proxy[i].disconnect()
	time.Sleep(down)
	w.proxy[i].connect()
}

// restart lets a server die, and live again.
func (w *weather) restart(i int) {
	down := time.Duration(w.rand.IntN(100)) * time.Millisecond
	w.note("server dies and restarts", i, fmt.Sprint("after ", down))
	w.server.Endpoint(i).Stop()
	time.Sleep(down)
	w.server.Endpoint(i).Restart()
}

// drain stops a server with GOAWAY, while it finishes calls for a while.
func (w *weather) drain(i int) {
	rest := time.Duration(w.rand.IntN(50)) * time.Millisecond
	w.note("server drains and restarts", i, fmt.Sprint("after ", rest))
	w.server.Endpoint(i).Drain()
	time.Sleep(rest)
	w.server.Endpoint(i).Restart()
}

func (w *weather) breakConnections(i int) {
	w.note("server breaks its connections", i, "")
	w.server.Endpoint(i).BreakConnections()
}

// changeAnswers sets how often servers fail by their answers, or give none.
func (w *weather) changeAnswers(int) {
	faults := []float64{0, 0.05, 0.3, 0.8}[w.rand.IntN(4)]
	w.note("servers' faults change", 0, fmt.Sprint("to ", faults))
	w.server.SetFaults(faults)
}
