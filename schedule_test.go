package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/faultserver"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

var seed = flag.Uint64("seed", 0, "run the schedule of faults of this seed only")

// Tables of a schedule, by name, with their regions.
var scheduleTables = map[string]int{"one": 1, "two": 2, "three": 3}

// schedule is writes to a server that fails in any way, by one seed. The same seed draws
// the same faults; where goroutines write, they take turns as they like.
type schedule struct {
	t      *testing.T
	rand   *rand.Rand
	model  *writemodel.Model
	server *faultserver.Server
	nextID int64

	mu      sync.Mutex
	cancels map[int]context.CancelFunc // of the calls that run
	calls   int
	close   *greptime.Connector // instead of cancelling calls that hang; nil: cancel
}

// fewSchedules reports whether a part of the schedules must do.
func fewSchedules() bool { return race.Enabled || testing.Short() }

// runSchedules runs one way to write through many schedules, and holds what it said of
// its rows to what the server did. All kinds of outcomes have to occur, for otherwise it
// would have shown nothing.
func runSchedules(t *testing.T, run func(*schedule)) {
	t.Parallel()
	seeds := make(chan uint64)
	go func() {
		defer close(seeds)
		if *seed != 0 {
			seeds <- *seed
			return
		}
		runs := uint64(300)
		switch {
		case *long:
			runs = 10_000
		case fewSchedules():
			runs = 60
		}
		for n := range runs {
			seeds <- n + 1
		}
	}()
	var mu sync.Mutex
	var sum writemodel.Counts
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for n := range seeds {
				if t.Failed() {
					continue // a few show enough
				}
				// Its own subtest, so that its servers end with it.
				t.Run(fmt.Sprint("seed ", n), func(t *testing.T) {
					c := runSchedule(t, n, run)
					mu.Lock()
					defer mu.Unlock()
					sum.Add(c)
				})
			}
		})
	}
	workers.Wait()
	if *seed == 0 && !fewSchedules() && !t.Failed() && (sum.Acknowledged == 0 || sum.Refused == 0 || sum.Unknown == 0 || sum.UnknownStored == 0 || sum.UnknownStored == sum.Unknown) {
		t.Errorf("the schedules show too little: %+v", sum)
	}
}

func runSchedule(t *testing.T, seed uint64, run func(*schedule)) writemodel.Counts {
	s := &schedule{
		t:       t,
		rand:    rand.New(rand.NewPCG(seed, 0)),
		model:   writemodel.New(fmt.Sprint("seed ", seed)),
		cancels: map[int]context.CancelFunc{},
	}
	s.server = faultserver.Start(t, s.model, faultserver.Options{
		Seed:      seed,
		Endpoints: 1 + s.rand.IntN(3),
		OldPuts:   s.chance(0.5),
		Hang:      s.cancelCalls,
	})
	for name, regions := range scheduleTables {
		s.server.AddTable(name, regions)
	}
	run(s)
	s.server.Stop()
	if err := s.model.Check(); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		name, _, _ := strings.Cut(t.Name(), "/")
		t.Logf("what happened:\n%s\nrun it again: go test . -run '^%s$' -seed %d", s.model.Journal(), name, seed)
	}
	return s.model.Counts()
}

func (s *schedule) chance(p float64) bool { return s.rand.Float64() < p }

// table draws a table.
func (s *schedule) table() string { return []string{"one", "two", "three"}[s.rand.IntN(3)] }

// rows returns n rows of a table that were not there before, with numbers one after the
// other.
func (s *schedule) rows(table string, n int) []writemodel.Row {
	rows := make([]writemodel.Row, n)
	for i := range rows {
		s.nextID++
		rows[i] = writemodel.Row{Table: table, ID: s.nextID}
	}
	return rows
}

// context returns a context for one call. It is cancelled if the server does not answer,
// and some have a deadline in which the server hardly answers.
func (s *schedule) context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.mu.Lock()
	s.calls++
	n := s.calls
	s.cancels[n] = cancel
	s.mu.Unlock()
	if s.chance(0.03) {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(s.rand.IntN(2_000))*time.Microsecond)
	}
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cancels[n]()
		delete(s.cancels, n)
	}
}

// cancelCalls ends the calls that run, because one of them gets no answer.
func (s *schedule) cancelCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.close != nil {
		_ = s.close.Close()
		return
	}
	for _, cancel := range s.cancels {
		cancel()
	}
}

// config returns a Config for the server.
func (s *schedule) config(params ...string) *greptime.Config {
	if s.chance(0.1) {
		params = append(params, "timeout=10ms")
	}
	params = append(params, "keepalive=0", "balance="+[]string{"random", "round_robin", "ordered"}[s.rand.IntN(3)],
		fmt.Sprint("connections=", 1+s.rand.IntN(3)))
	cfg, err := greptime.ParseDSN(s.server.DSN(params...))
	if err != nil {
		s.t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Dialer = faultserver.Dial
	if s.chance(0.1) {
		cfg.Credentials = s.credentials
	}
	return cfg
}

// credentials fails now and then.
func (s *schedule) credentials(context.Context) (user, password string, err error) {
	if s.server.Chance(0.3) {
		return "", "", errors.New("there are no credentials for the moment")
	}
	return "u", "p", nil
}

func (s *schedule) connector(cfg *greptime.Config) *greptime.Connector {
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = connector.Close() })
	if s.chance(0.1) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.close = connector
	}
	return connector
}

// db returns a pool, which ends with the schedule.
func (s *schedule) db(params ...string) *sql.DB {
	db := sql.OpenDB(s.connector(s.config(params...)))
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

// conn returns a connection of its own, as greptime.Raw hands it out.
func (s *schedule) conn(cfg *greptime.Config) *greptime.Conn {
	conn, err := s.connector(cfg).Connect(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return conn.(*greptime.Conn)
}

// begin lets the server fail from now on: some servers seldom, some mostly.
func (s *schedule) begin() { s.server.SetFaults([]float64{0.1, 0.4, 0.8}[s.rand.IntN(3)]) }
