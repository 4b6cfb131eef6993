package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/faultserver"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

const (
	// endpoints is the number of servers, which have the same rows.
	endpoints = 3
	// lateness is how long a call may take beyond the end of its context. Most of it is for
	// a machine that has no time for the test.
	lateness = 5 * time.Second
	// recovery is how long the driver may fail after all faults have ended.
	recovery = 30 * time.Second
)

// Tables of a run, by name, with their regions.
var tables = map[string]int{"one": 1, "two": 2, "three": 3}

// run is one DB, and all else that reads and writes on it, before servers and networks whose
// faults one seed draws. The same seed draws the same faults and calls; how far each worker
// comes depends on time.
type run struct {
	t      *testing.T
	model  *writemodel.Model
	server *faultserver.Server
	proxy  [endpoints]*proxy
	db     *sql.DB
	over   chan struct{} // closed when workers must begin no further call
	nextID atomic.Int64

	mu    sync.Mutex
	count figures
}

// figures are what runs have done.
type figures struct {
	runs       int
	calls      map[string]int // by what they do
	failed     map[string]int
	events     map[string]int // of servers and networks
	faults     int            // answers of servers that are not simply the right ones
	rowsRead   int64
	rows       writemodel.Counts
	latest     lateCall
	recoveries time.Duration // the longest
}

// lateCall is the call that returned latest after the end of its context.
type lateCall struct {
	name string
	late time.Duration
}

func (l *lateCall) add(o lateCall) {
	if o.late > l.late {
		*l = o
	}
}

func newFigures() figures {
	return figures{calls: map[string]int{}, failed: map[string]int{}, events: map[string]int{}}
}

// add adds the figures of another run.
func (f *figures) add(o figures) {
	f.runs += o.runs
	for _, m := range []struct{ to, from map[string]int }{{f.calls, o.calls}, {f.failed, o.failed}, {f.events, o.events}} {
		for name, n := range m.from {
			m.to[name] += n
		}
	}
	f.faults += o.faults
	f.rowsRead += o.rowsRead
	f.rows.Add(o.rows)
	f.latest.add(o.latest)
	f.recoveries = max(f.recoveries, o.recoveries)
}

// newRun starts the servers, their networks and a DB by a seed. They end with the test.
func newRun(t *testing.T, seed uint64) *run {
	random := rand.New(rand.NewPCG(seed, 0))
	r := &run{t: t, model: writemodel.New(fmt.Sprint("seed ", seed)), over: make(chan struct{}), count: newFigures()}
	r.count.runs = 1
	r.server = faultserver.Start(t, r.model, faultserver.Options{Seed: seed, Endpoints: endpoints, OldPuts: random.IntN(2) == 0})
	for name, regions := range tables {
		r.server.AddTable(name, regions)
	}
	addrs := r.server.Addrs()
	for i := range r.proxy {
		r.proxy[i] = startProxy(t, addrs[i])
		addrs[i] = r.proxy[i].addr
	}
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	cfg, err := greptime.ParseDSN("greptime://" + strings.Join(addrs, ",") + "/public?" + strings.Join([]string{
		"balance=" + pick("random", "round_robin", "ordered"),
		"connections=" + pick("1", "1", "3"),
		"connect_timeout=" + pick("50ms", "200ms", "5s"),
		"timeout=" + pick("none", "none", "300ms"),
		"insert=" + pick("auto", "auto", "native", "sql"),
		"keepalive=" + pick("0", "10s"),
	}, "&"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Dialer = faultserver.Dial
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.db = sql.OpenDB(connector)
	r.db.SetMaxOpenConns([]int{0, 3, 20}[random.IntN(3)])
	t.Cleanup(func() { _ = r.db.Close() })
	return r
}

// execute runs all workers for a time, then checks that the driver recovers, and that it has
// said the truth about every row.
func (r *run) execute(seed uint64) {
	var workers sync.WaitGroup
	n := uint64(0)
	for _, work := range []func(*worker){
		(*worker).read, (*worker).read,
		(*worker).insertSQL, (*worker).insertSQL,
		(*worker).write, (*worker).write,
		(*worker).stream,
		(*worker).buffer, (*worker).buffer,
		(*worker).load, (*worker).load,
	} {
		n++
		w := &worker{run: r, rand: rand.New(rand.NewPCG(seed, n))}
		workers.Go(func() {
			for !r.isOver() {
				work(w)
			}
		})
	}
	n++
	weather := &weather{run: r, rand: rand.New(rand.NewPCG(seed, n))}
	weather.blow()
	close(r.over)
	workers.Wait()
	weather.calm()
	r.checkRecovery()
	if err := r.db.Close(); err != nil {
		r.t.Error(err)
	}
	for _, p := range r.proxy {
		p.disconnect()
	}
	r.server.Stop()
	if err := r.model.Check(); err != nil {
		r.t.Error(err)
	}
	r.count.faults, r.count.rows = r.server.Faults(), r.model.Counts()
}

func (r *run) isOver() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// checkRecovery reads and writes until both succeed, which they must soon.
func (r *run) checkRecovery() {
	w := &worker{run: r, rand: rand.New(rand.NewPCG(0, 0))}
	begun := time.Now()
	for _, attempt := range []func() error{
		func() error { return w.collect(10) },
		func() error { return w.exec(w.rows("one", 2)) },
	} {
		for {
			err := attempt()
			if err == nil {
				break
			}
			if time.Since(begun) > recovery {
				r.t.Errorf("%v after all faults have ended: %v", time.Since(begun).Round(time.Millisecond), err)
				return
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.recoveries = time.Since(begun)
}

// worker does one thing after the other.
type worker struct {
	*run
	rand *rand.Rand
}

func (w *worker) chance(p float64) bool { return w.rand.Float64() < p }

// table draws a table.
func (w *worker) table() string { return []string{"one", "two", "three"}[w.rand.IntN(3)] }

// rows returns n rows of a table that were not there before.
func (w *worker) rows(table string, n int) []writemodel.Row {
	rows := make([]writemodel.Row, n)
	last := w.nextID.Add(int64(n))
	for i := range rows {
		rows[i] = writemodel.Row{Table: table, ID: last - int64(n-1-i)}
	}
	return rows
}

// call makes a call with a context that ends: at a deadline or, now and then, because it is
// cancelled. The call must not outlive it by more than lateness.
func (w *worker) call(name string, f func(context.Context) error) error {
	limit := time.Duration(1+w.rand.IntN([]int{10, 300, 1000, 1000}[w.rand.IntN(4)])) * time.Millisecond
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	if w.chance(0.2) {
		defer time.AfterFunc(limit, cancel).Stop()
	} else {
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	begun := time.Now()
	err := f(ctx)
	late := time.Since(begun) - limit
	if late > lateness {
		w.t.Errorf("%s returned %v after its context had ended: %v", name, late, err)
	}
	if err != nil { // many calls fail at once if no server can be reached
		time.Sleep(time.Duration(w.rand.IntN(10)) * time.Millisecond)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count.calls[name]++
	if err != nil {
		w.count.failed[name]++
	}
	w.count.latest.add(lateCall{name, late})
	return err
}
